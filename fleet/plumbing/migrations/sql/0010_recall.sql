-- Recall cases, answers, orders and the device passport.
SELECT 1;
