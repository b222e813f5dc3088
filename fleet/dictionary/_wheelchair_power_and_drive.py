"""Causes of a wheelchair's faults in battery, charging, motors and brakes.

What native codes mean is in domain 2.5; 45 % of users do not charge regularly (S25); the other rates are assumed.
"""

from typing import Final

from fleet.diagnosis.knowledge import cause
from fleet.text import Text

POWER_CAUSES: Final = (
    cause("not_charged", 90, "Stolen laddas för sällan eller för kort", "The chair is charged too seldom or too briefly",
          raises="WC-BAT-01:.6 WC-BAT-05:.5 WC-BAT-04:.9", shows="no_charging:.6 unplugged_early:.4", recurs=.5,
          check="ask_charging", source="domain 2.3 (S25)",
          script=Text("Sätt i laddaren i kväll och låt den sitta i hela natten, tills lampan visar fullt. Gör så varje natt. "
                      "Ring oss om stolen inte är full i morgon.",
                      "Plug the charger in tonight and leave it all night, until the lamp shows full. Do so every night. "
                      "Call us if the chair is not full tomorrow.")),
    cause("charger_faulty", 12, "Laddaren eller laddkontakten är trasig", "The charger or its socket is broken",
          raises="WC-BAT-01:.6 WC-BAT-05:.5 WC-BAT-04:.9", shows="never_full:.9", recurs=.3,
          check="measure_charger", parts="charger"),
    cause("battery_worn", 60, "Batterierna är slitna", "The batteries are worn",
          raises="WC-BAT-01:.7 WC-BAT-05:.6 WC-BAT-03:.15 WC-BAT-04:.1", recurs=.6,
          shows="soh_low:.85 voltage_sags:.8 test_battery:.8", check="capacity_test", parts="battery_pair"),
    cause("battery_terminal", 10, "Glapp i batteriets pol eller säkring", "A loose battery terminal or fuse",
          raises="WC-BAT-01:.7 WC-BAT-05:.6 WC-BAT-02:.1", recurs=.9, shows="sag_at_fault:.8 impact:.3 test_battery:.4",
          check="look_terminals", parts="fuse"),
    cause("block_aged", 15, "Ett av de två batteriblocken har åldrats", "One of the two battery blocks has aged",
          raises="WC-BAT-03:.95 WC-BAT-01:.15", shows="soh_low:.2 test_battery:.6", recurs=.4, check="capacity_test",
          parts="battery_pair", source="domain 2.5 (S30b)"),
    cause("full_downhill", 12, "Bromsning nedför med fullt batteri", "Braking downhill on a full battery",
          raises="WC-BAT-02:.95 WC-BAT-05:.4", shows="full_at_fault:.9", recurs=.5, check="ask_downhill",
          script=Text("Batteriet var fullt när du körde nedför. Kör långsammare i backar de första minuterna efter laddning.",
                      "The battery was full when you drove downhill. Drive slower on slopes for the first minutes after "
                      "charging.")),
    cause("charger_overvoltage", 5, "Laddaren ger för hög spänning", "The charger gives too high a voltage",
          raises="WC-BAT-02:.9 WC-BAT-05:.5", shows="charging_at_fault:.9 voltage_high:.8 test_battery:.2", recurs=.6,
          check="measure_charger", parts="charger"),
    cause("charger_plugged", 40, "Laddaren sitter i", "The charger is plugged in",
          raises="WC-CHG-01:.95", shows="charging_now:.9", recurs=.2, check="ask_charger_out",
          script=Text("Dra ut laddaren och sänk sitsen helt. Stäng sedan av stolen, vänta tio sekunder och slå på den igen.",
                      "Pull the charger out and lower the seat all the way. Then switch the chair off, wait ten seconds and "
                      "switch it on again.")),
    cause("inhibit_input", 7, "En stoppgivare eller laddkontakten hänger sig", "An inhibit switch or the charge socket sticks",
          raises="WC-CHG-01:.95", shows="test_control:.6", recurs=.75, check="look_inhibit", parts="inhibit_switch"),
)  # fmt: skip

