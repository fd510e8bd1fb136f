"""Machinery on plain arrays: sites to rows of places, rows to links; the same steps twice.

`small` (numpy, scipy) starts at once, `kernels` (numba) is many times faster once it is loaded and compiled.
"""

from types import ModuleType

from innovation_graph.engine import small

__all__ = ["engine"]

_SMALL = 1_000_000  # numpy needs less for this many entries than numba needs to load


def engine(entries: int) -> ModuleType:
    """Return the module to use for this many entries; its functions fill arrays in place."""
    if entries < _SMALL:
        return small
    from innovation_graph.engine import kernels  # noqa: PLC0415 - numba is slow to load

    return kernels
