"""A third-party package, installed beside Polysync: platform, job type, sign-in and vault."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from functools import partial
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest

from polysync_core.application.runs.step_result import AttemptMemo
from polysync_core.outbound.hosts import AddressScope
from polysync_core.platforms import platform_client
from polysync_core.platforms import registry as platforms
from polysync_core.vaults import registry as vaults
from tests.fakes.app import FakeApp
from tests.fakes.http import Reply, ScriptedTransport

pytestmark = pytest.mark.slow

HOWTO = Path(__file__).parents[3] / "docs/howto/add-a-job-type.md"
SECRET = "secret-of-batch-key"
REPORTED = ("created", "updated", "failed", "skipped")
DOCUMENT: dict[str, Any] = {
    "vaults": [{"name": "safe", "provider": "AcmeVault"}],
    "platforms": [
        {
            "name": "acme",
            "type": "AcmeBatch",
            "auth": {
                "method": "AcmeKey",
                "accountId": "42",
                "signingKey": "vault://safe/batch-key",
            },
            "attributes": {"serviceUrl": "https://eu.batch.acme.example"},
        }
    ],
    "jobs": [
        {
            "name": "nightly",
            "platform": "acme",
            "jobType": "AcmeBatchJob",
            "externalId": "nightly",
            "parameters": [
                {"name": "rows", "dataType": "Int"},
                {"name": "total", "dataType": "Int", "direction": "Output"},
            ],
        }
    ],
    "tasks": [{"name": "every-night", "job": "nightly", "parameters": {"rows": 3}}],
}


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install the how-to's package as pip does: the module, and its metadata beside it."""
    parts = HOWTO.read_text("utf-8").split("```python\n")[1:]
    module = "\n".join(part.partition("```")[0] for part in parts)
    (tmp_path / "acme_polysync.py").write_text(module, "utf-8")
    metadata = tmp_path / "acme_polysync-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-polysync\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        "[polysync.platforms]\nAcmeBatch = acme_polysync:PLUGIN\n"
        "[polysync.vaults]\nAcmeVault = acme_polysync:VAULT\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    caches = (platforms.platform_plugin, vaults.vault_plugin)
    for cache in caches:
        cache.cache_clear()
    yield
    for cache in caches:
        cache.cache_clear()


@pytest.fixture
def app() -> FakeApp:
    return FakeApp(
        open_vault=vaults.open_vault,
        open_connector=partial(platforms.open_connector, allow_loopback=False),
    )


def with_auth(**auth: str) -> dict[str, Any]:
    platform = {**DOCUMENT["platforms"][0], "auth": auth}
    return {**DOCUMENT, "platforms": [platform]}


