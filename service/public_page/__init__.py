"""The public page: the security sphere's figures that anybody may read, and how much of the time it could be read.

Only the availability is named here: it is a KPI of its own (1.2), asked for by the rating, from which the figures come.
"""

from service.public_page.uptime import BEAT, Availability, availability, availability_in

__all__ = ["BEAT", "Availability", "availability", "availability_in"]
