"""Fetching, against a real server on this machine that replays, fails, cuts off and dies."""

import errno
import gzip
import json
import logging
import os
import re
import shlex
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import urllib3
from fetch_server import Api, serving, zenodo

from innovation_graph._version import __version__
from innovation_graph.errors import FormatError, InnovationGraphError, RecipeError
from innovation_graph.fetch import FetchError, _http, openalex, ror, snapshot
from innovation_graph.sources._schema import Work
from innovation_graph.sources.institutions import read_institutions
from innovation_graph.sources.openalex import ingest

BASE = "https://openalex.org/"
KEY, MAIL = "s3cret key/+%", "someone@example.org"
STATE = "manifest.fetch.json"


def work(number, *, year=2023, authors=2, **more):
    people = [
        {
            "author": {"id": f"{BASE}A{1000 * number + place}", "display_name": f"Zoë {place}"},
            "institutions": [{"id": f"{BASE}I{place % 7}", "display_name": f"Lab {place % 7}", "country_code": "CN"}],
            "countries": ["CN"],
            "raw_affiliation_strings": [f"Lab {place % 7}\u2028, 北京"],
        }
        for place in range(authors)
    ]
    return {
        "id": f"{BASE}W{number}",
        "title": f"Work {number}",
        "publication_year": year,
        "type": "article",
        "authorships": people,
        "is_retracted": False,
        "score": 1.50,
        **more,
    }


def some_works(count, **more):
    return [work(number, **more) for number in range(1, count + 1)]


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    """The server stands on this machine, whatever stands between it and the world."""
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")


def test_the_proxy_of_the_environment_is_used(monkeypatch):
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    with _http.Client("https://api.example") as client, _http.Client("https://localhost") as near:
        assert client._pool.proxy.host == "proxy.example"
        assert near._pool.proxy is None


@pytest.fixture(autouse=True)
def naps(monkeypatch):
    """Seconds that would have been slept; nobody sleeps."""
    slept = []
    monkeypatch.setattr(_http, "sleep", slept.append)
    monkeypatch.setattr(openalex, "_today", lambda: "2025-06-01")
    for name in ("OPENALEX_API_KEY", "OPENALEX_MAILTO"):
        monkeypatch.delenv(name, raising=False)
    return slept


@pytest.fixture
def key(monkeypatch):
    monkeypatch.setenv("OPENALEX_API_KEY", KEY)
    monkeypatch.setenv("OPENALEX_MAILTO", MAIL)


def lines_of(folder):
    """Return the works in a folder, read with nothing but the standard library."""
    found = []
    for path in sorted(Path(folder).glob("works-*.jsonl.gz")):
        found += [json.loads(line) for line in gzip.decompress(path.read_bytes()).decode().split("\n") if line]
    return found


def ids_of(folder):
    return [found["id"] for found in lines_of(folder)]


def content(folder):
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def get(api, out, **more):
    more.setdefault("years", (2023, 2023))
    with serving(api) as (url, _):
        return openalex.fetch(out, base_url=url, **more)


# Pages


def test_all_pages_come_in_order_one_work_a_line(tmp_path):
    api = Api(some_works(250))
    seen = []
    summary = get(api, tmp_path / "works", progress=lambda *counts: seen.append(counts))
    assert sorted(content(tmp_path / "works")) == [STATE, *(f"works-00000{n}.jsonl.gz" for n in (1, 2, 3))]
    assert lines_of(tmp_path / "works") == api.works
    assert (summary.pages, summary.works, summary.total, summary.pages_fetched) == (3, 250, 250, 3)
    assert seen == [(0, 0, 0), (1, 100, 250), (2, 200, 250), (3, 250, 250), (3, 250, 250)]
    assert json.loads(json.dumps(summary.to_dict()))["works"] == 250


def test_numbers_and_text_of_a_work_stay_as_they_were_written(tmp_path):
    get(Api(some_works(1)), tmp_path / "works")
    text = gzip.decompress((tmp_path / "works" / "works-000001.jsonl.gz").read_bytes()).decode()
    assert '"score":1.5' in text
    assert text.count("\n") == 1


def test_the_query_is_what_was_asked(tmp_path):
    works = [work(n, year=2015 + n % 10, type="article" if n % 2 else "review") for n in range(1, 101)]
    api = Api(works)
    get(api, tmp_path / "works", years=(2018, 2020), filters=["type:article"])
    kept = [one["id"] for one in works if 2018 <= one["publication_year"] <= 2020 and one["type"] == "article"]
    assert ids_of(tmp_path / "works") == kept
    assert len(kept) > 5
    assert json.loads((tmp_path / "works" / STATE).read_text())["query"] == {
        "filter": "publication_year:>2017,publication_year:<2021,type:article",
        "sample": None,
        "seed": None,
        "select": None,
    }


def test_selected_fields_only_and_always_the_identity(tmp_path):
    get(Api(some_works(3)), tmp_path / "works", select=["title", "type"])
    assert [sorted(found) for found in lines_of(tmp_path / "works")] == [["id", "title", "type"]] * 3


