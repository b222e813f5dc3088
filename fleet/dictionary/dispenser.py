"""What is known of a medication dispenser's faults: causes, signs, checks and parts.

What concerns the dose goes to care first, always; a technician comes for the machine. Rates are assumed (0.5 jams a machine-year and two
power cuts a year: domain 9).
"""

from typing import Final

from fleet.diagnosis.knowledge import Advice, Check, Doer, Knowledge, Part, Sign, cause
from fleet.diagnosis.signs import ClockDoubted, Fleet, Graded, Happened, Reading, Silent
from fleet.profiles.dispenser import PROFILE
from fleet.text import Text

_WAIT: Final = Text(
    "Du behöver inte göra något; vi gör det på distans.", "You need not do anything; we do it remotely."
)

DOSE_CAUSES: Final = (
    cause("dose_forgotten", 120, "Brukaren sov, var borta eller glömde", "The user slept, was away or forgot",
          raises="MED-DOS-01:.95", recurs=.2, advice=Advice.CARE, check="call_user", source="domain 9"),
    cause("user_declines", 40, "Brukaren klarar eller vill inte längre", "The user no longer manages or wants to",
          raises="MED-DOS-01:.9 MED-DOS-02:.95 MED-INV-03:.3", shows="delay_growing:.7", recurs=.95, advice=Advice.CARE, check="nurse_reviews"),
    cause("planned_absence", 40, "Planerad bortovaro", "Planned absence",
          raises="MED-DOS-03:.95", shows="absence:.8", recurs=.2, check="look_absence", script=Text("Trevlig resa; inget mer behövs.", "Have a good trip; nothing more is needed.")),
    cause("help_wanted", 30, "Brukaren tryckte på hjälpknappen", "The user pressed the help button",
          raises="MED-USR-01:.97", recurs=.2, advice=Advice.CARE, check="call_user"),
)  # fmt: skip

