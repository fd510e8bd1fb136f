"""Web of Science: one work from four formats, addresses taken apart, real exports against slow counts."""

import csv
import gzip
import re
import zipfile
from collections import Counter
from dataclasses import replace

import openpyxl
import pytest
from adapting import collect
from hypothesis import given
from hypothesis import strategies as st

from innovation_graph.errors import FormatError
from innovation_graph.sources._bibtex import authors, plain, read_entries
from innovation_graph.sources._input import Broken
from innovation_graph.sources._printed_address import read_address
from innovation_graph.sources._wos_record import Located, split_reprint, tie
from innovation_graph.sources.wos import ADAPTER

# Four made-up records: tag, value; addresses and names as lists.
RECORDS = [
    {
        "PT": "J",
        "AU": ["Smith, JA", "Li, TT"],
        "AF": ["Smith, John A.", "Li, Tingting"],
        "TI": "=cmd|' /C calc'!A0 and <script>alert(1)</script> in T cells: a title so long that it goes on",
        "SO": "JOURNAL OF TRIALS",
        "DT": "Article",
        "AB": 'Müller & Sons say "yes" to 50% of [these].',
        "C1": [
            "[Smith, John A.] MIT, Dept Biol, Cambridge, MA 02139 USA",
            "[Smith, John A.; Li, Tingting] Peking Univ, Sch Life Sci, Beijing 100871, Peoples R China",
            "[Li, Tingting] Univ Amsterdam, NL-1012 WX Amsterdam, Netherlands",
        ],
        "RP": "Li, TT (corresponding author), Peking Univ, Sch Life Sci, Beijing 100871, Peoples R China.",
        "PY": "2021",
        "DI": "10.1000/one",
        "WC": "Cell Biology; Biochemistry & Molecular Biology; Computer Science, Information Systems",
        "UT": "WOS:000000000000001",
    },
    {
        "PT": "J",
        "AU": ["Novak, P", "Ferreira, M"],
        "AF": ["Novak, Petr", "Ferreira, Maria"],
        "TI": "Two addresses and nobody says whose",
        "SO": "ACTA EXEMPLARIA",
        "DT": "Article; Early Access",
        "C1": ["Charles Univ Prague, Prague, Czech Republic", "Univ Sao Paulo, Sao Paulo, SP, Brazil"],
        "EA": "FEB 2024",
        "DI": "10.1000/two",
        "WC": "Ecology",
        "UT": "WOS:000000000000002",
    },
    {
        "PT": "C",
        "AU": ["Jones, B", "Kim, S", "Kim, SY"],
        "AF": ["Jones, Bob", "Kim, Soo", "Kim, Sun-Young"],
        "TI": "Only a corresponding address",
        "SO": "PROCEEDINGS OF NOTHING",
        "DT": "Proceedings Paper; Retracted Publication",
        "C1": [],
        "RP": "Jones, B; Kim, S-Y (corresponding author), Univ Glasgow, Glasgow G12 8QQ, Lanark, Scotland.",
        "PY": "2019",
        "WC": "Education",
        "UT": "WOS:000000000000003",
    },
    {
        "PT": "J",
        "AU": ["Sato, K", "de la Cruz, M", "Ng, Y"],
        "AF": ["Sato, Kenji", "de la Cruz, Maria", "Ng, Yan"],
        "TI": "Names spelled otherwise",
        "SO": "JOURNAL OF TRIALS",
        "DT": "Review",
        "C1": [
            "[Sato, K.; Nobody, Nick] Tohoku Univ, Sendai, Miyagi 9808577, Japan",
            "Natl Univ Singapore, Singapore, Singapore",
        ],
        "PY": "2020",
        "WC": "Ecology",
        "UT": "WOS:000000000000004",
    },
]
_TAGS = ["PT", "AU", "AF", "CA", "TI", "SO", "DT", "AB", "C1", "RP", "EA", "PY", "DI", "WC", "UT"]
_LONG = {
    "PT": "Publication Type",
    "AU": "Authors",
    "AF": "Author Full Names",
    "CA": "Group Authors",
    "TI": "Article Title",
    "SO": "Source Title",
    "DT": "Document Type",
    "AB": "Abstract",
    "C1": "Addresses",
    "RP": "Reprint Addresses",
    "EA": "Early Access Date",
    "PY": "Publication Year",
    "DI": "DOI",
    "WC": "WoS Categories",
    "UT": "UT (Unique WOS ID)",
}


def _cell(record, tag):
    value = record.get(tag, "")
    return "; ".join(value) if isinstance(value, list) else value


