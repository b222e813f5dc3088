-- How far the period's alarms got, each figure with what it is a part of.
WITH <<journeys>>,
counted AS (
    SELECT count(*) AS alarms,
           count(to_sent) AS sent,
           count(*) FILTER (WHERE receipted) AS receipted,
           count(to_delivered) AS delivered,
           count(to_taken) AS taken,
           count(*) FILTER (WHERE late) AS late,
           count(*) FILTER (WHERE verdict = 'true') AS judged_true,
           count(*) FILTER (WHERE verdict IN ('true', 'false')) AS judged
      FROM journeys
)
SELECT alarms::text AS alarms,
       sent || ' av ' || alarms AS sent,
       delivered || ' av ' || receipted || ' med kvitto' AS delivered,
       taken || ' av ' || alarms AS taken,
       late || ' av ' || alarms AS late,
       judged_true || ' av ' || judged || ' bedömda' AS precision
  FROM counted
