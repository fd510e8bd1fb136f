"""The documentation says what is true: commands exist, what they print is what is shown, Python examples run."""

import doctest
import os
import re
import shlex
import tomllib
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from innovation_graph import cli
from innovation_graph.index.sensitivity import read_choices
from innovation_graph.index.spec import read_spec
from innovation_graph.scenario import read_scenario
from innovation_graph.sources._column_map import read_map

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGES = sorted(page for page in DOCS.rglob("*.md") if "_build" not in page.parts)
RUN = [page for page in PAGES if "```console" in page.read_text("utf-8")]
NAMES = [str(page.relative_to(DOCS)) for page in PAGES]


def blocks(page, *languages):
    """Return language and text of the fenced blocks of a page."""
    found = re.findall(r"^(`{3,})(\w+)\n(.*?)^\1$", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [(language, text) for _, language, text in found if language in languages]


def commands(text):
    """Return the commands of a block and the lines shown under each."""
    shown = []
    for line in text.replace("\\\n", " ").splitlines():
        if re.match(r"(\$ )?innovation-graph ", line):
            words = shlex.split(line.removeprefix("$ "), comments=True)
            shown.append((words[1 : words.index(">")] if ">" in words else words[1:], []))
        elif shown:
            shown[-1][1].append(line)
    return shown


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_commands_and_options_exist(page):
    top = typer.main.get_command(cli.app)
    written = [words for _, text in blocks(page, "sh", "console") for words, _ in commands(text)]
    written += [
        shlex.split(span)[1:] for span in re.findall(r"`(innovation-graph [a-z][^`\n]*)`", page.read_text("utf-8"))
    ]
    for words in written:
        command, rest = top, [word for word in words if word != "--help"]
        while rest and hasattr(command, "commands"):
            assert rest[0] in command.commands, words
            command, rest = command.commands[rest[0]], rest[1:]
        if rest:
            command.make_context(command.name, rest)  # raises what the user would be told


READERS = {"indicators": read_spec, "steps": read_scenario, "columns": read_map, "weights": read_choices}


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_files_to_write_can_be_read(page, tmp_path):
    for number, (_, text) in enumerate(blocks(page, "toml")):
        path = tmp_path / f"{number}.toml"
        path.write_text(text, encoding="utf-8")
        [reader] = [reader for key, reader in READERS.items() if key in tomllib.loads(text)]
        reader(path)


def run(page):
    """Run the commands of a page; return each with the lines that are shown and the result."""
    shown = [pair for _, text in blocks(page, "console") for pair in commands(text)]
    how = {"COLUMNS": "100", "NO_COLOR": "1"}
    return [(words, lines, CliRunner().invoke(cli.app, words, env=how)) for words, lines in shown]


@pytest.fixture(scope="module")
def tutorial(tmp_path_factory):
    """What the tutorial does, in a folder where the other pages go on from, as a reader would."""
    here = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("reader"))
    yield run(DOCS / "tutorial.md")
    os.chdir(here)


def words_of(line):
    return re.sub(r"\s+", " ", line).strip()


def among(line, printed):
    """Whether one of the lines to come is this one, `...` standing for anything; those before are passed over."""
    pattern = re.compile(".*".join(re.escape(part) for part in line.split("...")))
    return any(pattern.fullmatch(other) for other in printed)


@pytest.mark.parametrize("page", RUN, ids=[str(page.relative_to(DOCS)) for page in RUN])
def test_commands_print_what_is_shown(page, tutorial):
    for words, lines, result in tutorial if page.stem == "tutorial" else run(page):
        assert result.exit_code == 0, (words, result.output, result.exception)
        printed = iter([words_of(line) for line in result.output.splitlines()])
        for line in filter(None, map(words_of, lines)):
            where = f"{shlex.join(words)}: not printed (there): {line}\n{result.output}"
            assert line == "..." or among(line, printed), where


@pytest.mark.usefixtures("tutorial")
@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_python_examples(page):
    text = "\n\n".join(text for _, text in blocks(page, "python") if ">>>" in text)
    test = doctest.DocTestParser().get_doctest(text, {}, str(page), str(page), 0)
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    said = []
    result = doctest.DocTestRunner(optionflags=flags).run(test, out=said.append)
    assert result.failed == 0, "".join(said)


def test_every_page_is_in_the_table_of_contents():
    listed = set()
    for page in PAGES:
        for text in re.findall(r"^```\{toctree\}\n(.*?)^```$", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL):
            names = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith(":")]
            listed |= {(page.parent / f"{name}.md").resolve() for name in names}
    assert listed == set(PAGES) - {DOCS / "index.md"}
