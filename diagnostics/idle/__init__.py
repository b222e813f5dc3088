"""The idle list: devices that are not used, with evidence and money."""
