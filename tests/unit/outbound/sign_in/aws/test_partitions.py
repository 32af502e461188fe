"""Partitions of AWS: their regions, host names and consoles."""

from __future__ import annotations

import re

import pytest

from polysync_core.outbound.hosts import AddressScope
from polysync_core.outbound.sign_in.aws.partitions import (
    REGION_PATTERN,
    console_url,
    foreign_partition,
    service_address,
)


@pytest.mark.parametrize(
    ("region", "host", "console"),
    [
        ("eu-west-1", "states.eu-west-1.amazonaws.com", "eu-west-1.console.aws.amazon.com"),
        ("cn-north-1", "states.cn-north-1.amazonaws.com.cn", "console.amazonaws.cn"),
        ("us-gov-west-1", "states.us-gov-west-1.amazonaws.com", "console.amazonaws-us-gov.com"),
        ("eusc-de-east-1", "states.eusc-de-east-1.amazonaws.eu", "console.amazonaws-eusc.eu"),
    ],
)
def test_each_partition_has_its_hosts(region: str, host: str, console: str) -> None:
    address = service_address("states", region)

    assert re.fullmatch(REGION_PATTERN, region)
    assert (address.url, address.host) == (f"https://{host}", host)
    assert address.scope is AddressScope.PUBLIC
    assert console_url(region, "states/home").split("/")[2] == console


@pytest.mark.parametrize(
    "region",
    [
        "",
        "eu-west",
        "EU-WEST-1",
        "eu-west-1.evil.example",
        "eu-west-1/x",
        "eu west-1",
        "us-iso-east-1",
        "us-isob-east-1",
        "eu-west-1a",
        "eu-west-100",
        "https://eu-west-1",
    ],
)
def test_a_text_that_is_not_a_region_is_refused(region: str) -> None:
    assert re.fullmatch(REGION_PATTERN, region) is None


def test_an_arn_of_another_partition_is_named() -> None:
    role = "arn:aws:iam::123456789012:role/polysync"

    assert foreign_partition(role, "eu-west-1") is None
    assert "aws-cn" in (foreign_partition(role, "cn-north-1") or "")
    assert foreign_partition("", "cn-north-1") is None
