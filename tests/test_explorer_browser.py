"""The explorer: what a person meets who opens it in a real browser."""

import base64
import json
import re
import struct

import numpy as np
import pandas as pd
import pytest
from browser import chromium
from pages import HOSTILE, city_network, data_of, overlapping

from innovation_graph import Network, backbone, centrality
from innovation_graph.index.scoring import score
from innovation_graph.index.spec import IndexSpec, Indicator, Node
from innovation_graph.views import explorer

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def net():
    return city_network(synthetic=True)


@pytest.fixture(scope="module")
def html(net):
    return explorer.render(net)


@pytest.fixture(scope="module")
def window(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("browser")) as browser:
        yield browser


@pytest.fixture
def opened(window, net, tmp_path):
    def show(network=net, *, size=(1400, 1000), **options):
        path = tmp_path / "map.html"
        explorer.write(network, path, **options)
        return window.open(path, size=size)

    yield show
    assert window.complaints() == []
    assert [url for url in window.requests() if not url.startswith(("file:", "blob:"))] == []


def slide(page, to):
    page.js("slider.value = arguments[0]; slider.dispatchEvent(new Event('input'))", to)
    page.frame()


def press(page, selector):
    page.find(selector).click()
    page.frame()


def test_first_sight(opened, net):
    page = opened()
    assert page.texts("#title") == ["Co-authorship network of cities"]
    core = backbone.readable(net).n_links
    assert page.texts("#counts") == [f"40 cities · 780 links · {core} in the backbone"]
    assert page.texts("#shown") == [f"{core} of 780 links: the backbone"]
    note = page.texts("#note")[0]
    for part in (
        "made up",
        "2019",
        "2023",
        "papers",
        "whole counting",
        "disparity filter",
        f"{core} of 780 links shown",
    ):
        assert part in note
    colours = page.js(
        "const c = document.querySelector('canvas'), seen = new Set();"
        "const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
        "for (let k = 0; k < d.length; k += 4) seen.add(d[k] << 16 | d[k + 1] << 8 | d[k + 2]);"
        "return [...seen]"
    )
    assert {0x4477AA, 0xEE6677, 0x228833} <= set(colours)


@pytest.mark.parametrize("synthetic", [True, False])
def test_synthetic_data_are_marked(opened, synthetic):
    page = opened(city_network(12, synthetic=synthetic))
    assert page.find("#synthetic").is_displayed() is synthetic
    assert ("SYNTHETIC DATA" in page.find("body").text) is synthetic
    assert ("SYNTHETIC DATA" in page.texts("#note")[0]) is synthetic


def test_labels_never_overlap_and_more_appear_on_zooming_in(opened):
    page = opened(city_network(120))
    labels = page.js("return explorer.labels()")
    assert overlapping(labels) == []
    strongest = centrality.strength(city_network(120)).nlargest(5).index
    assert set(strongest) <= {label["id"] for label in labels}
    crowded = opened(city_network(120), size=(760, 560))
    few = crowded.js("return explorer.labels()")
    assert overlapping(few) == []
    assert len(few) < len(labels)
    dense = {label["id"] for label in few}
    for _ in range(3):
        press(crowded, "#zoom-in")
    zoomed = crowded.js("return explorer.labels()")
    assert overlapping(zoomed) == []
    visible = {label["id"] for label in zoomed}
    assert visible - dense


def test_slider_adds_links_down_to_the_weight_it_states(opened, net):
    page = opened()
    core = backbone.readable(net)
    inside = {(a, b) for a, b in zip(*core.pairs[:2], strict=True)}
    counts = []
    for position in (1, 20, 40, 60):
        slide(page, position)
        text = page.texts("#shown")[0]
        shown, least = (int(number.replace(",", "")) for number in re.findall(r"^([\d,]+) of .*≥ ([\d,]+)$", text)[0])
        a, b, w = net.pairs
        expected = sum(weight >= least or (i, j) in inside for i, j, weight in zip(a, b, w, strict=True))
        assert shown == expected == page.js("return explorer.state().links")
        counts.append(shown)
    assert counts == sorted(counts)
    slide(page, 100)
    assert page.texts("#shown") == ["all 780 links"]
    assert "780 of 780 links shown" in page.texts("#note")[0]
    slide(page, 0)
    assert page.js("return explorer.state().links") == core.n_links


