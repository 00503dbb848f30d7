"""CAP 1.2 messages as XML, and back (OASIS Standard CAP-V1.2, section 3.4: the schema's own order of elements)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final, TypeVar
from xml.etree.ElementTree import Element, ParseError, SubElement, register_namespace, tostring

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from incidents.cap.message import (
    Area,
    Category,
    Certainty,
    Circle,
    Info,
    Message,
    MsgType,
    Reference,
    Resource,
    ResponseType,
    Scope,
    Severity,
    Status,
    Urgency,
)
from qyran.errors import InputError

NAMESPACE: Final = "urn:oasis:names:tc:emergency:cap:1.2"
MOST_BYTES: Final = 1 << 20
"""A message that speaks of one happening has a few kilobytes; more is refused before it is parsed."""
UNPRINTABLE: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold (section 2.2, Char); an operator's note may."""

register_namespace("", NAMESPACE)

Choice = TypeVar("Choice", MsgType, Status, Scope, Category, ResponseType, Urgency, Severity, Certainty)


def to_xml(message: Message) -> bytes:
    """A message as UTF-8 XML; the same message gives the same bytes."""
    root = Element(_tag("alert"))
    _put(root, "identifier", message.identifier)
    _put(root, "sender", message.sender)
    _put(root, "sent", moment_text(message.sent))
    _put(root, "status", message.status)
    _put(root, "msgType", message.msg_type)
    _put(root, "source", message.source)
    _put(root, "scope", message.scope)
    _put(root, "restriction", message.restriction)
    _put(root, "addresses", _spaced(message.addresses))
    for code in message.codes:
        _put(root, "code", code)
    _put(root, "note", message.note)
    _put(root, "references", " ".join(reference_text(one) for one in message.references))
    _put(root, "incidents", _spaced(message.incidents))
    for info in message.infos:
        _info(SubElement(root, _tag("info")), info)
    data: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return data


