"""City collaboration networks from papers and patents: who works with whom, measured and mapped.

>>> import innovation_graph as ig
>>> ig.Network.from_matrix([[0, 2], [2, 0]], ["beijing", "boston"])
<Network: 2 places, 1 link, total weight 2, 0 isolates>
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from innovation_graph._version import __version__

if TYPE_CHECKING:
    from innovation_graph import (
        backbone,
        centrality,
        change,
        communities,
        copublication,
        drilldown,
        flows,
        gravity,
        incidence,
        index,
        international,
        null_model,
        organisations,
        periods,
        places,
        projection,
        robustness,
        roles,
        scenario,
        similarity,
        stability,
        structure,
        studies,
        topology,
        uncertainty,
        validation,
    )
    from innovation_graph.incidence import Incidence
    from innovation_graph.network import Network, read_network
    from innovation_graph.pipeline import Result, run
    from innovation_graph.projection import project
    from innovation_graph.recipe import Recipe, read_recipe
    from innovation_graph.records import Records, read_records
    from innovation_graph.selection import Selection

_HOMES = {
    "Incidence": "incidence",
    "Network": "network",
    "Recipe": "recipe",
    "Records": "records",
    "Result": "pipeline",
    "Selection": "selection",
    "project": "projection",
    "read_network": "network",
    "read_recipe": "recipe",
    "read_records": "records",
    "run": "pipeline",
}
_MODULES = (
    "backbone",
    "centrality",
    "change",
    "communities",
    "copublication",
    "drilldown",
    "flows",
    "gravity",
    "incidence",
    "index",
    "international",
    "null_model",
    "organisations",
    "periods",
    "places",
    "projection",
    "robustness",
    "roles",
    "scenario",
    "similarity",
    "stability",
    "structure",
    "studies",
    "topology",
    "uncertainty",
    "validation",
)

__all__ = [
    "Incidence",
    "Network",
    "Recipe",
    "Records",
    "Result",
    "Selection",
    "__version__",
    "backbone",
    "centrality",
    "change",
    "communities",
    "copublication",
    "drilldown",
    "flows",
    "gravity",
    "incidence",
    "index",
    "international",
    "null_model",
    "organisations",
    "periods",
    "places",
    "project",
    "projection",
    "read_network",
    "read_recipe",
    "read_records",
    "robustness",
    "roles",
    "run",
    "scenario",
    "similarity",
    "stability",
    "structure",
    "studies",
    "topology",
    "uncertainty",
    "validation",
]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used: the package itself stays light."""
    if name in _HOMES:
        return getattr(import_module(f"innovation_graph.{_HOMES[name]}"), name)
    if name in _MODULES:
        return import_module(f"innovation_graph.{name}")
    raise AttributeError(f"module 'innovation_graph' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
