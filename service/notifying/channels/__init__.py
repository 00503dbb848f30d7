"""The channels by which receivers are told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from service.notifying.messages import Note
from service.notifying.routing import ChannelName, Receiver
from service.store.database import Store


class Channel(Protocol):
    """One receiver's channel. It may be used by several threads at once."""

    def send(self, note: Note) -> bool:
        """Hand a message over; whether the receiver itself proved to have it.

        Raises:
            ChannelDown: not now; also where nobody knows whether it was taken: the key makes a repetition harmless.
            Refused: never.
        """

    def close(self) -> None:
        """Give connections back."""


def channel_of(store: Store, receiver: Receiver) -> Channel:
    """The channel of a receiver, its secrets read.

    Raises:
        ConfigError: a secret cannot be read, or a certificate.
    """
    return _MAKERS[receiver.channel](store, receiver)


def _webhook(store: Store, receiver: Receiver) -> Channel:
    from service.notifying.channels.webhook import Webhook  # noqa: PLC0415 - a channel nobody has is not loaded

    return Webhook(store, receiver)


def _mqtt(store: Store, receiver: Receiver) -> Channel:
    from service.notifying.channels.mqtt import Mqtt  # noqa: PLC0415

    return Mqtt(store, receiver)


def _email(store: Store, receiver: Receiver) -> Channel:
    from service.notifying.channels.email import Email  # noqa: PLC0415

    return Email(store, receiver)


def _sms(store: Store, receiver: Receiver) -> Channel:
    from service.notifying.channels.sms import Sms  # noqa: PLC0415

    return Sms(store, receiver)


def _cap(store: Store, receiver: Receiver) -> Channel:
    from service.notifying.channels.cap import CapOverHttp  # noqa: PLC0415

    return CapOverHttp(store, receiver)


def _pull(store: Store, receiver: Receiver) -> Channel:
    from service.notifying.channels.pull import Pull  # noqa: PLC0415

    return Pull(store, receiver)


_MAKERS: Final[dict[ChannelName, Callable[[Store, Receiver], Channel]]] = {
    "webhook": _webhook,
    "mqtt": _mqtt,
    "email": _email,
    "sms": _sms,
    "cap": _cap,
    "pull": _pull,
}