def valid_tab(path, *, encoding="utf-8-sig", records=RECORDS, tags=_TAGS):
    lines = ["\t".join(tags), *("\t".join([*(_cell(one, tag) for tag in tags), ""]) for one in records)]
    path.write_bytes("".join(f"{line}\r\n" for line in lines).encode(encoding))
    return path


def _wrapped(text, width=80):
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + len(word) >= width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return [*lines, line]


def valid_text(path, *, records=RECORDS):
    lines = ["FN Clarivate Analytics Web of Science", "VR 1.0"]
    for record in records:
        for tag in _TAGS:
            value = record.get(tag)
            if not value:
                continue
            if tag == "C1":
                rows = [f"{one}." for one in value]
            else:
                rows = value if isinstance(value, list) else _wrapped(value)
            lines += [f"{'  ' if i else tag} {row}" for i, row in enumerate(rows)]
        lines += ["NR 0", "ER", ""]
    path.write_text("\ufeff" + "\n".join([*lines, "EF"]), encoding="utf-8")
    return path


def _latex(text):
    text = re.sub(r"([&%$#_])", r"\\\1", text).replace("[", "{[}")
    return re.sub(r'"(.*?)"', r"``\1{''}", text).replace("ü", '{\\"u}')


def valid_bibtex(path, *, records=RECORDS):
    entries = []
    for record in records:
        corresponding = [
            re.sub(r"\(corresponding author\)", "(Corresponding Author)", one)
            for one in ([record["RP"]] if record.get("RP") else [])
        ]
        located = [re.sub(r"^\[(.*?)\] ", r"\1, ", one) + "." for one in record["C1"]]
        fields = {
            "Author": "\n   and ".join(record["AF"]),
            "Title": "\n   ".join(_wrapped(_latex(record["TI"]), 40)),
            "Journal": record["SO"],
            "Year": record.get("PY"),
            "Abstract": _latex(record.get("AB", "")),
            "Type": record["DT"],
            "Affiliation": _latex("\n   ".join([*corresponding, *located])),
            "DOI": record.get("DI"),
            "EarlyAccessDate": record.get("EA"),
            "Web-of-Science-Categories ": "\n   ".join(_wrapped(_latex(record["WC"]), 30)),
            "Unique-ID": record["UT"],
        }
        body = "".join(f"{name} = {{{value}}},\n" for name, value in fields.items() if value)
        entries.append(f"\n@article{{ {record['UT']},\n{body}}}\n")
    path.write_text("".join(entries), encoding="utf-8")
    return path


def valid_excel(path, *, records=RECORDS):
    book = openpyxl.Workbook()
    book.active.append([_LONG[tag] for tag in _TAGS])
    for record in records:
        book.active.append([_cell(record, tag) for tag in _TAGS])
        for cell in book.active[book.active.max_row]:
            cell.data_type = "s"  # a formula stays text, as it does in the export
    book.save(path)
    return path


VALID = {
    "savedrecs.txt": valid_tab,
    "plain.txt": valid_text,
    "savedrecs.bib": valid_bibtex,
    "savedrecs.xlsx": valid_excel,
}


def read(path, tmp_path, **options):
    works, reading = collect(ADAPTER, [path], tmp_path / "x", **options)
    return [replace(work, line=0) for work in works], reading


@pytest.fixture(params=VALID)
def valid(request, tmp_path):
    return VALID[request.param](tmp_path / request.param)


