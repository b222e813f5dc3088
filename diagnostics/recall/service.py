"""Decides what is shown of recall cases, which devices may be proposed, and which transition is made."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from diagnostics.devices.schemas import PayerItem
from diagnostics.paging import Page, cut, decode_cursor
from diagnostics.problems import Problem, not_found
from diagnostics.queries import Row
from diagnostics.recall import repository
from diagnostics.recall.problems import moved_already, not_possible, only_answers, used_again
from diagnostics.recall.schemas import (
    CaseDetail,
    CaseItem,
    CaseQuery,
    CaseSummary,
    Clocks,
    FalseRecallRate,
    JournalLine,
    MoveAsked,
    PrescriberItem,
    Proposal,
    Proposed,
    StateCount,
    SummaryQuery,
)
from diagnostics.rights import Right, may
from diagnostics.schemas import BilingualText
from diagnostics.work import Work
from fleet.calendar import WorkCalendar
from fleet.clock import local_day
from fleet.deadlines import recall_due
from fleet.idle import cost_sek
from fleet.recall import (
    ANSWERS,
    FINAL,
    SAVING,
    STATE_WORDS,
    TRANSITIONS,
    Action,
    FalseRecalls,
    Ground,
    Refusal,
    State,
    may_propose,
    move,
    saved_sek,
    snooze_until,
)
from fleet.text import Text

_CALENDAR: Final = WorkCalendar()
_THE_CASE: Final = Text("Ärendet", "The case")
_THE_DEVICE: Final = Text("Hjälpmedlet", "The device")
_OPEN: Final = tuple(sorted(frozenset(State) - FINAL))


async def list_cases(work: Work, query: CaseQuery) -> Page[CaseItem]:
    """A page of cases, newest first."""
    after = decode_cursor(query.cursor, tuple[int])
    today = local_day(work.now)
    rows = await repository.cases(
        work, today, **filters_of(query), after=after[0] if after else None, limit=query.limit + 1
    )
    page, cursor = cut(rows, query.limit, lambda row: (row["case_id"],))
    await work.record("recalls.read", devices=sorted({row["device_no"] for row in page}))
    return Page(items=[case_item(row, today) for row in page], next_cursor=cursor)


async def every_case(work: Work, query: CaseQuery) -> list[CaseItem]:
    """All cases the query asks for in one answer: a letter or a list to print would mislead if cut at a page."""
    today = local_day(work.now)
    rows = await repository.cases(work, today, **filters_of(query), after=None, limit=None)
    await work.record("recalls.read", devices=sorted({row["device_no"] for row in rows}))
    return [case_item(row, today) for row in rows]


async def board(work: Work, query: CaseQuery, states: Sequence[State], most: int) -> list[CaseItem]:
    """The most pressing cases of each state, at most so many of each, in no particular order."""
    today = local_day(work.now)
    wanted = query.model_dump(include={"device_class", "payer", "prescriber"})
    numbers = await repository.pressing(work, states, most, **wanted)
    rows = await repository.cases(work, today, case_ids=numbers, limit=len(numbers)) if numbers else []
    await work.record("recalls.read", devices=sorted({row["device_no"] for row in rows}))
    return [case_item(row, today) for row in rows]


def filters_of(query: CaseQuery) -> dict[str, Any]:
    """The query as parameters of the list."""
    states = [query.state] if query.state is not None else list(_OPEN) if query.open else None
    return {**query.model_dump(exclude={"cursor", "limit", "state", "open"}), "states": states}


async def show_case(work: Work, case_id: int) -> CaseDetail:
    """One case with its journal.

    Raises:
        Problem: no such case in the caller's scope.
    """
    row = await one_case(work, case_id)
    await work.record("recall.read", row["device_no"], case_id=case_id)
    return await _detail(work, row)


async def propose(work: Work, asked: Proposal) -> Proposed:
    """Begins cases for devices whose verdict proposes a return; for one device, says why where it may not be.

    Raises:
        Problem: one device was asked for that does not exist in the caller's scope or may not be proposed.
    """
    today = local_day(work.now)
    filters = asked.model_dump(exclude={"why"})
    made = await repository.propose(work, today, asked.why, **filters)
    if asked.device_id is not None and not made:
        raise await _why_not(work, asked.device_id, today)
    case_ids = sorted(row["case_id"] for row in made)
    await work.record("recall.propose", devices=sorted(row["device_no"] for row in made), case_ids=case_ids)
    return Proposed(proposed=len(case_ids), case_ids=case_ids)


async def move_case(work: Work, case_id: int, asked: MoveAsked) -> CaseDetail:
    """Makes a transition, if the case still stands where it was decided.

    Raises:
        Problem: no such case in scope; the table knows no such transition; the role may only answer; the case was
            moved meanwhile; the device has been used again.
    """
    if asked.action not in ANSWERS and not may(work.caller.role, Right.MOVE_RECALLS):
        raise only_answers()
    row = await one_case(work, case_id)
    await make_move(work, row, asked)
    await work.record("recall.move", row["device_no"], case_id=case_id, asked=asked.action, why=asked.why)
    return await _detail(work, await one_case(work, case_id))


async def make_move(work: Work, row: Row, asked: MoveAsked) -> None:
    """The transition alone, without an audit line; also used by the import of answers.

    Raises:
        Problem: as `move_case`.
    """
    decided = move(State(row["state"]), asked.action)
    if isinstance(decided, Refusal):
        raise not_possible(decided)
    changes = _changes(work, decided.after, asked)
    moved = await repository.move(
        work,
        row["case_id"],
        before=decided.before,
        action=decided.action,
        after=decided.after,
        why=asked.why,
        changes=changes,
    )
    if not moved:
        again = await one_case(work, row["case_id"])
        raise used_again() if again["state"] == decided.before else moved_already()


def _changes(work: Work, after: State, asked: MoveAsked) -> dict[str, Any]:
    """The columns that a transition sets beside the state."""
    changes: dict[str, Any] = {"closed_at": work.now if after in FINAL else None}
    if asked.action is Action.ASK:
        changes["asked_at"] = work.now
    if asked.action in ANSWERS:
        changes["answered_at"] = work.now
    if asked.action is Action.NEED:
        until = snooze_until(asked.snooze_until, local_day(work.now))
        if isinstance(until, Refusal):
            raise not_possible(until)
        changes["snoozed_until"] = until
    if asked.action is Action.ORDER:
        due = recall_due(work.now, _CALENDAR)
        changes |= {"ordered_at": work.now, "order_number": asked.order_number or None}
        changes |= {"rent_stops": due.rent_stops, "pick_up_by": due.pick_up_by, "deregister_by": due.deregistered_by}
    if asked.action is Action.COLLECT:
        changes["collected_at"] = work.now
    if asked.action is Action.DEREGISTER:
        changes["deregistered_at"] = work.now
    return changes


async def summary(work: Work, query: SummaryQuery) -> CaseSummary:
    """Counts by state, clocks, money since rents stopped, and the false recall rate with its denominator."""
    today = local_day(work.now)
    rows = await repository.totals(work, today, query.device_class, query.payer)
    answers = FalseRecalls(**await repository.answers(work, query.device_class, query.payer))
    await work.record("recalls.count", asked=query.model_dump(exclude_none=True))
    saving = [row for row in rows if row["state"] in SAVING]
    return CaseSummary(
        today=today,
        cases=sum(row["cases"] for row in rows),
        open=sum(row["cases"] for row in rows if row["state"] not in FINAL),
        by_state=sorted(map(_state_count, rows), key=lambda entry: list(State).index(entry.state)),
        pick_up_overdue=sum(row["pick_up_overdue"] for row in rows),
        deregister_overdue=sum(row["deregister_overdue"] for row in rows),
        rent_stopped=sum(row["rent_stopped"] for row in saving),
        rent_stopped_sek_per_month=sum(row["rent_stopped_sek"] for row in saving),
        saved_sek_so_far=cost_sek(sum(row["rent_days_sek"] for row in saving), 1),
        false_recalls=FalseRecallRate(
            needed=answers.needed,
            woken_up=answers.woken_up,
            confirmed=answers.confirmed,
            answered=answers.answered,
            waiting=answers.waiting,
            rate=answers.rate,
            meaning=BilingualText.of(answers.meaning),
        ),
    )


def case_item(row: Row, today: date) -> CaseItem:
    """One case as it is shown."""
    return CaseItem(**_fields(row, today))


def _fields(row: Row, today: date) -> dict[str, Any]:
    state = State(row["state"])
    unit = row["prescriber_unit"]
    return {
        **{name: row[name] for name in CaseItem.model_fields if name in row},
        "model": row["model_name"],
        "payer": PayerItem(code=row["payer_code"], name=row["payer_name"]),
        "prescriber": None if unit is None else PrescriberItem(code=row["prescriber_code"], unit=unit),
        "state_words": BilingualText.of(STATE_WORDS[state]),
        "p_in_use": None if row["p_in_use"] is None else round(row["p_in_use"], 4),
        "rent_sek_per_month": row["rent_sek"],
        "saved_sek_so_far": saved_sek(state, row["rent_sek"], row["rent_stops"], today),
        "clocks": Clocks(
            rent_stops=row["rent_stops"],
            pick_up_by=row["pick_up_by"],
            deregister_by=row["deregister_by"],
            overdue=_overdue(row, state, today),
        ),
        "possible": sorted(action for before, action in TRANSITIONS if before is state and action != Action.WAKE_UP),
    }


def _overdue(row: Row, state: State, today: date) -> bool:
    fetch = state is State.PICK_UP_ORDERED and row["pick_up_by"] < today
    by = row["deregister_by"]
    return fetch or (state in {State.PICK_UP_ORDERED, State.COLLECTED} and by is not None and by < today)


def _state_count(row: Row) -> StateCount:
    words = BilingualText.of(STATE_WORDS[State(row["state"])])
    return StateCount(state=row["state"], words=words, cases=row["cases"], rent_sek_per_month=row["rent_sek"])


async def _detail(work: Work, row: Row) -> CaseDetail:
    lines = [JournalLine(**line) for line in await repository.journal(work, row["case_id"])]
    return CaseDetail(**_fields(row, local_day(work.now)), journal=lines)


async def one_case(work: Work, case_id: int) -> Row:
    """The row of a case.

    Raises:
        Problem: no such case in the caller's scope.
    """
    rows = await repository.cases(work, local_day(work.now), case_id=case_id, limit=1)
    if not rows:
        raise not_found(_THE_CASE)
    return rows[0]


async def _why_not(work: Work, device_id: str, today: date) -> Problem:
    row = await repository.ground(work, device_id, today)
    if row is None:
        return not_found(_THE_DEVICE)
    if row["verdict"] is None:
        return not_possible(_NOT_JUDGED)
    refusal = may_propose(
        Ground(
            verdict=row["verdict"],
            step=row["step"],
            since=row["since"],
            known_until=row["known_until"],
            judged_on=row["judged_day"],
            loan_day=row["loan_day"],
            silent_after_days=row["silent_after_days"],
            snoozed_until=row["snoozed_until"],
            absent=row["absent"],
            open_case=row["open_case"],
            used_since=bool(row["used_since"]),
        ),
        today,
    )
    return not_possible(refusal or _CHANGED)


_NOT_JUDGED: Final = Refusal(Text("Hjälpmedlet är inte bedömt än.", "The device has not been judged yet."))
_CHANGED: Final = Refusal(
    Text("Läget ändrades medan frågan ställdes; försök igen.", "It changed meanwhile; try again.")
)
