"""A fleet made from the same profiles as everything else: seeded devices in place of hardware, and replay of real cards."""