MACHINE_CAUSES: Final = (
    cause("pouch_stuck", 50, "En påse eller ett föremål sitter fast", "A pouch or an object is stuck",
          raises="MED-MEC-01:.95", shows="refilled:.6", recurs=.2, check="look_inside", source="domain 9 (0.5 jams a machine-year)"),
    cause("feed_motor", 8, "Matningens motor är sliten", "The feed motor is worn",
          raises="MED-MEC-01:.95 MED-SYS-01:.2", shows="test_mechanics:.9", recurs=.9, advice=Advice.EXCHANGE, check="test_mechanics", parts="dispenser_unit"),
    cause("turned_over", 10, "Dispensern har legat upp och ned", "The dispenser lay upside down",
          raises="MED-MEC-02:.9 MED-SEC-02:.85", shows="tampered:.6", recurs=.1, check="ask_upright"),
    cause("tray_slipped", 4, "Brickan har hoppat ur läge", "The tray has slipped",
          raises="MED-MEC-02:.9 MED-MEC-01:.2", shows="test_mechanics:.8", recurs=.7, advice=Advice.EXCHANGE, check="test_mechanics", parts="dispenser_unit"),
    cause("knocked", 20, "Dispensern har stötts till eller flyttats", "The dispenser was knocked or moved",
          raises="MED-SEC-02:.95", shows="tampered:.6", recurs=.3, check="ask_upright",
          script=Text("Ställ dispensern upprätt på sin plats. Skaka den inte. Vi ser om felet försvinner.",
                      "Put the dispenser upright in its place. Do not shake it. We watch whether the fault goes.")),
    cause("cutter_worn", 10, "Kniven är sliten", "The cutter is worn",
          raises="MED-MEC-03:.95", shows="test_mechanics:.9", recurs=.85, advice=Advice.EXCHANGE, check="test_mechanics", parts="dispenser_unit"),
    cause("sensor_dirty", 15, "Givaren är smutsig", "The sensor is dirty",
          raises="MED-MEC-04:.95", shows="test_sensors:.3", recurs=.9, check="clean_sensor", parts="cleaning_kit"),
    cause("sensor_broken", 5, "Givaren är trasig", "The sensor is broken",
          raises="MED-MEC-04:.95", shows="test_sensors:.95", recurs=.15, advice=Advice.EXCHANGE, check="test_sensors", parts="dispenser_unit"),
    cause("lens_dirty", 12, "Läsarens lins är smutsig", "The reader's lens is dirty",
          raises="MED-RD-01:.95", shows="test_sensors:.7", recurs=.9, check="clean_sensor", parts="cleaning_kit"),
    cause("print_poor", 10, "Rullens tryck är dåligt", "The roll's print is poor",
          raises="MED-RD-01:.95", shows="refilled:.85", recurs=.3, advice=Advice.CARE, check="look_roll"),
    cause("wrong_roll", 8, "Fel rulle laddades", "The wrong roll was loaded",
          raises="MED-RD-02:.97", shows="refilled:.9 roll_rejected:.8", recurs=.1, advice=Advice.CARE, check="look_roll"),
    cause("prescription_changed", 15, "Ordinationen ändrades efter packningen", "The prescription changed after packing",
          raises="MED-RD-03:.97", shows="schedule_changed:.8", recurs=.2, advice=Advice.CARE, check="compare_schedule"),
    cause("refill_due", 90, "Påfyllning är snart dags", "A refill is soon due",
          raises="MED-INV-01:.97", shows="few_left:.9", recurs=.2, advice=Advice.CARE, check="plan_refill", source="domain 9 (every 14 days)"),
    cause("refill_missed", 12, "Påfyllningen blev inte av", "The refill did not take place",
          raises="MED-INV-02:.97 MED-INV-01:.7", shows="few_left:.95", recurs=.05, advice=Advice.CARE, check="plan_refill"),
    cause("bin_not_emptied", 15, "Facket för missade doser är fullt", "The bin for missed doses is full",
          raises="MED-INV-03:.97", shows="bin_high:.9", recurs=.1, advice=Advice.CARE, check="plan_refill"),
    cause("lid_curious", 12, "Luckan öppnades utanför påfyllning", "The lid was opened outside a refill",
          raises="MED-SEC-01:.95", shows="lid_events:.9", recurs=.3, advice=Advice.CARE, check="count_content"),
    cause("lid_switch", 4, "Luckans brytare är trasig", "The lid's switch is broken",
          raises="MED-SEC-01:.95", shows="test_sensors:.85", recurs=.9, advice=Advice.EXCHANGE, check="test_sensors", parts="dispenser_unit"),
)  # fmt: skip

