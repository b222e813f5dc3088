"""Device class: pressure-relief mattress whose pump keeps air cells alternating and sounds an alarm.

The person on it may be unable to call: lost air is a care alarm first and a repair second. Facts come from makers'
manuals and a safety alert, named in each source. No maker publishes fault codes: `pump` stands for our own adapter.
"""

from typing import Final

from fleet.commands import Command, Level, Parameter, Permission, stage_update
from fleet.doing import StateTold
from fleet.faults import Fault, Remedy, Severity, native
from fleet.models import Conversion, DeviceModel
from fleet.profile import DeviceProfile
from fleet.rules import EventSeen, FaultActive, Rule, Silence, Threshold
from fleet.self_test import Subsystem
from fleet.signals import Audience, Basis, Event, Kind, Metric
from fleet.text import Text
from fleet.usage import AtLeast, Gather, IdlePolicy, Measure, UsageDefinition

MINUTE: Final = 60
HOUR: Final = 3_600
DAY: Final = 24 * HOUR
CARE: Final = Audience.CARE
CUROCELL: Final = "CuroCell Uno manual"
ARJO: Final = "Alpha Active service manual section 6"
SETTINGS_ALERT: Final = "CHPSO patient safety alert, 18 November 2010"

METRICS: Final = (
    Metric(key="air.pressure", unit="mm[Hg]", title=Text("Lufttryck i cellerna", "Air pressure in the cells"), low=0,
           high=150, cadence_seconds=5 * MINUTE, source="assumed"),
    Metric(key="air.target", unit="mm[Hg]", title=Text("Inställt tryck", "Target pressure"), low=5, high=120,
           audience=Audience.CLINICAL, source="assumed; set from the user's weight"),
    Metric(key="air.cycle_time", unit="min", title=Text("Växlingstid", "Cycle time"), low=5, high=60,
           cadence_seconds=HOUR, basis=Basis.VERIFIED, source=f"{CUROCELL} 4.2 (10, 25 min); {ARJO} (10 min)"),
    Metric(key="bed.occupied_time", unit="min", title=Text("Tid i sängen per timme", "Time in bed an hour"), low=0,
           high=60, cadence_seconds=HOUR, audience=Audience.CLINICAL, source="assumed, from the pressure wave"),
    Metric(key="pump.run_time", unit="min", title=Text("Pumptid per timme", "Pump time an hour"), low=0, high=60,
           cadence_seconds=HOUR, source="assumed"),
    Metric(key="pump.hours", unit="h", title=Text("Pumpens drifttid", "Pump hours"), low=0, high=100_000,
           cadence_seconds=DAY, rising=True, source="assumed"),
    Metric(key="pump.temp", unit="Cel", title=Text("Pumpens temperatur", "Pump temperature"), low=-10, high=110,
           cadence_seconds=15 * MINUTE, source="assumed"),
    Metric(key="mains.present", unit="1", title=Text("Nätspänning finns", "Mains present"), low=0, high=1,
           kind=Kind.FLAG, source="assumed"),
    Metric(key="battery.level", unit="%", title=Text("Larmbatteriets nivå", "Alarm battery level"), low=0, high=100,
           cadence_seconds=DAY, source="assumed"),
    Metric(key="gateway.rssi", unit="1", title=Text("Radiosignal (dBm)", "Radio signal (dBm)"), low=-130, high=-30,
           cadence_seconds=HOUR, source="assumed"),
)  # fmt: skip

EVENTS: Final = (
    Event(name="mains_lost", title=Text("Strömmen försvann", "Mains lost"), audience=CARE),
    Event(name="mains_restored", title=Text("Strömmen kom tillbaka", "Mains restored"), audience=CARE),
    Event(name="cpr_started", title=Text("Madrassen tömdes för hjärt-lungräddning", "Emptied for CPR"), audience=CARE),
    Event(name="mode_changed", title=Text("Program ändrat", "Program changed"), audience=CARE),
    Event(name="hand_check_done", title=Text("Handkontroll gjord", "Hand check done"), audience=CARE),
    Event(name="alarm_silenced", title=Text("Larmljudet tystades", "Alarm sound silenced"), audience=CARE),
)

