-- The present of a device and its usage days, made cheaper to keep.
SELECT 1;
