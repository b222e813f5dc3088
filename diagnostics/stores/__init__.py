"""Buffer stores: devices kept near prescribers, and how they are used there."""
