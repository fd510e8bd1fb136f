"""Plain values as TOML, so that what was done can be read, changed and done again."""

import json
import math
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["to_inline", "to_toml"]


def to_toml(value: Mapping[str, Any], prefix: str = "") -> str:
    """Write nested tables of plain values; None is left out of tables (a list cannot hold it).

    Parameters
    ----------
    value : mapping
        Strings, numbers, booleans, lists of these, mappings, and lists of mappings.
    prefix : str
        Name of the table that `value` stands in.

    Returns
    -------
    str
        TOML; tables come after the plain values they stand beside.

    Examples
    --------
    >>> print(to_toml({"title": "a", "steps": [{"scale": 0.5}]}))
    title = "a"
    <BLANKLINE>
    [[steps]]
    scale = 0.5
    <BLANKLINE>
    """
    tables = {key: item for key, item in value.items() if isinstance(item, Mapping)}
    lists = {key: item for key, item in value.items() if _of_tables(item)}
    plain = {key: item for key, item in value.items() if key not in tables and key not in lists and item is not None}
    head = f"[{prefix}]\n" if prefix and (plain or not (tables or lists)) else ""
    lines = "".join(f"{_key(key)} = {to_inline(item)}\n" for key, item in plain.items())
    parts = [head + lines] if head or lines else []
    parts += [to_toml(item, _dotted(prefix, key)) for key, item in tables.items()]
    for key, items in lists.items():
        name = _dotted(prefix, key)
        for item in items:
            body = to_toml(item, name)
            single = f"[{name}]\n"
            parts.append(f"[{single[:-1]}]\n" + body.removeprefix(single))
    return "\n".join(parts)


def to_inline(value: Any) -> str:
    """Write a plain value on one line.

    Parameters
    ----------
    value : object
        String, number, boolean, list of these, or mapping.

    Returns
    -------
    str
        TOML.

    Raises
    ------
    TypeError
        If it is something else; TOML has no null.

    Examples
    --------
    >>> to_inline({"into": "Ruhr", "places": ["Essen", "Bochum"], "most": float("inf")})
    '{ into = "Ruhr", places = ["Essen", "Bochum"], most = inf }'
    """
    if isinstance(value, Mapping):
        inside = (f"{_key(key)} = {to_inline(item)}" for key, item in value.items() if item is not None)
        return f"{{ {', '.join(inside)} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(to_inline, value))}]"
    if value is None:
        raise TypeError("TOML has no null: leave the entry out")
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # inf, -inf, nan; JSON writes them otherwise
    return _quoted(value)


def _of_tables(item: object) -> bool:
    return isinstance(item, list | tuple) and len(item) > 0 and all(isinstance(entry, Mapping) for entry in item)


def _quoted(value: Any) -> str:
    # JSON's strings, numbers and booleans are TOML's, but for the character DEL, which TOML wants escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _dotted(prefix: str, key: str) -> str:
    return f"{prefix}.{_key(key)}" if prefix else _key(key)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _quoted(name)
