"""Why a command did not happen, in plain words: ours translated, a device's own shown as it wrote them."""

from diagnostics.commands.states import Approval, Expiry, Step, Stopped
from diagnostics.console.workshop_words import reason


def test_a_device_that_is_busy_says_so_in_both_languages() -> None:
    assert reason("not while driving").sv == "Hjälpmedlet sade nej: det kör just nu. Försök när det vilar."
    assert "is driving" in reason("not while driving").en


def test_what_a_device_writes_is_shown_as_it_wrote_it() -> None:
    assert reason("<b>hot</b>").sv == "Hjälpmedlet svarade: <b>hot</b>"
    assert reason("not while dancing").en == "The device answered: not while dancing"


def test_our_own_reasons_have_sentences() -> None:
    assert "Två" not in reason("incident_hold").sv
    ours = {word.value for kind in (Expiry, Stopped, Step, Approval) for word in kind} - {"not_needed", "awaiting"}
    assert [word for word in sorted(ours) if reason(word).en.startswith("The device answered")] == []
    assert reason("awaits_approval").en.startswith("It is sent once a second person")
