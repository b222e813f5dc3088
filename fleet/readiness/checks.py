"""The checks one by one; `judge` puts them together."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final

from fleet.clock import aware, local_day
from fleet.readiness import texts
from fleet.readiness.facts import Answer, Battery, Check, CheckName, Facts, Limits, Readiness, Service, Verdict
from fleet.text import Text

# A battery's health changes over months; a value older than this says too little about it.
HEALTH_IS_GOOD_FOR: Final = timedelta(days=31)
# Where a model does not tell its battery's health, a passed inspection says so for this long.
INSPECTION_VOUCHES_FOR: Final = timedelta(days=90)


def judge(facts: Facts, limits: Limits, now: datetime) -> Readiness:
    """The verdict at an aware moment.

    Raises:
        ValueError: `now` is naive.
    """
    aware(now)
    checks = (
        _stock(facts),
        _hold(facts),
        _contact(facts, limits, now),
        _software(facts),
        _battery(facts, limits, now),
        _faults(facts, limits, now),
        _clock(facts, limits),
        *_services(facts, local_day(now)),
    )
    return Readiness(verdict=verdict_of(checks), reason=_summary(checks), checks=checks)


def verdict_of(checks: Iterable[Check]) -> Verdict:
    """`not_ready` when any check is not ok, else `unknown` when any is unknown, else `ready`."""
    answers = {check.answer for check in checks}
    if Answer.NOT_OK in answers:
        return Verdict.NOT_READY
    return Verdict.UNKNOWN if Answer.UNKNOWN in answers or not answers else Verdict.READY


def commands_to_stage(checks: Iterable[Check], declared: Iterable[str]) -> tuple[str, ...]:
    """The commands that would bring light or mend, in the order of the checks, each once, as far as declared."""
    known = set(declared)
    wanted = (name for check in checks if check.answer is not Answer.OK for name in check.commands)
    return tuple(dict.fromkeys(name for name in wanted if name in known))


def _stock(facts: Facts) -> Check:
    gone = texts.GONE.get(facts.stock_state)
    if gone is not None:
        return Check(name=CheckName.STOCK, answer=Answer.NOT_OK, reason=gone, find_out=texts.CORRECT_REGISTER)
    return Check(name=CheckName.STOCK, answer=Answer.OK, reason=Text("Finns i registret.", "Is in the register."))


def _hold(facts: Facts) -> Check:
    if facts.on_hold is None:
        return Check(name=CheckName.HOLD, answer=Answer.UNKNOWN, reason=texts.HOLD_UNKNOWN, find_out=texts.ASK_AGAIN)
    if facts.on_hold:
        return Check(name=CheckName.HOLD, answer=Answer.NOT_OK, reason=texts.ON_HOLD, find_out=texts.LIFT_HOLD)
    return Check(name=CheckName.HOLD, answer=Answer.OK, reason=Text("Ingen avvikelsespärr.", "No incident hold."))


def _contact(facts: Facts, limits: Limits, now: datetime) -> Check:
    if not facts.can_report:
        return Check(name=CheckName.CONTACT, answer=Answer.UNKNOWN, reason=texts.CANNOT_REPORT, find_out=texts.BY_HAND)
    if facts.last_seen is None:
        return Check(name=CheckName.CONTACT, answer=Answer.UNKNOWN, reason=texts.NEVER_HEARD, find_out=texts.SWITCH_ON)
    hours = (now - facts.last_seen) / timedelta(hours=1)
    reason = Text(
        f"Hördes senast för {_amount(hours)} timmar sedan.".replace(".", ",", _amount(hours).count(".")),
        f"Last heard {_amount(hours)} hours ago.",
    )
    if now - facts.last_seen > limits.contact:
        return Check(name=CheckName.CONTACT, answer=Answer.UNKNOWN, reason=reason, find_out=texts.SWITCH_ON)
    return Check(name=CheckName.CONTACT, answer=Answer.OK, reason=reason)


def _software(facts: Facts) -> Check:
    name = CheckName.SOFTWARE
    if not facts.approved:
        return Check(name=name, answer=Answer.UNKNOWN, reason=texts.NO_APPROVED, find_out=texts.ENTER_APPROVED)
    if not facts.firmware:
        return Check(
            name=name,
            answer=Answer.UNKNOWN,
            reason=texts.NO_VERSION,
            find_out=texts.READ_VERSIONS,
            commands=("read_versions",),
        )
    wanted = facts.approved[0]
    if facts.firmware not in facts.approved:
        return Check(
            name=name,
            answer=Answer.NOT_OK,
            reason=Text(
                f"Har version {facts.firmware}, som inte är godkänd; {wanted} ska vara i.",
                f"Has version {facts.firmware}, which is not approved; {wanted} is wanted.",
            ),
            find_out=Text(f"Uppdatera till {wanted}.", f"Update to {wanted}."),
            commands=("stage_update",),
        )
    newest = facts.firmware == wanted
    return Check(
        name=name,
        answer=Answer.OK,
        reason=Text(
            f"Version {facts.firmware} är godkänd." + ("" if newest else f" {wanted} finns."),
            f"Version {facts.firmware} is approved." + ("" if newest else f" There is {wanted}."),
        ),
    )


def _battery(facts: Facts, limits: Limits, now: datetime) -> Check:
    name, battery = CheckName.BATTERY, facts.battery
    if battery is None:
        return Check(name=name, answer=Answer.NOT_NEEDED, reason=texts.NO_BATTERY)
    problems = [*_charge_problems(battery, limits, now), *_health_problems(facts, battery, limits, now)]
    for answer in (Answer.NOT_OK, Answer.UNKNOWN):
        for found, reason, find_out in problems:
            if found is answer:
                return Check(name=name, answer=answer, reason=reason, find_out=find_out, commands=("read_live",))
    return Check(name=name, answer=Answer.OK, reason=_battery_well(facts, battery))


_Problem = tuple[Answer, Text, Text]


def _charge_problems(battery: Battery, limits: Limits, now: datetime) -> Iterable[_Problem]:
    charge = battery.charge
    if charge is None or now - charge.at > limits.contact:
        yield Answer.UNKNOWN, texts.CHARGE_UNKNOWN, texts.READ_LIVE
    elif charge.value < limits.charge:
        yield (
            Answer.NOT_OK,
            Text(
                f"Laddningen är {charge.value:.0f} %, minst {limits.charge:.0f} % ska vara i.",
                f"The charge is {charge.value:.0f} %, at least {limits.charge:.0f} % is wanted.",
            ),
            Text("Ladda, och fråga igen.", "Charge it, and ask again."),
        )


def _health_problems(facts: Facts, battery: Battery, limits: Limits, now: datetime) -> Iterable[_Problem]:
    if not battery.wants_health:
        return
    health = battery.health
    if not battery.tells_health:
        inspected = facts.inspected_on
        if inspected is None or local_day(now) - inspected > INSPECTION_VOUCHES_FOR:
            yield Answer.UNKNOWN, texts.HEALTH_NOT_TOLD, texts.INSPECT_BATTERY
    elif health is None or now - health.at > HEALTH_IS_GOOD_FOR:
        yield Answer.UNKNOWN, texts.HEALTH_UNKNOWN, texts.READ_LIVE
    elif health.value < limits.health:
        yield (
            Answer.NOT_OK,
            Text(
                f"Batterihälsan är {health.value:.0f} %, minst {limits.health:.0f} % krävs.",
                f"The battery's health is {health.value:.0f} %, at least {limits.health:.0f} % is needed.",
            ),
            Text("Byt batteri.", "Replace the battery."),
        )


def _battery_well(facts: Facts, battery: Battery) -> Text:
    charge = 0.0 if battery.charge is None else battery.charge.value
    swedish, english = f"Laddning {charge:.0f} %", f"Charge {charge:.0f} %"
    if battery.health is not None and battery.tells_health:
        swedish, english = (
            f"{swedish}, hälsa {battery.health.value:.0f} %",
            f"{english}, health {battery.health.value:.0f} %",
        )
    elif battery.wants_health:
        swedish, english = (
            f"{swedish}, godkänd vid besiktning {facts.inspected_on}",
            f"{english}, inspected {facts.inspected_on}",
        )
    return Text(f"{swedish}.", f"{english}.")


def _faults(facts: Facts, limits: Limits, now: datetime) -> Check:
    name = CheckName.FAULTS
    if facts.open_faults:
        shown = facts.open_faults[:3]
        more = len(facts.open_faults) - len(shown)
        return Check(
            name=name,
            answer=Answer.NOT_OK,
            reason=Text(
                f"{len(facts.open_faults)} aktiva fel: " + "; ".join(t.sv for t in shown) + (" …" if more else ""),
                f"{len(facts.open_faults)} active faults: " + "; ".join(t.en for t in shown) + (" …" if more else ""),
            ),
            find_out=texts.MEND_FAULTS,
            commands=("read_faults",),
        )
    heard = facts.can_report and facts.last_seen is not None and now - facts.last_seen <= limits.contact
    if not heard:
        return Check(
            name=name,
            answer=Answer.UNKNOWN,
            reason=texts.FAULTS_UNKNOWN,
            find_out=texts.READ_FAULTS,
            commands=("read_faults",),
        )
    return Check(
        name=name, answer=Answer.OK, reason=texts.NO_FAULT_IN_VIEW if facts.faults_out_of_view else texts.NO_FAULT
    )


def _clock(facts: Facts, limits: Limits) -> Check:
    name, offset = CheckName.CLOCK, facts.clock_offset
    if offset is None:
        return Check(
            name=name, answer=Answer.UNKNOWN, reason=texts.CLOCK_UNKNOWN, find_out=texts.SYNC, commands=("sync_clock",)
        )
    seconds = round(offset.total_seconds())
    reason = Text(f"Klockan går {seconds:+d} sekunder fel.", f"The clock is {seconds:+d} seconds off.")
    if abs(offset) > limits.clock:
        return Check(name=name, answer=Answer.NOT_OK, reason=reason, find_out=texts.SYNC, commands=("sync_clock",))
    return Check(name=name, answer=Answer.OK, reason=reason)


def _services(facts: Facts, today: date) -> Iterable[Check]:
    if not facts.services:
        yield Check(
            name=CheckName.SCHEDULE, answer=Answer.UNKNOWN, reason=texts.NO_SCHEDULE, find_out=texts.ENTER_SCHEDULE
        )
    for service in facts.services:
        yield _service(service, today)


def _service(service: Service, today: date) -> Check:
    word, name = texts.SERVICE_WORDS[service.kind], service.kind
    if service.every_days is None:
        return Check(
            name=name,
            answer=Answer.NOT_NEEDED,
            reason=Text(f"{word.sv} krävs inte av tillverkaren.", f"{word.en} is not asked for by the maker."),
        )
    do_it = Text(f"Gör {word.sv.lower()} och anteckna den.", f"Do the {word.en.lower()} and record it.")
    if service.done_on is None:
        reason = Text(f"{word.sv} är inte antecknad.", f"No {word.en.lower()} is recorded.")
        return Check(name=name, answer=Answer.UNKNOWN, reason=reason, find_out=do_it)
    if not service.passed:
        reason = Text(f"{word.sv} {service.done_on} underkändes.", f"{word.en} of {service.done_on} was not passed.")
        return Check(name=name, answer=Answer.NOT_OK, reason=reason, find_out=do_it)
    due = service.done_on + timedelta(days=service.every_days)
    if due < today:
        reason = Text(f"{word.sv} skulle ha gjorts senast {due}.", f"{word.en} was due on {due}.")
        return Check(name=name, answer=Answer.NOT_OK, reason=reason, find_out=do_it)
    reason = Text(
        f"{word.sv} gjord {service.done_on}, nästa senast {due}.",
        f"{word.en} done {service.done_on}, next due {due}.",
    )
    return Check(name=name, answer=Answer.OK, reason=reason)


def _summary(checks: Iterable[Check]) -> Text:
    found = tuple(checks)
    wrong = [texts.NAMES[check.name] for check in found if check.answer is Answer.NOT_OK]
    unknown = [texts.NAMES[check.name] for check in found if check.answer is Answer.UNKNOWN]
    if not wrong and not unknown:
        return Text("Klart att lämna ut.", "Ready to be handed out.")
    swedish, english = [], []
    if wrong:
        swedish.append("Inte klart: " + ", ".join(text.sv for text in wrong) + ".")
        english.append("Not ready: " + ", ".join(text.en for text in wrong) + ".")
    if unknown:
        swedish.append("Okänt: " + ", ".join(text.sv for text in unknown) + ".")
        english.append("Unknown: " + ", ".join(text.en for text in unknown) + ".")
    return Text(" ".join(swedish), " ".join(english))


def _amount(hours: float) -> str:
    return f"{hours:.1f}" if hours < 48 else f"{hours:.0f}"
