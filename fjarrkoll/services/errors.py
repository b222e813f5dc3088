"""What can go wrong with a local service, by situation."""


class ServiceError(Exception):
    """A local service could not do what was asked; the message says what to do."""


class InstallError(ServiceError):
    """The servers could not be fetched, unpacked or made to run on this machine."""


class StartError(ServiceError):
    """A server did not start, or stopped before it was ready; the message carries the end of its log."""


class PortTakenError(StartError):
    """Another program took the port between its choice and the server's own bind."""