def test_the_lean_fields_are_all_that_ingest_reads(tmp_path):
    assert {*openalex.FIELDS} == {*Work.__struct_fields__} - {"results", "is_authors_truncated"}
    topics = {"topics": [{"field": {"display_name": "Physics"}}], "updated_date": "2024-01-01"}
    works = some_works(120, abstract_inverted_index={"a": [0]}, **topics)
    for name, select in (("all", None), ("lean", openalex.FIELDS)):
        get(Api(works), tmp_path / name, select=select)
        ingest(tmp_path / name, tmp_path / f"{name}-records", workers=1)
    tables = sorted(path.name for path in (tmp_path / "all-records").glob("*.parquet"))
    assert len(tables) >= 3
    for table in tables:
        one, other = (pq.read_table(tmp_path / f"{name}-records" / table) for name in ("all", "lean"))
        assert one.num_rows
        assert one.equals(other)
    assert "abstract_inverted_index" not in lines_of(tmp_path / "lean")[0]


@pytest.mark.parametrize("size", [1, 99, 100, 101, 230, 1000])
def test_a_sample_comes_page_by_page_and_again_the_same(tmp_path, size):
    api = Api(some_works(230))
    summary = get(api, tmp_path / "works", sample=size, seed=7)
    found = ids_of(tmp_path / "works")
    assert len(found) == len(set(found)) == summary.works == min(size, 230)
    assert not any("cursor" in path for path in api.asked)
    assert api.listed == -(-min(size, 230) // 100)
    get(Api(some_works(230)), tmp_path / "again", sample=size, seed=7)
    assert content(tmp_path / "again") == content(tmp_path / "works")


def test_ingest_takes_the_folder_as_it_is(tmp_path):
    works = some_works(250)
    get(Api(works), tmp_path / "works")
    summary = ingest(tmp_path / "works", tmp_path / "records", workers=1)
    assert (summary.files, summary.works, summary.rejects, summary.truncated) == (3, 250, 0, 0)
    assert summary.sites == sum(len(one["authorships"]) for one in works)


def test_nothing_found_leaves_nothing_behind(tmp_path):
    with pytest.raises(FetchError, match="no work that fits: publication_year:1800"):
        get(Api(some_works(3)), tmp_path / "works", years=(1800, 1800))
    assert list(tmp_path.iterdir()) == []


# Real pages


def test_real_pages_are_replayed_to_the_work(tmp_path, real_data):
    pages = json.loads((real_data / "openalex" / "openalex-works-pages.json").read_text())
    summary = get(Api(pages=pages), tmp_path / "works")
    assert lines_of(tmp_path / "works") == [found for page in pages for found in page["results"]]
    assert (summary.pages, summary.works) == (2, 34)
    fetched = ingest(tmp_path / "works", tmp_path / "a", workers=1).to_dict()
    direct = ingest(real_data / "openalex" / "openalex-works-pages.json", tmp_path / "b", workers=1).to_dict()
    assert {**fetched, "files": 1} == direct


@pytest.mark.parametrize("failure", ["429 Retry-After=2", "500", "cut", "bad"])
def test_real_works_survive_failures(tmp_path, real_data, failure):
    text = gzip.decompress((real_data / "openalex" / "works_retractions_plos1_2018.jsonl.gz").read_bytes())
    works = [json.loads(line) for line in text.splitlines()]
    api = Api(works)
    api.fail(r"^/works\?", *[failure] * 5)
    get(api, tmp_path / "works", years=(1500, 2100))
    assert lines_of(tmp_path / "works") == works
    assert not api.failures


# Failures


@pytest.mark.parametrize(
    "failure", ["500", "502", "503", "429", "408", "cut", "reset", "bad", "html", "shape", "utf8", "bomb"]
)
def test_passing_trouble_passes(tmp_path, failure, naps):
    get(Api(some_works(250)), tmp_path / "calm")
    api = Api(some_works(250))
    api.fail(r"^/works\?.*cursor=Il", failure, failure, failure)
    told = []
    get(api, tmp_path / "works", notice=told.append)
    assert content(tmp_path / "works") == content(tmp_path / "calm")
    assert [pause for pause in naps if pause >= 1] == [1, 2, 4]
    assert [line for line in told if "try 2 of 8 in 1 s" in line]


@pytest.mark.parametrize("failure", ["500", "429", "cut", "reset", "bad", "shape"])
def test_lasting_trouble_ends_with_what_is_kept_and_how_to_go_on(tmp_path, failure, naps):
    api = Api(some_works(250))
    api.fail(r"^/works\?.*cursor=Il", *[failure] * 8)
    out = tmp_path / "works"
    with pytest.raises(FetchError, match=r"tried 8 times.*100 works on 1 pages are kept in .*the same command goes on"):
        get(api, out)
    assert [pause for pause in naps if pause >= 1] == [1, 2, 4, 8, 16, 32, 60]
    assert not api.failures
    assert not json.loads((out / STATE).read_text())["finished"]
    get(api, out)
    get(Api(some_works(250)), tmp_path / "calm")
    assert content(out) == content(tmp_path / "calm")


def test_a_no_is_not_asked_again(tmp_path, naps):
    api = Api(some_works(3))
    api.fail("works", "400")
    with pytest.raises(FetchError, match=r"HTTP 400 Bad Request: Told so.*Nothing is kept yet") as caught:
        get(api, tmp_path / "works")
    assert len(api.asked) == 1
    assert naps == []
    assert "\x1b" not in str(caught.value)
    assert caught.value.status == 400
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("key")
@pytest.mark.parametrize("status", [401, 403, 429])
def test_without_a_key_the_error_says_where_to_get_one(tmp_path, status, monkeypatch):
    api = Api(some_works(3))
    api.fail("works", *[str(status)] * (8 if status == 429 else 1))
    with pytest.raises(FetchError) as caught:
        get(api, tmp_path / "works")
    assert "settings/api" not in str(caught.value)
    monkeypatch.delenv("OPENALEX_API_KEY")
    api.fail("works", *[str(status)] * 8)
    told = []
    with pytest.raises(FetchError, match=r"openalex.org/settings/api.*OPENALEX_API_KEY"):
        get(api, tmp_path / "works", notice=told.append)
    assert "without a key" in told[0]


def test_the_server_says_how_long_to_wait(tmp_path, naps):
    api = Api(some_works(3))
    later = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 90)).replace(" ", "\u00a0")
    api.fail("works", "429 Retry-After=33", "503 Retry-After=0", "429 X-RateLimit-Remaining=5 X-RateLimit-Reset=99999")
    get(api, tmp_path / "works")
    assert [pause for pause in naps if pause >= 1] == [33, 2, 4]
    assert 60 < _http._wait({"Retry-After": later.replace("\u00a0", " ")}) <= 90
    assert _http._wait({"Retry-After": "soon"}) == 0
    assert _http._wait({"Retry-After": "Mon, 01 Jan 1990 00:00:00 GMT"}) == 0
    assert _http._wait({"Retry-After": "²"}) == 0