DRIVE_CAUSES: Final = (
    cause("motor_plug", 14, "Glapp i motorns kontakt eller kabel", "A loose motor plug or cable",
          raises="WC-MOT-01:.48 WC-MOT-03:.48 WC-MOT-07:.48 WC-MOT-08:.48 WC-MOT-10:.95 WC-MOT-09:.15", recurs=.9,
          shows="impact:.35 test_drive:.4", check="reseat_motor", parts="motor_cable"),
    cause("motor_brushes", 16, "Motorns kol är slitna", "The motor's brushes are worn",
          raises="WC-MOT-01:.48 WC-MOT-03:.48 WC-MOT-07:.48 WC-MOT-08:.48 WC-MOT-10:.95 WC-MOT-05:.2", recurs=.2,
          shows="far_driven:.85 currents_differ:.5 test_drive:.9", check="measure_motor", parts="brushes"),
    cause("motor_cable", 6, "Motorkabeln är skadad", "The motor cable is damaged",
          raises="WC-MOT-02:.48 WC-MOT-04:.48 WC-MOT-07:.4 WC-MOT-08:.4 WC-MOT-09:.95", recurs=.8,
          shows="impact:.5 test_drive:.5", check="look_motor_cable", parts="motor_cable"),
    cause("motor_winding", 8, "Motorn är kortsluten inuti", "The motor has an internal short",
          raises="WC-MOT-02:.48 WC-MOT-04:.48 WC-MOT-07:.4 WC-MOT-08:.4 WC-MOT-09:.95 WC-TMP-01:.1", recurs=.1,
          shows="motor_hot:.8 currents_differ:.7 far_driven:.4 test_drive:.9", check="measure_motor", parts="motor"),
    cause("brush_bounces", 4, "Ett kol är för styvt och studsar", "A brush is too stiff and bounces",
          raises="WC-MOT-05:.95", recurs=.9, check="look_brushes", parts="brushes", source="domain 2.5 (HHP 03-07)"),
    cause("overload", 60, "Hinder, brant backe eller tung last", "An obstacle, a steep slope or a heavy load",
          raises="WC-MOT-06:.95 WC-TMP-01:.05", recurs=.25, check="ask_obstacle",
          script=Text("Stäng av stolen och vänta fem minuter. Ta bort det som ligger i vägen och kör försiktigt. Be om hjälp "
                      "vid trösklar och branta backar.",
                      "Switch the chair off and wait five minutes. Remove what is in the way and drive gently. Ask for help "
                      "at thresholds and on steep slopes.")),
    cause("wheel_drags", 8, "Ett hjul, lager eller en broms kärvar", "A wheel, bearing or brake drags",
          raises="WC-MOT-06:.9 WC-TMP-01:.3", shows="current_high:.85 motor_hot:.5 test_drive:.6", recurs=.9,
          check="turn_wheels", parts="wheel_bearing"),
    cause("long_climb", 30, "Lång stigning eller stark värme", "A long climb or great heat",
          raises="WC-TMP-01:.95 WC-MOT-06:.05", shows="warm_weather:.4", recurs=.2, check="ask_climb",
          script=Text("Stanna på en sval plats och låt stolen vila i tjugo minuter. Den går som vanligt när den svalnat.",
                      "Stop in a cool place and let the chair rest for twenty minutes. It works as usual when it has cooled.")),
    cause("controller_cooling", 4, "Styrelektroniken kyls inte", "The controller is not cooled",
          raises="WC-TMP-01:.95", shows="controller_hot:.85 test_control:.4", recurs=.9, check="look_controller",
          parts="power_module"),
    cause("lever_open", 25, "En frikopplingsspak är öppen", "A freewheel lever is open",
          raises="WC-BRK-01:.48 WC-BRK-02:.48 WC-BRK-03:.95", recurs=.1, shows="test_drive:.3", check="ask_lever",
          script=Text("Kör inte. Låt någon stänga båda frikopplingsspakarna vid hjulen. Slå sedan av och på stolen.",
                      "Do not drive. Have somebody close both freewheel levers at the wheels. Then switch the chair off and "
                      "on.")),
    cause("brake_coil", 9, "Bromsspolen eller dess kabel är trasig", "The brake coil or its cable is broken",
          raises="WC-BRK-01:.48 WC-BRK-02:.48 WC-BRK-03:.95", shows="test_drive:.95 impact:.1", recurs=.75,
          check="measure_brake", parts="brake", source="domain 2.5 (coil 45-90 ohm)"),
)  # fmt: skip
