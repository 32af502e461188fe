"""Tests the search of time zones by place, former name and abbreviation."""

from __future__ import annotations

import pytest

from polysync_core.domain.clock import check_zone, zone_names
from polysync_core.domain.errors import HintedError
from polysync_core.domain.schedules.zone_search import search_zones


def best(text: str) -> str | None:
    found = search_zones(text, limit=1)
    return found[0].zone if found else None


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("Berlin", "Europe/Berlin"),
        ("germany", "Europe/Berlin"),
        ("  SAO  paulo ", "America/Sao_Paulo"),
        ("New York", "America/New_York"),
        ("new_york", "America/New_York"),
        ("usa", "America/New_York"),
        ("uk", "Europe/London"),
        ("Côte d'Ivoire", "Africa/Abidjan"),
        ("cote d ivoire", "Africa/Abidjan"),
        ("Denmark", "Europe/Copenhagen"),
        ("Calcutta", "Asia/Kolkata"),
        ("Kiev", "Europe/Kyiv"),
        ("india", "Asia/Kolkata"),
        ("AEST", "Australia/Sydney"),
        ("pst", "America/Los_Angeles"),
        ("texas", "America/Chicago"),
        ("Europe/Madrid", "Europe/Madrid"),
        ("Berln", "Europe/Berlin"),
        ("utc", "UTC"),
        ("", None),
        ("  ", None),
        ("<script>", None),
        ("qqqqqq", None),
    ],
)
def test_a_place_finds_its_zone(text: str, zone: str | None) -> None:
    assert best(text) == zone


def test_every_found_zone_is_a_zone() -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    found = {each.zone for text in letters for each in search_zones(text, limit=999)}
    assert len(found) > 300
    assert found <= zone_names()


def test_a_result_says_where_the_zone_is() -> None:
    (found,) = search_zones("Auckland", limit=5)
    assert found.text.startswith("Auckland, New Zealand")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Berlin", "Europe/Berlin"),
        ("Germany", "Europe/Berlin"),
        ("AEST", "Australia/Sydney"),
        ("Europe/Belin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
    ],
)
def test_the_error_of_an_unknown_zone_names_that_of_the_place(name: str, hint: str) -> None:
    with pytest.raises(HintedError) as error:
        check_zone(name)
    assert hint in error.value.hint()
