"""Spellings of symbols, patterns, and fields against a slow matcher on strings that shares no code."""

import csv
import re

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import records_of

from innovation_graph import fields, symbols
from innovation_graph._data import data_path
from innovation_graph.errors import FormatError, RecipeError, RecordsError, UnknownNameError
from innovation_graph.records import read_records

LISTS = pa.list_(pa.string())


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("H01L21/00", "H01L21/00"),
        ("H01L 21/00", "H01L21/00"),
        ("H01L  21/00", "H01L21/00"),
        ("H 01 L 21/00", "H01L21/00"),
        ("h01l 21 / 027", "H01L21/027"),
        ("H01L021/52", "H01L21/52"),  # US applications of 2001
        ("H01L-021/027", "H01L21/027"),
        ("\u3000Ｈ０１Ｌ２１／０２", "H01L21/02"),
        ("H01L\u00a021/02;", "H01L21/02"),
        ("H01L 21/00 (2006.01)", "H01L21/00"),
        ("H01L 21/00(2006.01)[I]", "H01L21/00"),
        ("H01L 21/00 2006.01", "H01L21/00"),
        ("Int. Cl.7 H01L 21/00", "H01L21/00"),
        ("Int.Cl.⁸: H01L 21/00", "H01L21/00"),
        ("Int. Cl. (2006.01) H01L 21/00", "H01L21/00"),
        ("IPC: C07D 471/04", "C07D471/04"),
        ("CPC Y02E 10/50", "Y02E10/50"),
        ("H01L  21/02        20060101AFI20051220BMJP", "H01L21/02"),
        ("H01L  21/02        20060101 A F I 20051220 B M JP", "H01L21/02"),
        ("H01L0021000000", "H01L21/00"),
        ("A61B0005047600", "A61B5/0476"),
        ("H01L0021027000", "H01L21/027"),
        ("H01L0021100000", "H01L21/10"),
        ("C07C0201000000", "C07C201/00"),
        ("H01L0021027000  20060101AFI20051220BMJP", "H01L21/027"),
        ("H01L002100", "H01L21/00"),
        ("A61B00050476", "A61B5/0476"),
        # Records of three columns for the group and two or more for the subgroup, as US grants have them.
        ("A01H  500", "A01H5/00"),
        ("H01L 2100", "H01L21/00"),
        ("C07D48704", "C07D487/04"),
        ("A61B  50476", "A61B5/0476"),
        # Indexing codes of the CPC.
        ("H01L2221/683", "H01L2221/683"),
        ("H01L 2221/683 (2013.01)", "H01L2221/683"),
        ("A61K2039505000", "A61K2039/505"),
        ("G16H", "G16H"),
        ("g 16 h", "G16H"),
        ("H01L                20060101AFI20051220BMJP", "H01L"),
        ("H01", "H01"),
        ("H01L 21", "H01L21/00"),
        ("H01L0021", "H01L21/00"),
    ],
)
def test_spellings(text, symbol):
    assert symbols.normalise(text) == symbol
    assert symbols.normalise(symbol) == symbol


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "none",
        "H",
        "I01L21/00",  # no such section
        "H01L21/",
        "H01L/00",
        "H01L0/00",
        "H01L0000000000",
        "H01L21/0",
        "H01L21/00A",
        "H01L 21/00 and more",
        "H01L21/00; H01L21/02",
        "H01L 21/00 H01L 21/02",
        "H01L2100",  # which columns?
        "257/377",
        "D0602",  # Locarno
        "PLT201",
        "Int. Cl.",
        "H01L21/0２\x00",
        "H01L" + " " * 300 + "21/00",
    ],
)
def test_what_is_no_symbol(text):
    assert symbols.normalise(text) is None


def test_a_long_line_is_no_symbol_and_costs_nothing():
    assert symbols.normalise("H01L 21/00 " + "(2006.01) " * 10**6) is None


