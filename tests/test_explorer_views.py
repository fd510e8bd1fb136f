"""The explorer in a real browser: every view, every control, every file that it saves."""

import csv
import io
import struct

import numpy as np
import pandas as pd
import pytest
from browser import chromium
from lxml import etree
from pages import HOSTILE, city_network, overlapping

from innovation_graph import Network, centrality
from innovation_graph.places import gihi2024
from innovation_graph.uncertainty import Uncertainty
from innovation_graph.views import explorer

pytestmark = pytest.mark.browser


def world_network():
    """The 120 hubs with heavy-tailed links, a tenth of all pairs left out."""
    rng = np.random.default_rng(3)
    table = gihi2024().table
    pull = np.exp(rng.normal(1.5, 1, 120))
    near = 1 + 4 * (table["country"].to_numpy()[:, None] == table["country"].to_numpy())
    matrix = np.triu(rng.poisson(np.outer(pull, pull) * near / 8), 1)
    facts = {"source": "made up", "years": [2019, 2021], "kind": "paper", "counting": "whole", "places": "gihi2024"}
    return Network.from_matrix(matrix + matrix.T, table, provenance=facts)


@pytest.fixture(scope="module")
def net():
    return world_network()


@pytest.fixture(scope="module")
def rich(net):
    """A page with everything that can be given."""
    rng = np.random.default_rng(4)
    estimate = centrality.table(net, ["strength"]).astype("float64")
    drawn = {"strength": estimate["strength"].to_numpy() * rng.normal(1, 0.1, (60, 120))}
    works = pd.DataFrame({"title": ["<b>Bold</b> claims", "Second"], "year": [2020, 2021], "work_id": ["w1", "w2"]})
    halves = [net.keep_links(net.pairs[2] % 2 == k) for k in (0, 1)]
    return explorer.render(
        net,
        layers={"patents": net.keep_links(net.pairs[2] > 8)},
        periods=dict(zip(("2019", "2020"), halves, strict=True)),
        uncertainty=Uncertainty(estimate, drawn, net.names, "whole", 0),
        works={("beijing", "boston"): works},
        boundaries={"type": "LineString", "coordinates": [[0, 0], [40, 10]]},
        date="2024-05-01",
    )


@pytest.fixture(scope="module")
def window(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("browser")) as browser:
        yield browser


