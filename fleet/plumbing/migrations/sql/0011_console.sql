-- Accounts, sessions and what the console keeps.
SELECT 1;