FAULTS: Final = (
    Fault(code="MAT-AIR-01", severity=Severity.CRITICAL, remedy=Remedy.CARE_CHAIN,
          native=native("pump low-pressure"), audience=CARE, source="assumed",
          title=Text("För lågt tryck i madrassen", "Mattress pressure too low"),
          cause=Text("En slang har lossnat eller en cell läcker.", "A hose has come off or a cell leaks."),
          action=Text("Se till personen genast. Kontrollera slangarna.",
                      "Attend to the person at once. Check the hoses.")),
    Fault(code="MAT-AIR-02", severity=Severity.HIGH, remedy=Remedy.CARE_CHAIN,
          native=native("pump high-pressure"), audience=CARE, source="assumed",
          title=Text("För högt tryck i madrassen", "Mattress pressure too high"),
          cause=Text("En ventil har fastnat eller en slang är klämd.", "A valve is stuck or a hose is pinched."),
          action=Text("Känn efter om madrassen är hård. Starta om pumpen.",
                      "Feel for a hard mattress. Restart the pump.")),
    Fault(code="MAT-AIR-03", severity=Severity.HIGH, remedy=Remedy.CARE_CHAIN,
          native=native("pump no-alternation"), audience=CARE, basis=Basis.VERIFIED, source=ARJO,
          title=Text("Cellerna växlar inte", "Cells do not alternate"),
          cause=Text("Vridventilen står stilla.", "The rotary valve stands still."),
          action=Text("Vänd personen oftare tills pumpen är bytt.",
                      "Reposition the person more often until the exchange.")),
    Fault(code="MAT-AIR-04", severity=Severity.WARNING, remedy=Remedy.WORKSHOP,
          derived=True, source="assumed",
          title=Text("Långsamt läckage", "Slow leak"),
          cause=Text("Pumpen går allt oftare för att hålla trycket.",
                     "The pump runs more and more to keep the pressure."),
          action=Text("Kontrollera cellerna en i taget.", "Check the cells one at a time.")),
    Fault(code="MAT-AIR-05", severity=Severity.HIGH, remedy=Remedy.USER_WITH_GUIDANCE,
          native=native("pump hose-off"), audience=CARE, source="assumed",
          title=Text("Slangen är inte ansluten", "Hose not connected"),
          cause=Text("Slangen lossades vid bäddning eller flytt.", "The hose came off when making or moving the bed."),
          action=Text("Tryck fast slangen tills den klickar.", "Push the hose in until it clicks.")),
    Fault(code="MAT-CPR-01", severity=Severity.HIGH, remedy=Remedy.CARE_CHAIN,
          native=native("pump cpr-open"), audience=CARE, basis=Basis.VERIFIED, source=f"{CUROCELL} 4.5",
          title=Text("Snabbtömningen är öppen", "CPR connection open"),
          cause=Text("Kopplingen märkt CPR är urdragen.", "The connection marked CPR is pulled out."),
          action=Text("Sätt tillbaka kopplingen när den inte behövs.",
                      "Put the connection back when it is not needed.")),
    Fault(code="MAT-PWR-01", severity=Severity.CRITICAL, remedy=Remedy.CARE_CHAIN,
          native=native("pump mains-lost"), audience=CARE, basis=Basis.VERIFIED, source="Air APL manual p. 10",
          title=Text("Pumpen är utan ström", "Pump without power"),
          cause=Text("Kontakten är urdragen eller strömmen har gått.", "The plug is out or there is a power cut."),
          action=Text("Sätt i kontakten. En tät madrass bär ungefär en timme.",
                      "Plug it in. A sealed mattress carries about an hour.")),
    Fault(code="MAT-PWR-02", severity=Severity.HIGH, remedy=Remedy.WORKSHOP,
          native=native("pump no-start"), source="assumed",
          title=Text("Pumpen startar inte", "Pump does not start"),
          cause=Text("Säkringen är bränd eller nätdelen är trasig.",
                     "The fuse is blown or the power supply is broken."),
          action=Text("Byt säkring, annars byt pumpen.", "Replace the fuse, else exchange the pump.")),
    Fault(code="MAT-PWR-03", severity=Severity.WARNING, remedy=Remedy.WORKSHOP,
          native=native("pump alarm-battery"), source="assumed",
          title=Text("Larmbatteriet är svagt", "Alarm battery weak"),
          cause=Text("Batteriet har åldrats.", "The battery has aged."),
          action=Text("Byt larmbatteriet, utan det hörs inget strömlarm.",
                      "Replace it; without it no power alarm sounds.")),
    Fault(code="MAT-PMP-01", severity=Severity.HIGH, remedy=Remedy.WORKSHOP,
          native=native("pump compressor"), source="assumed",
          title=Text("Kompressorn är trasig", "Compressor broken"),
          cause=Text("Membranet är slitet.", "The membrane is worn."),
          action=Text("Byt pumpen.", "Exchange the pump.")),
    Fault(code="MAT-PMP-02", severity=Severity.HIGH, remedy=Remedy.WORKSHOP,
          native=native("pump valve"), basis=Basis.VERIFIED, source=ARJO,
          title=Text("Vridventilen är trasig", "Rotary valve broken"),
          cause=Text("Ventilens motor är sliten.", "The motor of the valve is worn."),
          action=Text("Byt ventilen.", "Replace the valve.")),
    Fault(code="MAT-PMP-03", severity=Severity.WARNING, remedy=Remedy.USER_WITH_GUIDANCE,
          native=native("pump hot"), source="assumed",
          title=Text("Pumpen är för varm", "Pump too hot"),
          cause=Text("Pumpen är täckt av sängkläder.", "The pump is covered by bedclothes."),
          action=Text("Häng pumpen fritt på sänggaveln.", "Hang the pump freely on the footboard.")),
    Fault(code="MAT-PMP-04", severity=Severity.INFO, remedy=Remedy.WORKSHOP,
          native=native("pump filter"), source="assumed",
          title=Text("Luftfiltret är smutsigt", "Air filter dirty"),
          cause=Text("Damm har samlats i filtret.", "Dust has gathered in the filter."),
          action=Text("Byt filtret.", "Replace the filter.")),
    Fault(code="MAT-PMP-05", severity=Severity.INFO, remedy=Remedy.WORKSHOP,
          derived=True, source="assumed",
          title=Text("Dags för service av pumpen", "Pump service due"),
          cause=Text("Drifttiden har nått serviceintervallet.", "The running time has reached the service interval."),
          action=Text("Boka service.", "Book a service.")),
    Fault(code="MAT-SET-01", severity=Severity.HIGH, remedy=Remedy.CARE_CHAIN,
          native=native("pump settings-reset"), audience=CARE, basis=Basis.VERIFIED, source=SETTINGS_ALERT,
          title=Text("Inställningarna har nollställts", "Settings were reset"),
          cause=Text("Pumpen gick tillbaka till grundläge efter strömavbrott.",
                     "The pump fell back to defaults after a power cut."),
          action=Text("Ställ in personens vikt och program på nytt.",
                      "Set the weight and program of the person again.")),
    Fault(code="MAT-SET-02", severity=Severity.WARNING, remedy=Remedy.CARE_CHAIN,
          native=native("pump firm-too-long"), audience=CARE, basis=Basis.VERIFIED, source=f"{CUROCELL} 4.2",
          title=Text("Maxtrycket har stått på för länge", "Maximum pressure on for too long"),
          cause=Text("Programmet för omvårdnad stängdes inte av.", "The nursing program was not switched off."),
          action=Text("Gå tillbaka till växlande program.", "Go back to the alternating program.")),
    Fault(code="MAT-CHK-01", severity=Severity.INFO, remedy=Remedy.CARE_CHAIN,
          derived=True, audience=CARE, basis=Basis.VERIFIED, source=f"{CUROCELL} 4.4",
          title=Text("Handkontrollen är inte gjord", "Hand check not done"),
          cause=Text("Mer än ett arbetspass utan kontroll.", "More than one shift without a check."),
          action=Text("Känn under personens bäcken att madrassen bär.",
                      "Feel under the pelvis that the mattress carries.")),
    Fault(code="MAT-SEN-01", severity=Severity.HIGH, remedy=Remedy.WORKSHOP,
          native=native("pump sensor"), source="assumed",
          title=Text("Tryckgivaren visar fel", "Pressure sensor wrong"),
          cause=Text("Givaren är trasig eller dess slang är igensatt.",
                     "The sensor is broken or its tube is blocked."),
          action=Text("Byt pumpen.", "Exchange the pump.")),
    Fault(code="MAT-GW-01", severity=Severity.INFO, remedy=Remedy.PLATFORM,
          derived=True, source="assumed",
          title=Text("Kommunikationsenheten är tyst", "Gateway silent"),
          cause=Text("Ingen täckning eller ingen ström.", "No coverage or no power."),
          action=Text("Ring och fråga om pumpen går.", "Call and ask whether the pump runs.")),
    Fault(code="MAT-GW-02", severity=Severity.INFO, remedy=Remedy.PLATFORM,
          native=native("gateway clock"), clearable=True, source="assumed",
          title=Text("Klockan går orimligt fel", "Clock implausible"),
          cause=Text("Klockbatteriet är slut.", "The clock battery is flat."),
          action=Text("Ställ klockan på distans.", "Sync the clock remotely.")),
    Fault(code="MAT-GW-03", severity=Severity.WARNING, remedy=Remedy.PLATFORM,
          native=native("gateway pump-silent"), clearable=True, source="assumed",
          title=Text("Kommunikationsenheten når inte pumpen", "Gateway cannot reach the pump"),
          cause=Text("Kabeln till pumpen är lös.", "The cable to the pump is loose."),
          action=Text("Starta om enheten och kontrollera kabeln.", "Restart the gateway and check the cable.")),
)  # fmt: skip

