"""What evaluators bring from outside: files read, judged row by row, taken in whole or not at all, withdrawn."""

from service.imports.values import Imported, kpi_values

__all__ = ["Imported", "kpi_values"]
