"""Leases as a state machine: machines that pause, whose clocks are wrong, a store whose clock is stepped.

What must hold at every moment: no two machines that believe by their own clocks to hold a camera are both believed by
the store, and of what all of them saw the fence takes each moment from one machine only.
"""

from __future__ import annotations

import itertools
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import hypothesis.strategies as st
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import delete
from sqlalchemy.event import listen

from qyran.errors import AccessError
from service.cluster.fence import Fence, Fenced
from service.cluster.lease_clock import LeaseClock
from service.cluster.leases import Beat, beat, bequeath
from service.event import Event
from service.settings import load_settings
from service.store.database import open_store
from service.store.lease_tables import CameraLease, LeaseHolder

CAMERA = "abay-12"
TERM_S = 10.0
MARGIN_S = 1.0
START = datetime(2026, 11, 23, tzinfo=UTC)
NAMES = ("east", "west", "north")


class Machine:
    """A machine with a wall clock that is off and a steady clock that runs a little fast or slow."""

    def __init__(self, name, wall_off_s, rate):
        self.name, self.wall_off_s, self.rate = name, wall_off_s, rate
        self.session, self.ahead_s = str(uuid4()), None
        self.epoch, self.deadline_s, self.wants = None, 0.0, True

    def steady(self, true_s):
        return true_s * self.rate

    def wall(self, true_s):
        return START + timedelta(seconds=true_s + self.wall_off_s)

    def watches(self, true_s):
        return self.epoch is not None and self.steady(true_s) < self.deadline_s


class Leases(RuleBasedStateMachine):
    made = None

    def __init__(self):
        super().__init__()
        self.true_s, self.step_s = 0.0, 0.0
        Leases.now = staticmethod(lambda: START + timedelta(seconds=self.true_s + self.step_s))
        if Leases.made is None:
            Leases.made = open_store(load_settings(home=Path(tempfile.mkdtemp())), clock=lambda: Leases.now())  # noqa: PLW0108
            listen(Leases.made.engine, "connect", lambda made, _: made.execute("PRAGMA synchronous=OFF"))
            Leases.made.engine.dispose()
        self.store = Leases.made
        self.clock = LeaseClock(monotonic=lambda: self.true_s)
        self.seen = []
        with self.store.write() as work:
            work.session.execute(delete(CameraLease))
            work.session.execute(delete(LeaseHolder))

    @initialize(
        off=st.lists(st.floats(-3600, 3600), min_size=3, max_size=3),
        rate=st.lists(st.floats(0.99, 1.01), min_size=3, max_size=3),
    )
    def begin(self, off, rate):
        self.machines = [Machine(*each) for each in zip(NAMES, off, rate, strict=True)]

    @rule(seconds=st.floats(0.1, 8))
    def time_passes(self, seconds):
        self.true_s += seconds

    @rule(which=st.integers(0, 2))
    def speaks(self, which):
        one = self.machines[which]
        sent = one.steady(self.true_s)
        word = Beat(
            session=one.session, at=one.wall(self.true_s), ahead_s=one.ahead_s, term_s=TERM_S, version="1",
            wants={CAMERA: one.epoch} if one.wants else {},
        )  # fmt: skip
        with self.store.write() as work:
            answer = beat(work, one.name, word, self.clock)
        # What a machine measures by the answer: the same to within milliseconds.
        one.ahead_s = (one.wall(self.true_s) - answer.now).total_seconds()
        standing = answer.cameras.get(CAMERA)
        held = standing is not None and standing.state == "held"
        one.epoch, one.deadline_s = (standing.epoch, sent + TERM_S - MARGIN_S) if held else (None, 0.0)

    @rule(which=st.integers(0, 2), wants=st.booleans())
    def is_told(self, which, wants):
        self.machines[which].wants = wants

    @rule(which=st.integers(0, 2))
    def looks(self, which):
        """It sees something, if it believes that it watches; whatever it says comes to the store at once or later."""
        one = self.machines[which]
        if one.watches(self.true_s) and one.ahead_s is not None:
            at = one.wall(self.true_s)
            event = Event(
                id=uuid4(), type="passage", kind="control", camera=CAMERA, time=at, video_s=0, epoch=one.epoch
            )
            self.seen.append((self.true_s, event))

    @rule(which=st.integers(0, 2), heir=st.integers(0, 2))
    def leaves_to(self, which, heir):
        one = self.machines[which]
        with self.store.write() as work:
            try:
                bequeath(work, {CAMERA: self.machines[heir].name}, holder=one.name)
            except AccessError:
                return

    @rule(which=st.integers(0, 2))
    def another_speaks_in_its_name(self, which):
        one = self.machines[which]
        if not one.watches(self.true_s):
            return
        word = Beat(session=str(uuid4()), at=START, term_s=TERM_S, version="1", wants={CAMERA: one.epoch})
        with self.store.read() as work:
            try:
                beat(work, one.name, word, self.clock)
            except AccessError:
                return
            raise AssertionError("another program took the machine's name while it was heard")

    @rule(seconds=st.floats(-7200, 7200))
    def the_clock_of_the_store_is_stepped(self, seconds):
        self.step_s += seconds
        self.seen.clear()  # what was seen before the step is dated by another clock
        for one in self.machines:
            one.ahead_s = None

    @invariant()
    def at_most_one_is_believed(self):
        current = [one for one in getattr(self, "machines", ()) if one.watches(self.true_s)]
        with self.store.read() as work:
            valid = []
            for one in current:
                lease = work.session.get(CameraLease, (CAMERA, one.epoch))
                if lease.ended is None and lease.holder == one.name:
                    valid.append(one.name)
        assert len(valid) <= 1

    @invariant()
    def each_moment_is_taken_from_one_machine(self):
        with self.store.read() as work:
            fence = Fence.of(work, [event for _, event in self.seen])
        taken = []
        for at, event in self.seen:
            try:
                fence.passed(event)
            except Fenced:
                continue
            taken.append((at, event.epoch))
        taken.sort()
        epochs = [epoch for _, epoch in taken]
        assert epochs == sorted(epochs), taken
        for (first_s, one), (then_s, other) in itertools.pairwise(taken):
            assert first_s < then_s or one == other, taken


TestLeases = Leases.TestCase
TestLeases.settings = hypothesis_settings(max_examples=100, stateful_step_count=40, deadline=None)
