"""From the text of an address to its organisation and its city, offline, with a score and a reason."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from innovation_graph.errors import RecordsError
from innovation_graph.places import countries
from innovation_graph.places._address_text import Piece, PrintedAddress, country_of, holds_head, read_address
from innovation_graph.places._city_choice import (
    SPELLED,
    WHOLE,
    CityMention,
    Ranked,
    Region,
    cities_in,
    cities_inside,
    near_spellings,
    regions_in,
    scored,
)
from innovation_graph.places._organisation_index import OrganisationIndex
from innovation_graph.places._organisation_rank import Match, Relation, best_match
from innovation_graph.places._organisation_words import canonical
from innovation_graph.places._resolution_cache import ResolutionCache
from innovation_graph.places.gazetteer import Gazetteer, load_gazetteer, territory
from innovation_graph.places.regions import REGION_COUNTRIES
from innovation_graph.places.text import fold

__all__ = ["THRESHOLD", "Resolution", "Resolver"]

THRESHOLD = 0.7
"""Score under which a city is left out, unless told otherwise."""

_VERSION = 2
"""Of the rules: results stored under another one are thrown away."""

_NEEDED = ("organisation", "ror", "type", "city", "region", "country", "geonames_id", "lat", "lon")
_TAKEN = ("organisation", "ror", "type", "lat", "lon")
_CITY_STATES = frozenset({"GI", "HK", "MC", "MO", "SG", "VA"})
_GIVEN = 3.0
_HOME_SCORE = 2.2
"""What a city of the text must score to go before the seat of an organisation."""
_NEAR_KM, _FAR_KM = 30.0, 50.0
_RIVAL = 0.15
"""Least lead before another city that an address may mean: three times the inhabitants."""
_LARGE, _VERY_LARGE = 50_000, 200_000


class Resolution(NamedTuple):
    """What an address turned out to be; None where unknown.

    Parameters
    ----------
    organisation, ror, type : str or None
        The organisation as its file names it.
    city : str or None
        Main name of the city in GeoNames.
    region : str or None
        State or province: its name in AU, CA, CN, GB and US, elsewhere the first-order code of GeoNames.
    country : str or None
        ISO 3166-1 alpha-2 code.
    geonames_id : int or None
        GeoNames id of the city.
    lat, lon : float or None
        Degrees; of the organisation if it lies in this city, else of the city.
    score : float
        How sure the city is, 0 to 1.
    reason : str
        What it was found by.
    """

    organisation: str | None = None
    ror: str | None = None
    type: str | None = None
    city: str | None = None
    region: str | None = None
    country: str | None = None
    geonames_id: int | None = None
    lat: float | None = None
    lon: float | None = None
    score: float = 0.0
    reason: str = ""


class _Evidence(NamedTuple):
    """What the text says."""

    country: str | None
    nations: frozenset[str] | None
    pieces: list[Piece]
    regions: list[Region]
    mentions: list[CityMention]
    matches: list[Match]
    given: bool


class _Found(NamedTuple):
    """The city that was chosen."""

    row: int
    base: float
    reason: str
    rival: bool = False


class Resolver:
    """Finds organisation and city of addresses.

    Parameters
    ----------
    organisations : pyarrow.Table, optional
        `Institutions.table`; without it only cities are found.
    parents : bool
        Whether an organisation stands for the one above it, up to the top, where the table has `parent`.
    threshold : float
        Least score of a city that is given, 0 to 1. At 0.7 an address stays unlocated where the seat of its
        organisation contradicts the city it prints.
    cache : str or Path, optional
        SQLite file that keeps results between runs; it is emptied when organisations, options or rules change.

    Raises
    ------
    RecordsError
        If the table of organisations lacks a column.
    """

    def __init__(
        self,
        organisations: pa.Table | None = None,
        *,
        parents: bool = False,
        threshold: float = THRESHOLD,
        cache: Path | str | None = None,
    ) -> None:
        self._gazetteer: Gazetteer = load_gazetteer()
        self._index: OrganisationIndex | None = None
        self._threshold = threshold
        self._run: dict[tuple[str | None, ...], Resolution] = {}
        self._columns: dict[str, list[Any]] = {}
        if organisations is not None:
            self._learn(organisations, parents=parents)
        settings = {"version": _VERSION, "threshold": threshold, "parents": parents}
        self._stored = ResolutionCache(cache, settings, organisations) if cache is not None else None

    def resolve(
        self,
        text: str | None,
        *,
        organisation: str | None = None,
        city: str | None = None,
        region: str | None = None,
        country: str | None = None,
    ) -> Resolution:
        """Find organisation and city of one address.

        What a source tells apart is trusted before the text. A city that the text names goes before the seat of
        its organisation, unless the two lie within 30 km: a campus in a suburb is of the city of its seat.

        Parameters
        ----------
        text : str or None
            The whole address as printed.
        organisation, city, region, country : str, optional
            What the source knows; the country as a code or a name.

        Returns
        -------
        Resolution
            The country also where the city stays unknown.
        """
        key = (text, organisation, city, region, country)
        known = self._run.get(key)
        if known is None and self._stored is not None:
            row = self._stored.get(key)
            known = Resolution(*row) if row else None
        if known is None:
            known = self._decide(self._read(*key))
            if self._stored is not None:
                self._stored.put(key, known)
        if len(self._run) >= _LARGE:
            self._run.clear()
        self._run[key] = known
        return known

    def save(self) -> None:
        """Write what is new to the cache on disk, if there is one."""
        if self._stored is not None:
            self._stored.commit()

    def _learn(self, organisations: pa.Table, *, parents: bool) -> None:
        missing = [name for name in _NEEDED if name not in organisations.column_names]
        if missing:
            raise RecordsError(f"organisations: columns {missing} are missing; give the table of read_institutions")
        self._gazetteer = self._gazetteer.extended(organisations)
        self._index = OrganisationIndex(organisations, self._gazetteer)
        self._columns = {name: organisations[name].to_pylist() for name in _TAKEN}
        row_of_id = self._gazetteer.row_of_id
        self._home = [row_of_id.get(number or 0, -1) for number in organisations["geonames_id"].to_pylist()]
        above = organisations["parent"].to_pylist() if parents and "parent" in organisations.column_names else []
        self._head = _heads(self._columns["ror"], above)

    def _read(
        self, text: str | None, organisation: str | None, city: str | None, region: str | None, country: str | None
    ) -> _Evidence:
        gazetteer = self._gazetteer
        address = read_address(text or "")
        printed, rest, named = country_of(address)
        iso2 = countries.code_or_name(country) if country else None
        pieces = address.pieces
        if iso2 is None:
            iso2 = self._country_or_state(printed, rest, named)
        if iso2 and printed and (printed in territory(iso2) or iso2 in territory(printed)):
            pieces = rest
        nations = territory(iso2) if iso2 else None
        regions, pieces = regions_in(pieces, address, gazetteer, nations)
        if region:
            given = read_address(region)
            given = given._replace(codes=frozenset(fold(region).split()))
            found, _ = regions_in(given.pieces, given, gazetteer, nations)
            regions = [state._replace(at=len(pieces)) for state in found] or regions
        mentions = cities_in(pieces, gazetteer, nations, regions)
        # What stands for a place alone names no organisation: "Milan" is not Mylan, "Germany" not UL (Germany).
        at = {mention.at for mention in mentions if mention.quality >= WHOLE} | {state.at for state in regions}
        placed = {pieces[i].words for i in at if i < len(pieces)} | ({named.words} if named else set())
        placed = {words for words in placed if not holds_head(words)}  # GeoNames has towns called University of...
        told = cities_in(read_address(city).pieces, gazetteer, nations, regions) if city else []
        if told:
            last = max(len(pieces) - 1, 0)
            mentions = [mention._replace(quality=mention.quality + _GIVEN, at=last) for mention in told]
        elif not mentions and named is not None and iso2 in _CITY_STATES:
            mentions = cities_in([named], gazetteer, nations, [])
        parts = [fold(organisation).split(), *address.parts] if organisation else address.parts
        is_place = [tuple(word for word in part if not word.isdecimal()) in placed for part in parts]
        others = {canonical(word) for part, only in zip(parts, is_place, strict=True) if not only for word in part}
        matches = self._matches(address, parts, nations)
        # They stay in the list: where the last name of an address stands is told by all that match.
        matches = [
            one
            if not is_place[one.part] or one.acronym or self._is_named(one.row, others)
            else one._replace(covered=0.0)
            for one in matches
        ]
        return _Evidence(iso2, nations, pieces, regions, mentions, matches, bool(told))

    def _matches(self, address: PrintedAddress, parts: list[list[str]], nations: frozenset[str] | None) -> list[Match]:
        if self._index is None:
            return []
        matches = self._index.matches(parts, nations)
        if address.codes:
            matches += self._index.by_initials(address.codes, parts, nations)
        return matches

    def _is_named(self, row: int, words: set[str]) -> bool:
        """Say whether any word of length of an organisation's name is among these."""
        name = self._columns["organisation"][row] or ""
        return any(len(word) > 3 and canonical(word) in words for word in fold(name).split())

    def _country_or_state(self, country: str | None, pieces: Sequence[Piece], named: Piece | None) -> str | None:
        """Tell Georgia from Georgia by the cities that stand beside it."""
        states = self._gazetteer.regions(named.key) if named else ()
        if not any(iso2 != country for iso2, _ in states):
            return country
        gazetteer = self._gazetteer
        beside = [(row, gazetteer.populations[row]) for piece in pieces for row in gazetteer.find(piece.key)]
        best, most = country, max((size for row, size in beside if gazetteer.countries[row] == country), default=0)
        for state in states:
            size = max((size for row, size in beside if gazetteer.states[row] == state), default=0)
            if size > most:
                best, most = state[0], size
        return best

    def _decide(self, evidence: _Evidence) -> Resolution:
        gazetteer, last = self._gazetteer, _last_place(evidence)
        own: dict[int, float] = {}
        for one in evidence.matches:
            home = self._home[one.row]
            if home >= 0 and one.covered >= 0.9 and one.total > 7 and not one.acronym:
                own[home] = max(own.get(home, 0.0), one.covered)
        ranked = scored(evidence.mentions, gazetteer, evidence.regions, own, last)
        if not ranked and not own and evidence.nations:
            close = near_spellings(evidence.pieces, gazetteer, evidence.nations)
            ranked = scored(close, gazetteer, evidence.regions, own, last)
        match, likely = best_match(evidence.matches, self._columns.get("type", []), self._relations(ranked))
        home = self._home[match.row] if match else -1
        found = self._choose(evidence, ranked, home, likely) or self._inside(evidence, own, last)
        return self._result(evidence, found, match, home, likely)

    def _relations(self, ranked: Sequence[Ranked]) -> Callable[[int], Relation]:
        cities, gazetteer = [item.row for item in ranked[:3]], self._gazetteer

        @cache
        def of_home(home: int) -> Relation:
            if not cities or home < 0:
                return "unknown"
            if home in cities:
                return "same"
            if gazetteer.km(home, cities[0]) < _NEAR_KM:
                return "near"
            return "region" if gazetteer.states[home][1] == gazetteer.states[cities[0]][1] else "far"

        return lambda row: of_home(self._home[row])

    def _choose(self, evidence: _Evidence, ranked: Sequence[Ranked], home: int, likely: float) -> _Found | None:
        """Choose between the cities of the text and the seat of the organisation."""
        gazetteer = self._gazetteer
        seat = _Found(home, 0.55 + 0.35 * likely, "organisation's own city") if home >= 0 else None
        if not ranked:
            return seat
        first = ranked[0]
        if seat and not evidence.given and first.row != home:
            if reason := self._means_seat(evidence, first, home):
                return seat._replace(base=0.85, reason=reason)
            weak = first.mention.quality < WHOLE and gazetteer.populations[first.row] < 2 * _LARGE
            if weak or first.score < _HOME_SCORE + 1.5 * likely:
                return seat
        rival = any(
            item.score > first.score - _RIVAL and gazetteer.km(item.row, first.row) > _FAR_KM for item in ranked[1:5]
        )
        if evidence.given:
            return _Found(first.row, 0.95, "city as given", rival)
        if first.mention.quality == SPELLED:
            return _Found(first.row, 0.75, f"city spelt {first.mention.key!r}", rival)
        return _Found(first.row, 0.9 if first.mention.quality >= WHOLE - 1 else 0.75, "city", rival)

    def _means_seat(self, evidence: _Evidence, first: Ranked, home: int) -> str:
        """Say why the city of the text stands for the seat; empty if it does not.

        It lies near it, or it is the state of the seat ("New York") with no state behind it.
        """
        gazetteer = self._gazetteer
        if gazetteer.names[first.row] != gazetteer.names[home] and gazetteer.km(first.row, home) < _NEAR_KM:
            return "near the organisation's own city"
        places = [region.at for region in evidence.regions if region.state == gazetteer.states[home]]
        return "organisation's own city" if places and max(places) == first.mention.at else ""

    def _inside(self, evidence: _Evidence, own: Mapping[int, float], last: int) -> _Found | None:
        least = _LARGE if evidence.nations else _VERY_LARGE
        found = cities_inside(evidence.pieces, self._gazetteer, evidence.nations, evidence.regions, least)
        ranked = scored(found, self._gazetteer, evidence.regions, own, last)
        return _Found(ranked[0].row, 0.6, f"city in the name {ranked[0].mention.key!r}") if ranked else None

    def _result(
        self, evidence: _Evidence, found: _Found | None, match: Match | None, home: int, likely: float
    ) -> Resolution:
        named = self._named(match)
        if found is None:
            reason = "below the threshold: " + ("no city" if evidence.country else "neither city nor country")
            return Resolution(*named, country=evidence.country, reason=reason)
        gazetteer, row = self._gazetteer, found.row
        # A company works in many places; that of a university elsewhere is more often a misread name.
        seated = match is not None and self._columns["type"][match.row] != "company"
        score, reason = self._weigh(evidence, found, home, likely, seated=seated)
        if score < self._threshold:
            reason = f"below the threshold: {reason}"
            return Resolution(*named, country=evidence.country, score=score, reason=reason)
        lat, lon = gazetteer.lat[row], gazetteer.lon[row]
        if row == home and match and self._columns["lat"][match.row] is not None:
            lat, lon = self._columns["lat"][match.row], self._columns["lon"][match.row]
        name, country, number = gazetteer.names[row], gazetteer.countries[row], gazetteer.ids[row]
        return Resolution(*named, name, gazetteer.region_name(row), country, number, lat, lon, score, reason)

    def _weigh(
        self, evidence: _Evidence, found: _Found, home: int, likely: float, *, seated: bool
    ) -> tuple[float, str]:
        """Return how sure a city is, and what for."""
        country, region = self._gazetteer.states[found.row]
        score, reasons = found.base, [found.reason]
        states = {state.admin1 for state in evidence.regions if state.country == country}
        if region in states:
            reasons.append("region")
            score += 0.03
        elif states and country in REGION_COUNTRIES:
            reasons.append("but the region is another one")
            score -= 0.15 if found.row == home else 0.45
        if evidence.country:
            reasons.append("country")
        else:
            score -= 0.15
        if found.row == home:
            score += 0.05
            if not found.reason.endswith("own city"):
                reasons.append("organisation")
        elif seated and home >= 0 and likely > 0.5 and self._gazetteer.km(home, found.row) > _FAR_KM:
            score -= 0.25
            reasons.append("but the organisation's seat is elsewhere")
        if found.rival and found.row != home:
            score -= 0.3
            reasons.append("another city of the name is possible")
        return round(min(max(score, 0.0), 1.0), 3), "+".join(reasons)

    def _named(self, match: Match | None) -> tuple[str | None, str | None, str | None]:
        if match is None:
            return None, None, None
        row = self._head[match.row]
        name, ror, kind = (self._columns[column][row] for column in ("organisation", "ror", "type"))
        return name, ror, kind


def _last_place(evidence: _Evidence) -> int:
    """Return the piece where the places of an address end, before its states and whatever follows them."""
    states = {state.at for state in evidence.regions}
    last = len(evidence.pieces) - 1
    while last > 0 and last in states and not any(mention.at == last for mention in evidence.mentions):
        last -= 1
    return last


def _heads(rors: Sequence[object], above: Sequence[object]) -> list[int]:
    """Return the row of the topmost organisation above each one."""
    row_of = {ror: row for row, ror in enumerate(rors) if ror}
    heads = list(range(len(rors)))
    for row in range(len(rors) if above else 0):
        at, seen = row, {row}
        while (up := row_of.get(above[at] or "", -1)) >= 0 and up not in seen:
            seen.add(up)
            at = up
        heads[row] = at
    return heads
