"""A city's own map file: MBTiles 1.3 (a SQLite file of tiles, pictures or vectors), served by this host alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from qyran.errors import ConfigError, NotFound

PATH: Final = "/map/tiles/{z}/{x}/{y}"
"""Where the map asks for a tile."""
DEEPEST: Final = 24
"""Zoom of the smallest tile that any file has."""
SIGNS: Final = (
    (b"\x89PNG", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"RIFF", "image/webp"),
)  # fmt: skip
GZIP: Final = b"\x1f\x8b"
VECTOR: Final = "application/vnd.mapbox-vector-tile"
NOTHING: Final = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000b49444154789c6360000200000500017a5eab3f0000000049454e44ae426082"
)
"""A picture of one transparent point: a place the file does not show."""


@dataclass(frozen=True, slots=True)
class TileSet:
    """What a file of tiles holds.

    Attributes:
        vector: vector tiles instead of pictures.
        minzoom, maxzoom: of its tiles.
        bounds: west, south, east, north; None where the file does not say.
    """

    vector: bool
    minzoom: int
    maxzoom: int
    bounds: tuple[float, float, float, float] | None

    def as_dict(self) -> dict[str, Any]:
        """As the map takes it."""
        found: dict[str, Any] = {
            "path": PATH, "vector": self.vector, "minzoom": self.minzoom, "maxzoom": self.maxzoom,
        }  # fmt: skip
        return found if self.bounds is None else {**found, "bounds": self.bounds}


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile as it goes to the browser."""

    data: bytes
    media_type: str
    gzipped: bool = False


def tile_set(path: Path) -> TileSet:
    """What a file holds; read once as long as the file stays the same.

    Raises:
        ConfigError: it is no MBTiles file.
    """
    try:
        return _described(path, path.stat().st_mtime_ns)
    except OSError:
        raise ConfigError(f"The map file {path} (QYRAN_MAP_FILE) cannot be read.") from None


def tile(path: Path, z: int, x: int, y: int) -> Tile:
    """A tile by its zoom, column and row from the north.

    Raises:
        NotFound: there is no such tile anywhere.
        ConfigError: it is no MBTiles file.
    """
    if not (0 <= z <= DEEPEST and 0 <= x < 2**z and 0 <= y < 2**z):
        raise NotFound("There is no such tile of a map.")
    about = tile_set(path)
    query = "SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?"
    try:
        with closing(_opened(path)) as file:
            row = file.execute(query, (z, x, 2**z - 1 - y)).fetchone()  # rows of the file count from the south
    except sqlite3.Error as error:
        raise ConfigError(f"The map file {path} (QYRAN_MAP_FILE) is damaged: {error}.") from None
    data = b"" if row is None else bytes(row[0])
    if about.vector:
        return Tile(data, VECTOR, gzipped=data.startswith(GZIP))
    if not data:
        return Tile(NOTHING, "image/png")
    return Tile(data, next((media for sign, media in SIGNS if data.startswith(sign)), "application/octet-stream"))


@lru_cache(maxsize=4)
def _described(path: Path, _: int) -> TileSet:
    try:
        with closing(_opened(path)) as file:
            said = dict(file.execute("SELECT name, value FROM metadata").fetchall())
            zooms = file.execute("SELECT MIN(zoom_level), MAX(zoom_level) FROM tiles").fetchone()
    except sqlite3.Error:
        raise ConfigError(f"The map file {path} (QYRAN_MAP_FILE) is no MBTiles file.") from None
    if zooms[0] is None:
        raise ConfigError(f"The map file {path} (QYRAN_MAP_FILE) holds no tiles.")
    return TileSet(said.get("format") == "pbf", int(zooms[0]), int(zooms[1]), _bounds(said.get("bounds")))


def _bounds(text: str | None) -> tuple[float, float, float, float] | None:
    try:
        west, south, east, north = (float(one) for one in (text or "").split(","))
    except ValueError:
        return None
    return west, south, east, north


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