@pytest.mark.parametrize("head", ["Retry-After=43200", "X-RateLimit-Remaining=0 X-RateLimit-Reset=43200"])
def test_a_wait_of_hours_is_left_to_the_user(tmp_path, naps, head):
    api = Api(some_works(150))
    api.fail("cursor=Il", f"429 {head}")
    with pytest.raises(FetchError, match=r"asks to wait 12.0 hours.*100 works on 1 pages are kept"):
        get(api, tmp_path / "works")
    assert max(naps, default=0) < 1


def _absent(*_, **__):
    raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")


def _unreachable(*_, **__):
    raise OSError(errno.ENETUNREACH, "Network is unreachable")


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (("socket.getaddrinfo", _absent), "the name api.example cannot be resolved"),
        (("urllib3.util.connection.create_connection", _unreachable), "no connection to api.example: Network is"),
    ],
)
@pytest.mark.parametrize("fetch", [openalex.fetch, ror.fetch])
def test_without_a_network_it_ends_soon_and_says_so(tmp_path, naps, monkeypatch, fetch, broken, told):  # noqa: PLR0917
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(*broken)
    lines = []
    what = {"years": (2023, 2023)} if fetch is openalex.fetch else {}
    with pytest.raises(FetchError, match=rf"^no network, or a proxy is needed \(HTTPS_PROXY\): {told}") as caught:
        fetch(tmp_path / "out", base_url="https://api.example", notice=lines.append, **what)
    assert "(tried 3 times). Mend that and give the same command again." in str(caught.value)
    assert [pause for pause in naps if pause >= 1] == [1, 2]
    tries = [line for line in lines if "; try " in line]
    assert [line.partition("; ")[2] for line in tries] == ["try 2 of 3 in 1 s", "try 3 of 3 in 2 s"]
    assert not re.search(r"[A-Z]\w+Error|0x|HTTPSConnection|Max retries", " ".join([*lines, str(caught.value)]))
    assert list(tmp_path.iterdir()) == []


def test_a_proxy_that_is_not_there_is_named(tmp_path, monkeypatch):
    monkeypatch.delenv("no_proxy")
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setattr("socket.getaddrinfo", _absent)
    told = r"no network, or the proxy is wrong \(HTTPS_PROXY\): trouble with the proxy: the name proxy.example cannot"
    with pytest.raises(FetchError, match=told):
        openalex.fetch(tmp_path / "out", base_url="https://api.example", years=(2023, 2023))


def test_a_network_that_goes_away_midway_is_waited_for(tmp_path, naps, monkeypatch):
    """A fetch of days should not end because of a minute."""
    away = []

    def progress(pages, *_):
        if pages == 1 and not away:
            away.extend(range(5))
            monkeypatch.setattr("urllib3.connectionpool.HTTPConnectionPool.urlopen", fails)

    whole = urllib3.HTTPConnectionPool.urlopen

    def fails(self, *given, **named):
        if not away:
            return whole(self, *given, **named)
        away.pop()
        raise urllib3.exceptions.NameResolutionError("127.0.0.1", self._new_conn(), socket.gaierror(-3, "gone"))

    get(Api(some_works(250)), tmp_path / "works", progress=progress)
    assert [pause for pause in naps if pause >= 1] == [1, 2, 4, 8, 16]
    assert ids_of(tmp_path / "works") == [f"{BASE}W{number}" for number in range(1, 251)]


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        ("reset", "the connection broke off"),
        ("cut", "the connection broke off"),
        ("500", "HTTP 500 Internal Server Error: Told so"),
    ],
)
def test_failed_tries_are_told_in_words(tmp_path, failure, told):
    api, lines = Api(some_works(3)), []
    api.fail("works", failure)
    get(api, tmp_path / "works", notice=lines.append)
    (line,) = [line for line in lines if "; try " in line]
    assert line.startswith(told)
    assert line.endswith("; try 2 of 8 in 1 s")
    assert not re.search(r"[A-Z][a-z]+[A-Z]\w+|0x", line)


