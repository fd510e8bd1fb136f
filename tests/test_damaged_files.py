"""Every source meets the same damage: what is kept is as it was, the rest is named, nothing is left half-written."""

import json
import random
import shutil
import zipfile
from pathlib import Path

import pytest
import test_crossref
import test_derwent
import test_dimensions
import test_lens
import test_openalex_parquet
import test_patentsview
import test_regpat
import test_scopus
import test_table_source
import test_uspto
import test_wos
from test_pipeline import command

from innovation_graph.errors import FormatError, InnovationGraphError
from innovation_graph.records import RecordsWriter, read_records
from innovation_graph.sources import ingesting, openalex
from innovation_graph.sources._filters import Filters
from innovation_graph.sources._gathering import Gathering
from innovation_graph.sources._work import Work


def json_lines(path):
    path.write_text("".join(json.dumps(work) + "\n" for work in test_crossref.WORKS), "utf-8")


CASES = {
    "wos-tab": ("wos", "a.txt", test_wos.valid_tab),
    "wos-text": ("wos", "a.txt", test_wos.valid_text),
    "wos-bibtex": ("wos", "a.bib", test_wos.valid_bibtex),
    "wos-excel": ("wos", "a.xlsx", test_wos.valid_excel),
    "scopus-csv": ("scopus", "a.csv", test_scopus.valid_csv),
    "scopus-bibtex": ("scopus", "a.bib", test_scopus.valid_bibtex),
    "dimensions-csv": ("dimensions", "a.csv", test_dimensions.valid),
    "dimensions-excel": ("dimensions", "a.xlsx", test_dimensions.valid),
    "lens-papers": ("lens", "a.csv", test_lens.valid),
    "lens-patents": ("lens", "a.csv", test_lens.valid_patents),
    "crossref": ("crossref", "a.json", json_lines),
    "table": ("table", "a.csv", test_table_source.valid),
    "uspto": ("uspto", "a.xml", test_uspto.valid),
    "patentsview": ("patentsview", "folder", test_patentsview.valid),
    "regpat": ("regpat", "folder", test_regpat.valid),
    "derwent": ("derwent", "a.csv", test_derwent.valid),
    "derwent-excel": ("derwent", "a.xlsx", test_derwent.valid_workbook),
    "openalex-parquet": ("openalex", "a.parquet", test_openalex_parquet.valid),
}
TEXTS = [name for name in CASES if not name.endswith(("excel", "parquet"))]
TABLES = ["scopus-csv", "dimensions-csv", "lens-papers", "lens-patents", "table", "patentsview", "derwent"]
KEPT = ("year", "type", "title", "n_actors", "ipc", "cpc")


@pytest.fixture(params=CASES)
def case(request, tmp_path):
    return make(request.param, tmp_path)


@pytest.fixture(params=TEXTS)
def text_case(request, tmp_path):
    return make(request.param, tmp_path)


def make(name, tmp_path):
    """Write a sound file and read it; return the source, the file to damage, and the works by their ids."""
    source, file, valid = CASES[name]
    path = tmp_path / "in" / file
    path.parent.mkdir()
    if file == "folder":
        path.mkdir()
    valid(path)
    ingest(source, path, tmp_path / "sound")
    sound = works(tmp_path / "sound")
    shutil.rmtree(tmp_path / "sound")
    assert len(sound) >= 1
    return source, path, sound


def ingest(source, path, out):
    if source == "openalex":
        return openalex.ingest(path, out, keep_retracted=True)
    columns = next(path.parent.glob("*.toml"), None) if source == "table" else None
    return ingesting.ingest(source, path, out, resolve=False, keep_retracted=True, columns=columns)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def works(folder):
    return {row["work_id"]: {name: row[name] for name in KEPT} for row in read_records(folder).works.to_pylist()}


def outcome(source, path, tmp_path):
    """Return the works that are kept and the summary; of an error: no works, and None. Nothing else may happen."""
    before = names(tmp_path)
    try:
        summary = ingest(source, path, tmp_path / "out")
    except InnovationGraphError as error:
        said = str(error)
        assert path.name.split(".")[0] in said
        assert names(tmp_path) == before
        return {}, None
    kept = works(tmp_path / "out")
    rejects = tmp_path / "out/rejects.jsonl"
    lines = rejects.read_text("utf-8").splitlines() if rejects.exists() else []
    assert len(lines) == summary.rejects
    assert all(set(json.loads(line)) == {"file", "line", "reason", "text"} for line in lines)
    shutil.rmtree(tmp_path / "out")
    return kept, summary


def main_file(path: Path) -> Path:
    """Return the file itself, or the largest table of a folder."""
    return max(path.iterdir(), key=lambda file: file.stat().st_size) if path.is_dir() else path


def is_noticed(path, kept, summary):
    """Say whether a file of no use gave nothing; of several tables, whether it was named at least."""
    return summary is None or summary.rejects > 0 if path.is_dir() else kept == {}


