"""The commands about indices, as a user types them."""

import io

import numpy as np
import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

from innovation_graph import centrality, cli, places, read_network
from innovation_graph.index.spec import read_spec

HUBS = places.gihi2024().table
CODES = read_spec("gihi2024").codes


def command(*arguments):
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments], env={"COLUMNS": "160"})


def done(*arguments):
    result = command(*arguments)
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output


def table(path, **how):
    return pd.read_csv(path, encoding="utf-8-sig", **how)


@pytest.fixture(scope="module")
def nets(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nets")
    done("network", "sample", "--kind", "paper", "--years", "2023", "--out", folder / "papers")
    done("network", "sample", "--kind", "patent", "--years", "2023", "--min-actors", "2", "--out", folder / "patents")
    return folder


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A template filled in with made-up numbers."""
    path = tmp_path_factory.mktemp("filled") / "mine.csv"
    blank = table(io.StringIO(done("template", "gihi2024")), dtype=str, keep_default_na=False)
    numbers = np.random.default_rng(3).lognormal(size=(120, 30)).round(6)
    blank.iloc[-120:, 3:] = numbers.astype(str)
    blank.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def scores(nets, filled, tmp_path_factory):
    out = tmp_path_factory.mktemp("scores") / "scores"
    done(
        "score",
        "gihi2024",
        "--indicators",
        filled,
        "--papers",
        nets / "papers",
        "--patents",
        nets / "patents",
        "--out",
        out,
    )
    return out


def test_scores_follow_from_values_and_networks(scores, nets, filled):
    raw = table(scores / "step_raw.csv", index_col="place_id")
    assert raw["synthetic_data"].eq("yes").all()
    network = read_network(nets / "papers")
    np.testing.assert_allclose(raw["17"], centrality.eigenvector(network)[raw.index], rtol=1e-12)
    assert raw["18"].tolist() == centrality.degree(read_network(nets / "patents"))[raw.index].tolist()
    # z-scores and weights once more, by hand
    main = raw[CODES][HUBS["tier"].reindex(raw.index) == "main"]
    z = (main - main.mean()) / main.std(ddof=0)
    root = z @ pd.Series(read_spec("gihi2024").effective_weights())
    expected = 60 + 40 * (root - root.min()) / (root.max() - root.min())
    made = table(scores / "scores.csv", index_col="place_id")
    np.testing.assert_allclose(made["GIHI"][expected.index], expected, rtol=1e-9)
    book = openpyxl.load_workbook(scores / "scores.xlsx", read_only=True)
    assert {"scores", "step_normalised", "definition"} <= set(book.sheetnames)
    done("score", "gihi2024", "--indicators", filled, "--out", scores.with_name("again"))  # without networks


def test_partial_scores_say_so(nets, tmp_path):
    how = ("--papers", nets / "papers", "--patents", nets / "patents", "--out", tmp_path / "c1")
    assert "indicators missing" in str(command("score", "gihi2024", *how).exception)
    assert "PARTIAL" in command("score", "gihi2024", *how, "--partial").stderr
    assert list(table(tmp_path / "c1/scores.csv").filter(regex="^C1").columns) == ["C1", "C1_rank"]
    assert "--indicators" in str(command("score", "gihi2024").exception)


def test_error_bars_of_networks_become_those_of_scores(nets, filled, tmp_path):
    done("bootstrap", nets / "papers", "--replicates", "30", "--measures", "eigenvector", "--out", tmp_path / "errors")
    done(
        "score",
        "gihi2024",
        "--indicators",
        filled,
        "--papers",
        nets / "papers",
        "--papers-errors",
        tmp_path / "errors",
        "--out",
        tmp_path / "s",
    )
    bands = table(tmp_path / "s_intervals_main/bands.csv")
    assert len(bands) == 108
    assert (bands["rank_low"] <= bands["rank_high"]).all()
    assert (bands["rank_low"] < bands["rank_high"]).any()


def test_a_template_is_checked_all_at_once(filled, tmp_path):
    assert "0 errors" in done("check-values", "gihi2024", filled)
    wrong = filled.read_text().replace("boston,Boston", "bostn,Bostn")
    (tmp_path / "wrong.csv").write_text(wrong)
    result = command("check-values", "gihi2024", tmp_path / "wrong.csv", "--out", tmp_path / "problems.csv")
    assert result.exit_code == 1
    assert "bostn" in table(tmp_path / "problems.csv").to_string()
    done("template", "gihi2024", "--out", tmp_path / "t.xlsx")
    assert "may have been filled in" in str(command("template", "gihi2024", "--out", tmp_path / "t.xlsx").exception)


def test_why_profile_and_editions(scores, tmp_path):
    output = done("explain", scores, "Boston", "上海", "--out", tmp_path / "why.csv")
    made = table(scores / "scores.csv", index_col="place_id")["GIHI"]
    parts = table(tmp_path / "why.csv")
    assert parts["contribution"].sum() == pytest.approx(made["boston"] - made["shanghai"])
    assert "Boston" in output
    assert "unknown place 'Bostn'" in str(command("explain", scores, "Bostn", "Shanghai").exception)
    assert "similar profile" in done("explain", scores, "Beijing", "--out", tmp_path / "profile.csv")
    assert "the same place" in str(command("explain", scores, "Boston", "boston").exception)
    done("editions", scores, scores, "--out", tmp_path / "e")
    assert table(tmp_path / "e/change.csv")["change"].abs().max() < 1e-9


def test_sensitivity_and_health(scores, filled, tmp_path):
    how = ("--replicates", "200", "--group", "main", "--leave-out", "node", "--out", tmp_path / "s")
    done("sensitivity", scores, *how)
    bands = table(tmp_path / "s/main/bands/bands.csv")
    assert bands["synthetic_data"].eq("yes").all()
    assert (tmp_path / "s/main/tables/left_out.csv").is_file()
    assert "Cronbach" in done("health", "gihi2024", filled, "--group", "main", "--out", tmp_path / "h")


def test_the_audit_finds_what_is_known(tmp_path):
    output = done("audit", "gihi2024", "--out", tmp_path / "a")
    weights = table(tmp_path / "a/main/effective_weights.csv").set_index(["parent", "child"])["coefficient"]
    np.testing.assert_allclose(weights["GIHI"], [0.34415, 0.45181, 0.30258], atol=2e-4)
    counts = table(tmp_path / "a/main_A2_counts/counts.csv", index_col=0)
    assert counts.loc["london"].tolist() == [5, 3]
    assert counts.notna().all(axis=None)
    assert "does not follow" in output
    printed = tmp_path / "printed.csv"
    published = places.gihi2024().table.index[:3]
    printed.write_text("place_id,GIHI\n" + "\n".join(f"{place},6x" for place in published))
    assert command("audit", "gihi2024", "--scores", printed).exit_code != 0
    assert "no published tables here" in str(command("audit", "wipo_clusters_2025").exception)


def test_what_a_hub_needs_and_what_networks_change(nets, tmp_path):
    assert "impossible within the scale" in done("needed", "上海", "--to-pass", "Boston")
    done("whatif", nets / "papers", "--scenario", "sino_us_cut", "--measures", "strength", "--out", tmp_path / "w")
    output = done("whatif-index", "--network", tmp_path / "w", "--out", tmp_path / "i")
    assert "SYNTHETIC" in output
    assert "Assumed" in output
    (tmp_path / "c.csv").write_text("place_id,C1\nshanghai,8\n")
    done("whatif-index", "--changes", tmp_path / "c.csv", "--out", tmp_path / "j")
    moved = table(tmp_path / "j/GIHI.csv", index_col=0).loc["shanghai"]
    assert moved["change"] == pytest.approx(8 * 0.3640 * 0.30258, abs=0.01)
    assert "either" in str(command("whatif-index").exception)


def test_modes_history_and_other_indices(tmp_path):
    assert "18 of 20" in done("modes", "--out", tmp_path / "m")
    done("history", "--out", tmp_path / "h")
    assert len(table(tmp_path / "h/ranks.csv"))
    done("compare-indices", "gihi2024", "gis100_2025", "--out", tmp_path / "c")
    agreed = table(tmp_path / "c/agreement.csv").iloc[0]
    assert agreed["n"] == 27
    assert agreed["spearman"] == pytest.approx(0.85, abs=0.01)
    assert "unknown published index" in str(command("compare-indices", "gihi2024", "gihi2023").exception)


@pytest.mark.parametrize(
    "name",
    [
        "template",
        "check-values",
        "score",
        "explain",
        "editions",
        "compare-indices",
        "sensitivity",
        "health",
        "audit",
        "needed",
        "whatif-index",
        "modes",
        "history",
    ],
)
def test_every_command_has_help_with_an_example(name):
    assert f"innovation-graph {name}" in " ".join(done(name, "--help").split())


def test_an_index_of_places_of_your_own(tmp_path):
    (tmp_path / "own.toml").write_text(
        """
name = "Own"
[normalisation]
method = "minmax"
[[nodes]]
code = "all"
name = "All"
[[indicators]]
code = "a"
name = "A"
parent = "all"
[[indicators]]
code = "b"
name = "B"
parent = "all"
direction = -1
"""
    )
    blank = done("template", tmp_path / "own.toml")
    assert "montreal" not in blank
    rows = ["place_id,name_en,a,b", "AT,Austria,1,4", "BE,Belgium,2,2", "CZ,Czechia,3,"]
    (tmp_path / "own.csv").write_text("\n".join(rows))
    assert "1 empty cells" in done("check-values", tmp_path / "own.toml", tmp_path / "own.csv").replace("\n", " ")
    result = command("score", tmp_path / "own.toml", "--indicators", tmp_path / "own.csv", "--out", tmp_path / "s")
    assert result.exit_code == 0
    assert "1 of 3 places have no all (CZ" in result.stderr
    made = table(tmp_path / "s/scores.csv", index_col="place_id")["all"]
    assert (made["AT"], made["BE"]) == (0.0, 0.75)
    assert "Belgium" in done("explain", tmp_path / "s", "Belgium", "AT", "--out", tmp_path / "why.csv")


def test_inputs_that_were_exchanged_are_refused(nets, filled, tmp_path):
    how = ("--indicators", filled, "--out", tmp_path / "s")
    wrong = command("score", "gihi2024", "--papers", nets / "patents", "--patents", nets / "papers", *how)
    assert "were the two exchanged?" in str(wrong.exception)
    done("bootstrap", nets / "papers", "--replicates", "5", "--measures", "eigenvector,degree", "--out", tmp_path / "e")
    papers = ("--papers", nets / "papers", "--patents", nets / "patents")
    wrong = command("score", "gihi2024", *papers, "--patents-errors", tmp_path / "e", *how)
    assert "were the two exchanged?" in str(wrong.exception)
    (tmp_path / "c.csv").write_text("place_id,C1\nlondon,abc\n")
    assert "expected numbers" in str(command("whatif-index", "--changes", tmp_path / "c.csv").exception)