def from_xml(data: bytes) -> Message:
    """A message from its XML.

    Raises:
        InputError: it is too long, no XML, or no CAP 1.2 message; entities and external references are refused.
    """
    if len(data) > MOST_BYTES:
        raise InputError(f"A CAP message of more than {MOST_BYTES} bytes is not taken.")
    try:
        root = fromstring(data, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        raise InputError("The CAP message is not well-formed XML without a document type.") from None
    if root.tag != _tag("alert"):
        raise InputError(f"The CAP message's root is not alert of {NAMESPACE}.")
    return Message(
        identifier=_need(root, "identifier"),
        sender=_need(root, "sender"),
        sent=_moment(_need(root, "sent"), "sent"),
        status=_choice(Status, root, "status"),
        msg_type=_choice(MsgType, root, "msgType"),
        scope=_choice(Scope, root, "scope"),
        infos=tuple(_read_info(one) for one in root.findall(_tag("info"))),
        source=_find(root, "source"),
        restriction=_find(root, "restriction"),
        addresses=tuple(_unspaced(_find(root, "addresses") or "")),
        codes=tuple(_all(root, "code")),
        note=_find(root, "note"),
        references=tuple(_reference(one) for one in (_find(root, "references") or "").split()),
        incidents=tuple(_unspaced(_find(root, "incidents") or "")),
    )


def moment_text(moment: datetime) -> str:
    """A moment as the standard writes it: whole seconds and a numeric offset, never Z (section 3.3.2)."""
    text = moment.replace(microsecond=0).isoformat()
    return text.replace("+00:00", "-00:00")


def reference_text(one: Reference) -> str:
    """An earlier message as `sender,identifier,sent`."""
    return f"{one.sender},{one.identifier},{moment_text(one.sent)}"


def _info(to: Element, info: Info) -> None:
    _put(to, "language", info.language)
    for category in info.categories:
        _put(to, "category", category)
    _put(to, "event", info.event)
    for response in info.response_types:
        _put(to, "responseType", response)
    _put(to, "urgency", info.urgency)
    _put(to, "severity", info.severity)
    _put(to, "certainty", info.certainty)
    _pairs(to, "eventCode", info.event_codes)
    for name, moment in (("effective", info.effective), ("onset", info.onset), ("expires", info.expires)):
        _put(to, name, None if moment is None else moment_text(moment))
    _put(to, "senderName", info.sender_name)
    _put(to, "headline", info.headline)
    _put(to, "description", info.description)
    _put(to, "instruction", info.instruction)
    _put(to, "web", info.web)
    _put(to, "contact", info.contact)
    _pairs(to, "parameter", info.parameters)
    for resource in info.resources:
        one = SubElement(to, _tag("resource"))
        _put(one, "resourceDesc", resource.desc)
        _put(one, "mimeType", resource.mime_type)
        _put(one, "size", None if resource.size is None else str(resource.size))
        _put(one, "uri", resource.uri)
        _put(one, "digest", resource.digest)
    for area in info.areas:
        one = SubElement(to, _tag("area"))
        _put(one, "areaDesc", area.desc)
        for ring in area.polygons:
            _put(one, "polygon", " ".join(f"{lat:.6f},{lon:.6f}" for lat, lon in ring))
        for circle in area.circles:
            _put(one, "circle", f"{circle.latitude:.6f},{circle.longitude:.6f} {circle.radius_km:.3f}")
        _pairs(one, "geocode", area.geocodes)


def _read_info(root: Element) -> Info:
    return Info(
        language=_find(root, "language") or "en-US",  # the schema's default
        categories=tuple(_as(Category, text, "category") for text in _all(root, "category")),
        event=_need(root, "event"),
        urgency=_choice(Urgency, root, "urgency"),
        severity=_choice(Severity, root, "severity"),
        certainty=_choice(Certainty, root, "certainty"),
        response_types=tuple(_as(ResponseType, text, "responseType") for text in _all(root, "responseType")),
        event_codes=tuple(_read_pairs(root, "eventCode")),
        effective=_maybe(root, "effective"),
        onset=_maybe(root, "onset"),
        expires=_maybe(root, "expires"),
        sender_name=_find(root, "senderName"),
        headline=_find(root, "headline"),
        description=_find(root, "description"),
        instruction=_find(root, "instruction"),
        web=_find(root, "web"),
        contact=_find(root, "contact"),
        parameters=tuple(_read_pairs(root, "parameter")),
        resources=tuple(_read_resource(one) for one in root.findall(_tag("resource"))),
        areas=tuple(_read_area(one) for one in root.findall(_tag("area"))),
    )


def _read_resource(root: Element) -> Resource:
    size = _find(root, "size")
    if size is not None and not size.isdecimal():
        raise InputError("The size of a CAP resource is a number of bytes.")
    return Resource(
        desc=_need(root, "resourceDesc"),
        mime_type=_need(root, "mimeType"),
        uri=_find(root, "uri"),
        size=None if size is None else int(size),
        digest=_find(root, "digest"),
    )


def _read_area(root: Element) -> Area:
    return Area(
        desc=_need(root, "areaDesc"),
        circles=tuple(_circle(text) for text in _all(root, "circle")),
        polygons=tuple(tuple(_point(pair) for pair in text.split()) for text in _all(root, "polygon")),
        geocodes=tuple(_read_pairs(root, "geocode")),
    )


def _circle(text: str) -> Circle:
    middle, _, radius = text.strip().partition(" ")
    try:
        return Circle(*_point(middle), float(radius))
    except ValueError:
        raise InputError("A CAP circle is written as latitude,longitude radius.") from None


def _point(text: str) -> tuple[float, float]:
    latitude, _, longitude = text.partition(",")
    try:
        return float(latitude), float(longitude)
    except ValueError:
        raise InputError("A point of a CAP area is written as latitude,longitude.") from None


def _reference(text: str) -> Reference:
    parts = text.split(",")
    if len(parts) != 3:
        raise InputError("A CAP reference is written as sender,identifier,sent.")
    return Reference(parts[0], parts[1], _moment(parts[2], "references"))


def _moment(text: str, element: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or text.endswith("Z"):
        raise InputError(
            f"The CAP element {element} is a time with a numeric offset, such as 2026-11-22T23:59:00+05:00."
        )
    return moment


def _maybe(root: Element, name: str) -> datetime | None:
    text = _find(root, name)
    return None if text is None else _moment(text, name)


def _choice(kind: type[Choice], root: Element, name: str) -> Choice:
    return _as(kind, _need(root, name), name)


def _as(kind: type[Choice], text: str, name: str) -> Choice:
    try:
        return kind(text)
    except ValueError:
        raise InputError(f"The CAP element {name} is one of {', '.join(kind)}.") from None


def _read_pairs(root: Element, name: str) -> Iterator[tuple[str, str]]:
    for one in root.findall(_tag(name)):
        yield _need(one, "valueName"), _need(one, "value")


def _pairs(to: Element, name: str, pairs: tuple[tuple[str, str], ...]) -> None:
    for value_name, value in pairs:
        one = SubElement(to, _tag(name))
        _put(one, "valueName", value_name)
        _put(one, "value", value)


def _put(to: Element, name: str, text: str | None) -> None:
    if text:
        SubElement(to, _tag(name)).text = UNPRINTABLE.sub("", str(text))


def _find(root: Element, name: str) -> str | None:
    text = root.findtext(_tag(name))
    return text.strip() if text and text.strip() else None


def _all(root: Element, name: str) -> Iterator[str]:
    return ((one.text or "").strip() for one in root.findall(_tag(name)))


def _need(root: Element, name: str) -> str:
    text = _find(root, name)
    if text is None:
        raise InputError(f"The CAP message lacks the element {name}.")
    return text


def _spaced(words: tuple[str, ...]) -> str:
    """A list of words: one with a space in it stands in quotation marks (section 3.2.1)."""
    return " ".join(f'"{one}"' if " " in one else one for one in words)


def _unspaced(text: str) -> Iterator[str]:
    for place, part in enumerate(text.split('"')):
        yield from [part] if place % 2 else part.split()


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"
