"""Named settings of the confirmation of smoke and fire, and how they hang together."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Windows:
    """When looks become an alert.

    A look comes every half second. Looks are believed from `look_score`, which is far below any alarm. What was seen
    in `share` of the looks of `window_s` (and in `least_looks`) may be an alert: by the detector's word alone where its
    mean score reaches `alarm_score`, by the evidence of pixels where its chance stays at `alarm_chance` for `steady`
    looks. `window_s` is therefore the shortest delay of a weak sign and `least_looks` half-seconds that of a strong
    one; `evidence_s` must hold `window_s`, `quiet_s` must be longer than both.

    Attributes:
        look_score: a box counts as a look from this calibrated score.
        window_s: length of the window over which looks are gathered.
        least_looks: fewer looks than this in the window prove nothing, whatever their score.
        share: part of the window's looks in which the place must be seen.
        alarm_score: mean score over all looks of the window (0 where not seen) that raises the alert by the detector's
            word.
        alarm_chance: chance by the evidence of pixels that raises the alert.
        denied_chance: chance below which the pixels deny a fire that the detector sees.
        evidence_s: how far back the evidence looks: growth shows over seconds.
        least_evidence_s: younger evidence is none.
        steady: looks in a row with that chance.
        keep: an alert goes on while the mean stays above `keep * alarm_score`, or the chance above `keep` of its own.
        quiet_s: an alert ends after this long below that; what comes later is a new one.
        widest: a box wider and higher than this share of the picture is glare or fog, not a plume.
        whole: where so much of the picture changed at once, light or weather did: pixels prove nothing then.
        same_place: overlap (IoU, or half the share of the smaller box inside the larger) that makes two looks one
            place.
        ride_cover: share of a box inside a moving vehicle's box at which it belongs to the vehicle.
        ride_speed: box sizes a second from which a vehicle counts as moving.
        dead_stir: levels by which a living thing changes from picture to picture, beyond what the picture does
            elsewhere; what changes less is paint, light or leaves.
        flame: share of a place in the colours of flames from which
        flicker: so little change of these from picture to picture denies a fire: leaves sway, flames flicker.
        untorn: share of the picture behind a cloud that is torn, below which it is a shadow or thin fog,
        calm: levels by which a cloud changes from picture to picture, beyond what the picture does elsewhere, below
            which it does: the pixels then speak for no smoke.
    """

    look_score: float = 0.1
    window_s: float = 3.0
    least_looks: int = 4
    share: float = 0.6
    alarm_score: float = 0.42
    alarm_chance: float = 0.9
    denied_chance: float = 0.2
    evidence_s: float = 6.0
    least_evidence_s: float = 2.0
    steady: int = 3
    keep: float = 0.6
    quiet_s: float = 60.0
    widest: float = 0.95
    whole: float = 0.5
    same_place: float = 0.15
    ride_cover: float = 0.7
    ride_speed: float = 0.3
    dead_stir: float = 1.5
    flame: float = 0.02
    flicker: float = 0.15
    untorn: float = 0.15
    calm: float = 0.3
