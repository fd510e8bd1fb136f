"""Choices that could have been made otherwise, as data (TOML)."""

import tomllib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from innovation_graph._toml import to_toml
from innovation_graph.errors import ScoringError, UnknownNameError
from innovation_graph.index import aggregation, normalisation, preparation, treatment
from innovation_graph.index.spec import Aggregation, Imputation, IndexSpec, Normalisation, Treatment

__all__ = ["EVERY", "LAWS", "METHOD_FACTORS", "Choices", "WeightRange", "alternatives", "check_choices", "read_choices"]

LAWS: tuple[str, ...] = ("uniform", "dirichlet", "any")
"""Names of the laws of weights."""

METHOD_FACTORS: tuple[str, ...] = ("imputation", "treatment", "normalisation", "aggregation")
"""The uncertain choices between methods, in the order of the steps."""

EVERY = "*"
"""Stands for every indicator that is not named in the noise."""

_METHODS: dict[str, Iterable[str]] = {
    "imputation": preparation.IMPUTATIONS,
    "treatment": treatment.METHODS,
    "normalisation": normalisation.METHODS,
    "aggregation": aggregation.METHODS,
}


class WeightRange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How the weights inside every node vary, all at once and independently of each other.

    ===========  ===================================================================================
    law          weights of the children of a node, then scaled to sum 1
    ===========  ===================================================================================
    `uniform`    nominal weight x a factor drawn evenly from 1 - `spread` to 1 + `spread`
    `dirichlet`  Dirichlet of mean w, the nominal share, and variance w (1 - w) / (`concentration` + 1)
    `any`        any weights that sum to 1, all equally likely, whatever the nominal ones are
    ===========  ===================================================================================
    """

    law: str = "uniform"
    spread: float = 0.25
    concentration: float = 50.0


class Choices(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is uncertain about an index; everything else stays as the definition has it.

    The alternatives of a step stand beside the definition's own, which is always one of them; all are equally
    likely and drawn independently, step by step. Nodes with an aggregation of their own and indicators with a
    normalisation of their own keep it. `noise` is the standard deviation of the relative error of an indicator, by
    code: a value x becomes x (1 + noise e), e standard normal, independent between places and indicators; 0 stays 0.
    The code "*" stands for all indicators that are not named.
    """

    weights: WeightRange | None = None
    imputation: tuple[Imputation, ...] = ()
    treatment: tuple[Treatment, ...] = ()
    normalisation: tuple[Normalisation, ...] = ()
    aggregation: tuple[Aggregation, ...] = ()
    noise: dict[str, float] = {}

    def to_toml(self) -> str:
        """Return the choices as TOML that `read_choices` reads again."""
        return to_toml(msgspec.to_builtins(self))


def read_choices(path: Path | str) -> Choices:
    """Read choices from a TOML file.

    Parameters
    ----------
    path : str or Path
        Entries as in `Choices`: tables `weights` and `noise`, lists of tables `imputation`, `treatment`,
        `normalisation`, `aggregation`.

    Returns
    -------
    Choices
        As written; whether they fit an index is checked when they are used.

    Raises
    ------
    ScoringError
        If it is no TOML, or an entry is unknown or of a wrong type.
    """
    try:
        return msgspec.convert(tomllib.loads(Path(path).read_text(encoding="utf-8")), Choices)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ScoringError(f"{path}: {error}") from error


def alternatives(choices: Choices, spec: IndexSpec) -> dict[str, list[msgspec.Struct]]:
    """Return, of every step between whose methods there is a choice, the definition's own and the others."""
    found = {}
    for step in METHOD_FACTORS:
        options = list(dict.fromkeys([getattr(spec, step), *getattr(choices, step)]))
        if len(options) > 1:
            found[step] = options
    return found


def check_choices(choices: Choices, spec: IndexSpec) -> None:
    """Refuse choices that name what does not exist, or ranges that make no sense."""
    for step, known in _METHODS.items():
        for option in getattr(choices, step):
            if option.method not in known:
                raise UnknownNameError(step, option.method, known)
    for code in choices.noise:
        if code != EVERY and code not in spec.codes:
            raise UnknownNameError("indicator in the noise", code, [*spec.codes, EVERY])
        size = choices.noise[code]
        if not 0 <= size < 1:
            raise ScoringError(f"noise of {code} is {size}; expected a share of the value from 0 to below 1, e.g. 0.05")
    if choices.weights is not None:
        _check_weights(choices.weights)


def _check_weights(how: WeightRange) -> None:
    if how.law not in LAWS:
        raise UnknownNameError("law of weights", how.law, LAWS)
    if not 0 < how.spread < 1 or not 0 < how.concentration < float("inf"):
        raise ScoringError(
            f"weights: expected a spread between 0 and 1 and a concentration above 0, got {how.spread} and "
            f"{how.concentration}"
        )