def test_click_shows_the_place_and_escape_takes_it_away(opened, net):
    page = opened()
    place = centrality.strength(net).idxmax()
    row = net.position(place)
    spot = page.js("return explorer.whereOnScreen(arguments[0])", place)
    page.click_at(spot["x"], spot["y"])
    page.wait("return !document.getElementById('card').hidden")
    assert page.texts("#card-title") == [net.names[place]]
    weights = net.adjacency[[row]].toarray().ravel()
    best = sorted(range(net.n_places), key=lambda i: (-weights[i], i))[:10]
    told = [int(text.replace(",", "")) for text in page.texts("#card-partners .weight")]
    assert told == [int(weights[i]) for i in best]
    assert sorted(page.texts("#card-partners .name")[:3]) == sorted(net.names.iloc[best[:3]])
    rows = dict(zip(page.texts("#card-metrics tbody th"), page.texts("#card-metrics td:nth-child(2)"), strict=True))
    strength = centrality.strength(net)
    assert rows["Link strength"] == f"{strength[place]:,.0f}"
    ranks = dict(zip(page.texts("#card-metrics tbody th"), page.texts("#card-metrics td:nth-child(3)"), strict=True))
    assert ranks["Link strength"] == "1 of 40"
    assert ranks["Partners"] == "=1 of 40"  # everybody has 39
    assert page.texts("#card-unit")[0].startswith("Link strength: sum of link weights; whole counting (")
    page.frame()
    assert place in {label["id"] for label in page.js("return explorer.labels()")}
    page.find("body").send_keys("\ue00c")  # Escape
    assert not page.find("#card").is_displayed()
    page.js("explorer.select(arguments[0])", place)
    assert page.find("#card").is_displayed()
    page.click_at(700, 985)
    page.wait("return document.getElementById('card').hidden")


def test_all_links_of_a_selected_place_are_drawn(opened, net):
    page = opened()
    page.js(
        "const { stroke, drawImage } = CanvasRenderingContext2D.prototype;"
        "window.strokes = 0;"
        "CanvasRenderingContext2D.prototype.stroke = function () { window.strokes++; return stroke.call(this); };"
        # Links are painted aside, and then set in as one picture.
        "CanvasRenderingContext2D.prototype.drawImage = function (...a) {"
        "  window.aside = window.strokes; window.strokes = 0; return drawImage.apply(this, a); }"
    )

    def strokes(script, *args):
        page.js("window.strokes = 0;" + script, *args)
        page.frame()
        return page.js("return window.strokes")

    core = backbone.readable(net)
    slide(page, 1)
    assert strokes("slider.value = 0; slider.dispatchEvent(new Event('input'))") == net.n_places
    assert page.js("return window.aside") in {core.n_links, 0}
    weakest = centrality.strength(net).idxmin()
    assert centrality.degree(core)[weakest] < 20
    assert strokes("explorer.select(arguments[0])", weakest) == net.n_places + 39
    assert page.texts("#card-partners-title") == ["Top 10 of 39 partners"]


def in_view(page, places):
    panel, card = (
        page.js("return document.getElementById(arguments[0]).getBoundingClientRect().toJSON()", part)
        for part in ("panel", "card")
    )
    spots = [page.js("return explorer.whereOnScreen(arguments[0])", place) for place in places]
    high = page.js("return innerHeight")
    return all(panel["right"] < s["x"] < card["left"] and 0 < s["y"] < high for s in spots)


def test_selecting_moves_only_what_is_out_of_view(opened, net):
    page = opened(blocs=("CN", "US"))
    cross = net.bloc("CN", "US")
    left, right = (cross.ids[cross.places["bloc"] == side] for side in "ab")
    press(page, "#overview-close")
    page.js("explorer.select(arguments[0])", right[0])  # the card would cover it
    assert in_view(page, [right[0], *left])
    before = page.js("return explorer.whereOnScreen(arguments[0])", left[1])
    page.js("explorer.select(arguments[0])", left[0])
    assert page.js("return explorer.whereOnScreen(arguments[0])", left[1]) == before
    page.js("explorer.clear()")
    for _ in range(4):
        press(page, "#zoom-in")
    assert not in_view(page, left)
    page.js("explorer.select(arguments[0])", right[0])
    assert in_view(page, [right[0], *left])


