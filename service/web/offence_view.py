"""An entry of the offence catalogue in words: article and part, what it says, what it costs."""

from __future__ import annotations

from datetime import datetime

from service.web.view_models import Offence
from service.web.words import Words
from violations.offences import Offence as Entry
from violations.offences import candidates


def offence_view(
    w: Words, offence: str, kind: str, act: datetime, imposed: datetime, *, checked: bool = False
) -> Offence | None:
    """One entry as it was valid at the act, with the amount of the day it is imposed; None where there is none."""
    found = candidates(kind, act.astimezone(w.zone).date(), imposed=imposed.astimezone(w.zone).date())
    entry = next((one for one in found if one.id == offence), None)
    if entry is None:
        return None
    return Offence(
        id=entry.id,
        article=article(w, entry.article, entry.part),
        text=str(getattr(entry.name, w.lang)),
        amount=_amount(w, entry),
        units=_units(w, entry),
        kind=entry.penalty_kind,
        checked=checked,
    )


def article(w: Words, number: str, part: str | None) -> str:
    """Article and part as the language names them."""
    if part is None:
        return w.t("penalty.article_alone", article=number)
    return w.t("penalty.article", article=number, part=part)


def _amount(w: Words, entry: Entry) -> str:
    if entry.penalty_kind != "fine":
        return w.t(f"penalty.{entry.penalty_kind}")
    if entry.fine_kzt is None:
        return w.t("penalty.mci", mci=entry.mci)
    return w.t("penalty.fine", amount=w.num(entry.fine_kzt))


def _units(w: Words, entry: Entry) -> str:
    if entry.fine_kzt is None:
        return ""
    return w.t("penalty.units", mci=entry.mci, unit=entry.mci_kzt, year=str(entry.mci_year))
