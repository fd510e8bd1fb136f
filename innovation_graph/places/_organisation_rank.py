"""Which of the organisations that a text may name is meant."""

from collections.abc import Callable, Sequence
from math import exp, log
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Match", "Relation", "best_match", "least_covered"]

Relation = Literal["same", "near", "region", "far", "unknown"]
"""How an organisation's own city lies to the cities that the text names."""

_FULL, _SURE = 0.93, 0.9
_CUT = -1.0

# Log-odds of a logistic regression on half of the labelled addresses of `benchmarks/evaluate_resolver.py`, rounded.
_CONSTANT = -14.6
_COVERED, _ALL_COVERED, _TOGETHER, _LOG_WEIGHT = 8.0, 3.0, 1.5, 0.55
_EXACT, _EXACT_AND_SAME, _GAP = 1.3, 0.45, -2.5
_WITHIN_LONGER, _HEAVIER_ELSEWHERE, _TWIN = -1.3, -1.1, -1.8
_PER_PART, _LAST = -0.11, -0.8
_EDUCATION, _HEALTHCARE, _EDUCATION_BESIDE_BODY = 2.0, 1.0, -1.6
_ACRONYM, _ACRONYM_AND_SAME = -3.5, 3.5
_SAME, _REGION, _FAR, _FAR_BY_WEIGHT = 0.1, -1.2, -0.5, -8.0


class Match(NamedTuple):
    """An organisation that a text may name; what tells how well, in shares of the weight of its name."""

    row: int
    part: int
    total: float
    covered: float
    """Words of the name that the text holds."""
    together: float
    """Words of the name that stand in one part."""
    gap: float
    """Other words of the part that stand amid the name."""
    beside: float
    """Other words of the part that stand just before or after it."""
    around: float
    """All further words of the part."""
    bodies: int = 0
    """Other words of the part that stand for a hospital, an institute..."""
    acronym: bool = False

    @property
    def exact(self) -> bool:
        """Whether the part holds nothing but the name."""
        return self.gap + self.beside + self.around == 0


def best_match(
    matches: Sequence[Match], kinds: Sequence[str | None], relation: Callable[[int], Relation]
) -> tuple[Match | None, float]:
    """Choose the organisation that the text names, if any is likely enough.

    `kinds` are the types of all organisations, `relation` tells of a row how its city lies to those of the
    text. Returns the match and its probability.
    """
    heaviest: dict[int, float] = {}
    for match in matches:
        if match.covered > _FULL and not match.acronym:
            heaviest[match.part] = max(heaviest.get(match.part, 0.0), match.total)
    last = max((match.part for match in matches), default=0)
    heavy = max(heaviest.values(), default=0.0)
    at_heavy = [part for part, weight in heaviest.items() if weight == heavy]
    second = max((weight for weight in heaviest.values() if weight < heavy), default=0.0)
    best, top = _CUT, None
    for match in matches:
        value = _log_odds(match, kinds[match.row], relation(match.row))
        value += _LAST * (match.part == last)
        value += _WITHIN_LONGER * (heaviest.get(match.part, 0.0) > match.total + 0.01)
        # The heaviest name of another part is the heaviest of all, unless that stands in this part alone.
        value += _HEAVIER_ELSEWHERE * ((second if at_heavy == [match.part] else heavy) > match.total)
        if value > best and _has_twin(match, matches):
            value += _TWIN
        if value > best:
            best, top = value, match
    return top, 1 / (1 + exp(-best)) if top else 0.0


def least_covered(total: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of a name under which it is not likely enough, nor tells anything of the others.

    `total` is the weight of the name.
    """
    rest = _CONSTANT + _LOG_WEIGHT * np.log(np.maximum(total, 1.0)) + _EXACT + _EXACT_AND_SAME + _EDUCATION + _SAME
    # The sums behind the share are rounded.
    return np.clip((_CUT - rest) / (_COVERED + _TOGETHER), 0.0, _SURE) - 1e-9


def _log_odds(match: Match, kind: str | None, relation: Relation) -> float:
    value = _CONSTANT + _COVERED * match.covered + _ALL_COVERED * (match.covered > 0.99)
    value += _TOGETHER * match.together + _LOG_WEIGHT * log(match.total) + _GAP * min(match.gap, 2.0)
    value += _PER_PART * match.part
    same = relation == "same"
    if match.exact:
        value += _EXACT + _EXACT_AND_SAME * same
    if kind == "education":
        value += _EDUCATION + _EDUCATION_BESIDE_BODY * (match.bodies > 0)
    elif kind == "healthcare":
        value += _HEALTHCARE
    if match.acronym:
        value += _ACRONYM + _ACRONYM_AND_SAME * same
    if relation == "far":
        return value + _FAR + _FAR_BY_WEIGHT / match.total
    return value + _SAME * same + _REGION * (relation == "region")


def _has_twin(match: Match, matches: Sequence[Match]) -> bool:
    """Say whether another organisation goes by the same words."""
    return any(
        other.part == match.part and other.total == match.total and other.row != match.row and other.covered > _FULL
        for other in matches
    )