def test_cut_files(case, tmp_path):
    source, path, sound = case
    target = main_file(path)
    content = target.read_bytes()
    for part in range(1, 12):
        target.write_bytes(content[: len(content) * part // 12])
        kept, summary = outcome(source, path, tmp_path)
        changed = [name for name in kept if kept[name] != sound.get(name)]
        # A text cut inside its last cell looks whole.
        assert len(changed) <= 1
        if summary is not None and len(kept) < len(sound) and not path.is_dir():
            assert summary.rejects or summary.lines <= len(kept) + summary.duplicates


def test_another_encoding(text_case, tmp_path):
    source, path, sound = text_case
    target = main_file(path)
    text = target.read_bytes().decode("utf-8-sig")
    target.write_bytes(text.replace("\n", " é\n", 40).encode("latin-1", "replace"))
    kept, summary = outcome(source, path, tmp_path)
    assert len(kept) < len(sound) or kept == sound
    assert summary is None or summary.rejects


@pytest.mark.parametrize("insertion", [b"\0\0", b"x" * (10 << 20)], ids=["NUL", "10 MB"])
def test_a_spoilt_line_costs_no_more_than_its_record(text_case, tmp_path, insertion):
    source, path, sound = text_case
    target = main_file(path)
    content = target.read_bytes()
    at = content.rindex(b"\n", 0, len(content) * 3 // 4)
    target.write_bytes(content[:at] + insertion + content[at:])
    kept, summary = outcome(source, path, tmp_path)
    same = {name for name in kept if kept[name] == sound.get(name)}
    assert len(kept) - len(same) <= 1
    assert summary is None or summary.rejects or kept == sound
    assert all(len(title["title"] or "") < 1 << 20 for title in kept.values())


@pytest.mark.parametrize("name", TABLES)
def test_columns_that_are_missing_or_called_otherwise(name, tmp_path):
    source, path, _ = make(name, tmp_path)
    target = main_file(path)
    lines = target.read_text("utf-8-sig").split("\n")
    lines[:5] = [line.upper().translate(str.maketrans("AEIOU", "12345")) for line in lines[:5]]
    target.write_text("\n".join(lines), "utf-8")
    with pytest.raises(FormatError, match=r"expected .* got"):
        ingest(source, path, tmp_path / "out")
    assert names(tmp_path) == ["in"]


def test_no_such_file_and_folders_and_nothing(case, tmp_path):
    source, path, _ = case
    target = main_file(path)
    target.write_bytes(b"")
    assert is_noticed(path, *outcome(source, path, tmp_path))
    target.unlink()
    target.mkdir()
    assert outcome(source, target, tmp_path) == ({}, None)
    target.rmdir()
    assert outcome(source, target, tmp_path) == ({}, None)


def test_bytes_of_no_meaning(case, tmp_path):
    source, path, _ = case
    target = main_file(path)
    target.write_bytes(random.Random(3).randbytes(100_000))  # noqa: S311
    assert is_noticed(path, *outcome(source, path, tmp_path))


@pytest.fixture(scope="session")
def bomb(tmp_path_factory):
    path = tmp_path_factory.mktemp("bomb") / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.csv", b"a,b\n" * (64 << 20))
    return path


def test_archives_that_unpack_without_end(case, bomb, tmp_path):
    source, path, _ = case
    shutil.copy(bomb, main_file(path))
    assert is_noticed(path, *outcome(source, path, tmp_path))


def test_the_command_says_what_is_wrong(tmp_path):
    (tmp_path / "a.csv").write_text("no,such\ncolumns,here\n")
    done = command("ingest", "scopus", tmp_path / "a.csv", "--out", tmp_path / "out")
    assert isinstance(done.exception, FormatError)
    assert "Missing" in str(done.exception)
    assert names(tmp_path) == ["a.csv"]


def test_a_broken_file_among_others_is_named_and_the_others_are_read(tmp_path):
    test_wos.valid_tab(tmp_path / "a.txt")
    (tmp_path / "b.txt").write_bytes(b"PK\x03\x04 and no more")
    (tmp_path / "c.txt").write_text("something else\n")
    files = [tmp_path / f"{name}.txt" for name in "abc"]
    summary = ingesting.ingest("wos", files, tmp_path / "out", resolve=False, keep_retracted=True)
    assert (summary.files, summary.damaged_files) == (3, 2)
    assert summary.works == len(test_wos.RECORDS)
    done = command(
        "ingest",
        "wos",
        tmp_path / "a.txt",
        tmp_path / "b.txt",
        "--no-resolve",
        "--strict",
        "--out",
        tmp_path / "strict",
    )
    assert done.exit_code == 1


def test_a_work_without_identifier_or_of_an_impossible_year_is_refused(tmp_path):
    with RecordsWriter(tmp_path / "out", source="test") as writer:
        gathered = Gathering(writer, Filters())
        for bad in (Work("", "paper", []), Work("1", "paper", [], year=99)):
            with pytest.raises(ValueError, match=r"no identifier|outside"):
                gathered.add(bad)
        gathered.flush()
        writer.finish(gathered.addresses()[0])
    assert read_records(tmp_path / "out").n_works == 0
