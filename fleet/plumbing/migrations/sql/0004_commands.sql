-- Commands with levels, approval by a second person, and incident holds.
SELECT 1;
