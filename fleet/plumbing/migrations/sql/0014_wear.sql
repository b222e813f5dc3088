-- Not yet used.
SELECT 1;
