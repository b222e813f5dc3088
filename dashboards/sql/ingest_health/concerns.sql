-- Every concern of every shard: what is wrong now first, then what nobody knows, then what is over.
SELECT h.state, h.concern, h.shard, h.since, h.until, round(h.amount) || ' ' || m.unit AS much,
       CASE WHEN h.state <> 'well' THEN m.advice END AS advice
  FROM pipeline_health h
  LEFT JOIN (VALUES <<meanings>>) AS m(concern, unit, advice) USING (concern)
 ORDER BY array_position(ARRAY['now', 'unknown', 'over', 'well'], h.state), h.since DESC, h.shard, h.concern
