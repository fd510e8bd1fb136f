"""Codes that say how a place was found."""

__all__ = ["CATCHMENT", "CLUSTER", "GEONAMES", "KEY", "NAME", "NOISE", "NONE", "REASONS"]

REASONS: tuple[str, ...] = ("none", "geonames", "name", "catchment", "key", "cluster", "noise")
"""Names of the codes 0 to 6; none and noise have no place."""

NONE, GEONAMES, NAME, CATCHMENT, KEY, CLUSTER, NOISE = range(7)
