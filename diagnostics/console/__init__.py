"""The web console: the same services as the API, as pages for people who are not programmers."""