@pytest.fixture(scope="module")
def file(rich, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "map.html"
    path.write_text(rich, encoding="utf-8")
    return path


@pytest.fixture
def page(window, file):
    window.driver.get("about:blank")
    yield window.open(file)
    assert window.complaints() == []
    assert [url for url in window.requests() if not url.startswith(("file:", "blob:", "about:"))] == []


def state(page):
    return page.js("return explorer.state()")


def weight(net, a, b):
    return net.adjacency[net.position(a), net.position(b)]


def link_table(net):
    table = net.links().sort_values("weight", ascending=False, kind="stable")
    for end in ("source", "target"):
        table[f"{end}_country"] = net.places["country"].loc[table[end]].to_numpy()
        table[f"{end}_continent"] = net.places["continent"].loc[table[end]].to_numpy()
    return table


def overview(page, heading):
    """Names and numbers under a heading of the overview."""
    return page.js(
        "const h = [...document.querySelectorAll('#overview h3')].find((e) => e.textContent === arguments[0]);"
        "const rows = [...h.nextElementSibling.querySelectorAll('.row')];"
        "return rows.map((e) => [e.title, e.querySelector('.weight').textContent])",
        heading,
    )


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_view_in_both_languages_and_themes(page, lang):
    if lang == "zh":
        page.press("#lang")
    for view in explorer.VIEWS:
        page.press("#theme")
        page.press(f"#views [data-key={view}]")
        assert state(page)["view"] == view
        text = page.js("return document.body.innerText")
        for odd in ("undefined", "NaN", "[object", "Infinity"):
            assert odd not in text
        assert page.find("#sheet").is_displayed() is (view == "table")
        if view != "table":
            drawn = page.js(
                "const c = document.querySelector('canvas'), copy = document.createElement('canvas');"
                "copy.width = c.width; copy.height = c.height;"
                "const pen = copy.getContext('2d'); pen.drawImage(c, 0, 0);"
                "const d = pen.getImageData(0, 0, c.width, c.height).data;"
                "let n = 0; for (let k = 3; k < d.length; k += 4) n += d[k] > 0; return n"
            )
            assert drawn > 5_000
            for button in ("#zoom-in", "#zoom-in", "#zoom-fit", "#zoom-out"):
                assert overlapping(page.js("return explorer.labels()")) == []
                page.press(button)
        assert "2024-05-01" in page.texts("#note")[0]


def test_answers_in_under_three_clicks(page, net):
    links = link_table(net)
    # Beijing's strongest partner in the United States: search, then one chip.
    page.find("#search").send_keys("beijing\ue007")
    chips = page.texts("#card-lands button")
    page.press(f"#card-lands button:nth-child({chips.index('United States') + 1})")
    own = links[
        (links[["source", "target"]] == "beijing").any(axis=1)
        & (links[["source_country", "target_country"]] == "US").any(axis=1)
    ]
    best = own.iloc[0]
    partner = best["source"] if best["target"] == "beijing" else best["target"]
    assert page.texts("#card-partners .weight")[0] == f"{best['weight']:,.0f}"
    tied = own[own["weight"] == best["weight"]]
    assert page.texts("#card-partners .name")[0] in set(net.names[[*tied["source"], *tied["target"]]])
    assert len(tied) > 1 or page.texts("#card-partners .name")[0] == net.names[partner]
    page.press("#close")
    # The strongest tie between China and the United States: one click.
    page.press("#views [data-key=columns]")
    assert page.texts("#title") == ["China – United States collaboration"]
    across = links[(links["source_country"] + links["target_country"]).isin(["CNUS", "USCN"])]
    name, told = overview(page, "Strongest ties across")[0]
    assert told == f"{across['weight'].max():,.0f}"
    top = across[across["weight"] == across["weight"].max()]
    assert {frozenset(name.split(" – "))} <= {
        frozenset(net.names[[a, b]]) for a, b in zip(top["source"], top["target"], strict=True)
    }
    # Who bridges China and Europe: two clicks.
    chips = page.texts("#side-pairs button")
    page.press(f"#side-pairs button:nth-child({chips.index('China – Europe') + 1})")
    matrix = pd.DataFrame(net.adjacency.toarray(), net.ids, net.ids)
    china, europe = net.places["country"] == "CN", net.places["continent"] == "Europe"
    bridge = np.minimum(matrix.loc[:, china].sum(axis=1), matrix.loc[:, europe].sum(axis=1))[~china & ~europe]
    found = overview(page, "Third places tied to both China and Europe")
    assert [min(int(n.replace(",", "")) for n in told.split(" | ")) for _, told in found] == sorted(
        bridge, reverse=True
    )[: len(found)]
    assert found[0][0] in set(net.names[bridge[bridge == bridge.max()].index])


def test_columns_take_any_two_sides(page, net):
    page.press("#views [data-key=columns]")
    links = link_table(net)
    page.set("#side-0", "Europe")
    page.set("#side-1", "Asia")
    across = links[(links["source_continent"] + links["target_continent"]).isin(["EuropeAsia", "AsiaEurope"])]
    assert state(page)["all"] == len(across)
    shown = set(state(page)["places"])
    assert shown == set(net.ids[net.places["continent"].isin(["Europe", "Asia"])])
    spots = {place: page.js("return explorer.whereOnScreen(arguments[0])", place) for place in ("london", "beijing")}
    assert spots["london"]["x"] < spots["beijing"]["x"]
    # The same side twice cannot be: the two change places.
    page.set("#side-0", "Asia")
    assert [page.js(f"return document.getElementById('side-{k}').value") for k in (0, 1)] == ["Asia", "Europe"]


def test_filters_meet_and_can_be_taken_back(page, net):
    links = link_table(net)
    page.js("document.getElementById('filters').open = true")
    everything = state(page)["all"]
    page.js(
        "[...document.querySelectorAll('#continents label')].find((e) => e.textContent.startsWith('Europe')).click()"
    )
    page.frame()
    european = links[(links["source_continent"] == "Europe") & (links["target_continent"] == "Europe")]
    assert state(page)["all"] == len(european)
    page.set("#least-weight", 5)
    assert state(page)["all"] == (european["weight"] >= 5).sum()
    assert "links of weight ≥ 5 only" in page.texts("#note")[0]
    strength = centrality.strength(net)
    page.set("#least-strength", 300)
    assert set(state(page)["places"]) == set(net.ids[(net.places["continent"] == "Europe") & (strength >= 300)])
    page.press("#undo")
    page.set("#least-partners", 60)
    degree = centrality.degree(net)
    left = set(net.ids[(net.places["continent"] == "Europe") & (degree >= 60)])
    assert set(state(page)["places"]) == left
    assert page.texts("#filter-count") == ["3"]
    page.press("#undo")
    assert state(page)["all"] == (european["weight"] >= 5).sum()
    page.press("#undo")
    page.find("body").send_keys("\ue009z")  # Ctrl+Z
    page.frame()
    assert state(page)["all"] == everything
    assert not page.find("#undo").is_enabled()
    page.js("[...document.querySelectorAll('#countries label')].find((e) => e.textContent.startsWith('Japan')).click()")
    page.frame()
    assert set(state(page)["places"]) == set(net.ids[net.places["country"] == "JP"])
    page.press("#reset")
    assert state(page)["all"] == everything


def test_colours_follow_countries_continents_and_measures(page, net):
    page.set("#colour", "continent")
    assert page.texts("#groups-title") == ["Continents"]
    assert dict(zip(page.texts("#groups .name"), page.texts("#groups .size"), strict=True))["Europe"] == str(
        (net.places["continent"] == "Europe").sum()
    )
    page.press("#groups li:first-child button")
    assert len(state(page)["places"]) < 120
    page.press("#undo")
    page.set("#colour", "strength")
    assert not page.find("#groups").is_displayed()
    strongest = centrality.strength(net).idxmax()
    weakest = centrality.strength(net).idxmin()
    high, low = page.js(
        "const c = document.querySelector('canvas'), d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
        "return [...arguments].map((id) => { const { x, y } = explorer.whereOnScreen(id);"
        "  const k = 4 * (Math.round(y) * c.width + Math.round(x)); return [...d.slice(k, k + 3)]; })",
        strongest,
        weakest,
    )
    assert high == [0x44, 0x01, 0x54]
    assert sum(low) > sum(high)


def test_layers_alone_and_together(page, net):
    few = net.keep_links(net.pairs[2] > 8)
    page.press("#layers [data-key='1']")
    assert state(page)["all"] == few.n_links
    page.js("explorer.select('beijing')")
    rows = dict(zip(page.texts("#card-metrics tbody th"), page.texts("#card-metrics td:nth-child(2)"), strict=True))
    assert rows["Link strength"].startswith(f"{centrality.strength(few)['beijing']:,.0f}")
    page.js("explorer.clear()")
    page.press("#layers [data-key='-1']")
    assert state(page)["all"] == net.n_links + few.n_links
    page.js("explorer.selectTie('beijing', 'shanghai')")
    told = page.texts("#card-tie td")
    assert told.count(f"{weight(net, 'beijing', 'shanghai'):,.0f}") == 2
    assert {"papers", "patents"} <= set(page.texts("#card-tie b"))


def test_partners_over_two_layers_are_counted_once(page, net):
    few = net.keep_links(net.pairs[2] > 8)
    page.press("#layers [data-key='-1']")
    page.js("explorer.select('beijing')")
    weights = np.array([other.adjacency[[net.position("beijing")]].toarray().ravel() for other in (net, few)])
    ties = sorted(((row[i] / other.pairs[2].max(), i) for row, other in zip(weights, (net, few), strict=True)
                   for i in range(120) if row[i]), reverse=True)  # fmt: skip
    shares = [share for share, _ in ties]
    assert shares[9] > shares[10]  # the ten are the same whatever the order of equal ones
    top = len({i for _, i in ties[:10]})
    assert page.texts("#card-partners-title") == [f"Top {top} of {(weights.sum(axis=0) > 0).sum()} partners"]
    assert len(page.texts("#card-partners li")) == 10


def test_each_layer_of_a_matrix_has_its_scale(page):
    page.press("#layers [data-key='-1']")
    page.press("#views [data-key=matrix]")
    assert page.texts("#scales figcaption") == ["papers", "patents"]


def test_a_measure_of_one_layer_gives_way_in_another(window, net, tmp_path):
    path = tmp_path / "map.html"
    own = pd.DataFrame({"fame": np.arange(120.0)}, index=net.ids)
    patents = net.keep_links(net.pairs[2] > 8)
    patents = Network(patents.places, patents.upper, {**patents.provenance, "counting": "fractional", "source": "b"})
    explorer.write(net, path, metrics=own, layers={"patents": patents})
    window.open(path)
    window.press("#layers [data-key='1']")
    window.set("#size", "strength")
    window.set("#colour", "strength")
    window.press("#layers [data-key='0']")
    assert state(window)["size"] == "fame"
    assert state(window)["colour"] == "community"
    # What is not true of both is not said of both.
    assert "whole counting" in window.texts("#note")[0]
    window.press("#layers [data-key='-1']")
    note = window.texts("#note")[0]
    assert "counting" not in note
    assert "made up, b" in note.replace("\u2068", "").replace("\u2069", "")
    assert window.complaints() == []


def test_years_keep_places_where_they_are(page, net):
    before = page.js("return explorer.whereOnScreen('london')")
    page.set("#years", 1, "input")
    half = net.keep_links(net.pairs[2] % 2 == 1)
    assert state(page)["all"] == half.n_links
    assert page.texts("#year") == ["2020"]
    after = page.js("return explorer.whereOnScreen('london')")
    assert (after["x"], after["y"]) == (before["x"], before["y"])
    page.js("explorer.select('london')")
    titles = page.texts("#card-course title")
    assert titles[1] == f"2020: {centrality.strength(half)['london']:,.0f}"
    page.js("explorer.clear()")
    page.set("#years", -1, "input")
    assert state(page)["all"] == net.n_links
    page.press("#play")
    assert page.texts("#year") == ["2019"]
    page.wait("return document.getElementById('year').textContent === '2020'")
    page.press("#play")


def test_card_has_intervals_and_ties_have_works(page, net):
    page.js("explorer.select('beijing')")
    strength = page.js("return document.querySelector('#card-metrics tr.sized').innerText")
    assert "–" in strength
    page.js("explorer.selectTie('boston', 'beijing')")
    assert page.texts("#card-title") == ["Boston – Beijing"]
    assert page.texts("#card-tie .works li > bdi") == ["<b>Bold</b> claims", "Second"] or page.texts(
        "#card-tie .works li > bdi"
    ) == ["Second", "<b>Bold</b> claims"]
    rows = dict(zip(page.texts("#card-tie th"), page.texts("#card-tie td"), strict=True))
    assert rows["Link weight"] == f"{weight(net, 'beijing', 'boston'):,.0f}"
    above = (net.pairs[2] > weight(net, "beijing", "boston")).sum() + 1
    assert rows["Rank among ties"] == f"{above:,} of {net.n_links:,}"
    page.press("#card-tie .chip")
    assert state(page)["id"] == "boston"


def test_table_sorts_searches_and_shows_ties(page, net):
    page.press("#views [data-key=table]")
    strength = centrality.strength(net).sort_values(ascending=False)
    heads = page.texts("#rows thead button")
    column = heads.index("Link strength") + 2
    cells = f"#rows tbody td:nth-child({column})"
    assert [int(text.replace(",", "")) for text in page.texts(cells)] == strength.astype(int).tolist()
    page.press(f"#rows thead th:nth-child({column}) button")
    assert int(page.texts(cells)[0].replace(",", "")) == strength.min()
    assert page.find(f"#rows thead th:nth-child({column})").get_attribute("aria-sort") == "ascending"
    page.press("#rows thead th:nth-child(2) button")
    names = page.texts("#rows tbody th bdi")
    assert names[0] == "Abu Dhabi"
    page.set("#sheet-search", "bei jing", "input")
    assert page.texts("#rows tbody th bdi") == ["Beijing"]
    page.set("#sheet-search", "", "input")
    page.press("#sheet-kinds [data-key=ties]")
    weights = [int(text.replace(",", "")) for text in page.texts("#rows tbody td.number")]
    assert weights == sorted(net.pairs[2].astype(int).tolist(), reverse=True)[: len(weights)]
    assert len(weights) == 200
    page.js("const s = document.getElementById('sheet-scroll'); s.scrollTop = s.scrollHeight")
    page.wait("return document.querySelectorAll('#rows tbody tr').length === 400")
    page.js("document.querySelector('#rows tbody tr:last-child button').click()")
    assert page.find("#card").is_displayed()


def test_search_in_pinyin(page):
    for typed, place in (
        ("chong qing", "chongqing"),
        ("lundun", "london"),
        ("chongqing", "chongqing"),
        ("sh", "shanghai"),
        ("旧金山", "san-francisco-san-jose"),
    ):
        page.js("document.getElementById('search').value = ''")
        page.find("#search").send_keys(typed)
        assert gihi2024().table.loc[place, "name_en"] in page.texts("#hits li > bdi")[:5]


def test_names_are_short_on_the_map_as_in_figures(page):
    page.press("#views [data-key=map]")
    long = "guangdong-hong-kong-macao-greater-bay-area"
    for short in ("Greater Bay Area", "粤港澳大湾区"):
        page.js("explorer.select(arguments[0])", long)
        page.frame()
        assert short in {label["text"] for label in page.js("return explorer.labels()") if label["id"] == long}
        page.press("#lang")


def test_matrix_shows_cells_under_the_pointer(page, net):
    page.press("#views [data-key=matrix]")
    first, second = (page.js("return explorer.whereOnScreen(arguments[0])", place) for place in ("beijing", "london"))
    page.click_at(second["x"], first["y"])
    assert sorted(state(page)["tie"]) == ["beijing", "london"]
    page.move_to(second["x"] + 0.5, first["y"])
    page.wait("return !document.getElementById('tip').hidden")
    assert page.texts("#tip span") == [f"Link weight: {weight(net, 'beijing', 'london'):,.0f}"]


def test_a_link_can_be_clicked(page, net):
    page.press("#views [data-key=map]")
    heaviest = link_table(net).iloc[0]
    page.js("explorer.selectTie(arguments[0], arguments[1])", heaviest["source"], heaviest["target"])
    page.js("explorer.clear()")
    page.press("#views [data-key=network]")
    a, b = (page.js("return explorer.whereOnScreen(arguments[0])", heaviest[end]) for end in ("source", "target"))
    for share in (0.5, 0.4, 0.6, 0.45, 0.55):
        page.click_at(a["x"] + share * (b["x"] - a["x"]), a["y"] + share * (b["y"] - a["y"]))
        tie = state(page)["tie"]
        if tie and set(tie) == {heaviest["source"], heaviest["target"]}:
            return
        page.js("explorer.clear()")
    raise AssertionError("the heaviest link cannot be hit")


def test_the_address_keeps_what_was_chosen(page):
    page.press("#views [data-key=columns]")
    page.set("#side-0", "Europe")
    page.press("#lang")
    page.press("#theme")
    page.set("#size", "pagerank")
    page.set("#colour", "country")
    page.set("#slider", 40, "input")
    page.js("explorer.select('london')")
    wanted = state(page)
    address = page.js("return location.href")
    page.driver.get("about:blank")
    page.driver.get(address)
    page.wait("return document.documentElement.dataset.drawn === 'true'")
    found = state(page)
    for key in ("view", "lang", "dark", "size", "colour", "id", "blocs", "links", "position"):
        assert found[key] == wanted[key], key
    page.js("location.hash = 'view=map&place=paris&countries=FR&weight=2'")
    page.wait("return explorer.state().view === 'map'")
    assert state(page)["id"] == "paris"
    assert len(state(page)["places"]) == 2
    page.js(
        "location.hash = arguments[0]",
        "view=nonsense&layer=9&size=__proto__&colour=constructor&links=x&place=<img>&side=a&side=b&groups=__proto__&time=7&theme=red&tie=paris",
    )
    page.wait("return explorer.state().view === 'network'")
    assert state(page)["links"] > 0


def test_pictures_are_saved(page, net):
    # Paper takes pictures of three times the size, and each view is drawn by the same pen.
    for view, button, times in (
        ("network", "#png-4", 4),
        ("map", "#png-1", 1),
        ("columns", "#png", 2),
        ("matrix", "#png-1", 1),
    ):
        page.press(f"#views [data-key={view}]")
        name, raw = page.saved(button)
        assert name.endswith(".png")
        assert struct.unpack(">II", raw[16:24]) == (1400 * times, 1000 * times)
        name, raw = page.saved("#svg")
        assert name.endswith(".svg")
        root = etree.fromstring(raw)
        assert root.attrib["viewBox"] == "0 0 1400 1000"
        texts = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
        assert len(texts & {part for name in net.names for part in name.split(" - ")}) > 15
        assert any("made up" in (text or "") for text in texts)


def test_tables_are_saved_as_shown(page, net):
    name, raw = page.saved("#csv-places")
    assert name == "co-authorship-network-of-cities.csv"
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))
    strength = centrality.strength(net)
    assert {row["place_id"]: float(row["Link strength"]) for row in rows} == strength.to_dict()
    page.js("[...document.querySelectorAll('#countries label')].find((e) => e.textContent.startsWith('Japan')).click()")
    page.frame()
    _, raw = page.saved("#csv-links")
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))
    japan = net.subset("JP")
    assert {(row["source"], row["target"]): float(row["Link weight"]) for row in rows} == {
        (a, b): w for a, b, w in japan.links().itertuples(index=False)
    }


