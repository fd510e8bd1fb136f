"""Technology fields of patents: which symbols of the classifications, and which keywords, make a field."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from innovation_graph._schemes import SCHEMES, Row, Scheme, read_keywords, read_scheme
from innovation_graph.errors import RecipeError, RecordsError, UnknownNameError
from innovation_graph.records import SCHEMAS, Records, RecordsWriter, read_records
from innovation_graph.symbols import normalise

__all__ = ["BREADTHS", "SCHEMES", "Row", "Scheme", "assign", "read_keywords", "read_scheme", "reassign"]

BREADTHS: tuple[str, ...] = ("broad", "narrow")
"""What becomes of a row that also requires keywords where there are none: taken whole, or left out."""

_WORDS_PER_SEARCH = 100
_STRINGS = pa.list_(pa.string())
# Chinese, Japanese and Korean words stand in a text without borders of their own.
_CLOSE = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]"
_BETWEEN = r"[^\p{L}\p{N}+#]+"  # C++ and C# are words


def assign(
    ipc: pa.Array | pa.ChunkedArray,
    scheme: Scheme,
    *,
    breadth: str = "broad",
    cpc: pa.Array | pa.ChunkedArray | None = None,
    texts: pa.Array | pa.ChunkedArray | Sequence[str | None] | None = None,
    keywords: Mapping[str, Iterable[str]] | None = None,
    by: Literal["field", "branch"] = "field",
) -> pa.ListArray:
    """Give works the fields that their symbols belong to.

    A work is in a field if one of the field's rows names one of its symbols. If the row also requires keywords
    and there are some, for its branch or else for its field, one of them must besides occur in the work's text.
    If there are none, `breadth` decides.

    Parameters
    ----------
    ipc : pyarrow array of lists of strings
        IPC symbols of each work, in any spelling that `symbols.normalise` knows.
    scheme : Scheme
        The fields.
    breadth : {"broad", "narrow"}
        Whether rows that also require keywords are taken whole or left out.
    cpc : pyarrow array of lists of strings, optional
        CPC symbols of each work. They are used only for works without any IPC symbol.
    texts : pyarrow array or sequence of str, optional
        Title, or title and abstract, of each work; needed for keywords. A work without text has no keyword.
    keywords : mapping of str to iterable of str, optional
        Words and phrases by the name of a field or branch, see `read_keywords`. A keyword must occur as whole
        words; Chinese, Japanese and Korean letters count as words of their own, so there any piece of a text
        will do. Case, the width of letters and the marks between words do not matter.
    by : {"field", "branch"}
        What to name: fields, or branches by `Row.label`.

    Returns
    -------
    pyarrow.ListArray of str
        For each work the distinct names in the order of the scheme; empty: in none of them; null: the work has no
        symbol at all, so nothing is known.

    Raises
    ------
    RecipeError
        If `breadth` is unknown, or keywords come without texts or are no lists.
    UnknownNameError
        If keywords are for a field or branch that the scheme does not have.
    RecordsError
        If the columns differ in length.
    """
    if breadth not in BREADTHS:
        raise RecipeError(f"breadth = {breadth!r}; known: {', '.join(BREADTHS)}")
    words_of = _check_keywords(scheme, keywords or {})
    if words_of and texts is None:
        raise RecipeError("keywords need texts to look for them in")
    for name, column in (("cpc", cpc), ("texts", texts)):
        if column is not None and len(column) != len(ipc):
            raise RecordsError(f"{name} has {len(column)} rows, but ipc has {len(ipc)}")
    names = scheme.fields if by == "field" else scheme.branches
    groups = _groups(scheme, [row.field if by == "field" else row.label for row in scheme.rows], breadth, words_of)
    spelled = _spelled(texts) if words_of else None
    spoken = {words: _mention(spelled, words) for words in {words for _, words in groups} if words}
    hits = np.zeros((len(ipc), len(names)), dtype=bool)
    known = np.zeros(len(ipc), dtype=bool)
    for column in (ipc, cpc) if cpc is not None else (ipc,):
        work, code, symbols = _coded(column)
        if known.any():
            new = ~known[work]
            work, code = work[new], code[new]
        rows_of = [frozenset(scheme.rows_of(symbol)) for symbol in symbols]
        for (name, words), rows in groups.items():
            named = np.array([not rows_here.isdisjoint(rows) for rows_here in rows_of], dtype=bool)
            found = work[named[code]]
            hits[found[spoken[words][found]] if words else found, names.index(name)] = True
        known[work] = True
    _, number = np.nonzero(hits)
    ends = np.concatenate([[0], np.cumsum(hits.sum(axis=1))])
    values = pa.array(names, pa.string()).take(pa.array(number))
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), values, mask=pa.array(~known))


def reassign(
    records: Records,
    scheme: Scheme,
    out: Path | str,
    *,
    breadth: str = "broad",
    keywords: Mapping[str, Iterable[str]] | None = None,
) -> Records:
    """Write records anew with other fields of their patents; papers keep theirs.

    Parameters
    ----------
    records : Records
        With the IPC, or else CPC, symbols of their patents.
    scheme : Scheme
        The fields.
    out : str or Path
        Name of the new folder; it appears only when everything is written.
    breadth, keywords : optional
        See `assign`. Records hold no abstracts: keywords are looked for in the titles alone.

    Returns
    -------
    Records
        Backed by the new folder. `info["fields"]` says how the fields were given and how many patents each has.

    Raises
    ------
    RecordsError
        If no patent has a symbol, or `out` is the folder of these records.
    """
    if records.folder is not None and records.folder.resolve() == Path(out).resolve():
        raise RecordsError(f"{out} is the folder of these records; choose another for the new ones")
    works = records.works
    given = assign(works["ipc"], scheme, breadth=breadth, cpc=works["cpc"], texts=works["title"], keywords=keywords)
    patents = pc.equal(works["kind"], "patent").combine_chunks()
    counted = pc.value_counts(pc.list_flatten(given.filter(patents)))
    if pc.all(pc.is_null(given.filter(patents))).as_py() is not False:
        raise RecordsError("no patent of these records has an IPC or CPC symbol")
    place = works.schema.get_field_index("fields")
    fields = pc.if_else(patents, given, works["fields"].combine_chunks())
    works = works.set_column(place, works.schema.field(place), fields)
    about = {
        "scheme": scheme.name,
        "breadth": breadth,
        "keywords": sorted(keywords) if keywords else None,
        "text": "title" if keywords else None,
        "works": {row["values"]: row["counts"] for row in counted.to_pylist()},
    }
    with RecordsWriter(out, source=str(records.info["source"]), synthetic=records.synthetic) as writer:
        for batch in records.site_batches(SCHEMAS["sites"].names):
            sites = pa.table(dict(zip(SCHEMAS["sites"].names, batch, strict=True)))
            upto = int(batch[0][-1]) + 1 if len(batch[0]) else writer.n_works
            writer.add(works.slice(writer.n_works, upto - writer.n_works), sites)
        writer.add(works.slice(writer.n_works), SCHEMAS["sites"].empty_table())
        extra = {key: value for key, value in records.info.items() if key not in ("format", "version", "counts")}
        writer.finish(records.addresses, actors=records.actors, info={**extra, "fields": about})
    return read_records(out)


def _groups(
    scheme: Scheme, names: Sequence[str], breadth: str, words_of: Mapping[str, tuple[str, ...]]
) -> dict[tuple[str, tuple[str, ...]], list[int]]:
    """Group the rows that count by the name they give and the keywords they ask for: these are looked at together."""
    groups: dict[tuple[str, tuple[str, ...]], list[int]] = {}
    for number, (row, name) in enumerate(zip(scheme.rows, names, strict=True)):
        words: tuple[str, ...] = ()
        if row.keywords_required:
            words = words_of.get(row.label) or words_of.get(row.branch) or words_of.get(row.field) or ()
            if not words and breadth == "narrow":
                continue
        groups.setdefault((name, words), []).append(number)
    return groups


def _coded(column: pa.Array | pa.ChunkedArray) -> tuple[NDArray[np.int64], NDArray[np.int64], list[str]]:
    """Return a work and a symbol for each entry that is one, and the distinct symbols."""
    lists = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    lists = lists.cast(_STRINGS)
    sizes = pc.list_value_length(lists).fill_null(0).to_numpy(zero_copy_only=False)
    encoded = pc.list_flatten(lists).dictionary_encode()
    code = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    work = np.repeat(np.arange(len(lists)), sizes)
    numbers: dict[str, int] = {}
    read = (normalise(text) for text in encoded.dictionary.to_pylist())
    # One more entry at the end serves nulls.
    number = np.array([-1 if s is None else numbers.setdefault(s, len(numbers)) for s in read] + [-1], dtype=np.int64)
    code = number[code]
    good = code >= 0
    return work[good], code[good], list(numbers)


def _check_keywords(scheme: Scheme, keywords: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    known = {name for row in scheme.rows for name in (row.field, row.branch, row.label)}
    for name in keywords:
        if name not in known:
            raise UnknownNameError(f"field or branch of {scheme.name}", name, known)
    found = {name: words if isinstance(words, str) else tuple(words) for name, words in keywords.items()}
    for name, words in found.items():
        if isinstance(words, str) or not all(isinstance(word, str) and word.strip() for word in words):
            raise RecipeError(f"keywords of {name!r} should be a list of words, not {words!r}")
    return {name: tuple(words) for name, words in found.items()}


def _mention(spelled: pa.ChunkedArray, words: Sequence[str]) -> NDArray[np.bool_]:
    """Say which texts hold one of the words."""
    forms = [re.escape(word) for word in _spelled(words).to_pylist()]
    found = np.zeros(len(spelled), dtype=bool)
    for start in range(0, len(forms), _WORDS_PER_SEARCH):
        hits = pc.match_substring_regex(spelled, "|".join(forms[start : start + _WORDS_PER_SEARCH]))
        found |= hits.fill_null(fill_value=False).to_numpy()
    return found


def _spelled(texts: Any) -> pa.ChunkedArray:
    """Write texts as words between single blanks, also at both ends; each letter of a close script is a word."""
    column = texts if isinstance(texts, pa.ChunkedArray) else pa.chunked_array([pa.array(texts, pa.string())])
    column = pc.utf8_lower(pc.utf8_normalize(column.cast(pa.string()), form="NFKC"))
    column = pc.replace_substring_regex(column, _CLOSE, r" \0 ")
    column = pc.replace_substring_regex(column, _BETWEEN, " ")
    return pc.binary_join_element_wise("", pc.utf8_trim(column, " "), "", " ")
