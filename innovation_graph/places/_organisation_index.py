"""Organisations by the words of their names: which ones a text may name, and how well."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from math import log
from typing import NamedTuple

import pyarrow as pa
from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from innovation_graph.places import countries
from innovation_graph.places._organisation_words import FILLERS, FORMS, HEADS, canonical
from innovation_graph.places.gazetteer import Gazetteer, fold_all
from innovation_graph.places.text import fold

__all__ = ["Match", "OrganisationIndex"]

_COVERED = 0.9
"""Share of the weight of a name that a text must hold before the name is looked at."""
_LEAST = 0.5
"""Share of a name below which it cannot win."""

_UNKNOWN_WORD = 6.0
_GAP, _BESIDE = 0.6, 0.4
"""How much a word that the name lacks counts against it before it is looked at closer."""


_MANY = 50_000
_SHARE_OF_HEAD, _SHARE_OF_FORM = 0.05, 0.005
"""Share of names that hold a word such as "university", or such as "technology", in a long list."""

_PLACE_ELSEWHERE, _NEXT_PART, _UNSAID, _ELSEWHERE = 0.95, 0.85, 0.8, 0.5
"""What a word of the name counts outside the part: if it is of the place, in the next part, of the country, else."""

_BODIES = frozenset(["center", "hospital", "institute", "laboratory"])


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
        self._place_form = _place_forms(gazetteer)
        self.country = organisations["country"].to_pylist()
        names, rows = _names(organisations)
        self._acronym = [len(name) <= 8 and name.isupper() and " " not in name for name in names]
        self._row = rows
        folded = fold_all(names)
        words = [self.words(name.split()) for name in folded]
        counts = Counter(word for name in words for word in set(name))
        self._weight = {word: _rarity(word, count, len(names)) for word, count in counts.items()}
        self._near = self._places_of(organisations)
        self._total = [sum(map(self._weight.__getitem__, name)) for name in words]
        self._named = [self._words_of(name, self._near[row]) for name, row in zip(words, rows, strict=True)]
        self._by_word: dict[tuple[str, str | None], list[int]] = defaultdict(list)
        self._anywhere: dict[str, list[int]] = defaultdict(list)
        self._initials: dict[str, list[int]] = defaultdict(list)
        for number, name in enumerate(folded):
            self._file(number)
            initials = "".join(word[0] for word in name.split() if word not in FILLERS)
            if 3 <= len(initials) <= 7:
                self._initials[initials].append(number)
        self._sorted = sorted(word for word in counts if len(word) > 3)
        self._known = lru_cache(maxsize=1 << 16)(self._spelled)

    def words(self, folded: Iterable[str]) -> tuple[str, ...]:
        """Bring folded words to the form in which names are compared."""
        form = self._place_form
        result: list[str] = []
        for word in folded:
            if word not in FILLERS:
                result += form(word)
        return tuple(result)

    def matches(self, parts: Sequence[Sequence[str]], nations: frozenset[str] | None) -> list[Match]:
        """Return the organisations that parts of a text may name, in no order."""
        at: dict[str, list[tuple[int, int]]] = defaultdict(list)
        texts = []
        for part, printed in enumerate(parts):
            words = [self._known(word) for word in self.words(printed)]
            texts.append(words)
            for place, word in enumerate(words):
                at[word].append((part, place))
        found: set[int] = set()
        if nations is None:
            for word in at:
                found.update(self._anywhere.get(word, ()))
        else:
            for word in at:
                for nation in nations:
                    found.update(self._by_word.get((word, nation), ()))
                found.update(self._by_word.get((word, None), ()))
        return [match for number in found if (match := self._compare(number, at, texts, nations))]

    def by_initials(
        self, codes: Iterable[str], parts: Sequence[Sequence[str]], nations: frozenset[str] | None
    ) -> list[Match]:
        """Return the organisations whose initials are printed, in capitals, as a part of their own or in one."""
        found = []
        for code in codes:
            for number in self._initials.get(code, ()):
                part = next((part for part, words in enumerate(parts) if code in words), -1)
                if part >= 0 and (nations is None or self.country[self._row[number]] in nations):
                    others = sum(_UNKNOWN_WORD for word in parts[part] if word != code)
                    total = self._total[number]
                    found.append(
                        Match(self._row[number], part, total, 1.0, 1.0, 0.0, others / total, 0.0, 0, acronym=True)
                    )
        return found

    def _words_of(self, words: Iterable[str], near: "_Near") -> tuple["_Word", ...]:
        return tuple(
            _Word(word, self._weight[word], word in near.place or word in near.nation, word in near.nation)
            for word in words
        )

    def _file(self, number: int) -> None:
        # A text that holds enough of a name holds at least one of these words.
        missing, nation = 0.0, self.country[self._row[number]]
        for word in sorted(set(self._named[number]), key=lambda word: (-word.weight, word.text)):
            self._by_word[word.text, nation].append(number)
            self._anywhere[word.text].append(number)
            missing += word.weight
            if missing > (1 - _COVERED) * self._total[number]:
                break

    def _compare(
        self,
        number: int,
        at: dict[str, list[tuple[int, int]]],
        texts: list[list[str]],
        nations: frozenset[str] | None,
    ) -> Match | None:
        words, total = self._named[number], self._total[number]
        # Most candidates share one word with the text: they are put aside before anything is looked at closer.
        held = 0.0
        for text, weight, _, of_nation in words:
            if text in at or of_nation:
                held += weight
        if held < _LEAST * total:
            return None
        part, here = self._part_of(words, at)
        if part < 0 or here < 0.1 * total:
            return None
        matched, low, high = here, len(texts[part]), -1
        elsewhere = 0.0
        for text, weight, is_near, of_nation in words:
            places = at.get(text)
            if places is None:
                matched += weight * _UNSAID if of_nation and nations else 0.0
                continue
            inside = [place for other, place in places if other == part]
            if inside:
                low, high = min(low, inside[0]), max(high, inside[-1])
            elif is_near:
                elsewhere += weight
            else:
                matched += weight * (_NEXT_PART if any(abs(other - part) == 1 for other, _ in places) else _ELSEWHERE)
        gap, next_to, around, bodies = self._others(number, texts[part], low, high)
        # "University of California, Los Angeles" is the whole name, "Henan University, Kaifeng" not that of Kaifeng's.
        alone = elsewhere and {word.text for word in words}.issuperset(texts[part])
        matched += elsewhere * (1.0 if alone else _PLACE_ELSEWHERE)
        if matched < _LEAST * (total + _GAP * gap + _BESIDE * next_to):
            return None
        shares = [value / total for value in (matched, here, gap, next_to, around)]
        covered, together, gap, next_to, around = shares
        acronym = self._acronym[number]
        return Match(self._row[number], part, total, covered, together, gap, next_to, around, bodies, acronym)

    def _others(self, number: int, part: Sequence[str], low: int, high: int) -> tuple[float, float, float, int]:
        """Weigh what a part holds beside a name: amid it, next to it, elsewhere; and count other bodies."""
        own = {word.text for word in self._named[number]}
        near, weights = self._near[self._row[number]], self._weight
        gap = next_to = around = 0.0
        bodies = 0
        for place, text in enumerate(part):
            if text in own or text in near.place or text in near.nation:
                continue
            cost = weights.get(text, _UNKNOWN_WORD)
            bodies += text in _BODIES
            if low < place < high:
                gap += cost
            elif place in (low - 1, high + 1):
                next_to += cost
            else:
                around += cost
        return gap, next_to, around, bodies

    @staticmethod
    def _part_of(words: Sequence["_Word"], at: dict[str, list[tuple[int, int]]]) -> tuple[int, float]:
        """Return the part that holds most of a name, and the weight of the words that it holds."""
        inside: dict[int, float] = {}
        telling: set[int] = set()
        for text, weight, is_near, _ in words:
            seen = -1
            for part, _ in at.get(text, ()):
                if part != seen:
                    inside[part] = inside.get(part, 0.0) + weight
                    seen = part
                    if not is_near:
                        telling.add(part)
        # "Yazd" alone, with a university of another name before it, is not the University of Yazd.
        choice = telling or inside
        if not choice:
            return -1, 0.0
        part = max(choice, key=lambda part: (inside[part], part))
        return part, inside[part]

    def _places_of(self, organisations: pa.Table) -> list["_Near"]:
        columns = (organisations[name].to_pylist() for name in ("city", "region", "country"))
        return [
            _Near(self._folded(city) | self._folded(region), self._nation(country))
            for city, region, country in zip(*columns, strict=True)
        ]

    @lru_cache(maxsize=1 << 16)  # noqa: B019
    def _folded(self, text: str | None) -> frozenset[str]:
        return frozenset(self.words(fold(text).split())) if text else frozenset()

    @lru_cache(maxsize=512)  # noqa: B019
    def _nation(self, iso2: str | None) -> frozenset[str]:
        return self._folded(countries.name(iso2)) if iso2 and iso2 in countries.table().index else frozenset()

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


class _Near(NamedTuple):
    """Words of the place and of the country of an organisation."""

    place: frozenset[str]
    nation: frozenset[str]


class _Word(NamedTuple):
    """A word of a name; whether it also is one of the organisation's place, or of its country."""

    text: str
    weight: float
    near: bool
    nation: bool


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
        seen = dict.fromkeys(spelling for text in (name, *(aliases or ())) if text for spelling in _spellings(text))
        names += seen
        rows += [row] * len(seen)
    return names, rows


def _spellings(name: str) -> list[str]:
    """Return a name without line breaks, and without what it adds in brackets: a country, an acronym."""
    name = " ".join(name.split())
    head, bracket, rest = name.partition(" (")
    if bracket and rest.endswith(")") and len(head) > 3:
        return [head]
    return [name]


def _place_forms(gazetteer: Gazetteer) -> Callable[[str], tuple[str, ...]]:
    """Return the function that brings a word to its common form: Torino to Turin, universite to university."""

    @lru_cache(maxsize=1 << 16)
    def form(word: str) -> tuple[str, ...]:
        common = canonical(word)
        if common != word or len(word) < 4 or word in FORMS:
            return tuple(common.split())
        for row in list(gazetteer.find(word))[:10]:
            city = gazetteer.cities[row]
            name = fold(city.name)
            if name == word:
                break
            if city.population >= 100_000 and " " not in name:
                return (name,)
        return (word,)

    return form
