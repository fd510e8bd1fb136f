"""Plain values to TOML and back, read by the standard library."""

import math
import tomllib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from innovation_graph._toml import to_inline, to_toml

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
PLAIN = st.one_of(st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), TEXT)
VALUE = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3))


@given(st.dictionaries(TEXT, VALUE, max_size=4))
@example({"a\x7fb": "del\x7fete", "limits": [-math.inf, math.inf], "mixed": [{"a": {"b": 1}}, 2], "none": [{}, {}]})
def test_what_was_written_is_read(value):
    assert tomllib.loads(to_toml(value)) == value
    assert tomllib.loads(f"value = {to_inline(value)}") == {"value": value}


def test_not_a_number_and_nothing():
    assert math.isnan(tomllib.loads(to_toml({"a": math.nan}))["a"])
    assert tomllib.loads(to_toml({"a": None, "b": {"c": None}, "d": [{"e": None}, 1]})) == {"b": {}, "d": [{}, 1]}
    with pytest.raises(TypeError, match="no null"):
        to_toml({"a": [1, None]})
