"""The fault dictionary: one file per device class, beside its profile, with causes, signs, checks and parts as data."""
