"""A fleet from the same profiles as everything else: seeded devices in place of hardware, and real cards replayed."""
