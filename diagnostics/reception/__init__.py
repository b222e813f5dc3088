"""What comes in without a login, with a proof of its own: links that take an alarm, providers' receipts."""