@pytest.mark.parametrize("size", [(1400, 807), (600, 800)])
def test_nothing_covers_the_card(opened, size):
    page = opened(size=size)
    page.js("explorer.select('c4')")
    covered = page.js(
        "const card = document.getElementById('card'), r = card.getBoundingClientRect(), found = new Set();"
        "for (let x = r.left + 8; x < r.right - 8; x += 8) for (let y = r.top + 8; y < r.bottom - 8; y += 8) {"
        "  const e = document.elementFromPoint(x, y); if (!card.contains(e)) found.add(e.id || e.localName); }"
        "return [...found]"
    )
    assert covered == []


def test_words_and_scale_of_a_network_where_all_are_alike(opened):
    page = opened(Network.from_matrix([[0, 3], [3, 0]], ["a", "b"]))
    assert page.texts("#counts") == ["2 places · 1 link"]
    assert page.texts("#shown") == ["1 link"]
    assert "1 links" not in page.find("body").text
    assert page.texts("#scales figure:first-child text") == ["3"]
    assert opened(Network.from_matrix(np.zeros((2, 2)), ["a", "b"])).texts("#scales circle + text") == ["0"]


def test_search_finds_the_places_of_a_country(opened, net):
    page = opened()
    for typed in ("germ", "德国"):
        page.find("#search").send_keys(typed)
        german = set(net.names[net.places["country"] == "DE"])
        found = page.texts("#hits li > bdi")
        assert len(found) == 12
        assert set(found) <= german
        page.find("body").send_keys("\ue00c")
        page.js("document.getElementById('search').value = ''")


def test_search_finds_names_of_both_languages_without_accents(opened):
    page = opened()
    for typed, place in (
        ("zurich", "c0"),
        ("sao p", "c1"),
        ("ZÜR", "c0"),
        ("xi an", "c2"),
        ("苏黎", "c0"),
        ("lodz", "c3"),
        ("york", "c4"),
    ):
        page.find("#search").send_keys(typed)
        assert len(page.texts("#hits li[role=option]")) == 1, typed
        page.find("#search").send_keys("\ue007")  # Enter
        assert page.js("return explorer.state().id") == place
        assert page.js("return document.activeElement.id") == "card-title"


def test_search_by_keyboard_and_without_a_hit(opened):
    page = opened()
    field = page.find("#search")
    field.send_keys("city")
    assert len(page.texts("#hits li[role=option]")) == 12
    field.send_keys("\ue015\ue015")  # twice down
    active = field.get_attribute("aria-activedescendant")
    wanted = page.texts(f"#{active} bdi")[0]
    field.send_keys("\ue007")
    assert page.texts("#card-title") == [wanted]
    field.send_keys("atlantis")
    assert page.texts("#hits li") == ["No place of that name"]


def test_languages_and_themes(opened):
    page = opened(lang="zh")
    assert page.texts("#title") == ["城市论文合作网络"]
    assert page.js("return document.documentElement.lang") == "zh-Hans"
    page.js("explorer.select('c0')")
    assert page.texts("#card-title") == ["苏黎世"]
    press(page, "#lang")
    assert page.texts("#card-title") == ["Zürich"]
    assert page.js("return document.title") == "Co-authorship network of cities"
    ground = "return getComputedStyle(document.body).backgroundColor"
    light = page.js(ground)
    press(page, "#theme")
    assert page.js(ground) != light
    # Where there is no Chinese name the other one stands.
    press(page, "#lang")
    page.js("explorer.select('c3')")
    assert page.texts("#card-title") == ["Łódź"]
    assert not re.search(r"undefined|NaN|\[object", page.find("body").text)


def test_circle_area_follows_the_chosen_measure(opened, net):
    page = opened()
    for measure in ("strength", "pagerank"):
        page.js("size.value = arguments[0]; size.dispatchEvent(new Event('change'))", measure)
        page.frame()
        values = getattr(centrality, measure)(net)
        top = values.nlargest(6).index
        radius = np.array([page.js("return explorer.whereOnScreen(arguments[0]).r", place) for place in top])
        assert (radius / radius[0]) ** 2 == pytest.approx((values[top] / values[top[0]]).to_numpy(), rel=1e-4)


