"""Published periods: frozen values, the events behind them, revisions, and the whole derivation of each."""

from service.publication.freeze import publish
from service.publication.model import FrozenKpi, Header, Publication, Revision, State
from service.publication.shelf import publications, published, the_published

__all__ = [
    "FrozenKpi",
    "Header",
    "Publication",
    "Revision",
    "State",
    "publications",
    "publish",
    "published",
    "the_published",
]
