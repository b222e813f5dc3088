"""Dispenser models: machines for rolls of pouches and machines with a tray of cups, and what their gateways send.

No maker's data format is public (domain 4.4, 10.7), so apart from the facts marked with a source everything here is
assumed: a gateway of ours beside the machine, on the mains, that sends a heartbeat every minute whatever the machine
itself can do.
"""

from types import MappingProxyType
from typing import Final

from fleet.models import Conversion, DeviceModel

_OURS: Final = "dispenser-gateway"
_REFERENCE: Final = "Referensmodell"
_ISO_9999: Final = "22 28 12"  # memory aids in VGR (S68); elsewhere filed under 22 27 16 (S69), domain 6.1

# Four AA cells in series (S57). Volts say only roughly how full they are: 0.8 V a cell is empty, 1.8 V a fresh lithium
# cell, and 1.0 V a cell comes out as the 20 % at which the maker's own warning comes (S57). Assumed, and wide enough
# that neither a sagging nor a fresh set ever falls outside 0-100 and takes the message with it into quarantine.
_FOUR_CELLS: Final = Conversion(native_unit="V", scale=25.0, offset=-80.0)
_SECONDS: Final = Conversion(native_unit="s", scale=1 / 60)

_ROLL_1: Final = "roll-dispenser-r1"

MODELS: Final = (
    DeviceModel(
        key="roll-dispenser-r2",
        maker=_REFERENCE,
        name="Rullautomat R2",
        native_systems=(_OURS,),
        rent_sek=490.0,
        iso9999=_ISO_9999,
    ),
    # The older roll machine before and after its firmware 2.0, which took up the contract's names and units.
    DeviceModel(
        key=_ROLL_1,
        maker=_REFERENCE,
        name="Rullautomat R1",
        native_systems=(_OURS,),
        missing=frozenset({"lid.open_time", "network.uptime"}),
        conversions=MappingProxyType({"dose.delay": _SECONDS}),
        renamed=MappingProxyType(
            {
                "pouches_left": "magazine.doses_left",
                "bin_count": "missed_bin.count",
                "power_ok": "mains.present",
                "delay_s": "dose.delay",
            }
        ),
        firmware_below="2.0",
        rent_sek=420.0,
        iso9999=_ISO_9999,
    ),
    DeviceModel(
        key=_ROLL_1,
        maker=_REFERENCE,
        name="Rullautomat R1",
        native_systems=(_OURS,),
        missing=frozenset({"lid.open_time"}),
        firmware_from="2.0",
        rent_sek=420.0,
        iso9999=_ISO_9999,
    ),
    DeviceModel(
        key="pivotell-advance-gsm",
        maker="PharmaCell",
        name="Pivotell Advance GSM",
        native_systems=("careousel", "pivotell-gsm", _OURS),
        # 28 cups turned by battery power alone (S57, S58): no mains to lose, no bin, and only "four doses left" is
        # told.
        missing=frozenset(
            {"mains.present", "missed_bin.count", "magazine.doses_left", "magazine.days_left", "lid.open_time"}
        ),
        conversions=MappingProxyType({"battery.level": _FOUR_CELLS}),
        rent_sek=190.0,
        iso9999=_ISO_9999,
    ),
    DeviceModel(
        key="philips-medication-dispenser",
        maker="Philips",
        name="Medication Dispenser",
        native_systems=("philips-mds", _OURS),
        # Its daily check-in tells missed and early doses and the days left (S55); the rest it does not mention.
        missing=frozenset({"missed_bin.count", "lid.open_time", "schedule.version"}),
        rent_sek=350.0,
        iso9999=_ISO_9999,
    ),
    DeviceModel(
        key="simplyhome-dispenser",
        maker="SimplyHome",
        name="Medication Dispenser",
        native_systems=("simplyhome", _OURS),
        missing=frozenset({"missed_bin.count", "magazine.doses_left", "magazine.days_left", "lid.open_time"}),
        rent_sek=210.0,
        iso9999=_ISO_9999,
    ),
    DeviceModel(
        key="medsmart-dispenser",
        maker="MedSmart",
        name="MedSmart",
        native_systems=("medsmart", _OURS),
        missing=frozenset({"missed_bin.count", "magazine.doses_left", "magazine.days_left", "lid.open_time"}),
        rent_sek=210.0,
        iso9999=_ISO_9999,
    ),
)
