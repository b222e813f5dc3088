"""What is known of a pressure-relief mattress's faults: causes, signs, checks and parts; rates are assumed."""

from typing import Final

from fleet.diagnosis.knowledge import Advice, Check, Doer, Knowledge, Part, Sign, cause
from fleet.diagnosis.signs import Absent, ClockDoubted, Fleet, Graded, Happened, Reading, Silent
from fleet.profiles.mattress import PROFILE
from fleet.text import Text

_WAIT: Final = Text(
    "Du behöver inte göra något; vi gör det på distans.", "You need not do anything; we do it remotely."
)

CAUSES: Final = (
    cause("hose_off", 30, "Slangen har lossnat", "The hose has come off",
          raises="MAT-AIR-05:.95 MAT-AIR-01:.8", shows="pressure_gone:.85", recurs=.2, check="ask_hose",
          script=Text("Se till personen först. Tryck fast slangen i pumpen tills den klickar och känn att madrassen fylls.",
                      "See to the person first. Push the hose into the pump until it clicks and feel that the mattress fills.")),
    cause("cell_leaks", 15, "En luftcell läcker", "An air cell leaks",
          raises="MAT-AIR-01:.7 MAT-AIR-04:.85", shows="pressure_falling:.8 test_air:.8", recurs=.6, check="listen_cells", parts="cell"),
    cause("cpr_pulled", 12, "Snabbtömningen är öppen", "The CPR connection is open",
          raises="MAT-CPR-01:.97 MAT-AIR-01:.7", shows="cpr_event:.7 pressure_gone:.8", recurs=.1, advice=Advice.CARE, check="look_cpr"),
    cause("hose_pinched", 12, "En slang är klämd", "A hose is pinched",
          raises="MAT-AIR-02:.9", shows="pressure_high:.8", recurs=.3, advice=Advice.CARE, check="ask_hose"),
    cause("valve_stuck", 8, "En ventil har fastnat", "A valve is stuck",
          raises="MAT-AIR-02:.7 MAT-PMP-02:.6 MAT-AIR-03:.4", shows="pressure_high:.7 test_pump:.9", recurs=.85, check="run_pump", parts="valve"),
    cause("rotor_worn", 10, "Vridventilens motor är sliten", "The rotary valve's motor is worn",
          raises="MAT-AIR-03:.95 MAT-PMP-02:.9", shows="cycle_off:.8 test_pump:.9 many_hours:.5", recurs=.4, check="run_pump", parts="valve"),
    cause("static_mode", 12, "Pumpen står i statiskt läge", "The pump stands in static mode",
          raises="MAT-AIR-03:.9", shows="mode_changed:.9", recurs=.1, advice=Advice.CARE, check="ask_mode"),
    cause("unplugged", 25, "Kontakten är urdragen", "The plug is out",
          raises="MAT-PWR-01:.95 MAT-GW-01:.2", shows="mains_gone:.9", recurs=.15, advice=Advice.CARE, check="call_plug"),
    cause("power_cut", 15, "Strömavbrott i området", "A power cut in the area",
          raises="MAT-PWR-01:.95 MAT-GW-01:.3 MAT-SET-01:.1", shows="mains_gone:.9 neighbours_without_mains:.95", recurs=.1, advice=Advice.CARE,
          check="look_neighbours"),
    cause("fuse_blown", 8, "Säkringen eller nätdelen är trasig", "The fuse or the power supply is broken",
          raises="MAT-PWR-02:.95 MAT-PWR-01:.4", shows="test_pump:.8", recurs=.15, check="measure_supply", parts="fuse pump"),
    cause("alarm_battery_old", 12, "Larmbatteriet är gammalt", "The alarm battery is old",
          raises="MAT-PWR-03:.95", shows="battery_low:.85", recurs=.3, check="measure_battery", parts="alarm_battery"),
    cause("membrane_worn", 10, "Kompressorns membran är slitet", "The compressor's membrane is worn",
          raises="MAT-PMP-01:.95 MAT-AIR-01:.3 MAT-AIR-04:.5", shows="runs_much:.85 many_hours:.7 test_pump:.9", recurs=.4, advice=Advice.EXCHANGE,
          check="run_pump", parts="pump"),
    cause("pump_covered", 20, "Pumpen är täckt av sängkläder", "The pump is covered by bedclothes",
          raises="MAT-PMP-03:.95", recurs=.3, check="ask_covered",
          script=Text("Ta bort sängkläder och filtar från pumpen och häng den fritt på sänggaveln.",
                      "Take bedclothes and blankets off the pump and hang it freely on the footboard.")),
    cause("pump_bearing", 5, "Pumpens motor går tungt", "The pump's motor runs hard",
          raises="MAT-PMP-03:.95", shows="pump_always_hot:.9 many_hours:.6 test_pump:.6", recurs=.9, advice=Advice.EXCHANGE, check="run_pump", parts="pump"),
    cause("filter_dirty", 25, "Luftfiltret är smutsigt", "The air filter is dirty",
          raises="MAT-PMP-04:.97 MAT-PMP-03:.1", recurs=.4, check="look_filter", parts="filter"),
    cause("service_due", 30, "Serviceintervallet har gått ut", "The service interval has run out",
          raises="MAT-PMP-05:.97", recurs=.05, check="read_service", parts="filter"),
    cause("settings_lost", 12, "Inställningarna försvann vid strömavbrott", "The settings were lost in a power cut",
          raises="MAT-SET-01:.95", shows="mains_was_gone:.8", recurs=.2, advice=Advice.CARE, check="compare_settings"),
    cause("nursing_mode", 20, "Omvårdnadsläget stängdes inte av", "The nursing mode was not switched off",
          raises="MAT-SET-02:.97", shows="mode_changed:.7", recurs=.3, advice=Advice.CARE, check="ask_mode"),
    cause("hand_check_missed", 30, "Handkontrollen har inte gjorts", "The hand check was not made",
          raises="MAT-CHK-01:.97", recurs=.4, advice=Advice.CARE, check="ask_hand_check"),
    cause("sensor_broken", 6, "Tryckgivaren är trasig", "The pressure sensor is broken",
          raises="MAT-SEN-01:.95 MAT-AIR-02:.1", shows="pressure_wild:.7 test_air:.7", recurs=.5, advice=Advice.EXCHANGE, check="run_pump", parts="pump"),
    cause("gateway_off", 15, "Kommunikationsenheten saknar täckning eller ström", "The gateway has no coverage or power",
          raises="MAT-GW-01:.95", shows="weak_signal:.7", recurs=.3, advice=Advice.CARE, check="call_pump"),
    cause("area_outage", 8, "Avbrott i nätet i området", "The network in the area is down",
          raises="MAT-GW-01:.95", shows="neighbours_silent:.95", recurs=.1, advice=Advice.CARE, check="look_neighbours"),
    cause("gateway_clock", 12, "Kommunikationsenhetens klocka är fel", "The gateway's clock is wrong",
          raises="MAT-GW-02:.95", shows="clock_doubted:.85", recurs=.4, check="sync_clock", script=_WAIT),
    cause("gateway_hung", 12, "Kommunikationsenheten har hängt sig", "The gateway hangs",
          raises="MAT-GW-03:.95", recurs=.1, check="restart_gateway", script=_WAIT),
    cause("gateway_cable", 8, "Kabeln till pumpen är lös", "The cable to the pump is loose",
          raises="MAT-GW-03:.95", shows="test_gateway:.6", recurs=.9, check="look_cable", parts="gateway_cable"),
)  # fmt: skip

