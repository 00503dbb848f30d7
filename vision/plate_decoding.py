"""From the reader's columns to a text: candidates by beam search and by grammar, judged by exact CTC probability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from vision.plate_grammar import MOST, SIGNS, allowed_at, classify, tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

BEAM: Final = 12
"""Texts kept in the beam."""

PER_COLUMN: Final = 4
"""Signs tried at each column."""

CERTAIN: Final = -1e-3
"""A column whose blank is at least this sure (logarithm) can hold no sign."""

SHAPED: Final = 6
"""Hypotheses of the beam that the grammar's shapes are laid over."""

KEPT: Final = 8
"""Candidates of a reading handed on, for voting over a track."""

TWINS: Final = (("0", "O", 0.3), ("1", "I", 0.6))
"""Signs that many countries stamp with one shape, and how much of what a picture says about the one or the other is
believed: position decides before shape does."""

NEVER: Final = -60.0
"""Logarithm of a probability that counts as nothing."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a plate may say, likeliest first.

    Attributes:
        texts: candidates, none empty.
        scores: of each, the logarithm of its share among all candidates, picture and grammar together.
        likelihoods: of each, the logarithm of its CTC probability in the picture alone, mean over the looks.
    """

    texts: tuple[str, ...]
    scores: tuple[float, ...]
    likelihoods: tuple[float, ...]


def log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """Logarithms of probabilities over the last axis."""
    shifted = logits.astype(np.float64) - logits.max(-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(-1, keepdims=True)))


