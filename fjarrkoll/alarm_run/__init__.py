"""`fjarrkoll bench alarms`: jams through broker, ingest, engine and notifier into a sink, with or without kills."""
