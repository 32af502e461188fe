"""Tests of `polysync doctor`: one check for each part, independent of other failed checks."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from polysync_core.cli.api.client import ApiClient
from polysync_core.storage.sqlite.database import FILE_NAME, SCHEMA_VERSION, Database
from tests.unit.cli.conftest import Invoke
from tests.unit.cli.fake_api import Answer, FakeApi, Lost, problem

VERSION = "1.2.3"
PASSED = Answer({"ok": True, "message": "The platform answers.", "latencyMs": 12})


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.metadata.version", lambda _: VERSION)


@pytest.fixture
def healthy(api: FakeApi) -> FakeApi:
    api.on("GET", "/health", Answer({"status": "ok"}))
    api.on("GET", "/openapi.json", Answer({"info": {"version": VERSION}}))
    for path, names in {"/vaults": ["local"], "/platforms": ["lakehouse", "adf"]}.items():
        items = [{"name": name} for name in names]
        api.on("GET", path, Answer({"items": items, "continuationToken": None}))
    api.on("GET", "/poison-messages", Answer({"items": [], "continuationToken": None}))
    absent = problem(404, "Not found", "No token issuer is configured.")
    api.on("POST", "/token-issuer/test", absent)
    for path in ("/vaults/local/test", "/platforms/lakehouse/test", "/platforms/adf/test"):
        api.on("POST", path, PASSED)
    return api


def _checks(polysync: Invoke, folder: Path, *, exit_code: int) -> dict[str, tuple[str, str]]:
    result = polysync("doctor", "--json", "--data", str(folder))
    assert result.exit_code == exit_code, result.stderr
    items: list[Any] = json.loads(result.stdout)["items"]
    return {each["subject"]: (each["outcome"], each["detail"]) for each in items}


def test_a_healthy_system_has_only_good_results(
    healthy: FakeApi, polysync: Invoke, tmp_path: Path
) -> None:
    Database(tmp_path / FILE_NAME).close()

    found = _checks(polysync, tmp_path, exit_code=0)

    assert {outcome for outcome, _ in found.values()} <= {"ok", "warning"}
    assert list(found) == [
        *("data file", "disk", "API", "version", "clock", "messages"),
        *("vault local", "platform adf", "platform lakehouse"),
    ]
    assert f"schema {SCHEMA_VERSION}" in found["data file"][1]


def test_a_read_only_disk_is_a_failure_with_the_remedy(
    healthy: FakeApi, polysync: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Database(tmp_path / FILE_NAME).close()
    monkeypatch.setattr("os.statvfs", lambda _: SimpleNamespace(f_flag=os.ST_RDONLY))

    found = _checks(polysync, tmp_path, exit_code=1)

    assert found["disk"][0] == "failed"
    assert "mount it for writing" in found["disk"][1]


def test_people_see_a_table_and_the_number_of_problems(
    healthy: FakeApi, polysync: Invoke, tmp_path: Path
) -> None:
    result = polysync("doctor", "--data", str(tmp_path))

    assert result.exit_code == 0
    assert "platform lakehouse   ok" in result.stdout
    assert "7 checks: 0 failed, 0 with a warning." in result.stdout


def test_a_platform_that_fails_is_named_and_the_others_are_still_tested(
    healthy: FakeApi, polysync: Invoke, tmp_path: Path
) -> None:
    failed = {"ok": False, "message": "Refused.", "latencyMs": 3, "platformMessage": "no token"}
    healthy.routes["POST", "/platforms/adf/test"] = [Answer(failed)]

    found = _checks(polysync, tmp_path, exit_code=1)

    assert found["platform adf"] == ("failed", "Refused. The platform says: no token")
    assert found["platform lakehouse"][0] == "ok"


@pytest.mark.parametrize(
    ("ok", "message", "outcome"),
    [
        (True, "The issuer answers with 2 usable keys, and the clocks agree.", "ok"),
        (False, "The clock of this host is 90 s behind the issuer's: correct it.", "failed"),
    ],
)
def test_the_token_issuer_of_the_host_is_checked(
    healthy: FakeApi, polysync: Invoke, tmp_path: Path, ok: bool, message: str, outcome: str
) -> None:
    answer = Answer({"ok": ok, "message": message, "latencyMs": 40, "platformMessage": None})
    healthy.routes["POST", "/token-issuer/test"] = [answer]

    found = _checks(polysync, tmp_path, exit_code=0 if ok else 1)

    assert found["token issuer"][0] == outcome
    assert message in found["token issuer"][1]


def test_a_test_without_an_answer_is_a_failure_of_that_part(
    healthy: FakeApi, polysync: Invoke, tmp_path: Path
) -> None:
    healthy.routes["POST", "/vaults/local/test"] = [Lost()]

    found = _checks(polysync, tmp_path, exit_code=1)

    assert found["vault local"][0] == "failed"
    assert found["platform adf"][0] == "ok"


def test_a_caller_without_the_role_sees_the_missing_role(
    healthy: FakeApi, polysync: Invoke, tmp_path: Path
) -> None:
    refusal = problem(403, "Permission denied", "This request needs the app role X.")
    healthy.routes["POST", "/vaults/local/test"] = [refusal]

    found = _checks(polysync, tmp_path, exit_code=1)

    assert "needs the app role X" in found["vault local"][1]


def test_another_version_and_abandoned_messages_are_warnings(
    healthy: FakeApi, polysync: Invoke, tmp_path: Path
) -> None:
    healthy.routes["GET", "/openapi.json"] = [Answer({"info": {"version": "1.1.0"}})]
    page = {"items": [{"id": "1"}], "continuationToken": "more"}
    healthy.routes["GET", "/poison-messages"] = [
        Answer(page),
        Answer(page | {"continuationToken": None}),
    ]

    found = _checks(polysync, tmp_path, exit_code=0)

    assert found["version"] == (
        "warning",
        "The API is 1.1.0, this program is 1.2.3: install the same version.",
    )
    assert found["messages"][0] == "warning"


@pytest.mark.parametrize(
    ("error", "expected"),
    [(90, "90 s ahead of"), (-3600, "3600 s behind"), (2, None)],
)
def test_a_clock_that_differs_is_a_warning(
    healthy: FakeApi,
    polysync: Invoke,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: int,
    expected: str | None,
) -> None:
    served_at = datetime.now(UTC) + timedelta(seconds=error)
    monkeypatch.setattr(ApiClient, "server_time", lambda _: served_at)

    outcome, detail = _checks(polysync, tmp_path, exit_code=0)["clock"]

    assert outcome == ("ok" if expected is None else "warning")
    assert (expected or "agree") in detail


def test_without_an_api_the_file_is_still_checked(
    api: FakeApi, polysync: Invoke, tmp_path: Path
) -> None:
    api.on("GET", "/health", Lost())
    (tmp_path / FILE_NAME).write_bytes(b"no database" * 500)

    found = _checks(polysync, tmp_path, exit_code=1)

    assert found["data file"][0] == "failed"
    assert "is not a database of Polysync: restore a backup" in found["data file"][1]
    assert found["API"][0] == "failed"


def test_another_service_at_the_address_is_a_failure(
    api: FakeApi, polysync: Invoke, tmp_path: Path
) -> None:
    api.on("GET", "/health", Answer({"hello": "world"}))

    outcome, detail = _checks(polysync, tmp_path, exit_code=1)["API"]

    assert outcome == "failed"
    assert "another service answers there" in detail
