"""What a transaction may find out."""

from fleet.errors import FjarrkollError


class StoredAlreadyError(FjarrkollError):
    """Some messages of the batch are stored already. Nothing of it was stored now; leave them out and try again."""
