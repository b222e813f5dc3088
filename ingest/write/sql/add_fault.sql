INSERT INTO device_fault (device_no, system, code, subcode, module, text, fault_code, times, raised_at, last_seen_at, known_at,
                          cleared_at, cleared_by, source)
VALUES (%(device_no)s, %(system)s, %(code)s, %(subcode)s, %(module)s, %(text)s, %(fault_code)s, %(times)s, %(raised_at)s,
        %(last_seen_at)s, %(known_at)s, %(cleared_at)s, %(cleared_by)s, %(source)s)