def test_an_answer_that_does_not_come_is_told_in_words(tmp_path, monkeypatch):
    monkeypatch.setattr(_http, "_TIMEOUT", urllib3.Timeout(connect=1, read=0.05))
    lines = []
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(FetchError, match=r"no answer in time \(tried 8 times\)\. Nothing is kept yet\.$"):
            openalex.fetch(tmp_path / "out", base_url=url, years=(2023, 2023), notice=lines.append)
    assert lines[1] == "no answer in time; try 2 of 8 in 1 s"


def test_a_user_who_stops_is_told_what_is_kept(tmp_path):
    lines = []

    def progress(pages, *_):
        if pages == 2:
            raise KeyboardInterrupt

    out = tmp_path / "works"
    with pytest.raises(KeyboardInterrupt):
        get(Api(some_works(250)), out, progress=progress, notice=lines.append)
    assert lines[-1] == f"Stopped. 200 works on 2 pages are kept in {out}; the same command goes on from there."
    get(Api(some_works(250)), out)
    get(Api(some_works(250)), tmp_path / "calm")
    assert content(out) == content(tmp_path / "calm")


def test_requests_are_spaced(tmp_path, monkeypatch):
    clock, begun = [100.0], []
    monkeypatch.setattr(_http, "monotonic", lambda: clock[0])

    def nap(seconds):
        clock[0] += seconds

    monkeypatch.setattr(_http, "sleep", nap)
    get(Api(some_works(450)), tmp_path / "works", progress=lambda *_: begun.append(clock[0]))
    assert begun[1:] == pytest.approx([100.0, 100.1, 100.2, 100.3, 100.4, 100.5])


def test_a_cursor_that_stands_still_ends(tmp_path):
    pages = [{"meta": {"count": 9, "next_cursor": "*"}, "results": some_works(2)}]
    api = Api()
    api.page = lambda _: pages[0]
    with pytest.raises(FetchError, match="cursor does not move on"):
        get(api, tmp_path / "works")


@pytest.mark.parametrize(
    "page",
    [
        {"meta": {"count": 9}, "results": [work(1)]},
        {"meta": {"count": 9, "next_cursor": "x"}, "results": []},
        {"meta": {"count": 9, "next_cursor": None}, "results": [{"title": "no identity"}]},
        {"meta": {"count": 9, "next_cursor": None}, "results": ["W1"]},
    ],
)
def test_a_page_that_is_none_is_a_failed_try(tmp_path, page):
    api = Api(some_works(3))
    answers = iter([page])
    true_page = api.page
    api.page = lambda query: next(answers, None) or true_page(query)
    get(api, tmp_path / "works")
    assert ids_of(tmp_path / "works") == [f"{BASE}W{n}" for n in (1, 2, 3)]


def test_an_endless_answer_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(_http, "_LARGEST_BODY", 1 << 20)
    api = Api(some_works(3))
    api.fail("works", "bomb")
    with pytest.raises(FetchError, match="more than 1,048,576 bytes in one answer"):
        get(api, tmp_path / "works")
    assert len(api.asked) == 1


def test_a_full_disk_is_told_as_such(tmp_path, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    api = Api(some_works(150))
    out = tmp_path / "works"
    with monkeypatch.context() as patch:
        patch.setattr(openalex, "new_file", full)
        with pytest.raises(OSError, match="No space left"):
            get(api, out)
    assert sorted(content(out)) == [STATE]
    get(api, out)
    assert len(ids_of(out)) == 150


# Stop and go


def test_a_server_that_dies_midway_and_comes_back(tmp_path):
    works = [work(n, authors=130 if n % 50 == 0 else 2) for n in range(1, 551)]
    get(Api(works), tmp_path / "calm")
    out = tmp_path / "works"
    with serving(Api(works)) as (url, stop):

        def die(pages, *_):
            if pages == 2:
                stop()

        with pytest.raises(
            FetchError,
            match=r"no connection to 127.0.0.1: Connection refused \(tried 8 times.*200 works on 2 pages are kept",
        ):
            openalex.fetch(out, years=(2023, 2023), base_url=url, progress=die)
    api = Api(works)
    summary = get(api, out)
    assert not any("cursor=%2A" in path for path in api.asked)
    assert (summary.pages, summary.works, summary.pages_fetched, summary.refetched) == (6, 550, 4, 11)
    assert content(out) == content(tmp_path / "calm")


def test_a_stop_of_the_user_between_page_and_state(tmp_path, monkeypatch):
    get(Api(some_works(250)), tmp_path / "calm")
    out = tmp_path / "works"
    true, calls = openalex.write_json, []

    def stopped(*arguments):
        calls.append(arguments)
        if len(calls) == 3:  # the second page is there, its state is not
            raise KeyboardInterrupt
        true(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(openalex, "write_json", stopped)
        with pytest.raises(KeyboardInterrupt):
            get(Api(some_works(250)), out)
    assert (out / "works-000002.jsonl.gz").exists()
    summary = get(Api(some_works(250)), out)
    assert (summary.pages, summary.works, summary.pages_fetched) == (3, 250, 2)
    assert content(out) == content(tmp_path / "calm")


def test_a_process_that_is_killed_leaves_a_folder_to_go_on_with(tmp_path):
    works = some_works(1500)
    out = tmp_path / "works"
    with serving(Api(works)) as (url, _):
        code = (
            "import sys, time; from innovation_graph.fetch import openalex; openalex._today = lambda: '2025-06-01';"
            "openalex.fetch(sys.argv[1], years=(2023, 2023), base_url=sys.argv[2], progress=print)"
        )
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(out), url], stdout=subprocess.PIPE, env=environment, text=True
        )
        with process:
            for line in process.stdout:
                if line.startswith("4 "):
                    process.send_signal(signal.SIGKILL)
                    break
        assert process.returncode == -signal.SIGKILL
    (out / ".works-000009.jsonl.gz.abc.part.gz").write_bytes(b"half")
    summary = get(Api(works), out)
    assert 0 < summary.pages_fetched < 15
    get(Api(works), tmp_path / "calm")
    assert content(out) == content(tmp_path / "calm")


