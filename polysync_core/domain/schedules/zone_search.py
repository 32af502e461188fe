"""Finds IANA time zones by city, country, former name or usual abbreviation.

The data are the tables that the pinned package `tzdata` ships.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_COUNTRY_WORDS: Mapping[str, str] = {
    "AE": "uae",
    "CZ": "czech republic",
    "GB": "uk england scotland wales",
    "NL": "holland",
    "TR": "turkey",
    "US": "usa america",
}
"""Further words for countries, by code."""
_FURTHER_WORDS: Mapping[str, str] = {
    "America/Anchorage": "akst akdt",
    "America/Chicago": "cst cdt texas illinois",
    "America/Denver": "mdt",
    "America/Los_Angeles": "pst pdt california washington oregon",
    "America/New_York": "edt florida massachusetts",
    "America/Sao_Paulo": "brt",
    "Asia/Hong_Kong": "hkt",
    "Asia/Kolkata": "ist",
    "Asia/Singapore": "sgt",
    "Asia/Tokyo": "jst",
    "Australia/Adelaide": "acst acdt",
    "Australia/Perth": "awst",
    "Australia/Sydney": "aest aedt",
    "Europe/Berlin": "cest",
    "Europe/London": "bst",
    "Pacific/Auckland": "nzst nzdt",
}
"""Abbreviations that are no names of zones, and states, by zone."""
_UTC = ("utc", "gmt", "zulu", "coordinated", "universal", "time")
_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ZonePlace:
    """A time zone with the places that use it."""

    zone: str
    countries: tuple[str, ...]
    note: str
    """The part of the country, where a country has several zones."""
    words: tuple[str, ...]
    """The folded words by which the zone is found."""

    @property
    def city(self) -> str:
        """The city of the name."""
        return self.zone.rpartition("/")[2].replace("_", " ")

    @property
    def text(self) -> str:
        """The city, its countries and the note in one line."""
        where = ", ".join(self.countries[:3])
        more = f" and {len(self.countries) - 3} more" if len(self.countries) > 3 else ""
        return ", ".join(filter(None, (self.city, f"{where}{more}", self.note)))


def search_zones(text: str, *, limit: int) -> list[ZonePlace]:
    """Return the zones whose places have all words of a text, the best ones first."""
    wanted = _folded(text)
    if not wanted:
        return []
    ranked = [
        (rank, number, candidate)
        for number, candidate in enumerate(_places())
        if (rank := _rank(candidate, wanted)) is not None
    ]
    found = [candidate for _, _, candidate in sorted(ranked, key=lambda each: each[:2])]
    return (found or _similar(text))[:limit]


def _rank(candidate: ZonePlace, wanted: Sequence[str]) -> int | None:
    """Return the rank of a match, 0 for the best; None for no match."""
    if not all(any(word.startswith(each) for word in candidate.words) for each in wanted):
        return None
    city, asked = _folded(candidate.city), list(wanted)
    own, *others = [_folded(each) for each in candidate.countries] or [[]]
    tests = (
        city == asked,
        own == asked,
        asked in others,
        all(each in candidate.words for each in asked),
        " ".join(city).startswith(" ".join(asked)),
    )
    return next((number for number, holds in enumerate(tests) if holds), len(tests))


def _similar(text: str) -> list[ZonePlace]:
    """Return the zone whose city is spelled most like a text."""
    by_city = {" ".join(_folded(each.city)): each for each in _places()}
    close = difflib.get_close_matches(" ".join(_folded(text)), by_city, n=1, cutoff=0.75)
    return [by_city[each] for each in close]


@cache
def _places() -> Sequence[ZonePlace]:
    """Return all zones with their places."""
    codes: dict[str, list[str]] = {}
    notes: dict[str, str] = {}
    # The first table has the country of each zone, the second one also those that share it.
    for table in ("zone.tab", "zone1970.tab"):
        for countries, _, zone, *note in _rows(table):
            known = codes.setdefault(zone, [])
            known += [each for each in countries.split(",") if each not in known]
            notes.setdefault(zone, note[0] if note else "")
    names = {code: name for code, name, *_ in _rows("iso3166.tab")}
    former = _former_names()
    utc = ZonePlace(zone="UTC", countries=(), note="Coordinated Universal Time", words=_UTC)
    named = ((zone, (notes[zone], former.get(zone, ""))) for zone in codes)
    return [utc, *(_place(zone, codes[zone], names, texts) for zone, texts in named)]


def _place(
    zone: str, codes: Sequence[str], names: Mapping[str, str], texts: tuple[str, str]
) -> ZonePlace:
    note, former = texts
    countries = tuple(names[code] for code in codes)
    further = " ".join(_COUNTRY_WORDS.get(code, "") for code in codes[:1])
    text = " ".join((zone, *countries, *codes, further, note, former, _FURTHER_WORDS.get(zone, "")))
    words = dict.fromkeys(_folded(text))
    return ZonePlace(zone=zone, countries=countries, note=note, words=tuple(words))


def _former_names() -> Mapping[str, str]:
    """Return the cities and countries that are other names of a zone, by zone."""
    names: dict[str, str] = {}
    for kind, *rest in _rows("tzdata.zi", separator=" "):
        # Names in capitals, such as EST, are abbreviations that mislead.
        if kind == "L" and len(rest) == 2 and not rest[1].isupper():
            target, name = rest
            names[target] = f"{names.get(target, '')} {name.rpartition('/')[2]}"
    return names


def _rows(table: str, *, separator: str = "\t") -> Iterator[list[str]]:
    text = files("tzdata").joinpath("zoneinfo", table).read_text("utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            yield line.split(separator)


def _folded(text: str) -> list[str]:
    """Return the words of a text without case and accents."""
    plain = unicodedata.normalize("NFKD", text.replace("_", " ")).casefold()
    return _WORD.findall("".join(each for each in plain if not unicodedata.combining(each)))
