"""Organisations by the words of their names: which ones a text may name, and how well."""

from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from itertools import chain
from math import log
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from innovation_graph.places import countries
from innovation_graph.places._folding import fold_all
from innovation_graph.places._organisation_rank import Match, least_covered
from innovation_graph.places._organisation_words import FILLERS, FORMS, HEADS, canonical
from innovation_graph.places.gazetteer import Gazetteer
from innovation_graph.places.text import fold

__all__ = ["OrganisationIndex"]

_COVERED = 0.9
"""Share of the weight of a name that a text must hold before the name is looked at."""
_LEAST, _HALF = 0.5, 0.5 - 1e-9
"""Share of a name below which it cannot win."""

_UNKNOWN_WORD = 6.0
_GAP, _BESIDE = 0.6, 0.4
"""How much a word that the name lacks counts against it before it is looked at closer."""


_MANY = 50_000
_SHARE_OF_HEAD, _SHARE_OF_FORM = 0.05, 0.005
"""Share of names that hold a word such as "university", or such as "technology", in a long list."""

_COLUMNS = 8
"""Words of a name that are looked at first; few have more."""

_PLACE_ELSEWHERE, _NEXT_PART, _UNSAID, _ELSEWHERE = 0.95, 0.85, 0.8, 0.5
"""What a word of the name counts outside the part: if it is of the place, in the next part, of the country, else."""

_BODIES = frozenset(["center", "hospital", "institute", "laboratory"])


