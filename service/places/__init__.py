"""Places: where an alert is, what address that has, what the map shows."""

from incidents.where.place import Place
from incidents.where.same import same_place
from service.places.locating import locate, note_sight, set_place, settle

__all__ = ["Place", "locate", "note_sight", "same_place", "set_place", "settle"]
