"""Loan facts: what people know of a loan and no device can say, and what the idle verdict reads from them."""
