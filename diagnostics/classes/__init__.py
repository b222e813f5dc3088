"""Device classes: what the profiles say, for people and programs."""
