"""Errors say where, what was expected, what came, what to do; and survive the way between processes."""

import pickle

import pytest

from innovation_graph.errors import FormatError, InnovationGraphError, NetworkError, UnknownNameError

ERRORS = [
    FormatError("works.csv", expected="a year", got="'x'", hint="Mend it.", row=7),
    UnknownNameError("measure", "strenght", ["strength", "degree"]),
    NetworkError("weights must be positive"),
]


def test_messages():
    assert str(ERRORS[0]) == "works.csv, line 7: expected a year, got 'x'. Mend it."
    assert str(ERRORS[1]) == "unknown measure 'strenght'; known: degree, strength"
    assert isinstance(ERRORS[0], ValueError)
    assert isinstance(ERRORS[1], KeyError)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_errors_travel_between_processes(error):
    other = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert type(other) is type(error)
    assert str(other) == str(error)
    assert isinstance(other, InnovationGraphError)