def softened(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Columns with the evidence between TWINS made weaker; what speaks for either of a pair stays the same in sum.

    Args:
        columns: float64 [steps, 1 + signs], logarithms, blank first.
    """
    out = columns.copy()
    for one, other, believed in TWINS:
        i, j = SIGNS.index(one) + 1, SIGNS.index(other) + 1
        both = np.logaddexp(columns[:, i], columns[:, j])
        lead = believed * (columns[:, i] - columns[:, j])
        out[:, i] = both - np.logaddexp(0, -lead)
        out[:, j] = both - np.logaddexp(0, lead)
    return out


def beam(columns: NDArray[np.float64], width: int = BEAM) -> list[str]:
    """Texts that the columns most probably say, likeliest first, by prefix search.

    Args:
        columns: float64 [steps, 1 + signs], logarithms, blank first.
        width: texts kept.
    """
    beams: dict[tuple[int, ...], tuple[float, float]] = {(): (0.0, NEVER * 10)}
    add = np.logaddexp
    for column in columns:
        blank = float(column[0])
        if blank > CERTAIN:
            beams = {prefix: (float(add(*both)) + blank, NEVER * 10) for prefix, both in beams.items()}
            continue
        signs = [int(k) + 1 for k in np.argpartition(-column[1:], PER_COLUMN)[:PER_COLUMN] if column[k + 1] > -9.0]
        grown: dict[tuple[int, ...], tuple[float, float]] = {}
        for prefix, (ended, open_) in beams.items():
            total = float(add(ended, open_))
            last = prefix[-1] if prefix else 0
            before = grown.get(prefix, (NEVER * 10, NEVER * 10))
            stay = open_ + float(column[last]) if last else NEVER * 10
            grown[prefix] = (float(add(before[0], total + blank)), float(add(before[1], stay)))
            for sign in signs:
                base = ended if sign == last else total
                longer = (*prefix, sign)
                was = grown.get(longer, (NEVER * 10, NEVER * 10))
                grown[longer] = (was[0], float(add(was[1], base + float(column[sign]))))
        best = sorted(grown.items(), key=lambda item: -max(item[1]))[:width]
        beams = dict(best)
    ranked = sorted(beams, key=lambda prefix: -float(add(*beams[prefix])))
    return ["".join(SIGNS[k - 1] for k in prefix) for prefix in ranked]


def likelihoods(columns: NDArray[np.float64], texts: Sequence[str]) -> NDArray[np.float64]:
    """Logarithm of the CTC probability of each text.

    Args:
        columns: float64 [steps, 1 + signs], logarithms, blank first.
        texts: any texts of SIGNS.

    Returns:
        float64 [n], NEVER where a text cannot be said in so few columns.
    """
    if not texts:
        return np.zeros(0)
    longest = max(len(text) for text in texts)
    labels = np.zeros((len(texts), 2 * longest + 1), np.int64)
    for i, text in enumerate(texts):
        labels[i, 1 : 2 * len(text) : 2] = [SIGNS.index(sign) + 1 for sign in text]
    lengths = np.array([len(text) for text in texts])
    skip = np.zeros(labels.shape, np.bool_)
    skip[:, 3:] = (labels[:, 3:] > 0) & (labels[:, 3:] != labels[:, 1:-2])
    nothing = NEVER * 10
    alpha = np.full(labels.shape, nothing)
    alpha[:, 0] = columns[0, 0]
    if longest:
        alpha[:, 1] = columns[0][labels[:, 1]]
    for column in columns[1:]:
        one = np.full_like(alpha, nothing)
        one[:, 1:] = alpha[:, :-1]
        two = np.full_like(alpha, nothing)
        two[:, 2:] = alpha[:, :-2]
        two[~skip] = nothing
        alpha = np.logaddexp(np.logaddexp(alpha, one), two) + column[labels]
    rows = np.arange(len(texts))
    last = alpha[rows, 2 * lengths]
    before = np.where(lengths > 0, alpha[rows, np.maximum(2 * lengths - 1, 0)], nothing)
    return np.asarray(np.maximum(np.logaddexp(last, before), NEVER))


def positions(columns: NDArray[np.float64], text: str) -> NDArray[np.float64]:
    """How well each sign would stand at each position of a text, by the best alignment of that text.

    Args:
        columns: float64 [steps, 1 + signs], logarithms, blank first.
        text: a text the columns may say.

    Returns:
        float64 [len(text), signs]: the best logarithm among the columns of that position.
    """
    labels = [0]
    for sign in text:
        labels += [SIGNS.index(sign) + 1, 0]
    states = np.array(labels)
    skip = np.zeros(len(states), np.bool_)
    skip[3:] = (states[3:] > 0) & (states[3:] != states[1:-2])
    score = np.full(len(states), NEVER * 10)
    score[:2] = columns[0][states[:2]]
    came = np.zeros((len(columns), len(states)), np.int64)
    for step, column in enumerate(columns[1:], 1):
        one = np.concatenate([[NEVER * 10], score[:-1]])
        two = np.where(skip, np.concatenate([[NEVER * 10] * 2, score[:-2]])[: len(score)], NEVER * 10)
        ways = np.stack([score, one, two])
        came[step] = ways.argmax(0)
        score = ways.max(0) + column[states]
    state = len(states) - 1 if len(states) == 1 or score[-1] >= score[-2] else len(states) - 2
    out = np.full((len(text), len(SIGNS)), NEVER)
    for step in range(len(columns) - 1, -1, -1):
        if state % 2:
            out[state // 2] = np.maximum(out[state // 2], columns[step, 1:])
        state -= int(came[step, state])
    return out


def shaped(marks: NDArray[np.float64], most: int = SHAPED) -> list[str]:
    """The best texts that fit the grammar's shapes of one length.

    Args:
        marks: float64 [length, signs], as from ``positions``.
        most: how many shapes are kept.
    """
    length = len(marks)
    if not 0 < length <= MOST:
        return []
    allowed, lengths, weights = tables()
    fitting = np.flatnonzero(lengths == length)
    if not len(fitting):
        return []
    values = np.where(allowed[fitting, :length], marks, NEVER * 10)
    totals = values.max(2).sum(1) + weights[fitting]
    best = values.argmax(2)
    order = np.argsort(-totals)[:most]
    return list(dict.fromkeys("".join(SIGNS[k] for k in best[i]) for i in order))


def neighbours(marks: NDArray[np.float64], text: str) -> list[str]:
    """Texts that differ from one in a single sign that could also stand there."""
    out = []
    for i, sign in enumerate(text):
        for k in np.argsort(-marks[i])[:3]:
            other = SIGNS[int(k)]
            if other != sign and marks[i, k] > -12.0:
                out.append(text[:i] + other + text[i + 1 :])
        inside = [s for s in allowed_at(text, i) if s != sign]
        if inside:
            best = max(inside, key=lambda s: float(marks[i, SIGNS.index(s)]))
            out.append(text[:i] + best + text[i + 1 :])
    return out


def decode(looks: Sequence[NDArray[np.float64]], trust: float = 1.0) -> Decoded:
    """The candidates of one plate from one or several looks at it.

    Args:
        looks: float64 [steps, 1 + signs] each, logarithms, blank first.
        trust: weight of the picture against the grammar.
    """
    looks = [softened(columns) for columns in looks]
    found: dict[str, None] = {}
    for columns in looks:
        free = [text for text in beam(columns) if text]
        found.update(dict.fromkeys(free))
        for text in free[:2]:
            found.update(dict.fromkeys(shaped(positions(columns, text))))
    if not found:
        return Decoded((), (), ())
    texts = list(found)
    values = _mean(looks, texts)
    leader = max(range(len(texts)), key=lambda i: trust * values[i] + classify(texts[i])[1])
    more = [text for text in neighbours(positions(looks[0], texts[leader]), texts[leader]) if text not in found]
    more = list(dict.fromkeys(more))
    values = np.concatenate([values, _mean(looks, more)])
    texts += more
    scores = trust * values + np.array([classify(text)[1] for text in texts])
    scores = scores - np.logaddexp.reduce(scores)
    order = np.argsort(-scores)[:KEPT]
    return Decoded(
        tuple(texts[i] for i in order), tuple(float(scores[i]) for i in order), tuple(float(values[i]) for i in order)
    )


def sign_confidence(decoded: Decoded) -> tuple[float, ...]:
    """How surely each sign of the first candidate stands where it stands: the share of candidates that agree."""
    if not decoded.texts:
        return ()
    best = decoded.texts[0]
    shares = np.exp(np.array(decoded.scores))
    shares = shares / shares.sum()
    out = []
    for i, sign in enumerate(best):
        agreeing = [
            share
            for text, share in zip(decoded.texts, shares, strict=True)
            if len(text) == len(best) and text[i] == sign
        ]
        out.append(float(min(1.0, sum(agreeing))))
    return tuple(out)


def _mean(looks: Sequence[NDArray[np.float64]], texts: Sequence[str]) -> NDArray[np.float64]:
    if not texts:
        return np.zeros(0)
    return np.asarray(np.mean([likelihoods(columns, texts) for columns in looks], axis=0))
