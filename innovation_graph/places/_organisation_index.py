"""Organisations by the words of their names: which ones a text may name, and how well."""

from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
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

_NATIONS = 1000
"""More than there are countries."""

_NONE = -1
"""Number of no word."""

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
        self._nation = {nation: number for number, nation in enumerate(dict.fromkeys([*self.country, None]))}
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
        # Words are numbered by falling weight.
        heaviest = sorted(self._weight, key=lambda word: (-self._weight[word], word))
        self._number = {word: number for number, word in enumerate(heaviest)}
        total = np.array(self._total)
        self._least = array("d", least_covered(total) * total)
        self._file()
        self._initial_codes, self._initials = _initials(folded)
        self._sorted = sorted(word for word in counts if len(word) > 3)
        self._known = lru_cache(maxsize=1 << 16)(lambda word: tuple(map(self._spelled, form(word))))

    def _file(self) -> None:
        """File names by word and country, such that a text which holds enough of a name holds a word of it.

        A text that holds so much of a name that it can be the best also holds the word that is put into `_must`.
        """
        keys: list[int] = []
        names: list[int] = []
        self._must = array("i")
        self._unsaid = array("d")
        weights = [self._weight[word] for word in self._number]
        for name, (words, total) in enumerate(zip(self._words, self._total, strict=True)):
            row, missing = self._row[name], 0.0
            own, nation = self._near[row].nation, self._nation[self.country[row]]
            of_nation = [] if own.isdisjoint(words) else [word for word in words if word in own]
            self._unsaid.append(sum([self._weight[word] for word in of_nation]))
            numbers = sorted(set(map(self._number.__getitem__, words)))
            for number in numbers:
                keys.append(number * _NATIONS + nation)
                names.append(name)
                missing += weights[number]
                if missing > (1 - _COVERED) * total:
                    break
            needed = len(numbers) > 1 and not of_nation and weights[numbers[1]] > total - self._least[name]
            self._must.append(numbers[1] if needed else _NONE)
        self._filed = _Groups(keys, names)

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
        numbers = dict.fromkeys([self._number[word] for word in at if word in self._number])
        candidates = self._candidates(numbers, nations)
        numbers[_NONE] = None
        found: list[Match] = []
        unlikely: list[int] = []
        taken: set[int] = set()
        must, least, held = self._must, self._least, self._held
        for name in candidates:
            # Most share one word with the text: they are put aside before anything is looked at closer.
            if must[name] not in numbers or held(name, at) < least[name]:
                unlikely.append(name)
                continue
            part, here = self._part_of(name, at)
            if match := self._compare(name, text, part, here, least[name] if part in taken else 0.0):
                found.append(match)
                taken.add(part)
        free = {word for word, places in at.items() if not taken.issuperset(places)}
        for name in unlikely:
            if free.isdisjoint(self._words[name]) or held(name, at) < _HALF * self._total[name]:
                continue
            part, here = self._part_of(name, at)
            if part not in taken and (match := self._compare(name, text, part, here, 0.0)):
                found.append(match)
                taken.add(part)
                free = {word for word, places in at.items() if not taken.issuperset(places)}
        return found

    def _candidates(self, numbers: Iterable[int], nations: frozenset[str] | None) -> set[int]:
        """Return the names that are filed under one of the words, in one of the countries."""
        keys = [number * _NATIONS for number in numbers]
        if nations is None:
            return self._filed.between(keys, _NATIONS)
        known = [self._nation[nation] for nation in (*nations, None) if nation in self._nation]
        return self._filed.under([key + nation for key in keys for nation in known])

    def _held(self, name: int, at: Container[str]) -> float:
        """Return at least how much of a name a text holds."""
        held = self._unsaid[name]
        for word in self._words[name]:
            if word in at:
                held += self._weight[word]
        return held

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
            for number in sorted(self._initials.under([self._initial_codes.get(code, _NONE)])):
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


class _Groups:
    """Numbers filed under keys. In flat arrays: a hundred thousand lists would keep the collector of garbage busy."""

    def __init__(self, keys: Sequence[int], numbers: Sequence[int]) -> None:
        every = np.array(keys, dtype=np.int64)
        order = np.argsort(every, kind="stable")
        distinct, starts = np.unique(every[order], return_index=True)
        self._keys = distinct.tolist()
        self._group = {key: group for group, key in enumerate(self._keys)}
        self._starts = array("i", [*starts.tolist(), len(every)])
        self._numbers = array("i", np.array(numbers, dtype=np.int32)[order].tobytes())

    def under(self, keys: Iterable[int]) -> set[int]:
        """Return what is filed under some keys."""
        found: set[int] = set()
        for key in keys:
            group = self._group.get(key)
            if group is not None:
                found.update(self._numbers[self._starts[group] : self._starts[group + 1]])
        return found

    def between(self, keys: Iterable[int], width: int) -> set[int]:
        """Return what is filed under some keys and those that follow each closely."""
        found: set[int] = set()
        for key in keys:
            low, high = bisect_left(self._keys, key), bisect_left(self._keys, key + width)
            found.update(sorted(self._numbers[self._starts[low] : self._starts[high]]))
        return found


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


def _initials(folded: Sequence[str]) -> tuple[dict[str, int], _Groups]:
    initial = {
        word: word[0] if word not in FILLERS else "" for word in set(chain.from_iterable(map(str.split, folded)))
    }
    codes: dict[str, int] = {}
    keys: list[int] = []
    names: list[int] = []
    for number, name in enumerate(folded):
        initials = "".join(map(initial.__getitem__, name.split()))
        if 3 <= len(initials) <= 7:
            keys.append(codes.setdefault(initials, len(codes)))
            names.append(number)
    return codes, _Groups(keys, names)


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
