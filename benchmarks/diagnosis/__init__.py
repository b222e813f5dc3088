"""The diagnosis benchmark: planted causes, played by a generator that shares no table with the rules it tests."""
