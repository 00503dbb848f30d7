"""The resolution on a complaint: what was complained of, what was found, what follows for the penalty and the money.

The law's list of its contents was not found; this is the project's proposal, to be confirmed by a city's lawyer.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from violations.decision import Both, Paper, Sha256, Text

Long = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
Outcome = Literal["upheld", "changed", "cancelled"]
Tenge = Annotated[Decimal, Field(ge=0, decimal_places=2)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Penalty(_Part):
    """A penalty as a decision imposed it; a warning has no amount."""

    article: Text
    part: Text | None
    name: Both
    fine_kzt: Annotated[int, Field(gt=0)] | None


class Money(_Part):
    """The account after the resolution, tenge."""

    paid: Tenge
    owed: Tenge
    back: Tenge


class ResolutionTerms(_Part):
    """Days that run after it is handed over.

    Attributes:
        half_price_working_days, full_days: of a changed fine, which begin anew.
        court_days: to take it to court.
        told: the day it was told, None where its delivery will show that.
    """

    half_price_working_days: int
    full_days: int
    court_days: int
    told: date | None


class ResolutionRecord(Paper):
    """What the body that issued a decision answers to a complaint against it.

    Attributes:
        decision_no, decided_on, decision_sha256: the decision it is about.
        appellant, complaint: who complains, and in which words.
        filed_on: the day the complaint was filed; `restored`: why its missed term was restored.
        reason: why, from a list; `grounds`: in the officer's words.
        before: the penalty that was imposed; `after`: the one that holds now, None where none does.
    """

    decision_no: Text
    decided_on: date
    decision_sha256: Sha256
    occurred: AwareDatetime
    place: Both
    appellant: Text
    complaint: Long
    filed_on: date
    restored: Both | None
    outcome: Outcome
    reason: Both
    grounds: Long
    before: Penalty
    after: Penalty | None
    money: Money
    terms: ResolutionTerms

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if (self.after is None) != (self.outcome == "cancelled"):
            raise ValueError("a cancelled decision leaves no penalty, and every other one does")
        if self.outcome == "upheld" and self.after != self.before:
            raise ValueError("a decision that is left unchanged keeps its penalty")
        lighter = self.after is not None and (self.after.fine_kzt or 0) < (self.before.fine_kzt or 0)
        if self.outcome == "changed" and not lighter:
            raise ValueError("a complaint never makes a penalty dearer")
        if self.outcome == "cancelled" and self.money.owed:
            raise ValueError("nothing is owed of a cancelled decision")
        if self.filed_on < self.decided_on or self.local(self.issued).date() < self.filed_on:
            raise ValueError("a complaint is filed after its decision and before its answer")
        return self
