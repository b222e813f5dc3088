-- The denominators of one group of the figures.
count(*) AS groups,
           coalesce(sum(devices) FILTER (WHERE verdict <> 'in_stock'), 0) AS on_loan,
           coalesce(sum(devices) FILTER (WHERE verdict NOT IN ('in_stock', 'cannot_report')), 0) AS can_report,
           coalesce(sum(devices) FILTER (WHERE verdict IN ('used', 'unused', 'never_started', 'replaced', 'too_early', 'absent')), 0) AS known,
           coalesce(sum(devices) FILTER (WHERE verdict IN ('unused', 'never_started', 'replaced')), 0) AS unused,
           coalesce(sum(devices) FILTER (WHERE step = 'propose'), 0) AS proposed,
           coalesce(sum(rent_sek) FILTER (WHERE verdict <> 'in_stock'), 0) AS rent_sek,
           coalesce(sum(rent_sek) FILTER (WHERE step = 'propose'), 0) AS saving_sek,
           coalesce(sum(cost_sek), 0) AS cost_sek
