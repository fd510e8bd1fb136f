"""Addresses printed as "organisation, department, city, country": where in them the city stands."""

import re
from functools import lru_cache

from innovation_graph.places import countries
from innovation_graph.places.regions import REGION_COUNTRIES, region_code
from innovation_graph.sources._printed_regions import is_region, is_town_too
from innovation_graph.sources._work import Address

__all__ = ["read_address"]

# Records of the 1980s end American addresses with the ZIP code.
_AMERICAN = re.compile(r"[A-Z]{2} \d{5}(?:-\d{4})?")
_BRITISH_CODE = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?(?: \d?[A-Z\d]{2,3})?$")
_POST_BOX = re.compile(r"^(?:P\.? ?O\.? ?Box|POB|BP|CP|Casilla|Apartado)\b[ .]*(?:[\w/-]*\d[\w/-]*)?", re.IGNORECASE)
_CEDEX = re.compile(r"\bcedex\b.*$", re.IGNORECASE)
# Words that no name of a town holds, in the abbreviations of Web of Science and in full.
_ORGANISATION = re.compile(
    r"\b(?:acad\w*|adm|assoc\w*|biol\w*|bldg|building|campus|cent(?:er|re|rum)|chem\w*|clin\w*|coll(?:ege)?|comm|corp\w*"
    r"|ctr|dep(?:t|artment|artamento|artement)|direcc\w*|dis|div(?:ision)?|engn|engineering|epidemiol\w*|escuela"
    r"|fac(?:ulty|ultad)?|fdn|foundation|gmbh|grp|group|hlth|health|hop|hosp\w*|inc|infect|inst\w*|int|invest|lab\w*|ltd"
    r"|management|med|medicine|medical|microbiol\w*|minist\w*|natl|national|org|parasitol\w*|pharm\w*|phys\w*|polytech\w*"
    r"|prevent|program\w*|proyecto|publ|res|research|sch(?:ool)?|sci\w*|sect|section|serv\w*|soc(?:iety)?|stn|syst\w*"
    r"|technol\w*|trop|unit|unite|univ\w*|vet)\b",
    re.IGNORECASE,
)
_STREET = re.compile(
    r"^\d+\S* \D|\b(?:ave(?:nue)?|blvd|boulevard|box|drive|floor|highway|hwy|km|lane|rd|road|room|rue|street|str|via)\b"
    r"|\S (?:st|dr)\.?$|stra(?:ss|ß)e\b|^(?:no|nr)\.? ?\d",
    re.IGNORECASE,
)
_ACRONYM = re.compile(r"\b[A-Z]{3,}\b")
_DISTRICT = re.compile(r"[ -](?:ku|gu|dist|district|ward)$", re.IGNORECASE)
_SUBUNIT = re.compile(
    r"^(?:chair|clinic(?:al)?|dep(?:t|artment|artamento|artement)|dipartimento|division|fac(?:ulty|ult\w+)"
    r"|graduate school|group|key lab|lab(?:oratory)?|programme?|research (?:group|unit)|school|section|state key"
    r"|unit)\b",
    re.IGNORECASE,
)
_WHOLE = re.compile(
    r"\bunivers|\bpolyt\w+|\bpolitec\w+|\bacademy of\b|\bhochschule\b|\b[eé]cole\b|\beth z"
    r"|\begyetem\b|\byliopisto\b",
    re.IGNORECASE,
)
_LARGE = re.compile(
    r"\binstitut|\binstytut|\bcollege\b|\bacadem|\bhospital|\bcent(?:er|re|ro)\b|\bcouncil\b|\bcorporation\b|\bcompany\b"
    r"|\b(?:inc|ltd|gmbh|co|plc|llc)\b|\bschool of (?:economics|mines)\b|\bnational\b|\bminist|\bfoundation\b|\bcnrs\b",
    re.IGNORECASE,
)


