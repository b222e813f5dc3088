"""What is known of a digital scale's faults: causes, signs, checks and parts; rates are assumed (foreign users 3 %: domain 9).

Weight belongs to the clinic: whoever may not see it gets "not known" for the signs that need it, and a control weighing as the check.
"""

from typing import Final

from fleet.diagnosis.knowledge import Advice, Check, Doer, Knowledge, Part, Sign, cause
from fleet.diagnosis.signs import ClockDoubted, Fleet, Graded, Happened, Reading, Restarted, Silent
from fleet.profiles.scale import PROFILE
from fleet.text import Text

_WAIT: Final = Text(
    "Du behöver inte göra något; vi gör det på distans.", "You need not do anything; we do it remotely."
)

CAUSES: Final = (
    cause("cells_flat", 60, "Batterierna är slut", "The cells are flat",
          raises="SCL-BAT-01:.95 SCL-MEA-01:.05", shows="battery_low:.9", recurs=.5, check="ask_cells", parts="cells",
          script=Text("Byt alla batterier i vågen samtidigt. Vi sänder nya om du inte har.", "Change all cells of the scale together. We send new ones if you have none.")),
    cause("stepped_off", 80, "Personen klev av för tidigt", "The person stepped off too early",
          raises="SCL-MEA-01:.95", recurs=.15, check="ask_weigh_again", shows="failures_seen:.3",
          script=Text("Väg dig igen. Stå stilla med båda fötterna tills vågen är klar.", "Weigh yourself again. Stand still with both feet until the scale is done.")),
    cause("load_cell_noisy", 6, "Lastgivaren är skadad", "The load cell is damaged",
          raises="SCL-HW-01:.85 SCL-MEA-01:.5 SCL-MEA-04:.4", shows="failures_many:.8 test_weighing:.9", recurs=.8, advice=Advice.EXCHANGE, check="control_weighing", parts="scale"),
    cause("soft_floor", 25, "Vågen står mjukt eller ojämnt", "The scale stands soft or uneven",
          raises="SCL-MEA-02:.95 SCL-MEA-06:.8", shows="unstable_seen:.6", recurs=.8, check="ask_floor",
          script=Text("Ställ vågen på ett hårt, jämnt golv, inte på mattan, och väg dig igen.", "Put the scale on a hard, level floor, not on the carpet, and weigh yourself again.")),
    cause("moved_on_scale", 20, "Personen rörde sig", "The person moved",
          raises="SCL-MEA-06:.95 SCL-MEA-02:.3", recurs=.1, check="ask_weigh_again",
          script=Text("Stå stilla tills siffrorna har stannat.", "Stand still until the figures have settled.")),
    cause("too_heavy", 8, "Vikten är större än vågen klarar", "The weight is above the scale's capacity",
          raises="SCL-MEA-03:.97", recurs=.7, advice=Advice.EXCHANGE, check="ask_load", parts="scale_heavy"),
    cause("not_zeroed", 20, "Vågen har flyttats utan att nollställas", "The scale was moved and not set to zero",
          raises="SCL-MEA-04:.95 SCL-DRF-01:.05", recurs=.15, check="ask_zero",
          script=Text("Tryck lätt på vågen med foten, ta bort foten och vänta tills den visar 0,0.", "Press the scale lightly with a foot, take the foot off and wait until it shows 0.0.")),
    cause("object_weighed", 20, "Ett föremål eller ett djur stod på vågen", "An object or an animal was on the scale",
          raises="SCL-MEA-05:.97", recurs=.2, check="ask_object", script=Text("Inget är fel; väg dig som vanligt.", "Nothing is wrong; weigh yourself as usual.")),
    cause("socks_on", 25, "Strumpor eller torra fötter", "Socks or dry feet",
          raises="SCL-MEA-07:.97", recurs=.6, check="ask_barefoot",
          script=Text("Väg dig barfota med fötterna mitt på metallplattorna.", "Weigh yourself barefoot with the feet on the metal plates.")),
    cause("cell_drifts", 10, "Lastgivaren har drivit", "The load cell has drifted",
          raises="SCL-DRF-01:.95", shows="test_weighing:.6", recurs=.5, advice=Advice.EXCHANGE, check="control_weighing", parts="scale"),
    cause("control_due", 30, "Kontrollvägning är dags", "A control weighing is due",
          raises="SCL-DRF-02:.97", recurs=.05, check="control_weighing", parts="test_weight"),
    cause("other_person", 30, "Någon annan vägde sig", "Somebody else weighed themselves",
          raises="SCL-USR-01:.97", shows="ambiguous:.6", recurs=.4, advice=Advice.CARE, check="ask_who", source="domain 9 (3 % foreign users)"),
    cause("unit_button", 10, "Enhetsknappen trycktes in", "The unit button was pressed",
          raises="SCL-UNT-01:.97", recurs=.4, check="ask_unit",
          script=Text("Tryck på knappen under vågen tills det står kg. Värdena är räknade rätt ändå.", "Press the button underneath until it shows kg. The values are right all the same.")),
    cause("cells_changed", 25, "Klockan nollades vid batteribyte", "The clock was reset when cells were changed",
          raises="SCL-CLK-01:.95", shows="cells_replaced:.85 clock_doubted:.7", recurs=.1, check="sync_clock", script=_WAIT),
    cause("clock_chip", 4, "Vågens klocka är trasig", "The scale's clock is broken",
          raises="SCL-CLK-01:.95", shows="clock_doubted:.9", recurs=.9, advice=Advice.EXCHANGE, check="sync_clock", parts="scale"),
    cause("memory_emptied", 20, "Vågen tömde sitt minne efter ett avbrott", "The scale emptied its memory after a break",
          raises="SCL-DUP-01:.97", shows="flushed:.8", recurs=.3, check="look_duplicates", script=_WAIT),
    cause("hub_unplugged", 30, "Navets nätsladd är urdragen", "The hub's plug is out",
          raises="SCL-NET-03:.95 SCL-NET-01:.5", recurs=.2, check="ask_hub",
          script=Text("Sätt i sladden till den lilla lådan och se att lampan lyser.", "Plug the small box in and see that its lamp lights.")),
    cause("hub_no_coverage", 20, "Navet saknar täckning", "The hub has no coverage",
          raises="SCL-NET-01:.95 SCL-NET-02:.9", shows="memory_full:.7 weak_network:.5", recurs=.6, check="ask_hub_place",
          script=Text("Flytta den lilla lådan till ett fönster.", "Move the small box to a window.")),
    cause("hub_broken", 6, "Navet är trasigt", "The hub is broken",
          raises="SCL-NET-01:.95", shows="restarts:.8 test_hub:.8", recurs=.1, advice=Advice.EXCHANGE, check="ask_hub", parts="hub"),
    cause("area_outage", 8, "Avbrott i nätet i området", "The network in the area is down",
          raises="SCL-NET-01:.95", shows="neighbours_silent:.95", recurs=.1, check="look_neighbours", script=_WAIT),
    cause("too_far", 20, "Vågen står för långt från navet", "The scale is too far from the hub",
          raises="SCL-BLE-01:.95", shows="weak_link:.9", recurs=.8, check="ask_hub_place",
          script=Text("Flytta den lilla lådan närmare vågen, i samma rum.", "Move the small box closer to the scale, into the same room.")),
    cause("bond_lost", 12, "Hopparningen är förlorad", "The pairing is lost",
          raises="SCL-BLE-01:.95", shows="unpaired:.8", recurs=.1, check="pair_again",
          script=Text("Håll in knappen på vågens undersida tills lampan blinkar, så parar vi ihop den igen.", "Hold the button under the scale until the lamp blinks, and we pair it again.")),
    cause("other_phone", 12, "Vågen är parad med en telefon", "The scale is paired with a phone",
          raises="SCL-BLE-02:.97", shows="unpaired:.4", recurs=.5, check="ask_phone",
          script=Text("Ta bort vågen ur telefonens app. Håll in vågens knapp tills lampan blinkar.", "Remove the scale from the phone's app. Hold the scale's button until the lamp blinks.")),
    cause("memory_damaged", 4, "Vågens minne är skadat", "The scale's memory is damaged",
          raises="SCL-HW-02:.97", shows="test_weighing:.7", recurs=.3, advice=Advice.EXCHANGE, check="control_weighing", parts="scale"),
    cause("cold_room", 12, "Vågen står i ett kallt rum", "The scale stands in a cold room",
          raises="SCL-TMP-01:.97", recurs=.5, check="ask_floor",
          script=Text("Ställ vågen inne i en timme innan du väger dig.", "Keep the scale indoors for an hour before you weigh yourself.")),
    cause("update_missed", 15, "Navets uppdatering har uteblivit", "The hub's update was missed",
          raises="SCL-FW-01:.97", recurs=.1, check="restart_hub", script=_WAIT),
)  # fmt: skip

