"""The idle verdict over many devices: SQL that compares dates computed by `fleet.idle`, so that both say the same."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from psycopg.sql import SQL

from diagnostics.queries import Row, room
from fleet.idle import Evidence, Judgement, cutoffs, judge
from fleet.profile import DeviceProfile
from fleet.registry import Registry
from fleet.usage import IdlePolicy

JUDGED: Final[SQL] = room(__file__)["judged"]
"""A query of every device in scope with `verdict`, `step` and `since`; needs the parameters of `limits`."""


def limits(registry: Registry, today: date) -> dict[str, Any]:
    """The parameters of JUDGED on a Swedish day."""
    rows = [
        _limit(profile, policy, today, today - timedelta(days=ago))
        for profile in registry
        for policy in profile.idle_policies
        for ago in range(policy.silent_after_days + 1)
    ]
    columns = ("classes", "policies", "known_until", "training_after", "unused", "note", "contact", "propose")
    return {"today": today, **{name: [row[name] for row in rows] for name in columns}}


def _limit(profile: DeviceProfile, policy: IdlePolicy, today: date, known_until: date) -> Row:
    dates = cutoffs(policy, known_until)
    return {
        "classes": profile.name,
        "policies": policy.name,
        "known_until": known_until,
        "training_after": today - timedelta(days=policy.training_days),
        "unused": dates.unused,
        "note": dates.note,
        "contact": dates.contact,
        "propose": dates.propose,
    }


def judgement(registry: Registry, row: Mapping[str, Any], today: date) -> Judgement:
    """The verdict on one row of JUDGED with its reasons."""
    known = row["device_class"] in registry
    evidence = Evidence(
        loan_started=row["loan_started_at"],
        can_report=known and row["enrolled_at"] is not None,
        first_seen=row["first_seen_at"],
        last_seen=row["last_seen_at"],
        last_used_day=row["last_used_day"],
    )
    return judge(evidence, _policy(registry, row) if known else _NO_POLICY, today)


def _policy(registry: Registry, row: Mapping[str, Any]) -> IdlePolicy:
    policies = {policy.name: policy for policy in registry[row["device_class"]].idle_policies}
    return policies[row["idle_policy"]]


# A class without a profile cannot report, so no limit of this one is ever looked at.
_NO_POLICY: Final = IdlePolicy(name="none", note_days=1, contact_days=1, propose_days=1)