def test_every_format_gives_these_works(valid, tmp_path):
    works, reading = read(valid, tmp_path)
    assert (reading.lines, reading.rejects.count) == (4, 0)
    one, two, three, four = works

    mit = read_address("MIT, Dept Biol, Cambridge, MA 02139 USA")
    peking = read_address("Peking Univ, Sch Life Sci, Beijing 100871, Peoples R China")
    amsterdam = read_address("Univ Amsterdam, NL-1012 WX Amsterdam, Netherlands")
    assert (mit.organisation, mit.city, mit.region, mit.country) == ("MIT", "Cambridge", "MA", "US")
    assert mit.text == "MIT, Dept Biol, Cambridge, MA 02139 USA"
    assert (peking.city, peking.country, amsterdam.city, amsterdam.country) == ("Beijing", "CN", "Amsterdam", "NL")
    assert [(a.name, a.key, a.addresses) for a in one.actors] == [
        ("Smith, John A.", "smith, john a.", (mit, peking)),
        ("Li, Tingting", "li, tingting", (peking, amsterdam)),
    ]
    assert (one.work_id, one.kind, one.year, one.type) == ("WOS:000000000000001", "paper", 2021, "Article")
    assert one.fields == [
        "Cell Biology",
        "Biochemistry & Molecular Biology",
        "Computer Science, Information Systems",
    ]
    assert (one.title, one.text, one.notes) == (RECORDS[0]["TI"], RECORDS[0]["AB"], ())

    assert (two.year, two.type, two.retracted) == (2024, "Article", False)
    assert two.actors[0].addresses == two.actors[1].addresses
    assert [(a.organisation, a.city, a.country) for a in two.actors[0].addresses] == [
        ("Charles Univ Prague", "Prague", "CZ"),
        ("Univ Sao Paulo", "Sao Paulo", "BR"),
    ]
    assert two.notes == ("year of early access used", "authors tied to all addresses")

    glasgow = read_address("Univ Glasgow, Glasgow G12 8QQ, Lanark, Scotland")
    assert (glasgow.city, glasgow.region, glasgow.country) == ("Glasgow", "Scotland", "GB")
    # "Kim, S-Y" fits neither of two authors for sure: both begin with S.
    assert [a.addresses for a in three.actors] == [(glasgow,), (), ()]
    assert (three.type, three.retracted, three.n_actors) == ("Proceedings Paper", True, 3)
    assert three.notes == ("address of the corresponding author used", "a name at an address matches no author")

    sendai = read_address("Tohoku Univ, Sendai, Miyagi 9808577, Japan")
    singapore = read_address("Natl Univ Singapore, Singapore, Singapore")
    assert (sendai.city, sendai.country, singapore.city, singapore.country) == ("Sendai", "JP", "Singapore", "SG")
    assert [a.addresses for a in four.actors] == [(sendai,), (singapore,), (singapore,)]
    assert four.notes == (
        "a name at an address matches no author",
        "addresses without names tied to the authors without an address",
    )


def test_formats_agree(tmp_path):
    works = [read(write(tmp_path / name), tmp_path)[0] for name, write in VALID.items()]
    assert works[1:] == works[:1] * 3


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8"])
def test_encodings(tmp_path, encoding):
    plain_works, _ = read(valid_tab(tmp_path / "a.txt"), tmp_path)
    assert read(valid_tab(tmp_path / "b.txt", encoding=encoding), tmp_path)[0] == plain_works


def test_archive_and_gzip(tmp_path):
    expected, _ = read(valid_text(tmp_path / "a.txt"), tmp_path)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(tmp_path / "a.txt", "in/a.txt")
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress((tmp_path / "a.txt").read_bytes()))
    assert read(tmp_path / "a.zip", tmp_path)[0] == expected
    assert read(tmp_path / "a.txt.gz", tmp_path)[0] == expected


def test_several_exports_behind_each_other(tmp_path):
    one, two = valid_text(tmp_path / "1.txt", records=RECORDS[:2]), valid_text(tmp_path / "2.txt", records=RECORDS[2:])
    (tmp_path / "both.txt").write_bytes(one.read_bytes() + b"\n" + two.read_bytes())
    works, reading = read(tmp_path / "both.txt", tmp_path)
    assert (works, reading.rejects.count) == (read(valid_text(tmp_path / "all.txt"), tmp_path)[0], 0)


def test_older_exports_have_fewer_columns(tmp_path):
    tags = ["PT", "AU", "TI", "SO", "DT", "C1", "PY", "DI"]
    works, _ = read(valid_tab(tmp_path / "a.txt", tags=tags), tmp_path)
    assert [a.name for a in works[0].actors] == ["Smith, JA", "Li, TT"]
    # The full names of the brackets still find their authors.
    assert [len(a.addresses) for a in works[0].actors] == [2, 2]
    assert works[0].work_id == "10.1000/one"
    assert works[0].notes == ("no accession number: the DOI is the identifier",)
    assert works[2].work_id.startswith("title-")
    assert len({work.work_id for work in works}) == 4
    assert "no accession number: identifier made from title, year and journal" in works[2].notes
    again, _ = read(valid_tab(tmp_path / "b.txt", tags=tags[::-1]), tmp_path)
    assert again == works


def test_groups_are_authors_where_an_address_is_theirs_or_nobody_else_is(tmp_path):
    nowhere = {**RECORDS[0], "CA": ["Trial Grp"]}
    addresses = ["[Sato, Kenji] A, Rome, Italy", "[Trial Grp] B, Lima, Peru"]
    somewhere = {**RECORDS[3], "CA": ["Trial Grp"], "C1": addresses}
    alone = {**RECORDS[1], "AU": [], "AF": [], "CA": ["Trial Grp"]}
    works, _ = read(valid_tab(tmp_path / "a.txt", records=[nowhere, somewhere, alone]), tmp_path)
    assert [a.name for a in works[0].actors] == ["Smith, John A.", "Li, Tingting"]
    assert [(a.name, [x.city for x in a.addresses]) for a in works[1].actors if a.addresses] == [
        ("Sato, Kenji", ["Rome"]),
        ("Trial Grp", ["Lima"]),
    ]
    assert (works[0].n_actors, works[1].n_actors, works[0].notes, works[1].notes) == (2, 4, (), ())
    assert [(a.name, len(a.addresses)) for a in works[2].actors] == [("Trial Grp", 2)]


