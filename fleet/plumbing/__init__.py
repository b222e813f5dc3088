"""The only shared input and output: settings, logs, broker and database access, migrations."""
