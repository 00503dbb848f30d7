"""An alert in words, for messages that people read."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from incidents.severity import FIRE_KINDS
from service.i18n import LANGUAGES, Language, has, translate
from service.notifying.facts import AlertFacts
from service.settings import Settings

MAP_PLACES: Final = 5  # decimals of a degree: a metre


def event_words(kind: str) -> dict[str, str]:
    """What a kind is called, by language."""
    return {lang: event_in(lang, kind) for lang in LANGUAGES}


def event_in(lang: Language, kind: str) -> str:
    """What a kind is called."""
    key = f"{'fire_alerts' if kind in FIRE_KINDS else 'incidents'}.kind.{kind}"
    return translate(lang, key) if has(lang, key) else kind


def place_words(facts: AlertFacts) -> dict[str, str]:
    """Where it is, by language; the device's id where nothing better is known."""
    known = facts.place.words
    other = next((text for text in known.values() if text), facts.sensor_id or facts.camera_id or facts.alert_id)
    return {lang: known.get(lang) or other for lang in LANGUAGES}


def moment_in(settings: Settings, moment: datetime) -> str:
    """A moment of the city's day, with its offset: who reads it may be elsewhere."""
    local = moment.astimezone(settings.zone)
    return f"{local:%d.%m.%Y %H:%M:%S} (UTC{local:%z})"


def coordinates(facts: AlertFacts) -> str | None:
    """Latitude and longitude, as a map takes them."""
    place = facts.place
    if place.latitude is None or place.longitude is None:
        return None
    return f"{place.latitude:.{MAP_PLACES}f}, {place.longitude:.{MAP_PLACES}f}"


def step_in(lang: Language, step: str) -> str:
    """What happened, in words."""
    return translate(lang, f"receivers.step.{step}")


def link_of(settings: Settings, facts: AlertFacts) -> str:
    """The alert's page; it asks for a login."""
    return f"{settings.public_url}/alarms/{facts.alert_id}"
