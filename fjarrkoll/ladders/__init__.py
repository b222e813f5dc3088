"""Recipients, ladders and silences as an administrator writes them: a file, a dry run, a check."""
