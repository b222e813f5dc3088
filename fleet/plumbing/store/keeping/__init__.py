"""What becomes of stored data with time: roll-ups that late data corrects, retention, columnstore, row hashes."""