GROUPS = st.tuples(
    st.sampled_from(["A61B", "C07C", "H01L", "Y10T"]),
    st.integers(1, 2999),
    st.from_regex(r"[0-9]{2}([0-9]{0,3}[1-9])?", fullmatch=True),
)


@given(GROUPS)
def test_all_spellings_of_a_symbol_are_one(parts):
    stem, group, subgroup = parts
    symbol = f"{stem}{group}/{subgroup}"
    spelled = [
        f"{stem}{group:>4}/{subgroup}",
        f"{stem}{group:04d}{subgroup:0<6}",
        f"{stem.lower()} {group}/{subgroup} (2006.01)",
        f"{stem[0]} {stem[1:3]} {stem[3]} {group} / {subgroup}",
        *([f"{stem}{group:>3}{subgroup}"] if group < 1000 and len(subgroup) < 5 else []),
    ]
    assert symbols.normalise_all([*spelled, None, "nothing", symbol]) == [symbol]


# A slow matcher: it reads a cell of the scheme by itself and compares strings.


def cut(symbol):
    """Take a symbol apart into section, class, subclass, group and subgroup."""
    stem, _, subgroup = symbol.partition("/")
    return [stem[:1], stem[1:3], stem[3:4], stem[4:], subgroup]


def falls_under(symbol, text):
    star, want, have = text.endswith("*"), cut(text.rstrip("*")), cut(symbol)
    filled = [place for place, part in enumerate(want) if part]
    if not star and filled[-1] == 4:
        return have == want
    if filled[-1] < 4 or want[4] == "00":
        return have[: len(filled)][:4] == want[: len(filled)][:4]
    return have[:4] == want[:4] and have[4].startswith(want[4])


def slow_rows(cell, symbol):
    """Whether a cell such as `A*(excluding B;C);D` names a symbol."""
    for found in re.finditer(r"([^;()]+)(?:\(excluding ([^)]*)\))?(?:;|$)", cell):
        out = (found[2] or "").split(";") if found[2] else []
        if falls_under(symbol, found[1]) and not any(falls_under(symbol, text) for text in out):
            return True
    return False


