"""The public page: the security sphere's figures that anybody may read, and how much of the time it could be read."""

from service.public_page.figures import Figure, PublicFigures, public_figures, public_periods
from service.public_page.uptime import BEAT, Availability, availability, beat

__all__ = [
    "BEAT",
    "Availability",
    "Figure",
    "PublicFigures",
    "availability",
    "beat",
    "public_figures",
    "public_periods",
]
