"""Figures: what is drawn equals the numbers, files have equal bytes, and synthetic data says so."""

import json
import re
import subprocess
import sys
import warnings
from itertools import combinations, pairwise

import numpy as np
import pandas as pd
import pytest
from scipy.cluster import hierarchy
from typer.testing import CliRunner
from zoo import build

import innovation_graph as ig
from innovation_graph import Network, centrality, copublication, topology
from innovation_graph._tables import write_tables
from innovation_graph.cli.figures import app
from innovation_graph.errors import FormatError, NetworkError, RecipeError, UnknownNameError
from innovation_graph.index import explain, history, modes, scoring
from innovation_graph.index.published import gihi2024
from innovation_graph.index.spec import read_spec
from innovation_graph.samples import sample_records
from innovation_graph.uncertainty import Uncertainty
from innovation_graph.views import figures
from innovation_graph.views.figures import FIGURES, _globe, _settings, draw, folders, ribbons, save, style
from innovation_graph.views.figures._labels import spread
from innovation_graph.views.figures._words import _WORDS, word

SYNTHETIC = {"source": "made up", "years": [2019, 2023], "counting": "whole", "synthetic": True}
SOBOL = pd.DataFrame(
    {
        "output": "mean_shift",
        "input": ["weights", "noise", "treatment"],
        "first": [0.2, 0.5, 0.1],
        "first_low": [0.1, 0.4, 0.05],
        "first_high": [0.3, 0.6, 0.15],
        "total": [0.25, 0.6, 0.15],
        "total_low": [0.2, 0.5, 0.1],
        "total_high": [0.3, 0.7, 0.2],
    }
)
FLOWS = pd.DataFrame(
    {
        "time_from": ["2019", "2019", "2019", "2020", "2020"],
        "time_to": ["2020", "2020", "2020", "2021", "2021"],
        "community_from": pd.array([1, 1, 2, 1, 2], dtype="Int64"),
        "community_to": pd.array([1, 2, 2, 1, pd.NA], dtype="Int64"),
        "places": [5, 2, 4, 5, 6],
    }
)
WHY = pd.DataFrame({"name": list("abcd"), "contribution": [3.0, 1.0, -0.5, -2.0]})
CLUBS = pd.DataFrame(
    {
        "places": [6, 4, 2],
        "links": [9, 6, 1],
        "coefficient": [0.6, 1.0, 1.0],
        "reference": [0.6, 0.8, 1.0],
        "low": [0.6, 0.7, 0.9],
        "high": [0.6, 0.9, 1.0],
        "ratio": [1.0, 1.25, 1.0],
    },
    index=pd.Index([0, 2, 3], name="richness"),
)


@pytest.fixture(scope="module")
def records():
    return sample_records()


@pytest.fixture(scope="module")
def hubs(records):
    return ig.places.locate(records, ig.places.gihi2024())


@pytest.fixture(scope="module")
def network(records, hubs):
    papers = ig.Selection(kind="paper", years=(2023, 2023))
    return ig.project(ig.incidence.stream(records, hubs, papers), counting="fractional")


@pytest.fixture(scope="module")
def growth(records, hubs):
    return copublication.growth(copublication.copublication(records, hubs))


@pytest.fixture(scope="module")
def uncertainty(network):
    values = centrality.table(network, ["strength"])
    noise = np.random.default_rng(1).normal(scale=9, size=(50, network.n_places))
    drawn = {"strength": values["strength"].to_numpy() + noise}
    return Uncertainty(values, drawn, network.names, "fractional", 1, dict(network.provenance))


@pytest.fixture(scope="module")
def clustered():
    rng = np.random.default_rng(3)
    return modes.cluster(
        pd.DataFrame(rng.uniform(10, 90, (9, 3)), index=gihi2024().modes.index[:9], columns=list("ABC"))
    )


@pytest.fixture(scope="module")
def inputs(network, uncertainty, clustered, growth):
    ranked = network.places.join(centrality.ranks(centrality.table(network, ["strength"]))).rename(
        columns={"strength": "rank"}
    )
    profile = centrality.table(network)
    years = pd.DataFrame({"ties": [30, 40, 55], "weight": [99.0, 150.0, 210.0]}, index=["2019", "2020", "2021"])
    ranks = pd.DataFrame({2022: [1, 2, 3, 9], 2023: [2, 1, 4, 3], 2024: [1, 3, 2, 4]}, index=network.ids[:4])
    return {
        "map": {"network": network},
        "chord": {"network": network},
        "matrix": {"network": network, "top": 25},
        "distribution": {"network": network},
        "intervals": {"uncertainty": uncertainty, "places": network.places},
        "quartiles": {"table": ranked},
        "profile": {"table": profile, "place": "beijing", "peers": ["tokyo", "london"], "places": network.places},
        "dendrogram": {"modes": clustered},
        "ternary": {"values": clustered},
        "sensitivity": {"table": SOBOL},
        "waterfall": {"table": WHY, "first": "beijing", "second": "tokyo", "start": 70.0},
        "bubble": {"table": growth, "places": network.places},
        "lines": {"table": years},
        "bump": {"table": ranks},
        "alluvial": {"table": FLOWS},
        "rich-club": {"table": CLUBS},
    }


def marked(ax, gid):
    return ax.figure.findobj(lambda artist: artist.get_gid() == gid)


def only(ax, gid):
    (found,) = marked(ax, gid)
    return found