SIGNS: Final = (
    Sign("SCL-DRF-01", Text("vågen har börjat visa annat än förut", "the scale has begun to show otherwise than before"), Reading(metric="body.weight", statistic="step", above=2.5, days=30, least=9), usually=0.001),
    Sign("SCL-DRF-02", Text("länge sedan kontrollvägning", "long since a control weighing"), Fleet(fact="days_since_control", above=365), usually=0.001),
    Sign("SCL-NET-01", Text("navet hörs inte av", "the hub is not heard"), Silent(hours=49), usually=0.001),
    Sign("battery_low", Text("låg batterinivå", "low battery"), Reading(metric="battery.level", below=15, days=14), usually=0.04),
    Sign("failures_seen", Text("någon mätning misslyckades", "a measurement failed"), Happened(event="measurement_failed", days=7), usually=0.15),
    Sign("failures_many", Text("många mätningar misslyckas", "many measurements fail"), Happened(event="measurement_failed", times=6, days=14), usually=0.02),
    Sign("unstable_seen", Text("ostadiga värden kastades", "unsteady values were dropped"), Happened(event="unstable_dropped", times=3, days=14), usually=0.05),
    Sign("ambiguous", Text("oklart vem som vägde sig", "unclear who weighed themselves"), Happened(event="user_ambiguous", days=14), usually=0.05),
    Sign("cells_replaced", Text("batterierna har bytts", "the cells were changed"), Happened(event="battery_replaced", days=5), usually=0.02),
    Sign("flushed", Text("vågen tömde sitt minne", "the scale emptied its memory"), Happened(event="stored_readings_flushed", days=5), usually=0.04),
    Sign("unpaired", Text("hopparningen bröts", "the pairing was broken"), Happened(event="unpaired", days=10), usually=0.02),
    Sign("memory_full", Text("mycket ligger kvar i minnet", "much is left in memory"), Reading(metric="memory.stored", above=40, days=30), usually=0.02),
    Sign("weak_network", Text("navet hördes glest", "the hub was heard sparsely"), Reading(metric="memory.stored", statistic="maximum", above=15, days=30), usually=0.05),
    Sign("weak_link", Text("svag radiolänk till vågen", "weak radio link to the scale"), Reading(metric="gateway.rssi", statistic="median", below=-86, days=14, least=2), usually=0.04),
    Sign("neighbours_silent", Text("fler i området tystnade samtidigt", "others nearby fell silent at the same time"), Fleet(fact="silent_nearby", above=0.3), usually=0.01),
    Sign("restarts", Text("navet startar om ofta", "the hub restarts often"), Restarted(times=4, days=14), usually=0.01),
    Sign("clock_doubted", Text("klockan går fel", "the clock is wrong"), ClockDoubted(), usually=0.01),
    *(Sign(f"test_{name}", Text(f"självtestet fann fel: {name}", f"the self-test found a fault: {name}"), Graded(subsystem=name), usually=0.05)
      for name in ("battery", "weighing", "link", "hub")),
)  # fmt: skip