POWER_AND_NETWORK_CAUSES: Final = (
    cause("unplugged", 40, "Nätsladden är urdragen", "The plug is out",
          raises="MED-PWR-01:.95 MED-PWR-02:.15", shows="mains_gone:.9", recurs=.2, check="call_plug",
          script=Text("Sätt i dispenserns sladd i vägguttaget och se att lampan lyser.", "Plug the dispenser into the wall and see that its lamp lights.")),
    cause("power_cut", 30, "Strömavbrott i området", "A power cut in the area",
          raises="MED-PWR-01:.95 MED-PWR-02:.3", shows="mains_gone:.9 neighbours_without_mains:.95", recurs=.1, check="look_neighbours",
          source="domain 9 (two a year)",
          script=Text("Strömmen är borta där du bor. Dispensern går på batteri; vi hör av oss innan det tar slut.",
                      "The power is out where you live. The dispenser runs on its battery; we are in touch before it runs out.")),
    cause("adapter_loose", 10, "Nätdelen eller dess kontakt glappar", "The adapter or its plug is loose",
          raises="MED-PWR-01:.95 MED-PWR-02:.2", shows="mains_flickers:.9", recurs=.95, check="look_adapter", parts="adapter"),
    cause("backup_worn", 20, "Reservbatteriet är slitet", "The backup battery is worn",
          raises="MED-PWR-03:.95 MED-PWR-02:.6", shows="battery_falls_fast:.85 test_power:.8", recurs=.5, check="test_power", parts="backup_battery"),
    cause("cells_flat", 20, "Batterierna är inte bytta", "The cells were not changed",
          raises="MED-PWR-02:.95", shows="battery_low:.9", recurs=.1, check="call_battery", parts="cells"),
    cause("coverage_gap", 40, "Tillfälligt dålig täckning", "Coverage is poor for a while",
          raises="MED-NET-01:.95 MED-NET-02:.3", shows="weak_signal:.85", recurs=.7, check="look_signal", script=_WAIT),
    cause("sim_stopped", 10, "SIM-kortet eller operatören har slutat fungera", "The SIM card or the operator stopped working",
          raises="MED-NET-01:.95 MED-NET-02:.95", recurs=.05, advice=Advice.CARE, check="check_subscription"),
    cause("switched_off", 12, "Dispensern är avstängd eller strömlös", "The dispenser is switched off or without power",
          raises="MED-NET-01:.95 MED-NET-02:.95 MED-PWR-01:.4", shows="battery_low:.8 mains_gone:.7", recurs=.05, advice=Advice.CARE, check="call_user"),
    cause("area_outage", 10, "Avbrott i nätet i området", "The network in the area is down",
          raises="MED-NET-01:.95 MED-NET-02:.8", shows="neighbours_silent:.95", recurs=.1, advice=Advice.CARE, check="look_neighbours"),
    cause("gateway_hung", 12, "Kommunikationsenheten har hängt sig", "The gateway hangs",
          raises="MED-NET-03:.95", recurs=.1, check="restart_gateway", script=_WAIT),
    cause("link_disturbed", 8, "Radiolänken störs eller är för lång", "The radio link is disturbed or too long",
          raises="MED-NET-03:.95", shows="weak_signal:.3 test_network:.6", recurs=.9, check="move_gateway", parts="gateway",
          script=Text("Flytta den lilla lådan närmare dispensern, gärna till samma bord.", "Move the small box closer to the dispenser, best onto the same table.")),
    cause("schedule_reset", 6, "Dispensern har nollställts", "The dispenser was reset",
          raises="MED-CFG-01:.95", shows="restarted:.85", recurs=.05, advice=Advice.CARE, check="download_schedule"),
    cause("download_failed", 8, "Schemat kom inte fram", "The schedule did not get through",
          raises="MED-CFG-01:.95", shows="schedule_changed:.85 weak_signal:.4", recurs=.3, advice=Advice.CARE, check="download_schedule"),
    cause("clock_wrong", 15, "Klockan går fel", "The clock is wrong",
          raises="MED-CFG-02:.95", shows="clock_doubted:.85", recurs=.3, check="sync_clock", script=_WAIT),
    cause("electronics_failed", 8, "Elektroniken har gått sönder", "The electronics have failed",
          raises="MED-SYS-01:.95", shows="test_electronics:.95", recurs=.3, advice=Advice.EXCHANGE, check="test_electronics", parts="dispenser_unit"),
)  # fmt: skip

