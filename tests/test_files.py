"""Folders and files appear whole or not at all, and nothing of anybody else's is deleted."""

from pathlib import Path

import pytest

from innovation_graph._files import new_file, new_folder

MARKER = "made.json"
KNOWN = ("made.json", "a.txt", "part/inner.txt")


@pytest.fixture
def old(tmp_path):
    folder = tmp_path / "out"
    (folder / "part").mkdir(parents=True)
    (folder / "made.json").write_text("old")
    (folder / "part" / "inner.txt").write_text("old")
    return folder


def write(target, known=KNOWN):
    with new_folder(target, marker=MARKER, known=known) as folder:
        (folder / MARKER).write_text("new")


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


OLD = {"made.json": "old", "part/inner.txt": "old"}


def test_a_folder_is_replaced_whole(old):
    write(old)
    assert contents(old.parent) == {"out/made.json": "new"}
    assert list(old.parent.iterdir()) == [old]


@pytest.mark.parametrize("n_good", [0, 1])
def test_the_old_folder_stands_again_when_a_rename_fails(old, n_good, monkeypatch):
    rename = Path.rename
    targets = []

    def fail(self, target):
        targets.append(target)
        if len(targets) == n_good + 1:
            raise OSError("rename refused")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(OSError, match="rename refused"):
        write(old)
    assert contents(old) == OLD
    assert list(old.parent.iterdir()) == [old]


def test_the_old_folder_is_kept_aside_when_another_takes_its_name(old, monkeypatch):
    rename = Path.rename

    def race(self, target):
        if self.suffix == ".part":
            target.mkdir()
            (target / "theirs.txt").write_text("theirs")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", race)
    with pytest.raises(OSError, match="not empty"):
        write(old)
    assert contents(old) == {"theirs.txt": "theirs"}
    (kept,) = old.parent.glob(".out.*.old/replaced")
    assert contents(kept) == OLD


@pytest.mark.parametrize("name", ["b.txt", "part/other.txt", "part/deep/inner.txt", "inner.txt", "part/a.txt"])
def test_a_folder_with_files_of_others_is_not_replaced(old, name):
    (old / name).parent.mkdir(exist_ok=True)
    (old / name).write_text("precious")
    with pytest.raises(FileExistsError, match=f"out holds {name}, .*choose another --out"):
        write(old)
    assert contents(old) == {**OLD, name: "precious"}
    assert list(old.parent.iterdir()) == [old]


def test_the_first_file_of_others_is_named(old):
    for name in ("z.txt", "b.txt", "part/y.txt"):
        (old / name).write_text("precious")
    with pytest.raises(FileExistsError, match=r"holds b\.txt,"):
        write(old)


def test_a_link_to_a_folder_is_a_file_of_others(old, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (old / "link").symlink_to(elsewhere, target_is_directory=True)
    with pytest.raises(FileExistsError, match="holds link,"):
        write(old)
    assert (old / "link").is_symlink()


def test_a_file_put_there_during_the_writing_is_not_deleted(old):
    def slow():
        with new_folder(old, marker=MARKER, known=KNOWN) as folder:
            (folder / MARKER).write_text("new")
            (old / "b.txt").write_text("precious")

    with pytest.raises(FileExistsError, match=r"holds b\.txt,"):
        slow()
    assert contents(old) == {**OLD, "b.txt": "precious"}
    assert list(old.parent.iterdir()) == [old]


def test_without_known_names_the_marker_alone_decides(old):
    (old / "b.txt").write_text("anything")
    write(old, known=None)
    assert contents(old) == {"made.json": "new"}
    (old / MARKER).unlink()
    (old / "b.txt").write_text("anything")
    with pytest.raises(FileExistsError, match="no folder of the same kind"):
        write(old, known=None)


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    def write_half():
        with new_file(tmp_path / "f.txt") as aside:
            aside.write_text("half")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_half()
    assert list(tmp_path.iterdir()) == []
    with new_file(tmp_path / "f.txt") as aside:
        aside.write_text("whole")
    assert contents(tmp_path) == {"f.txt": "whole"}
