"""What the tests of loans, wear and stores share with the API's: the API in this process, and a town."""

from tests.integration.diagnostics.conftest import api, make_token, quiet_logs, resources, store, town

__all__ = ["api", "make_token", "quiet_logs", "resources", "store", "town"]
