"""Access keys of the AWS sign-in methods, with scripted answers of the token service."""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from requests import PreparedRequest

from polysync_core.domain.definitions.platforms import Auth
from polysync_core.domain.errors import PlatformRefused, PolysyncError, Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.hosts import AddressScope, BaseAddress
from polysync_core.outbound.read_client import ReadClient
from polysync_core.outbound.sign_in.aws.credentials import AwsSignIn
from polysync_core.outbound.sign_in.methods import AWS_METHODS, check_sign_in
from tests.fakes.http import Reply, ScriptedTransport, Step, VirtualTime
from tests.fakes.secrets import KnownSecrets

CANARY = "canary-41aa"
ROLE = "arn:aws:iam::123456789012:role/ops/polysync"
KEY_ID = "AKIAIOSFODNN7EXAMPLE"
ACCESS_KEY = {
    "method": "AccessKey",
    "accessKeyId": KEY_ID,
    "secretAccessKey": "vault://local/SECRET",
}
ASSUMED = {
    **ACCESS_KEY,
    "method": "AssumeRole",
    "roleArn": ROLE,
    "externalId": "acme-42",
    "sessionName": "night",
}
FEDERATED = {"method": "WebIdentityFederation", "roleArn": ROLE}


class Stage:
    """The token service behind a scripted transport, in virtual time."""

    def __init__(self, steps: Iterable[Step]) -> None:
        self.time = VirtualTime()
        self.transport = ScriptedTransport(steps)
        self.secrets = KnownSecrets({"vault://local/SECRET": CANARY, "vault://local/TOKEN": "t0k"})

    def sign_in(self, auth: dict[str, Any], **changes: Any) -> AwsSignIn:
        options: dict[str, Any] = {
            "subject": lambda _: Secret("entra-token"),
            "secrets": self.secrets,
            **changes,
        }
        return AwsSignIn(
            auth=Auth.model_validate(auth),
            region="eu-west-1",
            client=ReadClient(transport_to=lambda _: self.transport, timer=self.time.timer),
            **options,
        )

    def forms(self) -> list[dict[str, str]]:
        return [
            {name: values[0] for name, values in parse_qs(text_of(each)).items()}
            for each in self.transport.requests
        ]

    def key(self, number: int = 1, seconds: float = 3600) -> Reply:
        expiry = self.time.now() + timedelta(seconds=seconds)
        return Reply(
            content=(
                "<AssumeRoleResponse><AssumeRoleResult><Credentials>"
                f"<AccessKeyId>ASIA00000000000000{number:02}</AccessKeyId>"
                "<SecretAccessKey>s&amp;cret</SecretAccessKey><SessionToken>tok/en+=</SessionToken>"
                f"<Expiration>{expiry:%Y-%m-%dT%H:%M:%SZ}</Expiration>"
                "</Credentials></AssumeRoleResult></AssumeRoleResponse>"
            ).encode()
        )


def text_of(request: PreparedRequest) -> str:
    assert isinstance(request.body, bytes)
    return request.body.decode()


def refusal(code: str, status: int = 403) -> Reply:
    text = f"<ErrorResponse><Error><Code>{code}</Code><Message>{CANARY}</Message></Error>"
    return Reply(status, text.encode())


def failure(stage: Stage, auth: dict[str, Any], **changes: Any) -> PolysyncError:
    with pytest.raises(PolysyncError) as caught:
        stage.sign_in(auth, **changes).source().current()
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    return caught.value


def test_a_key_of_the_vault_is_used_as_it_is() -> None:
    stage = Stage([])
    auth = {**ACCESS_KEY, "sessionToken": "vault://local/TOKEN"}

    key = stage.sign_in(auth).source().current()

    assert (key.access_key_id, key.secret_access_key) == (KEY_ID, Secret(CANARY))
    assert key.session_token == Secret("t0k")
    assert stage.transport.requests == []


