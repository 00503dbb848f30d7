"""Checking the ledger's proof of an export: the chain of one record, and the signed roots that hold it.

Payloads of the chain are withheld, only their commitments are there: the proof tells no name and no plate. Uses the
standard library only: it goes into every export beside `verify.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from evidence.chain import GENESIS, link, root_message, root_of
from evidence.head import Head, read_head

Fits = Callable[[str, str, bytes], str | None]
Said = tuple[str, tuple[tuple[str, str | int], ...]]


def ledger_faults(
    proof: Mapping[str, Any], fits: Fits, manifests: set[str], documents: set[str]
) -> tuple[list[Said], list[Said]]:
    """What is wrong with a proof, and what is worth knowing.

    Args:
        proof: the table of ``ledger/proof.json``.
        fits: says why a signature is not one of a trusted key.
        manifests: SHA-256 of the manifests in the export.
        documents: SHA-256 of the decisions in the export.
    """
    try:
        return _judged(proof, fits, manifests, documents)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        return [("unparsable", (("fault", "proof.json"),))], []


def _judged(
    proof: Mapping[str, Any], fits: Fits, manifests: set[str], documents: set[str]
) -> tuple[list[Said], list[Said]]:
    record = str(proof["record"])
    links: Sequence[Mapping[str, Any]] = proof["links"]
    faults = _chain(record, links)
    hashes = {int(one["seq"]): str(one["hash"]) for one in links}
    covered = 0
    heads = [_head(text, fits, faults) for text in proof["heads"]]
    notes: list[Said] = []
    for root in proof["roots"]:
        covered = max(covered, _root(root, record, hashes, fits, faults))
    if covered < len(links):
        notes.append(("proof_uncovered", (("record", record), ("seq", covered))))
    if not any(head is not None and head.holds(str(root["root"])) for head in heads for root in proof["roots"]):
        notes.append(("proof_unpublished", ()))
    data = [one["header"].get("data") or {} for one in links]
    named = {str(one["package_sha256"]) for one in data if one.get("package_sha256")}
    faults += [("proof_package", (("record", record),)) for digest in sorted(manifests) if digest not in named]
    signed = {str(one["document_sha256"]) for one in data if one.get("document_sha256")}
    faults += [("proof_document", (("record", record),)) for digest in sorted(documents) if digest not in signed]
    return faults, notes


def _chain(record: str, links: Sequence[Mapping[str, Any]]) -> list[Said]:
    prev = GENESIS
    for seq, one in enumerate(links, start=1):
        if one["record"] != record or one["seq"] != seq:
            return [("chain_gap", (("record", record), ("seq", seq)))]
        if one["prev"] != prev:
            return [("chain_broken", (("record", record), ("seq", seq)))]
        header = {"record": record, "seq": seq, "header": one["header"]}
        if link(prev, header, one["commitment"]) != one["hash"]:
            return [("chain_altered", (("record", record), ("seq", seq)))]
        prev = one["hash"]
    return []


def _root(root: Mapping[str, Any], record: str, hashes: Mapping[int, str], fits: Fits, faults: list[Said]) -> int:
    """Up to which event a signed root holds the chain; 0 for none."""
    heads = {str(name): (int(seq), str(digest)) for name, (seq, digest) in root["heads"].items()}
    message = root_message(root["root"], heads, root["prev"], root["time"], root["key"])
    if fits(root["key"], root["signature"], message) is not None or root_of(heads) != root["root"]:
        faults.append(("ledger_root", ()))
        return 0
    seq, digest = heads.get(record, (0, ""))
    if seq and hashes.get(seq) != digest:
        faults.append(("ledger_cut", (("record", record), ("seq", seq))))
        return 0
    return seq


def _head(text: str, fits: Fits, faults: list[Said]) -> Head | None:
    head = read_head(text.encode())
    if fits(head.key, head.signature, head.message()) is not None:
        faults.append(("head_altered", (("day", head.day),)))
        return None
    return head
