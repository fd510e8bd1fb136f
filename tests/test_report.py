"""The report: its numbers are those of the files, nothing of a file runs, and what is missing is named."""

import json
import re
import shutil
import string
from urllib.parse import unquote, urlsplit

import numpy as np
import pandas as pd
import pytest
from browser import chromium
from pages import HOSTILE, Elements
from typer.testing import CliRunner

from innovation_graph import Network
from innovation_graph._csv import write_csv
from innovation_graph.errors import FormatError, RecipeError, UnknownNameError
from innovation_graph.index import scoring
from innovation_graph.index.sensitivity import Choices, monte_carlo
from innovation_graph.index.spec import read_spec
from innovation_graph.network import read_network
from innovation_graph.pipeline import run
from innovation_graph.places import gihi2024
from innovation_graph.recipe import NetworkPlan, Recipe
from innovation_graph.views import _report_input, _report_method, _report_pictures, _report_words, report

EVERYTHING = {
    "groups": ("position", "openness", "network", "partners"),
    "bootstrap": 20,
    "scenarios": ("sino_us_half",),
    "validate": "gihi2024",
}
CHAPTERS = ["brief", "data", "networks", "positions", "communities", "openness", "sino_us", "whatif", "validation",
            "methods", "provenance", "missing"]  # fmt: skip


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """A run of one network with everything on."""
    folder = tmp_path_factory.mktemp("run") / "result"
    plan = NetworkPlan(kind="paper", years=(2023, 2023), drop_retracted=True, maps={}, **EVERYTHING)
    run(Recipe(networks={"papers": plan}, title="All <b>of</b> it", seed=5), folder)
    return folder


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A run of networks of two years with nothing asked for, and of one without works."""
    folder = tmp_path_factory.mktemp("bare") / "result"
    common = {"kind": "patent", "measures": ("degree", "strength"), "maps": {}}
    years = {f"in {year}": NetworkPlan(years=(year, year), **common) for year in (2023, 2022)}
    nothing = NetworkPlan(kind="paper", years=(1990, 1990), maps={})
    run(Recipe(networks={**years, "none": nothing}), folder)
    return folder


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """Scores of the packaged index in part, and their intervals."""
    folder = tmp_path_factory.mktemp("scored")
    hubs = gihi2024().table
    rng = np.random.default_rng(1)
    values = pd.DataFrame({"17": rng.random(len(hubs)), "18": rng.random(len(hubs))}, index=hubs.index)
    made = scoring.score(read_spec("gihi2024"), values, places=hubs, partial=True)
    made.write(folder / "scores", names=hubs[["name_en", "name_zh", "country"]], synthetic=True)
    bands = monte_carlo(made, Choices(), group="mini", replicates=20, network={"17": _noisy(values["17"], made, rng)})
    bands.write(folder / "bands", synthetic=True)
    return folder, made


def _noisy(values, made, rng):
    noise = rng.normal(0, 0.02, (20, len(made.scores)))
    return pd.DataFrame(values[made.scores.index].to_numpy() + noise, columns=made.scores.index)


@pytest.fixture(scope="module")
def english(full, scored, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "report.html"
    report.write(full, path, scores=scored[0] / "scores", intervals=[scored[0] / "bands"], figures=False)
    return path.read_text(encoding="utf-8")


def words_of(page):
    """The text that a reader sees, chapter by chapter."""
    found = {}
    for key, part in re.findall(r'<section id="(\w+)">(.*?)</section>', page, re.DOTALL):
        text = re.sub(r"<svg.*?</svg>", "", part, flags=re.DOTALL)
        text = re.sub(r"</?bdi>|</?b>", "", text)
        found[key] = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))
    return found


def table_of(page, caption):
    """Rows of the first table whose caption holds a text, as texts."""
    for body in re.findall(r"<table.*?</table>", page, re.DOTALL):
        if caption in re.sub(r"<[^>]+>", "", body.split("</caption>")[0]):
            rows = re.findall(r"<tr>(.*?)</tr>", re.sub(r"<svg.*?</svg>", "", body, flags=re.DOTALL), re.DOTALL)
            return [[re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<td.*?</td>", row)] for row in rows[1:]]
    raise AssertionError(caption)


def read(path):
    return pd.read_csv(path, encoding="utf-8-sig", keep_default_na=False, na_values=[""])


def test_the_two_languages_say_the_same():
    both = {lang: _report_words.sentences(lang) for lang in ("en", "zh")}
    assert both["en"].keys() == both["zh"].keys()
    for key, english in both["en"].items():
        fields = [
            {name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (english, both["zh"][key])
        ]
        assert fields[0] == fields[1], key
        assert both["zh"][key].strip(), key


def test_every_formula_belongs_to_a_method_and_is_well_formed():
    known = _report_words.sentences("en")
    for key, formula in _report_method.formulas().items():
        assert f"method.{key}" in known
        opened = []
        for slash, tag, empty in re.findall(r"<(/?)(\w+)[^>]*?(/?)>", formula):
            if slash:
                assert opened.pop() == tag
            elif not empty:
                opened.append(tag)
        assert not opened
        assert formula.startswith("<math ")


def test_chapters_stand_in_order(english):
    found = re.findall(r'<section id="(\w+)">', english)
    assert found == [*CHAPTERS[:7], "scores", *CHAPTERS[7:]]


def test_counts_of_the_data_are_those_of_the_run(english, full):
    facts = json.loads((full / "run.json").read_text(encoding="utf-8"))["networks"]["papers"]
    rows = table_of(english, "From records to links")
    stages = ["works_read", "works_selected", "works_located", "works_linking"]
    assert [row[1] for row in rows] == [f"{facts[stage]:,}" for stage in stages]
    assert rows[1][2] == f"{facts['works_read'] - facts['works_selected']:,}"
    text = words_of(english)["data"]
    share = facts["sites_located"] / facts["sites_selected"]
    assert f"{facts['sites_located']:,} ({share:.1%}) lie in a place" in text
    lost = read(full / "papers/network/unlocated.csv")
    assert f"{lost['sites'].sum():,} do not, under {len(lost):,} different texts" in text
    assert [row[0] for row in table_of(english, "Most frequent texts")] == lost["text"].head(10).tolist()


def test_size_of_the_network_is_that_of_its_links(english, full):
    links = pd.read_parquet(full / "papers/network/links.parquet")
    rows = dict(row[:2] for row in table_of(english, "Size and structure"))
    assert rows["Links"] == f"{len(links):,}"
    assert rows["Total weight"] == f"{links['weight'].sum():,.0f}"
    assert rows["Density"] == f"{len(links) / (120 * 119 / 2):.1%}"


def test_positions_and_intervals_are_those_of_the_tables(english, full):
    values = read(full / "papers/centrality.csv").sort_values("eigenvector", ascending=False).head(20)
    sure = read(full / "papers/uncertainty/summary.csv")
    sure = sure[sure["measure"] == "eigenvector"].set_index("place_id").loc[values["place_id"]]
    rows = table_of(english, "20 leading places by eigenvector centrality")
    assert [row[1] for row in rows] == values["name_en"].tolist()
    assert [row[5] for row in rows] == [f"{value:.4f}" for value in values["eigenvector"]]
    ends = zip(sure["low"], sure["high"], strict=True)
    assert [row[6].replace("\N{EN DASH}", "-").replace("\N{MINUS SIGN}", "-") for row in rows] == [
        f"{low:.4f} - {high:.4f}" for low, high in ends
    ]
    assert [int(row[8]) for row in rows] == sure["tier"].tolist()


def test_communities_have_the_sizes_of_the_table(english, full):
    sizes = read(full / "papers/communities.csv")["community"].value_counts().sort_index()
    assert [int(row[2]) for row in table_of(english, "the communities")] == sizes.tolist()


def test_openness_adds_up(english, full):
    table = read(full / "papers/measures/countries.csv")
    home = table["share"][table["group_a"] == table["group_b"]].sum()
    assert (
        f"{home:.1%} of the weight is between places of one country, {1 - home:.1%} crosses"
        in words_of(english)["openness"]
    )


def test_ties_of_china_and_the_united_states_are_counted_right(english, full):
    network = read_network(full / "papers/network")
    country = network.places["country"].to_numpy()
    matrix = network.adjacency.toarray()
    block = matrix[np.ix_(country == "CN", country == "US")]
    text = words_of(english)["sino_us"]
    assert f"United States: {np.count_nonzero(block)}, of weight {block.sum():,.0f} (places" in text
    assert f"That is {block.sum() / np.triu(matrix).sum():.1%} of all weight" in text
    top = np.sort(block, axis=None)[::-1][:10]
    rows = table_of(english, "strongest ties between China")
    assert [float(row[3]) for row in rows] == top.tolist()
    bridges = table_of(english, "who bridges")
    assert [row[3] for row in bridges[:8]] == [f"{value:,.0f}" for value in np.sort(block.sum(axis=1))[::-1][:8]]
    assert {row[0] for row in bridges[8:]} == {"United States"}


def test_scenarios_and_verdicts_are_those_of_the_tables(english, full):
    totals = read(full / "papers/whatif/sino_us_half/totals.csv").set_index("quantity")
    rows = {row[0]: row[1:3] for row in table_of(english, "Sino-US ties halved: the network before")}
    assert rows["Total weight"] == [f"{totals.loc['total_weight', side]:,.0f}" for side in ("before", "after")]
    places = read(full / "papers/whatif/sino_us_half/places.csv")
    moved = (places["eigenvector_rank_change"] != 0).sum()
    assert f"{moved} of 120 places change their rank" in words_of(english)["whatif"]
    verdicts = read(full / "papers/validation.csv")
    counts = verdicts["verdict"].value_counts()
    assert f"Of {len(verdicts)} statements" in words_of(english)["validation"]
    assert f"{counts.get('holds', 0)} hold, {counts.get('fails', 0)} fail" in words_of(english)["validation"]
    assert [row[2] for row in table_of(english, "against the Global")] == verdicts["verdict"].tolist()


def test_scores_are_those_of_the_folder(english, scored):
    made = scored[1]
    hubs = gihi2024().table
    mini = made.scores["C1"][hubs["tier"].reindex(made.scores.index) == "mini"].sort_values(ascending=False)
    rows = table_of(english, "Mini-hubs")
    assert [row[1] for row in rows] == hubs["name_en"].reindex(mini.index).tolist()
    assert [row[3] for row in rows] == [f"{value:.2f}" for value in mini]
    bands = read(scored[0] / "bands/bands.csv").set_index("place_id").loc[mini.index]
    assert [int(row[6]) for row in rows] == bands["tier"].tolist()


def test_synthetic_data_say_so_everywhere(english):
    chapters = re.findall(r"<section.*?</section>", english, re.DOTALL)
    assert all('<p class="synthetic">SYNTHETIC DATA' in chapter for chapter in chapters)
    captions = re.findall(r"<caption>.*?</caption>", english, re.DOTALL)
    assert len(captions) > 10
    assert all("SYNTHETIC DATA" in caption for caption in captions)


def test_a_report_in_chinese_has_chinese_text_and_names(full, tmp_path):
    report.write(full, tmp_path / "zh.html", lang="zh", figures=False)
    page = (tmp_path / "zh.html").read_text(encoding="utf-8")
    assert re.findall(r'<section id="(\w+)">', page) == CHAPTERS
    values = read(full / "papers/centrality.csv").sort_values("strength_rank", kind="stable").head(20)
    assert [row[1] for row in table_of(page, "点强度排名前 20 位")] == values["name_zh"].tolist()
    assert all("合成数据" in caption for caption in re.findall(r"<caption>.*?</caption>", page, re.DOTALL))
    english = [
        text for text in re.findall(r"<p>(.*?)</p>|<h[23]>(.*?)</h", page) if not re.search("[一-鿿]", "".join(text))
    ]
    assert not english


def test_the_same_input_gives_the_same_bytes(full, tmp_path):
    for name in ("a.html", "b.html"):
        report.write(full, tmp_path / name, figures=False)
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_what_is_missing_is_named(bare, tmp_path):
    report.write(bare, tmp_path / "report.html", figures=False)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    chapters = re.findall(r'<section id="(\w+)">', page)
    assert not {"openness", "whatif", "validation", "scores"} & set(chapters)
    missing = words_of(page)["missing"]
    for lack in (
        "eigenvector centrality",
        "bootstrap = 1000",
        "openness",
        "partners",
        "sino_us_half",
        "--scores",
        "--no-figures",
    ):
        assert lack in missing
    assert "Change, because" not in missing
    assert "95%" not in words_of(page)["positions"]


def test_a_network_without_works_says_so(bare, tmp_path):
    for lang, said in (("en", "works read fits the selection"), ("zh", "项成果均不符合条件")):
        report.write(bare, tmp_path / f"{lang}.html", lang=lang, figures=False)
        words = words_of((tmp_path / f"{lang}.html").read_text(encoding="utf-8"))
        assert said in words["brief"]
        assert "1990" in words["missing"]
        assert not any("nan" in text.lower().split() for text in words.values())


def test_columns_of_yes_no_and_missing_are_read(tmp_path):
    write_csv(pd.DataFrame({"place": ["=a", "NA"], "domestic": [True, None]}), tmp_path / "t.csv", index=False)
    table = _report_input.read_table(tmp_path / "t.csv")
    assert table["place"].tolist() == ["=a", "NA"]
    assert table["domestic"].iloc[0]
    assert pd.isna(table["domestic"].iloc[1])


def test_networks_of_two_years_are_compared(bare, tmp_path):
    report.write(bare, tmp_path / "report.html", figures=False)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    networks = [read_network(bare / f"in {year}" / "network") for year in (2022, 2023)]
    rows = table_of(page, "the network over time")
    assert [row[0] for row in rows] == ["2022", "2023"]
    assert [row[2] for row in rows] == [f"{network.n_links:,}" for network in networks]
    pairs = [set(zip(*network.pairs[:2], strict=True)) for network in networks]
    assert rows[1][5] == f"{len(pairs[1] - pairs[0]):,}"


@pytest.fixture(scope="module")
def hostile(full, tmp_path_factory):
    """The same run with names, texts and titles that try to run."""
    folder = tmp_path_factory.mktemp("hostile") / "result"
    shutil.copytree(full, folder)
    names = [*HOSTILE, "=HYPERLINK(1)", "$\\frac"]
    network = read_network(folder / "papers/network")
    strongest = np.argsort(-network.adjacency.sum(axis=1), kind="stable")[: len(names)]
    # Without coordinates no map is drawn: maps take most of the time.
    table = network.places.assign(lat=np.nan, lon=np.nan).astype({"name_en": "object", "name_zh": "object"})
    for row, name in zip(strongest, names, strict=True):
        table.iloc[row, [table.columns.get_loc("name_en"), table.columns.get_loc("name_zh")]] = name
    Network(table.astype({"name_en": "str", "name_zh": "str"}), network.upper, network.provenance).write(
        folder / "papers/network2"
    )
    for name in ("links.parquet", "places.parquet", "network.json"):
        shutil.copy(folder / "papers/network2" / name, folder / "papers/network" / name)
    lost = folder / "papers/network/unlocated.csv"
    lines = lost.read_text(encoding="utf-8-sig").splitlines()
    bad = ",,,9999,9999,yes\n".join(f'"{name}"'.replace('""', '"') for name in ("<script>alert(1)</script>", "'=1+1"))
    lost.write_text("\ufeff" + "\n".join([lines[0], bad + ",,,9998,9998,yes", *lines[1:]]) + "\n", encoding="utf-8")
    head = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    head["title"] = HOSTILE[1]
    head["networks"]["papers"]["source"] = HOSTILE[2]
    (folder / "run.json").write_text(json.dumps(head), encoding="utf-8")
    return folder


def test_links_to_maps_hold_for_any_name_of_a_folder(full, tmp_path):
    odd = tmp_path / "javascript:a#b?c%d"
    shutil.copytree(full, odd)
    (odd / "papers/map.html").write_text("<p>a map", encoding="utf-8")
    head = json.loads((odd / "run.json").read_text(encoding="utf-8"))
    head["files"].append("papers/map.html")
    head["recipe"]["networks"]["papers"]["maps"] = {"map": {}}
    (odd / "run.json").write_text(json.dumps(head), encoding="utf-8")
    report.write(odd, tmp_path / "report.html", figures=False)
    found = Elements((tmp_path / "report.html").read_text(encoding="utf-8")).found
    pages = [attrs["href"] for tag, attrs, _ in found if tag == "a" and not attrs["href"].startswith("#")]
    assert len(pages) == 1
    parts = urlsplit(pages[0])
    assert (parts.scheme, parts.query, parts.fragment) == ("", "", "")
    assert (tmp_path / unquote(pages[0])).is_file()


def test_hostile_texts_are_texts(hostile, tmp_path):
    report.write(hostile, tmp_path / "report.html", figures=False)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    elements = Elements(page).found
    assert [tag for tag, _, _ in elements].count("script") == 1
    assert not [attrs for _, attrs, _ in elements if any(name.startswith("on") for name in attrs)]
    assert not any(attrs.get("href", "").startswith("javascript:") for _, attrs, _ in elements)
    texts = [text for tag, _, text in elements if tag == "bdi"]
    assert "=1+1" in texts
    assert "<script>alert(1)</script>" in texts
    assert any(text.startswith("<img src=x") for text in texts)
    assert "\u202e" not in page
    assert "\x00" not in page


def test_nothing_runs_and_nothing_is_asked_for(hostile, tmp_path):
    report.write(hostile, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert not re.findall(r'(?:src|href)="(?!data:image/svg|#)[^"]*"', page)
    with chromium(tmp_path) as browser:
        browser.open(tmp_path / "report.html")
        assert not browser.js("return window.pwned")
        assert not browser.complaints()
        assert [url for url in browser.requests() if not url.startswith(("data:", "file:"))] == []
        assert browser.js("return [...document.images].every((image) => image.complete && image.naturalWidth > 0)")
        assert browser.js("return document.images.length") == 3
        rows = "[...document.querySelector('#positions table').tBodies[0].rows]"
        press = "document.querySelectorAll('#positions table th button')[3].click();"
        column = f"return {rows}.map((row) => Number(row.cells[3].dataset.sort))"
        before = browser.js(column)
        assert browser.js(press + column) == sorted(before, reverse=True) != before
        assert browser.js(press + column) == sorted(before)
        assert browser.js(press + column) == before


def test_figures_are_drawn_alike_and_small_numbers_survive():
    def save(path):
        path.write_text('<?xml?><svg xmlns="x"><!-- # --><path d="M 1.23456 2" transform="scale(0.015625)"/></svg>')

    address = _report_pictures._address(save)
    assert address.startswith("data:image/svg+xml,%3Csvg")
    assert "M 1.23 2" in address
    assert "scale(0.015625)" in address


def test_wrong_folders_are_refused(full, scored, tmp_path):
    out, other = tmp_path / "report.html", tmp_path / "other"
    other.mkdir()
    with pytest.raises(FormatError, match=r"run\.json.*innovation-graph run"):
        report.write(other, out)
    (other / "run.json").write_text("{}", encoding="utf-8")
    with pytest.raises(FormatError, match="summary of a run"):
        report.write(other, out)
    with pytest.raises(FormatError, match="folder of scores"):
        report.write(full, out, scores=full, figures=False)
    with pytest.raises(FormatError, match=r"bands\.json"):
        report.write(full, out, scores=scored[0] / "scores", intervals=[scored[0] / "scores"], figures=False)
    with pytest.raises(FormatError, match="tables of change"):
        report.write(full, out, change=full / "papers/measures", figures=False)
    with pytest.raises(RecipeError, match="intervals of scores need the scores"):
        report.write(full, out, intervals=[scored[0] / "bands"])
    with pytest.raises(RecipeError, match="lies inside"):
        report.write(full, full / "report.html")
    with pytest.raises(UnknownNameError, match="language 'fr'"):
        report.write(full, out, lang="fr")
    assert not out.exists()


def test_the_command_writes_and_keeps_foreign_files(bare, tmp_path):
    from innovation_graph.cli.report import app

    out = tmp_path / "report.html"
    for _ in range(2):
        done = CliRunner().invoke(app, [str(bare), "--out", str(out), "--lang", "zh", "--no-figures"])
        assert done.exit_code == 0, done.output
    assert "innovation-graph report" in out.read_text(encoding="utf-8")
    foreign = tmp_path / "mine.html"
    foreign.write_text("mine", encoding="utf-8")
    refused = CliRunner().invoke(app, [str(bare), "--out", str(foreign), "--no-figures"])
    assert isinstance(refused.exception, FileExistsError)
    assert foreign.read_text(encoding="utf-8") == "mine"
