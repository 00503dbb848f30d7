"""`python -m service.web.vendor`: copy pinned third-party browser files from `node_modules` to the static files.

They are fetched by ``npm ci`` at set-up, checked against the integrity in `package-lock.json`, and never committed.
Needs the standard library alone, so that set-up can run it before anything is installed.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Final

from qyran.errors import ConfigError, QyranError

ROOT: Final = Path(__file__).resolve().parents[2]
VENDOR: Final = Path(__file__).resolve().parent / "static" / "vendor"
FILES: Final = (
    ("htmx.org/dist/htmx.min.js", "htmx.min.js"),
    ("htmx.org/LICENSE", "htmx.LICENSE.txt"),
    ("maplibre-gl/dist/maplibre-gl.mjs", "maplibre-gl.mjs"),
    ("maplibre-gl/dist/maplibre-gl-worker.mjs", "maplibre-gl-worker.mjs"),
    ("maplibre-gl/dist/maplibre-gl.css", "maplibre-gl.css"),
    ("maplibre-gl/LICENSE.txt", "maplibre-gl.LICENSE.txt"),
)


def copy(modules: Path = ROOT / "node_modules", target: Path = VENDOR) -> None:
    """Copy every file.

    Raises:
        ConfigError: npm has not fetched them.
    """
    target.mkdir(parents=True, exist_ok=True)
    for name, wanted in FILES:
        if not (modules / name).is_file():
            raise ConfigError(f"The browser file {name} is absent; run `npm ci` first.")
        shutil.copyfile(modules / name, target / wanted)


def main() -> int:
    """Copy; the exit status."""
    try:
        copy()
    except QyranError as error:
        sys.stderr.write(f"qyran: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