def triangle():
    places = pd.DataFrame(
        {
            "name_en": ["Beijing", "Boston", "London", "Atlantis"],
            "name_zh": ["北京", "波士顿", "伦敦", None],
            "country": ["CN", "US", "GB", None],
            "lat": [39.9, 42.4, 51.5, np.nan],
            "lon": [116.4, -71.1, -0.1, np.nan],
        },
        index=["beijing", "boston", "london", "atlantis"],
    )
    weights = np.array([[0, 8, 2, 1], [8, 0, 4, 0], [2, 4, 0, 0], [1, 0, 0, 0]])
    return Network.from_matrix(weights, places, provenance={"source": "by hand", "years": [2023, 2023]})


# --- all of them ---


def test_every_figure_has_inputs_here_and_in_folders(inputs):
    assert set(inputs) == set(FIGURES) == set(folders.ORIGINS)
    for name, drawing in FIGURES.items():
        assert set(drawing.needs) <= set(inputs[name])


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", list(FIGURES))
def test_every_figure_draws_and_says_what_it_is(inputs, name, lang):
    if lang == "zh" and not style.has_chinese():
        pytest.skip("no Chinese font")
    ax = draw(name, **inputs[name], lang=lang, provenance=SYNTHETIC)
    line = only(ax, "note").get_text().replace("\n", "")
    assert "made up" in line
    assert "2019-2023" in line
    mark = only(ax, "synthetic")
    assert mark.get_text() == word("synthetic", lang)
    assert mark.get_fontsize() >= 13
    assert mark.get_text() in line
    chinese = re.search("[\u4e00-\u9fff]", only(ax, "title").get_text())
    assert bool(chinese) == (lang == "zh")


def test_nothing_is_drawn_beyond_the_page(inputs):
    for name in ("intervals", "chord", "waterfall", "dendrogram", "alluvial", "quartiles"):
        for size in ("column", "page"):
            ax = draw(name, **inputs[name], size=size)
            wide, tall = ax.figure.get_size_inches() * ax.figure.dpi
            for text in ax.figure.findobj(
                lambda artist: artist.get_gid() in ("name", "note", "title", "value", "mode")
            ):
                box = text.get_window_extent()
                assert box.x0 >= -1, (name, size, text)
                assert box.x1 <= wide + 1, (name, size, text)
                assert box.y0 >= -1, (name, size, text)
                assert box.y1 <= tall + 1, (name, size, text)


def test_real_data_carries_no_mark():
    ax = figures.network_map(triangle())
    assert marked(ax, "synthetic") == []
    note = only(ax, "note").get_text()
    assert note == "Source: by hand; years 2023; 3 links; places without coordinates, not shown: 1."


@pytest.mark.parametrize("name", ["map", "chord", "matrix", "distribution", "intervals"])
def test_another_source_does_not_take_the_mark_away(inputs, name):
    ax = draw(name, **inputs[name], provenance={"source": "mine"})
    assert [text.get_text() for text in marked(ax, "synthetic")] == ["SYNTHETIC DATA"]
    assert only(ax, "note").get_text().startswith("Source: mine;")


def test_dollars_begin_no_formula(network, tmp_path):
    from matplotlib.figure import Figure

    odd = network.with_places(network.places.assign(name_en=r"$\frac$ A$^2$ \$", name_zh="$x_1$"))
    for name in ("map", "chord", "matrix", "distribution"):
        save(draw(name, network=odd, title=r"$\frac$"), tmp_path / f"{name}.png", dpi=50)
    ax = Figure().subplots()
    table = pd.DataFrame({r"$\frac$": [1.0, 2.0], r"$\sum": [2.0, 3.0]}, index=["2020", "2021"])
    draw("lines", table=table, ax=ax, title=r"$\frac$", ylabel=r"$\frac$")
    save(ax, tmp_path / "lines.png", dpi=50)
    texts = ax.findobj(lambda one: hasattr(one, "get_parse_math") and one.get_visible() and one.get_text())
    assert not [text for text in texts if text.get_parse_math()]


def test_short_logarithmic_axes_are_labelled_in_plain_numbers():
    table = pd.DataFrame({"ties": [22.0, 30.0, 41.0]}, index=["2019", "2020", "2021"])
    ax = draw("lines", table=table, log=True)
    told = [text.get_text() for text in ax.yaxis.get_ticklabels(which="both") if text.get_text()]
    assert {"30", "40"} <= set(told)
    assert not any("$" in text for text in told)


def test_a_figure_takes_axes_of_others(inputs):
    from matplotlib.figure import Figure

    figure = Figure()
    left, right = figure.subplots(1, 2)
    assert draw("lines", **inputs["lines"], ax=left, provenance=SYNTHETIC) is left
    assert draw("distribution", **inputs["distribution"], ax=right) is right
    assert left.get_title("left").split() == ["Over", "the", "years"]
    assert [text.get_text() for text in marked(left, "synthetic")] == ["SYNTHETIC DATA"] * 2  # one on each axes
    assert len(figure.axes) == 2


def test_titles_can_be_changed_or_left_out(inputs):
    assert only(draw("lines", **inputs["lines"], title="Growth"), "title").get_text() == "Growth"
    assert marked(draw("lines", **inputs["lines"], title=""), "title") == []


def test_settings_of_others_change_nothing(inputs, tmp_path):
    import matplotlib as mpl

    save(draw("lines", **inputs["lines"]), tmp_path / "a.svg")
    before = dict(mpl.rcParams)
    with mpl.rc_context({"font.size": 30, "lines.linewidth": 9, "axes.grid": True, "svg.hashsalt": "x"}):
        save(draw("lines", **inputs["lines"]), tmp_path / "b.svg")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert dict(mpl.rcParams) == before


