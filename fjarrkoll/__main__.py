"""`python -m fjarrkoll` is the same as `fjarrkoll`."""

from fjarrkoll.main import run

run()
