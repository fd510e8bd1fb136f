"""Fetching source files over a network: the only rooms of this package that open a connection, and only when called.

`openalex.fetch` takes works from the API of OpenAlex, `ror.fetch` the register of organisations, and `snapshot`
knows the command that copies all works. Nothing else in the package imports these modules.
"""

from innovation_graph.fetch._http import FetchError

__all__ = ["FetchError"]
