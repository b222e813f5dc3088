"""Wheelchair models: which control systems they speak, and how each differs from what is stored.

The names of the first M3 firmware are those of the maker's published client library (domain S14). What else differs
between models is assumed, after the kinds of difference that real files showed for another class (3.6): units, missing
channels, sentinels. Rents are a demo price list. A control system that many makers build in is a model of its own.
"""

from typing import Final

from fleet.models import Conversion, DeviceModel

POWERED: Final = "12 23 06"
SCOOTER: Final = "12 23 03"
ASSIST: Final = "12 24 09"

_MOTOR_SENSORS: Final = frozenset(
    {"motor.left.current", "motor.right.current", "motor.left.temp", "motor.right.temp", "controller.temp",
     "joystick.neutral_faults"}
)  # fmt: skip
_SEAT: Final = frozenset({"seat.tilt_angle", "seat.adjustments", "seat.occupied_time"})
_BATTERY_DETAILS: Final = frozenset({"battery.soh", "battery.ah_left", "battery.charge_cycles", "battery.block_delta"})
_PERMOBIL_MISSING: Final = _MOTOR_SENSORS | {"battery.voltage", "battery.charge_cycles", "battery.block_delta"}
_TENTH_CELSIUS: Final = Conversion(native_unit="0.1 °C", scale=0.1, sentinels=(-32768.0,))
_TENTH_AMPERE: Final = Conversion(native_unit="0.1 A", scale=0.1, sentinels=(65535.0,))
_MILES: Final = Conversion(native_unit="mi", scale=1.609344)

MODELS: Final = (
    DeviceModel(key="permobil-m3", maker="Permobil", name="M3 Corpus", native_systems=("r-net", "ics", "gateway"),
                missing=_PERMOBIL_MISSING, firmware_from="2.0", rent_sek=890, iso9999=POWERED, idle_policy="indoor"),
    DeviceModel(key="permobil-m3", maker="Permobil", name="M3 Corpus", native_systems=("r-net", "ics", "gateway"),
                missing=_PERMOBIL_MISSING, firmware_below="2.0", rent_sek=890, iso9999=POWERED, idle_policy="indoor",
                renamed={"stateOfCharge": "battery.soc", "stateOfHealth": "battery.soh", "charging": "battery.charging",
                         "ampereHoursLeft": "battery.ah_left", "odometerTotal": "drive.odometer_total",
                         "adjustments": "seat.adjustments"},
                conversions={"drive.odometer_total": _MILES}),
    DeviceModel(key="invacare-tdx-linx", maker="Invacare", name="TDX SP2 (LiNX)", native_systems=("linx", "gateway"),
                missing=frozenset({"battery.ah_left", "seat.occupied_time"}),
                rent_sek=870, iso9999=POWERED, idle_policy="outdoor",
                conversions={"battery.voltage": Conversion(native_unit="mV", scale=0.001, sentinels=(65535.0,)),
                             "drive.odometer_total": Conversion(native_unit="m", scale=0.001),
                             "motor.left.current": _TENTH_AMPERE, "motor.right.current": _TENTH_AMPERE,
                             "motor.left.temp": _TENTH_CELSIUS, "motor.right.temp": _TENTH_CELSIUS,
                             "controller.temp": _TENTH_CELSIUS}),
    DeviceModel(key="sunrise-q50r", maker="Sunrise Medical", name="Quickie Q50 R Carbon",
                native_systems=("q50-r", "gateway"), missing=_MOTOR_SENSORS | _SEAT | _BATTERY_DETAILS,
                rent_sek=520, iso9999=POWERED, idle_policy="indoor",
                conversions={"battery.soc": Conversion(native_unit="bars of 5", scale=20)}),
    DeviceModel(key="invacare-bora-rem24", maker="Invacare", name="Bora (REM24)", native_systems=("rem24", "gateway"),
                missing=_MOTOR_SENSORS | _BATTERY_DETAILS, rent_sek=610, iso9999=POWERED, idle_policy="outdoor",
                conversions={"drive.speed_max": Conversion(native_unit="km/h", scale=1 / 3.6, sentinels=(255.0,))}),
    DeviceModel(key="pg-vr2", maker="Curtiss-Wright", name="VR2/VSI (flera stolar)", native_systems=("vr2", "gateway"),
                missing=_MOTOR_SENSORS | _SEAT | _BATTERY_DETAILS, rent_sek=560, iso9999=POWERED, idle_policy="indoor"),
    DeviceModel(key="pg-pilot-plus", maker="Penny & Giles", name="Pilot+ (flera stolar)",
                native_systems=("pilot-plus", "gateway"), missing=_MOTOR_SENSORS | _SEAT | _BATTERY_DETAILS,
                rent_sek=430, iso9999=POWERED, idle_policy="indoor"),
    DeviceModel(key="dynamic-dx", maker="Dynamic Controls", name="DX (flera stolar)", native_systems=("dx", "gateway"),
                missing=_MOTOR_SENSORS | _BATTERY_DETAILS, rent_sek=590, iso9999=POWERED, idle_policy="outdoor"),
    DeviceModel(key="dynamic-shark", maker="Dynamic Controls", name="Shark (flera stolar)",
                native_systems=("shark", "gateway"), missing=_MOTOR_SENSORS | _SEAT | _BATTERY_DETAILS,
                rent_sek=480, iso9999=POWERED, idle_policy="indoor"),
    DeviceModel(key="dynamic-rhino2", maker="Dynamic Controls", name="Rhino2 (elskoter)",
                native_systems=("hhp", "gateway"), missing=_MOTOR_SENSORS | _SEAT | _BATTERY_DETAILS,
                rent_sek=420, iso9999=SCOOTER, idle_policy="outdoor"),
    DeviceModel(key="electric-mobility-rascal", maker="Electric Mobility", name="Rascal P327",
                native_systems=("rascal", "gateway"), missing=_MOTOR_SENSORS | _SEAT | _BATTERY_DETAILS,
                rent_sek=440, iso9999=POWERED, idle_policy="indoor"),
    DeviceModel(key="meyra-optimus2", maker="Meyra", name="Optimus 2", native_systems=("meyra", "gateway"),
                missing=_MOTOR_SENSORS | _BATTERY_DETAILS, rent_sek=760, iso9999=POWERED, idle_policy="outdoor"),
    DeviceModel(key="quantum-qlogic3", maker="Quantum", name="Q6 Edge (Q-Logic 3)",
                native_systems=("q-logic", "gateway"), missing=frozenset({"seat.occupied_time"}),
                rent_sek=880, iso9999=POWERED, idle_policy="outdoor"),
    DeviceModel(key="permobil-smartdrive-mx2", maker="Permobil", name="SmartDrive MX2+",
                native_systems=("smartdrive", "gateway"),
                missing=_MOTOR_SENSORS | _SEAT | _BATTERY_DETAILS | {"battery.voltage"},
                rent_sek=390, iso9999=ASSIST, idle_policy="assist",
                conversions={"drive.distance": Conversion(native_unit="mi", scale=1609.344),
                             "drive.odometer_total": _MILES,
                             "drive.speed_max": Conversion(native_unit="mph", scale=0.44704)}),
)  # fmt: skip
