-- Recall in one line. Nobody's silence counts as right: the rate is of those that were answered.
WITH <<cases>>,
counted AS (
    SELECT count(*) AS cases,
           count(*) FILTER (WHERE state NOT IN ('needed', 'parts', 'scrapped', 'in_stock', 'lost', 'woken_up', 'withdrawn')) AS open,
           count(*) FILTER (WHERE needed OR woken) AS wrong,
           count(*) FILTER (WHERE needed OR woken OR confirmed) AS answered,
           count(*) FILTER (WHERE state IN ('proposed', 'asked') AND NOT (needed OR woken OR confirmed)) AS waiting,
           count(*) FILTER (WHERE state = 'pick_up_ordered') AS ordered,
           count(*) FILTER (WHERE state = 'pick_up_ordered' AND pick_up_by < (now() AT TIME ZONE 'Europe/Stockholm')::date) AS late,
           count(*) FILTER (WHERE state IN ('pick_up_ordered', 'collected')) AS to_deregister,
           count(*) FILTER (WHERE state IN ('pick_up_ordered', 'collected')
                              AND deregister_by < (now() AT TIME ZONE 'Europe/Stockholm')::date) AS late_deregistered
      FROM cases
)
SELECT open || ' av ' || cases AS open,
       CASE WHEN answered > 0
            THEN wrong || ' av ' || answered || ' besvarade (' || round(100.0 * wrong / answered) || ' %)'
            ELSE 'okänt: ingen har svarat' END AS wrong,
       waiting || ' av ' || cases AS waiting,
       late || ' av ' || ordered || ' beställda' AS late,
       late_deregistered || ' av ' || to_deregister AS late_deregistered
  FROM counted
 WHERE cases > 0