SIGNS: Final = (
    Sign("MED-DOS-02", Text("minst tre missade doser på en vecka", "three or more missed doses in a week"), Happened(event="dose_missed", times=3, days=7), usually=0.001),
    Sign("MED-NET-01", Text("hörs inte av", "not heard"), Silent(hours=2), usually=0.001),
    Sign("MED-NET-02", Text("hörs inte av över en dostid", "not heard across a dose time"), Silent(hours=9), usually=0.0005),
    Sign("delay_growing", Text("doserna tas allt senare", "doses are taken later and later"), Reading(metric="dose.delay", statistic="change", above=12, days=30, least=9), usually=0.05),
    Sign("absence", Text("bortovaro är anmäld", "an absence is registered"), Happened(event="absence_started", days=7), usually=0.03),
    Sign("refilled", Text("nyss påfylld", "just refilled"), Happened(event="refill_completed", days=2), usually=0.15),
    Sign("roll_rejected", Text("en rulle har nekats", "a roll was refused"), Happened(event="wrong_roll_rejected", days=3), usually=0.005),
    Sign("schedule_changed", Text("schemat har ändrats", "the schedule was changed"), Happened(event="schedule_changed", days=5), usually=0.05),
    Sign("few_left", Text("få doser kvar", "few doses left"), Reading(metric="magazine.days_left", below=3.5, days=3), usually=0.15),
    Sign("bin_high", Text("många i facket", "many in the bin"), Reading(metric="missed_bin.count", above=9, days=10), usually=0.02),
    Sign("lid_events", Text("luckan har öppnats", "the lid was opened"), Happened(event="lid_opened", days=2), usually=0.1),
    Sign("tampered", Text("ryck eller lutning", "jolted or tilted"), Happened(event="tamper", days=3), usually=0.02),
    Sign("mains_gone", Text("utan nätström", "without mains"), Reading(metric="mains.present", below=0.5, days=2), usually=0.03),
    Sign("mains_flickers", Text("nätströmmen kommer och går", "the mains come and go"), Happened(event="mains_lost", times=4, days=7), usually=0.01),
    Sign("neighbours_without_mains", Text("fler i området är utan ström", "others nearby are without mains"), Fleet(fact="mains_lost_nearby", above=0.3), usually=0.01),
    Sign("battery_falls_fast", Text("batteriet sjunker fort utan nätström", "the battery falls fast without mains"), Reading(metric="battery.level", statistic="minimum", below=45, days=14, least=3), usually=0.05),
    Sign("battery_low", Text("låg batterinivå", "low battery"), Reading(metric="battery.level", below=15, days=10), usually=0.03),
    Sign("weak_signal", Text("svag radiosignal", "weak radio signal"), Reading(metric="network.rssi", statistic="median", below=-104, days=10, least=2), usually=0.04),
    Sign("neighbours_silent", Text("fler i området tystnade samtidigt", "others nearby fell silent at the same time"), Fleet(fact="silent_nearby", above=0.3), usually=0.01),
    Sign("restarted", Text("dispensern har startat om", "the dispenser restarted"), Fleet(fact="restarts_a_week", above=0.5), usually=0.06),
    Sign("clock_doubted", Text("klockan går fel", "the clock is wrong"), ClockDoubted(), usually=0.01),
    *(Sign(f"test_{name}", Text(f"självtestet fann fel: {name}", f"the self-test found a fault: {name}"), Graded(subsystem=name), usually=0.05)
      for name in ("mechanics", "sensors", "power", "network", "electronics")),
)  # fmt: skip

