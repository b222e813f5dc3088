"""Rows of what watches over a device: doses, alarm ladders and incident holds, and what only services may read."""

from typing import Final

# Thing -> a row of a period. The %(label)s stands in a column of free text, for the reads to find.
OF_A_PERIOD: Final = {
    "rule_override": """
        INSERT INTO rule_override (device_no, rule, setting, value, reason, set_by, set_at, ended_at)
        VALUES (%(device_no)s, 'technical_silence', 'after_seconds', 1, 'x', %(label)s, %(at)s, %(cleared_at)s)""",
    "device_repair": """
        INSERT INTO device_repair (device_no, done_on, reference, cause, noted_by)
        VALUES (%(device_no)s, %(day)s, %(label)s, %(label)s, 'x')""",
    "buffer_placement": """
        WITH store AS (
            INSERT INTO buffer_store (code, title) VALUES ('a', 'A') ON CONFLICT (code) DO UPDATE SET title = 'A'
            RETURNING store_id)
        INSERT INTO buffer_placement (device_no, store_id, placed_on, taken_on, placed_by)
        SELECT %(device_no)s, store_id, %(day)s,
               CASE WHEN %(cleared_at)s::timestamptz IS NOT NULL THEN %(day)s::date END, %(label)s
          FROM store""",
}
# The same for what only the audience care may see.
OF_CARE: Final = {
    "dose": """
        INSERT INTO dose VALUES (%(device_no)s, %(boot)s, %(at)s, 'taken', %(at)s, true, false, %(at)s, %(label)s)""",
    "dose_schedule": """
        INSERT INTO dose_schedule (device_no, version, times, weekdays, late_minutes, unknown_minutes, valid_from,
                                   entered_by)
        VALUES (%(device_no)s, %(boot)s, '{08:00}', '{1}', 60, 60, %(at)s, %(label)s)""",
    "dose_absence": """
        INSERT INTO dose_absence (device_no, reason, started_at, started_by, ended_at)
        VALUES (%(device_no)s, 'travel', %(at)s, %(label)s, %(cleared_at)s)""",
    "roll_check": "INSERT INTO roll_check VALUES (%(device_no)s, %(at)s, %(label)s)",
}
_ALARM: Final = "FROM alarm WHERE reason_sv = %(label)s AND audience = %(audience)s"
# What belongs to an alarm is seen with it.
OF_AN_ALARM: Final = {
    "alarm_journal": f"""
        INSERT INTO alarm_journal (alarm_id, kind, actor, note)
        SELECT alarm_id, 'noted', 'engine', reason_sv || '/' || audience {_ALARM}""",
    "escalation": f"""
        INSERT INTO escalation (alarm_id, ladder, document, due_at, wait, started_at)
        SELECT alarm_id, reason_sv || '/' || audience, '{{}}', raised_at, interval '0', raised_at {_ALARM}""",
    "escalation_call": f"""
        INSERT INTO escalation_call
        SELECT alarm_id, 1, 0, raised_at, raised_at, '{{}}', reason_sv || '/' || audience {_ALARM}""",
}
# A hold and an export of it; the open one is seen with the device, a lifted one with the loan in which it held.
HOLD: Final = """
    WITH hold AS (
        INSERT INTO incident_hold (device_no, reason, placed_at, placed_by, placed_role, lift_asked_at, lift_asked_by,
                                   lift_asked_role, lift_asked_holder, lift_reason, lifted_at, lifted_by, lifted_role,
                                   lifted_holder)
        VALUES (%(device_no)s, %(label)s, %(at)s, 'x', 'x', %(at)s, 'x', 'x', 'x', 'for a test', %(cleared_at)s, 'y',
                'y', 'y')
        RETURNING hold_id)
    INSERT INTO hold_export (hold_id, made_by, audiences, manifest_sha256, bytes)
    SELECT hold_id, %(label)s, '{technical}', repeat('0', 64), 1 FROM hold
"""
# Kept rows of an event and of a reading per audience; `seq` is the audience's place.
KEPT: Final = (
    """
    INSERT INTO held_row (device_no, source, ts, boot, seq, content)
    VALUES (%(device_no)s, 'device_event', %(at)s, %(boot)s, %(seq)s,
            jsonb_build_object('audience', %(audience)s::text, 'event', %(event)s::text,
                               'data', jsonb_build_object('label', %(label)s::text)))
    """,
    """
    INSERT INTO held_row (device_no, source, ts, boot, seq, content)
    VALUES (%(device_no)s, 'reading_probe', %(at)s, %(boot)s, %(seq)s, jsonb_build_object(
        'battery_soc', CASE WHEN %(audience)s::text = 'technical' THEN 1 END,
        'dose_count', CASE WHEN %(audience)s::text = 'care' THEN 1 END,
        'body_weight', CASE WHEN %(audience)s::text = 'clinical' THEN 1 END))
    """,
)
# A kept reading with something for each audience.
KEPT_WHOLE: Final = """
    INSERT INTO held_row (device_no, source, ts, boot, seq, content)
    VALUES (%(device_no)s, 'reading_probe', %(at)s, %(boot)s, 9,
            '{"battery_soc": 1, "dose_count": 1, "body_weight": 1}')
"""
# One row of everything that no role which serves people may read.
FOR_SERVICES: Final = (
    "INSERT INTO recipient (code, role) VALUES ('duty', 'carer')",
    "INSERT INTO recipient_address SELECT recipient_id, 'sms', 'nowhere' FROM recipient",
    "INSERT INTO ladder (code, document, set_by) VALUES ('probe', '{}', 'test')",
    "INSERT INTO ladder_use (ladder, payer_id) VALUES ('probe', 1)",
    """
    INSERT INTO silence (payer_id, starts_at, ends_at, reason, set_by)
    VALUES (1, now(), now() + interval '1 day', 'x', 'test')
    """,
    """
    INSERT INTO acknowledge_link (token_hash, alarm_id, expires_at)
    SELECT 'x', min(alarm_id), now() FROM alarm
    """,
)
