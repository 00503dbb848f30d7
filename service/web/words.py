"""What templates say: numbers, times and ages in the reader's language and the city's time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from service import i18n
from service.i18n import Language


@dataclass(frozen=True, slots=True)
class Words:
    """A reader.

    Attributes:
        lang: language of the page.
        zone: time zone of the city.
        now: the moment ages are counted to.
    """

    lang: Language
    zone: ZoneInfo
    now: datetime

    def t(self, key: str, **values: object) -> str:
        """The text of a key."""
        return i18n.translate(self.lang, key, **values)

    def or_code(self, key: str) -> str:
        """The text of a key, or the key's last part where there is none."""
        return self.t(key) if i18n.has(self.lang, key) else key.rpartition(".")[2]

    def num(self, value: float, digits: int | None = None) -> str:
        """A number."""
        return i18n.number(self.lang, value, digits)

    def moment(self, value: datetime) -> str:
        """Date and time with seconds."""
        return i18n.moment(self.lang, value, self.zone)

    def clock(self, value: datetime) -> str:
        """Time of day with seconds."""
        return i18n.clock(value, self.zone)

    def day(self, value: date) -> str:
        """A date."""
        return i18n.day(self.lang, value)

    def age(self, value: datetime) -> str:
        """How long ago a moment was."""
        return i18n.duration(self.lang, self.now - value)

    def between(self, start: datetime | None, end: datetime | None) -> str | None:
        """How long it took, None where one of the moments is not known."""
        return None if start is None or end is None else i18n.duration(self.lang, end - start)

    @staticmethod
    def iso(value: datetime) -> str:
        """The moment for machines."""
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
