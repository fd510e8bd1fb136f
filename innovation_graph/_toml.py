"""Plain values as TOML, so that what was done can be read, changed and done again."""

import json
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["to_toml"]


def to_toml(value: Mapping[str, Any], prefix: str = "") -> str:
    """Write nested tables of plain values; None is left out. JSON's strings, numbers, booleans and lists are TOML's.

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
    lines = "".join(f"{_key(key)} = {_value(item)}\n" for key, item in plain.items())
    parts = [head + lines] if head or lines else []
    parts += [to_toml(item, _dotted(prefix, key)) for key, item in tables.items()]
    for key, items in lists.items():
        name = _dotted(prefix, key)
        for item in items:
            body = to_toml(item, name)
            single = f"[{name}]\n"
            parts.append(f"[{single[:-1]}]\n" + body.removeprefix(single))
    return "\n".join(parts)


def _of_tables(item: object) -> bool:
    return isinstance(item, list | tuple) and len(item) > 0 and all(isinstance(entry, Mapping) for entry in item)


def _value(item: Any) -> str:
    if isinstance(item, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_value(entry)}" for key, entry in item.items()) + " }"
    if isinstance(item, list | tuple):
        return f"[{', '.join(map(_value, item))}]"
    return json.dumps(item, ensure_ascii=False)


def _dotted(prefix: str, key: str) -> str:
    return f"{prefix}.{_key(key)}" if prefix else _key(key)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)