def test_legend_brings_a_community_forward(opened, html):
    page = opened()
    groups = data_of(html)["places"]["group"]
    press(page, "#groups li:nth-child(2) button")
    assert page.find("#groups li:nth-child(2) button").get_attribute("aria-pressed") == "true"
    named = {int(label["id"][1:]) for label in page.js("return explorer.labels()")}
    assert named
    assert {groups[i] for i in named} == {1}
    press(page, "#groups li:nth-child(2) button")
    page.move_to(800, 990)
    page.frame()
    assert {groups[int(label["id"][1:])] for label in page.js("return explorer.labels()")} == {0, 1, 2}


def test_hovering_names_a_place(opened):
    page = opened()
    spot = page.js("return explorer.whereOnScreen('c2')")
    page.move_to(spot["x"], spot["y"])
    page.wait("return !document.getElementById('tip').hidden")
    assert page.texts("#tip b") == ["Xi'an"]


def test_picture_is_saved_at_double_size(opened):
    page = opened()
    page.js(
        "HTMLAnchorElement.prototype.click = function () { window.saved = this.download; };"
        "const make = URL.createObjectURL;"
        "URL.createObjectURL = (blob) => { window.picture = blob; return make(blob); }"
    )
    page.find("#save-title").click()
    page.find("#png").click()
    page.wait("return window.saved")
    coded = page.driver.execute_async_script(
        "const [done] = arguments, reader = new FileReader();"
        "reader.onload = () => done(reader.result); reader.readAsDataURL(window.picture)"
    )
    raw = base64.b64decode(coded.split(",", 1)[1])
    assert raw[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", raw[16:24]) == (2800, 2000)
    assert page.js("return window.saved") == "co-authorship-network-of-cities.png"
    assert len(raw) > 50_000


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_columns_stand_inside_the_window_with_labels_outside(opened, net, lang):
    long = net.with_places(net.places.assign(name_en="Guangdong - Hong Kong - Greater " + net.names))
    page = opened(long, blocs=("CN", "US"), lang=lang)
    labels = page.js("return explorer.labels()")
    assert len(labels) == 27
    assert overlapping(labels) == []
    edge = page.js("return document.getElementById('panel').getBoundingClientRect().right")
    for label in labels:
        spot = page.js("return explorer.whereOnScreen(arguments[0])", label["id"])
        assert edge <= label["x"]
        assert label["x"] + label["w"] <= 1400
        left = net.places.loc[label["id"], "country"] == "CN"
        assert (label["x"] + label["w"] < spot["x"] - spot["r"]) if left else (label["x"] > spot["x"] + spot["r"])
    assert page.texts("#groups .name") == {"en": ["China", "United States"], "zh": ["中国", "美国"]}[lang]


def test_hostile_names_stay_text(opened):
    n = len(HOSTILE)
    matrix = 5 - np.eye(n) * 5
    ids = [f"{text}#{k}" for k, text in enumerate(HOSTILE)]
    places = pd.DataFrame(
        {
            name: [*HOSTILE[k:], *HOSTILE[:k]]
            for k, name in enumerate(("name_en", "name_zh", "country", "continent", "tier"))
        },
        index=pd.Index(ids, name="place_id"),
    )
    told = {
        key: list(HOSTILE) for key in ("source", "years", "kind", "counting", "subset", "types", "fields", "places")
    }
    network = Network.from_matrix(matrix, places, provenance={**told, "minimum": HOSTILE[0], "max_actors": HOSTILE[1]})
    table = centrality.table(network, ["strength"]).assign(**{HOSTILE[0]: 1.0, "__proto__": 2.0, "constructor": 3.0})
    for options in (
        {"title": HOSTILE[1], "metrics": table, "size_by": HOSTILE[0]},
        {"title": HOSTILE[5], "metrics": table, "lang": "zh"},
        {"blocs": (ids[:4], ids[4:])},
        {
            "layers": {HOSTILE[0]: network, HOSTILE[2]: network},
            "periods": {HOSTILE[1]: network, HOSTILE[3]: network},
            "works": {
                (ids[0], ids[1]): pd.DataFrame({"title": HOSTILE, "actors": HOSTILE, "work_id": HOSTILE, "year": 1})
            },
            "scores": score(
                IndexSpec("x", (Node("N", HOSTILE[0], name_zh=HOSTILE[2]),), (Indicator("I", "I", "N"),)),
                pd.DataFrame({"I": np.arange(float(n))}, index=ids),
            ),
            "date": HOSTILE[0],
        },
    ):
        page = opened(network, **options)
        tags = "return [...document.querySelectorAll('*')].map((e) => e.localName).sort()"
        known = {*page.js(tags)}
        assert not known & {"img", "a", "iframe", "object", "embed"}
        scripts = page.js("return document.scripts.length")
        for place in ids if "title" in options else ids[:2]:
            page.js("explorer.select(arguments[0])", place)
            shown = page.texts("#card-title")[0]
            column = "name_zh" if options.get("lang") == "zh" else "name_en"
            assert shown == places.loc[place, column]
            page.js("explorer.selectTie(arguments[0], arguments[1])", place, ids[place == ids[0]])
            spot = page.js("return explorer.whereOnScreen(arguments[0])", place)
            page.move_to(spot["x"], spot["y"])
            page.frame()
        page.find("#search").send_keys("pwned")
        assert len(page.texts("#hits li[role=option]")) > 3
        for button in ("#lang", "#theme", "#groups button", "#save-title", "#png", "#svg", "#csv-links", "#lang"):
            if button not in ("#png", "#svg", "#csv-links"):
                page.find("body").send_keys("\ue00c")
            else:
                page.js("document.getElementById('save').open = true")
            press(page, button)
        page.js("[...document.querySelectorAll('#layers button, #side-pairs button')].forEach((e) => e.click())")
        for field in ("size", "colour"):
            page.js(f"{field}.selectedIndex = {field}.options.length - 1; {field}.dispatchEvent(new Event('change'))")
        page.js("if (!time.hidden) { years.value = 1; years.dispatchEvent(new Event('input')); }")
        page.js("for (const e of document.querySelectorAll('#countries input')) e.click()")
        for view in ("columns", "matrix", "table", "network"):
            page.js("explorer.show(arguments[0])", view)
            page.frame()
        assert page.js("return window.pwned") is None
        assert page.js("return document.scripts.length") == scripts
        assert {*page.js(tags)} <= known | {
            "li",
            "b",
            "tr",
            "td",
            "th",
            "progress",
            "bdi",
            "small",
            "option",
            "strong",
            "span",
            "optgroup",
            "title",
            "label",
            "input",
            "h3",
            "ol",
            "rect",
            "svg",
            "text",
            "table",
            "tbody",
        }
        if "title" in options:
            assert page.texts("#title") == [options["title"]]


def test_the_policy_is_in_force(opened, window):
    page = opened()
    refused = page.driver.execute_async_script(
        "const [done] = arguments; fetch('data:,x').then(() => done(0), () => done(1))"
    )
    assert refused == 1
    assert page.js("try { document.body.innerHTML = '<b>x</b>'; return 0 } catch { return 1 }") == 1
    assert any("Content Security Policy" in text for text in window.complaints())


def test_odd_networks_are_drawn(opened):
    lonely = Network.from_matrix(np.zeros((3, 3)), ["a", "b", "c"])
    assert opened(lonely).texts("#shown") == ["all 0 links"]
    pair = Network.from_matrix([[0, 0.25], [0.25, 0]], ["a", "b"])
    page = opened(pair)
    page.js("explorer.select('a')")
    assert page.texts("#card-partners .weight") == ["0.25"]
    assert not re.search(r"undefined|NaN|Infinity", page.find("body").text)


def test_narrow_window(opened):
    page = opened(size=(600, 800))
    assert page.js("return document.documentElement.scrollWidth") == 600
    assert overlapping(page.js("return explorer.labels()")) == []


def test_sino_us_page_of_published_data_shows_its_164_links(opened, real_data):
    raw = json.loads((real_data / "covid_organisations" / "network.json").read_text(encoding="utf-8"))["network"]
    city = {item["id"]: item["address"] for item in raw["items"]}
    table = pd.DataFrame({"name_en": sorted(set(city.values()))}).set_index("name_en", drop=False)
    table["country"] = table["name_en"].str.rsplit(", ", n=1).str[-1]
    links = [(city[link["source_id"]], city[link["target_id"]], link["strength"]) for link in raw["links"]]
    edges = pd.DataFrame(links, columns=["source", "target", "weight"])
    page = opened(Network.from_edges(edges, table), blocs=("China", "United States"))
    assert page.texts("#shown") == ["all 164 links"]
    labels = page.js("return explorer.labels()")
    assert len(labels) == 39
    assert max(label["x"] + label["w"] for label in labels) <= 1400