def test_a_finished_folder_is_left_alone(tmp_path):
    out = tmp_path / "works"
    get(Api(some_works(120)), out)
    before = {path: path.stat().st_mtime_ns for path in out.iterdir()}
    api = Api(some_works(120))
    summary = get(api, out)
    assert (summary.pages, summary.works, summary.pages_fetched) == (2, 120, 0)
    assert api.asked == []
    assert before == {path: path.stat().st_mtime_ns for path in out.iterdir()}


@pytest.mark.parametrize(
    "other",
    [
        {"years": (2022, 2022)},
        {"filters": ["type:article"]},
        {"sample": 5, "seed": 1},
        {"select": ["title"]},
    ],
)
def test_another_query_does_not_get_into_the_folder(tmp_path, other):
    out = tmp_path / "works"
    get(Api(some_works(3)), out)
    before = content(out)
    with pytest.raises(RecipeError, match=r"another query, \{'filter': 'publication_year:2023'\}.*another --out"):
        get(Api(some_works(3)), out, **other)
    assert content(out) == before


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    for out in (tmp_path, tmp_path / "mine.txt"):
        with pytest.raises(RecipeError, match="holds no fetch of works"):
            get(Api(some_works(3)), out)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.txt"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": "other", "version": 1}', "[" * 100_000])
def test_a_damaged_state_is_told(tmp_path, text):
    out = tmp_path / "works"
    get(Api(some_works(3)), out)
    (out / STATE).write_text(text)
    with pytest.raises(FormatError, match=r"manifest.fetch.json: expected .*Delete the folder"):
        get(Api(some_works(3)), out)


def test_a_state_of_wrong_types_is_told(tmp_path):
    out = tmp_path / "works"
    get(Api(some_works(3)), out)
    state = json.loads((out / STATE).read_text())
    (out / STATE).write_text(json.dumps({**state, "pages": "many"}))
    with pytest.raises(FormatError, match="the state of a fetch"):
        get(Api(some_works(3)), out)


def test_a_missing_page_is_told(tmp_path):
    out = tmp_path / "works"
    get(Api(some_works(250)), out)
    (out / "works-000002.jsonl.gz").unlink()
    with pytest.raises(FormatError, match=r"expected 3 pages, got no works-000002.jsonl.gz"):
        get(Api(some_works(250)), out)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"years": None}, "all of OpenAlex"),
        ({"years": (2024, 2023)}, r"years must be \(first, last\)"),
        ({"filters": ["article"]}, "a filter of OpenAlex such as type:article"),
        ({"filters": [""]}, "a filter of OpenAlex"),
        ({"sample": 5}, "a sample and a seed"),
        ({"seed": 5}, "a sample and a seed"),
        ({"sample": 0, "seed": 1}, "1 to 10,000 works"),
        ({"sample": 10_001, "seed": 1}, "1 to 10,000 works"),
        ({"select": ["title,doi"]}, "name of a field"),
    ],
)
def test_queries_that_make_no_sense(tmp_path, wrong, told):
    api = Api(some_works(3))
    with pytest.raises(RecipeError, match=told):
        get(api, tmp_path / "works", **wrong)
    assert api.asked == []


# Authors beyond the hundredth


def test_cut_lists_of_authors_are_made_whole_in_place(tmp_path):
    works = [work(n, authors={7: 101, 120: 3000, 130: 100}.get(n, 2)) for n in range(1, 151)]
    api = Api(works)
    summary = get(api, tmp_path / "works")
    assert lines_of(tmp_path / "works") == works
    assert [path for path in api.asked if path.startswith("/works/")] == ["/works/W7", "/works/W120", "/works/W130"]
    assert (summary.refetched, summary.truncated, summary.truncated_works) == (3, 0, ())
    assert ingest(tmp_path / "works", tmp_path / "records", workers=1).truncated == 0


def test_cut_lists_are_found_without_their_mark(tmp_path):
    api = Api([work(1, authors=250), work(2)])
    get(api, tmp_path / "works", select=["authorships"])
    assert [len(found["authorships"]) for found in lines_of(tmp_path / "works")] == [250, 2]
    assert api.asked[1] == "/works/W1?select=id%2Cauthorships"


