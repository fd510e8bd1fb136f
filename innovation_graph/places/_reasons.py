"""Codes that say how a place was found."""

__all__ = ["CATCHMENT", "GEONAMES", "KEY", "NAME", "NONE", "REASONS"]

REASONS: tuple[str, ...] = ("none", "geonames", "name", "catchment", "key")
"""Names of the codes 0 to 4."""

NONE, GEONAMES, NAME, CATCHMENT, KEY = range(5)
