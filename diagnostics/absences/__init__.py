"""Absences: days on which a borrower is known to be away, so that nothing is concluded from them."""
