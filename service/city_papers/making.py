"""A paper as PDF/A in one language, with a column in which the city writes the act's points by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from service.city_papers.facts import facts_of, parts
from service.city_papers.paper import NAMES, Lang, Paper, Section, load_paper
from violations.typesetting import set_paper

if TYPE_CHECKING:
    from service.settings import Settings

LAYOUT: Final = Path(__file__).parents[1] / "papers" / "letter.typ"
WIDTHS: Final = (1.7, 4, 6.4, 2.4, 3.8)
PART_WIDTHS: Final = (4, 2, 5)
HEAD: Final[Mapping[Lang, tuple[str, ...]]] = {
    "ru": ("Пункт", "Требование", "Как выполнено", "Кто", "Подтверждение"),
    "kk": ("Тармақ", "Талап", "Қалай орындалған", "Кім", "Растау"),
}
WHO: Final[Mapping[Lang, Mapping[str, str]]] = {
    "ru": {"program": "программа", "city": "город", "both": "оба"},
    "kk": {"program": "бағдарлама", "city": "қала", "both": "екеуі"},
}
PARTS: Final[Mapping[Lang, tuple[str, tuple[str, ...]]]] = {
    "ru": ("Сторонние библиотеки службы", ("Название", "Версия", "Лицензия")),
    "kk": ("Қызметтің үшінші тарап кітапханалары", ("Атауы", "Нұсқасы", "Лицензиясы")),
}
FOOT: Final[Mapping[Lang, str]] = {
    "ru": (
        "Составлено программой Qyran {version} по её данным и настройкам установки. Подтверждения — файлы исходного"
        " кода этой версии. Перед подачей сверяется с действующими редакциями актов."
    ),
    "kk": (
        "Qyran {version} бағдарламасы өз деректері мен орнату баптаулары бойынша құрған. Растаулар — осы нұсқаның"
        " бастапқы код файлдары. Тапсырар алдында актілердің қолданыстағы редакцияларымен салыстырылады."
    ),
}


def write_papers(settings: Settings, folder: Path, lang: Lang, now: datetime) -> list[Path]:
    """All papers of an installation in one language; the files that were written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name in NAMES:
        path = folder / f"{name}.{lang}.pdf"
        path.write_bytes(paper_pdf(settings, name, lang, now))
        written.append(path)
    return written


def paper_pdf(settings: Settings, name: str, lang: Lang, now: datetime) -> bytes:
    """One paper."""
    day = now.astimezone(settings.zone).date()
    facts = facts_of(settings)
    paper = load_paper(name)
    data: dict[str, Any] = {
        "title": paper.title.said(lang, facts),
        "day": [day.year, day.month, day.day],
        "lang": lang,
        "sender": settings.city_name[lang],
        "number": day.isoformat(),
        "to": [],
        "body": [one.said(lang, facts) for one in paper.intro],
        "sections": [_section(one, lang, facts) for one in paper.sections] + _libraries(name, lang),
        "foot": [FOOT[lang].format_map(facts)],
    }
    return set_paper(LAYOUT, data, now)


def proofs(paper: Paper) -> set[str]:
    """Every file that a paper calls a proof."""
    return {proof for section in paper.sections for row in section.rows for proof in row.proof}


def _section(section: Section, lang: Lang, facts: Mapping[str, str]) -> dict[str, Any]:
    rows = [
        ["", row.need.said(lang, facts), row.how.said(lang, facts), WHO[lang][row.who], ", ".join(row.proof) or "—"]
        for row in section.rows
    ]
    return {"title": section.title.said(lang, facts), "head": HEAD[lang], "widths": WIDTHS, "rows": rows, "empty": ""}


def _libraries(name: str, lang: Lang) -> list[dict[str, Any]]:
    if name != "architecture":
        return []
    title, head = PARTS[lang]
    rows = [[one.name, one.version, one.licence] for one in parts()]
    return [{"title": title, "head": head, "widths": PART_WIDTHS, "rows": rows, "empty": ""}]
