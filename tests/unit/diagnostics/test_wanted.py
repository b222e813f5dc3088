"""What a search text means: a number's beginning first, a model or unit, anywhere last; no wildcard slips through."""

from diagnostics.devices.wanted import Wanted, contains, following, has_run, readings_of


def test_digits_are_read_as_the_beginning_of_a_number() -> None:
    readings = readings_of("4199", None)
    assert [own for _, own in readings] == [{"text": "4199", "beyond": "42"}]
    assert "beyond" in readings[0][0].as_string()


def test_after_nines_there_is_no_bound() -> None:
    assert (following("99"), following("0"), following("129")) == (None, "1", "13")
    assert "beyond" not in readings_of("99", None)[0][0].as_string()


def test_a_makers_name_is_read_as_its_models() -> None:
    assert [own for _, own in readings_of("Permobil", ["permobil-m3"])] == [
        {"text": "Permobil"},
        {"models": ["permobil-m3"]},
    ]


def test_an_id_is_compared_whole() -> None:
    assert readings_of("d-k7x2m4qpza", None)[0][1] == {"text": "d-k7x2m4qpza"}


def test_an_index_finds_only_a_text_with_three_letters_or_digits_in_a_row() -> None:
    assert [has_run(text) for text in ("419", "x-åäö", "SN 419-7")] == [True, True, True]
    assert [has_run(text) for text in ("41", "AB-1", "12-34-56", "%%%", "___", "")] == [False] * 6


def test_no_character_of_the_text_is_a_wildcard() -> None:
    assert contains("50%_\\") == "%50\\%\\_\\\\%"


def test_filters_that_are_not_given_are_no_conditions() -> None:
    assert Wanted().conditions() == ([], {})
    conditions, parameters = Wanted(payer="kommun-1", verdict="silent", alarming=True).conditions()
    assert len(conditions) == 3
    assert parameters == {"payer": "kommun-1", "verdict": "silent"}


def test_what_the_register_says_needs_no_verdict_of_a_run() -> None:
    conditions, _ = Wanted(verdict="in_stock").conditions()
    assert "idle_verdict" not in conditions[0].as_string()


def test_a_prescribing_unit_comes_before_the_text_anywhere() -> None:
    readings = readings_of("Rehab norr", None, [7, 8])
    assert [own for _, own in readings] == [{"text": "Rehab norr"}, {"units": [7, 8]}]
    assert "loan" in readings[1][0].as_string()
