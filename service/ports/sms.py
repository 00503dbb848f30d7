"""The SMS gateway over HTTP, as its contract in docs/delivery.md says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from service.ports.channels import ChannelDown, Handed, Letter, Receipt
from service.ports.http import Peer, told


@dataclass(frozen=True, slots=True)
class SmsGateway:
    """``POST /messages`` takes one, ``GET /receipts`` tells what became of them, ``POST /receipts/seen`` ends that."""

    peer: Peer
    name: str = "sms"

    def send(self, letter: Letter) -> Handed:
        """Hand a text over; the key makes a repetition harmless."""
        body = {"key": letter.key, "to": letter.to, "text": letter.text}
        answer = told(self.peer.ask("POST", "/messages", body, key=letter.key))
        return Handed(str(answer["id"]) if isinstance(answer, dict) and answer.get("id") else None)

    def receipts(self) -> Iterator[Receipt]:
        """What became of messages."""
        yield from receipts_of(self.peer)

    def seen(self, receipt: Receipt) -> None:
        """End a receipt."""
        self.peer.ask("POST", "/receipts/seen", {"receipts": [receipt.receipt]})


def receipts_of(peer: Peer) -> Iterator[Receipt]:
    """The receipts a system gives under ``GET /receipts``; what cannot be read stays there and blocks nobody.

    Raises:
        ChannelDown: it does not answer, or not with a list.
    """
    given = told(peer.ask("GET", "/receipts"))
    if not isinstance(given, dict) or not isinstance(given.get("receipts"), list):
        raise ChannelDown("no_receipts")
    for one in given["receipts"]:
        try:
            yield Receipt.model_validate(one)
        except ValidationError:
            continue
