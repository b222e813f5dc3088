-- Payers to choose among.
SELECT code AS __value, name AS __text FROM payer ORDER BY name
