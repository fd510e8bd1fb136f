"""One way to ask a server: paced, patient with passing trouble, bounded in size, silent about keys."""

import contextlib
import errno
import hashlib
import json
import logging
import ssl
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import parse_qsl, quote, quote_plus, urlencode, urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    DecodeError,
    HTTPError,
    LocationValueError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)

from innovation_graph._version import __version__
from innovation_graph.errors import InnovationGraphError

__all__ = ["Client", "FetchError", "Notice"]

Notice = Callable[[str], None]
"""Takes a line for the user, such as why and how long is being waited."""

TRIES = 8
_TRIES_AWAY = 3  # without a network, and none before in this call
_RATE = 10.0  # requests a second: a tenth of what OpenAlex allows
_LONGEST_PAUSE = 60.0  # seconds between two tries
_LONGEST_WAIT = 600.0  # a server that asks for more seconds is left alone until another day
_REDIRECTS = 5
_TIMEOUT = urllib3.Timeout(connect=15, read=90)
_LARGEST_BODY = 1 << 28
_CHUNK = 1 << 18
_SHOWN = 300
_SLOW_DOWN = 429
_PARTIAL, _BAD_RANGE = 206, 416
_UNREACHABLE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN})
_PASSING = (408, 425, _SLOW_DOWN)

_WORDS: Mapping[type[HTTPError], str] = {
    ConnectTimeoutError: "no connection in time",
    ReadTimeoutError: "no answer in time",
    ProtocolError: "the connection broke off",
    DecodeError: "an answer that cannot be unpacked",
    SSLError: "no secure connection",
}

_T = TypeVar("_T")


class FetchError(InnovationGraphError):
    """Something could not be fetched; the message says what is kept and how to go on."""

    status: int | None = None
    """The last answer of the server; None: there was none."""


class _Trouble(Exception):  # noqa: N818  a signal inside this module, never seen by a user
    """One try failed."""

    def __init__(
        self, reason: str, *, status: int | None, passing: bool = True, wait: float = 0.0, away: bool = False
    ) -> None:
        super().__init__(reason)
        self.reason, self.status, self.passing, self.wait = reason, status, passing, wait
        self.away = away  # there seems to be no network at all


def _proxy(base_url: str) -> str | None:
    """Return the proxy that the environment names for a server (HTTPS_PROXY, NO_PROXY)."""
    parts = urlsplit(base_url)
    return None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)


