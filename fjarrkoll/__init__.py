"""The entrance to Fjärrkoll: the command line and the local services behind demo and tests."""