def test_saved_tables_run_nothing_and_say_that_data_are_synthetic(window, tmp_path):
    names = ["=1+1", "-2", "@x", "+3", " =4", 'a"b,c', "two\nlines", *HOSTILE[:3]]
    n = len(names)
    places = pd.DataFrame({"name_en": names}, index=[f"p{i}" for i in range(n)])
    path = tmp_path / "map.html"
    explorer.write(Network.from_matrix(np.ones((n, n)) - np.eye(n), places, provenance={"synthetic": True}), path)
    window.open(path)
    _, raw = window.saved("#csv-places")
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))
    found = {row["place_id"]: row["Place"] for row in rows}
    assert found["p0"] == "'=1+1"
    assert found["p4"] == "' =4"
    assert found["p5"] == 'a"b,c'
    assert found["p6"] == "two lines"
    assert {row["synthetic_data"] for row in rows} == {"yes"}
    _, raw = window.saved("#svg")
    etree.fromstring(raw)
    assert window.js("return window.pwned") is None
    assert window.complaints() == []


def test_keyboard_and_names_for_screen_readers(page):
    page.find("body").send_keys("/")
    assert page.js("return document.activeElement.id") == "search"
    page.find("#search").send_keys("paris\ue007")
    assert page.js("return document.activeElement.id") == "card-title"
    unnamed = page.js(
        "return [...document.querySelectorAll('button, input, select, [role]')].filter((e) => e.offsetParent && !("
        "e.textContent.trim() || e.getAttribute('aria-label') || e.labels?.length || e.getAttribute('aria-labelledby')"
        " || e.placeholder)).map((e) => e.outerHTML)"
    )
    assert unnamed == []
    assert page.js("return document.querySelectorAll('#views [aria-selected=true]').length") == 1