def packaged():
    with data_path("patent_fields.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


NAMED = sorted(set(re.findall(r"[A-H]\d\d[A-Z](?:\d+(?:/\d+)?)?", " ".join(row["ipc"] for row in packaged()))))


@st.composite
def near_symbols(draw):
    """Draw a symbol that the scheme names, or one close to it."""
    stem, _, subgroup = draw(st.sampled_from(NAMED)).partition("/")
    if len(stem) == 4:
        stem += str(draw(st.integers(1, 120)))
    else:
        stem += draw(st.sampled_from(["", "", "0", "1"]))
    subgroup = subgroup or draw(st.sampled_from(["00", "02", "10", "38", "0476"]))
    return f"{stem}/{subgroup}{draw(st.sampled_from(['', '', '1', '04']))}"


@given(st.lists(st.lists(near_symbols(), max_size=4) | st.none(), max_size=6), st.sampled_from(fields.BREADTHS))
def test_the_packaged_fields_against_a_slow_matcher(works, breadth):
    scheme = fields.read_scheme("gihi2024")
    for by, label in (("field", lambda row: row["domain"]), ("branch", branch_label)):
        expected = []
        for work in works:
            named = [
                label(row)
                for row in packaged()
                if not (breadth == "narrow" and row["keywords_also_required"] == "yes")
                and any(slow_rows(row["ipc"], symbol) for symbol in work or ())
            ]
            expected.append(set(named) if work else None)
        got = fields.assign(pa.array(works, LISTS), scheme, breadth=breadth, by=by).to_pylist()
        assert [None if names is None else set(names) for names in got] == expected
        assert all(len(set(names)) == len(names) for names in got if names)


def branch_label(row):
    return row["domain"] if row["domain"] == row["branch"] else f"{row['domain']}/{row['branch']}"


PIECES = st.sampled_from(
    ["G05D*", "G05D1*", "G05D10*", "G05D1/02", "G05D1/02*", "G05D1/00*", "G05D1/00", "G05D", "G05*", "G05", "H04L9/08*"]
)
SYMBOLS = st.sampled_from(
    [
        "G05D1/00",
        "G05D1/02",
        "G05D1/021",
        "G05D1/0212",
        "G05D1/20",
        "G05D10/00",
        "G05D10/02",
        "G05B1/02",
        "H04L9/08",
        "H04L9/0819",
        "H04L9/32",
        "H04L90/08",
        "G05D",
    ]
)
INSIDE = {
    "G05D*": ["G05D1*", "G05D1/02", "G05D10/02*"],
    "G05D1*": ["G05D1/00", "G05D1/02*"],
    "G05*": ["G05D", "G05B1*"],
}


@st.composite
def cells(draw):
    parts = []
    for piece in draw(st.lists(PIECES, min_size=1, max_size=3)):
        out = draw(st.lists(st.sampled_from(INSIDE[piece]), unique=True, max_size=2)) if piece in INSIDE else []
        parts.append(f"{piece}(excluding {';'.join(out)})" if out else piece)
    return ";".join(parts)


@given(cells(), st.lists(SYMBOLS, min_size=1, max_size=6))
def test_patterns_against_a_slow_matcher(cell, works):
    scheme = fields.Scheme("made", (fields.Row("x", "x", symbols.read_patterns(cell)),))
    got = fields.assign(pa.array([[symbol] for symbol in works]), scheme).to_pylist()
    assert got == [["x"] if slow_rows(cell, symbol) else [] for symbol in works]


@pytest.mark.parametrize(
    ("cell", "inside", "outside"),
    [
        ("G06F40*", "G06F40/00 G06F40/279", "G06F4/00 G06F400/00 G06F3/40"),
        ("G05D1*", "G05D1/00 G05D1/02", "G05D10/00 G05D11/02 G05D2101/10 G05D"),
        ("G05D1/02", "G05D1/02", "G05D1/00 G05D1/021"),
        ("G06F3/01*", "G06F3/01 G06F3/011", "G06F3/00 G06F3/02"),  # by digits, not by dots
        ("G16H", "G16H G16H10/60", "G16B G16B10/00"),  # a bare subclass is the whole of it
        ("H*", "H01L21/00 H", "G01L21/00"),
        ("Y02*", "Y02E10/50 Y02", "Y04S10/50"),
        ("C07C*(excluding C07C1*;C07C2/00);C07C1/04", "C07C11/00 C07C2/02 C07C1/04", "C07C1/00 C07C2/00"),
        # Exclusions belong to the pattern just before them.
        ("A61B*(excluding A61B5*);A61B5/02", "A61B5/02 A61B6/00", "A61B5/00"),
        (" a61b 5/00 ； G16H（excluding G16H 10*）;", "A61B5/00 G16H20/00", "G16H10/60 A61B5/02"),
    ],
)
def test_what_patterns_mean(cell, inside, outside):
    scheme = fields.Scheme("made", (fields.Row("x", "x", symbols.read_patterns(cell)),))
    assert [symbol for symbol in inside.split() if not scheme.rows_of(symbol)] == []
    assert [symbol for symbol in outside.split() if scheme.rows_of(symbol)] == []


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("", "got nothing"),
        (" ; ", "got nothing"),
        ("G05D1", r"G05D1\* for the group and all below it or G05D1/00 for that symbol alone"),
        ("G05D1/2*", "G05D1/2"),
        ("G05D**", r"G05D\*\*"),
        ("G05D*1", r"G05D\*1"),
        ("computers", "COMPUTERS"),
        ("G05D*(excluding", "EXCLUDING"),
        ("G05D*(without G05D1*)", "WITHOUT"),
        ("G05D*)", r"G05D\*\)"),
        ("G05D*(excluding G05D1*) G06F*", "G06F"),
        ("(excluding G05D1*)", "EXCLUDING"),
        ("G05D*(excluding G06F1*)", r"exclusions that lie below G05D\*, got 'G06F1\*'"),
        ("G05D1*(excluding G05D10/00)", "exclusions that lie below"),
        ("G05D1/02(excluding G05D1/021)", "exclusions that lie below"),
        ("G05D*(excluding G05D*)", "exclusions that lie below"),
        ("G05D*(excluding )", "a symbol such as"),
        ("G05D*(excluding G05D1)", "for that symbol alone"),
    ],
)
def test_bad_patterns_name_line_and_piece(cell, message, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(f'domain,ipc\ngood,H01L*\nbad,"{cell} "\n', encoding="utf-8")
    if "nothing" in message:
        message = "line 3"
    with pytest.raises(FormatError, match=message) as caught:
        fields.read_scheme(path)
    assert "line 3" in str(caught.value)


def test_a_scheme_of_ones_own(tmp_path):
    path = tmp_path / "quantum.csv"
    rows = [
        "domain,ipc,branch,note",
        "quantum, G06N10*;H04L9/0852 ,computing,x",
        "quantum,B82Y10/00,,",
        "batteries,H01M10*,,",
    ]
    path.write_text("\ufeff" + "\n".join(rows), encoding="utf-8")
    scheme = fields.read_scheme(path)
    assert repr(scheme) == "<Scheme quantum: 3 rows; quantum, batteries>"
    assert scheme.branches == ("quantum/computing", "quantum", "batteries")
    works = pa.array([["H01M0010050000", "G06N 10/40 (2022.01)", "G06N0010400000"], ["A01B1/00"], ["?"], None])
    assert fields.assign(works, scheme).to_pylist() == [["quantum", "batteries"], [], None, None]
    assert fields.assign(works, scheme, by="branch").to_pylist()[0] == ["quantum/computing", "batteries"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "line 1: expected columns domain, ipc"),
        (b"domain;ipc\na;H01L*\n", "missing: domain, ipc"),
        (b"domain,ipc\n", "at least one row"),
        (b"domain,ipc\na\n", "line 2: expected 2 fields, got fewer"),
        (b"domain,ipc\na,H01L*,x\n", "line 2: expected 2 fields, got more"),
        (b"domain,ipc\n,H01L*\n", "line 2: expected a value in column 'domain'"),
        (b"domain,ipc,keywords_also_required\na,H01L*,maybe\n", "line 2: expected yes or no .* got 'maybe'"),
        (b"domain,ipc\nH01L*,chips\n", "line 2: .* got 'CHIPS'"),
        (b'domain,ipc\na,"H01L*\n', "CSV"),
        (b"domain,ipc\na,H01\x00L*\n", "line 2"),
        (b"\xff\xfed\x00", "UTF-8"),
        (b"domain,ipc\na," + b"H01L*;" * 700_000 + b"\n", "field larger than field limit"),
        (b"domain,ipc\n" + b"a,H01L*\n" * (1 << 21), "at most 16,777,216 bytes"),
    ],
)
def test_files_that_are_no_scheme(content, message, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=message):
        fields.read_scheme(path)