def test_wrapped_addresses_of_old_plain_text(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text(
        "FN ISI Export Format\nVR 1.0\nPT J\nAU Chen, CM\n   Hicks, D\nTI Maps\nSO J\n"
        "C1 Drexel Univ, Coll Informat Sci & Technol, Philadelphia, PA 19104\n   USA.\n"
        "   Georgia Inst Technol, Atlanta, GA 30332 USA.\n"
        "RP Chen, CM, Drexel Univ, 3141 Chestnut St, Philadelphia, PA 19104\n   USA.\n"
        "PY 2004\nUT ISI:000001\nER\n\nEF\n"
    )
    (work,), _ = read(path, tmp_path)
    assert work.work_id == "WOS:000001"
    assert [(a.organisation, a.city) for a in work.actors[0].addresses] == [
        ("Drexel Univ", "Philadelphia"),
        ("Georgia Inst Technol", "Atlanta"),
    ]


def test_old_bibtex_has_double_braces(tmp_path):
    path = tmp_path / "a.bib"
    path.write_text(
        "\n@article{ ISI:000272996000048,\nAuthor = {Grandi, Rita C. and Orstavik, {\\O}ystein and Coppi},\n"
        "Title = {{Imbalance explains\n   a lot}},\nJournal = {{NATURE}},\nYear = {{2009}},\nType = {{Article}},\n"
        "Affiliation = {{Orstavik, O (Reprint Author), UCL, Gower St, London WC1E 6BT, England.\n"
        "   Grandi, Rita C.; Orstavik, Oystein, UCL, Inst Healthy Ageing, London WC1E 6BT, England.\n"
        "   Coppi, Univ Turin, Dept Ecol \\& Evolut, I-10123 Turin, Italy.}},\n"
        "Unique-ID = {{ISI:000272996000048}},\n}\n"
    )
    (work,), _ = read(path, tmp_path)
    assert (work.work_id, work.year, work.title) == ("WOS:000272996000048", 2009, "Imbalance explains a lot")
    assert [[(x.organisation, x.city) for x in a.addresses] for a in work.actors] == [
        [("UCL", "London")],
        [("UCL", "London")],
        [("Univ Turin", "Turin")],
    ]
    assert work.notes == ()


@pytest.mark.parametrize(
    ("text", "city", "region", "country"),
    [
        ("Univ Calif Los Angeles, Los Angeles, CA 90095 USA", "Los Angeles", "CA", "US"),
        ("Ctr Dis Control & Prevent, Atlanta, GA USA", "Atlanta", "GA", "US"),
        ("HARVARD UNIV,DEPT CHEM,CAMBRIDGE,MA 02138", "CAMBRIDGE", "MA", "US"),
        ("NIEHS, Res Triangle Pk, NC 27709 USA", "Res Triangle Pk", "NC", "US"),
        ("Univ Toronto, Toronto, ON M5S 3G4, Canada", "Toronto", "ON", "CA"),
        ("Univ Laval, Quebec, PQ, Canada", "Quebec", "PQ", "CA"),
        ("Univ Melbourne, Parkville, Vic 3052, Australia", "Parkville", "Vic", "AU"),
        ("Sun Yat Sen Univ, Guangzhou 510275, Guangdong, Peoples R China", "Guangzhou", "Guangdong", "CN"),
        ("Fudan Univ, Shanghai 200433, Peoples R China", "Shanghai", "Shanghai", "CN"),
        ("Univ Hong Kong, Hong Kong, Hong Kong, Peoples R China", "Hong Kong", None, "CN"),
        ("Natl Taiwan Univ, Taipei 10617, Taiwan", "Taipei", None, "TW"),
        ("Imperial Coll London, London SW7 2AZ, England", "London", "England", "GB"),
        ("Univ Durham, Durham DH1 3LE, Cty Durham, England", "Durham", "England", "GB"),
        ("Aston Univ, Birmingham, W Midlands, England", "Birmingham", "England", "GB"),
        ("Queens Univ Belfast, Belfast BT7 1NN, Antrim, North Ireland", "Belfast", "Northern Ireland", "GB"),
        ("Univ Sao Paulo, Ribeirao Preto, SP, Brazil", "Ribeirao Preto", None, "BR"),
        ("Univ Sao Paulo, BR-05508090 Sao Paulo, Brazil", "Sao Paulo", None, "BR"),
        ("Univ Fed Pernambuco, BR-50740465 Recife, PE, Brazil", "Recife", None, "BR"),
        ("Delft Univ Technol, NL-2628 CD Delft, Netherlands", "Delft", None, "NL"),
        ("Univ Paris 06, F-75252 Paris 05, France", "Paris", None, "FR"),
        ("Kyoto Univ, Sakyo Ku, Kyoto 6068501, Japan", "Kyoto", None, "JP"),
        ("Osaka Univ, Grad Sch Sci, Osaka 5600043, Japan", "Osaka", None, "JP"),
        ("Osaka Univ, Suita, Osaka 5650871, Japan", "Suita", None, "JP"),
        ("Univ Tsukuba, Tsukuba, Ibaraki 3058577, Japan", "Tsukuba", None, "JP"),
        ("Seoul Natl Univ, Seoul 151742, South Korea", "Seoul", None, "KR"),
        ("Banaras Hindu Univ, Varanasi 221005, Uttar Pradesh, India", "Varanasi", None, "IN"),
        ("UNAM, Mexico City 04510, DF, Mexico", "Mexico City", None, "MX"),
        ("Univ Kinshasa, Kinshasa, Zaire", "Kinshasa", None, "CD"),
        ("Univ Leipzig, Leipzig, Ger Dem Rep", "Leipzig", None, "DE"),
        # Where the position says nothing, no city is claimed.
        ("Natl Univ Singapore, Singapore", None, None, "SG"),
        ("Kyoto Univ, Primate Res Inst, Aichi, Japan", None, None, "JP"),
        ("Minist Hlth, Loreto, Peru", None, None, "PE"),
        ("Univ Belgrade, Belgrade, Yugoslavia", None, None, None),
        ("Atlantis Univ, Atlantis", None, None, None),
    ],
)
def test_addresses(text, city, region, country):
    address = read_address(text)
    assert (address.city, address.region, address.country) == (city, region, country)
    assert (address.text, address.organisation) == (text, text.split(",")[0])


@given(st.text(max_size=60))
def test_any_text_is_an_address(text):
    address = read_address(text)
    assert address.city is None or address.city in " ".join(text.split())


def test_names_tie_by_name_then_by_initial():
    names = ["van Dam, Anna", "Van-Dam, Bert", "Ito, Ken"]
    ties = tie(
        names,
        [],
        [Located(("Van Dam, A", "ITO, K."), "A, Ghent, Belgium"), Located(("van Dam, B.",), "B, Rome, Italy")],
    )
    assert [[a.organisation for a in own] for own in ties.addresses] == [["A"], ["B"], ["A"]]
    assert ties.notes == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("Li, A (reprint author), X, Rome, Italy.", [(("Li, A",), "X, Rome, Italy")]),
        (
            "Li, A (corresponding author), X, Rome, Italy.; Wu, B; Ma, C (corresponding author), Y, Paris, France.",
            [(("Li, A",), "X, Rome, Italy"), (("Wu, B", "Ma, C"), "Y, Paris, France")],
        ),
        ("Wu, B, Y, Paris, France.", [(("Wu, B",), "Y, Paris, France")]),
        ("Y Univ, Paris, France.", [((), "Y Univ, Paris, France")]),
    ],
)
def test_corresponding_addresses(text, expected):
    assert split_reprint(text, ["Wu, Bo"], []) == [Located(*one) for one in expected]


