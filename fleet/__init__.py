"""The shared domain of Fjärrkoll: what a device class is, what it says on the wire, and what that means."""
