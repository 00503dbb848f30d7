"""Kind and colour of vehicles: a small network on each crop, voted over a track."""

from __future__ import annotations

from typing import Final

KINDS: Final = ("car", "van", "bus", "truck")
"""Kinds of vehicle, in the order of the network's first output; after them stands `unknown`."""
COLOURS: Final = ("white", "grey", "black", "red", "yellow", "green", "blue")
"""Colours, in the order of the network's second output; after them stands `unknown`. Silver is grey, orange yellow or
red."""
UNKNOWN: Final = "unknown"
