"""An index and what is uncertain about it, checked and made ready to be scored many times."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from innovation_graph.errors import ScoringError, UnknownNameError
from innovation_graph.index._choices import Choices, check_choices
from innovation_graph.index._experiment import Experiment
from innovation_graph.index._groups import check_node, one_group
from innovation_graph.index.scores import Scores

__all__ = ["set_up"]

_Floats = NDArray[np.float64]


def set_up(
    scores: Scores,
    choices: Choices,
    *,
    network: Mapping[str, pd.DataFrame] | None = None,
    node: str | None = None,
    group: str | None = None,
    seed: int = 0,
) -> Experiment:
    """Check what is uncertain about an index, and make ready to score it; parameters as for `monte_carlo`."""
    check_choices(choices, scores.spec)
    scores = one_group(scores, group)
    experiment = Experiment(scores, choices, check_node(scores, node), _arrays(scores, network or {}), seed)
    if not experiment.factors:
        raise ScoringError(
            "nothing is uncertain: give ranges of weights, other methods, noise, or replicates of a network"
        )
    return experiment


def _arrays(scores: Scores, network: Mapping[str, pd.DataFrame]) -> dict[str, _Floats]:
    raw, found = scores.steps["raw"], {}
    for code, table in network.items():
        if code not in raw.columns:
            raise UnknownNameError("indicator with replicates", code, raw.columns)
        absent = raw.index.difference(table.columns)
        if len(absent):
            raise ScoringError(f"replicates of {code} lack {len(absent)} places, the first is {absent[0]!r}")
        values = table[raw.index].to_numpy(dtype=np.float64)
        missing = raw[code].isna().to_numpy()
        if not len(values) or not np.isfinite(values[:, ~missing]).all():
            raise ScoringError(f"replicates of {code}: expected finite numbers in at least one row")
        found[code] = np.where(missing, np.nan, values)
    lengths = {code: len(values) for code, values in found.items()}
    if len(set(lengths.values())) > 1:
        raise ScoringError(f"replicates are drawn together and must be equally many, got {lengths}")
    return found
