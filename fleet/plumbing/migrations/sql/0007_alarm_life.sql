-- An alarm's life: taken, handed over, judged; doses expected; rule overrides; leases.
SELECT 1;
