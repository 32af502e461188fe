"""Finds the AWS partition of a region, and builds AWS service addresses.

A partition is a separate AWS with accounts, host names and a console of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

from polysync_core.outbound.hosts import AddressScope, BaseAddress

REGION_PATTERN = r"(?:[a-z]{2}|eusc-[a-z]{2})-(?:gov-)?[a-z]{4,12}-[0-9]{1,2}"
"""The form of a region's name; the secret regions such as `us-iso-east-1` are not supported."""
ACCOUNT_PATTERN = r"[0-9]{12}"


def _check_account(text: str) -> str:
    if re.fullmatch(ACCOUNT_PATTERN, text) is None:
        raise ValueError("an account has 12 digits")
    return text


def _check_region(text: str) -> str:
    if re.fullmatch(REGION_PATTERN, text) is None:
        raise ValueError("a region has a name such as eu-west-1")
    return text


type Region = Annotated[
    str,
    AfterValidator(_check_region),
    WithJsonSchema({"type": "string", "pattern": f"^{REGION_PATTERN}$"}),
]

type AccountId = Annotated[
    str,
    AfterValidator(_check_account),
    WithJsonSchema({"type": "string", "pattern": f"^{ACCOUNT_PATTERN}$"}),
]

_ARN_PARTITION = re.compile(r"arn:(aws[a-z-]{0,10}):")


@dataclass(frozen=True, slots=True)
class Partition:
    """A partition: its name in ARNs, and the domains of its services and its console."""

    name: str
    suffix: str
    console: str


_COMMERCIAL = Partition("aws", "amazonaws.com", "console.aws.amazon.com")
_BY_PREFIX = {
    "cn-": Partition("aws-cn", "amazonaws.com.cn", "console.amazonaws.cn"),
    "us-gov-": Partition("aws-us-gov", "amazonaws.com", "console.amazonaws-us-gov.com"),
    "eusc-": Partition("aws-eusc", "amazonaws.eu", "console.amazonaws-eusc.eu"),
}
PARTITION_PATTERN = "aws(?:-cn|-us-gov|-eusc)?"


def partition_of(region: str) -> Partition:
    """Return the partition of a region."""
    for prefix, partition in _BY_PREFIX.items():
        if region.startswith(prefix):
            return partition
    return _COMMERCIAL


def service_address(host_prefix: str, region: str) -> BaseAddress:
    """Return the regional address of a service, such as `states` or `api.sagemaker`."""
    host = f"{host_prefix}.{region}.{partition_of(region).suffix}"
    return BaseAddress(f"https://{host}", host, AddressScope.PUBLIC)


def console_url(region: str, path: str) -> str:
    """Return the address of a page in the console of a region's partition."""
    host = partition_of(region).console
    # Only the console of the commercial partition has a host for each region.
    prefix = f"{region}." if host == _COMMERCIAL.console else ""
    return f"https://{prefix}{host}/{path}"


def foreign_partition(arn: str, region: str) -> str | None:
    """Explain that an ARN belongs to another partition than a region; None if it does not."""
    found, wanted = _ARN_PARTITION.match(arn), partition_of(region).name
    if found is None or found[1] == wanted:
        return None
    return f"belongs to the partition {found[1]}, but the region {region} to {wanted}"
