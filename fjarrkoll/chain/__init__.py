"""The chain from device memory to database row under kills and faults: a harness that counts lost and doubled."""
