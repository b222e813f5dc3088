"""Every sentence is there in Swedish that is Swedish and in English that is English."""

import re
from collections.abc import Iterator

from fleet.profile import DeviceProfile
from fleet.text import Text
from tests.profiles.cases import each_profile

SWEDISH_LETTERS = re.compile(r"[åäöÅÄÖ]")
SWEDISH_WORDS = frozenset(
    """
    och att på är eller inte med en ett som till av för om den det de har kan när vid från efter ut upp in i sig
    """.split()  # noqa: SIM905 - a page of words reads better than a list of them
)
ENGLISH_WORDS = frozenset(
    {"the", "of", "and", "with", "not", "was", "are", "from", "when", "left", "right", "check", "battery"}
)


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-zåäö]+", text.lower()))


def short_texts(profile: DeviceProfile) -> Iterator[tuple[str, Text]]:
    yield profile.name, profile.title
    yield from ((metric.key, metric.title) for metric in profile.metrics)
    yield from ((event.name, event.title) for event in profile.all_events)
    yield from ((command.name, command.title) for command in profile.all_commands)
    yield from ((rule.name, rule.title) for rule in profile.rules)
    yield from ((measure.name, measure.title) for measure in profile.usage.measures)
    yield from ((fault.code, fault.title) for fault in profile.faults)
    for command in profile.all_commands:
        for parameter in command.parameters:
            yield f"{command.name}.{parameter.name}", parameter.title


def sentences(profile: DeviceProfile) -> Iterator[tuple[str, Text]]:
    yield "usage", profile.usage.reason
    for fault in profile.faults:
        yield f"{fault.code} cause", fault.cause
        yield f"{fault.code} action", fault.action


def all_texts(profile: DeviceProfile) -> list[tuple[str, Text]]:
    return [*short_texts(profile), *sentences(profile)]


@each_profile
def test_the_two_languages_are_not_the_same_text(profile: DeviceProfile) -> None:
    alike = [text.sv for _, text in all_texts(profile) if text.sv.casefold() == text.en.casefold()]
    assert [text for text in alike if not re.fullmatch("[A-Z]{2,4}", text)] == [], (
        "only abbreviations such as AHI may be"
    )


@each_profile
def test_no_english_in_the_swedish_and_no_swedish_in_the_english(profile: DeviceProfile) -> None:
    texts = all_texts(profile)
    assert [(where, text.sv) for where, text in texts if words(text.sv) & ENGLISH_WORDS] == []
    assert [(where, text.en) for where, text in texts if SWEDISH_LETTERS.search(text.en)] == []


@each_profile
def test_what_a_fault_says_in_swedish_reads_as_swedish(profile: DeviceProfile) -> None:
    for fault in profile.faults:
        whole = f"{fault.title.sv} {fault.cause.sv} {fault.action.sv}"
        assert SWEDISH_LETTERS.search(whole) or len(words(whole) & SWEDISH_WORDS) >= 3, whole


@each_profile
def test_most_of_the_swedish_has_swedish_letters(profile: DeviceProfile) -> None:
    found = [bool(SWEDISH_LETTERS.search(text.sv)) for _, text in sentences(profile)]
    assert sum(found) > 0.6 * len(found)


@each_profile
def test_sentences_are_sentences_and_titles_are_titles(profile: DeviceProfile) -> None:
    for where, text in sentences(profile):
        for language in (text.sv, text.en):
            assert language[0].isupper() or language[0].isdigit(), (where, language)
            assert language.endswith("."), (where, language)
    for where, text in short_texts(profile):
        for language in (text.sv, text.en):
            assert not language.endswith("."), (where, language)
            assert len(language) <= 60, (where, language)


@each_profile
def test_texts_are_for_people(profile: DeviceProfile) -> None:
    for where, text in all_texts(profile):
        for language in (text.sv, text.en):
            assert language == language.strip(), where
            assert "  " not in language, where
            assert not re.search(r"[_{}]|\b(null|None|NaN|payload|MQTT|JSON)\b", language), (where, language)
