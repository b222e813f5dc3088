"""The only part of ingest that speaks to the database: one transaction per batch, all of it or nothing."""