# BibTeX

_VALUES = st.text(
    st.characters(blacklist_characters="{}\\@\"'`\r\n", blacklist_categories=["Cs", "Zs", "Cc", "Zl", "Zp"]), min_size=1
)


@given(st.lists(st.dictionaries(st.from_regex(r"[a-z]{2,8}", fullmatch=True), _VALUES, max_size=4), max_size=4))
def test_written_entries_are_read(entries):
    text = "".join(
        f"@misc{{k{i},\n" + "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items()) + "}\n\n"
        for i, fields in enumerate(entries)
    )
    found = list(read_entries(enumerate(text.split("\n"), start=1), lambda *reject: pytest.fail(str(reject))))
    assert [{name: entry.fields[name] for name in entry.fields} for entry in found] == entries


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ("@a{k,\n x = {open\n", "not closed"),
        ("@a{k,\n x = {a} },\n y = {b}\n}\n", "brace too many"),
        ("@a{k,\n x = }\n", "expected a value"),
        ("@a{k}\n", "without fields"),
        ("@a{k,\n x = {1}\n", "the end of the file or the next entry"),
        ("@a{k,\n x = {1} y = {2}\n nonsense }\n", "expected a field"),
    ],
)
def test_a_broken_entry_does_not_hide_its_neighbours(broken, reason):
    rejects = []
    text = f'Scopus\n\n@a{{one,\n t = {{1}}\n}}\n% by hand\n{broken}@b{{two,\n t = "2", n = 3\n}}\n@comment{{x, y}}\n'
    lines = enumerate(text.splitlines(keepends=True), start=1)
    found = list(read_entries(lines, lambda *reject: rejects.append(reject)))
    assert [(entry.key, entry.get("t")) for entry in found] == [("one", "1"), ("two", "2")]
    assert [(line, reason in why) for line, why, _ in rejects] == [(7, True)], rejects


