UPDATE device_fault
   SET text = %(text)s, times = %(times)s, raised_at = %(raised_at)s, last_seen_at = %(last_seen_at)s, cleared_at = %(cleared_at)s,
       cleared_by = %(cleared_by)s
 WHERE device_fault_id = %(row)s
