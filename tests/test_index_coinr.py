"""The ASEM index of COINr: every intermediate table and all ranks."""

import numpy as np
import pandas as pd
import pytest

from innovation_graph.index import scoring
from innovation_graph.index.spec import (
    Aggregation,
    Imputation,
    IndexSpec,
    Indicator,
    Node,
    Normalisation,
    Treatment,
)


@pytest.fixture(scope="module")
def oracle(real_data):
    folder = real_data.parent / "oracles" / "coinr_asem"
    if not folder.is_dir():
        pytest.skip(f"no answer keys at {folder}")
    return folder


def table(oracle, name):
    return pd.read_csv(oracle / f"{name}.csv").set_index("UnitCode")


@pytest.fixture(scope="module")
def asem(oracle):
    meta = pd.read_csv(oracle / "indmeta.csv")
    above = pd.read_csv(oracle / "imeta.csv").query("Type == 'Aggregate'")
    spec = IndexSpec(
        name="ASEM",
        nodes=tuple(
            Node(code=row.iCode, name=row.iName, parent=None if pd.isna(row.Parent) else row.Parent, weight=row.Weight)
            for row in above.itertuples()
        ),
        indicators=tuple(
            Indicator(
                code=row.IndCode,
                name=row.IndName,
                parent=row.Agg1,
                weight=row.IndWeight,
                direction=int(row.Direction),
                denominator=None if pd.isna(row.Denominator) else row.Denominator,
            )
            for row in meta.itertuples()
        ),
        imputation=Imputation("group_mean", group="Group_EurAsia"),
        treatment=Treatment("winsorise"),
        normalisation=Normalisation("minmax", low=0, high=100),
        aggregation=Aggregation("arithmetic"),
    )
    raw = table(oracle, "raw")
    return scoring.score(spec, raw[spec.codes], places=raw, denominators=table(oracle, "denominators"))


@pytest.mark.parametrize("step", ["denominated", "imputed", "treated", "normalised", "aggregated"])
def test_every_intermediate_table(asem, oracle, step):
    expected = table(oracle, step)
    ours = asem.steps[step]
    np.testing.assert_allclose(ours, expected[ours.columns], rtol=0, atol=1e-9, equal_nan=True)
    assert list(ours.index) == list(expected.index)


def test_all_ranks(asem, oracle):
    results = table(oracle, "results")
    assert asem.ranks["Index"].reindex(results.index).tolist() == results["Rank"].tolist()
    for code in asem.scores.columns:
        np.testing.assert_allclose(asem.scores[code].reindex(results.index).round(2), results[code], atol=0.0051)
