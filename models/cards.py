"""Write the human-readable cards: ``python -m models.cards`` makes ``models/cards/*.md`` from the JSON cards."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from models.card import WEIGHTS, CropCard, DetectorCard, load_card
from models.report import met
from vision.outputs import OUTPUTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

CARDS: Final = Path(__file__).parent / "cards"
TEXTS: Final = Path(__file__).parent / "cards" / "limits"
TASK_WORDS: Final = {"detect": "finds objects", "read": "reads a crop", "classify": "classifies a crop"}


def render(card: DetectorCard | CropCard, limits: str) -> str:
    """The card as Markdown."""
    shape = _detector(card) if isinstance(card, DetectorCard) else _crops(card)
    return "\n".join(
        [*_head(card), *shape, "", *_figures(card), *_data(card), "## Limits", "", limits.strip(), "", *_remake(card)]
    )


def _head(card: DetectorCard | CropCard) -> Iterator[str]:
    yield f"# Model card: {card.name}"
    yield ""
    yield "Written by `python -m models.cards` from the card beside the weights; change that, not this."
    yield ""
    yield "| | |"
    yield "|---|---|"
    yield f"| task | {TASK_WORDS[card.task]} |"
    yield f"| weights | `models/weights/{card.file}` ({card.precision}) |"
    yield f"| version | {card.version} |"
    yield f"| SHA-256 | `{card.sha256}` |"
    yield f"| licence | {card.licence} |"
    if card.machine:
        yield f"| made on | {card.machine} |"


def _detector(card: DetectorCard) -> Iterator[str]:
    yield f"| classes | {', '.join(card.classes)} |"
    bound = f", at most {card.most_pixels} px in all" if card.most_pixels else ""
    yield (
        f"| input | float32 [n, 3, H, W], {card.pixels.colour.upper()} 0 to {card.pixels.most}, H and W multiples of "
        f"{card.stride}, long side {card.long_side} px by default{bound} |"
    )
    rows, columns = (axis or "candidates" for axis in OUTPUTS[card.output].shape(len(card.classes)))
    yield f"| output | `{card.output}`: float32 [n, {rows}, {columns}] |"
    if not OUTPUTS[card.output].suppressed:
        yield f"| suppression | outside the network, IoU {card.nms_iou} within a class |"
    levels = ", ".join(f"{name} {value}" for name, value in card.threshold.items())
    yield f"| thresholds (raw score; calibrated score 0.5) | {levels} |"


def _crops(card: CropCard) -> Iterator[str]:
    for head, names in card.heads.items():
        words = "".join(names) if card.task == "read" else ", ".join(names)
        yield f"| {'alphabet' if card.task == 'read' else f'classes of {head}'} | {words} |"
    yield f"| input | float32 [n, {card.channels}, {card.height}, {card.width}] |"
    for name, value in card.settings.items():
        yield f"| {name.replace('_', ' ')} | {value:g} |"


def _figures(card: DetectorCard | CropCard) -> Iterator[str]:
    metrics = card.metrics
    yield "## Figures"
    yield ""
    if not metrics.get("figures"):
        yield f"Not measured yet: `qyran models evaluate {card.name} --write`."
        yield ""
        return
    yield (
        f"`qyran models evaluate {card.name}`, on pictures that no training and no choice ever saw"
        + (f", on {metrics['machine']}" if metrics.get("machine") else "")
        + "."
    )
    yield ""
    yield from _table(("figure", "value", "objects", "goal", ""), [_figure(row) for row in metrics["figures"]])
    for stick in metrics.get("yardsticks", ()):
        value = {row["name"]: row["value"] for row in stick["figures"]}
        words = ", ".join(f"{name} {_show(value[name])}" for name in value if value[name] is not None)
        yield f"- Beside it {stick['name']} on {stick['engine']}: {words}; {_times(stick['time'])} a picture."
    if metrics.get("yardsticks"):
        yield ""
    for table in metrics.get("tables", ()):
        yield f"### {table['title']}"
        yield ""
        yield from _table(table["head"], table["rows"])


def _times(time: Mapping[str, Any]) -> str:
    """Milliseconds, and those of the engine's fastest precision where that is another."""
    fastest = time.get("fastest_ms", time["ms"])
    return f"{time['ms']} ms" + (f" ({fastest} ms in the fastest precision)" if fastest != time["ms"] else "")


def _figure(row: Mapping[str, Any]) -> tuple[Any, ...]:
    goal = "" if row.get("goal") is None else f"{'at most' if row.get('at_most') else 'at least'} {row['goal']:g}"
    return row["name"], row["value"], row["n"], goal, {True: "met", False: "not met", None: ""}[met(row)]


def _data(card: DetectorCard | CropCard) -> Iterator[str]:
    yield "## Data"
    yield ""
    yield from _table(
        ("name", "source", "licence", "attribution", "used for", "pictures"),
        [(d.name, d.source, d.licence, d.attribution, d.used_for, d.n) for d in card.data],
    )


def _remake(card: DetectorCard | CropCard) -> Iterator[str]:
    yield "## How to make it again"
    yield ""
    yield "```"
    yield from card.made_by.split("; ")
    yield "```"
    yield ""


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(_show(cell) for cell in row) + " |"
    yield ""


def _show(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, float):
        return str(value)
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write all cards; ``--check`` only says whether they are up to date."""
    parser = argparse.ArgumentParser(prog="python -m models.cards", description=__doc__)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args(arguments)
    stale: list[str] = []
    for path in sorted(WEIGHTS.glob("*.json")):
        card = load_card(path)
        text = render(card, (TEXTS / f"{card.name}.md").read_text(encoding="utf-8"))
        target = CARDS / f"{card.name}.md"
        if options.check:
            if not target.is_file() or target.read_text(encoding="utf-8") != text:
                stale.append(target.name)
        else:
            target.write_text(text, encoding="utf-8")
    for name in stale:
        sys.stderr.write(f"models/cards/{name} is not what its JSON card says; run python -m models.cards\n")
    return 1 if stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