def test_an_assumed_role_is_asked_for_with_a_signature() -> None:
    stage = Stage([])
    stage.transport.steps = [stage.key()]

    key = stage.sign_in(ASSUMED).source().current()

    assert (key.access_key_id, key.secret_access_key) == ("ASIA0000000000000001", Secret("s&cret"))
    assert key.session_token == Secret("tok/en+=")
    assert stage.forms() == [
        {
            "Action": "AssumeRole",
            "Version": "2011-06-15",
            "RoleArn": ROLE,
            "RoleSessionName": "night",
            "ExternalId": "acme-42",
        }
    ]
    request = stage.transport.requests[0]
    assert request.url == "https://sts.eu-west-1.amazonaws.com/"
    authorization = request.headers["Authorization"]
    assert f"Credential={KEY_ID}/20300101/eu-west-1/sts/aws4_request" in authorization


def test_a_federated_identity_needs_no_secret_and_no_signature() -> None:
    stage = Stage([])
    stage.transport.steps = [stage.key()]

    stage.sign_in(FEDERATED, secrets=None).source().current()

    assert "Authorization" not in stage.transport.requests[0].headers
    assert stage.forms()[0]["WebIdentityToken"] == "entra-token"
    assert stage.forms()[0]["RoleSessionName"] == "polysync"


def test_a_real_token_is_never_sent_to_a_simulator() -> None:
    stage = Stage([])
    stage.transport.steps = [stage.key()]
    simulator = BaseAddress("http://127.0.0.1:9789", "127.0.0.1", AddressScope.LOOPBACK)

    stage.sign_in(FEDERATED, endpoint=simulator).source().current()

    assert stage.forms()[0]["WebIdentityToken"] == "token-of-a-simulator"


@pytest.mark.parametrize("auth", [ASSUMED, FEDERATED], ids=["AssumeRole", "federation"])
def test_a_temporary_key_is_kept_until_shortly_before_it_expires(auth: dict[str, Any]) -> None:
    stage = Stage([])
    stage.transport.steps = [stage.key(1), stage.key(2, seconds=7200)]
    source = stage.sign_in(auth).source()
    first = source.current()

    stage.time.seconds = 3600 - 330
    assert source.current() is first
    stage.time.seconds = 3600 - 270
    assert source.current().access_key_id == "ASIA0000000000000002"


@pytest.mark.parametrize("auth", [ASSUMED, FEDERATED], ids=["AssumeRole", "federation"])
def test_a_refused_temporary_key_is_replaced(auth: dict[str, Any]) -> None:
    stage = Stage([])
    stage.transport.steps = [stage.key(1), stage.key(2)]
    source = stage.sign_in(auth).source()
    source.current()

    source.renew()

    assert source.current().access_key_id == "ASIA0000000000000002"


@pytest.mark.parametrize("code", ["InvalidClientTokenId", "SignatureDoesNotMatch", "ExpiredToken"])
def test_a_rotated_key_is_read_from_the_vault_again(code: str) -> None:
    stage = Stage([])
    stage.secrets.rotated = {"vault://local/SECRET": "rotated"}
    stage.transport.steps = [refusal(code), stage.key()]

    stage.sign_in(ASSUMED).source().current()

    assert stage.secrets.forgotten == ["vault://local/SECRET"]
    assert len(stage.transport.requests) == 2


def test_a_refused_key_of_the_vault_is_read_again() -> None:
    stage = Stage([])
    stage.secrets.rotated = {"vault://local/SECRET": "rotated"}
    source = stage.sign_in(ACCESS_KEY).source()
    source.current()

    source.renew()

    assert source.current().secret_access_key == Secret("rotated")


@pytest.mark.parametrize(
    ("auth", "code", "remedy"),
    [
        (ASSUMED, "AccessDenied", "trust policy of the role"),
        (ASSUMED, "InvalidClientTokenId", "auth.accessKeyId is unknown"),
        (ASSUMED, "SignatureDoesNotMatch", "auth.secretAccessKey does not belong"),
        (ASSUMED, "RegionDisabledException", "activate the STS endpoint"),
        (FEDERATED, "AccessDenied", "sts:AssumeRoleWithWebIdentity"),
        (FEDERATED, "InvalidIdentityToken", "auth.entraAudience"),
        (FEDERATED, "ExpiredTokenException", "clock"),
        (FEDERATED, "NeverSeen", "check the fields of auth"),
    ],
)
def test_a_refused_sign_in_has_a_remedy(auth: dict[str, Any], code: str, remedy: str) -> None:
    error = failure(Stage([refusal(code)]), auth)

    assert isinstance(error, PlatformRefused)
    assert error.cause is FailureCause.SECRET
    assert code in str(error)
    assert remedy in str(error)


