from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.layout import Section, place
from dashboards.panels import About, Column, Query, note, table
from dashboards.queries import query
from dashboards.trial import Answer, judge
from dashboards.units import grafana_unit
from dashboards.words import CASES, REASONS, SEVERITIES, STEPS, VERDICTS, Word
from fleet.errors import RejectionReason
from fleet.faults import Severity
from fleet.idle import Step, Verdict
from fleet.recall import State
from fleet.text import Text

SIZES = st.lists(st.tuples(st.integers(1, 24), st.integers(1, 12)), min_size=1, max_size=12)


@given(st.lists(SIZES, min_size=1, max_size=4))
def test_panels_never_lie_on_each_other_and_stay_in_reading_order(sections: list[list[tuple[int, int]]]) -> None:
    text = Text("sv", "en")
    placed = place(
        Section(f"s{n}", [note(About(f"{n}-{m}", f"{n}-{m}", text, w, h)) for m, (w, h) in enumerate(sizes)])
        for n, sizes in enumerate(sections)
    )
    grids = [panel["gridPos"] for panel in placed]
    for one, other in combinations(grids, 2):
        apart = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        assert apart or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
    assert all(grid["x"] + grid["w"] <= 24 for grid in grids)
    assert [(g["y"], g["x"]) for g in grids] == sorted((g["y"], g["x"]) for g in grids)


def test_a_panel_keeps_its_id_when_another_is_added() -> None:
    text = Text("sv", "en")
    alone = place([Section("s", [note(About("b", "B", text))])])
    among = place([Section("s", [note(About("a", "A", text)), note(About("b", "B", text))])])
    assert alone[-1]["id"] == among[-1]["id"]


def test_hidden_columns_links_and_words_reach_the_json() -> None:
    columns = (
        Column(name="device_id"),
        Column(name="state", title="Läge", words={"a": Word("✓ Bra", "green")}, link=("/x", "Öppna")),
    )
    panel = table(About("t", "T", Text("sv", "en")), Query(sql="SELECT 1", columns=columns)).to_json(0, 0)
    hidden, shown = panel["fieldConfig"]["overrides"]
    assert {"id": "custom.hidden", "value": True} in hidden["properties"]
    ids = {entry["id"]: entry["value"] for entry in shown["properties"]}
    assert ids["displayName"] == "Läge"
    assert ids["mappings"][0]["options"]["a"]["text"] == "✓ Bra"
    assert ids["links"][0]["url"] == "/x"


@pytest.mark.parametrize(
    ("words", "states"),
    [(SEVERITIES, Severity), (VERDICTS, Verdict), (STEPS, Step), (REASONS, RejectionReason), (CASES, State)],
)
def test_every_state_has_its_own_word_so_that_colour_is_never_alone(
    words: dict[str, Word], states: type[Severity] | type[Verdict] | type[Step] | type[RejectionReason] | type[State]
) -> None:
    assert {str(state) for state in states} <= set(words)
    texts = [word.text for word in words.values()]
    assert len(set(texts)) == len(texts)
    assert all(texts)


@pytest.mark.parametrize(
    ("ucum", "drawn"),
    [("Cel", "celsius"), ("%", "percent"), ("V", "volt"), ("cm[H2O]", "suffix: cmH₂O"), ("furlong", "suffix: furlong")],
)
def test_units(ucum: str, drawn: str) -> None:
    assert grafana_unit(ucum) == drawn


def test_a_query_file_needs_all_its_places_and_no_others() -> None:
    with pytest.raises(KeyError, match="device_class"):
        query("variables/model")
    with pytest.raises(KeyError, match="colour"):
        query("variables/model", device_class="scale", colour="red")
    assert "<<" not in query("variables/model", device_class="scale")


def test_an_answer_is_judged_by_names_types_order_and_content() -> None:
    asked = Query(sql="", columns=(Column(name="time"), Column(name="x", title="X", unit="volt")))
    good = Answer((("time", 1184), ("x", 701)), [(1, 2.0), (2, None)])
    assert judge("timeseries", asked, good) == ([], [])
    assert judge("timeseries", asked, Answer(good.columns, [])) == ([], ["no row"])
    assert judge("timeseries", asked, Answer(good.columns, [(1, None)])) == ([], ["no value in x (X)"])
    for columns, rows, complaint in (
        ((("x", 701), ("time", 1184)), [], "expected"),
        ((("time", 25), ("x", 701)), [(1, 2.0)], "timestamptz"),
        ((("time", 1184), ("x", 25)), [(1, "a")], "no number"),
        (good.columns, [(2, 1.0), (1, 1.0)], "order of time"),
        (good.columns, [(None, 1.0)], "without time"),
    ):
        problems, _ = judge("timeseries", asked, Answer(columns, rows))
        assert len(problems) == 1
        assert complaint in problems[0]


def test_a_number_without_a_unit_and_a_double_point_are_found() -> None:
    bare = Query(sql="", columns=(Column(name="x", title="X"),))
    assert "without a unit" in judge("table", bare, Answer((("x", 23),), [(1,)]))[0][0]
    columns = (Column(name="time"), Column(name="metric"), Column(name="value", title="V", unit="none"))
    answer = Answer((("time", 1184), ("metric", 25), ("value", 23)), [(1, "a", 1), (1, "a", 2)])
    assert judge("timeseries", Query(sql="", columns=columns, series=True), answer)[0] == [
        "has two values for one time and name"
    ]
