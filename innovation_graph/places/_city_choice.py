"""Which city an address means: what its pieces may stand for, and how the candidates are ranked."""

from collections.abc import Iterable, Mapping, Sequence
from math import log10
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from innovation_graph.places._address_text import AREAS, Piece, PrintedAddress, holds_head, stripped
from innovation_graph.places.gazetteer import Gazetteer
from innovation_graph.places.regions import REGION_COUNTRIES
from innovation_graph.places.text import city_keys

__all__ = [
    "EDGE",
    "INSIDE",
    "SPELLED",
    "WHOLE",
    "CityMention",
    "Ranked",
    "Region",
    "cities_in",
    "cities_inside",
    "near_spellings",
    "regions_in",
    "scored",
]

WHOLE, EDGE, SPELLED, INSIDE = 3.0, 1.8, 1.6, 0.8
"""How much a mention says: a whole piece; its beginning or end; a near spelling; a word of a longer name."""

_AREA = 2.0
_MOST = 40
"""Cities of one name that are compared, the most populous first."""

# What speaks for a city beside the mention itself, on the same scale.
_PER_DIGIT = 0.3  # of its population
_MAIN_NAME = 0.6  # not one of its other names
_PER_PIECE = 0.25  # that stands between its name and the end
_IN_REGION, _OUT_OF_REGION, _SHADOWED = 1.5, 3.0, 1.5
_OWN_CITY, _OWN_REGION = 2.0, 0.8

_SHORT = {
    "bch": "beach",
    "e": "east",
    "ft": "fort",
    "hts": "heights",
    "jct": "junction",
    "mt": "mount",
    "n": "north",
    "pk": "park",
    "pt": "port",
    "s": "south",
    "spgs": "springs",
    "ste": "sainte",
    "w": "west",
}
_CITY_WORDS = ("city", "shi", "si", "市", "시")
_UMLAUTS = (("ae", "a"), ("oe", "o"), ("ue", "u"))


class CityMention(NamedTuple):
    """A piece that may name one of several cities."""

    rows: tuple[int, ...]
    at: int
    quality: float
    key: str


class Ranked(NamedTuple):
    """A city with what speaks for it."""

    score: float
    row: int
    mention: CityMention


class Region(NamedTuple):
    """A piece that names a state or province."""

    state: tuple[str, str]
    at: int

    @property
    def country(self) -> str:
        """Country of the state."""
        return self.state[0]

    @property
    def admin1(self) -> str:
        """First-order code of the state."""
        return self.state[1]


def regions_in(
    pieces: Sequence[Piece], address: PrintedAddress, gazetteer: Gazetteer, nations: frozenset[str] | None
) -> tuple[list[Region], list[Piece]]:
    """Find states and provinces; the pieces come back without a state that follows a city ("cambridge ma")."""
    found, rest = [], list(pieces)
    for at, piece in enumerate(pieces):
        here = _regions(piece.words, address, gazetteer, nations)
        if not here and 1 < len(piece.words) <= 5 and piece.key not in gazetteer:
            for start in range(1, len(piece.words)):
                here = _regions(piece.words[start:], address, gazetteer, nations)
                if here and " ".join(piece.words[:start]) in gazetteer:
                    rest[at] = Piece.of(piece.words[:start])
                    break
                here = []
        found += [Region(state, at) for state in here]
    return found, rest


def cities_in(
    pieces: Sequence[Piece],
    gazetteer: Gazetteer,
    nations: frozenset[str] | None,
    regions: Sequence[Region],
) -> list[CityMention]:
    """Find what the pieces may name: whole pieces first, and if there are none, the ends of short ones."""
    allowed = {region.state for region in regions}
    found = []
    for at, piece in enumerate(pieces):
        if len(piece.words) > 6:
            continue
        key, rows = _first(_keys(piece.words, nations), gazetteer, nations, allowed)
        if rows:
            # "Moscow Region" is printed behind the town that lies in it.
            wide = key != piece.key and not AREAS.isdisjoint(piece.words)
            found.append(CityMention(rows, at, WHOLE - _AREA if wide else WHOLE, key))
    if not found:
        for at, piece in enumerate(pieces):
            if 1 < len(piece.words) <= 5 and not holds_head(piece.words):
                n = len(piece.words)
                ends = [piece.words[start:] for start in range(1, n)] + [
                    piece.words[:stop] for stop in range(n - 1, 0, -1)
                ]
                key, rows = _first((" ".join(end) for end in ends), gazetteer, nations, allowed)
                if rows and len(key) > 2:
                    found.append(CityMention(rows, at, EDGE, key))
    return found


def cities_inside(
    pieces: Sequence[Piece], gazetteer: Gazetteer, nations: frozenset[str] | None, regions: Sequence[Region], least: int
) -> list[CityMention]:
    """Find names of large cities inside longer names ("university of salerno")."""
    allowed = {region.state for region in regions}
    found = []
    for at, piece in enumerate(pieces):
        words, start = piece.words, 0
        while start < len(words):
            for length in (3, 2, 1):
                key = " ".join(words[start : start + length])
                if len(key) < 4 or start + length > len(words):
                    continue
                _, rows = _first((key,), gazetteer, nations, allowed)
                rows = tuple(row for row in rows if gazetteer.populations[row] >= least)
                if rows:
                    found.append(CityMention(rows, at, INSIDE, key))
                    start += length - 1
                    break
            start += 1
    return found


