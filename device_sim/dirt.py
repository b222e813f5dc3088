"""Dirt on demand: payloads as broken devices make them, each of which must end in quarantine with a reason."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

MALFORMED: Final[Mapping[str, bytes]] = MappingProxyType(
    {
        "not UTF-8": b'{"ts":1,"boot":1,"seq":1,"values":{"battery.soc":\xff\xfe}}',
        "not JSON": b"battery is at 87 per cent",
        "NaN": b'{"ts":1795000000000,"boot":9001,"seq":1,"values":{"battery.soc":NaN}}',
        "number too large": b'{"ts":1795000000000,"boot":9002,"seq":1,"values":{"battery.soc":1e999}}',
        "wrong type": b'{"ts":1795000000000,"boot":9003,"seq":1,"values":{"battery.soc":"full"}}',
        "missing identity": b'{"ts":1795000000000,"values":{"battery.soc":50}}',
        "negative sequence": b'{"ts":1795000000000,"boot":9004,"seq":-5,"values":{"battery.soc":50}}',
        "empty array": b"[]",
        "empty": b"",
        "a thousand deep": b'{"values":' + b"[" * 1000 + b"]" * 1000 + b"}",
        "one megabyte": b'{"ts":1795000000000,"boot":9005,"seq":1,"values":{"battery.soc":50},"x":"%b"}'
        % (b"x" * 10**6),
    }
)