def test_an_entry_that_lost_a_line_is_refused(tmp_path):
    path = valid_bibtex(tmp_path / "a.bib")
    path.write_bytes(path.read_bytes().replace(b"Ecology", b"Ec\xffology", 1))
    works, reading = read(path, tmp_path)
    assert ([work.work_id[-1] for work in works], reading.lines, reading.rejects.count) == (["1", "3", "4"], 4, 2)


def test_letters_of_latex():
    assert plain(r"\'{e}\`a \^{\i}\~n{\"O}\c{c}\v{S}\u{g}\aa{} {\ss} \L{}\'od\'z \{x\} {[}a] \&\%\_") == (
        "éà îñÖçŠğå ß Łódź {x} [a] &%_"
    )
    assert authors("{A and B} and C, D\n   and {\\'E}, F") == ["A and B", "C, D", "É, F"]


# Damage


@pytest.mark.parametrize("name", VALID)
def test_a_cut_file_loses_its_end_and_says_so(tmp_path, name):
    whole = VALID[name](tmp_path / name)
    complete, _ = read(whole, tmp_path)
    content = whole.read_bytes()
    cut = tmp_path / f"cut_{name}"
    for share in (0.2, 0.5, 0.8, 0.95):
        cut.write_bytes(content[: int(len(content) * share)])
        try:
            works, reading = read(cut, tmp_path)
        except (Broken, FormatError):
            continue
        assert works == complete[: len(works)]
        assert len(works) < 4
        assert reading.rejects.count


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"\0" * 5000,
        b"PK\x03\x04nothing",
        b"\x1f\x8b\x08nothing",
        b"a,b,c\n1,2,3\n",
        b"PT\tTI\tUT\nJ\tno authors\tWOS:1\n",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
        b"@article{Li2020,\n author={Li, A.},\n source={Scopus},\n}\n",
    ],
)
def test_files_that_are_none(tmp_path, content):
    path = tmp_path / "savedrecs.txt"
    path.write_bytes(content)
    with pytest.raises((FormatError, Broken)):
        collect(ADAPTER, [path], tmp_path / "x")


def test_bad_records_are_named_and_the_rest_goes_on(tmp_path):
    good = valid_text(tmp_path / "a.txt").read_text(encoding="utf-8-sig").splitlines()
    begin = good.index("PT J")
    bad = [
        "PT J", "AU X, Y", "PY nineteen", "UT WOS:9", "ER", "",
        "PT P", "AU X, Y", "TI A patent", "PY 2020", "UT DIIDW:9", "ER", "",
        "PT J", "AU X, Y", "not a field", "ER", "",
        "PT J", "AU X, Y", "PY 2020", "ER", "",
        "PT J", "AU X, Y", "PY 2020", "UT WOS:8",
    ]  # fmt: skip
    path = tmp_path / "b.txt"
    path.write_text("\n".join([*good[:begin], *bad, *good[begin:]]), encoding="utf-8")
    works, reading = read(path, tmp_path)
    assert works == read(tmp_path / "a.txt", tmp_path)[0]
    rejects = (tmp_path / "x/rejects.jsonl").read_text().splitlines()
    assert (reading.lines, reading.rejects.count) == (9 + 4 - 4, 5)
    for reject, part in zip(
        rejects, ["no year", "a patent", "neither a field", "no accession", "does not end"], strict=True
    ):
        assert part in reject


def test_a_line_and_a_record_without_end(tmp_path):
    text = valid_text(tmp_path / "a.txt").read_text(encoding="utf-8")
    path = tmp_path / "b.txt"
    path.write_text(text.replace("AB Müller", "AB " + "x" * 10_000_000 + "\nAB Müller"), encoding="utf-8")
    works, reading = read(path, tmp_path)
    assert ([work.work_id[-1] for work in works], reading.rejects.count) == (["2", "3", "4"], 2)
    path.write_text(text.replace("AB Müller", "AB " + "   xxxx\n" * 1_000_000 + "AB Müller"), encoding="utf-8")
    works, reading = read(path, tmp_path)
    assert ([work.work_id[-1] for work in works], reading.rejects.count) == (["2", "3", "4"], 1)


