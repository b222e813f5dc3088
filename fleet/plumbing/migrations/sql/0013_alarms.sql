-- How alarms reached people, for those who draw it: sums need care and clinical alarms too, but no device, no hour and no person.

-- One row per alarm that was told by itself, on the Swedish day on which it was raised. `area`: as coarse as an outage is, never an
-- address. Seconds are from the device's event; NULL where it did not get so far. `step`: of the ladder, from 0, at which it was taken.
CREATE FUNCTION alarm_journeys(since timestamptz, until timestamptz)
    RETURNS TABLE (day timestamptz, payer text, area text, device_class text, rule text, title text, safety boolean, late boolean,
                   verdict text, to_sent float8, receipted boolean, to_delivered float8, to_taken float8, step integer)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
    BEGIN ATOMIC
        SELECT date_trunc('day', a.raised_at, 'Europe/Stockholm'), p.code, coalesce(l.area, ''), d.device_class, a.rule, a.title_sv,
               a.safety, a.late, a.verdict, extract(epoch FROM n.sent_at - a.happened_at)::float8, coalesce(n.receipted, false),
               extract(epoch FROM n.delivered_at - a.happened_at)::float8, extract(epoch FROM a.taken_at - a.happened_at)::float8,
               CASE WHEN a.taken_at IS NOT NULL THEN
                   (SELECT c.position FROM escalation_call c WHERE c.alarm_id = a.alarm_id AND c.called_at <= a.taken_at
                     ORDER BY c.call_no DESC LIMIT 1) END
          FROM alarm a
          JOIN device d USING (device_no)
          LEFT JOIN loan l ON l.device_no = a.device_no AND l.started_at <= a.raised_at
                          AND coalesce(l.ended_at, 'infinity') > a.raised_at
          LEFT JOIN payer p ON p.payer_id = l.payer_id
          LEFT JOIN LATERAL (
                SELECT min(m.first_sent_at) AS sent_at, min(m.delivered_at) AS delivered_at,
                       bool_or(m.receipt_due_at IS NOT NULL) AS receipted
                  FROM notification m WHERE m.alarm_id = a.alarm_id AND m.kind = 'raised') n ON true
         WHERE a.raised_at >= since AND a.raised_at < until AND a.quieted_by IS NULL
           AND a.cleared_why IS DISTINCT FROM 'known_too_late'
           AND NOT EXISTS (SELECT FROM canary_device c WHERE c.device_no = a.device_no);
    END;

-- The canary belongs to nobody: its journeys are shown as they are.
CREATE FUNCTION canary_journeys(since timestamptz, until timestamptz)
    RETURNS TABLE (jammed_at timestamptz, outcome text, to_raised float8, to_sent float8, to_delivered float8)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
    BEGIN ATOMIC
        SELECT c.jammed_at, c.outcome, extract(epoch FROM c.raised_at - c.jammed_at)::float8,
               extract(epoch FROM c.sent_at - c.jammed_at)::float8, extract(epoch FROM c.delivered_at - c.jammed_at)::float8
          FROM canary_run c
         WHERE c.jammed_at >= since AND c.jammed_at < until;
    END;

REVOKE ALL ON FUNCTION alarm_journeys, canary_journeys FROM PUBLIC;
GRANT EXECUTE ON FUNCTION alarm_journeys, canary_journeys TO fjarrkoll_grafana;

-- Where the device of a loan stands, said by those who see the loan: the policy hand_back holds every change of a loan.
GRANT UPDATE (area) ON loan TO fjarrkoll_api;