CHECKS: Final = (
    Check("call_user", Text("Ring brukaren", "Phone the user"), 5, Doer.CARE),
    Check("nurse_reviews", Text("Sjuksköterskan bedömer om dispensern är rätt hjälpmedel", "The nurse judges whether the dispenser suits"), 30, Doer.CARE),
    Check("look_absence", Text("Se om bortovaro är anmäld", "See whether an absence is registered"), 2, Doer.PLATFORM),
    Check("look_inside", Text("Öppna och se om något sitter fast", "Open it and look for something stuck"), 60, Doer.TECHNICIAN),
    Check("test_mechanics", Text("Provkör matningen i verkstaden", "Run the feed in the workshop"), 70, Doer.TECHNICIAN),
    Check("ask_upright", Text("Fråga om dispensern har vält eller flyttats", "Ask whether it was tipped or moved"), 5, Doer.USER),
    Check("clean_sensor", Text("Rengör givare och lins och prova", "Clean sensor and lens and try"), 60, Doer.TECHNICIAN),
    Check("test_sensors", Text("Prova givarna", "Test the sensors"), 65, Doer.TECHNICIAN),
    Check("look_roll", Text("Se på rullen i dispensern", "Look at the roll in the dispenser"), 40, Doer.CARE),
    Check("compare_schedule", Text("Jämför schema och rulle", "Compare schedule and roll"), 10, Doer.CARE),
    Check("plan_refill", Text("Se när påfyllning är planerad", "See when a refill is planned"), 5, Doer.CARE),
    Check("count_content", Text("Räkna innehållet mot schemat", "Count the content against the schedule"), 40, Doer.CARE),
    Check("call_plug", Text("Ring och be brukaren se på sladden", "Phone and ask the user to look at the plug"), 5, Doer.USER),
    Check("look_neighbours", Text("Se om fler i området är drabbade", "See whether others nearby are affected"), 2, Doer.PLATFORM),
    Check("look_adapter", Text("Rör nätdelens kontakt och se på lampan", "Move the adapter's plug and watch the lamp"), 50, Doer.TECHNICIAN),
    Check("test_power", Text("Prova reservbatteriet utan nätström", "Test the backup battery without mains"), 60, Doer.TECHNICIAN),
    Check("call_battery", Text("Fråga när batterierna byttes", "Ask when the cells were changed"), 5, Doer.USER),
    Check("look_signal", Text("Se på signalstyrkan över dygnet", "Look at the signal over the day"), 2, Doer.PLATFORM),
    Check("check_subscription", Text("Kontrollera abonnemanget", "Check the subscription"), 4, Doer.PLATFORM),
    Check("restart_gateway", Text("Starta om kommunikationsenheten på distans", "Restart the gateway remotely"), 2, Doer.PLATFORM),
    Check("move_gateway", Text("Be brukaren flytta lådan närmare", "Ask the user to move the box closer"), 6, Doer.USER),
    Check("download_schedule", Text("Sänd schemat igen och jämför versionen", "Send the schedule again and compare its version"), 10, Doer.CARE),
    Check("sync_clock", Text("Ställ klockan på distans", "Sync the clock remotely"), 1, Doer.PLATFORM),
    Check("test_electronics", Text("Prova elektroniken i verkstaden", "Test the electronics in the workshop"), 60, Doer.TECHNICIAN),
)  # fmt: skip

PARTS: Final = (
    Part("dispenser_unit", Text("Utbytesdispenser", "Exchange dispenser")),
    Part("cleaning_kit", Text("Rengöringssats", "Cleaning kit")),
    Part("adapter", Text("Nätdel", "Mains adapter")),
    Part("backup_battery", Text("Reservbatteri", "Backup battery")),
    Part("cells", Text("Batterier", "Cells")),
    Part("gateway", Text("Kommunikationsenhet", "Gateway")),
)

KNOWLEDGE: Final = Knowledge(
    profile=PROFILE,
    causes=(*DOSE_CAUSES, *MACHINE_CAUSES, *POWER_AND_NETWORK_CAUSES),
    signs=SIGNS,
    checks=CHECKS,
    parts=PARTS,
    # The next dose may come at night or on a Sunday: what stops it cannot wait for working hours.
    on_call=frozenset(
        {
            "MED-USR-01",
            "MED-MEC-01",
            "MED-MEC-02",
            "MED-MEC-03",
            "MED-INV-02",
            "MED-CFG-01",
            "MED-NET-02",
            "MED-SYS-01",
            "MED-RD-02",
        }
    ),
    acute=frozenset(
        {
            "MED-DOS-01",
            "MED-DOS-02",
            "MED-MEC-04",
            "MED-RD-01",
            "MED-RD-03",
            "MED-PWR-02",
            "MED-NET-03",
            "MED-CFG-02",
            "MED-INV-03",
            "MED-SEC-01",
            "MED-SEC-02",
        }
    ),
)
