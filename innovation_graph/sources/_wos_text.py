"""Plain text of Web of Science: fields under two-letter tags, going on in indented lines."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from innovation_graph.sources._reading import Reading

__all__ = ["Fields", "read_tagged", "whole_lines"]

Fields = dict[str, list[str]]
"""Lines by tag."""

_MOST = 1 << 22
"""Characters of a record beyond which it is none."""

_TAGGED = re.compile(r"\ufeff?([A-Z][A-Z0-9])(?: (.*))?$")


@dataclass(slots=True)
class _Begun:
    line: int
    last: int
    fields: Fields = field(default_factory=dict)
    tag: str = "PT"
    size: int = 0
    trouble: str = ""

    def take(self, number: int, text: str, tag: str, value: str) -> None:
        self.size += len(text)
        if number > self.last + 1:
            self.trouble = f"line {self.last + 1} of it cannot be read"
        self.last = number
        if self.size > _MOST:
            self.trouble = f"a record of more than {_MOST:,} characters"
            self.fields.clear()
        elif tag or text.startswith("   ") or not text:
            self.tag = tag or self.tag
            self.fields.setdefault(self.tag, []).append(value)
        elif not self.trouble:
            self.trouble = f"line {number}: neither a field nor indented: {text[:40]!r}"


def read_tagged(lines: Iterable[tuple[int, str]], reading: Reading) -> Iterator[tuple[int, Fields]]:
    """Yield records with the line of their PT; one without an end, or with lines that are no field, is refused.

    Parameters
    ----------
    lines : iterable of (int, str)
        Lines of a file, in which several exports may stand behind each other.
    reading : Reading
        Takes what is refused, and counts.
    """
    record: _Begun | None = None

    def refuse(begun: _Begun, reason: str) -> None:
        reading.lines += 1
        shown = [*begun.fields.get("UT", ()), *begun.fields.get("TI", ())]
        reading.reject(begun.line, reason, " ".join(shown))

    for number, line in lines:
        text = line.rstrip()
        found = _TAGGED.match(text)
        tag, value = (found[1], (found[2] or "").strip()) if found else ("", text.strip())
        if tag == "PT":
            if record is not None:
                refuse(record, "a record that does not end (no ER)")
            record = _Begun(number, number, {"PT": [value]})
        elif record is None:
            continue
        elif tag == "ER":
            if record.trouble:
                refuse(record, record.trouble)
            else:
                reading.lines += 1
                yield record.line, record.fields
            record = None
        else:
            record.take(number, text, tag, value)
    if record is not None:
        refuse(record, "a record that does not end (no ER); is the file cut?")


def whole_lines(lines: list[str]) -> list[str]:
    """Join addresses that go on in the next line: each ends with a full stop, if any does."""
    if not any(line.endswith(".") for line in lines):
        return lines
    whole: list[str] = []
    for line in lines:
        if whole and not whole[-1].endswith(".") and not line.startswith("["):
            whole[-1] += f" {line}"
        else:
            whole.append(line)
    return whole
