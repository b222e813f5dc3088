-- Commands by how they ended, in the time range; level tells how far they reach.
SELECT c.level, c.state, count(*) AS commands,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM c.answered_at - c.created_at)) AS middle,
       max(c.created_at) AS newest
  FROM command c
 WHERE $__timeFilter(c.created_at)
 GROUP BY c.level, c.state
 ORDER BY c.level, c.state
