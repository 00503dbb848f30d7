"""Write the human-readable cards: ``python -m models.cards`` makes ``models/cards/*.md`` from the JSON cards."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from models.card import PRECISIONS, WEIGHTS, load_detector_card

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from models.card import DetectorCard

CARDS: Final = Path(__file__).parent / "cards"
OTHERS: Final = {
    "start": "The COCO start, same pictures and code",
    "fp32": "The same network in fp32",
    "int8-qdq": "The same network in 8 bits",
}
TEXTS: Final = Path(__file__).parent / "cards" / "limits"


def render(card: DetectorCard, limits: str) -> str:
    """The card as Markdown."""
    return "\n".join([*_head(card), *_figures(card), *_data(card), "## Limits", "", limits.strip(), "", *_remake(card)])


def _head(card: DetectorCard) -> Iterator[str]:
    yield f"# Model card: {card.name}"
    yield ""
    yield "Written by `python -m models.cards` from the card beside the weights; change that, not this."
    yield ""
    yield "| | |"
    yield "|---|---|"
    yield f"| weights | `models/weights/{card.file}` ({card.precision}) |"
    yield f"| version | {card.version} |"
    yield f"| SHA-256 | `{card.sha256}` |"
    yield f"| licence | {card.licence}; descends from Ultralytics YOLOv8n trained on COCO |"
    yield f"| classes | {', '.join(card.classes)} |"
    yield (
        "| input | `images` float32 [1, 3, H, W], RGB 0 to 1, H and W multiples of "
        f"{card.stride}, long side {card.long_side} by default |"
    )
    yield "| output | `output0` float32 [1, 4 + classes, anchors]: centre, size in input pixels, scores after sigmoid |"
    yield f"| suppression | outside the network, IoU {card.nms_iou} within a class |"
    levels = ", ".join(f"{name} {card.threshold[name]}" for name in card.classes)
    yield f"| thresholds (raw score; calibrated score 0.5) | {levels} |"
    yield ""


def _figures(card: DetectorCard) -> Iterator[str]:
    metrics = card.metrics
    yield "## Figures"
    yield ""
    yield (
        f"On validation pictures never trained on, split by camera, clip or photograph, long side "
        f"{metrics.get('long_side', card.long_side)}, IoU 0.5. Objects that the published labels miss are hidden from "
        "the count. Precision and recall stand at the shipped thresholds."
    )
    yield ""
    yield from _table(
        ("class", "AP50", "boxes", "precision", "recall"),
        [
            (name, row["ap50"], row["boxes"], row["precision"], row["recall"])
            for name, row in metrics["per_class"].items()
        ],
    )
    yield f"Mean AP50 over classes {_show(metrics['map50'])}, over boxes {_show(metrics['ap50_by_boxes'])}."
    yield ""
    for other, title in OTHERS.items():
        if other in metrics:
            yield f"{title} ({_show(metrics[other]['ap50_by_boxes'])} over boxes):"
            yield ""
            yield from _table(
                ("class", "AP50"), [(name, row["ap50"]) for name, row in metrics[other]["per_class"].items()]
            )
    yield "### By source"
    yield ""
    rows = [
        (source, part["pictures"], name, row["ap50"], row["boxes"])
        for source, part in metrics["per_source"].items()
        for name, row in part.items()
        if name != "pictures"
    ]
    yield from _table(("source", "pictures", "class", "AP50", "boxes"), rows)
    if "false_alarms_per_100" in metrics:
        yield "### Pictures without fire or smoke in which something is reported"
        yield ""
        yield from _table(
            ("source", "pictures", "alarms per 100"),
            [(name, row["pictures"], row["alarms_per_100"]) for name, row in metrics["false_alarms_per_100"].items()],
        )
    yield "### Cost"
    yield ""
    costs = [(card.precision, size, ms) for size, ms in metrics["ms_one_thread"].items()]
    for other in PRECISIONS - {card.precision}:
        costs += [(f"{other}, not shipped", size, ms) for size, ms in metrics[other]["ms_one_thread"].items()]
    yield from _table(("precision", "input", "ms, one thread, ONNX Runtime on a CPU"), costs)


def _data(card: DetectorCard) -> Iterator[str]:
    yield "## Data"
    yield ""
    yield from _table(
        ("name", "source", "licence", "attribution", "used for", "pictures"),
        [(d.name, d.source, d.licence, d.attribution, d.used_for, d.n) for d in card.data],
    )


def _remake(card: DetectorCard) -> Iterator[str]:
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
        return "no boxes"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write all cards; ``--check`` only says whether they are up to date."""
    parser = argparse.ArgumentParser(prog="python -m models.cards", description=__doc__)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args(arguments)
    stale: list[str] = []
    for path in sorted(WEIGHTS.glob("*.json")):
        card = load_detector_card(path)
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
