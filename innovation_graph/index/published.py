"""Published tables of an index: scores and ranks as they are printed, with the tree they belong to.

A report prints several tables, some columns in more than one of them, rounded, for the leading places only. They
are kept apart here: which of two versions is right is found by `audit`, not decided on reading.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import pandas as pd

from innovation_graph._data import data_path
from innovation_graph.errors import ScoringError, UnknownNameError
from innovation_graph.index.spec import IndexSpec, read_spec

__all__ = ["Published", "gihi2024", "gihi2024_mini"]

_MAIN_TABLES = {
    "table 2": ("table02_overall", ("GIHI", "A", "B", "C")),
    "table 5": ("table05_science_centre", ("A", "A1", "A2", "A3", "A4")),
    "table 7": ("table07_innovation_economy", ("B", "B1", "B2", "B3", "B4")),
    "table 9": ("table09_innovation_ecosystem", ("C", "C1", "C2", "C3", "C4")),
}
_STEM = {"GIHI": "", "A": "science_", "B": "economy_", "C": "ecosystem_"}


@dataclass(frozen=True, eq=False)
class Published:
    """Published scores and ranks of one set of places that were scored together.

    Parameters
    ----------
    spec : IndexSpec
        The tree and its nominal weights.
    places : pandas.DataFrame
        All places that were scored, also those that no table prints, by `place_id`; `name_en`, `continent`.
    scores : mapping of str to pandas.DataFrame
        Table by its name: place x node, rows in the order of print, columns named by codes of the definition.
    ranks : mapping of str to pandas.DataFrame
        Printed ranks of some of these columns, same labels; may be empty.
    low, high : float
        Ends of the range that scores were mapped onto by min-max.
    decimals : int
        Digits printed after the point.
    known : pandas.DataFrame
        Printed values of indicators: `indicator`, `place_id`, `value`, `unit`.
    growth : pandas.DataFrame
        Printed growth rates with the two ends that they are said to connect: `id`, `what`, `first_year`, `first`,
        `last_year`, `last`, `rounded_to`, `published_percent`, `percent_decimals`, `source`.
    modes : pandas.Series
        Printed group of each of the leading places.
    history : pandas.DataFrame
        Printed ranks of several editions: `node`, `place_id`, and `rank_<year>` for each year.

    Raises
    ------
    UnknownNameError
        If a table has a column that is no code of the definition, or a place that was not scored.
    ScoringError
        If a place comes twice in a table, or a score lies outside of the range.
    """

    spec: IndexSpec
    places: pd.DataFrame
    scores: Mapping[str, pd.DataFrame]
    ranks: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    low: float = 60.0
    high: float = 100.0
    decimals: int = 2
    known: pd.DataFrame = field(default_factory=pd.DataFrame)
    growth: pd.DataFrame = field(default_factory=pd.DataFrame)
    modes: pd.Series = field(default_factory=lambda: pd.Series(dtype="str"))
    history: pd.DataFrame = field(default_factory=pd.DataFrame)

    def __post_init__(self) -> None:
        """Check the tables and close the mappings to writing."""
        for name, table in [*self.scores.items(), *self.ranks.items()]:
            for code in table.columns:
                if code not in self.spec.parts:
                    raise UnknownNameError(f"column of {name}", code, self.spec.parts)
            if not table.index.is_unique:
                raise ScoringError(f"{name}: places named twice: {list(table.index[table.index.duplicated()][:5])}")
            strange = table.index.difference(self.places.index)
            if len(strange):
                raise UnknownNameError(f"place in {name}", strange[0], self.places.index)
        for name, table in self.scores.items():
            outside = (table < self.low - self.half) | (table > self.high + self.half)
            if outside.to_numpy().any():
                place = table.index[outside.any(axis=1)][0]
                code = table.columns[outside.loc[place]][0]
                raise ScoringError(
                    f"{name}: {code} of {place} is {table.loc[place, code]}; expected {self.low:g} to {self.high:g}"
                )
        object.__setattr__(self, "scores", MappingProxyType(dict(self.scores)))
        object.__setattr__(self, "ranks", MappingProxyType(dict(self.ranks)))

    def __repr__(self) -> str:
        """Say what was published."""
        printed = {place for table in self.scores.values() for place in table.index}
        return (
            f"<Published: {self.spec.name}, {len(self.scores)} tables, {len(self.codes)} nodes, "
            f"{len(printed)} of {len(self.places)} places>"
        )

    @property
    def half(self) -> float:
        """Half a unit of the last printed digit: what rounding may have changed."""
        return 0.5 * 10.0**-self.decimals

    @property
    def codes(self) -> list[str]:
        """Codes of the nodes that some table prints, in the order of the definition."""
        printed = {code for table in self.scores.values() for code in table.columns}
        return [code for code in self.spec.parts if code in printed]

    def versions(self, code: str) -> pd.DataFrame:
        """Return a node as each table prints it.

        Parameters
        ----------
        code : str
            A node.

        Returns
        -------
        pandas.DataFrame
            Place x table, places in the order of `places`; NaN where a table does not print the place.

        Raises
        ------
        UnknownNameError
            If no table prints the node.
        """
        columns = {name: table[code] for name, table in self.scores.items() if code in table.columns}
        if not columns:
            raise UnknownNameError("published node", code, self.codes)
        joined = pd.DataFrame(columns)
        return joined.loc[[place for place in self.places.index if place in joined.index]]


def gihi2024() -> Published:
    """Return the published tables of the Global Innovation Hubs Index 2024: 108 main hubs, 100 in each table.

    Returns
    -------
    Published
        Tables 2, 5, 7 and 9 as printed, ranks, development modes, rank tables 2022-2024, and single values.

    Examples
    --------
    >>> gihi2024()
    <Published: Global Innovation Hubs Index 2024, 4 tables, 16 nodes, 108 of 108 places>
    """
    hubs = _hubs()
    ids = hubs.reset_index().set_index("hub_id")["place_id"]
    scores, ranks = {}, {}
    for name, (file, codes) in _MAIN_TABLES.items():
        scores[name], ranks[name] = _table(file, codes, ids)
    by_name = hubs.reset_index().set_index("name_en")["place_id"]
    known, modes, history = (
        _csv(name) for name in ("published_values", "development_modes", "tables03_06_08_10_rank_history")
    )
    nodes = {"overall": "GIHI", "science": "A", "economy": "B", "ecosystem": "C"}
    history = history.assign(node=history["dimension"].map(nodes), place_id=ids.loc[history["hub_id"]].to_numpy())
    return Published(
        read_spec("gihi2024"),
        hubs[hubs["tier"] == "main"],
        scores,
        ranks,
        known=pd.DataFrame(
            {
                "indicator": known["indicator"],
                "place_id": by_name.loc[known["hub"]].to_numpy(),
                "value": known["value"].astype("float64"),
                "unit": known["unit"],
            }
        ),
        growth=_csv("published_growth"),
        modes=pd.Series(
            modes["mode"].to_numpy(), index=pd.Index(by_name.loc[modes["hub"]], name="place_id"), name="mode"
        ),
        history=history[["node", "place_id", *(name for name in history.columns if name.startswith("rank_"))]],
    )


def gihi2024_mini() -> Published:
    """Return table 4 of the Global Innovation Hubs Index 2024: twelve mini hubs, scored among themselves.

    Returns
    -------
    Published
        One table with the overall and the dimension scores.
    """
    hubs = _hubs()
    ids = hubs.reset_index().set_index("hub_id")["place_id"]
    scores, ranks = _table("table04_mini_hubs", ("GIHI", "A", "B", "C"), ids)
    mini = hubs[hubs["tier"] == "mini"]
    return Published(read_spec("gihi2024"), mini, {"table 4": scores}, {"table 4": ranks})


def _hubs() -> pd.DataFrame:
    # The set of places would bring the network with it; only its way to make an id of a name is needed.
    from innovation_graph.places.text import slug  # noqa: PLC0415

    table = pd.read_csv(data_path("hubs.csv"), keep_default_na=False)
    return table.set_index(pd.Index([slug(name) for name in table["name_en"]], dtype="str", name="place_id"))


def _csv(name: str) -> pd.DataFrame:
    return pd.read_csv(data_path("gihi2024") / f"{name}.csv", dtype={"indicator": "str"})


def _table(file: str, codes: tuple[str, ...], ids: pd.Series) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return scores and ranks of a printed table; its columns carry the code, or the name of the dimension."""
    table = _csv(file)
    table.index = pd.Index(ids.loc[table["hub_id"]], dtype="str", name="place_id")
    scores, ranks = {}, {}
    for code in codes:
        stem = _STEM.get(code)
        column = next(name for name in table.columns if name == f"{stem}score" or name.startswith(f"{code}_"))
        scores[code] = table[column].astype("float64")
        # A table of one dimension ranks by its first column and calls that plainly "rank".
        rank = f"{stem}rank" if f"{stem}rank" in table.columns else "rank" if code == codes[0] else None
        if rank is not None:
            ranks[code] = table[rank].astype("int64")
    return pd.DataFrame(scores), pd.DataFrame(ranks)
