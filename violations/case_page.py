"""`docs/case-life.md`, made from the table: `python -m violations.case_page > docs/case-life.md`."""

from __future__ import annotations

import sys
from typing import Final

from violations.case import ATTRIBUTES, REASONS, TRANSITIONS, Guard, Transition

HEAD: Final = """# The life of a violation case

Made from `violations/case.py` by `python -m violations.case_page`; a test holds the two together. Every step that is
not in this table is refused to everybody. A step asked for by its name is never taken as another one that happens to
lead to the same state.

| step | from | to | who | what must be there | reason codes | by when |
|---|---|---|---|---|---|---|
"""
EXITS: Final = """
## Steps beside the model of the record

"""
BESIDE: Final = """
## Beside a signed case

Only the system and a senior officer write these; an appeal that runs stops enforcement.

| attribute | from | to |
|---|---|---|
"""


def page() -> str:
    """The whole page as Markdown."""
    rows = "".join(_row(one) for one in TRANSITIONS)
    exits = "".join(f"- **{one.name}** to `{one.target}`: {one.why}.\n" for one in TRANSITIONS if one.why)
    beside = "".join(
        f"| {attribute} | {source} | {', '.join(targets) or 'nothing more'} |\n"
        for attribute, table in ATTRIBUTES.items()
        for source, targets in table.items()
    )
    return HEAD + rows + EXITS + exits + BESIDE + beside


def _row(one: Transition) -> str:
    sources = ", ".join(str(source) if source else "(new)" for source in one.sources)
    who = ", ".join(sorted(role.value for role in one.roles))
    needs = "; ".join(_words(guard) for guard in one.guards) or "nothing more"
    reasons = ", ".join(REASONS.get(one.name, ())) or ""
    return f"| {one.name} | {sources} | {one.target} | {who} | {needs} | {reasons} | {one.deadline} |\n"


def _words(guard: Guard) -> str:
    said = (guard.__doc__ or "").splitlines()[0].rstrip(".")
    return said[:1].lower() + said[1:]


if __name__ == "__main__":
    sys.stdout.write(page())
