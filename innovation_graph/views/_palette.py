"""Colours of communities, told apart also by colour-blind eyes."""

__all__ = ["COMMUNITIES", "OTHER", "colour"]

COMMUNITIES: tuple[str, ...] = (
    # Paul Tol's "bright" scheme, ...
    "#4477aa",
    "#ee6677",
    "#228833",
    "#ccbb44",
    "#66ccee",
    "#aa3377",
    # ... then those of his "muted" scheme that differ from all of it.
    "#332288",
    "#ddaa88",
    "#44aa99",
    "#882255",
    "#999933",
    "#88aadd",
)
"""Colours in the order of use, light or dark ground alike (https://personal.sron.nl/~pault)."""

OTHER = "#9aa3ad"
"""Grey of everything after the last colour, and of communities of a single place."""


def colour(rank: int) -> str:
    """Return the colour of a community, given its rank by size from 0 on."""
    return COMMUNITIES[rank] if rank < len(COMMUNITIES) else OTHER
