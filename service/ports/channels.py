"""The port to a channel that takes letters to people: what it is given, what it answers, how it fails.

Contract: `send` hands over one letter and returns when the channel has taken responsibility for it. A letter may be
handed over again under the same `key` after a crash or a lost answer; the channel counts it once. A `ChannelDown` is
tried again later, a `Refused` never. `receipts` gives what became of letters since; a receipt is given until `seen`
confirms it. Times are the channel's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

from pydantic import AwareDatetime, BaseModel, ConfigDict

from qyran.errors import QyranError

ReceiptKind = Literal["accepted", "delivered", "undeliverable"]
MOST_CODE: Final = 64


class ChannelDown(OSError):
    """The channel could not take the letter now; it is tried again.

    Attributes:
        code: what failed, a short word free of personal data.
    """

    def __init__(self, code: str) -> None:
        super().__init__(f"The channel did not take the message: {code}.")
        self.code = code[:MOST_CODE]


class PerhapsSent(OSError):
    """The connection broke while the letter's content left: nobody knows whether the channel took it."""


class Refused(QyranError):
    """The channel will never take this letter: an unknown number, a rejected address.

    Attributes:
        code: why, a short word free of personal data.
    """

    def __init__(self, code: str) -> None:
        super().__init__(f"The channel refused the message: {code}.")
        self.code = code[:MOST_CODE]


def _nothing() -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter: `to` is the address in the channel's own form.

    Attributes:
        key: the same at every attempt.
        to: a number, an e-mail address or a postal address.
        subject: of an e-mail.
        text: what stands in it, Kazakh first, then Russian.
        document_no: number of the decision.
        document: the signed PDF; channels that carry no file leave it out.
        leaving: called by a channel that cannot count a repetition once, at the last moment at which the letter has
            surely not left.
    """

    key: str
    to: str = field(repr=False)
    subject: str
    text: str = field(repr=False)
    document_no: str
    document: bytes = field(repr=False)
    leaving: Callable[[], None] = field(default=_nothing, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Handed:
    """The channel took the letter; `external_id` is what it calls it."""

    external_id: str | None = None


class Receipt(BaseModel):
    """What became of a letter: `key` names the letter, `receipt` this answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    receipt: str
    key: str
    kind: ReceiptKind
    time: AwareDatetime
    reason: str | None = None


class Channel(Protocol):
    """A channel."""

    @property
    def name(self) -> str:
        """As the delivery file calls it."""

    def send(self, letter: Letter) -> Handed:
        """Hand a letter over.

        Raises:
            ChannelDown: not now.
            Refused: never.
        """

    def receipts(self) -> Iterator[Receipt]:
        """What became of letters and was not yet seen.

        Raises:
            ChannelDown: the channel does not answer.
        """

    def seen(self, receipt: Receipt) -> None:
        """A receipt was stored, or is of no letter of ours."""
