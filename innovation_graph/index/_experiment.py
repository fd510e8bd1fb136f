"""Many scorings of one index: points of a unit cube in, one side a choice, scores and ranks of a node out.

A point says what is chosen: of m methods the one in whose m-th part of [0, 1) the coordinate lies; of the replicates of
a network likewise; for weights and noise the coordinate is the key of a stream of random numbers. So every row
of a design stands for one definition and one table of values, whatever rows stand beside it.
"""

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from innovation_graph.errors import ScoringError
from innovation_graph.index import normalisation, preparation
from innovation_graph.index._batch import METHODS
from innovation_graph.index._choices import EVERY, METHOD_FACTORS, Choices, alternatives
from innovation_graph.index._pipeline import Pipeline
from innovation_graph.index.scores import Scores
from innovation_graph.index.scoring import check, score
from innovation_graph.index.spec import IndexSpec, Normalisation

__all__ = ["Experiment", "Outcome"]

_Floats = NDArray[np.float64]
_BATCH = 1 << 19  # numbers a batch: smaller ones spend their time in calls, larger ones gain little, measured
_STREAMS = {"weights": 1, "noise": 2}


@dataclass(frozen=True, eq=False)
class Outcome:
    """Scores and ranks of a node, shape (replicates, places), NaN where there are none; why a replicate failed."""

    scores: _Floats
    ranks: _Floats
    reasons: NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class Experiment:
    """An index with what is uncertain about it.

    Parameters
    ----------
    scores : Scores
        The nominal scores, of one group.
    choices : Choices
        Checked.
    node : str
        Whose scores and ranks are wanted.
    network : mapping of str to numpy.ndarray
        Replicates of indicators, shape (replicates, places of the raw values).
    seed : int
        Of weights and noise.
    """

    scores: Scores
    choices: Choices
    node: str
    network: Mapping[str, _Floats]
    seed: int

    @cached_property
    def options(self) -> dict[str, list[Any]]:
        """Methods to choose from, by step."""
        return alternatives(self.choices, self.scores.spec)

    @cached_property
    def noise(self) -> dict[str, float]:
        """Standard deviation of the relative error by indicator, where it is above 0."""
        given, every = self.choices.noise, self.choices.noise.get(EVERY, 0.0)
        sizes = {code: given.get(code, every) for code in self.scores.spec.codes}
        return {code: size for code, size in sizes.items() if size > 0}

    @cached_property
    def factors(self) -> list[str]:
        """Names of the uncertain choices: the sides of the cube."""
        first = ["weights"] if self.choices.weights is not None else []
        last = [name for name, there in (("noise", self.noise), ("network", self.network)) if there]
        return [*first, *self.options, *last]

    @cached_property
    def moving(self) -> list[str]:
        """Codes of the indicators whose values differ between replicates."""
        return [code for code in self.scores.spec.codes if code in self.noise or code in self.network]

    def taken(self, design: _Floats) -> pd.DataFrame:
        """Say which method each row takes, and which replicate of the network."""
        columns: dict[str, Any] = {}
        for name in METHOD_FACTORS:
            if name in self.options:
                labels = np.array([_label(option) for option in self.options[name]], dtype=object)
                columns[name] = labels[self._choice(design, name)]
        if self.network:
            columns["network"] = self._choice(design, "network")
        return pd.DataFrame(columns, index=pd.RangeIndex(len(design), name="replicate"))

    def replicate(self, point: _Floats) -> tuple[IndexSpec, pd.DataFrame]:
        """Return the definition and the raw values that a row of a design stands for."""
        design = np.atleast_2d(point)
        spec = self._spec(tuple(int(self._choice(design, name)[0]) for name in self.options))
        if self.choices.weights is not None:
            weights = dict(zip(self._members, self._weights(design)[0].tolist(), strict=True))
            spec = spec.replace(
                nodes=tuple(_reweighted(part, weights) for part in spec.nodes),
                indicators=tuple(_reweighted(part, weights) for part in spec.indicators),
            )
        values = self.scores.steps["raw"].copy()
        if self.moving:
            values[self.moving] = self._values(design)[0]
        return spec, values

    def run(self, design: _Floats, *, threads: int | None = None, batch: int | None = None) -> Outcome:
        """Score every row.

        Parameters
        ----------
        design : numpy.ndarray
            Points in [0, 1), shape (replicates, factors).
        threads : int, optional
            Default: as many as there are processors, at most 8.
        batch : int, optional
            Rows that are scored at once; neither this nor the threads change a result.

        Returns
        -------
        Outcome
            In the order of the rows; places in the order of the nominal scores.
        """
        shape = (len(design), len(self.scores.scores))
        out = Outcome(np.full(shape, np.nan), np.full(shape, np.nan), np.full(len(design), "", dtype=object))

        def work(job: tuple[Pipeline | str | None, NDArray[np.intp]]) -> None:
            how, rows = job
            if isinstance(how, str):
                out.reasons[rows] = how
            elif how is None:
                self._one_by_one(design, rows, out)
            else:
                values = self._values(design[rows]) if self.moving else None
                out.scores[rows], out.ranks[rows], out.reasons[rows] = how.run(values, self._weights(design[rows]))

        with ThreadPoolExecutor(threads or min(8, os.cpu_count() or 1)) as pool:
            for _ in pool.map(work, self._jobs(design, batch)):
                pass
        failed = out.reasons != ""
        out.scores[failed] = out.ranks[failed] = np.nan
        return out

    def _jobs(self, design: _Floats, batch: int | None) -> Iterator[tuple[Pipeline | str | None, NDArray[np.intp]]]:
        """Yield rows that take the same methods, and how they are scored; none: one after the other."""
        chosen = [self._choice(design, name) for name in self.options]
        combination = np.stack(chosen, axis=1) if chosen else np.zeros((len(design), 0), dtype=np.intp)
        for methods in sorted(set(map(tuple, combination.tolist()))):
            rows = np.flatnonzero((combination == methods).all(axis=1))
            spec = self._spec(methods)
            slow = self._slow(spec)
            how: Pipeline | str | None = None
            if not slow:
                try:
                    how = self._pipeline(spec)
                except ScoringError as error:
                    how = str(error)
            size = batch or max(1, _BATCH // self._breadth(spec))
            for start in range(0, len(rows), size):
                yield how, rows[start : start + size]

    def _slow(self, spec: IndexSpec) -> bool:
        """Tell whether a definition has a method that many tables at once cannot be scored with."""
        taken = {
            "treatment": {spec.treatment.method},
            "normalisation": {(part.normalisation or spec.normalisation).method for part in spec.indicators},
            "weighting": {spec.weighting.method},
            "aggregation": {spec.how(node.code).method for node in spec.nodes},
        }
        if self.moving:
            taken["imputation"] = {spec.imputation.method}
        return any(not names <= set(METHODS[step]) for step, names in taken.items())

    def _breadth(self, spec: IndexSpec) -> int:
        """Numbers that one replicate needs at a time."""
        places = len(self.scores.steps["raw"])
        pairs = any(spec.how(node.code).method == "copeland" for node in spec.nodes)
        return max(1, places * max(len(spec.codes), places if pairs else 0))

    def _pipeline(self, spec: IndexSpec) -> Pipeline:
        inputs = self.scores.inputs
        two = pd.DataFrame({code: [1.0, 2.0] for code in spec.codes})
        check(spec, two, inputs["anchors"])
        for how in {part.normalisation or spec.normalisation for part in spec.indicators}:
            parts = [part for part in spec.indicators if (part.normalisation or spec.normalisation) == how]
            normalisation.normalise(
                two[[part.code for part in parts]],
                how,
                goalposts={part.code: part.goalposts for part in parts if part.goalposts is not None},
                targets={part.code: part.target for part in parts if part.target is not None},
                fixed=inputs["anchors"],
            )
        kept = self.scores.steps["denominated"]
        group = spec.imputation.group
        column = None
        if group is not None and spec.imputation.method.startswith("group"):
            places = inputs["places"]
            if places is None or group not in places.columns:
                raise ScoringError(f"imputation by group needs the column {group!r} of the place table")
            column = places[group].reindex(kept.index)
        filled, _ = preparation.impute(kept, spec.imputation, groups=column)
        rows = self.scores.steps["raw"].index.get_indexer(kept.index)
        sizes = {part.code: part.denominator for part in spec.indicators if part.denominator is not None}
        sizes = {code: name for code, name in sizes.items() if code in self.moving}
        table = inputs["denominators"]
        divisors = {} if table is None else {code: table.loc[kept.index, name] for code, name in sizes.items()}
        groups = None if column is None else column.to_numpy(dtype=object)
        return Pipeline(
            spec,
            self.node,
            filled.to_numpy(dtype=np.float64),
            self.moving,
            rows,
            {code: sizes.to_numpy(dtype=np.float64) for code, sizes in divisors.items()},
            groups,
            inputs["anchors"],
        )

    def _one_by_one(self, design: _Floats, rows: NDArray[np.intp], out: Outcome) -> None:
        for row in rows:
            try:
                spec, values = self.replicate(design[row])
                found = score(spec, values, **self.scores.inputs)  # type: ignore[arg-type]
            except ScoringError as error:
                out.reasons[row] = str(error)
                continue
            out.scores[row] = found.scores[self.node].to_numpy(dtype=np.float64)
            out.ranks[row] = found.ranks[self.node].astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)

    def _spec(self, methods: tuple[int, ...]) -> IndexSpec:
        chosen = {name: self.options[name][at] for name, at in zip(self.options, methods, strict=True)}
        return self.scores.spec.replace(**chosen)

    def _choice(self, design: _Floats, name: str) -> NDArray[np.intp]:
        n = len(next(iter(self.network.values()))) if name == "network" else len(self.options[name])
        at = (design[:, self.factors.index(name)] * n).astype(np.intp)
        return np.minimum(at, n - 1)

    def _streams(self, design: _Floats, name: str) -> Iterator[np.random.Generator]:
        keys = (design[:, self.factors.index(name)] * 2.0**53).astype(np.uint64)
        for key in keys.tolist():
            yield np.random.default_rng([self.seed, _STREAMS[name], key])

    @cached_property
    def _members(self) -> list[str]:
        return [part.code for part in self.scores.spec.members]

    @cached_property
    def _nominal(self) -> _Floats:
        return np.array([part.weight for part in self.scores.spec.members])

    @cached_property
    def _shares(self) -> _Floats:
        """Share of each part in its node."""
        spec, share = self.scores.spec, dict.fromkeys(self._members, 1.0)
        for below in spec.children.values():
            total = sum(spec.parts[code].weight for code in below)
            share |= {code: spec.parts[code].weight / total for code in below}
        return np.array([share[code] for code in self._members])

    def _weights(self, design: _Floats) -> _Floats:
        """Return weights of all nodes and indicators, shape (replicates or 1, members)."""
        how, m = self.choices.weights, len(self._members)
        if how is None:
            return self._nominal[None]
        drawn = np.empty((len(design), m))
        for row, rng in enumerate(self._streams(design, "weights")):
            if how.law == "uniform":
                drawn[row] = 1 + how.spread * (2 * rng.random(m) - 1)
            elif how.law == "any":
                drawn[row] = rng.standard_exponential(m)
            else:
                drawn[row] = rng.standard_gamma(how.concentration * self._shares)
        return drawn * self._nominal if how.law == "uniform" else np.maximum(drawn, 1e-300)

    def _values(self, design: _Floats) -> _Floats:
        """Return the raw values of the moving indicators, shape (replicates, all places, indicators)."""
        raw = self.scores.steps["raw"][self.moving].to_numpy(dtype=np.float64)
        x = np.empty((len(design), *raw.shape))
        x[:] = raw
        if self.network:
            drawn = self._choice(design, "network")
            for code, replicates in self.network.items():
                x[:, :, self.moving.index(code)] = replicates[drawn]
        if self.noise:
            at = [self.moving.index(code) for code in self.noise]
            sizes = np.array(list(self.noise.values()))
            errors = np.empty((len(design), len(raw), len(at)))
            for row, rng in enumerate(self._streams(design, "noise")):
                rng.standard_normal(out=errors[row])
            errors *= sizes
            errors += 1
            if len(at) == len(self.moving):
                x *= errors
            else:
                x[:, :, at] *= errors
        return x


def _label(option: Any) -> str:
    """Name a method with the parameters that are not its defaults."""
    entries = {key: value for key, value in msgspec.to_builtins(option).items() if key != "method"}
    if isinstance(option, Normalisation) and option.method in ("z", "rank", "none"):
        entries = {key: value for key, value in entries.items() if key not in ("low", "high")}
    shown = ", ".join(f"{key} {value}" for key, value in entries.items())
    return f"{option.method} ({shown})" if shown else str(option.method)


def _reweighted(part: Any, weights: Mapping[str, float]) -> Any:
    return part if part.parent is None else msgspec.structs.replace(part, weight=weights[part.code])
