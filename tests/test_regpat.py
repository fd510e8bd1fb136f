"""OECD REGPAT: tables of persons with regions, of both offices."""

import zipfile

import pytest
from adapting import collect

from innovation_graph.errors import FormatError
from innovation_graph.sources.regpat import ADAPTER

CALC = "=cmd/' /C calc'!A0"
PERSON = "|address|city|postal_code|reg_code|ctry_code|reg_share|"
TABLES = {
    "202408_EPO_App_reg": [
        f"app_nbr|appln_id|pub_nbr|person_id|app_name{PERSON}app_share",
        "EP19990100001|16|EP0900001|501|L'ORÉAL|14, rue Royale|Paris|75008|FR101|FR|1|0.5",
        f"EP19990100001|16|EP0900001|502|{CALC}|Avenue Nestlé 55|Vevey|1800|CH011|CH|1|0.5",
        'EP20050200002|17|EP1500002|503|Cambridge "Things" Inc.|1 Main St|Cambridge|02139|US25017|US|1|1',
        "EP20050300003|18|EP1500003|504|Nobody known||||USZZZ|US|1|1",
    ],
    "202408_EPO_Inv_reg": [
        f"app_nbr|appln_id|pub_nbr|person_id|inv_name{PERSON}inv_share",
        "EP19990100001|16|EP0900001|601|BRETON, Lionel|14, rue de Satory|Versailles|78000|FR103|FR|1|0.5",
        "EP19990100001|16|EP0900001|602|BAUR, Markus|3, route Petite Corniche|Aran|1603|CH011|CH|.33333333|0.5",
        "EP19990100001|16|EP0900001|602|BAUR, Markus|3, route Petite Corniche|Aran|1603|CH021|CH|.33333333|0.5",
        "EP19990100001|16|EP0900001|602|BAUR, Markus|3, route Petite Corniche|Aran|1603|CH022|CH|.33333333|0.5",
        "EP20050200002|17|EP1500002|603|<script>alert(1)</script>|2 Oak St|Portland|97201|US41051|US|0.9|1",
        "EP20050200002|17|EP1500002|603|<script>alert(1)</script>|2 Oak St|Portland|97201|US41005|US|0.1|1",
    ],
    "202408_EPO_IPC": [
        "appln_id|prio_year|app_year|IPC",
        "16|1998|1999|A61K008/49",
        "16|1998|1999|A61Q019/00",
        "17|2004|2005|H01L021/02",
        "18|2004||B01D53/00",
        "99|2004|2005|H01L021/02",
    ],
    "202408_CPC_Classes": ["appln_id|CPC_Class", "16|A61K   8/49", "16|Y02A50/30", "4711|A61K   8/49"],
    "REGPAT_REGIONS": [
        "ctry_code|reg_code|reg_label|up_reg_code|up_reg_label",
        "US|US25017|Boston area|US25|Massachusetts",
        "US|US41051|Portland area|US41|Oregon",
        "US|US41005|Clackamas|US41|Oregon",
        "FR|FR101|Paris|FR10|Ile de France",
    ],
}
PCT = {
    "202408_PCT_App_reg": [
        f"pct_nbr|internat_appln_id|appln_id|person_id|app_name{PERSON}app_share",
        "WO2001000001|31|31|701|Osaka Works|1-1 Umeda|Osaka|530|JPG01|JP|1|1",
    ],
    "202408_PCT_Inv_reg": [
        f"pct_nbr|internat_appln_id|appln_id|person_id|inv_name{PERSON}inv_share",
        "WO2001000001|31|31|702|SATO, Ken|2 Gion|Kyoto|605|JPG02|JP|1|1",
    ],
    "202408_PCT_IPC": ["pct_nbr|prio_year|app_year|IPC", "WO2001000001|1999|2000|G06F017/30"],
}


def write(folder, tables=None, **changed):
    folder.mkdir(exist_ok=True)
    files = []
    for name, lines in {**(TABLES if tables is None else tables), **changed}.items():
        if lines is not None:
            files.append(folder / f"{name}.txt")
            files[-1].write_text("\n".join(lines) + "\n", encoding="utf-8")
    return files