def test_what_is_neither_scheme_nor_file(tmp_path):
    for name in ("gihi", tmp_path):
        with pytest.raises(UnknownNameError, match="gihi2024"):
            fields.read_scheme(name)


def test_cpc_counts_only_without_ipc():
    scheme = fields.read_scheme("gihi2024")
    ipc = pa.array([["F03D1/00"], [], None, ["?"], ["A01B1/00"]], LISTS)
    cpc = pa.array([["C07J1/00"]] * 5, LISTS)
    found = fields.assign(ipc, scheme, cpc=cpc).to_pylist()
    assert found == [["renewable_energy"], ["biopharma"], ["biopharma"], ["biopharma"], []]
    whole = pa.chunked_array([ipc.slice(0, 2), ipc.slice(2)])
    assert fields.assign(whole, scheme, cpc=cpc).to_pylist() == found
    assert fields.assign(ipc.slice(1, 2), scheme, cpc=cpc.slice(1, 2)).to_pylist() == found[1:3]
    assert fields.assign(pa.chunked_array([], LISTS), scheme).to_pylist() == []


def test_keywords_decide_rows_that_require_them():
    scheme = fields.read_scheme("gihi2024")
    titles = [
        "A NEURAL-\nNETWORK processor",
        "Neural networking",
        "一种基于ＡＩ芯片的方法",
        "Braking aid",
        "Training",
        None,
    ]
    ipc = pa.array([["G06N3/08"]] * 5 + [["G06F40/00", "G06N3/08"]])
    words = {"artificial_intelligence": ["neural network", "AI", "人工智能"], "smart_chips": ["芯片"]}
    found = fields.assign(ipc, scheme, texts=titles, keywords=words).to_pylist()
    both = ["artificial_intelligence", "smart_chips"]
    # G06F40 needs no keyword.
    assert found == [both[:1], [], both, [], [], both[:1]]
    # What has no keywords of its own follows `breadth`.
    only = {"artificial_intelligence": words["artificial_intelligence"]}
    for breadth, chips in (("broad", ["smart_chips"]), ("narrow", [])):
        found = fields.assign(ipc, scheme, texts=pa.array(titles), keywords=only, breadth=breadth).to_pylist()
        assert found[3] == chips
        assert found[0] == [*both[:1], *chips]


