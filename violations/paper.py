"""What the department's papers share: bilingual rows, the frame with its code to check, PDF/A set by typst.

Typst sets the page with the fonts it carries; nothing is fetched and no system font is used. `templates/notice.typ` is
layout only: every word comes finished in its data, so that nothing can be read as markup.
"""

from __future__ import annotations

import io
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import segno

from violations.decision import Both, Paper
from violations.typesetting import set_paper

TEMPLATES: Final = Path(__file__).parent / "templates"
LAYOUT: Final = "notice.typ"
MASK: Final = 3  # of the QR code, ISO/IEC 18004, 7.8
NO_BREAK: Final = "\N{NO-BREAK SPACE}"

Words = dict[str, str]
"""A text in both languages: kk and ru."""
Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of one kind of paper: `title`, `band`, `head`, `label`, `text`, each in both languages."""

    raw: Mapping[str, Any]

    def text(self, name: str, **values: object) -> Both:
        """A text with its values put in."""
        return Both(**{lang: template.format(**values) for lang, template in self.raw["text"][name].items()})

    def row(self, label: str, *values: Both | None, strong: bool = False) -> dict[str, Any]:
        """A row of a table; what is absent is shown as missing."""
        shown = [both(value) for value in values if value is not None] or [both(self.text("missing"))]
        return {"label": self.raw["label"][label], "values": shown, "strong": strong}

    def section(
        self,
        head: str,
        rows: Rows,
        *,
        pictures: Rows | None = None,
        columns: bool = False,
        pairs: bool = False,
        qr: bool = False,
    ) -> dict[str, Any]:
        """A section: a table of rows, or its long texts in `columns`, or its codes in `pairs` of label and value."""
        layout = {"columns": columns, "pairs": pairs, "qr": qr}
        return {"head": self.raw["head"][head], "rows": rows, "pictures": pictures or [], **layout}

    def frame(self, paper: Paper, digest: str, sections: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Everything the template shows, as finished text.

        Args:
            paper: what it says of itself.
            digest: hash the foot and the code name: of the evidence, or of the decision it is about.
            sections: its content.
        """
        issued = paper.issued.astimezone(UTC)
        secret = f"code={paper.check_code}&" if paper.check_code else ""
        bands = (("demo", paper.demo), ("development", paper.development_certificate))
        return {
            "title": self.raw["title"],
            "number": paper.number,
            "issued_parts": [issued.year, issued.month, issued.day, issued.hour, issued.minute, issued.second],
            "evidence_sha256": digest,
            "body": both(paper.body.name),
            "address": both(paper.body.address) if paper.body.address else None,
            "bands": [self.raw["band"][name] for name, shown in bands if shown],
            "sections": list(sections),
            "check": {
                "title": self.raw["label"]["check"],
                "code": f"{paper.verification_url or paper.number}#{secret}sha256={digest}",
                "address": paper.verification_url or paper.number,
                "secret": paper.check_code,
                "secret_label": self.raw["label"]["check_code"],
                "hint": self.raw["text"]["check_url" if paper.verification_url else "check_code"],
                "signed": self.raw["text"]["signed"],
            },
        }


def load_wording(*names: str) -> Wording:
    """The words of ``templates/<name>.toml``; a later file adds to the tables of the earlier ones."""
    raw: dict[str, Any] = {}
    for name in names:
        for table, words in tomllib.loads((TEMPLATES / f"{name}.toml").read_text(encoding="utf-8")).items():
            raw[table] = {**raw.get(table, {}), **words}
    return Wording(raw)


def compile_paper(data: Mapping[str, Any], pictures: Mapping[str, bytes], issued: datetime) -> bytes:
    """An unsigned PDF/A-2b; the same bytes for the same data.

    Args:
        data: see `Wording.frame`.
        pictures: JPEG, by the file name the data give.
        issued: the moment its metadata tell.
    """
    qr = io.BytesIO()
    # A mask that is given costs a tenth of the time that weighing all eight takes, and reads as well.
    segno.make(data["check"]["code"], error="m", micro=False, mask=MASK).save(qr, kind="svg", border=2, scale=4)
    return set_paper(TEMPLATES / LAYOUT, data, issued, {**pictures, "qr.svg": qr.getvalue()})


def same(text: str | None) -> Both | None:
    """What both languages write alike; None where there is nothing."""
    return Both(kk=text, ru=text) if text else None


def both(text: Both) -> Words:
    """A text as the template takes it."""
    return {"kk": text.kk, "ru": text.ru}


def moment_of(local: datetime) -> str:
    """A moment in the city's time, with its distance from UTC."""
    zone = f"{local:%z}"
    return f"{local:%d.%m.%Y %H:%M:%S} (UTC{zone[:3]}:{zone[3:5]})"


def day_of(day: date) -> str:
    """A day as papers write it."""
    return f"{day:%d.%m.%Y}"


def money(amount: int | Decimal) -> str:
    """Tenge with thin groups: 43 250 or 6 487,50."""
    text = f"{amount:,.2f}" if amount != int(amount) else f"{int(amount):,}"
    return text.replace(",", NO_BREAK).replace(".", ",")