def valid(path):
    write(path)
    return path


def read(files, tmp_path):
    return collect(ADAPTER, files, tmp_path / "out")


def reasons(tmp_path):
    rejects = tmp_path / "out" / "rejects.jsonl"
    return rejects.read_text(encoding="utf-8") if rejects.exists() else ""


def actors(work, role):
    return [actor for actor in work.actors if actor.role == role]


def test_applications_to_the_epo(tmp_path):
    works, reading = read(write(tmp_path / "t"), tmp_path)
    first, second, third = works
    assert [work.work_id for work in works] == ["EP19990100001", "EP20050200002", "EP20050300003"]
    assert {(work.type, work.office, work.published, work.filed) for work in works} == {
        ("application", "EP", None, None)
    }
    assert [work.year for work in works] == [1999, 2005, 2004]
    assert (first.ipc, first.cpc) == (["A61K8/49", "A61Q19/00"], ["A61K8/49", "Y02A50/30"])
    assert [actor.name for actor in actors(first, "applicant")] == ["L'ORÉAL", CALC]
    paris = actors(first, "applicant")[0].addresses[0]
    assert (paris.organisation, paris.city, paris.region, paris.country) == ("L'ORÉAL", "Paris", "FR101", "FR")
    assert paris.text == "14, rue Royale, 75008 Paris, FR"
    # No quotation marks in these tables: they are letters like others.
    assert actors(second, "applicant")[0].name == 'Cambridge "Things" Inc.'
    assert actors(third, "applicant")[0].addresses[0].region is None
    assert (reading.lines, reading.rejects.count) == (3, 1)
    assert "1 applications of the table of IPC symbols have no person" in reasons(tmp_path)


def test_one_person_in_several_regions_is_one_actor(tmp_path):
    (first, second, _), _ = read(write(tmp_path / "t"), tmp_path)
    breton, baur = actors(first, "inventor")
    assert [address.region for address in baur.addresses] == ["CH011", "CH021", "CH022"]
    assert {address.city for address in baur.addresses} == {"Aran"}
    assert (breton.key, baur.key, breton.addresses[0].organisation) == ("601", "602", None)
    unequal = "unequal shares of regions replaced by equal ones"
    assert unequal not in first.notes
    assert unequal in second.notes


def test_states_tell_cities_of_one_name_apart(tmp_path):
    _, second, _ = read(write(tmp_path / "t"), tmp_path)[0]
    assert actors(second, "applicant")[0].addresses[0].region == "Massachusetts"
    # Both parts lie in Oregon: equal addresses, one site.
    assert {address.region for address in actors(second, "inventor")[0].addresses} == {"Oregon"}
    _, second, _ = read(write(tmp_path / "u", REGPAT_REGIONS=None), tmp_path)[0]
    assert actors(second, "applicant")[0].addresses[0].region == "US25017"


def test_international_applications(tmp_path):
    (work,), reading = read(write(tmp_path / "t", PCT), tmp_path)
    assert (work.work_id, work.type, work.office, work.year) == ("WO2001000001", "pct", "WO", 2000)
    assert work.ipc == ["G06F17/30"]
    assert [actor.addresses[0].city for actor in work.actors] == ["Osaka", "Kyoto"]
    assert reading.lines == 1


def test_cpc_needs_the_number_it_is_listed_by(tmp_path):
    cpc = ["appln_id|CPC_Class", "31|G06F16/00"]
    (work,), _ = read(write(tmp_path / "t", {**PCT, "cpc": cpc}), tmp_path)
    assert work.cpc == []
    assert "no CPC: the tables of the pct do not all have appln_id" in work.notes
    numbered = ["pct_nbr|appln_id|prio_year|app_year|IPC", "WO2001000001|31|1999|2000|G06F017/30"]
    (work,), _ = read(write(tmp_path / "u", {**PCT, "cpc": cpc, "202408_PCT_IPC": numbered}), tmp_path)
    assert (work.work_id, work.ipc, work.cpc) == ("WO2001000001", ["G06F17/30"], ["G06F16/00"])


