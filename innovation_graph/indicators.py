"""Indicators: what networks give to an index, as values and, with error bars, as replicates."""

from collections.abc import Mapping, Sequence

import pandas as pd

from innovation_graph import centrality
from innovation_graph.errors import ScoringError, UnknownNameError
from innovation_graph.hub_indicators import over_hubs
from innovation_graph.index.spec import IndexSpec
from innovation_graph.index.template import network_indicators
from innovation_graph.network import Network
from innovation_graph.uncertainty import Uncertainty

__all__ = ["replicates", "values"]


def values(spec: IndexSpec, networks: Mapping[str, Network], hubs: Sequence[str] | None = None) -> pd.DataFrame:
    """Compute the indicators of an index that networks can fill.

    Parameters
    ----------
    spec : IndexSpec
        A definition whose indicators name a network and a measure: `network = ["papers", "eigenvector"]`.
    networks : mapping of str to Network
        By the names that the definition uses; indicators of other networks are left out.
    hubs : sequence of str, optional
        Place ids of all hubs of the index; default: the places of the networks.

    Returns
    -------
    pandas.DataFrame
        Hub x indicator; 0 for hubs that are absent from a network.

    Raises
    ------
    ScoringError
        If no indicator of the definition is about one of the networks.
    UnknownNameError
        If a measure does not exist.
    NetworkError
        If a hub is named twice, or no hub is in a network.

    Examples
    --------
    >>> from innovation_graph import Network
    >>> from innovation_graph.index.spec import read_spec
    >>> papers = Network.from_matrix([[0, 4], [4, 0]], ["beijing", "boston"])
    >>> values(read_spec("gihi2024"), {"papers": papers})["17"].round(3).tolist()
    [0.707, 0.707]
    """
    columns = {}
    for code, (network, measure) in _fed(spec, networks).items():
        if measure not in centrality.MEASURES:
            raise UnknownNameError("measure", measure, centrality.MEASURES)
        columns[code] = over_hubs(networks[network], hubs, centrality.MEASURES[measure])
    return pd.DataFrame(columns)


def replicates(spec: IndexSpec, errors: Mapping[str, Uncertainty]) -> dict[str, pd.DataFrame]:
    """Return replicates of the indicators that networks fill, from their bootstraps.

    Parameters
    ----------
    spec : IndexSpec
        A definition whose indicators name a network and a measure.
    errors : mapping of str to Uncertainty
        Bootstraps by the name of the network, with the measures of the indicators.

    Returns
    -------
    dict of str to pandas.DataFrame
        By indicator: one row a replicate, one column a place, centred on the estimate.

    Raises
    ------
    ScoringError
        If a bootstrap lacks the measure of an indicator, or no indicator is about one of the networks.
    """
    found = {}
    for code, (network, measure) in _fed(spec, errors).items():
        if measure not in errors[network].measures:
            raise ScoringError(
                f"the error bars of {network} lack {measure}, which indicator {code} needs; "
                f"make them with: bootstrap --measures {measure}"
            )
        found[code] = errors[network].centred(measure)
    return found


def _fed(spec: IndexSpec, given: Mapping[str, object]) -> dict[str, tuple[str, str]]:
    table = network_indicators(spec)
    fed = {str(code): (network, measure) for code, network, measure in table.itertuples(name=None) if network in given}
    if not fed:
        known = ", ".join(sorted(set(table["network"]))) or "none"
        raise ScoringError(f"no indicator of {spec.name} is about the networks {', '.join(given)}; it names: {known}")
    return fed
