"""Tests that a stored definition which breaks a rule is marked, and can be repaired."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.kinds import SPECS
from polysync_core.storage.row_text import join_text, split_text
from polysync_core.storage.rows import Row
from tests.fakes.app import FakeApp

DOCUMENT: dict[str, list[dict[str, Any]]] = {
    "vaults": [{"name": "keys", "provider": "Environment"}],
    "contentionProfiles": [
        {
            "name": "few",
            "type": "Concurrency",
            "scope": "PerPlatform",
            "settings": {"maxConcurrentTasks": 2},
        }
    ],
    "calendars": [{"name": "holidays", "dates": ["2026-12-25"]}],
    "platforms": [
        {
            "name": "lakehouse",
            "type": "AzureDatabricks",
            "auth": {"method": "DefaultCredential"},
            "attributes": {
                "workspaceUrl": "https://adb-1.2.azuredatabricks.net",
                "computeType": "Serverless",
            },
        }
    ],
    "jobs": [
        {
            "name": "load",
            "platform": "lakehouse",
            "jobType": "DatabricksNotebook",
            "externalId": "/etl/load",
        }
    ],
    "tasks": [
        {
            "name": "daily",
            "job": "load",
            "schedules": [{"name": "s", "cron": "0 6 * * *", "timeZone": "Europe/Kyiv"}],
        },
        {"name": "other", "job": "load", "dependencies": [{"task": "daily"}]},
    ],
    "webhooks": [
        {"name": "hook", "url": "https://example.org/hook", "secret": "vault://keys/hook"}
    ],
    "receivers": [{"name": "team", "type": "Teams", "url": "vault://keys/teams"}],
}
NAMES = {Kind(kind): entries[0]["name"] for kind, entries in DOCUMENT.items()}

type Change = Callable[[dict[str, Any]], Any]


def with_fields(**fields: Any) -> Change:
    return lambda content: content | fields


BREAKS: list[Any] = [
    pytest.param(with_fields(unknownField=1), id="an unknown field"),
    pytest.param(with_fields(description=["no text"]), id="a wrong type"),
    pytest.param(with_fields(name="another"), id="another name"),
    pytest.param(lambda _: [], id="no object"),
    pytest.param(lambda _: {}, id="nothing"),
]


def break_row(app: FakeApp, kind: Kind, name: str, change: Change) -> None:
    """Change the stored text of a definition, as an upgrade with stricter rules would."""
    table = app.tables.storage().table("Definitions")
    row = table.get(kind.value, name)
    assert row is not None
    content = json.loads(join_text("content", row.values) or "")
    text = json.dumps(change(content))
    table.replace(
        Row(row.partition, row.key, {**row.values, **split_text("content", text)}, row.etag)
    )


@pytest.fixture
def app() -> FakeApp:
    app = FakeApp()
    answer = app.http.put("/definitions", json=DOCUMENT)
    assert answer.status_code == 200, answer.text
    return app


def path_of(kind: Kind) -> str:
    return f"/{SPECS[kind].path}/{NAMES[kind]}"


@pytest.mark.slow
@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("change", BREAKS)
class TestEveryKind:
    def test_lists_name_the_fault_and_show_the_rest(
        self, app: FakeApp, kind: Kind, change: Change
    ) -> None:
        break_row(app, kind, NAMES[kind], change)
        for each in Kind:
            answer = app.http.get(f"/{SPECS[each].path}")
            assert answer.status_code == 200, answer.text
            broken = {item["name"] for item in answer.json()["items"] if item["broken"]}
            assert broken == ({NAMES[kind]} if each is kind else set())
        assert app.http.get(path_of(kind)).json()["broken"]["reason"]

    def test_an_export_keeps_the_stored_values(
        self, app: FakeApp, kind: Kind, change: Change
    ) -> None:
        break_row(app, kind, NAMES[kind], change)
        exported = app.http.get("/definitions").json()
        broken = [each for entries in exported.values() for each in entries if "broken" in each]
        assert [each["name"] for each in broken] == [NAMES[kind]]
        assert set(exported) == set(DOCUMENT)

    def test_a_replacement_repairs_it(self, app: FakeApp, kind: Kind, change: Change) -> None:
        break_row(app, kind, NAMES[kind], change)
        answer = app.http.put(path_of(kind), json=DOCUMENT[kind.value][0])
        assert answer.status_code == 200, answer.text
        assert app.http.get(path_of(kind)).json()["broken"] is None

    def test_a_document_repairs_it(self, app: FakeApp, kind: Kind, change: Change) -> None:
        break_row(app, kind, NAMES[kind], change)
        plan = app.http.put("/definitions?dryRun=true", json=DOCUMENT).json()
        assert [each["name"] for each in plan["update"]] == [NAMES[kind]]
        assert app.http.put("/definitions", json=DOCUMENT).status_code == 200
        assert app.http.get(path_of(kind)).json()["broken"] is None

    def test_it_can_be_deleted_unless_it_is_needed(
        self, app: FakeApp, kind: Kind, change: Change
    ) -> None:
        break_row(app, kind, NAMES[kind], change)
        is_needed = kind in {Kind.VAULT, Kind.PLATFORM, Kind.JOB, Kind.TASK}
        answer = app.http.delete(path_of(kind))
        assert answer.status_code == (409 if is_needed else 204), answer.text

    def test_a_prune_deletes_it(self, app: FakeApp, kind: Kind, change: Change) -> None:
        break_row(app, kind, NAMES[kind], change)
        # A record of a reference counts for a while even without its referrer.
        app.clock.advance(minutes=2)
        answer = app.http.put("/definitions?prune=true", json={each: [] for each in DOCUMENT})
        assert answer.status_code == 200, answer.text
        assert app.http.get("/definitions").json() == {}

    def test_the_pages_of_the_console_name_it(
        self, app: FakeApp, kind: Kind, change: Change
    ) -> None:
        break_row(app, kind, NAMES[kind], change)
        page = app.browser.get(f"/{_SECTIONS[kind]}")
        assert page.status_code == 200
        assert "broken" in page.text
        editor = app.browser.get(f"/{_SECTIONS[kind]}/{NAMES[kind]}")
        assert editor.status_code == 200
        assert "cannot read the stored definition" in editor.text


_SECTIONS = {
    Kind.VAULT: "vaults",
    Kind.PLATFORM: "platforms",
    Kind.CONTENTION_PROFILE: "limits",
    Kind.CALENDAR: "calendars",
    Kind.JOB: "jobs",
    Kind.TASK: "tasks",
    Kind.WEBHOOK: "webhooks",
    Kind.RECEIVER: "receivers",
}


def removed_zone(content: dict[str, Any]) -> Any:
    content["schedules"][0]["timeZone"] = "US/Pacific-New"
    return content


@pytest.fixture
def with_broken_task(app: FakeApp) -> FakeApp:
    break_row(app, Kind.TASK, "daily", removed_zone)
    app.restart()
    return app


class TestATaskWhoseZoneWasRemoved:
    def test_it_is_marked_with_the_field(self, with_broken_task: FakeApp) -> None:
        broken = with_broken_task.http.get("/tasks/daily").json()["broken"]
        assert broken["reason"].startswith("schedules[0].timeZone: is not an IANA time zone")
        assert broken["content"]["schedules"][0]["timeZone"] == "US/Pacific-New"

    def test_the_graph_marks_it(self, with_broken_task: FakeApp) -> None:
        nodes = {node["task"]: node for node in with_broken_task.http.get("/graph").json()["nodes"]}
        assert "timeZone" in nodes["daily"]["broken"]
        assert "broken" not in nodes["other"]
        assert "broken definition" in with_broken_task.browser.get("/graph").text

    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("POST", "/tasks/daily/run", {}),
            ("GET", "/tasks/daily/fire-times", None),
            ("POST", "/tasks/daily/pause", {"reason": "x"}),
            ("GET", "/tasks/daily/schedules", None),
            ("GET", "/tasks/daily/gate", None),
        ],
    )
    def test_using_it_says_what_to_do(
        self, with_broken_task: FakeApp, method: str, path: str, body: Any
    ) -> None:
        answer = with_broken_task.http.request(method, path, json=body)
        assert answer.status_code == 409, answer.text
        assert "replace it or delete it" in answer.json()["detail"]

    def test_a_patch_of_the_wrong_field_repairs_it(self, with_broken_task: FakeApp) -> None:
        http = with_broken_task.http
        answer = http.patch("/tasks/daily", json={"description": "Loads."})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["path"] == "schedules[0].timeZone"
        schedules = [{"name": "s", "cron": "0 6 * * *", "timeZone": "US/Pacific"}]
        assert http.patch("/tasks/daily", json={"schedules": schedules}).status_code == 200
        assert http.get("/tasks/daily").json()["broken"] is None

    def test_what_was_read_can_be_sent_back_corrected(self, with_broken_task: FakeApp) -> None:
        http = with_broken_task.http
        read = http.get("/tasks/daily").json()
        content = read["broken"]["content"]
        content["schedules"][0]["timeZone"] = "US/Pacific"
        assert http.put("/tasks/daily", json=content).status_code == 200

    def test_the_job_and_the_other_tasks_can_be_changed(self, with_broken_task: FakeApp) -> None:
        http = with_broken_task.http
        assert http.patch("/jobs/load", json={"description": "Loads."}).status_code == 200
        assert http.patch("/tasks/other", json={"priority": 5}).status_code == 200
        new = {"job": "load", "dependencies": [{"task": "daily"}]}
        assert http.put("/tasks/new", json=new).status_code == 201
        assert http.put("/definitions", json={"tasks": [DOCUMENT["tasks"][1]]}).status_code == 200

    def test_other_schedules_go_on_firing(self, with_broken_task: FakeApp) -> None:
        app = with_broken_task
        task = {"job": "load", "schedules": [{"name": "s", "cron": "* * * * *"}]}
        assert app.http.put("/tasks/minutely", json=task).status_code == 201
        app.clock.advance(days=1)
        tally = app.services.schedule_tick.tick(app.engine)
        assert (tally.fired, tally.failed) == (2, 1)

    def test_its_editor_shows_the_stored_values_and_the_fault(
        self, with_broken_task: FakeApp
    ) -> None:
        page = with_broken_task.browser.get("/tasks/daily?tab=scheduling")
        assert page.status_code == 200
        assert "cannot read the stored definition" in page.text
        assert "US/Pacific-New" in page.text

    def test_its_schedules_keep_their_progress_until_it_is_repaired(
        self, with_broken_task: FakeApp
    ) -> None:
        app = with_broken_task
        before = app.services.ports.schedules.get("daily", "s")
        app.services.ports.schedules.record_edit("daily")
        app.clock.advance(minutes=1)
        app.services.schedule_tick.tick(app.engine)
        assert app.services.ports.schedules.get("daily", "s") == before


def test_a_broken_webhook_stops_no_other(app: FakeApp) -> None:
    hook = {"url": "https://example.org/second", "secret": "vault://keys/hook"}
    assert app.http.put("/webhooks/second", json=hook).status_code == 201
    break_row(app, Kind.WEBHOOK, "hook", with_fields(url=5))
    app.restart()
    lookup = app.services.ports.definitions
    assert [each.definition.name for each in lookup.all(Kind.WEBHOOK)] == ["hook", "second"]
    assert app.http.post("/tasks/daily/run", json={}).status_code == 202


def test_a_broken_limit_keeps_its_newest_known_value(app: FakeApp) -> None:
    app.http.patch("/tasks/daily", json={"contentionProfiles": ["few"]})
    break_row(app, Kind.CONTENTION_PROFILE, "few", with_fields(settings={}))
    app.restart()
    assert app.http.post("/tasks/daily/run", json={}).status_code == 202
    assert app.services.policies.for_run("daily", "lakehouse").profiles == {}


def test_a_former_version_that_became_broken_is_not_restored_silently(app: FakeApp) -> None:
    break_row(app, Kind.TASK, "daily", removed_zone)
    app.restart()
    good = DOCUMENT["tasks"][0]
    assert app.http.put("/tasks/daily", json=good).status_code == 200
    version = app.http.get("/versions/tasks/daily/1").json()
    assert version["definition"]["schedules"][0]["timeZone"] == "US/Pacific-New"
