"""Commands that talk to the HTTP API as anyone with a token may."""