def test_importing_figures_does_not_load_matplotlib():
    code = (
        "import sys, innovation_graph.views.figures, innovation_graph.cli.figures; print('matplotlib' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"


# --- files ---


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_equal_input_gives_equal_bytes(inputs, tmp_path, ending):
    for name in ("map",) if ending == "svg" else ("alluvial", "quartiles"):
        for copy in "ab":
            save(draw(name, **inputs[name], lang="zh" if style.has_chinese() else "en"), tmp_path / f"{copy}.{ending}")
        first, second = ((tmp_path / f"{copy}.{ending}").read_bytes() for copy in "ab")
        assert first == second
        assert b"innovation-graph" in first
        assert not re.search(rb"CreationDate|<dc:date>|tIME", first)


def test_the_file_says_that_data_are_synthetic(inputs, tmp_path):
    save(draw("lines", **inputs["lines"], provenance=SYNTHETIC), tmp_path / "a.svg")
    assert "SYNTHETIC DATA</dc:title>" in (tmp_path / "a.svg").read_text(encoding="utf-8")


def test_other_endings_are_refused(inputs, tmp_path):
    with pytest.raises(FormatError, match=r"\.png, \.svg, \.pdf, got \.jpg"):
        save(draw("lines", **inputs["lines"]), tmp_path / "a.jpg")


# --- names and fonts ---


def test_without_a_chinese_font_there_is_a_hint_and_english(monkeypatch, inputs):
    monkeypatch.setattr(_settings, "_CHINESE", ("No Such Font",))
    with pytest.warns(UserWarning, match="fonts-noto-cjk"):
        ax = draw("lines", **inputs["lines"], lang="zh")
    assert only(ax, "title").get_text() == "Over the years"


def test_a_chinese_font_draws_all_words():
    if not style.has_chinese():
        pytest.skip("no Chinese font")
    from matplotlib.figure import Figure

    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns of glyphs that no font has
        with __import__("matplotlib").rc_context(style.settings(8)):
            figure = Figure()
            figure.text(0, 0, "".join(chinese for _, chinese in _WORDS.values()).replace("{", "").replace("}", ""))
            figure.draw_without_rendering()


def test_words_name_the_same_fields_in_both_languages():
    for english, chinese in _WORDS.values():
        assert set(re.findall(r"{(\w+)", english)) == set(re.findall(r"{(\w+)", chinese))


def test_long_names_are_cut_and_no_two_hubs_share_one():
    table = ig.places.gihi2024().table
    for lang in ("en", "zh"):
        names = style.names_of(table.index, lang=lang)
        assert names.is_unique
        assert names.map(len).max() <= 22
    long = style.names_of(["guangdong-hong-kong-macao-greater-bay-area"], short=False)
    assert long.tolist() == ["Guangdong - Hong Kong - Macao Greater Bay Area"]
    own = style.names_of(["tokyo", "paris"], short={"tokyo": "TYO", "Paris": "PAR"})
    assert own.tolist() == ["TYO", "PAR"]


def test_names_of_a_place_table_go_before_those_of_hubs():
    table = pd.DataFrame({"name_en": ["Paris, Texas"], "name_zh": [None]}, index=["paris"])
    assert style.names_of(["paris", "us", "nowhere"], table).tolist() == ["Paris, Texas", "United States", "nowhere"]


def test_unknown_languages_and_sizes_are_refused(inputs):
    with pytest.raises(UnknownNameError, match="language 'fr'"):
        draw("lines", **inputs["lines"], lang="fr")
    with pytest.raises(UnknownNameError, match="size 'poster'"):
        draw("lines", **inputs["lines"], size="poster")


def test_unknown_figures_and_missing_inputs_are_refused():
    with pytest.raises(UnknownNameError, match="figure 'pie'"):
        draw("pie")
    with pytest.raises(RecipeError, match="needs table, place; there is no place"):
        draw("profile", table=pd.DataFrame())


def test_spread_keeps_order_and_room():
    rng = np.random.default_rng(0)
    for _ in range(50):
        wanted = rng.uniform(0, 10, 12)
        placed = spread(wanted, 0.7, -1, 11)
        order = np.argsort(wanted)
        assert np.all(np.diff(placed[order]) >= 0.7 - 1e-9)
        assert placed.min() >= -1 - 1e-9
        assert placed.max() <= 11 + 1e-9
    assert spread([0.0, 5.0, 9.0], 1.0).tolist() == [0.0, 5.0, 9.0]


# --- the map ---


def test_equal_earth_keeps_areas():
    # A cell between two meridians and parallels has the area of its part of the unit sphere.
    edge = np.linspace(0, 1, 400)
    for south, north in ((0, 20), (30, 50), (60, 85)):
        lon = np.r_[10 * edge, np.full(400, 10.0), 10 * edge[::-1], np.zeros(400)]
        lat = np.r_[
            np.full(400, south), south + edge * (north - south), np.full(400, north), north - edge * (north - south)
        ]
        x, y = _globe.project(lon, lat).T
        area = abs(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2
        true = np.radians(10) * (np.sin(np.radians(north)) - np.sin(np.radians(south)))
        assert area == pytest.approx(true, rel=2e-4)


def test_land_has_its_area_wherever_the_map_is_cut():
    def area(centre):
        total = 0.0
        for shape in _globe.land(centre):
            x, y = shape.T
            total += abs(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2
            assert np.abs(x).max() <= 2.7067
        return total

    atlantic = area(0.0)
    # Land without Antarctica: 135 of 510 million square km.
    assert atlantic / (4 * np.pi) == pytest.approx(135 / 510, abs=0.005)
    for centre in (11.0, 90.0, 170.0, -90.0):
        assert area(centre) == pytest.approx(atlantic, rel=1e-3)


@pytest.mark.parametrize("great_circle", [True, False])
def test_curves_join_their_places_and_break_where_the_map_ends(great_circle):
    tokyo, seattle = (139.7, 35.7), (-122.3, 47.6)
    whole = _globe.curve(tokyo, seattle, 180.0, great_circle=great_circle)
    assert len(whole) == 1
    ends = _globe.project(_globe.centred([139.7, -122.3], 180.0), [35.7, 47.6])
    assert whole[0][[0, -1]] == pytest.approx(ends)
    left, right = _globe.curve(tokyo, seattle, 0.0, great_circle=great_circle)
    assert left[-1, 0] == pytest.approx(-right[0, 0], rel=1e-6)
    assert left[-1, 0] > 2  # at the right edge
    inside = _globe.curve(tokyo, seattle, 0.0, great_circle=False, across=False)
    assert len(inside) == 1


def test_great_circles_are_shortest():
    (way,) = _globe.curve((0.0, 60.0), (90.0, 60.0), 45.0, great_circle=True)
    # Halfway between two places on the 60th parallel, 90 degrees apart: atan(tan 60 / cos 45).
    top = _globe.project([0.0], [np.degrees(np.arctan(np.tan(np.radians(60)) / np.cos(np.radians(45))))])
    assert way[:, 1].max() == pytest.approx(top[0, 1], abs=1e-3)


def test_map_draws_every_place_and_link_in_proportion():
    net = triangle()
    ax = figures.network_map(net, size_by="strength", links_per_place=np.inf)
    dots = only(ax, "places")
    # Strengths: Beijing 11 (its tie to Atlantis counts), Boston 12, London 6; the largest is drawn first.
    assert dots.get_sizes() / dots.get_sizes()[0] == pytest.approx([1, 11 / 12, 6 / 12])
    spots = _globe.project(_globe.centred([-71.1, 116.4, -0.1], 11.0), [42.4, 39.9, 51.5])
    assert np.asarray(dots.get_offsets()) == pytest.approx(spots)
    # A link over the edge is drawn in two parts; that of Atlantis has no end.
    widths = np.unique(only(ax, "links").get_linewidths())
    assert widths / widths.max() == pytest.approx([2 / 8, 4 / 8, 1])
    names = {text.get_text() for text in marked(ax, "name")}
    assert names == {"Beijing", "Boston", "London"}


def test_map_of_blocs_draws_the_links_between_them(network):
    ax = figures.network_map(network, blocs=("CN", "US"), extent="world")
    bloc = network.bloc("CN", "US")
    assert len(only(ax, "places").get_offsets()) == bloc.n_places
    assert len(only(ax, "links").get_segments()) == min(150, bloc.n_links)
    colours = {tuple(colour) for colour in only(ax, "places").get_facecolors().tolist()}
    assert len(colours) == 2
    assert f"{min(150, bloc.n_links)} of {bloc.n_links}" in only(ax, "note").get_text()
    # China on the left, the United States on the right.
    middle = float(np.mean(ax.get_xlim()))
    spots = np.asarray(only(ax, "places").get_offsets())
    china = network.places.loc[bloc.ids, "country"].to_numpy() == "CN"
    order = np.argsort(-np.asarray(bloc.adjacency.sum(axis=1)), kind="stable")
    assert np.all((spots[:, 0] < middle) == china[order])


def test_names_on_the_map_touch_neither_each_other_nor_other_places(network):
    ax = figures.network_map(network)
    boxes = [text.get_window_extent() for text in marked(ax, "name")]
    assert len(boxes) > 45
    for one, other in combinations(boxes, 2):
        across = min(one.x1, other.x1) - max(one.x0, other.x0)
        down = min(one.y1, other.y1) - max(one.y0, other.y0)
        assert across <= 1 or down <= 0.3 * min(one.height, other.height)  # line spacing may be shared, letters not
    keys = [legend.get_window_extent() for legend in ax.artists]
    assert not any(box.overlaps(key) for box in boxes for key in keys)


def test_map_refuses_what_it_cannot_draw():
    bare = build(3, [(0, 1), (1, 2)])
    with pytest.raises(NetworkError, match="no place of the network has coordinates"):
        figures.network_map(bare)
    net = triangle()
    with pytest.raises(UnknownNameError, match="measure 'fame'"):
        figures.network_map(net, size_by="fame")
    with pytest.raises(UnknownNameError, match="centre of a map 'moon'"):
        figures.network_map(net, centre="moon")
    with pytest.raises(UnknownNameError, match="column of the place table 'colour'"):
        figures.network_map(net, color_by="colour")
    with pytest.raises(NetworkError, match="'london' has -1"):
        figures.network_map(net, size_by=pd.Series({"beijing": 1, "boston": 1, "london": -1, "atlantis": 0}))


# --- chord and matrix ---


def test_arcs_and_ribbons_are_as_wide_as_the_ties():
    net = triangle()
    ax = figures.chord(net)
    # Between countries: CN-US 8, US-GB 4, CN-GB 2, CN-(none) 1; arcs 11, 12, 6, 1 of 30.
    arcs, ribbons_drawn = marked(ax, "arc"), marked(ax, "ribbon")
    assert len(ribbons_drawn) == 4
    spans = [_span(arc.get_path().vertices) for arc in arcs]
    assert np.array(spans) / sum(spans) == pytest.approx(np.array([12, 11, 6, 1]) / 30, rel=1e-3)
    assert next(text.get_text() for text in marked(ax, "name")) == "United States  40%"


def _span(ring):
    outer = ring[np.hypot(*ring.T) > 1.03]
    angle = np.unwrap(np.arctan2(outer[:-1, 0], outer[:-1, 1]))
    return float(angle.max() - angle.min())


def test_chord_matrix_takes_small_groups_together(network):
    table = ribbons.chord_matrix(network, "country", top=4)
    assert table.shape == (5, 5)
    assert table.index[-1] == "others"
    assert table.to_numpy() == pytest.approx(table.to_numpy().T)
    first, second, weight = network.pairs
    country = network.places["country"].to_numpy()
    between = country[first] != country[second]
    kept = table.index[:-1]
    inside_rest = between & ~np.isin(country[first], kept) & ~np.isin(country[second], kept)
    assert np.triu(table).sum() == pytest.approx(weight[between & ~inside_rest].sum())


def test_chord_needs_ties_between_groups():
    net = build(3, [(0, 1), (1, 2)])
    with pytest.raises(NetworkError, match="no tie runs between two groups"):
        figures.chord(net, by=pd.Series(1, index=net.ids))


def test_matrix_holds_the_weights_in_the_order_of_the_groups():
    net = build(5, [(0, 1, 9), (2, 3, 5), (1, 2, 1), (3, 4, 2)])
    groups = pd.Series(["x", "x", "y", "y", "y"], index=net.ids)
    ax = figures.matrix(net, by=groups)
    cells = only(ax, "cells").get_array()
    # Strengths 9, 10, 6, 7, 2: group x with 1, 0, then y with 3, 2, 4.
    order = [1, 0, 3, 2, 4]
    dense = net.adjacency.toarray()[np.ix_(order, order)]
    assert np.ma.filled(cells, 0).tolist() == dense.tolist()
    assert np.array_equal(np.ma.getmaskarray(cells), dense == 0)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == net.ids[order].tolist()
    assert [(box.get_x(), box.get_width()) for box in marked(ax, "group")] == [(-0.5, 2), (1.5, 3)]


def test_matrix_copes_with_all_hubs(network):
    ax = figures.matrix(network, top=120)
    assert only(ax, "cells").get_array().shape == (120, 120)
    assert all(tick.get_fontsize() >= 2.6 for tick in ax.get_yticklabels())
    with pytest.raises(NetworkError, match="needs links"):
        figures.matrix(build(2, []))


# --- ranks ---


def test_intervals_equal_the_summary(uncertainty, network):
    for of, columns in (("rank", ["rank", "rank_low", "rank_high"]), ("value", ["estimate", "low", "high"])):
        ax = figures.rank_intervals(uncertainty, of=of, top=12, places=network.places)
        table = uncertainty.summary("strength").sort_values("rank", kind="stable").head(12)[columns]
        assert np.asarray(only(ax, "estimates").get_offsets())[:, 0] == pytest.approx(table[columns[0]].to_numpy())
        ends = np.array(only(ax, "intervals").get_segments())[:, :, 0]
        assert ends == pytest.approx(table[columns[1:]].to_numpy())
    tiers = uncertainty.tiers("strength")["tier"].reindex(table.index)
    assert len(marked(ax, "tier")) == tiers[tiers % 2 == 1].nunique()


def test_intervals_of_a_table_need_ranks(uncertainty):
    summary = uncertainty.summary("strength").reset_index()
    ax = figures.rank_intervals(summary, top=5)
    assert len(only(ax, "estimates").get_offsets()) == 5
    with pytest.raises(FormatError, match="a column rank_low"):
        figures.rank_intervals(summary.drop(columns="rank_low"))
    with pytest.raises(UnknownNameError, match="kind of intervals 'score'"):
        figures.rank_intervals(summary, of="score")


def test_quartiles_count_as_the_published_tables_do():
    report = gihi2024()
    ranked = report.places.join(report.ranks["table 2"]["GIHI"].rename("rank"))
    known = ranked.dropna(subset="rank")
    ax = figures.quartiles(ranked)
    dots = marked(ax, "places")
    sizes = known["continent"].value_counts()
    assert [len(one.get_offsets()) for one in dots] == sizes.tolist()
    drawn = np.sort(np.concatenate([np.asarray(one.get_offsets())[:, 0] for one in dots]))
    assert drawn.tolist() == sorted(known["rank"])
    assert sum(int(text.get_text()) for text in marked(ax, "count")) == len(known)
    for bar, row in zip(marked(ax, "box"), sizes.index, strict=True):
        low, high = known.loc[known["continent"] == row, "rank"].quantile([0.25, 0.75])
        assert (bar.get_x(), bar.get_width()) == pytest.approx((low, high - low))


def test_quartiles_need_ranks():
    with pytest.raises(FormatError, match="a column rank"):
        figures.quartiles(pd.DataFrame({"continent": ["Asia"]}))
    with pytest.raises(FormatError, match="got none"):
        figures.quartiles(pd.DataFrame({"continent": [None], "rank": [1.0]}))


def test_profile_shows_percentiles_or_values():
    table = pd.DataFrame({"a": [1, 2, 3, 4], "b": [4, 3, 2, 1], "c": [1, 1, 2, 2]}, index=list("wxyz"), dtype=float)
    ax = figures.profile(table, "z", peers=["w"])
    # Shares of the four places below, own place counted one half: 3.5/4, 0.5/4, 3/4.
    assert np.hypot(*only(ax, "place").get_xydata()[:3].T) == pytest.approx([0.875, 0.125, 0.75])
    assert np.hypot(*only(ax, "peer").get_xydata()[:3].T) == pytest.approx([0.125, 0.875, 0.25])
    ax = figures.profile(table * 10 + 60, "z", scale="value")
    # The axis goes from 70 to 100.
    assert np.hypot(*only(ax, "place").get_xydata()[:3].T) == pytest.approx([1, 0, 1 / 3])


def test_profile_refuses_what_it_cannot_draw():
    table = pd.DataFrame({"a": [1.0, 2], "b": [2.0, 1], "c": [1.0, np.nan]}, index=["x", "y"])
    with pytest.raises(UnknownNameError, match="place 'z'"):
        figures.profile(table, "z")
    with pytest.raises(FormatError, match="none of c of y"):
        figures.profile(table, "x", peers=["y"])
    with pytest.raises(FormatError, match="three measures"):
        figures.profile(table, "x", columns=["a", "b"])


def test_lines_and_ranks_are_drawn_as_they_are(inputs):
    table = inputs["lines"]["table"]
    ax = figures.lines(table, columns=["weight", "ties"])
    assert [line.get_ydata().tolist() for line in marked(ax, "line")] == [[99, 150, 210], [30, 40, 55]]
    assert marked(ax, "line")[0].get_xdata().tolist() == [2019.5, 2020.5, 2021.5]
    assert {text.get_text() for text in marked(ax, "name")} == {"total weight", "ties"}
    ranks = inputs["bump"]["table"]
    ax = figures.bump(ranks)
    by_last = ranks.sort_values(2024)
    for line, place in zip(marked(ax, "line"), by_last.index, strict=True):
        x, y = line.get_data()
        shown = [y[np.argmin(np.abs(x - (year + 0.5)))] for year in ranks.columns]
        assert shown == pytest.approx(np.minimum(by_last.loc[place], 6.7).tolist())  # 1.5 times 4 places, and the edge
    with pytest.raises(UnknownNameError, match="column of the table 'papers'"):
        figures.lines(table, columns=["papers"])
    with pytest.raises(FormatError, match="two times or more"):
        figures.bump(ranks[[2022]])


def test_published_ranks_are_those_of_the_history():
    table = history.rank_history(gihi2024())
    ax = figures.bump(table)
    drawn = [line.get_ydata()[[0, -1]].tolist() for line in marked(ax, "line")]
    assert drawn == table[[2022, 2024]].to_numpy(dtype=float).tolist()


# --- index ---


def test_branches_join_at_the_distances_of_the_tree(clustered):
    ax = figures.dendrogram(clustered, names={1: "first"})
    joins = sorted(segment[:, 0].max() for segment in only(ax, "branches").get_segments())
    assert joins == pytest.approx(sorted(clustered.merges[:, 2]))
    leaves = [tick.get_text() for tick in ax.get_yticklabels()]
    order = hierarchy.leaves_list(clustered.merges)
    assert leaves == style.names_of(clustered.labels.index[order]).tolist()


def test_ternary_places_shares():
    table = pd.DataFrame([[60, 20, 20], [10, 10, 20]], index=["paris", "tokyo"], columns=list("ABC"), dtype=float)
    ax = figures.ternary(table)
    dots = only(ax, "places")
    # Corners (0, 0), (1, 0), (1/2, 0.866): the point is the mean weighted by the shares; the larger sum comes first.
    height = np.sqrt(3) / 2
    assert np.asarray(dots.get_offsets()) == pytest.approx(np.array([[0.3, 0.2 * height], [0.5, 0.5 * height]]))
    assert dots.get_sizes()[1] / dots.get_sizes()[0] == pytest.approx(0.4)
    with pytest.raises(FormatError, match="not all 0"):
        figures.ternary(table * 0)
    with pytest.raises(FormatError, match="three columns"):
        figures.ternary(table[["A", "B"]])


def test_bars_of_sensitivity_equal_the_table():
    ax = figures.sensitivity(SOBOL)
    by_total = SOBOL.sort_values("total", ascending=False)
    for kind in ("first", "total"):
        assert [bar.get_width() for bar in marked(ax, kind)] == by_total[kind].tolist()
    ends = np.array(marked(ax, "interval")[1].get_segments())[:, :, 0]
    assert ends.tolist() == by_total[["total_low", "total_high"]].to_numpy().tolist()
    with pytest.raises(UnknownNameError, match="output 'tokyo'"):
        figures.sensitivity(SOBOL, output="tokyo")


def test_waterfall_goes_from_one_score_to_the_other():
    ax = figures.waterfall(WHY, "beijing", "tokyo", start=70.0)
    steps = marked(ax, "step")
    assert [bar.get_width() for bar in steps] == [3.0, 1.0, -0.5, -2.0]
    assert [bar.get_x() for bar in steps] == [70.0, 73.0, 74.0, 73.5]
    ends = [bar.get_x() + bar.get_width() for bar in marked(ax, "score")]
    assert ends == pytest.approx([70.0, 71.5])
    assert only(ax, "title").get_text() == "Why Beijing stands above Tokyo"
    few = figures.waterfall(WHY, "beijing", "tokyo", top=2)
    assert [bar.get_width() for bar in marked(few, "step")] == pytest.approx([3.0, -2.0, 0.5])
    below = figures.waterfall(WHY.assign(contribution=-WHY["contribution"]), "beijing", "tokyo")
    assert only(below, "title").get_text() == "Why Beijing stands below Tokyo"


# --- works and time ---


def test_bubbles_stand_at_growth_and_share(growth, network):
    ax = figures.growth_bubble(growth, places=network.places, top=30)
    table = growth[growth["place"] != "(world)"].dropna(subset=["international_growth", "share_last"])
    table = table.sort_values("international_last", ascending=False, kind="stable").head(30)
    dots = only(ax, "places")
    assert np.asarray(dots.get_offsets()) == pytest.approx(table[["international_growth", "share_last"]].to_numpy())
    number = table["international_last"].to_numpy()
    assert dots.get_sizes() / dots.get_sizes()[0] == pytest.approx(number / number[0])
    with pytest.raises(FormatError, match="several of"):
        figures.growth_bubble(pd.concat([growth, growth]))
    # By country there are more groups than the key has room for: the others are grey.
    ax = figures.growth_bubble(growth, places=network.places, by="country", top=60)
    keyed = {text.get_color() for text in marked(ax, "key")}
    from matplotlib.colors import to_hex

    drawn = {to_hex(color) for color in only(ax, "places").get_facecolors()}
    assert drawn == keyed | {style.OTHER}


def test_blocks_and_streams_are_as_high_as_the_flows():
    ax = figures.alluvial(FLOWS)
    heights = {(round(b.get_x() + 0.08), b.get_height()) for b in marked(ax, "block")}
    # 2019: 7 and 4; 2020: 5 and 6; 2021: 5, the other community has vanished.
    assert heights == {(0, 7.0), (0, 4.0), (1, 5.0), (1, 6.0), (2, 5.0)}
    assert len(marked(ax, "stream")) == 4
    left = sorted(s.get_path().vertices[7, 1] - s.get_path().vertices[0, 1] for s in marked(ax, "stream"))
    assert left == pytest.approx([2, 4, 5, 5])
    grouped = figures.alluvial(FLOWS, smallest=7)
    assert {text.get_text() for text in marked(grouped, "name")} == {"community 1", "others"}
    with pytest.raises(FormatError, match="a column strength_from"):
        figures.alluvial(FLOWS, by="strength")


def test_streams_stay_inside_their_blocks():
    rng = np.random.default_rng(5)
    early = pd.Series(rng.integers(1, 5, 80), index=[f"p{n}" for n in range(80)])
    late = pd.Series(rng.integers(1, 5, 80), index=early.index)
    ax = figures.alluvial(ig.flows.flows({"2020": early, "2021": late}))
    blocks = [(b.get_x(), b.get_y(), b.get_y() + b.get_height()) for b in marked(ax, "block")]
    for end, column in ((0, 0), (3, 1)):
        spans = sorted((s.get_path().vertices[end, 1], s.get_path().vertices[7 - end, 1]) for s in marked(ax, "stream"))
        for (_, top), (bottom, _) in pairwise(spans):
            assert bottom >= top - 1e-9
        for low, high in spans:
            assert any(y0 - 1e-9 <= low and high <= y1 + 1e-9 for x, y0, y1 in blocks if round(x + 0.08) == column)


def test_distribution_of_a_star_is_known():
    net = build(5, [(0, n, n) for n in range(1, 5)])
    ax = figures.distribution(net)
    x, y = only(ax, "degree").get_data()
    assert (x.tolist(), y.tolist()) == ([1, 1, 1, 1, 4], [1, 1, 1, 1, pytest.approx(0.2)])
    x, y = only(ax, "strength").get_data()
    assert x.tolist() == [1, 2, 3, 4, 10]
    assert y.tolist() == pytest.approx([1.0, 0.8, 0.6, 0.4, 0.2])


def test_rich_club_draws_the_ratio_and_what_chance_gives():
    ax = figures.rich_club(CLUBS)
    assert only(ax, "ratio").get_xydata().tolist() == [[0, 1.0], [2, 1.25], [3, 1.0]]
    band = only(ax, "chance").get_paths()[0].vertices
    assert band[:, 1].max() == pytest.approx(0.9 / 0.8)
    assert band[:, 1].min() == pytest.approx(0.7 / 0.8)
    made = topology.rich_club(build(4, [(0, 1), (1, 2), (2, 3), (0, 2)]), references=3)
    assert len(only(figures.rich_club(made), "ratio").get_xdata()) == made["ratio"].notna().sum()


# --- folders and the command ---


@pytest.fixture(scope="module")
def made(tmp_path_factory, network, uncertainty, growth):
    root = tmp_path_factory.mktemp("folders")
    network.write(root / "net")
    uncertainty.write(root / "errors")
    about = {"provenance": dict(network.provenance)}
    timeline = pd.DataFrame({"ties": [3, 4, 5]}, index=pd.Index(["2019", "2020", "2021"], name="time"))
    write_tables(root / "change", {"timeline": timeline, "flows": FLOWS}, what="change", synthetic=True, about=about)
    values = centrality.table(network, ["degree", "strength", "eigenvector"])
    ranked = network.places[["name_en", "country"]].join(values).join(centrality.ranks(values).add_suffix("_rank"))
    write_tables(
        root / "measures", {"places": ranked, "rich_club": CLUBS}, what="measures", synthetic=True, about=about
    )
    write_tables(root / "joint", {"growth": growth}, what="copublication", synthetic=True, about=about)
    SOBOL.to_csv(root / "sobol.csv", index=False)
    (root / "trial.toml").write_text(SPEC, encoding="utf-8")
    spec = read_spec(root / "trial.toml")
    rng = np.random.default_rng(2)
    values = pd.DataFrame(rng.normal(size=(30, 9)), index=network.ids[:30], columns=spec.codes)
    scores = scoring.score(spec, values)
    scores.write(root / "scores", names=network.places[["name_en", "name_zh", "continent"]], synthetic=True)
    return root, scores


SPEC = 'name = "Trial"\n' + "".join(
    [
        '[[nodes]]\ncode = "T"\nname = "all"\n',
        *(f'[[nodes]]\ncode = "{top}"\nname = "node {top}"\nparent = "T"\n' for top in "ABC"),
        *(
            f'[[indicators]]\ncode = "{top}{n}"\nname = "indicator {top}{n}"\nparent = "{top}"\n'
            for top in "ABC"
            for n in (1, 2, 3)
        ),
    ]
)

CALLS = {
    "map": "--network net --blocs CN:US --centre pacific",
    "chord": "--network net --by continent",
    "matrix": "--network net --top 12",
    "distribution": "--network net",
    "intervals": "--uncertainty errors --network net --top 9 --of value",
    "quartiles": "--scores scores",
    "profile": "--scores scores --place Montreal --peers toronto,vancouver",
    "dendrogram": "--scores scores",
    "ternary": "--scores scores",
    "sensitivity": "--table sobol.csv --source Trial",
    "waterfall": "--scores scores --place montreal --against Toronto",
    "bubble": "--copublication joint",
    "lines": "--change change",
    "bump": "--scores gihi2024 --lang zh",
    "alluvial": "--change change",
    "rich-club": "--measures measures",
}


def run(root, text, monkeypatch):
    monkeypatch.chdir(root)
    return CliRunner().invoke(app, text.split(), catch_exceptions=False)


@pytest.mark.parametrize("name", list(FIGURES))
def test_the_command_draws_every_figure(made, name, monkeypatch):
    root, _ = made
    result = run(root, f"{name} {CALLS[name]} --out {name}.svg --size column", monkeypatch)
    assert result.exit_code == 0, result.output
    text = (root / f"{name}.svg").read_text(encoding="utf-8")
    assert ("SYNTHETIC DATA" in text) == (name not in ("sensitivity", "bump"))


def test_help_lists_every_figure():
    shown = CliRunner().invoke(app, ["--help"]).output
    for name in FIGURES:
        assert re.search(rf"\b{name}\b\s+--", shown)


def test_the_command_explains_what_is_missing(made, monkeypatch):
    root, _ = made
    with pytest.raises(RecipeError, match="drawn from --uncertainty or --table"):
        run(root, "intervals --network net", monkeypatch)
    with pytest.raises(RecipeError, match="--top cannot be used with figure map"):
        run(root, "map --network net --top 3", monkeypatch)
    with pytest.raises(RecipeError, match="say which place with --place"):
        run(root, "profile --scores scores", monkeypatch)
    with pytest.raises(UnknownNameError, match="place 'Atlantis'"):
        run(root, "profile --scores scores --place Atlantis", monkeypatch)
    with pytest.raises(FormatError, match=r"tables\.json"):
        run(root, "lines --change net", monkeypatch)


def test_a_source_on_the_command_line_keeps_the_mark(made, monkeypatch):
    root, _ = made
    for name in ("intervals", "map"):
        assert run(root, f"{name} {CALLS[name]} --source Mine --out mine_{name}.svg", monkeypatch).exit_code == 0
        text = (root / f"mine_{name}.svg").read_text(encoding="utf-8")
        assert "SYNTHETIC DATA" in text[text.index("<metadata>") : text.index("</metadata>")]


def test_files_of_others_are_not_replaced(made, monkeypatch):
    root, _ = made
    (root / "mine.png").write_bytes(b"holiday")
    with pytest.raises(FileExistsError, match="choose another"):
        run(root, "distribution --network net --out mine.png", monkeypatch)
    for ending in ("png", "svg", "pdf"):
        for _ in range(2):
            assert run(root, f"lines --change change --out own.{ending}", monkeypatch).exit_code == 0


def test_waterfall_of_a_folder_ends_at_its_scores(made):
    root, scores = made
    found = folders.inputs_of("waterfall", {"scores": root / "scores"}, place="montreal", against="toronto")
    assert found["start"] == pytest.approx(scores.scores.loc["toronto", "T"])
    total = found["start"] + found["table"]["contribution"].sum()
    assert total == pytest.approx(scores.scores.loc["montreal", "T"])
    assert found["table"]["contribution"].to_numpy() == pytest.approx(
        explain.why(scores, "montreal", "toronto")["contribution"].to_numpy()
    )


def test_published_modes_are_drawn_from_the_report():
    found = folders.inputs_of("dendrogram", {"scores": folders.Path("gihi2024")})
    assert len(found["modes"].labels) == 20
    assert set(found["names"].values()) == set(gihi2024().modes)


def test_namibia_is_no_missing_value(tmp_path):
    (tmp_path / "t.csv").write_text("place_id,rank,continent,country\nx,1,Africa,NA\ny,2,Asia,\n", encoding="utf-8-sig")
    found = folders.inputs_of("quartiles", {"table": tmp_path / "t.csv"})
    assert found["table"]["country"].tolist()[0] == "NA"
    assert found["table"]["country"].isna().tolist() == [False, True]


def test_real_network_draws(real_data):
    raw = json.loads((real_data / "covid_organisations" / "network.json").read_text(encoding="utf-8"))
    items = pd.DataFrame(raw["network"]["items"])
    links = pd.DataFrame(raw["network"]["links"]).rename(columns={"source_id": "source", "target_id": "target"})
    links = links.rename(columns={"strength": "weight"}).astype({"source": str, "target": str})
    table = pd.DataFrame({"name_en": items["label"].to_numpy()}, index=items["id"].astype(str))
    net = Network.from_edges(links, table, provenance={"source": "Dimensions"})
    ax = figures.matrix(net, top=100)
    assert only(ax, "cells").get_array().shape == (100, 100)
    assert marked(ax, "synthetic") == []
