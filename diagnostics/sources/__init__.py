"""Sources: the makers' feeds and gateways by which data comes, how they are, and their outages."""