_NOT_IN_CPR: Final = ("cpr",)
_OUR_BOX: Final = Permission(
    by=Text("vår egen kommunikationsenhet", "our own gateway"), basis=Basis.ASSUMED, source="assumed"
)
COMMANDS: Final = (
    stage_update(Text("Lägg ny programvara redo i kommunikationsenheten", "Stage gateway software"), _NOT_IN_CPR),
    Command(name="self_test", level=Level.REVERSIBLE, title=Text("Kör självtest", "Run self-test"),
            refused_while=_NOT_IN_CPR, expires_seconds=120),
    Command(name="locate_beep", level=Level.REVERSIBLE, title=Text("Pip så att enheten hittas", "Beep to be found"),
            refused_while=_NOT_IN_CPR, expires_seconds=30),
    Command(name="restart_gateway", level=Level.REVERSIBLE, refused_while=_NOT_IN_CPR, expires_seconds=300,
            title=Text("Starta om kommunikationsenheten", "Restart the gateway")),
    Command(name="sync_clock", level=Level.REVERSIBLE, title=Text("Ställ klockan", "Sync the clock"),
            refused_while=_NOT_IN_CPR, expires_seconds=DAY),
    Command(name="clear_fault", level=Level.REVERSIBLE, refused_while=_NOT_IN_CPR, expires_seconds=300,
            title=Text("Kvittera kommunikationsenhetens fel", "Clear the faults of the gateway")),
    Command(name="set_check_reminder", level=Level.SETTING, refused_while=_NOT_IN_CPR, expires_seconds=DAY,
            permission=_OUR_BOX,
            title=Text("Ändra påminnelse om handkontroll", "Set the hand-check reminder"),
            parameters=(Parameter(name="hours", unit="h", low=4, high=12, default=8, title=Text("Timmar", "Hours")),)),
)  # fmt: skip

