"""Checking a ledger export: chains, tombstones and signed roots (the two shapes of line stand in `evidence.chain`).

Every line must be canonical JSON, so that no byte can change unseen. The last line is a signed root that covers exactly
the chains of the export: neither a tail nor a whole chain can be cut off. Earlier roots are the hourly ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from evidence.canonical import canonical_json, strict_json
from evidence.chain import GENESIS, Link, check, root_message, root_of
from evidence.keys import Signer, Trust
from evidence.manifest import Sha256

Key = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class LedgerFault(NamedTuple):
    """What is wrong, and in which line (from 1)."""

    line: int
    code: str
    values: dict[str, str | int]


class LinkLine(BaseModel):
    """One event of one chain in an export."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    record: Key
    seq: Annotated[int, Field(ge=1)]
    prev: Sha256
    header: dict[str, JsonValue]
    commitment: Sha256
    hash: Sha256
    salt: Sha256 | None = None
    payload: dict[str, JsonValue] | None = None
    erased: Annotated[int, Field(ge=1)] | None = None

    def to_link(self) -> Link:
        """The link this line holds."""
        return Link(**{name: getattr(self, name) for name in type(self).model_fields})


class RootLine(BaseModel):
    """A signed root over the heads of chains; `prev` is the root signed before, `time` UTC in ISO 8601."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    root: Sha256
    heads: dict[Key, tuple[Annotated[int, Field(ge=1)], Sha256]]
    prev: Sha256
    time: str
    key: Sha256
    signature: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{128}$")]


def link_line(link: Link) -> bytes:
    """A link as a line of an export, without its newline."""
    names = LinkLine.model_fields
    return canonical_json({name: value for name in names if (value := getattr(link, name)) is not None})


def sign_root(heads: Mapping[str, tuple[int, str]], prev: str, time: str, signer: Signer) -> RootLine:
    """Sign the root over some heads (record -> seq and hash) at a moment."""
    root = root_of(heads)
    message = root_message(root, heads, prev, time, signer.key_id)
    return RootLine(
        root=root, heads=dict(heads), prev=prev, time=time, key=signer.key_id, signature=signer.sign(message).hex()
    )


def root_line(root: RootLine) -> bytes:
    """A signed root as a line of an export, without its newline."""
    return canonical_json(root.model_dump(mode="json"))


def export(chains: Iterable[Iterable[Link]], roots: Iterable[RootLine], time: str, signer: Signer) -> bytes:
    """A whole export: chains, the roots signed so far, and a last root over exactly these chains."""
    lines: list[bytes] = []
    heads: dict[str, tuple[int, str]] = {}
    for chain in chains:
        for link in chain:
            lines.append(link_line(link))
            heads[link.record] = (link.seq, link.hash)
    prev = GENESIS
    for root in roots:
        lines.append(root_line(root))
        prev = root.root
    lines.append(root_line(sign_root(heads, prev, time, signer)))
    return b"\n".join(lines) + b"\n"


def check_ledger(data: bytes, trust: Trust) -> tuple[list[LedgerFault], int]:
    """Faults of an export, and how many chains it holds.

    Args:
        data: bytes of the export.
        trust: keys that may sign roots.
    """
    faults: list[LedgerFault] = []
    links: list[tuple[int, Link]] = []
    roots: list[tuple[int, RootLine]] = []
    for number, line in enumerate(data.removesuffix(b"\n").split(b"\n"), start=1):
        try:
            item = read_line(line)
        except (ValueError, TypeError, RecursionError):
            faults.append(LedgerFault(number, "ledger_line", {"line": number}))
            continue
        if isinstance(item, RootLine):
            roots.append((number, item))
        else:
            links.append((number, item.to_link()))
    chains = _by_record(links)
    faults += _chain_faults(chains)
    faults += _root_faults(roots, chains, trust)
    if not data.endswith(b"\n") or not roots or roots[-1][0] != data.count(b"\n"):
        faults.append(LedgerFault(data.count(b"\n"), "ledger_open", {}))
    return sorted(faults, key=lambda fault: fault.line), len(chains)


def read_line(line: bytes) -> LinkLine | RootLine:
    """One line, written in the one canonical way.

    Raises:
        ValueError: it is not (`pydantic.ValidationError` is one).
    """
    raw = strict_json(line)
    if canonical_json(raw) != line:
        raise ValueError("not canonical")
    return RootLine.model_validate(raw) if isinstance(raw, dict) and "root" in raw else LinkLine.model_validate(raw)


def _by_record(links: list[tuple[int, Link]]) -> dict[str, list[tuple[int, Link]]]:
    chains: dict[str, list[tuple[int, Link]]] = {}
    for number, item in links:
        chains.setdefault(item.record, []).append((number, item))
    return chains


def _chain_faults(chains: dict[str, list[tuple[int, Link]]]) -> list[LedgerFault]:
    erasures = _erasures(item for chain in chains.values() for _, item in chain)
    faults = []
    for chain in chains.values():
        fault = check([item for _, item in chain], erasures)
        if fault is not None:
            line = chain[min(fault.seq, len(chain)) - 1][0]
            values = {"record": fault.record, "seq": fault.seq, **dict(fault.values)}
            faults.append(LedgerFault(line, fault.code, values))
    return faults


def _erasures(links: Iterable[Link]) -> dict[int, set[tuple[str, int]]]:
    """What each tombstone erases; a malformed one erases nothing."""
    erasures: dict[int, set[tuple[str, int]]] = {}
    for item in links:
        match item.header:
            case {"kind": "tombstone", "number": int(number), "erases": list(targets)}:
                erasures.setdefault(number, set()).update(_pairs(targets))
            case _:
                continue
    return erasures


def _pairs(targets: list[Any]) -> Iterable[tuple[str, int]]:
    for target in targets:
        match target:
            case [str(record), int(seq)]:
                yield record, seq
            case _:
                continue


def _root_faults(
    roots: list[tuple[int, RootLine]], chains: dict[str, list[tuple[int, Link]]], trust: Trust
) -> list[LedgerFault]:
    faults = []
    for place, (line, root) in enumerate(roots):
        if root.key not in trust.keys:
            faults.append(LedgerFault(line, "unknown_key", {"key": root.key[:16]}))
            continue
        message = root_message(root.root, root.heads, root.prev, root.time, root.key)
        if not trust.accepts(root.key, bytes.fromhex(root.signature), message) or root.root != root_of(root.heads):
            faults.append(LedgerFault(line, "ledger_root", {}))
            continue
        if place > 0 and root.prev != roots[place - 1][1].root:
            faults.append(LedgerFault(line, "ledger_root_gap", {}))
        last = place == len(roots) - 1
        faults += _cover_faults(line, root, chains, whole=last)
    return faults


def _cover_faults(
    line: int, root: RootLine, chains: dict[str, list[tuple[int, Link]]], *, whole: bool
) -> list[LedgerFault]:
    """Whether the chains hold every head a root signed; the last root must name their very ends, and all of them."""
    faults = []
    for record, (seq, digest) in root.heads.items():
        chain = chains.get(record, [])
        if len(chain) < seq or chain[seq - 1][1].hash != digest or (whole and len(chain) != seq):
            faults.append(LedgerFault(line, "ledger_cut", {"record": record, "seq": seq}))
    if whole:
        extra = sorted(set(chains) - set(root.heads))
        faults += [LedgerFault(chains[record][0][0], "ledger_unsigned", {"record": record}) for record in extra]
    return faults