class OrganisationIndex:
    """Names of organisations, each found by its rarest words.

    Parameters
    ----------
    organisations : pyarrow.Table
        Columns organisation, city, region, country; also `aliases` (lists) where there are any.
    gazetteer : Gazetteer
        Brings names of cities inside the names to one language.
    """

    def __init__(self, organisations: pa.Table, gazetteer: Gazetteer) -> None:
        form = _place_forms(gazetteer)
        self.country = organisations["country"].to_pylist()
        names, self._row = _names(organisations)
        self._acronym = [len(name) <= 8 and name.isupper() and " " not in name for name in names]
        folded = fold_all(names)
        del names
        forms = {word: form(word) for word in set(chain.from_iterable(map(str.split, folded)))}
        self._words = [tuple(chain.from_iterable(map(forms.__getitem__, name.split()))) for name in folded]
        counts = Counter(chain.from_iterable(map(set, self._words)))
        self._weight = {word: _rarity(word, count, len(folded)) for word, count in counts.items()}
        self._total = array("d", [sum(map(self._weight.__getitem__, words)) for words in self._words])
        self._near = _near_words(organisations, form)
        self._hold_words()
        self._filed = self._file()
        self._initials = _initials(folded)
        self._sorted = sorted(word for word in counts if len(word) > 3)
        self._known = lru_cache(maxsize=1 << 16)(lambda word: tuple(map(self._spelled, form(word))))

    def _hold_words(self) -> None:
        """Give words numbers by falling weight, and keep those of each name in a row of a table, the heaviest first."""
        heaviest = sorted(self._weight, key=lambda word: (-self._weight[word], word))
        self._number = {word: number for number, word in enumerate(heaviest)}
        self._weights = np.array([*map(self._weight.__getitem__, heaviest), 0.0])
        lengths = np.fromiter(map(len, self._words), np.int64, len(self._words))
        names = np.arange(len(lengths)).repeat(lengths)
        numbers = np.fromiter(map(self._number.__getitem__, chain.from_iterable(self._words)), np.int32, len(names))
        numbers = numbers[np.lexsort((numbers, names))]
        places = np.arange(len(names)) - (lengths.cumsum() - lengths).repeat(lengths)
        first = places < _COLUMNS
        self._heaviest = np.full((len(lengths), _COLUMNS), len(heaviest), dtype=np.int32)
        self._heaviest[names[first], places[first]] = numbers[first]
        total = np.array(self._total)
        unsaid = np.array([self._of_nation(number) for number in range(len(total))])
        self._further = total - self._weights[self._heaviest].sum(axis=1) + unsaid
        self._half, self._least = _HALF * total, least_covered(total) * total

    def _of_nation(self, number: int) -> float:
        """Weigh the words of a name that also are of its country: they may be left unsaid."""
        words, nation = self._words[number], self._near[self._row[number]].nation
        return 0.0 if nation.isdisjoint(words) else sum(self._weight[word] for word in words if word in nation)

    def _file(self) -> dict[str, dict[str | None, list[int]]]:
        """File names by word and country, such that a text which holds enough of a name holds a word of it."""
        filed: dict[str, dict[str | None, list[int]]] = defaultdict(dict)
        for number, words in enumerate(self._words):
            nation, may_miss, missing = self.country[self._row[number]], (1 - _COVERED) * self._total[number], 0.0
            for word in sorted(set(words), key=self._number.__getitem__):
                filed[word].setdefault(nation, []).append(number)
                missing += self._weight[word]
                if missing > may_miss:
                    break
        return dict(filed)

    def matches(self, parts: Sequence[Sequence[str]], nations: frozenset[str] | None) -> list[Match]:
        """Return the organisations that parts of a text may name.

        Those that cannot be the best are left out, but for one in each part: where there are any at all tells
        how likely the others are.
        """
        printed = [list(chain.from_iterable(map(self._known, part))) for part in parts]
        at: dict[str, dict[int, list[int]]] = defaultdict(dict)
        for part, words in enumerate(printed):
            for place, word in enumerate(words):
                at[word].setdefault(part, []).append(place)
        text = _Text(printed, at, nations)
        likely, unlikely = self._candidates(text)
        found: list[Match] = []
        taken: set[int] = set()
        for number in likely:
            part, here = self._part_of(number, at)
            least = self._least[number] if part in taken else 0.0
            if match := self._compare(number, text, part, here, least):
                found.append(match)
                taken.add(part)
        free = {word for word, places in at.items() if not taken.issuperset(places)}
        for number in unlikely:
            if free.isdisjoint(self._words[number]):
                continue
            part, here = self._part_of(number, at)
            if part not in taken and (match := self._compare(number, text, part, here, 0.0)):
                found.append(match)
                taken.add(part)
                free = {word for word, places in at.items() if not taken.issuperset(places)}
        return found

    def _candidates(self, text: "_Text") -> tuple[list[int], list[int]]:
        """Return the names of which the text holds enough to be the best, and those of which it holds half."""
        found: set[int] = set()
        where = (*text.nations, None) if text.nations is not None else ()
        for word in text.at:
            filed = self._filed.get(word)
            if filed is None:
                continue
            if text.nations is None:
                found.update(sorted(chain.from_iterable(filed.values())))
            for nation in where:
                if nation in filed:
                    found.update(filed[nation])
        if not found:
            return [], []
        # Most share one word with the text: all at once they are put aside before anything is looked at closer.
        names = np.fromiter(found, np.int64, len(found))
        printed = np.zeros(len(self._weights), dtype=np.bool_)
        printed[[self._number[word] for word in text.at if word in self._number]] = True
        numbers = self._heaviest[names]
        held = self._further[names] + (self._weights[numbers] * printed[numbers]).sum(axis=1)
        likely = held >= self._least[names]
        half = (held >= self._half[names]) & ~likely
        return names[likely].tolist(), names[half].tolist()

    def by_initials(
        self, codes: Iterable[str], parts: Sequence[Sequence[str]], nations: frozenset[str] | None
    ) -> list[Match]:
        """Return the organisations whose initials are printed, in capitals, as a part of their own or in one."""
        found = []
        for code in codes:
            part = next((part for part, words in enumerate(parts) if code in words), -1)
            if part < 0:
                continue
            others = sum(_UNKNOWN_WORD for word in parts[part] if word != code)
            for number in self._initials.get(code, ()):
                if nations is None or self.country[self._row[number]] in nations:
                    total = self._total[number]
                    found.append(
                        Match(self._row[number], part, total, 1.0, 1.0, 0.0, others / total, 0.0, 0, acronym=True)
                    )
        return found

    def _compare(self, number: int, text: "_Text", part: int, here: float, least: float) -> Match | None:
        """Return how well a text holds a name of which most is in a part; None if that is too little.

        `here` is the weight of the words in that part, `least` what the text must hold of the name beside half of it.
        """
        words, total, weights = self._words[number], self._total[number], self._weight
        near, nation = self._near[self._row[number]]
        if part < 0 or here < 0.1 * total:
            return None
        matched, elsewhere, low, high = here, 0.0, len(text.parts[part]), -1
        for word in words:
            places = text.at.get(word)
            if places is None:
                if text.nations and word in nation:
                    matched += weights[word] * _UNSAID
            elif part in places:
                low, high = min(low, places[part][0]), max(high, places[part][-1])
            elif word in near:
                elsewhere += weights[word]
            else:
                beside = part - 1 in places or part + 1 in places
                matched += weights[word] * (_NEXT_PART if beside else _ELSEWHERE)
        # "University of California, Los Angeles" is the whole name, "Henan University, Kaifeng" not that of Kaifeng's.
        alone = elsewhere and set(words).issuperset(text.parts[part])
        matched += elsewhere * (1.0 if alone else _PLACE_ELSEWHERE)
        if matched < least:
            return None
        gap, next_to, around, bodies = self._others(near.union(words), text.parts[part], low, high)
        if matched < _LEAST * (total + _GAP * gap + _BESIDE * next_to):
            return None
        covered, together, amid, beside_it, further = (v / total for v in (matched, here, gap, next_to, around))
        return Match(
            self._row[number], part, total, covered, together, amid, beside_it, further, bodies, self._acronym[number]
        )

    def _others(self, own: frozenset[str], part: Sequence[str], low: int, high: int) -> tuple[float, float, float, int]:
        """Weigh what a part holds beside a name: amid it, next to it, elsewhere; and count other bodies."""
        gap = next_to = around = 0.0
        bodies = 0
        for place, text in enumerate(part):
            if text in own:
                continue
            cost = self._weight.get(text, _UNKNOWN_WORD)
            bodies += text in _BODIES
            if low < place < high:
                gap += cost
            elif place in (low - 1, high + 1):
                next_to += cost
            else:
                around += cost
        return gap, next_to, around, bodies

    def _part_of(self, number: int, at: Mapping[str, Iterable[int]]) -> tuple[int, float]:
        """Return the part that holds most of a name, and the weight of the words that it holds."""
        near = self._near[self._row[number]].both
        inside: dict[int, float] = {}
        telling: set[int] = set()
        for word in self._words[number]:
            if word in at:
                weight, is_telling = self._weight[word], word not in near
                for part in at[word]:
                    inside[part] = inside.get(part, 0.0) + weight
                    if is_telling:
                        telling.add(part)
        # "Yazd" alone, with a university of another name before it, is not the University of Yazd.
        here, part = max([(inside[part], part) for part in telling or inside], default=(0.0, -1))
        return part, here

    def _spelled(self, word: str) -> str:
        """Return the known word that an unknown one abbreviates or misspells, else the word itself."""
        if word in self._weight or len(word) < 4 or not word.isalpha():
            return word
        first = bisect_left(self._sorted, word)
        last = bisect_left(self._sorted, f"{word}\uffff")
        if first < last:
            return min(self._sorted[first:last], key=lambda longer: (self._weight[longer], longer))
        if len(word) < 6:
            return word
        stem = word[:2]
        bucket = self._sorted[bisect_left(self._sorted, stem) : bisect_left(self._sorted, f"{stem}\uffff")]
        close = process.extractOne(
            word, bucket, scorer=DamerauLevenshtein.distance, score_cutoff=1 if len(word) < 10 else 2
        )
        return close[0] if close else word


