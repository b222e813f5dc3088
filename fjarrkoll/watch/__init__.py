"""The watch on the watch: a process of its own that finds a dead engine, a stuck pipeline, a lost canary."""