def test_paper_takes_the_whole_picture_or_the_whole_table(page):
    page.js("dispatchEvent(new Event('beforeprint'))")
    assert page.js("return [paper.width, paper.height]") == [4200, 3000]
    page.js("dispatchEvent(new Event('afterprint'))")
    page.press("#views [data-key=table]")
    page.press("#sheet-kinds [data-key=ties]")
    page.js("dispatchEvent(new Event('beforeprint'))")
    assert page.js("return document.querySelectorAll('#rows tbody tr').length") == state(page)["all"]


def test_hovering_brings_partners_forward(page, net):
    def colour_of(place):
        return page.js(
            "const c = document.querySelector('canvas'), copy = document.createElement('canvas');"
            "copy.width = c.width; copy.height = c.height; const pen = copy.getContext('2d'); pen.drawImage(c, 0, 0);"
            "const { x, y } = explorer.whereOnScreen(arguments[0]);"
            "return [...pen.getImageData(Math.round(x), Math.round(y), 1, 1).data]",
            place,
        )

    weakest = centrality.degree(net)[lambda d: d > 0].idxmin()
    row = net.adjacency[[net.position(weakest)]].toarray().ravel()
    strength = centrality.strength(net)
    partner = strength[row > 0].idxmax()
    stranger = strength[(row == 0) & (net.ids != weakest)].idxmax()
    before = {place: colour_of(place) for place in (partner, stranger)}
    spot = page.js("return explorer.whereOnScreen(arguments[0])", weakest)
    page.move_to(spot["x"], spot["y"])
    page.wait("return !document.getElementById('tip').hidden")
    page.frame()
    assert colour_of(partner) == before[partner]
    assert colour_of(stranger) != before[stranger]


