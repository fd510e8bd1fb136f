"""The adapters by name."""

from innovation_graph.sources._adapter import Adapter

__all__ = ["SOURCES"]

SOURCES: dict[str, Adapter] = {adapter.name: adapter for adapter in ()}
"""Adapters by the name that commands and recipes call them by."""
