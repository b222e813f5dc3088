"""One timeline per device: what it measured and reported, what was asked of it, and what people did with it."""
