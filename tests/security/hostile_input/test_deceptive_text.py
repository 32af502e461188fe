"""Characters that change how a text is shown are refused, and escaped on every screen."""

from __future__ import annotations

import json
from typing import Any

import pytest

from polysync_core.cli.graph.labels import one_line
from polysync_core.cli.terminal import printable
from polysync_core.domain.display_text import deceptive_character, escaped
from tests.fakes.app import FakeApp
from tests.security.hostile_input.test_error_bounds import DEFINITIONS

MARKS = [
    *map(chr, range(0x202A, 0x202F)),
    *map(chr, range(0x2066, 0x206A)),
    *map(chr, range(0x80, 0xA0)),
    *"\u200b\u200e\u200f\u061c\u2028\u2029\u2060\ufeff\u00ad\x00\x1b\x7f",
    *map(chr, (0xE0001, 0xE0020, 0xE0061, 0xE007F, 0xE0100)),
    *"\u115f\u1160\u3164\uffa0",
]
KEPT = ["Ünïcödé", "日本語", "\u0645\u06cc\u200c\u062e\u0648", "👩\u200d💻", "עברית", "عربي"]


@pytest.mark.parametrize("mark", MARKS, ids=lambda mark: f"U+{ord(mark):04X}")
def test_a_mark_is_found_and_escaped(mark: str) -> None:
    text = f"a{mark}b"

    assert deceptive_character(text) == f"U+{ord(mark):04X}"
    assert deceptive_character(text, lines=True) == f"U+{ord(mark):04X}"
    assert mark not in escaped(text)
    assert mark not in printable(text)
    assert mark not in one_line(text)


@pytest.mark.parametrize("text", KEPT)
def test_the_letters_of_all_languages_are_kept(text: str) -> None:
    assert deceptive_character(text) is None
    assert escaped(text) == text
    assert printable(text) == text


@pytest.mark.parametrize("mark", ["\u202e", "\u2066", "\x9b", "\x85", "\U000e0041", "\ud800"])
@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("tasks/x", {"job": "j", "displayName": "MARK"}, "displayName"),
        ("tasks/x", {"job": "j", "description": "MARK"}, "description"),
        ("tasks/x", {"job": "j", "tags": {"a": "MARK"}}, "tags.a"),
        ("tasks/x", {"job": "j", "tags": {"MARK": "a"}}, "tags"),
        (
            "tasks/x",
            {"job": "j", "schedules": [{"name": "s", "cron": "@daily", "description": "MARK"}]},
            "schedules[0].description",
        ),
        (
            "jobs/x",
            {"platform": "p", "jobType": "DatabricksNotebook", "externalId": "/MARK"},
            "externalId",
        ),
        (
            "jobs/x",
            {
                "platform": "p",
                "jobType": "DatabricksNotebook",
                "externalId": "/a",
                "parameters": [{"name": "MARK"}],
            },
            "parameters[0].name",
        ),
        ("tasks/t/pause", {"reason": "MARK"}, "reason"),
    ],
)
def test_a_mark_is_refused_at_the_entry(
    mark: str, path: str, body: dict[str, Any], field: str
) -> None:
    client = FakeApp().http
    for each, definition in DEFINITIONS.items():
        assert client.put(each, json=definition).status_code == 201
    text = json.dumps(body).replace("MARK", json.dumps(f"a{mark}b")[1:-1])
    method = "POST" if path.endswith("pause") else "PUT"

    answer = client.request(
        method, f"/api/{path}", content=text, headers={"Content-Type": "application/json"}
    )

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"].startswith(field)
    assert mark not in answer.text
