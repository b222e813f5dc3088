-- Cases by state and by how long they have stood there.
WITH <<cases>>,
aged AS (
    SELECT state, rent_sek, extract(epoch FROM now() - changed_at) / 86400 AS days FROM cases
)
SELECT state, count(*) AS cases,
       count(*) FILTER (WHERE days <= 7) AS week,
       count(*) FILTER (WHERE days > 7 AND days <= 30) AS month,
       count(*) FILTER (WHERE days > 30 AND days <= 90) AS quarter,
       count(*) FILTER (WHERE days > 90) AS older,
       floor(max(days)) AS oldest,
       sum(rent_sek) AS rent_sek
  FROM aged
 GROUP BY state
 ORDER BY array_position(ARRAY['proposed', 'asked', 'confirmed_unused', 'pick_up_ordered', 'collected', 'deregistered', 'reconditioned',
                               'parts', 'scrapped', 'in_stock', 'needed', 'woken_up', 'withdrawn', 'lost'], state)
