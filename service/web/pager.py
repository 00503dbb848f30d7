"""Where in a long list one is, and the addresses of the pages before and after."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from urllib.parse import urlencode

from service.web.view_models import Pages


def pages_of(path: str, total: int, number: int, size: int, filters: Mapping[str, str]) -> Pages | None:
    """The pages of a list whose filters stand in its address; None where it has one page only."""
    count = ceil(total / size)
    if count <= 1:
        return None
    kept = {key: value for key, value in filters.items() if value}
    back, on = (f"{path}?{urlencode({**kept, 'page': other})}" for other in (number - 1, number + 1))
    return Pages(number, count, back if number > 1 else None, on if number < count else None)
