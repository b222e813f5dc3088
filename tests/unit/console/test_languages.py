"""Every sentence of the console exists in both languages, and figures are written as Swedes write them."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st

from diagnostics import console
from diagnostics.administration.review import JUDGEMENTS
from diagnostics.commands.states import Approval, Expiry, State, Stopped
from diagnostics.console import words, workshop_words
from diagnostics.console.language import LOCALES, Words, catalogue, written
from diagnostics.console.pages import TEMPLATES
from diagnostics.rights import Role
from diagnostics.timeline.schemas import EntryKind
from fleet import readiness
from fleet.commands import Level
from fleet.diagnosis.diagnose import Conclusion
from fleet.diagnosis.knowledge import Advice, Doer
from fleet.faults import Severity
from fleet.health import Condition
from fleet.idle import Step, Verdict
from fleet.ladder_document import DAY_WORDS
from fleet.orders import FindingKind, OrderState, Solved
from fleet.priority import PriorityClass
from fleet.recall import Action
from fleet.registry import load_registry
from fleet.self_test import Grade

FOLDER = Path(console.__file__).parent
NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
_SAID = re.compile(r"""(?:\b_|\bsay)\(\s*(["'])(.+?)\1""", re.DOTALL)
_SEVERAL = re.compile(r"""\bseveral\([^,]+,\s*(["'])(.+?)\1,\s*(["'])(.+?)\3""", re.DOTALL)
_PLACES = re.compile(r"\{\w+\}")
# Text between tags of a template that is neither filled in nor a sign.
_BARE = re.compile(r">([^<>{}%#]*[A-Za-zÅÄÖåäö]{2,}[^<>{}%#]*)<")
_NOT_TRANSLATED = {"Fjärrkoll", "Fjärrkoll – Fjärrkoll", "English", "&nbsp;"}


def alone() -> set[str]:
    return {match[2] for text in texts() for match in _SAID.finditer(text)}


def paired() -> set[str]:
    """Those that are spelled for one and for several."""
    return {match[n] for text in texts() for match in _SEVERAL.finditer(text) for n in (2, 4)}


def texts() -> list[str]:
    return [file.read_text("utf-8") for file in (*FOLDER.rglob("*.html"), *FOLDER.glob("*.py"))]


def test_every_sentence_has_its_english_and_no_english_is_left_over() -> None:
    assert len(alone()) > 100
    assert alone() | paired() == set(catalogue("en"))


def test_one_is_told_as_one() -> None:
    ways = ("{number} ärende är nu: {state}", "{number} ärenden är nu: {state}")
    assert Words("sv", NOW).several(1, *ways, state="Föreslagen") == "1 ärende är nu: Föreslagen"
    assert Words("en", NOW).several(1200, *ways, state="Proposed") == "1,200 cases are now: Proposed"


def test_a_sentence_that_counts_knows_one_from_several() -> None:
    plural = re.compile(r"\{\w+\} (\w+ )?\w*(dagar|timmar|rader|ärenden|värden|ställen|mätningar|reparationer)\b")
    assert {sentence for sentence in alone() if plural.search(sentence)} == set(), "it would say `1 ärenden`"
    assert any(plural.search(sentence) for sentence in paired()), "control: such sentences are found"


def test_places_to_fill_are_the_same_in_both_languages() -> None:
    for swedish, english in catalogue("en").items():
        assert sorted(_PLACES.findall(swedish)) == sorted(_PLACES.findall(english)), swedish


def test_no_template_speaks_past_the_catalogue() -> None:
    for file in FOLDER.rglob("*.html"):
        text = re.sub(r"\{[{%#].*?[}%#]\}", "", file.read_text("utf-8"), flags=re.DOTALL)
        bare = {match.strip() for match in _BARE.findall(text)} - _NOT_TRANSLATED
        assert not bare, file.name


def test_every_word_the_services_use_has_a_name() -> None:
    assert set(words.VERDICTS) >= {verdict.value for verdict in Verdict}
    assert set(words.STEPS) == {step.value for step in Step}
    assert set(words.SEVERITIES) == set(words.SHAPES) == set(words.COLOURS) == {s.value for s in Severity}
    assert set(words.ACTIONS) == {action.value for action in Action}
    assert set(words.PRIORITIES) == {priority.value for priority in PriorityClass}
    assert set(words.ORDER_FILTERS) >= {state.value for state in OrderState}
    assert set(words.COMMAND_STATES) >= {state.value for state in State}
    assert set(words.ENTRY_KINDS) >= {kind.value for kind in EntryKind}
    assert set(words.ROLES) == {role.value for role in Role}
    assert set(workshop_words.LEVELS) == {level.value for level in Level}
    assert set(workshop_words.APPROVALS) == {approval.value for approval in Approval}
    assert set(workshop_words.REASONS) >= {reason.value for reason in (*Expiry, *Stopped)}
    assert set(workshop_words.OPERATING) == {state for profile in load_registry() for state in profile.operating_states}
    assert set(workshop_words.ADVICE) == {advice.value for advice in Advice}
    assert set(workshop_words.DOERS) == {doer.value for doer in Doer}
    assert set(workshop_words.CONCLUSIONS) == {conclusion.value for conclusion in Conclusion}
    assert set(workshop_words.READY) == {verdict.value for verdict in readiness.Verdict}
    assert set(workshop_words.CHECKS) == {check.value for check in readiness.CheckName}
    assert set(workshop_words.CHECK_ANSWERS) == {answer.value for answer in readiness.Answer}
    assert set(workshop_words.GRADES) == {grade.value for grade in Grade}
    assert set(workshop_words.SOLVED) == {solved.value for solved in Solved}
    assert set(workshop_words.FINDING_KINDS) == {kind.value for kind in FindingKind}
    assert set(words.CONDITIONS) == {condition.value for condition in Condition}
    assert set(words.JUDGEMENTS) == set(JUDGEMENTS)
    assert set(words.DAYS) == set(DAY_WORDS)
    assert set(words.SETTINGS) >= {
        name for profile in load_registry() for rule in profile.rules for name in rule.adjust
    }
    assert len(set(words.SHAPES.values())) == len(words.SHAPES), "status is told by shape, too"


@pytest.mark.parametrize(
    ("seconds", "swedish", "english"),
    [
        (5, "nyss", "just now"),
        (3 * 60, "3 min sedan", "3 min ago"),
        (5 * 3600, "5 tim sedan", "5 h ago"),
        (3 * 86_400, "3 dygn sedan", "3 days ago"),
        (-3600, "2026-11-28 14:00", "2026-11-28 14:00"),
    ],
)
def test_ages(seconds: int, swedish: str, english: str) -> None:
    at = NOW - timedelta(seconds=seconds)
    assert Words("sv", NOW).ago(at) == swedish
    assert Words("en", NOW).ago(at) == english


def test_figures_and_days_in_swedish() -> None:
    speak = Words("sv", NOW)
    assert speak.number(12345.678, 2) == "12\xa0345,68"
    assert speak.day(date(2026, 11, 21)) == "2026-11-21 (v. 47)"
    assert speak.money("125.40") == "125 kr"
    assert (speak.number(None), speak.money(None), speak.value(None)) == ("–", "–", "okänt"), "unknown is never zero"
    assert speak.value(False) == "nej"


@given(st.floats(-1e18, 1e18) | st.integers(-(10**20), 10**20), st.integers(0, 4), st.sampled_from(["sv", "en"]))
def test_numbers_are_written_as_babel_writes_them(value: float, digits: int, language: str) -> None:
    pattern = "#,##0" + ("." + "#" * digits if digits else "")
    as_babel = format_decimal(value, pattern, locale=LOCALES[language])
    assert written(value, digits, language) == ("0" if as_babel == "-0" else as_babel)


def test_every_template_can_be_read() -> None:
    names = TEMPLATES.list_templates()
    assert len(names) > 20
    for name in names:
        TEMPLATES.get_template(name)