RULES: Final[tuple[Rule, ...]] = (
    FaultActive(name="air_lost", title=Text("Madrassen bär inte", "Mattress does not carry"),
                severity=Severity.CRITICAL, safety=True, audience=CARE, faults=("MAT-AIR-01", "MAT-PWR-01")),
    FaultActive(name="relief_lost", title=Text("Tryckavlastningen fungerar inte", "No pressure relief"),
                severity=Severity.HIGH, audience=CARE,
                faults=("MAT-AIR-02", "MAT-AIR-03", "MAT-AIR-05", "MAT-CPR-01", "MAT-SET-01", "MAT-SET-02")),
    FaultActive(name="pump_broken", title=Text("Pumpen behöver bytas", "Pump needs exchange"), severity=Severity.HIGH,
                faults=("MAT-PWR-02", "MAT-PMP-01", "MAT-PMP-02", "MAT-SEN-01")),
    # A sealed mattress loses little in five minutes; a hose that is off shows at once (assumed limit).
    Threshold(name="pressure_low", title=Text("Lågt lufttryck", "Low air pressure"), severity=Severity.CRITICAL,
              safety=True, audience=CARE, metric="air.pressure", below=8, clear_at=15),
    Threshold(name="alarm_battery_low", title=Text("Larmbatteriet är svagt", "Alarm battery weak"),
              severity=Severity.WARNING, metric="battery.level", below=20, clear_at=40,
              adjust={"below": (10, 35)}),
    EventSeen(name="power_cut", title=Text("Pumpen är utan ström", "Pump without power"), severity=Severity.CRITICAL,
              safety=True, audience=CARE, event="mains_lost", settled_by=("mains_restored",)),
    # It speaks every five minutes, and a sealed mattress carries about an hour.
    Silence(name="silent", title=Text("Pumpen hörs inte av", "Nothing heard from the pump"),
            severity=Severity.WARNING, audience=CARE, after_seconds=HOUR),
)  # fmt: skip

