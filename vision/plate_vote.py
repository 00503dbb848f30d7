"""One reading of a plate from many: the frames of a track vote.

Every frame's reading is taken as a distribution over texts: its best text with the reader's calibrated score, its
other candidates in what is left. Texts are judged by the weighted mean of their log-probabilities over the frames,
counted as fewer frames than there are, since the errors of neighbouring frames are alike. Readings that differ in
more than a few signs are of different plates (a track that went over to another vehicle) and vote apart.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

ALIKE: Final = 2
"""Readings whose texts differ by at most so many signs (inserted, dropped or exchanged) may be of one plate."""
UNLIKELY: Final = 1e-6
"""Probability below which nothing is held, so that one frame cannot veto a text."""
RIVALS: Final = 5.0
"""Signs, and texts, that share what a confidence leaves over; look-alikes are few."""
TOGETHER: Final = 0.35
"""Frames of one track count as their number to this power: nearer to one witness than to independent ones, since what
makes a small plate hard to read in one frame makes it hard in the next."""
DOUBTFUL: Final = 0.9
"""Confidence below which a position of the voted text is marked uncertain."""
FINEST: Final = 1e-4
"""Confidences are kept this far from 0 and 1, where the logit ends."""


class Read(Protocol):
    """One frame's reading, as `vision.plate_reader.Reading`."""

    @property
    def text(self) -> str:
        """Best text, A to Z and 0 to 9."""

    @property
    def score(self) -> float:
        """How probable it is that every sign of `text` is right."""

    @property
    def confidence(self) -> Sequence[float]:
        """The same for each sign."""

    @property
    def candidates(self) -> Sequence[tuple[str, float]]:
        """Texts with their log-probabilities, best first."""


@dataclass(frozen=True, slots=True)
class Vote:
    """What came of a track's readings.

    Attributes:
        text: the plate.
        score: 0 to 1, how far to trust that every sign is right.
        uncertain: positions of doubtful signs.
        frames: readings that speak of this plate.
    """

    text: str
    score: float
    uncertain: tuple[int, ...]
    frames: int


def vote(readings: Sequence[tuple[Read, float]]) -> Vote | None:
    """The plate that readings with positive weights speak of, None where there is no text at all.

    The order of the readings plays no part.
    """
    heard = sorted(
        ((read, weight) for read, weight in readings if read.text and weight > 0),
        key=lambda one: (one[0].text, -one[0].score, one[1], tuple(one[0].confidence)),
    )
    if not heard:
        return None
    groups = _plates(heard)
    voices = [sum(weight * read.score for read, weight in group) for group in groups]
    best = max(range(len(groups)), key=lambda number: (voices[number], groups[number][0][0].text))
    group = groups[best]
    text, probability = _elect(group)
    share = voices[best] / max(sum(voices), UNLIKELY)
    sure = _sign_by_sign(text, group)
    uncertain = tuple(i for i, value in enumerate(sure) if value < DOUBTFUL)
    # No text is surer than its most doubtful sign.
    return Vote(text, min(probability * share, *sure), uncertain, len(group))


def _plates(heard: Sequence[tuple[Read, float]]) -> list[list[tuple[Read, float]]]:
    """Readings put together that are alike, directly or through others."""
    groups: list[list[tuple[Read, float]]] = []
    for one in heard:
        mine = [group for group in groups if any(alike(one[0].text, read.text) for read, _ in group)]
        merged = [one, *(member for group in mine for member in group)]
        groups = [group for group in groups if all(group is not other for other in mine)] + [merged]
    return groups


