"""How long lies between two moments, asked of the database: exact microseconds on SQLite and PostgreSQL alike."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class microseconds_between(FunctionElement[int]):  # noqa: N801 - it is written as a function
    """From the first moment to the second, as a whole number of microseconds; below 0 where it lies before it."""

    type = BigInteger()
    inherit_cache = True
    name = "microseconds_between"


@compiles(microseconds_between, "sqlite")
def _sqlite(element: Any, compiler: SQLCompiler, **named: Any) -> str:
    """Moments are kept as text, always with six decimals; its own functions round them to a millisecond."""
    since, until = (compiler.process(one, **named) for one in element.clauses)

    def us(text: str) -> str:
        whole = f"CAST(strftime('%s', substr({text}, 1, 19)) AS INTEGER)"
        return f"({whole} * 1000000 + CAST(substr({text}, 21, 6) AS INTEGER))"

    return f"({us(until)} - {us(since)})"


@compiles(microseconds_between, "postgresql")
def _postgresql(element: Any, compiler: SQLCompiler, **named: Any) -> str:
    """Seconds of an interval come as an exact numeric."""
    since, until = (compiler.process(one, **named) for one in element.clauses)
    return f"CAST(EXTRACT(EPOCH FROM ({until} - {since})) * 1000000 AS BIGINT)"