@pytest.mark.parametrize("failure", ["404", "500", "bad", "cut", "shape"])
def test_a_list_that_stays_cut_is_kept_and_named(tmp_path, failure):
    api = Api([work(1), work(2, authors=130), work(3, authors=140)])
    api.fail("^/works/W2$", *[failure] * 8)
    summary = get(api, tmp_path / "works")
    assert [len(found["authorships"]) for found in lines_of(tmp_path / "works")] == [2, 100, 140]
    assert (summary.refetched, summary.truncated, summary.truncated_works) == (1, 1, (f"{BASE}W2",))
    assert ingest(tmp_path / "works", tmp_path / "records", workers=1).truncated_works == ("W2",)


@pytest.mark.parametrize(
    "answer", [work(9, authors=300), work(2, authors=99), {**work(2, authors=150), "is_authors_truncated": True}]
)
def test_a_single_work_that_does_not_fit_is_not_taken(tmp_path, answer):
    api = Api([work(1), work(2, authors=130)])
    api.single = lambda *_: answer
    summary = get(api, tmp_path / "works")
    assert [len(found["authorships"]) for found in lines_of(tmp_path / "works")] == [2, 100]
    assert summary.truncated == 1


@pytest.mark.parametrize("failure", ["reset", "429"])
def test_an_api_that_goes_away_at_a_single_work_stops_the_fetch(tmp_path, failure):
    api = Api([work(n, authors=130 if n == 150 else 2) for n in range(1, 201)])
    api.fail("^/works/W150$", *[failure] * 8)
    with pytest.raises(FetchError, match="100 works on 1 pages are kept"):
        get(api, tmp_path / "works")
    assert get(api, tmp_path / "works").refetched == 1


# Keys, addresses, redirects, certificates


def everything_under(folder):
    return b"".join(path.read_bytes() for path in Path(folder).rglob("*") if path.is_file())


def forms(secret):
    return {secret, *(_http.quote(secret, safe=safe) for safe in ("", "/")), _http.quote_plus(secret)}


@pytest.mark.usefixtures("key")
def test_key_and_mail_go_to_the_api_and_nowhere_else(tmp_path, capfd, caplog):
    caplog.set_level(logging.DEBUG)
    api = Api([work(n, authors=120 if n == 5 else 1) for n in range(1, 251)])
    api.fail("cursor=Il", "500", "429", "bad", "cut", "reset")
    told = []
    get(api, tmp_path / "works", notice=told.append)
    assert len(api.asked) == 3 + 1 + 1 + 5
    for path in api.asked:
        query = _http.parse_qsl(_http.urlsplit(path).query)
        assert ("api_key", KEY) in query
        assert ("mailto", MAIL) in query
    api.fail("works", "400")
    with pytest.raises(FetchError) as refused:  # the server repeats the whole address in its message
        get(api, tmp_path / "other", notice=told.append)
    api.redirects["/works"] = "/elsewhere?QUERY"
    with pytest.raises(FetchError) as moved:
        get(api, tmp_path / "other", notice=told.append)
    assert "***" in str(refused.value)
    assert any(path.startswith("/elsewhere?") for path in api.asked)
    out, err = capfd.readouterr()
    errors = "".join(
        text
        for caught in (refused.value, moved.value)
        for text in (repr(caught), str(caught), repr(caught.__context__), repr(caught.__cause__))
    )
    logged = "".join(record.getMessage() for record in caplog.records)
    assert "GET /works?" in logged
    for place in (out, err, errors, logged, "".join(told), everything_under(tmp_path).decode("latin-1")):
        for secret in forms(KEY) | forms(MAIL):
            assert secret not in place
    for path in (tmp_path / "works").glob("*.gz"):
        assert MAIL.encode() not in gzip.decompress(path.read_bytes())