class _Text(NamedTuple):
    """Words of the parts of a text; where each stands, as part and places in the part; the countries it may mean."""

    parts: list[list[str]]
    at: Mapping[str, Mapping[int, Sequence[int]]]
    nations: frozenset[str] | None


class _Near(NamedTuple):
    """Words of the place and the country of an organisation, and those of the country alone."""

    both: frozenset[str]
    nation: frozenset[str]


def _near_words(organisations: pa.Table, form: Callable[[str], tuple[str, ...]]) -> list[_Near]:
    known = countries.table()["name_en"].to_dict()

    @cache
    def words(text: str | None) -> frozenset[str]:
        return frozenset(chain.from_iterable(map(form, fold(text).split()))) if text else frozenset()

    @cache
    def near(city: str | None, region: str | None, country: str | None) -> _Near:
        nation = words(known.get(country))
        return _Near(words(city) | words(region) | nation, nation)

    return list(map(near, *(organisations[name].to_pylist() for name in ("city", "region", "country"))))


def _rarity(word: str, count: int, n: int) -> float:
    """Return the logarithm of how rare a word is; a short list is filled up with what a long one would hold."""
    more = max(_MANY - n, 0)
    share = _SHARE_OF_HEAD if word in HEADS else _SHARE_OF_FORM if word in FORMS else 0.0
    return log((n + more + 1) / (count + more * share))


def _names(organisations: pa.Table) -> tuple[list[str], list[int]]:
    own = organisations["organisation"].to_pylist()
    other = organisations["aliases"].to_pylist() if "aliases" in organisations.column_names else [None] * len(own)
    names: list[str] = []
    rows: list[int] = []
    for row, (name, aliases) in enumerate(zip(own, other, strict=True)):
        seen = dict.fromkeys(map(_without_brackets, filter(None, (name, *(aliases or ())))))
        names += seen
        rows += [row] * len(seen)
    return names, rows


def _without_brackets(name: str) -> str:
    """Return a name without line breaks, and without what it adds in brackets: a country, an acronym."""
    name = " ".join(name.split())
    head, bracket, rest = name.partition(" (")
    return head if bracket and rest.endswith(")") and len(head) > 3 else name


def _initials(folded: Sequence[str]) -> dict[str, list[int]]:
    words = set(chain.from_iterable(map(str.split, folded)))
    initial = {word: "" if word in FILLERS else word[0] for word in words}
    found: dict[str, list[int]] = defaultdict(list)
    for number, name in enumerate(folded):
        initials = "".join(map(initial.__getitem__, name.split()))
        if 3 <= len(initials) <= 7:
            found[initials].append(number)
    return dict(found)


def _place_forms(gazetteer: Gazetteer) -> Callable[[str], tuple[str, ...]]:
    """Return the function that brings a word to its common form: Torino to Turin, universite to university."""

    @lru_cache(maxsize=1 << 16)
    def form(word: str) -> tuple[str, ...]:
        if word in FILLERS:
            return ()
        common = canonical(word)
        if common != word or len(word) < 4 or word in FORMS:
            return tuple(common.split())
        for row in gazetteer.find(word)[:10]:
            name = gazetteer.keys[row]
            if name == word:
                break
            if gazetteer.populations[row] >= 100_000 and " " not in name:
                return (name,)
        return (word,)

    return form
