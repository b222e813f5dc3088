-- Verdicts per device and day, absences, silent sources, prices.
SELECT 1;
