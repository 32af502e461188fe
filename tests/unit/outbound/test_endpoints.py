"""The addresses that a webhook may have."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from polysync_core.domain.errors import Invalid
from polysync_core.outbound.hosts import AddressScope
from polysync_core.outbound.urls import read_url


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://hooks.example.com", "https://hooks.example.com/"),
        ("https://hooks.example.com:443/a?b=c", "https://hooks.example.com/a?b=c"),
        ("HTTPS://Hooks.Example.com/A%2Fb?x=1&y", "https://hooks.example.com/A%2Fb?x=1&y"),
        ("https://hooks.example.com?x=1", "https://hooks.example.com/?x=1"),
    ],
)
def test_a_public_name_with_a_path_is_taken(text: str, url: str) -> None:
    endpoint = read_url(text, path="url", allow_loopback=False)
    assert endpoint.url == url
    assert endpoint.base.scope is AddressScope.PUBLIC


REFUSED = [
    "",
    "hooks.example.com",
    "http://hooks.example.com",
    "ftp://hooks.example.com",
    "vault://v/key",
    "file:///etc/passwd",
    "https://",
    "https:///a",
    "https://localhost",
    "https://intranet",
    "https://127.0.0.1/a",
    "https://[::1]/",
    "https://2130706433",
    "https://0x7f.1/",
    "https://169.254.169.254/metadata/instance",
    "https://hooks.example.com:8443/a",
    "https://user:pw@hooks.example.com/a",
    "https://hooks.example.com\\@127.0.0.1/",
    "https://hooks.example.com/a b",
    "https://hooks.example.com/a\r\nX-Header: 1",
    "https://hooks.example.com/\u00fc",
    "https://hooks.example.com/%zz",
    "https://hooks.example.com/a#b",
    "https://hooks.example.com/../a",
    "https://hooks.example.com/a/%2e%2E",
    "http://127.0.0.1:1",
]


@pytest.mark.parametrize("text", REFUSED, ids=ascii)
def test_any_other_address_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read_url(text, path="url", allow_loopback=False)
    assert [problem.path for problem in refusal.value.problems] == ["url"]


@pytest.mark.parametrize("text", REFUSED[:-1], ids=ascii)
def test_development_opens_loopback_and_nothing_else(text: str) -> None:
    with pytest.raises(Invalid):
        read_url(text, path="url", allow_loopback=True)
    opened = read_url("http://127.0.0.1:81/a?b", path="url", allow_loopback=True)
    assert (opened.url, opened.base.scope) == ("http://127.0.0.1:81/a?b", AddressScope.LOOPBACK)


@given(st.text(max_size=50))
@example("hooks.example.com/a")
@example("hooks.example.com\\@evil")
def test_the_validated_host_is_the_host_that_is_connected_to(rest: str) -> None:
    with suppress(Invalid):
        endpoint = read_url(f"https://{rest}", path="url", allow_loopback=False)
        parts = urlsplit(endpoint.url)
        assert (parts.scheme, parts.netloc) == ("https", endpoint.base.host)


def test_the_address_of_the_machines_own_host_is_not_public() -> None:
    assert not AddressScope.PUBLIC.allows("168.63.129.16")
    assert not AddressScope.PUBLIC.allows("::ffff:168.63.129.16")