SIGNS: Final = (
    Sign("MAT-AIR-04", Text("pumpen går allt mer", "the pump runs more and more"), Reading(metric="pump.run_time", statistic="change", above=8, days=30, least=9), usually=0.001),
    Sign("MAT-PMP-05", Text("drifttiden har nått serviceintervallet", "the running time has reached the interval"), Reading(metric="pump.hours", above=17_500, days=30), usually=0.001),
    Sign("MAT-CHK-01", Text("ingen handkontroll på två dygn", "no hand check in two days"), Absent(event="hand_check_done", days=2), usually=0.002),
    Sign("MAT-GW-01", Text("pumpen hörs inte av", "the pump is not heard"), Silent(hours=2), usually=0.001),
    Sign("pressure_gone", Text("trycket är borta", "the pressure is gone"), Reading(metric="air.pressure", below=10, days=2), usually=0.01),
    Sign("pressure_falling", Text("trycket sjunker dag för dag", "the pressure falls day by day"), Reading(metric="air.pressure", statistic="change", below=-5, days=30, least=9), usually=0.03),
    Sign("pressure_high", Text("högt tryck", "high pressure"), Reading(metric="air.pressure", above=60, days=2), usually=0.02),
    Sign("pressure_wild", Text("trycket hoppar orimligt", "the pressure jumps implausibly"), Reading(metric="air.pressure", statistic="maximum", above=120, days=5), usually=0.005),
    Sign("cycle_off", Text("växlingen tar för lång tid", "the cycle takes too long"), Reading(metric="air.cycle_time", statistic="median", above=25, days=5, least=2), usually=0.03),
    Sign("runs_much", Text("pumpen går nästan jämt", "the pump runs almost always"), Reading(metric="pump.run_time", statistic="median", above=45, days=7, least=3), usually=0.03),
    Sign("many_hours", Text("många drifttimmar", "many running hours"), Reading(metric="pump.hours", above=12_000, days=30), usually=0.15),
    Sign("pump_always_hot", Text("pumpen är varm dygnet runt", "the pump is hot around the clock"), Reading(metric="pump.temp", statistic="median", above=60, days=7, least=3), usually=0.02),
    Sign("battery_low", Text("svagt larmbatteri", "weak alarm battery"), Reading(metric="battery.level", below=25, days=10), usually=0.03),
    Sign("cpr_event", Text("madrassen tömdes", "the mattress was emptied"), Happened(event="cpr_started", days=2), usually=0.01),
    Sign("mode_changed", Text("programmet har ändrats", "the program was changed"), Happened(event="mode_changed", days=2), usually=0.08),
    Sign("mains_gone", Text("utan nätström", "without mains"), Reading(metric="mains.present", below=0.5, days=2), usually=0.02),
    Sign("mains_was_gone", Text("strömmen har varit borta", "the mains were gone"), Happened(event="mains_lost", days=3), usually=0.04),
    Sign("neighbours_without_mains", Text("fler i området är utan ström", "others nearby are without mains"), Fleet(fact="mains_lost_nearby", above=0.3), usually=0.01),
    Sign("neighbours_silent", Text("fler i området tystnade samtidigt", "others nearby fell silent at the same time"), Fleet(fact="silent_nearby", above=0.3), usually=0.01),
    Sign("weak_signal", Text("svag radiosignal", "weak radio signal"), Reading(metric="gateway.rssi", statistic="median", below=-104, days=14, least=2), usually=0.04),
    Sign("clock_doubted", Text("klockan går fel", "the clock is wrong"), ClockDoubted(), usually=0.01),
    *(Sign(f"test_{name}", Text(f"självtestet fann fel: {name}", f"the self-test found a fault: {name}"), Graded(subsystem=name), usually=0.05)
      for name in ("pump", "air", "gateway")),
)  # fmt: skip

