"""A score as a page of its own: figures against their goals, yardsticks, tables, curves, mistakes as pictures.

The page holds everything in itself, pictures too, and loads nothing. It may show people and number plates of the
data sets: it is for whoever may see those.
"""

from __future__ import annotations

import base64
import json
import shutil
import tempfile
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from models.report_svg import chart
from qyran.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from models.card import ModelCard

PAGE: Final = "report.html"
FILE: Final = "report.json"
CROP_PX: Final = 220
"""Longer side of a shown crop."""
LEAST_CROP_PX: Final = 48
"""Shorter side of the part of the picture that is shown, before scaling."""
MARGIN: Final = 0.6
"""Surroundings shown on each side of a box, as a share of its longer side."""
STYLE: Final = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 68rem; padding: 0 1rem; color: #1b1b1b; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; }
table { border-collapse: collapse; margin: .6rem 0; } th, td { padding: .2rem .7rem; border-bottom: 1px solid #ddd; }
th { text-align: left; font-weight: 600; } td.n { text-align: right; font-variant-numeric: tabular-nums; }
.met { color: #06733f; } .missed { color: #a3261b; } .quiet { color: #666; }
svg text { font: 12px system-ui, sans-serif; } svg .grid { stroke: #e2e2e2; }
.gallery { display: flex; flex-wrap: wrap; gap: .8rem; }
figure { margin: 0; width: 224px; } figure img { display: block; border: 1px solid #ccc; max-width: 222px; }
figcaption { font-size: .8rem; overflow-wrap: anywhere; }
"""


def write_report(out: Path, card: ModelCard, score: Mapping[str, Any], about: Mapping[str, Any], data: Path) -> None:
    """Write ``report.html`` and ``report.json``; both replace older ones at once.

    Args:
        out: folder, made if need be.
        card: of the model.
        score: see `models.measure`; further keys go into the JSON alone. ``yardsticks`` stand beside the figures.
        about: what else is to be said at the top (machine, version, time), in words by name.
        data: the data folder; pictures are named relative to it.

    Raises:
        InputError: the folder cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out, prefix=".partial") as folder:
            made = Path(folder)
            (made / FILE).write_text(as_json(card, score, about, data), encoding="utf-8")
            (made / PAGE).write_text(page(card, score, about, data), encoding="utf-8")
            for name in (FILE, PAGE):
                shutil.move(made / name, out / name)
    except OSError as error:
        raise InputError(f"The report folder {out} cannot be written: {error.strerror}.") from None


def as_json(card: ModelCard, score: Mapping[str, Any], about: Mapping[str, Any], data: Path) -> str:
    """The score as JSON, with what was measured and where."""
    mistakes = [{**row, "file": _relative(row["file"], data)} for row in score.get("mistakes", ())]
    head = {"model": card.name, "version": card.version, "sha256": card.sha256, **about}
    return json.dumps({**head, **score, "mistakes": mistakes}, ensure_ascii=False, indent=1, default=str) + "\n"


def page(card: ModelCard, score: Mapping[str, Any], about: Mapping[str, Any], data: Path) -> str:
    """The report as HTML."""
    title = f"{card.name} {card.version}".strip()
    body = [
        f"<h1>{escape(title)}</h1>",
        _table(["", ""], [["weights", f"{card.file}, {card.precision}"], ["SHA-256", card.sha256], *about.items()]),
        "<h2>Figures</h2>",
        _figures(score["figures"]),
        *_yardsticks(score),
        *_tables(score.get("tables", ())),
        *(f"<h2>{escape(curve['title'])}</h2>\n{chart(curve)}" for curve in score.get("curves", ())),
        *_confusion(score.get("confusion")),
        *_gallery(score.get("mistakes", ()), data),
    ]
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>\n' + "\n".join(body) + "\n</body></html>\n"


def met(row: Mapping[str, Any]) -> bool | None:
    """Whether a figure reaches its goal; None without a goal or a value."""
    if row.get("goal") is None or row["value"] is None:
        return None
    return bool(row["value"] <= row["goal"]) if row.get("at_most") else bool(row["value"] >= row["goal"])


def _figures(rows: Sequence[Mapping[str, Any]]) -> str:
    words = {True: '<span class="met">met</span>', False: '<span class="missed">not met</span>', None: ""}
    cells = []
    for row in rows:
        sign = "at most" if row.get("at_most") else "at least"
        goal = "" if row.get("goal") is None else f"{sign} {row['goal']:g}"
        cells.append([row["name"], row["value"], row["n"], goal, _Html(words[met(row)])])
    return _table(["figure", "value", "objects", "goal", ""], cells)


def _yardsticks(score: Mapping[str, Any]) -> Iterator[str]:
    sticks = score.get("yardsticks")
    if not sticks:
        return
    own = {"name": "this model", "engine": "ONNX Runtime", "figures": score["figures"], "time": score["time"]}
    names = [row["name"] for row in sticks[0]["figures"]]
    rows = []
    for stick in (own, *sticks):
        value = {row["name"]: row["value"] for row in stick["figures"]}
        time = stick["time"]
        times = (time["ms"], time.get("fastest_ms", time["ms"]))
        rows.append([stick["name"], stick["engine"], *(value.get(name) for name in names), *times])
    yield "<h2>Beside what could be downloaded, same pictures, same machine</h2>"
    yield _table(["detector", "engine", *names, "ms a picture", "ms, fastest precision"], rows)
    yield (
        '<p class="quiet">Milliseconds are the median processor time for one picture from the decoded picture to the '
        "boxes. OpenVINO computes the figures and the first time in 32 bits, the second time in its fastest precision "
        "here. An empty cell: the detector does not tell such classes apart.</p>"
    )


def _tables(tables: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for table in tables:
        yield f"<h2>{escape(table['title'])}</h2>"
        yield _table(table["head"], table["rows"])


def _confusion(matrix: Mapping[str, Any] | None) -> Iterator[str]:
    if matrix is None:
        return
    classes = matrix["classes"]
    yield "<h2>What was taken for what</h2>"
    yield '<p class="quiet">Rows: what is there. Columns: what was said, at the card\'s thresholds.</p>'
    yield _table(["", *classes], [[name, *row] for name, row in zip(classes, matrix["counts"], strict=True)])


def _gallery(mistakes: Sequence[Mapping[str, Any]], data: Path) -> Iterator[str]:
    for kind in dict.fromkeys(str(row["kind"]) for row in mistakes):
        yield f"<h2>Worst mistakes: {escape(kind)}</h2>"
        yield '<div class="gallery">'
        for row in mistakes:
            picture = _crop(data / row["file"], row.get("box")) if row["kind"] == kind else None
            if picture is not None:
                words = f"{escape(row['text'])}<br><span class='quiet'>{escape(_relative(row['file'], data))}</span>"
                yield f'<figure><img alt="" src="{picture}"><figcaption>{words}</figcaption></figure>'
        yield "</div>"


def _crop(file: Path, box: Sequence[float] | None) -> str | None:
    """The part of a picture around a box, as a data address; None where the picture is gone."""
    picture = cv2.imread(str(file))
    if picture is None:
        return None
    height, width = picture.shape[:2]
    x1, y1, x2, y2 = box if box is not None else (0, 0, width, height)
    margin = MARGIN * max(x2 - x1, y2 - y1) if box is not None else 0.0
    margin = max(margin, (LEAST_CROP_PX - min(x2 - x1, y2 - y1)) / 2)
    left, top = max(0, int(x1 - margin)), max(0, int(y1 - margin))
    part = picture[top : int(y2 + margin) + 1, left : int(x2 + margin) + 1]
    scale = CROP_PX / max(part.shape[:2])
    part = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    if box is not None:
        corners = np.rint((np.array((x1 - left, y1 - top, x2 - left, y2 - top))) * scale).astype(int).tolist()
        cv2.rectangle(part, corners[:2], corners[2:], (0, 220, 255), 1)
    return "data:image/jpeg;base64," + base64.b64encode(cv2.imencode(".jpg", part)[1].tobytes()).decode()


class _Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    lines = ["<table>"]
    if any(head):
        lines.append("<tr>" + "".join(f"<th>{escape(name)}</th>" for name in head) + "</tr>")
    lines += ["<tr>" + "".join(map(_cell, row)) + "</tr>" for row in rows]
    return "\n".join([*lines, "</table>"])


def _cell(value: Any) -> str:
    if isinstance(value, _Html):
        return f"<td>{value}</td>"
    if value is None:
        return "<td></td>"
    if isinstance(value, float):
        return f'<td class="n">{value:.3f}</td>' if abs(value) < 10 else f'<td class="n">{value:.1f}</td>'
    number = isinstance(value, int)
    return f'<td class="n">{value}</td>' if number else f"<td>{escape(str(value))}</td>"


def _relative(file: str, data: Path) -> str:
    """A picture's name relative to the data folder where it lies in it."""
    try:
        return Path(file).relative_to(data).as_posix()
    except ValueError:
        return file
