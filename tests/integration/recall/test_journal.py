"""Every change of a case has exactly one line that says who and why, whatever happens; what is refused has none."""

import random
from typing import Any, Final

import psycopg
import pytest

from diagnostics.recall.watching import RecallWatch
from fleet.plumbing.database import database_pool
from fleet.recall import BY_PEOPLE, TRANSITIONS, Action, State
from tests.fixtures.database import add_device
from tests.integration.recall.conftest import TODAY, Api, MakeToken, Store, Town, prove_unused, used
from tests.integration.recall.test_cases import go

TRIES: Final = 40
Line = tuple[str | None, str, str, str, str]
_LINES: Final = "SELECT before, action, after, actor, why FROM recall_transition ORDER BY transition_id"
_WATCHED: Final = "fjarrkoll"


class Story:
    """People and a device at one case after the other, in any order; remembers what the journal should say."""

    def __init__(self, api: Api, token: str, town: Town, store: Store) -> None:
        self.api, self.token, self.town, self.store = api, token, town, store
        self.database = store.database
        self.expected: list[Line] = []
        self.state: State | None = None
        self.case_id = self.device_no = 0
        self.refused = 0

    async def begins(self, why: str) -> None:
        """A case of a device that none was of before."""
        device = add_device(self.database, "wheelchair", loan=(self.town.payer, "HSL"))
        self.device_no = device.device_no
        prove_unused(self.database, self.device_no)
        answer = await self.api.post("recalls", self.token, {"device_id": device.device_id, "why": why})
        assert answer.status_code == 201, answer.text
        [self.case_id] = answer.json()["case_ids"]
        self.state = State.PROPOSED
        self.expected.append((None, "propose", "proposed", "analyst", why))

    async def is_moved(self, action: Action, why: str) -> None:
        """Asked for by a person, possible or not."""
        assert self.state is not None
        answer = await go(self.api, self.token, self.case_id, action, why=why)
        after = TRANSITIONS.get((self.state, action)) if action in BY_PEOPLE else None
        if after is None:
            assert answer.status_code in {409, 422}, (self.state, action, answer.text)
            self.refused += 1
            return
        assert answer.status_code == 200, (self.state, action, answer.text)
        self.expected.append((self.state, action, after, "analyst", why))
        self.state = after

    def is_written_past_the_service(self, action: Action, why: str) -> None:
        """By somebody with a connection, to a state that the table does not lead to."""
        wrong = next(state for state in State if TRANSITIONS.get((self.state or State.LOST, action)) != state)
        with pytest.raises(psycopg.errors.CheckViolation), psycopg.connect(self.database.owner) as connection:
            connection.execute(
                "UPDATE recall_case SET state = %s, action = %s, why = %s, changed_by = 'x' WHERE case_id = %s",
                [wrong, action, why, self.case_id],
            )
        self.refused += 1

    async def is_used(self) -> None:
        used(self.store, self.device_no, TODAY)
        async with database_pool(self.database.worker, "test-watch", largest=1) as pool:
            await RecallWatch(pool).round()
        after = TRANSITIONS.get((self.state or State.LOST, Action.WAKE_UP))
        if after is not None and self.state is not None:
            self.expected.append((self.state, "wake_up", after, _WATCHED, f"använt {TODAY} / used {TODAY}"))
            self.state = after


def journal(store: Store) -> list[Line]:
    return [(before, action, after, actor, why) for before, action, after, actor, why in store.all(_LINES)]


async def told(story: Story, chance: random.Random) -> None:
    for number in range(TRIES):
        why = f"skäl {number}"
        if story.state is None or not any(before is story.state for before, _ in TRANSITIONS):
            await story.begins(why)
            continue
        possible = [action for before, action in TRANSITIONS if before is story.state and action in BY_PEOPLE]
        fate = chance.random()
        if fate < 0.06:
            await story.is_used()
        elif fate < 0.16:
            story.is_written_past_the_service(chance.choice(list(Action)), why)
        elif fate < 0.6 and possible:
            await story.is_moved(chance.choice(possible), why)
        else:
            await story.is_moved(chance.choice(list(Action)), why)


@pytest.mark.parametrize("seed", [1, 2])
async def test_every_change_of_state_has_one_line_and_a_refusal_none(
    api: Api, make_token: MakeToken, town: Town, store: Store, seed: int
) -> None:
    story = Story(api, make_token("analyst", name="analyst"), town, store)
    await told(story, random.Random(seed))
    assert journal(store) == story.expected
    assert all(actor and why.strip() for _, _, _, actor, why in journal(store))
    assert story.refused >= TRIES / 10
    moves = sum(action == "recall.move" for _, action, _ in store.audit())
    by_people = [line for line in story.expected if line[0] is not None and line[3] != _WATCHED]
    assert moves == len(by_people), "what a person moved stands in the audit, too, once each"


async def test_a_database_that_forgets_the_journal_is_found_out(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    store.execute("ALTER TABLE recall_case DISABLE TRIGGER recall_follows")
    story = Story(api, make_token("analyst", name="analyst"), town, store)
    await told(story, random.Random(1))
    assert journal(store) != story.expected


def test_every_state_can_be_told_of() -> None:
    """The stories above meet each state that a person can lead to, so that none is left out by chance."""
    reached: set[Any] = {State.PROPOSED} | {after for (_, action), after in TRANSITIONS.items() if action in BY_PEOPLE}
    assert reached | {State.WOKEN_UP} == set(State)
