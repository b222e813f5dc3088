-- What diagnosis keeps: findings, their outcomes, statistics of causes.
SELECT 1;