def test_without_key_and_mail_none_is_sent(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENALEX_API_KEY", "  ")
    api = Api(some_works(3))
    get(api, tmp_path / "works")
    assert not any("api_key" in path or "mailto" in path for path in api.asked)


def test_the_program_says_who_it_is(tmp_path):
    api = Api(some_works(3))
    get(api, tmp_path / "works")
    assert {head["User-Agent"] for head in api.heads} == {f"innovation-graph/{__version__}"}


@pytest.mark.usefixtures("key")
def test_redirects_are_followed_and_the_key_stays_at_home(tmp_path):
    works = some_works(3)
    away = Api(works)
    with serving(away) as (other, _):
        api = Api()
        api.redirects["/works"] = f"{other}/works?QUERY"
        get(api, tmp_path / "works")
    assert ids_of(tmp_path / "works") == [one["id"] for one in works]
    assert all("api_key" in path for path in api.asked)
    assert away.asked
    assert not any("api_key" in path or "mailto" in path for path in away.asked)
    home = Api([*works, work(4, authors=110)])
    home.redirects["/works/W4"] = "/works/W5"
    home.single = lambda name, _: work(4, authors=110) if name == "W5" else None
    get(home, tmp_path / "merged")
    assert "api_key" in home.asked[-2]
    assert "api_key" in next(path for path in home.asked if path.startswith("/works/W5"))


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/works", "gopher://x/"])
def test_redirects_elsewhere_are_refused(tmp_path, target):
    api = Api()
    api.redirects["/works"] = target
    with pytest.raises(FetchError, match=r"a redirect to .*, which is not followed"):
        get(api, tmp_path / "works")
    assert len(api.asked) == 1


def test_redirects_in_a_circle_end(tmp_path):
    api = Api()
    api.redirects["/works"] = "/works?QUERY"
    with pytest.raises(FetchError, match="more than 5 redirects"):
        get(api, tmp_path / "works")
    assert len(api.asked) == 6


@pytest.mark.parametrize("url", ["file:///etc", "ftp://x", "api.openalex.org", ""])
def test_other_addresses_are_refused(tmp_path, url):
    with pytest.raises(FetchError, match="begins with https://"):
        openalex.fetch(tmp_path / "works", years=(2023, 2023), base_url=url)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    )
    try:
        subprocess.run([*command.split(), "-keyout", str(path), "-out", f"{path}.crt"], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("no openssl to make a certificate with")
    path.write_text(path.read_text() + Path(f"{path}.crt").read_text())
    return path


def test_a_certificate_that_nobody_signed_is_refused_at_once(tmp_path, certificate, naps):
    api = Api(some_works(3))
    refused = pytest.raises(FetchError, match="certificate of the server is not valid")
    with serving(api, certificate=certificate) as (url, _), refused:
        openalex.fetch(tmp_path / "works", years=(2023, 2023), base_url=url)
    assert api.asked == []
    assert naps == []


def test_from_https_to_http_no_redirect_is_followed(tmp_path, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", f"{certificate}.crt")
    api = Api(some_works(3))
    with serving(api, certificate=certificate) as (url, _):
        openalex.fetch(tmp_path / "works", years=(2023, 2023), base_url=url)
        assert len(ids_of(tmp_path / "works")) == 3
        api.redirects["/works"] = url.replace("https", "http") + "/works?QUERY"
        with pytest.raises(FetchError, match="which is not followed"):
            openalex.fetch(tmp_path / "other", years=(2023, 2023), base_url=url)


# ROR

RECORD, FILE = "/api/records/6347574", "/files/dump/content"
NAME = "v1.60-2025-01-27-ror-data.zip"
DATA = bytes(range(256)) * 9000


@pytest.fixture
def register():
    """Serve a register at Zenodo; yield its address and what it holds."""
    api = Api(files={FILE: DATA})
    api.redirects[RECORD] = "/api/records/1"
    with serving(api) as (url, _):
        api.record = zenodo(DATA, url)
        yield url, api


def test_the_newest_dump_comes_and_is_not_fetched_twice(tmp_path, register):
    url, api = register
    seen = []
    path = ror.fetch(tmp_path / "ror", base_url=url, progress=lambda *counts: seen.append(counts))
    assert path == tmp_path / "ror" / NAME
    assert path.read_bytes() == DATA
    assert seen[-1] == (len(DATA), len(DATA))
    assert [each for each, _ in seen] == sorted(each for each, _ in seen)
    assert api.asked == [RECORD, "/api/records/1", FILE]
    assert ror.fetch(tmp_path / "ror", base_url=url) == path
    assert api.asked.count(FILE) == 1
    assert list(content(tmp_path / "ror")) == [NAME]


def test_a_dump_is_what_institutions_are_read_from(tmp_path, register):
    import io
    import zipfile

    url, api = register
    table = "ror,name,city,sub,cc,lat,lng\n03yrm5c26,Lab,Beijing,,CN,39.9,116.4\n"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("v1.60-2025-01-27-ror-data.csv", table)
    api.files[FILE] = packed.getvalue()
    api.record = zenodo(packed.getvalue(), url)
    assert len(read_institutions(ror.fetch(tmp_path, base_url=url))) == 1


@pytest.mark.parametrize("ranges", [True, False])
def test_a_cut_download_goes_on_or_starts_again(tmp_path, register, ranges):
    url, api = register
    api.ranges = ranges
    api.fail(FILE, "cut", "500", "cut", "reset")
    assert ror.fetch(tmp_path, base_url=url).read_bytes() == DATA
    asked = [head.get("Range") for head, path in zip(api.heads, api.asked, strict=True) if path == FILE]
    assert asked[0] is None
    assert asked[-1] == f"bytes={len(DATA) * 3 // 4 if ranges else len(DATA) // 2}-"


def test_a_download_that_stops_goes_on_with_the_next_call(tmp_path, register):
    url, api = register
    api.fail(FILE, "cut", *["503"] * 7)
    with pytest.raises(FetchError, match=r"1,152,000 of 2,304,000 bytes are kept; the same command goes on"):
        ror.fetch(tmp_path, base_url=url)
    assert list(content(tmp_path)) == [f".{NAME}.part"]
    assert ror.fetch(tmp_path, base_url=url).read_bytes() == DATA
    assert api.heads[-1]["Range"] == "bytes=1152000-"
    assert list(content(tmp_path)) == [NAME]


def test_a_download_that_the_user_stops_goes_on_with_the_next_call(tmp_path, register):
    url, api = register
    lines = []

    def progress(have, _):
        if have > len(DATA) // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ror.fetch(tmp_path, base_url=url, progress=progress, notice=lines.append)
    have = (tmp_path / f".{NAME}.part").stat().st_size
    assert lines == [f"Stopped. {have:,} of 2,304,000 bytes are kept; the same command goes on from there."]
    assert ror.fetch(tmp_path, base_url=url).read_bytes() == DATA
    assert api.heads[-1]["Range"] == f"bytes={have}-"


def test_a_spoilt_file_is_fetched_again(tmp_path, register):
    url, api = register
    (tmp_path / NAME).write_bytes(b"x" * len(DATA))
    (tmp_path / f".{NAME}.part").write_bytes(b"y" * 1000)
    assert ror.fetch(tmp_path, base_url=url).read_bytes() == DATA
    assert api.asked.count(FILE) == 2
    (tmp_path / NAME).write_bytes(DATA + b"more")
    assert ror.fetch(tmp_path, base_url=url).read_bytes() == DATA


def test_a_range_beyond_the_end_starts_again(tmp_path, register):
    url, api = register
    (tmp_path / f".{NAME}.part").write_bytes(DATA[:1000])
    api.fail(FILE, "416")
    assert ror.fetch(tmp_path, base_url=url).read_bytes() == DATA


def test_a_wrong_checksum_never_becomes_the_file(tmp_path, register):
    url, api = register
    api.files[FILE] = DATA[::-1]
    with pytest.raises(FetchError, match=r"checksum [0-9a-f]{32} instead of [0-9a-f]{32} \(tried 8 times\)"):
        ror.fetch(tmp_path, base_url=url)
    assert content(tmp_path) == {}


def test_more_bytes_than_announced_are_not_written(tmp_path, register):
    url, api = register
    api.files[FILE] = DATA * 3
    seen = []
    with pytest.raises(FetchError, match="checksum"):
        ror.fetch(tmp_path, base_url=url, progress=lambda have, _: seen.append(have))
    assert 0 < max(seen) <= len(DATA)
    assert content(tmp_path) == {}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"key": "../../evil-ror-data.zip"}, "a plain file name"),
        ({"key": "ror-data\n.zip"}, "a plain file name"),
        ({"key": "readme.txt"}, "expected one zip archive"),
        ({"checksum": "sha256:00"}, "a checksum of the form md5"),
        ({"size": 3 << 30}, "at most 2,147,483,648 bytes"),
        ({"size": 0}, "at most"),
    ],
)
def test_records_that_are_not_what_they_should_be(tmp_path, register, changed, told):
    url, api = register
    api.record["files"][0].update(changed)
    with pytest.raises(FetchError, match=told):
        ror.fetch(tmp_path / "ror", base_url=url)
    assert not (tmp_path / "ror").exists()