@pytest.mark.parametrize(
    "reply",
    [
        refusal("Throttling", 400),
        refusal("IDPCommunicationError", 400),
        Reply(503),
        Reply(200, b"<AssumeRoleResponse></AssumeRoleResponse>"),
        Reply(200, f"<SecretAccessKey>{CANARY}".encode()),
        Reply(200, b"\xff\xfe{}"),
    ],
)
def test_a_busy_or_unreadable_token_service_is_unavailable(reply: Reply) -> None:
    assert isinstance(failure(Stage([reply]), FEDERATED), Unavailable)


def test_a_redirect_of_the_token_service_is_not_followed() -> None:
    stage = Stage([Reply(302, headers={"Location": f"https://evil.example/{CANARY}"})])

    assert isinstance(failure(stage, ASSUMED), PlatformRefused)
    assert len(stage.transport.requests) == 1


@pytest.mark.parametrize(
    ("reference", "value", "field"),
    [
        ("accessKeyId", f"not a key {CANARY}", "auth.accessKeyId"),
        ("secretAccessKey", "  ", "auth.secretAccessKey"),
        ("sessionToken", f"{CANARY}\nX: y", "auth.sessionToken"),
    ],
)
def test_an_unusable_secret_is_named_and_never_sent(reference: str, value: str, field: str) -> None:
    stage = Stage([])
    stage.secrets.known["vault://local/ODD"] = value

    error = failure(stage, {**ACCESS_KEY, reference: "vault://local/ODD"})

    assert isinstance(error, PlatformRefused)
    assert (error.cause, field in str(error)) == (FailureCause.SECRET, True)


@pytest.mark.parametrize(
    ("auth", "paths"),
    [
        (ACCESS_KEY, []),
        (ASSUMED, []),
        (FEDERATED, []),
        ({**ACCESS_KEY, "accessKeyId": "vault://kv/id"}, []),
        ({**ACCESS_KEY, "accessKeyId": "short"}, ["auth.accessKeyId"]),
        ({**FEDERATED, "roleArn": "polysync"}, ["auth.roleArn"]),
        ({**FEDERATED, "roleArn": "arn:aws:iam::12:role/x"}, ["auth.roleArn"]),
        ({**FEDERATED, "roleArn": "arn:aws-cn:iam::123456789012:role/a/b/c"}, []),
        ({**FEDERATED, "sessionName": "a b"}, ["auth.sessionName"]),
        ({**FEDERATED, "externalId": "x1"}, ["auth.externalId"]),
        ({**FEDERATED, "entraAudience": "https://management.azure.com/ x"}, ["auth.entraAudience"]),
        ({**FEDERATED, "entraAudience": "https://management.azure.com"}, ["auth.entraAudience"]),
        ({**FEDERATED, "entraAudience": "https://Vault.Azure.net/"}, ["auth.entraAudience"]),
        (
            {**FEDERATED, "entraAudience": "00000003-0000-0000-c000-000000000000"},
            ["auth.entraAudience"],
        ),
        ({**FEDERATED, "entraAudience": "api://polysync-aws"}, []),
        ({**FEDERATED, "entraAudience": "api://AzureADTokenExchange"}, []),
        ({**ASSUMED, "externalId": "a&b"}, ["auth.externalId"]),
        ({"method": "AccessKey", "accessKeyId": KEY_ID}, ["auth.secretAccessKey"]),
        ({"method": "AssumeRole", "roleArn": ROLE}, ["auth.accessKeyId", "auth.secretAccessKey"]),
    ],
)
def test_the_fields_of_each_method_are_checked(auth: dict[str, Any], paths: list[str]) -> None:
    problems = check_sign_in(Auth.model_validate(auth), AWS_METHODS, "AwsLambda")

    assert [each.path for each in problems] == paths