def alike(one: str, other: str) -> bool:
    """Whether two texts may be readings of one plate."""
    return abs(len(one) - len(other)) <= ALIKE and distance(one, other) <= min(ALIKE, max(len(one), len(other)) // 3)


def distance(one: str, other: str) -> int:
    """Signs to insert, drop or exchange to turn one text into the other (Levenshtein)."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        before, row[0] = row[0], i
        for j, b in enumerate(other, start=1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


def _elect(group: Sequence[tuple[Read, float]]) -> tuple[str, float]:
    """The text most probable over all readings of one plate, and its probability."""
    texts = {text for read, _ in group for text in (read.text, *(text for text, _ in read.candidates)) if text}
    texts.add(_composed(group))
    total = sum(weight for _, weight in group)
    count = _witnesses(group)
    shares = [_shares(read) for read, _ in group]

    def judged(probabilities: Sequence[float]) -> float:
        logs = (w * math.log(max(p, UNLIKELY)) for p, (_, w) in zip(probabilities, group, strict=True))
        return count * sum(logs) / total

    reads = [read for read, _ in group]
    level = {
        text: judged([_probability(text, read, share) for read, share in zip(reads, shares, strict=True)])
        for text in sorted(texts)
    }
    # Something that no candidate names: several texts, of which each frame means one.
    level[""] = judged([share[""] / RIVALS for share in shares]) + math.log(RIVALS)
    best = max((text for text in level if text), key=lambda text: (level[text], text))
    top = max(level.values())
    return best, math.exp(level[best] - top) / sum(math.exp(value - top) for value in level.values())


def _witnesses(group: Sequence[tuple[Read, float]]) -> float:
    """As how many independent readings a track's readings count; a single one as itself."""
    weights = [weight for _, weight in group]
    return math.pow(max(sum(weights) / max(weights), 1.0), TOGETHER)


def _shares(read: Read) -> dict[str, float]:
    """A reading as probabilities of its candidates; what is left goes to the empty text.

    The best text has the calibrated score; the others keep their relation to each other in what that leaves.
    """
    raw = {text: min(math.exp(value), 1.0) for text, value in read.candidates if text and text != read.text}
    score = min(max(read.score, FINEST), 1 - FINEST)
    of_best = next((min(math.exp(value), 1.0) for text, value in read.candidates if text == read.text), score)
    scale = (1 - score) / max(1 - of_best, sum(raw.values()), FINEST)
    shares = {text: value * scale for text, value in raw.items()} | {read.text: score}
    return shares | {"": max(1 - sum(shares.values()), UNLIKELY)}


def _probability(text: str, read: Read, shares: dict[str, float]) -> float:
    """How probable a text is by one reading; judged sign by sign where the reading does not name it."""
    if text in shares:
        return shares[text]
    if len(text) != len(read.text) or len(read.confidence) != len(read.text):
        return UNLIKELY
    value = shares[read.text]
    for mine, theirs, sure in zip(text, read.text, read.confidence, strict=True):
        if mine != theirs:
            kept = min(max(sure, FINEST), 1 - FINEST)
            value *= (1 - kept) / kept / RIVALS
    return min(value, shares[""])


def _composed(group: Sequence[tuple[Read, float]]) -> str:
    """The text put together from each position's most trusted sign, over readings of the most trusted length."""
    lengths: defaultdict[int, float] = defaultdict(float)
    for read, weight in group:
        lengths[len(read.text)] += weight * read.score
    length = max(lengths, key=lambda size: (lengths[size], size))
    signs: list[defaultdict[str, float]] = [defaultdict(float) for _ in range(length)]
    for read, weight in group:
        if len(read.text) == length == len(read.confidence):
            for place, sign, sure in zip(signs, read.text, read.confidence, strict=True):
                place[sign] += weight * _logit(sure, least=0.0)
    if not all(signs):
        return group[0][0].text
    return "".join(max(place, key=lambda sign: (place[sign], sign)) for place in signs)


def _sign_by_sign(text: str, group: Sequence[tuple[Read, float]]) -> list[float]:
    """Confidence of each sign of the elected text over the readings of its length."""
    same = [(read, weight) for read, weight in group if len(read.text) == len(text) == len(read.confidence)]
    if not same:
        return [0.0] * len(text)
    total = sum(weight for _, weight in same)
    count = _witnesses(same)
    out = []
    for i, sign in enumerate(text):
        level = sum(
            weight * (_logit(read.confidence[i]) if read.text[i] == sign else -_logit(read.confidence[i], least=0.0))
            for read, weight in same
        )
        out.append(1 / (1 + math.exp(-count * level / total)))
    return out


def _logit(p: float, least: float = -math.inf) -> float:
    p = min(max(p, FINEST), 1 - FINEST)
    return max(math.log(p / (1 - p)), least)
