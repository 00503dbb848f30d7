"""Who delivers: a thread for each receiver, so that one that is slow or away holds up no other.

A receiver's thread leases, settles and nothing else; a few hands of its own send. What a round settles and what it
leases next share one transaction, so that a commit is paid once a round and not twice a message.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from qyran.errors import QyranError
from service.fault_points import reach
from service.notifying import messages
from service.notifying.channels import Channel, channel_of
from service.notifying.downtime import tell_downtime
from service.notifying.messages import Note, Outcome
from service.notifying.routing import Receiver, standing_file
from service.notifying.wake import bell_of
from service.ports.channels import ChannelDown, PerhapsSent, Refused
from service.store.database import Store

POLL_S: Final = 0.25
"""How often what other processes queued, and what has to be tried again, is looked for."""
REST_S: Final = 1.0  # after the database failed
RENEW_S: Final = 5.0
"""How often the leases of what is under way are renewed: several times within `messages.LEASE`."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Round:
    """What a round did: messages handed over, refused for good, put off."""

    handed: int = 0
    refused: int = 0
    put_off: int = 0

    def plus(self, other: Round) -> Round:
        """Both together."""
        return Round(self.handed + other.handed, self.refused + other.refused, self.put_off + other.put_off)


class Runner:
    """One receiver's queue being emptied."""

    def __init__(self, store: Store, receiver: Receiver) -> None:
        self.receiver = receiver
        self._store = store
        self._inbox: SimpleQueue[Outcome | None] = SimpleQueue()
        self._stop = threading.Event()
        self._under_way: dict[int, float] = {}
        self._unsettled: list[Outcome] = []
        self._proved: frozenset[str] = frozenset()
        self.done = Round()

    @property
    def owes(self) -> bool:
        """Whether a proof of delivery is still to be noted."""
        return bool(self._proved)

    def wake(self) -> None:
        """Look whether something is due."""
        self._inbox.put(None)

    def stop(self) -> None:
        """End once what is under way has come back."""
        self._stop.set()
        self._inbox.put(None)

    def run(self, *, until_empty: bool = False) -> None:
        """Deliver until told to stop, or until nothing is due any more.

        Raises:
            ConfigError: the receiver's secrets cannot be read.
        """
        channel = channel_of(self._store, self.receiver)
        name = f"tell-{self.receiver.id}"
        try:
            with ThreadPoolExecutor(self.receiver.parallel, thread_name_prefix=name) as hands:
                self.wake()
                while True:
                    self._collect()
                    if not self._turn(hands, channel):
                        self._stop.wait(REST_S)
                        self.wake()
                        continue
                    idle = not self._under_way and not self._unsettled and not (until_empty and self._proved)
                    if idle and (self._stop.is_set() or (until_empty and not self._due())):
                        return
                    if until_empty and not self._under_way:
                        self._note_proofs()
                        self.wake()
        finally:
            channel.close()

    def _collect(self) -> None:
        """Wait for something, and take whatever is there; while messages are under way, not longer than leases last."""
        with suppress(Empty):
            item = self._inbox.get(timeout=RENEW_S if self._under_way else None)
            while True:
                if item is not None:
                    self._under_way.pop(item.note.message_id, None)
                    self._unsettled.append(item)
                item = self._inbox.get_nowait()

    def _turn(self, hands: ThreadPoolExecutor, channel: Channel) -> bool:
        """Settle what came back and send what may leave; False where the database failed."""
        room = 0 if self._stop.is_set() else self.receiver.parallel - len(self._under_way)
        now = monotonic()
        old = [key for key, at in self._under_way.items() if now - at >= RENEW_S]
        try:
            if not self._unsettled and not old and (room < 1 or not self._due()):
                self._note_proofs()
                return True
            with self._store.write() as work:
                if messages.settle(work, self.receiver, self._unsettled):
                    tell_downtime(work, self.receiver)
                messages.renew(work, old)
                notes = messages.lease(work, self.receiver, room)
        except (SQLAlchemyError, QyranError, OSError) as error:
            log.error("What was told to %s could not be noted: %s.", self.receiver.id, type(error).__name__)  # noqa: TRY400
            return False
        self._under_way |= dict.fromkeys(old, now)
        if self._unsettled:
            reach(self._store, "alert.settled")
            self._proved |= {one.note.facts.alert_id for one in self._unsettled if one.proved}
        self._count()
        if notes:
            reach(self._store, "alert.leased")
        for note in notes:
            self._under_way[note.message_id] = now
            hands.submit(self._send, channel, note)
        self._note_proofs()
        return True

    def _note_proofs(self) -> None:
        """While messages are under way, in a transaction of its own; what fails is noted with the next ones."""
        if not self._proved:
            return
        try:
            with self._store.write() as work:
                self._proved = messages.first_proofs(work, self.receiver, self._proved)
        except (SQLAlchemyError, QyranError, OSError) as error:
            log.warning("A proof of delivery to %s is noted later: %s.", self.receiver.id, type(error).__name__)

    def _count(self) -> None:
        for one in self._unsettled:
            if one.error is None:
                self.done = self.done.plus(Round(handed=1))
            else:
                self.done = self.done.plus(Round(refused=1) if one.final else Round(put_off=1))
        self._unsettled = []

    def _due(self) -> bool:
        with self._store.read() as work:
            return messages.any_due(work, self.receiver.id)

    def _send(self, channel: Channel, note: Note) -> None:
        began = monotonic()
        outcome = attempt(channel, note)
        reach(self._store, "alert.handed")
        took = round(1000 * (monotonic() - began))
        self._inbox.put(Outcome(note, outcome.error, outcome.final, outcome.proved, took))