class Client:
    """A pool of connections to one server; a context manager.

    Parameters
    ----------
    base_url : str
        Where the server is. Secrets go nowhere else.
    secrets : mapping of str to str, optional
        Query parameters that are sent with every request and never shown: empty ones are left out.
    notice : callable, optional
        Told of every try that failed.
    """

    def __init__(
        self, base_url: str, *, secrets: Mapping[str, str] | None = None, notice: Notice | None = None
    ) -> None:
        if urlsplit(base_url).scheme not in {"http", "https"}:
            raise FetchError(f"expected an address that begins with https://, got {base_url!r}")
        self.base_url = base_url.rstrip("/")
        self._secrets = {name: value for name, value in (secrets or {}).items() if value}
        self._notice = notice or (lambda _: None)
        self._next = 0.0
        self._answered = False
        agent = {"User-Agent": f"innovation-graph/{__version__}"}
        how: dict[str, Any] = {"headers": agent, "timeout": _TIMEOUT, "cert_reqs": "CERT_REQUIRED"}
        self._proxy = _proxy(base_url)
        self._pool = urllib3.ProxyManager(self._proxy, **how) if self._proxy else urllib3.PoolManager(**how)
        self._log = logging.getLogger("urllib3.connectionpool")  # at level DEBUG it writes whole addresses

    def __enter__(self) -> Self:
        """Hide secrets from the log of urllib3 too."""
        self._log.addFilter(self._hide)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Close all connections."""
        self._pool.clear()
        self._log.removeFilter(self._hide)

    def get(self, path: str, read: Callable[[bytes], _T]) -> _T:
        """Return what `read` makes of the body at a path or address; a ValueError of it is a failed try."""
        url = urljoin(self.base_url + "/", path)

        def attempt() -> _T:
            with self._open(url, {"Accept": "application/json", "Accept-Encoding": "gzip"}) as response:
                body = bytearray()
                for chunk in response.stream(_CHUNK, decode_content=True):
                    body += chunk
                    if len(body) > _LARGEST_BODY:
                        raise _Trouble(
                            f"more than {_LARGEST_BODY:,} bytes in one answer", status=response.status, passing=False
                        )
                try:
                    return read(bytes(body))
                except (ValueError, RecursionError) as error:
                    raise _Trouble(f"an answer that makes no sense: {error}", status=response.status) from error

        return self._patiently(url, attempt)

    def download(self, url: str, aside: Path, *, size: int, md5: str, on_bytes: Callable[[int], None]) -> None:
        """Bring a file of known size and checksum to `aside`; what stands there already is continued."""

        def attempt() -> None:
            have = aside.stat().st_size if aside.exists() else 0
            if have < size:
                have = self._continue(url, aside, have, size, on_bytes)
            if have < size:
                raise _Trouble(f"{have:,} of {size:,} bytes", status=200)
            found = hashlib.md5(usedforsecurity=False)
            with aside.open("rb") as file:
                while block := file.read(_CHUNK):
                    found.update(block)
            if have > size or found.hexdigest() != md5:
                aside.unlink()
                raise _Trouble(f"checksum {found.hexdigest()} instead of {md5}", status=200)

        self._patiently(url, attempt)

    def _continue(self, url: str, aside: Path, have: int, size: int, on_bytes: Callable[[int], None]) -> int:
        asked = {"Range": f"bytes={have}-"} if have else {}
        try:
            with self._open(url, {"Accept-Encoding": "identity", **asked}) as response:
                span = response.headers.get("Content-Range", "")
                continued = response.status == _PARTIAL and span.startswith(f"bytes {have}-")
                have = have if continued else 0
                with aside.open("ab" if continued else "wb") as file:
                    for chunk in response.stream(_CHUNK, decode_content=False):
                        have += len(chunk)
                        if have > size:  # a disk is not filled because a server does not stop
                            break
                        file.write(chunk)
                        on_bytes(have)
        except _Trouble as trouble:
            if trouble.status == _BAD_RANGE:
                aside.unlink(missing_ok=True)
                raise _Trouble("the download cannot be continued and starts again", status=_BAD_RANGE) from None
            raise
        return have

    def _patiently(self, url: str, attempt: Callable[[], _T]) -> _T:
        """Try until it works, the server says no, or it makes no sense to go on."""
        trouble, most = _Trouble("", status=None), TRIES
        for number in range(1, TRIES + 1):
            self._pace()
            try:
                return attempt()
            except _Trouble as caught:
                trouble = caught
            except HTTPError as error:
                trouble = _from_urllib3(error)
            # A network that was there comes back, and a fetch of days should see it; else the user should be told.
            most = _TRIES_AWAY if trouble.away and not self._answered else TRIES
            if not trouble.passing or number >= most or trouble.wait > _LONGEST_WAIT:
                break
            pause = max(trouble.wait, min(_LONGEST_PAUSE, 2.0 ** (number - 1)))
            self._notice(self._hidden(f"{trouble.reason}; try {number + 1} of {most} in {pause:.0f} s"))
            sleep(pause)
        tries = f" (tried {number} times)" if number > 1 else ""
        ask = f" It asks to wait {trouble.wait / 3600:.1f} hours." if trouble.wait > _LONGEST_WAIT else ""
        what = f"{trouble.reason}{tries}."
        if trouble.away:
            proxy = "the proxy is wrong" if self._proxy else "a proxy is needed"
            told = f"no network, or {proxy} (HTTPS_PROXY): {what} Mend that and give the same command again."
        else:
            told = f"{self._bare(url)}: {what}{ask}"
        failure = FetchError(self._hidden(told))
        failure.status = trouble.status
        raise failure

    def _pace(self) -> None:
        now = monotonic()
        if self._next > now:
            sleep(self._next - now)
        self._next = max(now, self._next) + 1 / _RATE

    @contextlib.contextmanager
    def _open(self, url: str, headers: Mapping[str, str]) -> Iterator[urllib3.BaseHTTPResponse]:
        """Yield the answer to a request, after redirects; anything but success is a `_Trouble`."""
        for _ in range(_REDIRECTS + 1):
            response = self._pool.request(
                "GET",
                self._signed(url),
                headers={**self._pool.headers, **headers},
                preload_content=False,
                redirect=False,
                retries=False,
            )
            self._answered = True
            try:
                target = response.get_redirect_location()
                if not target:
                    if not 200 <= response.status < 300:
                        raise self._refusal(response)
                    yield response
                    return
            except HTTPError as error:
                raise _from_urllib3(error, response.status) from error
            finally:
                response.close()
            before, url = url, self._bare(urljoin(url, target))
            schemes = (urlsplit(before).scheme, urlsplit(url).scheme)
            if schemes not in {("https", "https"), ("http", "http"), ("http", "https")}:
                raise _Trouble(f"a redirect to {url}, which is not followed", status=response.status, passing=False)
        raise _Trouble(f"more than {_REDIRECTS} redirects", status=response.status, passing=False)

    def _refusal(self, response: urllib3.BaseHTTPResponse) -> _Trouble:
        said = _message(response.read(1 << 14, decode_content=True) or b"")
        reason = f"HTTP {response.status} {response.reason or ''}".rstrip() + (f": {said}" if said else "")
        passing = response.status in _PASSING or response.status >= 500
        return _Trouble(reason, status=response.status, passing=passing, wait=_wait(response.headers))

    def _signed(self, url: str) -> str:
        parts = urlsplit(url)
        if not self._secrets or parts[:2] != urlsplit(self.base_url)[:2]:
            return url
        return parts._replace(query="&".join(filter(None, [parts.query, urlencode(self._secrets)]))).geturl()

    def _bare(self, url: str) -> str:
        """Return an address without secrets, which a server may send back in a redirect."""
        parts = urlsplit(url)
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        kept = [(name, value) for name, value in pairs if name not in self._secrets]
        return url if len(kept) == len(pairs) else parts._replace(query=urlencode(kept)).geturl()

    def _hidden(self, text: str) -> str:
        for value in self._secrets.values():
            for form in (value, quote(value), quote(value, safe=""), quote_plus(value)):
                text = text.replace(form, "***")
        return text

    def _hide(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = self._hidden(record.getMessage()), ()
        return True


def _from_urllib3(error: HTTPError, status: int | None = None) -> _Trouble:
    cause = error.args[0] if isinstance(error, SSLError) and error.args else None
    if isinstance(cause, ssl.SSLCertVerificationError):
        return _Trouble(f"the certificate of the server is not valid: {cause}", status=None, passing=False)
    passing = not isinstance(error, LocationValueError)
    first = error.original_error if isinstance(error, ProxyError) else error
    away = isinstance(first, NameResolutionError) or getattr(first.__cause__, "errno", None) in _UNREACHABLE
    return _Trouble(_clean(_in_words(error)), status=status, passing=passing, away=away)


def _in_words(error: Exception) -> str:
    """Return what happened as a user would say it; urllib3 speaks of objects and their addresses."""
    if isinstance(error, ProxyError):
        return f"trouble with the proxy: {_in_words(error.original_error)}"
    if isinstance(error, NameResolutionError):
        return f"the name {error.conn.host} cannot be resolved"
    if isinstance(error, NewConnectionError):
        return f"no connection to {error.conn.host}: {getattr(error.__cause__, 'strerror', None) or 'it failed'}"
    return next((words for kind, words in _WORDS.items() if isinstance(error, kind)), str(error))


def _message(body: bytes) -> str:
    """Return what an answer says in words: the message of OpenAlex or Zenodo, else nothing."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    texts = [said.get(key) for key in ("error", "message")] if isinstance(said, dict) else []
    return _clean(": ".join(text for text in texts if isinstance(text, str)))


def _clean(text: str) -> str:
    """Return one short line that cannot steer a terminal."""
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(line.split())[:_SHOWN].rstrip(".")


def _wait(headers: Mapping[str, str]) -> float:
    """Return the seconds a server asks to wait, 0 if it does not say."""
    asked = headers.get("Retry-After", "").strip()
    if not asked and _seconds(headers.get("X-RateLimit-Remaining", "")) == 0:
        asked = headers.get("X-RateLimit-Reset", "")  # OpenAlex: seconds until the allowance of a day is renewed
    found = _seconds(asked)
    if found is None:
        try:
            found = (parsedate_to_datetime(asked) - datetime.now(UTC)).total_seconds()
        except (TypeError, ValueError):
            return 0.0
    return max(0.0, found)


def _seconds(text: str) -> float | None:
    text = text.strip()
    return float(text) if text.isascii() and text.isdecimal() else None
