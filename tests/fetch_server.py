"""A real server on this machine that plays the APIs of OpenAlex and Zenodo, and fails as it is told."""

import gzip
import hashlib
import json
import re
import socket
import ssl
import struct
import threading
from collections import deque
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from urllib.parse import parse_qs, urlsplit

LISTED_AUTHORS = 100


class Api:
    """What the server holds, what it was asked, and the failures it still has to show.

    `fail` takes (pattern, failure, ...) and shows the failures one by one to requests whose address fits the
    pattern. Failures: a status ("500"), a status with headers ("429 Retry-After=7"), "cut" (half an answer),
    "reset" (the connection breaks off), "bad" (no JSON), "html", "shape" (JSON, but no page), "utf8", "bomb".
    """

    def __init__(self, works=(), *, pages=None, files=None, record=None):
        self.works = list(works)
        self.pages = pages
        self.files = dict(files or {})
        self.record = record
        self.asked = []
        self.heads = []
        self.failures = deque()
        self.redirects = {}
        self.ranges = True
        self.listed = 0

    def fail(self, pattern, *failures):
        self.failures.extend((pattern, failure) for failure in failures)

    def next_failure(self, path):
        for place, (pattern, failure) in enumerate(self.failures):
            if re.search(pattern, path):
                del self.failures[place]
                return failure
        return None

    def page(self, query):
        """Answer a list request as OpenAlex does."""
        size = int(query["per_page"])
        works = [work for work in self.works if fits(work, query.get("filter", ""))]
        if "sample" in query:
            if "cursor" in query:
                raise ValueError("cursor and sample")
            drawn = Random(int(query["seed"])).sample(works, min(int(query["sample"]), len(works)))  # noqa: S311
            first = (int(query["page"]) - 1) * size
            meta = {"count": len(drawn), "page": int(query["page"]), "per_page": size}
            return {"meta": meta, "results": [trimmed(work, query) for work in drawn[first : first + size]]}
        place = 0 if query["cursor"] == "*" else int(query["cursor"].removeprefix("Il+/="))
        if self.pages is not None:
            page = json.loads(json.dumps(self.pages[place]))
            page["meta"]["next_cursor"] = f"Il+/={place + 1}" if place + 1 < len(self.pages) else None
            return page
        results = [trimmed(work, query) for work in works[place : place + size]]
        # The last page with works still has a cursor; it leads to an empty page without.
        following = f"Il+/={place + size}" if results else None
        return {
            "meta": {"count": len(works), "per_page": size, "next_cursor": following},
            "results": results,
            "group_by": [],
        }

    def single(self, name, query):
        for work in self.works:
            if work["id"].endswith("/" + name):
                return chosen(work, query)
        return None


def fits(work, text):
    for part in filter(None, text.split(",")):
        name, _, value = part.partition(":")
        have = work.get(name)
        if value[0] in "<>":
            if not (have > int(value[1:]) if value[0] == ">" else have < int(value[1:])):
                return False
        elif str(have) != value:
            return False
    return True


def chosen(work, query):
    return {name: work[name] for name in query["select"].split(",") if name in work} if "select" in query else work


def trimmed(work, query):
    if len(work["authorships"]) > LISTED_AUTHORS:
        work = {**work, "authorships": work["authorships"][:LISTED_AUTHORS], "is_authors_truncated": True}
    return chosen(work, query)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # head and body in one go: a client that waits for the second half waits 40 ms

    def log_message(self, *_):
        pass

    def do_GET(self):
        api = self.server.api
        api.asked.append(self.path)
        api.heads.append(dict(self.headers))
        failure = api.next_failure(self.path)
        if failure and (failure[0].isdigit() or failure in {"reset", "bad", "html", "shape", "utf8", "bomb"}):
            return self.misbehave(failure)
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path in api.redirects:
            target = api.redirects[parts.path].replace("QUERY", parts.query)
            return self.answer(302, b"", {"Location": target})
        if parts.path == "/works":
            api.listed += 1
            body, status = api.page(query), 200
        elif parts.path.startswith("/works/"):
            found = api.single(parts.path.removeprefix("/works/"), query)
            body, status = (found, 200) if found else ({"error": "Not found", "message": "no such work"}, 404)
        elif parts.path == "/api/records/1":
            body, status = api.record, 200
        elif parts.path in api.files:
            return self.send_file(api.files[parts.path], cut=failure == "cut")
        else:
            body, status = {"error": "Not found"}, 404
        return self.answer(status, json.dumps(body, indent=1).encode(), cut=failure == "cut")

    def answer(self, status, body, headers=None, *, cut=False):
        if "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body, mtime=0)
            headers = {"Content-Encoding": "gzip", **(headers or {})}
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        if cut:
            self.close_connection = True

    def send_file(self, data, *, cut):
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", "")) if self.server.api.ranges else None
        start = int(asked[1]) if asked else 0
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        end = start + (len(data) - start) // 2 if cut else len(data)
        self.wfile.write(data[start:end])
        if cut:
            self.close_connection = True

    def misbehave(self, failure):
        if failure == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            return None
        status, *headers = failure.split()
        if status.isdigit():
            said = json.dumps({"error": "Told so", "message": f"asked for {self.path} \x1b[31m"}).encode()
            return self.answer(int(status), said, dict(text.split("=", 1) for text in headers))
        return self.answer(200, broken(failure))


def broken(failure):
    return {
        "bad": b'{"meta": {"count": 3, "next_cursor": null}, "results": [{"id": "https://openalex.org/W1", ',
        "html": b"<html><body>We are down for maintenance</body></html>",
        "shape": b'{"results": "none"}',
        "utf8": b'{"meta": {"count": 1, "next_cursor": null}, "results": [{"id": "W1", "title": "\xff\xfe"}]}',
        "bomb": b" " * (4 << 20),
    }[failure]


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, *arguments):
        self.connections = []
        super().__init__(*arguments)

    def get_request(self):
        connection, address = super().get_request()
        self.connections.append(connection)
        return connection, address

    def hang_up(self):
        """Break off connections that clients keep for later."""
        for connection in self.connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, *_):
        pass  # a client that hangs up is part of the game


@contextmanager
def serving(api, *, port=0, certificate=None):
    """Serve until the end of the block; yield the address and the function that stops the server for good."""
    server = Server(("127.0.0.1", port), Handler)
    server.api = api
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    stopped = threading.Event()

    def stop():
        if not stopped.is_set():
            stopped.set()
            server.shutdown()
            server.server_close()
            server.hang_up()
            thread.join()

    try:
        yield f"http{'s' if certificate else ''}://127.0.0.1:{server.server_address[1]}", stop
    finally:
        stop()


def zenodo(data, url, *, name="v1.60-2025-01-27-ror-data.zip", **changed):
    """Return a record of Zenodo with one file."""
    file = {
        "key": name,
        "size": len(data),
        "checksum": "md5:" + hashlib.md5(data).hexdigest(),  # noqa: S324  what Zenodo gives
        "links": {"self": f"{url}/files/dump/content"},
        **changed,
    }
    return {"id": 1, "conceptrecid": "6347574", "metadata": {"title": "ROR Data"}, "files": [file]}
