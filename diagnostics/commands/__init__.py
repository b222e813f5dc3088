"""Commands: asked through the API, kept in the database, sent by the worker, answered through ingest."""
