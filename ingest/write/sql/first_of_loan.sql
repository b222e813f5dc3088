(s.last_event_at IS NULL AND s.metric_values = '{}' AND i.oldest >= (
               SELECT coalesce(d.loan_started_at, d.earlier_loan_ended_at, '-infinity') FROM device d WHERE d.device_no = s.device_no))
