-- When the devices were heard last; the bars add up to all that are registered, so that nobody is left out of sight.
WITH <<chosen>>,
sorted AS (
    SELECT CASE
               WHEN c.enrolled_at IS NULL THEN 6
               WHEN s.last_seen_at IS NULL THEN 5
               WHEN s.last_seen_at > now() - interval '1 hour' THEN 1
               WHEN s.last_seen_at > now() - interval '24 hours' THEN 2
               WHEN s.last_seen_at > now() - interval '7 days' THEN 3
               ELSE 4
           END AS place
      FROM chosen c
      LEFT JOIN device_state_seen s USING (device_no)
)
SELECT word AS heard, count(s.place) AS devices
  FROM (VALUES (1, 'Senaste timmen'), (2, '1–24 timmar sedan'), (3, '1–7 dygn sedan'), (4, 'Mer än 7 dygn: läget okänt'),
               (5, 'Aldrig hörd: läget okänt'), (6, 'Kan inte rapportera: läget okänt')) AS words(place, word)
  LEFT JOIN sorted s USING (place)
 GROUP BY place, word
 ORDER BY place