def test_keywords_of_a_branch_stand_before_those_of_its_field():
    scheme = fields.read_scheme("gihi2024")
    ipc, texts = pa.array([["E02D27/01"], ["E02D27/01"], ["C10J3/00"]]), ["wind farm", "c++ energy", "Energy"]
    words = {"renewable_energy": ["energy"], "wind": ["wind"]}
    assert fields.assign(ipc, scheme, texts=texts, keywords=words).to_pylist() == [
        ["renewable_energy"],
        [],
        ["renewable_energy"],
    ]
    assert fields.assign(
        ipc, scheme, texts=texts, keywords={"renewable_energy/wind": ["C++"]}, breadth="narrow"
    ).to_pylist() == [
        [],
        ["renewable_energy"],
        [],
    ]


TEXT = st.text(alphabet="aB é+芯片한-. ", max_size=12)


@given(
    st.lists(TEXT | st.none(), min_size=1, max_size=5),
    st.lists(TEXT.filter(lambda t: re.search(r"\w", t)), max_size=3, min_size=1),
)
def test_keywords_against_a_slow_search(texts, words):
    def split(text):
        return re.findall(r"[芯片한]|[aéb+]+", text.lower())

    def within(word, text):
        return any(text[at : at + len(word)] == word for at in range(len(text) - len(word) + 1))

    scheme = fields.Scheme("made", (fields.Row("x", "x", symbols.read_patterns("H01L*"), keywords_required=True),))
    found = fields.assign(pa.array([["H01L1/00"]] * len(texts)), scheme, texts=texts, keywords={"x": words})
    expected = [text is not None and any(within(split(word), split(text)) for word in words) for text in texts]
    assert [bool(names) for names in found.to_pylist()] == expected


def test_what_assign_refuses():
    scheme, ipc = fields.read_scheme("gihi2024"), pa.array([["G06N3/08"]])
    with pytest.raises(RecipeError, match="breadth = 'wide'; known: broad, narrow"):
        fields.assign(ipc, scheme, breadth="wide")
    with pytest.raises(RecipeError, match="need texts"):
        fields.assign(ipc, scheme, keywords={"smart_chips": ["chip"]})
    with pytest.raises(UnknownNameError, match=r"unknown field or branch of gihi2024 'chips'; known: .*gpu"):
        fields.assign(ipc, scheme, texts=["x"], keywords={"chips": ["chip"]})
    for words in ("chip", [" "], [3]):
        with pytest.raises(RecipeError, match="'smart_chips' should be a list of words"):
            fields.assign(ipc, scheme, texts=["x"], keywords={"smart_chips": words})
    with pytest.raises(RecordsError, match="cpc has 0 rows, but ipc has 1"):
        fields.assign(ipc, scheme, cpc=pa.array([], LISTS))


