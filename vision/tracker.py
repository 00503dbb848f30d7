"""Following objects from frame to frame, driven by seconds so that any rate and uneven steps will do.

Detections are associated in two stages (strong ones with every track, then weak ones with the tracks left over, after
Zhang et al., ByteTrack, ECCV 2022), on overlap and on nearness in units of the filter's own uncertainty. A track gets
its identity when enough strong detections support it; it then remembers its early places (`Tracker.trails`), even those
where the detector only whispered, so what it did before is not lost. Unseen tracks coast on their predicted path; one
that stood still keeps its place (`vision.rest`). Where the detections tell what colours they wear, those count too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from vision.appearance import LENGTH
from vision.association import KINSHIP, affinity, assign
from vision.classes import BICYCLE, MOTORCYCLE, PERSON, ROAD_CLASSES
from vision.doubles import one_each
from vision.geometry import cover, cut, foot, iou
from vision.kalman import Motion, size, to_box
from vision.rest import coming_to_light, has_left, only_part, places_of_rest
from vision.riders import join_riders
from vision.trail import Trails, feet_hidden
from vision.types import Tracks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.types import Detections


@dataclass(frozen=True, slots=True)
class TrackerSettings:
    """How patient and how strict the tracker is.

    Attributes:
        strong_score: calibrated score from which a detection helps to confirm a track.
        weak_score: calibrated score from which a detection may begin a track or keep it alive.
        least_affinity, least_weak_affinity: what a pair must reach to be matched in the first and second stage.
        confirm_hits: strong detections that give a track its identity.
        confirm_sum: sum of scores that does the same with a single strong detection: something seen dimly for long.
        confirm_s: age a track needs at least for its identity, seconds.
        sure_hits, sure_score: detections that give a track its identity at once if their scores are this high on
            average.
        tentative_s: seconds without a detection after which an unconfirmed track ends.
        coast_s: the same for a confirmed track that moves; no track coasts longer than it was followed before, unless
            that is less than `tentative_s`.
        coast_parked_s: the same for one that stands, which passing vehicles hide for longer.
        coast_border_s: the same for one that moves and was cut by the picture's border when it was last seen.
        coast_hidden_s: the same for one whose place another track of its kind has taken.
        coast_rest_s: the same for one that stood still (`vision.rest`).
        doubt_score: mean score below which a person or a two-wheeler that stands still is not said to be seen: a signal
            head, a trunk, a sign. It goes on being followed, and shows itself when it moves.
        parked_speed: speed below which an object stands, box sizes a second.
        turned_cos: cosine between the motion before a track was lost and after it was found again below which it is
            another object that came the other way: the track ends and a new one goes on with what was seen since.
        turned_s: shortest and longest time after finding it again at which this is judged, seconds.
        turned_speed: speeds that the motions before and after must have for that, box sizes a second.
        same_iou: overlap from which a strong detection is no new object but the same as one already followed.
        echo_iou: overlap with a stronger detection of its kind from which a weak one is an echo of that.
        echo_cover: share of a weak detection inside a stronger one of its kind that makes it an echo too.
        echo_score: share of the stronger one's score that an echo does not exceed.
        part_cover: share of an unconfirmed track inside a confirmed one of its kind from which it may be a part of it,
        part_score: if its mean score is below this share of the other's,
        part_speed: and it moves with it, apart by less than this, sizes of the other a second. A part gets no identity.
        tentative_trust: factor on the affinity of unconfirmed tracks, so that they do not rob confirmed ones.
    """

    strong_score: float = 0.5
    weak_score: float = 0.05
    least_affinity: float = 0.06
    least_weak_affinity: float = 0.25
    confirm_hits: int = 3
    confirm_sum: float = 3.0
    confirm_s: float = 0.2
    sure_hits: int = 2
    sure_score: float = 0.7
    tentative_s: float = 0.5
    coast_s: float = 1.5
    coast_parked_s: float = 5.0
    coast_border_s: float = 0.3
    coast_hidden_s: float = 1.5
    coast_rest_s: float = 8.0
    doubt_score: float = 0.5
    parked_speed: float = 0.15
    turned_cos: float = -0.5
    turned_s: tuple[float, float] = (0.3, 0.9)
    turned_speed: tuple[float, float] = (0.5, 1.0)
    same_iou: float = 0.6
    echo_iou: float = 0.4
    echo_cover: float = 0.75
    echo_score: float = 0.67
    part_cover: float = 0.75
    part_score: float = 0.85
    part_speed: float = 0.6
    tentative_trust: float = 0.8


_N_CLASSES: Final = len(ROAD_CLASSES)
_TENTATIVE: Final = -1
_SMALL: Final = (PERSON, BICYCLE, MOTORCYCLE)
LOOK_S: Final = 0.6
"""Time constant with which a track's look follows what is seen, seconds."""
BELIEF_S: Final = 1.2
"""The same for its mean score."""
SLOW: Final = 0.5
"""Speed from which nobody asks whether a track stands still, box sizes a second."""


