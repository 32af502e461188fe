"""Google Secret Manager's provider against a simulator on loopback that speaks its REST API."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Iterator
from typing import Any

import pytest

from polysync_core.domain.definitions.vaults import Vault
from polysync_core.domain.errors import Invalid, PlatformRefused, PolysyncError, Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.outbound.read_client import ReadClient
from polysync_core.vaults.crc32c import crc32c
from polysync_core.vaults.google_secret_manager import GoogleSecretManager, open_secret_manager
from polysync_core.vaults.registry import check_vault, open_vault
from tests.fakes.google import (
    PROJECT,
    PROVIDER,
    TARGET,
    FakeGoogle,
    key_json,
    refusal,
    serving,
)
from tests.fakes.http import VirtualTime
from tests.fakes.listener import Answered
from tests.fakes.secrets import KnownSecrets

pytestmark = pytest.mark.slow

CANARY = "canary-c41a"
KEY = {"method": "ServiceAccountKey", "keyJson": "vault://local/KEY"}
FEDERATED = {
    "method": "WorkloadIdentityFederation",
    "provider": PROVIDER,
    "serviceAccountEmail": TARGET,
}
IMPERSONATED = {
    "method": "ImpersonatedServiceAccount",
    "sourceKey": "vault://local/KEY",
    "targetServiceAccountEmail": TARGET,
}
METHODS = [
    pytest.param(KEY, id="ServiceAccountKey"),
    pytest.param({"method": "ApplicationDefault"}, id="ApplicationDefault"),
    pytest.param(None, id="no auth is the default of the host"),
    pytest.param(FEDERATED, id="WorkloadIdentityFederation"),
    pytest.param(IMPERSONATED, id="ImpersonatedServiceAccount"),
]


class Stage:
    def __init__(self, google: FakeGoogle, address: str) -> None:
        self.google = google
        self.address = address
        self.time = VirtualTime()
        self.time.seconds = time.time() - self.time.now().timestamp()
        self.secrets = KnownSecrets({"vault://local/KEY": key_json()})

    def open(self, auth: dict[str, Any] | None = KEY) -> GoogleSecretManager:
        definition = a_vault(auth=auth, attributes={"projectId": PROJECT, "endpoint": self.address})
        check_vault(definition, development=True)
        client = ReadClient(timer=self.time.timer)
        return open_secret_manager(definition, self.secrets, allow_loopback=True, client=client)


def a_vault(**changes: Any) -> Vault:
    return Vault.model_validate(
        {
            "name": "gcp",
            "provider": "GoogleSecretManager",
            "auth": KEY,
            "attributes": {"projectId": PROJECT},
            **changes,
        }
    )


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[Stage]:
    google = FakeGoogle(secrets={"db": b"s3cret"})
    (tmp_path / "key.json").write_text(key_json())
    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "key.json"))
    with serving(google) as address:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{address}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "secret-of-the-host")
        yield Stage(google, address)


@pytest.mark.parametrize("auth", METHODS)
def test_each_method_reads_and_tests(stage: Stage, auth: dict[str, Any] | None) -> None:
    opened = stage.open(auth)

    assert opened.read("db").reveal() == "s3cret"
    assert PROJECT in opened.test()
    assert stage.google.asked[-2:] == [
        f"/v1/projects/{PROJECT}/secrets/db/versions/latest:access",
        f"/v1/projects/{PROJECT}/secrets",
    ]


def test_one_sign_in_serves_many_reads(stage: Stage) -> None:
    opened = stage.open()

    for _ in range(5):
        opened.read("db")

    assert stage.google.asked.count("/token") == 1


def test_a_token_that_is_refused_is_replaced_once(stage: Stage) -> None:
    opened = stage.open()
    opened.read("db")
    stage.google.issued.clear()

    assert opened.read("db").reveal() == "s3cret"
    assert stage.google.asked.count("/token") == 2


def test_a_token_that_is_refused_twice_is_not_asked_for_again(stage: Stage) -> None:
    stage.google.scripted[":access"] = [refusal(401, "UNAUTHENTICATED")] * 5

    with pytest.raises(PlatformRefused, match="check auth"):
        stage.open().read("db")

    assert stage.google.asked.count("/token") == 2


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param(
            refusal(403, "PERMISSION_DENIED", CANARY),
            "roles/secretmanager.secretAccessor",
            id="403",
        ),
        pytest.param(
            refusal(403, "PERMISSION_DENIED", CANARY, "SERVICE_DISABLED"),
            f"enable the Secret Manager API in the project {PROJECT}",
            id="the API is off",
        ),
        pytest.param(refusal(404, "NOT_FOUND", CANARY), "does not exist", id="404"),
        pytest.param(
            refusal(400, "FAILED_PRECONDITION", CANARY), "disabled or destroyed", id="disabled"
        ),
        pytest.param(refusal(400, "INVALID_ARGUMENT", CANARY), "status 400", id="400"),
        pytest.param(
            Answered(302, {}, {"Location": f"https://{CANARY}.evil.example/{CANARY}"}),
            "redirects to another host",
            id="a redirect",
        ),
    ],
)
def test_a_refusal_names_the_remedy(
    stage: Stage, answer: Answered, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    stage.google.scripted[":access"] = [answer]

    with pytest.raises(PlatformRefused, match=words) as caught:
        stage.open().read("db")

    assert caught.value.cause is FailureCause.SECRET
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert CANARY not in caplog.text


def test_a_test_that_is_not_allowed_names_its_own_role(stage: Stage) -> None:
    stage.google.scripted["/secrets"] = [refusal(403, "PERMISSION_DENIED")]

    with pytest.raises(PlatformRefused, match=r"roles/secretmanager\.viewer"):
        stage.open().test()


def test_a_busy_service_is_asked_again(stage: Stage) -> None:
    stage.google.scripted[":access"] = [Answered(503, {}), Answered(429, {}, {"Retry-After": "1"})]

    assert stage.open().read("db").reveal() == "s3cret"


def test_a_service_that_stays_busy_returns_its_retry_after(stage: Stage) -> None:
    stage.google.scripted[":access"] = [Answered(503, {}, {"Retry-After": "30"})]

    with pytest.raises(Unavailable) as caught:
        stage.open().read("db")

    assert caught.value.retry_after == 30


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"payload": {"data": "czNjcmV0", "dataCrc32c": "1"}}, id="wrong checksum"),
        pytest.param({"payload": {"data": "***"}}, id="no base64"),
        pytest.param({"payload": {}}, id="an empty payload"),
        pytest.param({"payload": "czNjcmV0"}, id="no payload"),
        pytest.param([], id="no object"),
    ],
)
def test_a_damaged_answer_is_not_accepted_as_a_secret(stage: Stage, body: Any) -> None:
    stage.google.scripted[":access"] = [Answered(200, body)]

    with pytest.raises(Unavailable, match="damaged"):
        stage.open().read("db")


@pytest.mark.parametrize(("content", "words"), [(b"\xff\xfe", "not text"), (b"", "is empty")])
def test_a_value_that_is_not_text_is_refused(stage: Stage, content: bytes, words: str) -> None:
    stage.google.secrets["db"] = content

    with pytest.raises(PolysyncError, match=words):
        stage.open().read("db")


def test_a_payload_without_a_checksum_is_taken(stage: Stage) -> None:
    stage.google.checksum = lambda _: None

    assert stage.open().read("db").reveal() == "s3cret"


@pytest.mark.parametrize("name", ["", "a/b", "a.b", "..", "x" * 256, "a:b", "ä"])
def test_a_name_that_cannot_exist_is_never_sent(stage: Stage, name: str) -> None:
    with pytest.raises(PlatformRefused, match="cannot exist"):
        stage.open().read(name)

    assert stage.google.asked == []


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"attributes": {}}, "attributes.projectId"),
        ({"attributes": {"projectId": "a/b"}}, "attributes.projectId"),
        ({"attributes": {"projectId": PROJECT, "x": "y"}}, "attributes.x"),
        (
            {"attributes": {"projectId": PROJECT, "endpoint": "http://127.0.0.1:1"}},
            "attributes.endpoint",
        ),
        ({"auth": {"method": "ManagedIdentity"}}, "auth.method"),
        ({"auth": {"method": "ServiceAccountKey"}}, "auth.keyJson"),
        ({"auth": {**KEY, "sourceKey": "vault://a/b"}}, "auth.sourceKey"),
        ({"auth": {**FEDERATED, "provider": "projects/x"}}, "auth.provider"),
        ({"auth": {**FEDERATED, "serviceAccountEmail": "a@b.c"}}, "auth.serviceAccountEmail"),
        ({"auth": {**FEDERATED, "entraAudience": "no uri"}}, "auth.entraAudience"),
        ({"auth": {"method": "WorkloadIdentityFederation"}}, "auth.provider"),
        ({"auth": {"method": "ImpersonatedServiceAccount"}}, "auth.targetServiceAccountEmail"),
    ],
)
def test_a_definition_that_cannot_work_is_refused(changes: dict[str, Any], path: str) -> None:
    with pytest.raises(Invalid) as caught:
        open_vault(a_vault(**changes), development=False)

    assert path in {problem.path for problem in caught.value.problems}


@pytest.mark.parametrize("endpoint", ["https://evil.example", "http://10.0.0.1", "ftp://x"])
def test_a_simulator_is_on_this_machine_only(endpoint: str) -> None:
    with pytest.raises(Invalid, match=r"attributes\.endpoint"):
        check_vault(
            a_vault(attributes={"projectId": PROJECT, "endpoint": endpoint}), development=True
        )


def test_the_checksum_is_the_one_of_the_standard() -> None:
    """The check value of CRC-32C, from the catalogue of parametrised CRC algorithms."""
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(b"") == 0