def test_keywords_from_files(tmp_path):
    toml, table = tmp_path / "words.toml", tmp_path / "words.csv"
    toml.write_text('smart_chips = ["integrated circuit", "芯片"]\nwind = ["rotor"]\n', encoding="utf-8")
    table.write_text("name,keyword\nsmart_chips,integrated circuit\nwind,rotor\nsmart_chips,芯片\n", encoding="utf-8")
    expected = {"smart_chips": ("integrated circuit", "芯片"), "wind": ("rotor",)}
    assert fields.read_keywords(toml) == fields.read_keywords(table) == expected
    for content, message in (
        ("wind = 'rotor'", "list of keywords for 'wind'"),
        ("wind = []", "list"),
        ("wind =", "TOML"),
    ):
        toml.write_text(content, encoding="utf-8")
        with pytest.raises(FormatError, match=message):
            fields.read_keywords(toml)
    with pytest.raises(FormatError, match="can be read"):
        fields.read_keywords(tmp_path)


def test_fields_assigned_again(tmp_path):
    works = [[(0, 0), (1, 1)], [(0, 0)], [(0, 2)], [(0, 1)]]
    columns = {
        "kind": ["patent", "patent", "paper", "patent"],
        "fields": [["old"], ["old"], ["physics"], ["old"]],
        "ipc": [["F03D1/00", "G06N3/08"], ["C07J1/00"], None, None],
        "title": ["Neural control", "Steroid", "Waves", "Nothing"],
    }
    old = records_of(works, 3, **columns).write(tmp_path / "old")
    broad = fields.reassign(old, fields.read_scheme("gihi2024"), tmp_path / "broad")
    chips = ["artificial_intelligence", "smart_chips", "renewable_energy"]
    assert broad.works["fields"].to_pylist() == [chips, ["biopharma"], ["physics"], None]
    assert broad.info["fields"]["works"] == dict.fromkeys([*chips, "biopharma"], 1)
    for name in old.works.column_names:
        assert name == "fields" or broad.works[name].equals(old.works[name])
    for name in ("work", "actor", "role", "address"):
        assert [x.tolist() for [x] in broad.site_batches([name])] == [x.tolist() for [x] in old.site_batches([name])]
    words = {"artificial_intelligence": ["neural"]}
    narrow = fields.reassign(broad, fields.read_scheme("gihi2024"), tmp_path / "n", breadth="narrow", keywords=words)
    assert narrow.works["fields"].to_pylist() == [
        ["artificial_intelligence", "renewable_energy"],
        [],
        ["physics"],
        None,
    ]
    assert read_records(tmp_path / "n").info["fields"] == {
        "scheme": "gihi2024",
        "breadth": "narrow",
        "keywords": ["artificial_intelligence"],
        "text": "title",
        "works": {"artificial_intelligence": 1, "renewable_energy": 1},
    }
    with pytest.raises(RecordsError, match="choose another"):
        fields.reassign(old, fields.read_scheme("gihi2024"), tmp_path / "old")
    papers = records_of([[(0, 0)]], 1)
    with pytest.raises(RecordsError, match="no patent of these records has an IPC or CPC symbol"):
        fields.reassign(papers, fields.read_scheme("gihi2024"), tmp_path / "papers")


def test_the_packaged_fields_are_those_of_the_sample():
    from innovation_graph.samples import sample_records

    scheme = fields.read_scheme("gihi2024")
    patents = [row for row in sample_records().works.select(["kind", "fields"]).to_pylist() if row["kind"] == "patent"]
    assert set(scheme.fields) <= {name for row in patents for name in row["fields"]}
    assert sum(not row.keywords_required for row in scheme.rows) == 5
    assert {row.branch for row in scheme.rows if row.field == "renewable_energy"} == {
        "nuclear",
        "wind",
        "solar",
        "biomass_and_other",
        "smart_grid",
    }
