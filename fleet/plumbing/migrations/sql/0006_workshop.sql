-- Work orders, readiness and the technician's day.
SELECT 1;