@lru_cache(maxsize=1 << 16)
def read_address(text: str, *, departments_first: bool = False) -> Address:
    """Take an address apart.

    Parameters
    ----------
    text : str
        As printed, without the name of an author.
    departments_first : bool
        Whether departments stand before their organisation, and codes and streets between city and country
        (Scopus), or the organisation first and the city right before the state and country (Web of Science).

    Returns
    -------
    Address
        The city is None where its position in the text is not reliable, the country where no country ends it.
    """
    text = " ".join(text.split()).rstrip(" .;,")
    parts = [part for part in (part.strip() for part in text.split(",")) if part]
    if not parts:
        return Address()
    country, region = countries.from_printed(parts[-1])
    if country is None and _AMERICAN.fullmatch(parts[-1]):
        country, region = countries.from_printed(f"{parts[-1]} USA")
    organisation = _organisation(parts) if departments_first else parts[0]
    if country is None:
        return Address(organisation=organisation, text=text)
    between = parts[1:-1]
    find = _after_codes if departments_first else _before_country
    city, found = find(between, country, known=country == "US" and region is not None)
    if region is None and found and country in REGION_COUNTRIES and region_code(country, found):
        region = found
    return Address(organisation=organisation, text=text, city=city, region=region, country=country)


def _before_country(parts: list[str], country: str, *, known: bool) -> tuple[str | None, str | None]:
    """Find city and region where the city stands last, or last but the region."""
    names = [_without_code(part, country) for part in parts[-2:]]
    last = names.pop() if names else ""
    if known:
        return last or None, None
    before = names[0] if names and _may_be_town(names[0]) else None
    if is_region(country, last):
        return before or (last if is_town_too(country, last) else None), last
    # A county that is not in the table: in Britain the postcode goes with the town.
    county = country == "GB" and before and _BRITISH_CODE.search(parts[-2]) and not _BRITISH_CODE.search(parts[-1])
    if not last or county or _DISTRICT.search(last):
        return before, None
    return (None if _ORGANISATION.search(last) else last), None


def _after_codes(parts: list[str], country: str, *, known: bool) -> tuple[str | None, str | None]:
    """Find city and region where codes, regions and streets may stand between the city and the country."""
    names = [_without_code(part, country) for part in parts if not _STREET.search(part)]
    names = [name for name in names if name]
    towns = [_may_be_town(name) for name in names]
    places = range(len(names) - 1, -1, -1)
    areas = [not known and is_region(country, name) for name in names]
    # The code of a state is a sure sign, whatever stands behind it.
    for at in places:
        if at and areas[at] and len(names[at]) <= 3 and towns[at - 1]:
            return names[at - 1], names[at]
    for at in places:
        if areas[at]:
            before = names[at - 1] if at and towns[at - 1] else None
            return before or (names[at] if is_town_too(country, names[at]) else None), names[at]
        if towns[at]:
            # "Ontario, Toronto": the region may also stand before the city.
            return names[at], names[at - 1] if at and areas[at - 1] else None
        if _ORGANISATION.search(names[at]):
            break
    return None, None


def _may_be_town(name: str) -> bool:
    marks = (_ORGANISATION, _STREET, _DISTRICT, _ACRONYM)
    return bool(name) and not any(mark.search(name) for mark in marks)


def _without_code(part: str, country: str) -> str:
    """Leave out postcodes before and behind a name, and boxes."""
    words = _CEDEX.sub("", _POST_BOX.sub("", part)).split()
    numbered = False
    while words and any(map(str.isdigit, words[0])):
        del words[0]
        numbered = True
    # The letters of a Dutch code stand apart from its digits.
    if numbered and country == "NL" and words and len(words[0]) == 2 and words[0].isupper():
        del words[0]
    for at, word in enumerate(words):
        if any(map(str.isdigit, word)):
            del words[at:]
            break
    return " ".join(words).strip(" -.")


def _organisation(parts: list[str]) -> str:
    """Choose the part that names a whole organisation and not a department of it."""
    own = [part for part in parts[:-1] if not _SUBUNIT.match(part)] or parts[:1]
    return next((part for rank in (_WHOLE, _LARGE) for part in own if rank.search(part)), own[0])
