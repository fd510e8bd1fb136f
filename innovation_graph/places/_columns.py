"""Columns of the addresses table as integer codes and arrays."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from innovation_graph.places import countries

__all__ = ["Coded", "coded", "coordinates", "country_codes", "geonames_ids"]


@dataclass(frozen=True)
class Coded:
    """A text column: `texts[codes[i]]` is the text of row i, code -1 says that there is none."""

    codes: NDArray[np.int64]
    texts: list[str]

    def recoded(self, of: NDArray[np.int64]) -> NDArray[np.int64]:
        """Replace each code by its entry in `of`, keeping -1."""
        return np.append(of, -1)[self.codes]


def coded(table: pa.Table, column: str) -> Coded:
    """Encode a text column; white space at the ends is dropped, empty text is none."""
    if column not in table.column_names:
        return Coded(np.full(len(table), -1), [])
    array = table[column].combine_chunks() if table[column].num_chunks != 1 else table[column].chunk(0)
    encoded = pc.dictionary_encode(array.cast(pa.string()))
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    values = [text.strip() for text in encoded.dictionary.to_pylist()]
    blank = np.array([code if text else -1 for code, text in enumerate(values)] + [-1], dtype=np.int64)
    return Coded(blank[codes], values)


def country_codes(table: pa.Table) -> Coded:
    """Encode the country column as ISO 3166-1 codes; a name is accepted, what is neither is none."""
    raw = coded(table, "country")
    found = [countries.code_or_name(text) for text in raw.texts]
    values = sorted({iso2 for iso2 in found if iso2})
    of = np.array([values.index(iso2) if iso2 else -1 for iso2 in found], dtype=np.int64)
    return Coded(raw.recoded(of), values)


def geonames_ids(table: pa.Table) -> NDArray[np.int64]:
    """Return the GeoNames ids, 0 where there is none."""
    return _numbers(table, "geonames_id", pa.int64(), 0)


def coordinates(table: pa.Table) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return latitude and longitude; both NaN where one is missing or out of range."""
    lat, lon = (_numbers(table, column, pa.float64(), np.nan) for column in ("lat", "lon"))
    with np.errstate(invalid="ignore"):
        good = (np.abs(lat) <= 90) & (np.abs(lon) <= 180)
    return np.where(good, lat, np.nan), np.where(good, lon, np.nan)


def _numbers(table: pa.Table, column: str, kind: pa.DataType, missing: float) -> NDArray[Any]:
    if column not in table.column_names:
        return np.full(len(table), missing)
    values: NDArray[Any] = table[column].cast(kind).fill_null(missing).to_numpy()
    return values