class Tracker:
    """Follows the road users of one camera.

    Args:
        width, height: of the picture, pixels; a track whose predicted middle leaves it ends.
        settings: patience and strictness.
        first_id: id of the first confirmed track; the next ones count up.
    """

    def __init__(self, width: int, height: int, settings: TrackerSettings | None = None, first_id: int = 1) -> None:
        self.settings = settings or TrackerSettings()
        self._size = width, height
        self._limits = np.array([width, height, width, height], np.float64)
        self._next_id = first_id
        self._time: float | None = None
        self._previous = 0.0
        self._motion = Motion.born(np.zeros((0, 4)))
        self._id = np.zeros(0, np.int64)  # _TENTATIVE until confirmed
        self._votes = np.zeros((0, _N_CLASSES))
        self._hits = np.zeros(0, np.int64)  # strong detections
        self._sightings = np.zeros(0, np.int64)  # all detections
        self._born = np.zeros(0)
        self._last_seen = np.zeros(0)
        self._found = np.full(0, np.nan)  # second at which it was last found again
        self._lost_rate = np.zeros((0, 2))  # velocity of the bottom centre when it was lost then
        self._score = np.zeros(0, np.float32)
        self._box = np.zeros((0, 4), np.float32)
        self._trails = Trails.empty(0)
        self._look = np.zeros((0, LENGTH), np.float32)
        self._belief = np.zeros(0)  # mean score of late
        self._rest = np.zeros((0, 4))  # where it stands, NaN for what moves
        self.fresh: NDArray[np.int64] = np.zeros(0, np.int64)
        """Ids confirmed at the last step, int64 [n]."""

    def step(self, detections: Detections, video_s: float) -> Tracks:
        """Take what was seen at `video_s`, give the confirmed tracks, sorted by id.

        Raises:
            ValueError: time does not go forward.
        """
        if self._time is not None and not video_s > self._time:
            raise ValueError(f"the tracker was at {self._time} s and is given {video_s} s; time must go forward")
        seconds = 0.0 if self._time is None else video_s - self._time
        if seconds > self.settings.coast_parked_s:  # the stream was away: nothing can be followed across that
            self._keep(np.zeros(len(self._id), np.bool_))
        self._previous = video_s - seconds
        self._motion.predict(seconds, self._last_seen < self._previous)
        away = np.flatnonzero(np.isfinite(self._rest[:, 0]) & (self._last_seen < self._previous))
        self._motion.rest(away, self._rest[away])
        self._time = video_s
        detections = detections.where(_usable(detections, self.settings.weak_score))
        detections = join_riders(one_each(detections, self.settings))
        matched = self._match(detections, video_s)
        self._note_hidden(video_s)
        self._note_rest(video_s)
        self._part_company(video_s)
        self._end(video_s)
        self._begin(detections, matched, video_s)
        self._confirm()
        return self._tracks(video_s)

    @property
    def next_id(self) -> int:
        """Id that the next confirmed track gets."""
        return self._next_id

    def trails(self, ids: NDArray[np.int64]) -> Trails:
        """Where confirmed tracks were seen lately, rows as in `ids` [n]."""
        order = np.argsort(self._id, kind="stable")
        return self._trails.where(order[np.searchsorted(self._id, ids, sorter=order)])

    def _match(self, seen: Detections, video_s: float) -> NDArray[np.bool_]:
        """Give detections to tracks; bool [M], which detections found one."""
        matched = np.zeros(len(seen), np.bool_)
        free = np.ones(len(self._id), np.bool_)
        strong = seen.score >= self.settings.strong_score
        class_id = self._class()
        expected = np.clip(to_box(self._motion.at), 0, self._limits)
        likeness = affinity(self._motion, expected, class_id, self._sightings == 1, seen, self._look)
        likeness[self._id == _TENTATIVE] *= self.settings.tentative_trust
        hidden = np.isfinite(self._rest[:, 0]) & (self._last_seen < self._previous) & (self._id != _TENTATIVE)
        away = np.flatnonzero(hidden)
        likeness[away] = np.maximum(likeness[away], coming_to_light(self._rest[away], class_id[away], seen))
        for stage, least in (
            (strong, self.settings.least_affinity),
            (~strong, self.settings.least_weak_affinity),
        ):
            rows, columns = np.flatnonzero(free), np.flatnonzero(stage)
            i, j = assign(likeness[np.ix_(rows, columns)], least)
            rows, columns = rows[i], columns[j]
            free[rows] = False
            matched[columns] = True
            self._update(rows, columns, seen, video_s)
        self._score[free] = 0.0
        lost = np.flatnonzero(free)
        self._box[lost] = np.clip(to_box(self._motion.at[lost]), 0, self._limits)
        return matched

    def _update(self, rows: NDArray[np.intp], columns: NDArray[np.intp], seen: Detections, video_s: float) -> None:
        score = seen.score[columns]
        strong = score >= self.settings.strong_score
        again = rows[self._last_seen[rows] < self._previous]
        self._found[again] = video_s
        self._lost_rate[again] = self._motion.rate[again, :2]
        self._motion.correct(rows, seen.box[columns], np.where(strong, 1.0, 1.5)[:, None])
        self._motion.rate[rows[seen.class_id[columns] == PERSON], 2] = 0.0  # the width follows the legs: no trend
        if len(still := np.flatnonzero(np.isfinite(self._rest[rows, 0]))):
            part = rows[still[only_part(seen.box[columns[still]], self._rest[rows[still]])]]
            self._motion.rest(part, self._rest[part])
        since_s = video_s - self._last_seen[rows]
        if seen.look is not None:
            self._look[rows] += _share(since_s, LOOK_S)[:, None] * (seen.look[columns] - self._look[rows])
        self._belief[rows] += _share(since_s, BELIEF_S) * (score - self._belief[rows])
        self._box[rows], self._score[rows], self._last_seen[rows] = seen.box[columns], score, video_s
        self._hits[rows] += strong
        self._sightings[rows] += 1
        self._votes[rows, seen.class_id[columns]] += score
        self._trails.add(rows, video_s, seen.box[columns])

    def _note_hidden(self, video_s: float) -> None:
        """Note in the trails whose lower edge something nearer stands before."""
        seen = np.flatnonzero(self._last_seen == video_s)
        self._trails.hidden[seen, -1] = feet_hidden(self._box[seen], self._box)

    def _note_rest(self, video_s: float) -> None:
        """Note which tracks have come to stand and which have left their places."""
        seen = self._last_seen == video_s
        if len(rows := np.flatnonzero(seen & np.isfinite(self._rest[:, 0]))):
            self._rest[rows[has_left(self._box[rows], self._rest[rows])]] = np.nan
        slow = np.abs(self._motion.rate).max(axis=1, initial=0.0) < SLOW * size(self._motion.at)
        rows, places = places_of_rest(self._trails, np.flatnonzero(seen & slow), video_s)
        self._rest[rows] = places

    def _part_company(self, video_s: float) -> None:
        """Give what came the other way after an occlusion an identity of its own."""
        s = self.settings
        since_s = video_s - self._found
        judged = (since_s >= s.turned_s[0]) & (since_s <= s.turned_s[1]) & (self._last_seen == video_s)
        rows = np.flatnonzero(judged)
        if not len(rows):
            return
        lately = self._trails.video_s[rows] >= self._found[rows, None]
        first = self._trails.box[rows, lately.argmax(axis=1)]
        rate = (foot(self._trails.box[rows, -1]) - foot(first)) / since_s[rows, None]
        before = self._lost_rate[rows]
        speeds = np.stack((np.hypot(*before.T), np.hypot(*rate.T)), axis=1)
        fast = (speeds >= np.array(s.turned_speed) * size(self._motion.at[rows])[:, None]).all(axis=1)
        self._found[rows[fast]] = np.nan
        turned = fast & ((rate * before).sum(axis=1) < s.turned_cos * speeds.prod(axis=1))
        for row, since in zip(rows[turned], lately[turned], strict=True):
            self._trails.video_s[row, ~since], self._trails.box[row, ~since] = np.nan, np.nan
            self._id[row], self._born[row] = _TENTATIVE, video_s - since_s[row]
            self._hits[row] = self._sightings[row] = since.sum()
            self._votes[row] *= self._score[row] * since.sum() / self._votes[row].sum()

    def _end(self, video_s: float) -> None:
        """Drop the tracks that were unseen for too long or left the picture."""
        s = self.settings
        unseen_s = video_s - self._last_seen
        # A box that leaves the picture may keep its bottom and only shrink: every rate counts.
        speed = np.abs(self._motion.rate).max(axis=1, initial=0.0) / size(self._motion.at)
        moving_s = np.where(cut(self._trails.box[:, -1], *self._size), s.coast_border_s, s.coast_s)
        patience = np.where(speed < s.parked_speed, s.coast_parked_s, moving_s)
        patience = np.minimum(patience, np.maximum(self._last_seen - self._born, s.tentative_s))
        seen = unseen_s == 0
        lost, there = np.flatnonzero(~seen), np.flatnonzero(seen)
        kin = self._class()
        kindred = KINSHIP[kin[lost, None], kin[None, there]] > 0
        hidden = ((iou(self._box[lost], self._box[there]) >= s.same_iou) & kindred).any(axis=1)
        patience[lost[hidden]] = s.coast_hidden_s
        rested_s = np.minimum(s.coast_rest_s, np.maximum(self._last_seen - self._born, s.tentative_s))
        patience = np.where(np.isfinite(self._rest[:, 0]), rested_s, patience)
        patience = np.where(self._id == _TENTATIVE, s.tentative_s, patience)
        middle = self._motion.at[:, :2] - self._motion.at[:, 2:] * (0.0, 0.5)
        inside = ((middle >= 0) & (middle <= self._limits[:2])).all(axis=1)
        self._keep((unseen_s <= patience) & (inside | seen))

    def _keep(self, keep: NDArray[np.bool_]) -> None:
        if keep.all():
            return
        self._motion, self._trails = self._motion.where(keep), self._trails.where(keep)
        self._id, self._votes, self._hits = self._id[keep], self._votes[keep], self._hits[keep]
        self._sightings = self._sightings[keep]
        self._found, self._lost_rate = self._found[keep], self._lost_rate[keep]
        self._born, self._last_seen = self._born[keep], self._last_seen[keep]
        self._score, self._box = self._score[keep], self._box[keep]
        self._look, self._belief, self._rest = self._look[keep], self._belief[keep], self._rest[keep]

    def _begin(self, seen: Detections, matched: NDArray[np.bool_], video_s: float) -> None:
        """Start tentative tracks from detections that belong to nothing followed."""
        s = self.settings
        new, row = np.flatnonzero(~matched), np.arange(len(seen))
        before = matched[None] | (row[None] < new[:, None])
        kindred = KINSHIP[seen.class_id[new, None], seen.class_id[None]] > 0
        new = new[~((iou(seen.box[new], seen.box) >= s.same_iou) & kindred & before).any(axis=1)]
        if not len(new):
            return
        n = len(new)
        votes = np.zeros((n, _N_CLASSES))
        votes[np.arange(n), seen.class_id[new]] = seen.score[new]
        trails = Trails.empty(n)
        trails.add(np.arange(n), video_s, seen.box[new])
        self._motion = self._motion.and_also(Motion.born(seen.box[new]))
        self._trails = self._trails.and_also(trails)
        self._id = np.concatenate((self._id, np.full(n, _TENTATIVE)))
        self._votes = np.concatenate((self._votes, votes))
        self._hits = np.concatenate((self._hits, (seen.score[new] >= s.strong_score).astype(np.int64)))
        self._sightings = np.concatenate((self._sightings, np.ones(n, np.int64)))
        self._found = np.concatenate((self._found, np.full(n, np.nan)))
        self._lost_rate = np.concatenate((self._lost_rate, np.zeros((n, 2))))
        self._born = np.concatenate((self._born, np.full(n, video_s)))
        self._last_seen = np.concatenate((self._last_seen, np.full(n, video_s)))
        self._score = np.concatenate((self._score, seen.score[new]))
        self._box = np.concatenate((self._box, seen.box[new]))
        look = np.zeros((n, LENGTH), np.float32) if seen.look is None else seen.look[new]
        self._look = np.concatenate((self._look, look))
        self._belief = np.concatenate((self._belief, seen.score[new]))
        self._rest = np.concatenate((self._rest, np.full((n, 4), np.nan)))

    def _confirm(self) -> None:
        s = self.settings
        dim = (self._hits >= 1) & (self._votes.sum(axis=1) >= s.confirm_sum)
        enough = ((self._hits >= s.confirm_hits) | dim) & (self._last_seen - self._born >= s.confirm_s)
        enough |= (self._sightings >= s.sure_hits) & (self._votes.sum(axis=1) >= s.sure_score * self._sightings)
        rows = np.flatnonzero((self._id == _TENTATIVE) & enough)
        rows = rows[~self._parts(rows)]
        self.fresh = np.arange(self._next_id, self._next_id + len(rows))
        self._id[rows] = self.fresh
        self._next_id += len(rows)

    def _parts(self, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Which of these tracks are but a part (a cab, a windscreen) of something followed, bool [n]."""
        s = self.settings
        whole = np.flatnonzero((self._id != _TENTATIVE) & (self._score > 0))
        if not len(rows) or not len(whole):
            return np.zeros(len(rows), np.bool_)
        kin = self._class()
        mean = self._votes.sum(axis=1) / self._sightings
        apart = self._motion.rate[rows, None, :2] - self._motion.rate[None, whole, :2]
        together = np.hypot(apart[..., 0], apart[..., 1]) < s.part_speed * size(self._motion.at)[whole]
        inside = cover(self._box[rows], self._box[whole]) >= s.part_cover
        dimmer = mean[rows, None] < s.part_score * mean[None, whole]
        alike = KINSHIP[kin[rows, None], kin[None, whole]] > 0
        return np.asarray((together & inside & dimmer & alike).any(axis=1))

    def _class(self) -> NDArray[np.int16]:
        return np.asarray(self._votes.argmax(axis=1), np.int16)

    def _tracks(self, video_s: float) -> Tracks:
        rows = np.flatnonzero(self._id != _TENTATIVE)
        rows = rows[np.argsort(self._id[rows])]
        n = len(rows)
        class_id = self._class()[rows]
        doubtful = np.isin(class_id, _SMALL) & np.isfinite(self._rest[rows, 0])
        doubtful &= self._belief[rows] < self.settings.doubt_score
        return Tracks(
            id=self._id[rows],
            class_id=class_id,
            score=np.where(doubtful, np.float32(0), self._score[rows]),
            box=self._box[rows],
            seen=(self._last_seen[rows] == video_s) & ~doubtful,
            age_s=(video_s - self._born[rows]).astype(np.float32),
            velocity_px=self._motion.rate[rows, :2].astype(np.float32),
            ground=np.full((n, 2), np.nan),
            velocity_ms=np.full((n, 2), np.nan),
            speed_sigma_ms=np.full(n, np.nan),
        )


def _share(seconds: NDArray[np.float64], constant_s: float) -> NDArray[np.float32]:
    """Share of what is new in a mean that follows with this time constant."""
    return (1 - np.exp(-seconds / constant_s)).astype(np.float32)


def _usable(seen: Detections, weak_score: float) -> NDArray[np.intp]:
    """Detections strong enough to matter, with finite boxes of positive size, in an order of their own.

    The order (score, then place) makes the tracks independent of the order in which detections are given.
    """
    sound = np.isfinite(seen.box).all(axis=1) & (seen.box[:, 2:] > seen.box[:, :2]).all(axis=1)
    rows = np.flatnonzero(sound & (seen.score >= weak_score))
    x1, y1, x2, y2 = seen.box[rows].T
    return rows[np.lexsort((seen.class_id[rows], y2, x2, y1, x1, -seen.score[rows]))]
