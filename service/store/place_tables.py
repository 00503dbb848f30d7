"""Tables of places: the addresses of the city, and the lines of sight along which cameras saw fire."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base
from service.store.tables import Code

ADDRESS_LENGTH = 255


class Address(Base):
    """One address of the register that an import brought.

    Attributes:
        import_id: the file it came with; the newest that was not withdrawn stands.
        code: its number in the register of its keeper.
        cell: of the grid that the nearest is looked for in (`service.places.grid`).
        kk, ru, en: street and house by language.
    """

    __tablename__ = "address"

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[str] = mapped_column(ForeignKey("city_import.id"))
    code: Mapped[str] = mapped_column(Code)
    cell: Mapped[int] = mapped_column(BigInteger)
    latitude: Mapped[float]
    longitude: Mapped[float]
    kk: Mapped[str] = mapped_column(String(ADDRESS_LENGTH))
    ru: Mapped[str] = mapped_column(String(ADDRESS_LENGTH))
    en: Mapped[str] = mapped_column(String(ADDRESS_LENGTH))

    __table_args__ = (Index(None, "import_id", "cell"),)


class AlertBearing(Base):
    """The line from a camera to the fire or smoke of one report; crossed with others it tells the place.

    Attributes:
        alert_id: of the report, merged or not.
        latitude, longitude, sigma_m: where the camera hangs and how uncertain that is.
        bearing_deg, sigma_deg: where to.
        near_m, range_m: how far off it can be.
    """

    __tablename__ = "alert_bearing"

    alert_id: Mapped[str] = mapped_column(ForeignKey("alert.id"), primary_key=True)
    camera_id: Mapped[str] = mapped_column(Code)
    latitude: Mapped[float]
    longitude: Mapped[float]
    sigma_m: Mapped[float]
    bearing_deg: Mapped[float]
    sigma_deg: Mapped[float]
    near_m: Mapped[float]
    range_m: Mapped[float]


class AlertOwnPlace(Base):
    """The place an alert's own report told, kept once another report's better place stands on the alert.

    Attributes:
        place: the fields of `incidents.where.place.Place`.
    """

    __tablename__ = "alert_own_place"

    alert_id: Mapped[str] = mapped_column(ForeignKey("alert.id"), primary_key=True)
    place: Mapped[dict[str, Any]]