def test_other_files_beside_the_dump_do_not_matter(tmp_path, register):
    url, api = register
    api.record["files"][:0] = [{**api.record["files"][0], "key": name} for name in ("notes.zip", "license.txt")]
    assert ror.fetch(tmp_path, base_url=url).name == NAME


def test_a_register_goes_into_a_folder(tmp_path, register):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(FetchError, match="is not a folder"):
        ror.fetch(tmp_path / "file", base_url=register[0])


# Snapshot


@pytest.fixture
def tool(tmp_path, monkeypatch):
    """Put a tool on the PATH that writes down how it was called."""
    folder = tmp_path / "bin"
    folder.mkdir()
    path = folder / "aws"
    path.write_text(
        f'#!{sys.executable}\nimport sys, json\njson.dump(sys.argv[1:], open("{folder}/called", "w"))\nsys.exit(3)\n'
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(folder))
    return folder


def test_the_snapshot_command_is_run_as_it_is_shown_without_a_shell(tmp_path, tool, monkeypatch):
    monkeypatch.chdir(tmp_path)
    out = Path("--delete; touch hacked $(touch hacked)")
    command = snapshot.command(out)
    assert command == [
        "aws",
        "s3",
        "sync",
        "s3://openalex/data/jsonl/works",
        str(tmp_path / out),
        "--no-sign-request",
    ]
    assert snapshot.run(out) == 3
    assert json.loads((tool / "called").read_text()) == command[1:]
    assert not (tmp_path / "hacked").exists()


@pytest.mark.parametrize(("before", "comes"), [(False, False), (True, False), (False, True)])
def test_a_new_folder_into_which_nothing_came_is_removed(tmp_path, tool, before, comes):
    program = "import os, sys\nos.makedirs(sys.argv[4], exist_ok=True)\n"
    if comes:
        program += 'open(os.path.join(sys.argv[4], "part"), "w").close()\n'
    (tool / "aws").write_text(f"#!{sys.executable}\n{program}sys.exit(1)\n")
    out = tmp_path / "copy"
    if before:
        out.mkdir()
    assert snapshot.run(out) == 1
    assert out.exists() == (before or comes)


def test_without_the_tool_nothing_runs_and_the_command_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FetchError, match="not on the PATH") as caught:
        snapshot.run(tmp_path / "a b")
    assert str(caught.value).endswith(shlex.join(snapshot.command(tmp_path / "a b")))


# The package


def test_a_fetch_error_is_one_of_ours_and_travels():
    import pickle

    error = pickle.loads(pickle.dumps(FetchError("gone")))  # noqa: S301  our own bytes
    assert isinstance(error, InnovationGraphError)
    assert str(error) == "gone"
    assert error.status is None


def test_nothing_fetches_implicitly():
    code = (
        "import sys, innovation_graph, innovation_graph.cli, innovation_graph.pipeline;"
        "print([name for name in sys.modules if name.startswith(('innovation_graph.fetch', 'urllib3'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
