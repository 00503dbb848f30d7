"""What evidence needs by itself: tokens asked for, masked copies made, the ledger's head carried out."""

from __future__ import annotations

from dataclasses import dataclass

from service.evidence_copies import make_copies
from service.evidence_heads import publish_heads
from service.evidence_stamps import ask_stamps
from service.store.database import Store


@dataclass(frozen=True, slots=True)
class Tended:
    """What a round did: packages stamped, copies masked, heads that arrived somewhere."""

    stamped: int = 0
    masked: int = 0
    published: int = 0


def tend_evidence(store: Store) -> Tended:
    """One round; it waits for others' servers and for detectors, so it has a thread of its own.

    Raises:
        ConfigError: the evidence file or a model cannot be used.
    """
    return Tended(ask_stamps(store).stamped, make_copies(store), publish_heads(store).published)