@pytest.mark.usefixtures("installed")
def test_a_run_of_a_third_party_job_type_succeeds_with_outputs(
    app: FakeApp, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert distribution("acme-polysync").version == "1.0"
    transport = ScriptedTransport(
        [
            Reply.json({"id": "r-1"}),
            Reply.json({"state": "running"}),
            Reply.json({"state": "done", "outputs": {"total": 7}}),
        ]
    )

    def shared_transport(scope: AddressScope) -> ScriptedTransport:
        assert scope is AddressScope.PUBLIC
        return transport

    monkeypatch.setattr(platform_client, "shared_transport", shared_transport)

    applied = app.http.put("/api/definitions", json=DOCUMENT)
    assert applied.status_code == 200, applied.text
    started = app.http.post("/api/tasks/every-night/run", json={})
    assert started.status_code == 202, started.text
    run_id = started.json()["runId"]
    steps = app.services.attempt_steps
    assert steps.submit(run_id, 1, AttemptMemo()).submitted
    assert not steps.poll(run_id, 1, AttemptMemo()).done
    assert steps.poll(run_id, 1, AttemptMemo()).done

    run = app.http.get(f"/api/task-runs/{run_id}")
    assert run.json()["status"] == "Succeeded"
    assert run.json()["outputs"] == {"total": 7}
    submit = transport.requests[0]
    content = f"POST {submit.url}\n".encode() + bytes(submit.body or b"")
    expected = hmac.new(SECRET.encode(), content, hashlib.sha256).hexdigest()
    assert submit.headers["X-Acme-Account"] == "42"
    assert submit.headers["X-Acme-Sign"] == expected
    stored = app.http.get("/api/platforms/acme")
    assert DOCUMENT["platforms"][0]["auth"].items() <= stored.json()["auth"].items()
    assert SECRET not in stored.text + run.text + caplog.text


@pytest.mark.usefixtures("installed")
def test_the_list_of_a_third_party_platform_has_marks_and_one_form_of_each_id(
    app: FakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = Reply.json({"jobs": ["Nightly", "old!", "secret/"]})
    transport = ScriptedTransport([jobs, jobs])
    monkeypatch.setattr(platform_client, "shared_transport", lambda _: transport)
    assert app.http.put("/api/definitions", json=DOCUMENT).status_code == 200

    listed = app.http.get("/api/platforms/acme/artefacts").json()["items"]
    report = app.http.post("/api/platforms/acme/import", json={}).json()

    assert [(each["externalId"], each["jobs"]) for each in listed] == [
        ("Nightly", ["nightly"]),
        ("old", []),
        ("secret", []),
    ]
    assert [bool(each["problem"]) for each in listed] == [False, True, True]
    found = {result: [each["externalId"] for each in report[result]] for result in REPORTED}
    assert found == {
        "created": [],
        "updated": ["nightly"],
        "failed": ["old"],
        "skipped": ["secret"],
    }


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("auth", "path", "message"),
    [
        pytest.param(
            {"method": "AcmeKey", "accountId": "42"},
            "auth.signingKey",
            "is required by the method AcmeKey",
            id="a required field is missing",
        ),
        pytest.param(
            {"method": "AcmeKey", "accountId": "42", "signingKey": "canary-3f9b"},
            "auth.signingKey",
            "use vault://<vault>/<secret>",
            id="a secret is in clear text",
        ),
        pytest.param(
            {"method": "AcmeKey", "acountId": "42", "signingKey": "vault://safe/k"},
            "auth.acountId",
            "did you mean 'accountId'?",
            id="a field is misspelt",
        ),
        pytest.param(
            {"method": "AcmeKeys", "accountId": "42"},
            "auth.method",
            "signs in by one of: AcmeKey",
            id="the method is unknown",
        ),
        pytest.param(
            {"method": "ManagedIdentity"},
            "auth.method",
            "signs in by one of: AcmeKey",
            id="the method belongs to other platforms",
        ),
    ],
)
def test_an_invalid_sign_in_is_refused_with_its_field_and_a_remedy(
    app: FakeApp, auth: dict[str, str], path: str, message: str
) -> None:
    answer = app.http.put("/api/definitions", json=with_auth(**auth))

    assert answer.status_code == 422
    problems = {error["path"]: error["message"] for error in answer.json()["errors"]}
    assert message in problems[f"platforms[0].{path}"]
    assert "canary-3f9b" not in answer.text


@pytest.mark.usefixtures("installed")
def test_a_provider_without_sign_in_refuses_auth(app: FakeApp) -> None:
    vault = {"name": "safe", "provider": "AcmeVault", "auth": {"method": "Token"}}

    answer = app.http.put("/api/definitions", json={"vaults": [vault]})

    assert [error["path"] for error in answer.json()["errors"]] == ["vaults[0].auth"]


def test_a_provider_without_a_package_is_refused_with_all_names(app: FakeApp) -> None:
    vault = {"name": "safe", "provider": "AzureKeyVualt"}

    answer = app.http.put("/api/definitions", json={"vaults": [vault]})

    (error,) = answer.json()["errors"]
    assert error["path"] == "vaults[0].provider"
    assert "did you mean 'AzureKeyVault'?" in error["message"]
