"""The adapters by name."""

from innovation_graph.sources import (
    crossref,
    derwent,
    dimensions,
    lens,
    patentsview,
    regpat,
    scopus,
    tables,
    uspto,
    wos,
)
from innovation_graph.sources._adapter import Adapter

__all__ = ["SOURCES"]

_MODULES = (wos, scopus, dimensions, lens, crossref, tables, uspto, patentsview, derwent, regpat)

SOURCES: dict[str, Adapter] = {module.ADAPTER.name: module.ADAPTER for module in _MODULES}
"""Adapters by the name that commands and recipes call them by."""
