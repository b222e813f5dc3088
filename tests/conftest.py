"""What every test may ask for: fixtures by room, each file of them named here; and how property tests are run."""

from hypothesis import HealthCheck, settings

pytest_plugins = [
    "tests.fixtures.order",
    "tests.fixtures.services",
    "tests.fixtures.database",
    "tests.fixtures.system",
    "tests.fixtures.browser",
    "tests.fixtures.identity",
]

# No time limit for an example, nor for making one: how long it takes says how busy the machine is, no more.
settings.register_profile("fjarrkoll", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("fjarrkoll")