@pytest.mark.parametrize("size", [(1024, 768), (820, 1180), (600, 800)])
def test_tablets_and_narrower(window, file, size):
    window.driver.get("about:blank")
    window.open(file, size=size)
    assert window.js("return document.documentElement.scrollWidth") == size[0]
    spots = [
        window.js("return explorer.whereOnScreen(arguments[0])", place) for place in ("beijing", "london", "new-york")
    ]
    panel = window.js("return document.getElementById('panel').getBoundingClientRect().toJSON()")
    for spot in spots:
        assert 0 < spot["x"] < size[0]
        assert 0 < spot["y"] < size[1]
        assert spot["x"] > panel["right"] or spot["y"] > panel["bottom"]
    for view in ("map", "columns", "matrix", "table"):
        window.js("explorer.show(arguments[0])", view)
        window.frame()
        assert window.js("return document.documentElement.scrollWidth") == size[0]
    assert window.complaints() == []


def test_unusual_networks_show_in_every_view(window, tmp_path):
    places = pd.DataFrame(
        {"country": ["FR", None, None], "lat": [48.9, None, 10.0], "lon": [2.3, None, 20.0]}, index=["a", "b", "c"]
    )
    for k, network in enumerate(
        (
            Network.from_matrix(np.zeros((0, 0)), []),
            Network.from_matrix(np.zeros((1, 1)), ["only"]),
            Network.from_matrix(np.zeros((3, 3)), places),
            Network.from_matrix([[0, 1, 0], [1, 0, 0], [0, 0, 0]], places),
            city_network(6),
        )
    ):
        path = tmp_path / f"{k}.html"
        explorer.write(network, path)
        window.open(path)
        for view in explorer.VIEWS:
            window.js("explorer.show(arguments[0])", view)
            window.frame()
            text = window.js("return document.body.innerText")
            assert not [odd for odd in ("undefined", "NaN", "Infinity") if odd in text]
        for button in ("#svg", "#csv-places", "#csv-links", "#png-1"):
            window.saved(button)
        assert window.complaints() == []
