"""Tests that values stay in their part of a URL; deceptive characters are refused."""

from __future__ import annotations

from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from polysync_core.domain.errors import Invalid
from polysync_core.outbound.urls import own_address, url, url_character_problem

BASE = "https://adb-1.7.azuredatabricks.net"

ATTACKS = [
    "..",
    ".",
    "",
    "../../admin",
    "x?api-version=1",
    "x#y",
    "a/../b",
    "a%2f..%2fb",
    "%2e%2e",
    "a\\b",
    "//evil.example",
    "@evil.example",
    "https://evil.example",
    ":443@evil.example",
    "a\nHost: evil.example",
    "a\r\n\r\nGET /",
    "\x00",
    "\uff0e\uff0e\uff0fadmin",
    "\uff11\uff12\uff13",
    "a&b=c",
    "a;b",
    "\ud800",
]


@given(segment=st.text(), value=st.text(st.characters(exclude_categories=["Cs"])))
@example(segment="a%2f..%2fb", value="a&x=1#y")
@example(segment="\uff0e\uff0e", value="\r\n")
def test_no_value_leaves_its_place(segment: str, value: str) -> None:
    try:
        built = url(BASE, "api", segment, "end", query={"q": value})
    except Invalid:
        return
    parts = urlsplit(built)
    assert (parts.scheme, parts.netloc) == ("https", "adb-1.7.azuredatabricks.net")
    assert parts.path.split("/")[:2] == ["", "api"]
    assert parts.path.count("/") == 3
    assert unquote(parts.path.split("/")[2]) == segment
    assert parse_qs(parts.query, keep_blank_values=True) == {"q": [value]}
    assert parts.fragment == ""
    assert built.isascii()
    assert built.isprintable()


@pytest.mark.parametrize("attack", ATTACKS, ids=ascii)
def test_an_attack_stays_one_segment_or_is_refused(attack: str) -> None:
    try:
        built = url(BASE, "api", attack)
    except Invalid:
        assert attack in {"", ".", ".."} or not attack.isprintable()
        return
    assert built.startswith(f"{BASE}/api/")
    assert not set("/?#\\@ \r\n") & set(built.removeprefix(f"{BASE}/api/"))


@pytest.mark.parametrize("segment", ["", ".", "..", "a\nb", "a\x00", "\ud800"], ids=ascii)
def test_an_invalid_path_segment_is_refused(segment: str) -> None:
    with pytest.raises(Invalid):
        url(BASE, segment)


def test_query_values_are_text_numbers_and_truths() -> None:
    assert (
        url(BASE, query={"a": "x y/é", "b": 7, "c": True}) == f"{BASE}?a=x%20y%2F%C3%A9&b=7&c=true"
    )


@pytest.mark.parametrize(
    "text", ["/Users/søren/Umsätze", "/日本語/ノート", "/a b-c_d.e@f", "/Übung"]
)
def test_letters_of_any_script_are_not_deceptive(text: str) -> None:
    assert url_character_problem(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "a\uff0fb",
        "\uff21",
        "\u2024\u2024",
        "\u2025",
        "a\u2215b",
        "a\u200bb",
        "a\u202eb",
        "a\nb",
        "ﬁ",
    ],
    ids=ascii,
)
def test_look_alike_and_invisible_characters_are_refused(text: str) -> None:
    assert url_character_problem(text) is not None


@pytest.mark.parametrize(
    ("address", "segments", "query"),
    [
        (f"{BASE}/runs/a%20b?code=1&x=", ("runs", "a b"), {"code": "1", "x": ""}),
        (f"{BASE.upper().replace('HTTPS', 'https')}/r", ("r",), {}),
        (BASE, (), {}),
        (f"{BASE}/#job/7/run/8", (), {}),
    ],
)
def test_a_link_of_the_platform_is_split_into_segments_and_query(
    address: str, segments: tuple[str, ...], query: dict[str, str]
) -> None:
    found = own_address(address, BASE)

    assert found is not None
    assert (found.segments, found.query) == (segments, query)


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/runs/1",
        f"{BASE}.evil.example/runs/1",
        f"{BASE}:8443/runs/1",
        "http://adb-1.7.azuredatabricks.net/runs/1",
        "https://user@adb-1.7.azuredatabricks.net/runs/1",
        "//adb-1.7.azuredatabricks.net/runs/1",
        f"{BASE}/runs/../admin",
        f"{BASE}/runs/%2e%2e/admin",
        f"{BASE}/runs/%ff",
        f"{BASE}/runs/%0d%0aHost:%20evil",
        f"{BASE}/runs/1 2",
        f"{BASE}/" + "a" * 3000,
        "https://[::1",
        "/runs/1",
        "",
        None,
        7,
    ],
)
def test_a_link_anywhere_else_is_none(address: object) -> None:
    assert own_address(address, BASE) is None


@given(st.lists(st.sampled_from(ATTACKS) | st.text(max_size=8), max_size=4))
def test_the_parts_of_a_url_join_to_the_same_url(segments: list[str]) -> None:
    try:
        address = url(BASE, *segments, query={"a": "b&c"})
    except Invalid:
        return
    found = own_address(address, BASE)
    assert found is None or url(BASE, *found.segments, query=found.query) == address
