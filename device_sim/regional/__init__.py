"""A region in one process: each device a few numbers in arrays, with its own outbox and receipts; lines are shared."""
