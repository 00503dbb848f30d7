"""Signal plans: which lamp burns at which second, for the two groups of a junction."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SignalPlan:
    """A fixed-time plan of group `ns`; group `ew` gets green while `ns` is red, after `clearance_s` of all-red.

    The order is that of Kazakhstan's traffic rules: green, yellow, red, red with yellow. `red_at_s` is the second of
    video at which one red of `ns` begins.
    """

    red_at_s: float
    green_s: float
    yellow_s: float
    red_s: float
    red_yellow_s: float
    clearance_s: float = 2.0

    @property
    def cycle_s(self) -> float:
        """Length of the cycle."""
        return self.green_s + self.yellow_s + self.red_s + self.red_yellow_s

    def state(self, group: str, t: float) -> str:
        """The state of a group at second t: red, red_yellow, yellow or green."""
        u = (t - self.red_at_s) % self.cycle_s
        if group == "ns":
            if u < self.red_s:
                return "red"
            if u < self.red_s + self.red_yellow_s:
                return "red_yellow"
            return "green" if u < self.red_s + self.red_yellow_s + self.green_s else "yellow"
        begin, end = self.clearance_s, self.red_s - 0.5
        if begin - 1.0 <= u < begin:
            return "red_yellow"
        if begin <= u < end - self.yellow_s:
            return "green"
        return "yellow" if end - self.yellow_s <= u < end else "red"

    def since_change(self, group: str, t: float) -> float:
        """Seconds since the group last changed its state (to 0.02 s)."""
        now, back = self.state(group, t), 0.0
        while back < self.cycle_s and self.state(group, t - back) == now:
            back += 0.02
        return back


STATES = ("red", "red_yellow", "yellow", "green")
