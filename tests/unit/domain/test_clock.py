"""Tests that time zones come from the pinned data."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest

from polysync_core.domain.clock import zone_named, zone_names


@pytest.fixture
def machine_with_wrong_zones(tmp_path: Path) -> Iterator[None]:
    """Give the machine zone data in which Samoa is UTC."""
    (tmp_path / "Pacific").mkdir()
    utc = files("tzdata").joinpath("zoneinfo", "UTC").read_bytes()
    (tmp_path / "Pacific" / "Apia").write_bytes(utc)
    zoneinfo.reset_tzpath(to=[str(tmp_path)])
    zoneinfo.ZoneInfo.clear_cache()
    yield
    zoneinfo.reset_tzpath()
    zoneinfo.ZoneInfo.clear_cache()


@pytest.mark.usefixtures("machine_with_wrong_zones")
def test_the_zone_data_of_the_machine_is_not_used():
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert at.astimezone(zoneinfo.ZoneInfo("Pacific/Apia")).utcoffset() == timedelta(0)
    assert at.astimezone(zone_named.__wrapped__("Pacific/Apia")).utcoffset() == timedelta(hours=13)


def test_every_accepted_zone_can_be_read():
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert all(
        abs(at.astimezone(zone_named(name)).utcoffset()) < timedelta(1) for name in zone_names()
    )


@pytest.mark.parametrize("name", ["../../etc/passwd", "zones", "", "Europe", "europe/berlin"])
def test_an_unknown_zone_is_refused_before_a_file_is_opened(name: str):
    with pytest.raises(ValueError, match="not an IANA time zone"):
        zone_named(name)