PROFILE: Final = DeviceProfile(
    name="mattress",
    title=Text("Tryckavlastande madrass", "Pressure-relief mattress"),
    metrics=METRICS,
    events=EVENTS,
    faults=FAULTS,
    commands=COMMANDS,
    rules=RULES,
    usage=UsageDefinition(
        measures=(
            Measure(name="in_bed", title=Text("Tid i sängen", "Time in bed"), unit="min", gather=Gather.SUM,
                    metric="bed.occupied_time"),
            Measure(name="pump_time", title=Text("Pumptid", "Pump time"), unit="min", gather=Gather.SUM,
                    metric="pump.run_time"),
        ),
        used_when=(AtLeast("in_bed", 30),),
        reason=Text(
            "Någon ska ha legat i sängen en halvtimme. En pump som går under en tom säng är inte användning.",
            "Somebody must have lain in the bed for half an hour. A pump that runs under an empty bed is not use.",
        ),
    ),
    # Prescribed for daily use and expensive to rent; an empty bed often means hospital, so a person is asked early.
    idle_policies=(IdlePolicy(name="default", note_days=3, contact_days=7, propose_days=21, source="assumed"),),
    models=(
        DeviceModel(key="careofsweden-curocell-uno", maker="Care of Sweden", name="CuroCell Uno",
                    native_systems=("pump", "gateway"), rent_sek=310, iso9999="04 33 06"),
        DeviceModel(key="arjo-alpha-active", maker="Arjo", name="Alpha Active", native_systems=("pump", "gateway"),
                    missing=frozenset({"air.target", "pump.temp"}), rent_sek=280, iso9999="04 33 06",
                    conversions={"air.pressure": Conversion(native_unit="kPa", scale=7.500_615_8, sentinels=(-1.0,))}),
    ),
    operating_states=("running", "static", "cpr"),
    states_told=(StateTold(state="cpr", begins=("cpr_started",), ends=("mode_changed",)),),
    subsystems=(
        Subsystem(name="pump", title=Text("Pump", "Pump"), areas=("PMP", "PWR", "SEN")),
        Subsystem(name="air", title=Text("Luft och slangar", "Air and hoses"), areas=("AIR", "CPR", "SET", "CHK")),
        Subsystem(name="gateway", title=Text("Kommunikationsenhet", "Gateway"), areas=("GW",)),
    ),
)  # fmt: skip
