"""BROKER → STORE: receives, accepts, batches and writes what devices say, and tells them what is stored."""
