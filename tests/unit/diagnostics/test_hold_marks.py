"""Whatever can show a device can show that it is held: every schema of the API, every template of the console."""

import re
from pathlib import Path
from typing import Final

from diagnostics.app import routes
from diagnostics.documentation.openapi import describe

SCHEMAS: Final = describe(routes())["components"]["schemas"]
TEMPLATES: Final = Path("diagnostics/console/templates")
MARKS: Final = {"held", "on_hold"}
# They name a device and show none.
ABOUT_SOMETHING_ELSE: Final = {
    "BacktestExample": "what a rule would have done in the past",
    "ListOutcome": "a row of somebody's list, as they wrote it",
    "MoveItem": "a proposal; none is made of a held device",
    "Proposal": "a question",
    "QuarantineItem": "a message as it came",
    "ReplacementAsked": "a question",
}
TEMPLATES_OF_ELSE: Final = {
    "alarm_parts.html": "the name of a button, beside what is marked",
    "register.html": "rows of somebody's list, as they wrote them",
}


def test_every_schema_that_names_a_device_says_whether_it_is_held() -> None:
    numbers = {"individual_number", "device_id"}
    naming = {name for name, schema in SCHEMAS.items() if numbers & schema.get("properties", {}).keys()}
    unmarked = {name for name in naming if not MARKS & SCHEMAS[name]["properties"].keys()}
    assert unmarked == ABOUT_SOMETHING_ELSE.keys(), "give it `held: Held`, or say here what it is about"
    assert len(naming) > 25


def test_every_page_of_what_belongs_to_one_device_says_whether_it_is_held() -> None:
    document = describe(routes())
    for path, entry in document["paths"].items():
        if path.startswith("/api/v1/devices/{device_id}") and "get" in entry:
            content = entry["get"]["responses"]["200"]["content"].get("application/json")
            if content is not None:
                schema = SCHEMAS[content["schema"]["$ref"].rsplit("/", 1)[1]]
                assert MARKS & schema["properties"].keys(), path
                assert MARKS & set(schema["required"]), path


def test_every_template_that_shows_a_number_can_show_the_mark() -> None:
    pages = {page.name: page.read_text() for page in TEMPLATES.glob("*.html")}
    showing = {name: text for name, text in pages.items() if "individual_number" in text}
    marked = re.compile(r"parts\.held\(|\.held\b|parts\.head\(|device_parts|\.on_hold\b")
    assert {name for name, text in showing.items() if not marked.search(text)} == TEMPLATES_OF_ELSE.keys()
    assert len(showing) > 20
