SELECT 1 FROM ingest_watermark WHERE shard = %s