CHECKS: Final = (
    Check("ask_cells", Text("Fråga när batterierna byttes", "Ask when the cells were changed"), 5, Doer.USER),
    Check("ask_weigh_again", Text("Be brukaren väga sig igen", "Ask the user to weigh again"), 5, Doer.USER),
    Check("control_weighing", Text("Kontrollväg med känd vikt", "Control weighing with a known weight"), 60, Doer.TECHNICIAN),
    Check("ask_floor", Text("Fråga var vågen står", "Ask where the scale stands"), 5, Doer.USER),
    Check("ask_load", Text("Fråga vad vågen klarar", "Ask what the scale carries"), 5, Doer.CARE),
    Check("ask_zero", Text("Be brukaren nollställa vågen", "Ask the user to set it to zero"), 5, Doer.USER),
    Check("ask_object", Text("Fråga om något stod på vågen", "Ask whether something was on it"), 5, Doer.USER),
    Check("ask_barefoot", Text("Be brukaren väga sig barfota", "Ask the user to weigh barefoot"), 5, Doer.USER),
    Check("ask_who", Text("Fråga vem som vägde sig", "Ask who weighed themselves"), 5, Doer.CARE),
    Check("ask_unit", Text("Fråga vad som står på skärmen", "Ask what the display says"), 5, Doer.USER),
    Check("sync_clock", Text("Ställ klockan på distans", "Sync the clock remotely"), 1, Doer.PLATFORM),
    Check("look_duplicates", Text("Se om värdena redan finns", "See whether the values are there already"), 2, Doer.PLATFORM),
    Check("ask_hub", Text("Fråga om navets lampa lyser", "Ask whether the hub's lamp is lit"), 5, Doer.USER),
    Check("ask_hub_place", Text("Fråga var navet står", "Ask where the hub is"), 5, Doer.USER),
    Check("look_neighbours", Text("Se om fler i området är drabbade", "See whether others nearby are affected"), 2, Doer.PLATFORM),
    Check("pair_again", Text("Para ihop på nytt", "Pair again"), 8, Doer.USER),
    Check("ask_phone", Text("Fråga om vågen finns i någons telefon", "Ask whether the scale is in somebody's phone"), 5, Doer.USER),
    Check("restart_hub", Text("Starta om navet på distans", "Restart the hub remotely"), 2, Doer.PLATFORM),
)  # fmt: skip

PARTS: Final = (
    Part("cells", Text("Batterier", "Cells")),
    Part("scale", Text("Utbytesvåg", "Exchange scale")),
    Part("scale_heavy", Text("Våg för högre vikt", "Scale of higher capacity")),
    Part("test_weight", Text("Kontrollvikt", "Test weight")),
    Part("hub", Text("Nav", "Hub")),
)

KNOWLEDGE: Final = Knowledge(
    profile=PROFILE,
    causes=CAUSES,
    signs=SIGNS,
    checks=CHECKS,
    parts=PARTS,
)
