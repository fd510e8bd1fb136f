"""The exception family: every error a user can cause derives from `InnovationGraphError`."""

from collections.abc import Iterable
from pathlib import Path

__all__ = [
    "FormatError",
    "InnovationGraphError",
    "NetworkError",
    "RecipeError",
    "RecordsError",
    "ScoringError",
    "UnknownNameError",
]


class InnovationGraphError(Exception):
    """Base of all errors raised on purpose by this package."""

    def __reduce__(self) -> tuple[object, ...]:
        """Travel between processes as kind and message, whatever the constructor takes."""
        return _rebuilt, (type(self), str(self))


def _rebuilt(kind: type[InnovationGraphError], message: str) -> InnovationGraphError:
    error = kind.__new__(kind)
    error.args = (message,)
    return error


class FormatError(InnovationGraphError, ValueError):
    """A file is not what it should be.

    Parameters
    ----------
    path : str or Path
        The file.
    expected : str
        What was expected there.
    got : str
        What was found instead.
    hint : str, optional
        What the user can do about it.
    row : int, optional
        Line of the file, counted from 1.
    """

    def __init__(self, path: str | Path, *, expected: str, got: str, hint: str = "", row: int | None = None) -> None:
        where = f"{path}, line {row}" if row is not None else f"{path}"
        advice = f" {hint}" if hint else ""
        super().__init__(f"{where}: expected {expected}, got {got}.{advice}")


class RecordsError(InnovationGraphError, ValueError):
    """Tables of records break the schema."""


class NetworkError(InnovationGraphError, ValueError):
    """A network breaks one of its invariants."""


class RecipeError(InnovationGraphError, ValueError):
    """A recipe asks for something that does not exist or does not fit together."""


class ScoringError(InnovationGraphError, ValueError):
    """An index, its values and its methods do not fit together."""


class UnknownNameError(InnovationGraphError, KeyError):
    """A name is not among those that exist.

    Parameters
    ----------
    what : str
        The kind of thing that was looked for.
    name : object
        The name that was asked for.
    known : iterable of str
        The names that exist.
    """

    def __init__(self, what: str, name: object, known: Iterable[object]) -> None:
        names = sorted(map(str, known))
        shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
        super().__init__(f"unknown {what} {name!r}; known: {shown}")

    def __str__(self) -> str:
        """Return the message as it is; `KeyError` would quote it."""
        return str(self.args[0])