def test_a_file_saved_by_a_table_program(tmp_path):
    whole, _ = read(valid_tab(tmp_path / "a.txt"), tmp_path)
    with (tmp_path / "a.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([_TAGS, *([_cell(one, tag) for tag in _TAGS] for one in RECORDS)])
    assert read(tmp_path / "a.csv", tmp_path)[0] == whole
    with (tmp_path / "b.txt").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", quoting=csv.QUOTE_ALL)
        writer.writerows([_TAGS, *([_cell(one, tag) for tag in _TAGS] for one in RECORDS)])
    with pytest.raises((Broken, FormatError)):
        collect(ADAPTER, [tmp_path / "b.txt"], tmp_path / "x")


# Real exports against slow counts

# By hand, from the names that Web of Science prints.
_PRINTED = """
Afghanistan AF|Algeria DZ|Angola AO|Argentina AR|Aruba AW|Australia AU|Austria AT|Bangladesh BD|Belgium BE
|Benin BJ|Bhutan BT|Bolivia BO|Botswana BW|Brazil BR|Burkina Faso BF|Burundi BI|Cambodia KH|Cameroon CM
|Canada CA|Cent Afr Republ CF|Chad TD|Chile CL|Colombia CO|Comoros KM|Congo CG|Costa Rica CR|Cote Ivoire CI
|Cuba CU|Czech Republic CZ|DEM REP CONGO CD|Denmark DK|Ecuador EC|Egypt EG|England GB|Equat Guinea GQ|Estonia EE
|Ethiopia ET|Fiji FJ|Finland FI|France FR|French Guiana GF|Gabon GA|Gambia GM|Georgia GE|Germany DE|Ghana GH
|Greece GR|Grenada GD|Guadeloupe GP|Guatemala GT|Guinea GN|Hungary HU|India IN|Indonesia ID|Iran IR|Ireland IE
|Israel IL|Italy IT|Japan JP|Kenya KE|Kuwait KW|Laos LA|Latvia LV|Lebanon LB|Lesotho LS|Liberia LR|Luxembourg LU
|Madagascar MG|Malawi MW|Malaysia MY|Mali ML|Mauritania MR|Mexico MX|Morocco MA|Mozambique MZ|Myanmar MM
|Nepal NP|Netherlands NL|New Caledonia NC|New Zealand NZ|Nicaragua NI|Niger NE|Nigeria NG|North Ireland GB
|Norway NO|Pakistan PK|Papua N Guinea PG|Paraguay PY|Peoples R China CN|Peru PE|Philippines PH|Poland PL
|Portugal PT|Rep Congo CG|Reunion RE|Romania RO|Rwanda RW|Sao Tome & Prin ST|Saudi Arabia SA|Scotland GB
|Senegal SN|Serbia RS|Sierra Leone SL|Singapore SG|Slovakia SK|Slovenia SI|Somalia SO|South Africa ZA
|South Korea KR|Spain ES|Sri Lanka LK|St Kitts & Nevi KN|Sudan SD|Sweden SE|Switzerland CH|Taiwan TW
|Tajikistan TJ|Tanzania TZ|Thailand TH|Togo TG|Trinid & Tobago TT|Tunisia TN|Turkey TR|U Arab Emirates AE
|Uganda UG|Uruguay UY|Venezuela VE|Vietnam VN|Yemen YE|Zaire CD|Zambia ZM|Zimbabwe ZW
"""
_COUNTRIES = dict(one.rsplit(" ", 1) for one in _PRINTED.replace("\n", "").split("|"))


def _country(address):
    last = address.strip(" .").rsplit(",", 1)[-1].strip()
    return "US" if last.endswith("USA") else _COUNTRIES[last]


@pytest.fixture(scope="module")
def real_rows(real_data):
    rows = []
    for path in sorted((real_data / "wos_csss").glob("savedrecs_*.txt")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows += csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
    return rows


def _addresses(row):
    """Return (names, address) of a row."""
    found = re.findall(r"(?:^|; )(?:\[([^\]]*)\] )?([^\[;]+)", row["C1"])
    return [([name.strip() for name in names.split(";") if name], text.strip()) for names, text in found]


@pytest.fixture(scope="module")
def real_works(real_data, tmp_path_factory):
    files = sorted((real_data / "wos_csss").glob("savedrecs_*.txt"))
    works, reading = collect(ADAPTER, files, tmp_path_factory.mktemp("real") / "x")
    assert (reading.lines, reading.rejects.count) == (2338, 0)
    return works


def test_real_counts(real_rows, real_works):
    assert len(real_works) == len(real_rows) == 2338
    assert Counter(str(work.year) for work in real_works) == Counter(row["PY"] for row in real_rows)
    assert [work.work_id for work in real_works] == [row["UT"] for row in real_rows]
    people = [[actor.name for actor in work.actors] for work in real_works]
    listed = [[" ".join(name.split()) for name in row["AF"].split(";") if name.strip()] for row in real_rows]
    assert [own[: len(other)] for own, other in zip(people, listed, strict=True)] == listed
    for own, other, row in zip(people, listed, real_rows, strict=True):
        called = {name for names, _ in _addresses(row) for name in names}
        groups = [group.strip() for group in row["CA"].split(";") if group.strip()]
        assert own[len(other) :] == [group for group in groups if group in called or not other]
    assert Counter(field for work in real_works for field in work.fields) == Counter(
        field.strip() for row in real_rows for field in row["WC"].split(";")
    )
    texts = {text for row in real_rows for _, text in _addresses(row)}
    corresponding = [re.search(r"\(reprint author\), (.*)\.$", row["RP"])[1] for row in real_rows if not row["C1"]]
    texts |= set(corresponding)
    found = {address for work in real_works for actor in work.actors for address in actor.addresses}
    assert {address.text for address in found} == texts
    assert len(found) == len(texts) == 6417
    assert {address.organisation for address in found} == {text.split(",")[0].strip() for text in texts}
    assert Counter(address.country for address in found) == Counter(map(_country, texts))
    assert sum("authors tied to all addresses" in work.notes for work in real_works) == sum(
        "[" not in row["C1"] and row["C1"] != "" and ";" in row["AF"] for row in real_rows
    )


def test_real_ties(real_rows, real_works):
    """Every author has the addresses whose brackets hold the name, as a plain search finds them."""
    checked = 0
    for row, work in zip(real_rows, real_works, strict=True):
        addresses = _addresses(row)
        if not addresses or any(not names for names, _ in addresses):
            continue
        for actor in work.actors:
            expected = [text for names, text in addresses if actor.name in names]
            assert [address.text for address in actor.addresses] == list(dict.fromkeys(expected))
            checked += 1
    assert checked > 10_000


def test_country_of_the_first_author(real_rows, real_works):
    right = total = 0
    for row, work in zip(real_rows, real_works, strict=True):
        addresses = _addresses(row)
        first = row["AF"].split(";")[0].strip()
        own = [text for names, text in addresses if first in names] or [text for names, text in addresses if not names]
        if own:
            total += 1
            right += work.actors[0].addresses[0].country == _country(own[0])
    assert total > 2300
    assert right >= 0.995 * total


def test_author_network_of_vosviewer_from_the_raw_files(real_data, tmp_path, monkeypatch):
    from innovation_graph import incidence, projection
    from innovation_graph.places import locate, open_set
    from innovation_graph.records import read_records
    from innovation_graph.selection import Selection
    from innovation_graph.sources import ingesting

    monkeypatch.setitem(ingesting.SOURCES, "wos", ADAPTER)
    files = sorted((real_data / "wos_csss").glob("savedrecs_*.txt"))
    summary = ingesting.ingest("wos", files, tmp_path / "records", keep_actors=True, resolve=False)
    assert (summary.works, summary.rejects, summary.duplicates, summary.addresses) == (2338, 0, 0, 6417)
    assert summary.notes["address of the corresponding author used"] == 3
    records = read_records(tmp_path / "records")
    located = locate(records, open_set("author"))
    network = projection.project(incidence.stream(records, located, Selection(max_actors=25)))
    labels = [" ".join(name.split()).lower() for name in network.places["name_en"]]
    documents = dict(zip(labels, network.places["works"], strict=True))
    links = {frozenset((labels[i], labels[j])): w for i, j, w in zip(*network.pairs, strict=True)}
    with (real_data / "wos_csss/vosviewer_map.txt").open(encoding="utf-8-sig", newline="") as file:
        published = {row["id"]: row for row in csv.DictReader(file, delimiter="\t")}
    assert sum(documents[row["label"]] == int(row["weight<Documents>"]) for row in published.values()) == 2234
    equal = 0
    with (real_data / "wos_csss/vosviewer_network.txt").open(encoding="utf-8-sig") as file:
        for line in file:
            a, b, weight = line.split()
            equal += links[frozenset((published[a]["label"], published[b]["label"]))] == float(weight)
    assert equal == 15675
    chosen = {row["label"] for row in published.values()}
    assert sum(pair <= chosen for pair in links) == 15675