def near_spellings(pieces: Sequence[Piece], gazetteer: Gazetteer, nations: frozenset[str] | None) -> list[CityMention]:
    """Find a misspelt city of these countries among the last pieces."""
    for at in range(len(pieces) - 1, max(-1, len(pieces) - 4), -1):
        words = stripped(pieces[at].words)
        key = " ".join(words)
        if len(words) > 3 or len(key) < 6 or holds_head(words):
            continue
        cutoff = 1 if len(key) < 9 else 2
        names = [name for nation in sorted(nations or ()) for name in gazetteer.spellings(nation, key[0])]
        close = process.extractOne(key, names, scorer=DamerauLevenshtein.distance, score_cutoff=cutoff)
        if close:
            _, rows = _first((close[0],), gazetteer, nations, set())
            return [CityMention(rows, at, SPELLED, close[0])]
    return []


def scored(
    mentions: Sequence[CityMention],
    gazetteer: Gazetteer,
    regions: Sequence[Region],
    own: Mapping[int, float],
    last: int,
) -> list[Ranked]:
    """Rank the cities that the mentions allow, the best first.

    `own` are the cities of organisations that the text names, with how surely; `last` is the piece where the
    address ends.
    """
    states, populations, keys = gazetteer.states, gazetteer.populations, gazetteer.keys
    printed = {region.state for region in regions}
    codes = {country for country, _ in printed}
    home = {states[row] for row in own}
    best: dict[int, Ranked] = {}
    for mention in mentions:
        base = mention.quality - _PER_PIECE * max(0, last - mention.at)
        if _is_region(mention, mentions, regions, own, gazetteer):
            base -= _SHADOWED
        for row in mention.rows[:_MOST]:
            score = base + _PER_DIGIT * log10(populations[row] + 10) + _OWN_CITY * own.get(row, 0.0)
            if keys[row] == mention.key:
                score += _MAIN_NAME
            where = country, region = states[row]
            if where in printed:
                score += _IN_REGION
            elif country in codes and region:
                score -= _OUT_OF_REGION if country in REGION_COUNTRIES else _IN_REGION
            elif codes and country not in codes:
                score -= _IN_REGION
            elif where in home:
                score += _OWN_REGION
            if row not in best or score > best[row].score:
                best[row] = Ranked(score, row, mention)
    return sorted(best.values(), key=lambda item: (-item.score, item.row))


def _is_region(
    mention: CityMention,
    mentions: Sequence[CityMention],
    regions: Sequence[Region],
    own_rows: Mapping[int, float],
    gazetteer: Gazetteer,
) -> bool:
    """Say whether the piece rather names a state, with a city of that state before it: "Ithaca, New York"."""
    own = [region.state for region in regions if region.at == mention.at]
    if not own or mention.quality < WHOLE:
        return False
    if any(region.state in own and region.at > mention.at for region in regions):
        return False
    states = gazetteer.states
    if any(states[row] in own and row not in mention.rows for row in own_rows):
        return True
    return any(
        other.at < mention.at and other.quality >= WHOLE and any(states[row] in own for row in other.rows)
        for other in mentions
    )


def _regions(
    words: tuple[str, ...], address: PrintedAddress, gazetteer: Gazetteer, nations: frozenset[str] | None
) -> list[tuple[str, str]]:
    bare = stripped(words)
    for form in (words,) if bare == words else (words, bare):
        key = " ".join(form)
        if len(key) <= 3 and key.isascii() and key not in address.codes and len(form) == 1:
            continue
        found = [region for region in gazetteer.regions(key) if nations is None or region[0] in nations]
        if found:
            return found
    return []


def _keys(words: tuple[str, ...], nations: frozenset[str] | None) -> Iterable[str]:
    """Yield the forms under which a piece is looked up."""
    key = " ".join(words)
    yield key
    if key.endswith(_CITY_WORDS):
        for nation in sorted(nations or ()):
            yield from city_keys(key, nation)[1:]
    bare = stripped(words)
    if bare != words:
        yield " ".join(bare)
    if len(words) > 1:
        long = " ".join(_SHORT.get(word, word) for word in words)
        if long != key:
            yield long
    plain = key
    for pair in _UMLAUTS:
        plain = plain.replace(*pair)
    if plain != key:
        yield plain
    if len(words) > 1:
        yield "".join(words)


def _first(
    keys: Iterable[str], gazetteer: Gazetteer, nations: frozenset[str] | None, allowed: set[tuple[str, str]]
) -> tuple[str, tuple[int, ...]]:
    """Return the first of the keys that names a city of these countries, and the rows of such cities."""
    countries, states = gazetteer.countries, gazetteer.states
    for key in keys:
        if len(key) < 2 or (len(key) < 3 and key.isascii()):
            continue
        rows = gazetteer.find(key)
        if nations is not None and rows:
            rows = [row for row in rows if countries[row] in nations]
        if rows and gazetteer.regions(key):
            # The name of a province is another name of some of its towns too.
            rows = [row for row in rows if gazetteer.keys[row] == key or gazetteer.is_largest(row)]
        if rows:
            near = [row for row in rows if states[row] in allowed] if allowed else []
            return key, tuple(dict.fromkeys([*near, *rows[:_MOST]]))
    return "", ()
