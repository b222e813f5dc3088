"""What every test may ask for: fixtures by room, each file of them named here."""

pytest_plugins = ["tests.fixtures.services", "tests.fixtures.database", "tests.fixtures.system"]