def test_both_offices_in_one_archive(tmp_path):
    path = tmp_path / "REGPAT.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, lines in {**TABLES, **PCT}.items():
            archive.writestr(f"x/{name}.txt", "\n".join(lines))
    works, _ = read([path], tmp_path)
    assert [work.type for work in works] == ["application"] * 3 + ["pct"]
    assert (works[0].cpc, works[3].cpc) == (["A61K8/49", "Y02A50/30"], [])


def test_the_headers_of_older_editions(tmp_path):
    lines = [
        "App_nbr|Appln_id|Pub_nbr|App_name|Address|Reg_code|Up_reg_code|Ctry_code|Reg_share|App_share",
        "EP1|16|EP09|Firm|14, rue Royale,75008 Paris|FR101|FR10|FR|1|1",
        "EP1|16|EP09|Other|Sea,Aran|CH011|CH01|CH|0,5|1",
        "EP1|16|EP09|Other|Sea,Aran|CH012|CH01|CH|0,5|1",
    ]
    (work,), _ = read(write(tmp_path / "t", {"App": lines}), tmp_path)
    firm, other = actors(work, "applicant")
    assert (firm.key, firm.addresses[0].city) == (None, None)
    assert firm.addresses[0].text == "14, rue Royale,75008 Paris, FR"
    assert [address.region for address in other.addresses] == ["CH011", "CH012"]
    assert work.year is None
    assert set(work.notes) == {"no table of epo inventors", "no table of epo ipc", "no table of cpc", "no year"}


def test_other_tables_are_named(tmp_path):
    files = write(tmp_path / "t", {"a": ["id|name", "1|x"], "202408_EPO_IPC": TABLES["202408_EPO_IPC"]})
    with pytest.raises(FormatError, match=r"applicants or inventors.*got tables: epo ipc"):
        read(files, tmp_path)


def test_bad_rows_are_refused_and_the_rest_goes_on(tmp_path):
    lines = [*TABLES["202408_EPO_App_reg"], "EP3|19|EP", f"||EP09|1|Firm{'|' * 6}1|1", "EP4|20|P|9|F||||JPG01|JP|1|1"]
    ipc = [*TABLES["202408_EPO_IPC"][:-1], "20|soon|soon|H01L021/02"]
    works, reading = read(write(tmp_path / "t", **{"202408_EPO_App_reg": lines, "202408_EPO_IPC": ipc}), tmp_path)
    assert [work.work_id for work in works] == ["EP19990100001", "EP20050200002", "EP20050300003"]
    told = reasons(tmp_path)
    assert reading.rejects.count == 3
    assert "3 cells instead of 12" in told
    assert "1 rows of persons without the number of an application" in told
    assert "app_year 'soon', which is no year" in told


@pytest.mark.parametrize("content", [b"", b"\0\1\2" * 500, b"PK\x03\x04 broken", b"\x1f\x8b broken", b"x" * (1 << 23)])
def test_damaged_tables_are_written_down(tmp_path, content):
    files = write(tmp_path / "t")
    files[1].write_bytes(content)
    works, reading = read(files, tmp_path)
    assert len(works) == 3
    assert reading.rejects.count >= 2
    assert "EPO_Inv_reg" in reasons(tmp_path)
    assert all("no table of epo inventors" in work.notes for work in works)


def test_text_of_another_encoding_is_refused_by_line_or_read(tmp_path):
    files = write(tmp_path / "t")
    files[0].write_bytes(files[0].read_text(encoding="utf-8").encode("latin-1"))
    works, reading = read(files, tmp_path)
    assert "name the encoding" in reasons(tmp_path)
    assert [actor.name for actor in actors(works[0], "applicant")] != ["L'ORÉAL", CALC]
    works, reading = collect(ADAPTER, files[:1], tmp_path / "latin", encoding="latin-1")
    assert [actor.name for actor in actors(works[0], "applicant")] == ["L'ORÉAL", CALC]
    assert reading.rejects.count == 0