def attempt(channel: Channel, note: Note) -> Outcome:
    """Hand one message over, and say what came of it."""
    try:
        return Outcome(note, proved=channel.send(note))
    except ChannelDown as error:
        return Outcome(note, error.code)
    except PerhapsSent:
        return Outcome(note, "perhaps_sent")
    except Refused as error:
        return Outcome(note, error.code, final=True)
    except OSError:
        return Outcome(note, "no_connection")
    except Exception:
        # A message that cannot be written must not be tried for ever, nor hold up the others: a person sees it.
        log.exception("The message %s could not be written.", note.key)
        return Outcome(note, "not_written", final=True)


def deliver(store: Store) -> Round:
    """Hand over everything that may leave now, to all receivers at once.

    Raises:
        ConfigError: a receiver's secrets cannot be read.
    """
    with store.read() as work:
        due = messages.due_receivers(work)
    runners = [Runner(store, one) for one in standing_file(store.settings).receivers if one.id in due]
    if len(runners) == 1:
        runners[0].run(until_empty=True)
        return runners[0].done
    faults: list[QyranError] = []

    def run(runner: Runner) -> None:
        try:
            runner.run(until_empty=True)
        except QyranError as error:
            faults.append(error)

    threads = [threading.Thread(target=run, args=(one,), name=f"tell-{one.receiver.id}") for one in runners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    done = Round()
    for one in runners:
        done = done.plus(one.done)
    return done


class Deliverer:
    """Delivers for as long as it is kept running, and follows the alerts file when it changes."""

    def __init__(self, store: Store, stop: threading.Event) -> None:
        self._store, self._stop = store, stop
        self._running: dict[str, tuple[Runner, threading.Thread]] = {}

    def run(self) -> None:
        """Until told to stop."""
        bell = bell_of(self._store)
        bell.listen(self._ring)
        try:
            while not self._stop.is_set():
                try:
                    self._follow()
                    self._wake_due()
                except (SQLAlchemyError, OSError) as error:
                    log.error("What is due could not be read: %s.", type(error).__name__)  # noqa: TRY400
                self._stop.wait(POLL_S)
        finally:
            bell.leave(self._ring)
            for runner, _ in self._running.values():
                runner.stop()
            for _, thread in self._running.values():
                thread.join()

    def _ring(self) -> None:
        for runner, _ in tuple(self._running.values()):
            runner.wake()

    def _follow(self) -> None:
        """Have a thread for each receiver of the file, and none for others."""
        wanted = {one.id: one for one in standing_file(self._store.settings).receivers}
        for name, (runner, thread) in tuple(self._running.items()):
            if wanted.get(name) != runner.receiver or not thread.is_alive():
                runner.stop()
                if not thread.is_alive():
                    del self._running[name]
        for name, receiver in wanted.items():
            if name not in self._running:
                runner = Runner(self._store, receiver)
                thread = threading.Thread(target=self._guarded, args=(runner,), name=f"tell-{name}", daemon=True)
                self._running = {**self._running, name: (runner, thread)}
                thread.start()

    def _wake_due(self) -> None:
        with self._store.read() as work:
            due = messages.due_receivers(work)
        for name, (runner, _) in self._running.items():
            if name in due or runner.owes:
                runner.wake()

    def _guarded(self, runner: Runner) -> None:
        """A receiver whose secrets cannot be read is tried again, and the others go on."""
        with suppress(QyranError):
            try:
                runner.run()
            except QyranError as error:
                log.error("The receiver %s cannot be told: %s", runner.receiver.id, error)  # noqa: TRY400
                self._stop.wait(REST_S)
