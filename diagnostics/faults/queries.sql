-- name: of_device
-- A fault whose code no profile knows is a technical matter until somebody says otherwise.
SELECT f.device_fault_id, f.system, f.code, f.subcode, f.module, f.text, f.fault_code, f.times, f.raised_at, f.last_seen_at,
       f.known_at, f.cleared_at, f.cleared_by, f.source
  FROM device_fault f
  LEFT JOIN fault_code c ON c.code = f.fault_code
 WHERE f.device_no = %(device_no)s
   AND (%(all)s::boolean OR f.cleared_at IS NULL)
   AND coalesce(c.audience, 'technical') = ANY (%(audiences)s::text[])
   AND (%(after_raised)s::timestamptz IS NULL OR (f.raised_at, f.device_fault_id) < (%(after_raised)s, %(after_id)s))
 ORDER BY f.raised_at DESC, f.device_fault_id DESC
 LIMIT %(limit)s
