"""Scores and ranks before and after changes of a published index."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from innovation_graph._csv import write_csv
from innovation_graph._files import new_folder
from innovation_graph.errors import UnknownNameError

__all__ = ["Outcome", "merged"]

_MARKER = "assumptions.txt"


@dataclass(frozen=True, eq=False)
class Outcome:
    """Scores and ranks before and after changes.

    Parameters
    ----------
    before, after : pandas.DataFrame
        Place x node; missing where no table prints a score.
    low, high : pandas.DataFrame
        Bounds of `after`: equal to it unless the bottom of a node's scale, or the scale of z, is not known exactly.
    ranks_before, ranks : pandas.DataFrame
        Place x node, 1 is the best. Before: as printed, where printed. Equal printed scores keep their printed order.
    best, worst : pandas.DataFrame
        Bounds of `ranks`: places that changed may lie either way of neighbours within rounding, and places not
        printed may lie above or below.
    rescaled : pandas.DataFrame
        Nodes whose first or last place changed: `bottom_low`, `bottom_high`, `top_low`, `top_high` of the new scale,
        in points of the old one.
    assumptions : tuple of str
        What the result rests on.
    """

    before: pd.DataFrame
    after: pd.DataFrame
    low: pd.DataFrame
    high: pd.DataFrame
    ranks_before: pd.DataFrame
    ranks: pd.DataFrame
    best: pd.DataFrame
    worst: pd.DataFrame
    rescaled: pd.DataFrame
    assumptions: tuple[str, ...]

    def __repr__(self) -> str:
        """Say how much moved."""
        root = self.before.columns[0]
        moved = int((self.ranks[root] != self.ranks_before[root]).fillna(value=False).sum())
        return f"<Outcome: {moved} of {self.before[root].notna().sum()} ranks of {root} change>"

    def table(self, code: str | None = None) -> pd.DataFrame:
        """Return one node, the best place after the change first.

        Parameters
        ----------
        code : str, optional
            A node; default: the root.

        Returns
        -------
        pandas.DataFrame
            `before`, `after`, `low`, `high`, `change`, `rank_before`, `rank`, `best`, `worst`.

        Raises
        ------
        UnknownNameError
            If the node is not printed.
        """
        code = str(self.before.columns[0]) if code is None else code
        if code not in self.before.columns:
            raise UnknownNameError("published node", code, self.before.columns)
        columns = {"before": self.before, "after": self.after, "low": self.low, "high": self.high}
        table = pd.DataFrame({name: values[code] for name, values in columns.items()})
        table["change"] = table["after"] - table["before"]
        ranks = {"rank_before": self.ranks_before, "rank": self.ranks, "best": self.best, "worst": self.worst}
        table = table.assign(**{name: values[code] for name, values in ranks.items()})
        return table.dropna(subset=["after"]).sort_values(["rank", "rank_before"], kind="stable")

    def write(self, path: Path | str, *, synthetic: bool = False) -> None:
        """Write one CSV a node, `rescaled.csv` and `assumptions.txt`.

        Parameters
        ----------
        path : str or Path
            The folder; it appears only when everything is written.
        synthetic : bool
            Whether a change was made from synthetic data: every file is then marked.
        """
        tables = {f"{code}.csv": self.table(str(code)) for code in self.before.columns}
        tables["rescaled.csv"] = self.rescaled
        with new_folder(path, marker=_MARKER, known=[_MARKER, *tables]) as folder:
            for name, table in tables.items():
                write_csv(table, folder / name, synthetic=synthetic)
            head = ["SYNTHETIC DATA: the changes were made from made-up records"] if synthetic else []
            (folder / _MARKER).write_text("\n".join([*head, *self.assumptions]) + "\n", encoding="utf-8")


def merged(runs: Sequence[Outcome], notes: tuple[str, ...]) -> Outcome:
    """Return the middle one of several runs, with bounds over all of them and further notes."""
    middle = runs[len(runs) // 2]

    def end(name: str, how: str) -> pd.DataFrame:
        tables: list[pd.DataFrame] = [getattr(run, name) for run in runs]
        out = tables[0]
        for table in tables[1:]:
            smaller = (table < out) if how == "min" else (table > out)
            out = out.where(~smaller.fillna(value=False), table)
        return out

    return Outcome(
        middle.before,
        middle.after,
        end("low", "min"),
        end("high", "max"),
        middle.ranks_before,
        middle.ranks,
        end("best", "min"),
        end("worst", "max"),
        middle.rescaled,
        (*middle.assumptions, *notes),
    )