CHECKS: Final = (
    Check("ask_hose", Text("Be personalen känna på slangarna", "Ask the staff to feel the hoses"), 4, Doer.CARE),
    Check("listen_cells", Text("Kontrollera cellerna en i taget", "Check the cells one at a time"), 70, Doer.TECHNICIAN),
    Check("look_cpr", Text("Se om kopplingen märkt CPR sitter i", "See whether the CPR connection is in"), 4, Doer.CARE),
    Check("run_pump", Text("Provkör pumpen", "Run the pump on its own"), 60, Doer.TECHNICIAN),
    Check("ask_mode", Text("Fråga vilket program som står på", "Ask which program is on"), 4, Doer.CARE),
    Check("call_plug", Text("Ring och fråga om kontakten sitter i", "Phone and ask whether the plug is in"), 4, Doer.CARE),
    Check("look_neighbours", Text("Se om fler i området är drabbade", "See whether others nearby are affected"), 2, Doer.PLATFORM),
    Check("measure_supply", Text("Mät säkring och nätdel", "Measure fuse and power supply"), 60, Doer.TECHNICIAN),
    Check("measure_battery", Text("Mät larmbatteriet", "Measure the alarm battery"), 50, Doer.TECHNICIAN),
    Check("ask_covered", Text("Fråga om pumpen är täckt", "Ask whether the pump is covered"), 4, Doer.CARE),
    Check("look_filter", Text("Se på luftfiltret", "Look at the air filter"), 40, Doer.TECHNICIAN),
    Check("read_service", Text("Läs drifttiden", "Read the running time"), 2, Doer.PLATFORM),
    Check("compare_settings", Text("Jämför inställningarna med ordinationen", "Compare the settings with the prescription"), 8, Doer.CARE),
    Check("ask_hand_check", Text("Fråga när handkontrollen gjordes", "Ask when the hand check was made"), 4, Doer.CARE),
    Check("call_pump", Text("Ring och fråga om pumpen går", "Phone and ask whether the pump runs"), 4, Doer.CARE),
    Check("sync_clock", Text("Ställ klockan på distans", "Sync the clock remotely"), 1, Doer.PLATFORM),
    Check("restart_gateway", Text("Starta om kommunikationsenheten på distans", "Restart the gateway remotely"), 2, Doer.PLATFORM),
    Check("look_cable", Text("Kontrollera kabeln till pumpen", "Check the cable to the pump"), 50, Doer.TECHNICIAN),
)  # fmt: skip

PARTS: Final = (
    Part("cell", Text("Luftcell", "Air cell")),
    Part("valve", Text("Vridventil", "Rotary valve")),
    Part("pump", Text("Utbytespump", "Exchange pump")),
    Part("fuse", Text("Säkring", "Fuse")),
    Part("alarm_battery", Text("Larmbatteri", "Alarm battery")),
    Part("filter", Text("Luftfilter", "Air filter")),
    Part("gateway_cable", Text("Kabel till pumpen", "Cable to the pump")),
)

KNOWLEDGE: Final = Knowledge(
    profile=PROFILE,
    causes=CAUSES,
    signs=SIGNS,
    checks=CHECKS,
    parts=PARTS,
    # A mattress that does not carry gives pressure sores within hours.
    on_call=frozenset(
        {"MAT-AIR-01", "MAT-AIR-02", "MAT-AIR-05", "MAT-CPR-01", "MAT-PWR-01", "MAT-PWR-02", "MAT-PMP-01"}
    ),
    acute=frozenset({"MAT-AIR-03", "MAT-PMP-02", "MAT-SET-01", "MAT-SEN-01", "MAT-GW-01", "MAT-GW-03", "MAT-SET-02"}),
)
