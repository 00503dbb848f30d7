"""NAL units of H.264 and H.265: start codes into lengths, parameter sets, and the names browsers have for a codec."""

from __future__ import annotations

from typing import Final

_START: Final = b"\x00\x00\x01"
_SETS: Final = {"h264": frozenset({7, 8}), "hevc": frozenset({32, 33, 34})}
"""Types of parameter sets: ITU-T H.264 table 7-1, H.265 table 7-1."""
_GENERAL: Final = {0: "", 1: "A", 2: "B", 3: "C"}
"""Letters of the profile space (ISO/IEC 14496-15, annex E)."""


def as_annex_b(codec: str, extradata: bytes) -> bool:
    """Whether packets of a stream carry start codes; a configuration record (avcC, hvcC) begins with a 1."""
    return codec in _SETS and not extradata.startswith(b"\x01")


def nal_units(data: bytes) -> list[bytes]:
    """The units of a packet with start codes."""
    found = []
    place = data.find(_START)
    while place >= 0:
        begin = place + 3
        place = data.find(_START, begin)
        unit = data[begin:] if place < 0 else data[begin:place]
        found.append(unit.rstrip(b"\x00") if place >= 0 or unit.endswith(b"\x00") else unit)
    return [unit for unit in found if unit]


def with_lengths(data: bytes) -> bytes:
    """The same units with four bytes of length before each, as MP4 wants them."""
    parts: list[bytes] = []
    for unit in nal_units(data):
        parts += (len(unit).to_bytes(4, "big"), unit)
    return b"".join(parts)


def parameter_sets(codec: str, data: bytes) -> tuple[bytes, ...]:
    """The parameter sets inside bytes with start codes; none for other codecs."""
    kinds = _SETS.get(codec)
    if kinds is None:
        return ()
    found = []
    for unit in nal_units(data):
        kind = unit[0] & 0x1F if codec == "h264" else (unit[0] >> 1) & 0x3F
        if kind in kinds:
            found.append(unit)
        elif kind < 32 and (codec == "hevc" or kind in {1, 5}):
            break  # pictures: no parameter sets after them
    return tuple(dict.fromkeys(found))


def codec_string(init: bytes) -> str:
    """The codec of an init segment as browsers ask for it (RFC 6381), empty where it has no such name."""
    place = init.find(b"avcC")
    if place >= 0:
        profile, constraints, level = init[place + 5 : place + 8]
        return f"avc1.{profile:02x}{constraints:02x}{level:02x}"
    place = init.find(b"hvcC")
    if place >= 0:
        return _hevc(init[place + 4 : place + 17])
    return ""


def _hevc(record: bytes) -> str:
    space, tier, profile = record[1] >> 6, (record[1] >> 5) & 1, record[1] & 0x1F
    compatible = int(f"{int.from_bytes(record[2:6], 'big'):032b}"[::-1], 2)
    constraints = record[6:12].rstrip(b"\x00")
    parts = [f"hvc1.{_GENERAL[space]}{profile}", f"{compatible:X}", f"{'H' if tier else 'L'}{record[12]}"]
    return ".".join(parts + [f"{one:X}" for one in constraints])
