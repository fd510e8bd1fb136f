"""City collaboration networks from papers and patents."""

from innovation_graph._version import __version__
from innovation_graph.network import Network, read_network

__all__ = ["Network", "__version__", "read_network"]
