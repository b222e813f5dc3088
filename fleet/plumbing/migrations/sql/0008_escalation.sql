-- Escalation: ladders, rota, recipients, deliveries and one-time links.
SELECT 1;
