"""Secrets of AWS Secrets Manager, with scripted answers."""

from __future__ import annotations

import base64
import json
import traceback
from collections.abc import Iterable
from typing import Any

import pytest

from polysync_core.domain.definitions.vaults import Vault
from polysync_core.domain.errors import Invalid, PlatformRefused, PolysyncError, Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.outbound.read_client import ReadClient
from polysync_core.vaults.aws_secrets_manager import AwsSecretsManager, open_secrets_manager
from polysync_core.vaults.registry import check_vault
from tests.fakes.http import Reply, ScriptedTransport, Step, VirtualTime
from tests.fakes.secrets import KnownSecrets

CANARY = "canary-77d1"
AUTH = {
    "method": "AccessKey",
    "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
    "secretAccessKey": "vault://local/SECRET",
}


def a_vault(auth: dict[str, str] | None = AUTH, **attributes: Any) -> Vault:
    return Vault.model_validate(
        {
            "name": "aws",
            "provider": "AwsSecretsManager",
            "auth": auth,
            "attributes": {"region": "eu-west-1", **attributes},
        }
    )


class Stage:
    """A vault whose service answers as scripted."""

    def __init__(self, steps: Iterable[Step], **attributes: Any) -> None:
        self.transport = ScriptedTransport(steps)
        self.secrets = KnownSecrets({"vault://local/SECRET": "key-of-aws"})
        client = ReadClient(transport_to=lambda _: self.transport, timer=VirtualTime().timer)
        self.vault: AwsSecretsManager = open_secrets_manager(
            a_vault(**attributes), self.secrets, allow_loopback=False, client=client
        )

    def sent(self) -> list[dict[str, Any]]:
        return [json.loads(each.body or b"{}") for each in self.transport.requests]


def refused(code: str, status: int = 400) -> Reply:
    return Reply.json({"__type": code, "message": CANARY}, status)


def failure(stage: Stage, name: str = "db") -> PolysyncError:
    with pytest.raises(PolysyncError) as caught:
        stage.vault.read(name)
    text = "".join(traceback.format_exception(caught.value))
    assert CANARY not in text
    assert "key-of-aws" not in text
    return caught.value


@pytest.mark.parametrize(
    ("answer", "key", "expected"),
    [
        ({"SecretString": "s3cret"}, None, "s3cret"),
        ({"SecretString": '{"a": "1", "b": "2"}'}, None, '{"a": "1", "b": "2"}'),
        ({"SecretString": '{"a": "1", "b": "2"}'}, "b", "2"),
        ({"SecretBinary": base64.b64encode(b"text").decode()}, None, "text"),
        ({"SecretBinary": base64.b64encode(b'{"a": "1"}').decode()}, "a", "1"),
        ({"SecretBinary": base64.b64encode(b"\xff\xfe").decode()}, None, "//4="),
    ],
)
def test_a_secret_is_its_text_or_the_value_of_a_key(
    answer: dict[str, str], key: str | None, expected: str
) -> None:
    stage = Stage([Reply.json(answer)], **({"key": key} if key else {}))

    assert stage.vault.read("team/db").reveal() == expected
    assert stage.sent() == [{"SecretId": "team/db"}]
    request = stage.transport.requests[0]
    assert request.url == "https://secretsmanager.eu-west-1.amazonaws.com/"
    assert request.headers["X-Amz-Target"] == "secretsmanager.GetSecretValue"
    assert "/eu-west-1/secretsmanager/aws4_request" in request.headers["Authorization"]


def test_a_secret_of_another_account_is_asked_for_by_its_arn() -> None:
    stage = Stage(
        [Reply.json({"SecretString": "x"})], region="cn-north-1", accountId="123456789012"
    )

    stage.vault.read("db-AbCdEf")

    arn = "arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:db-AbCdEf"
    assert stage.sent() == [{"SecretId": arn}]
    assert str(stage.transport.requests[0].url).endswith(".amazonaws.com.cn/")


@pytest.mark.parametrize(
    ("answer", "key", "words"),
    [
        ({"SecretString": ""}, None, "is empty"),
        ({"SecretString": CANARY}, "a", "not a JSON object"),
        ({"SecretString": f'["{CANARY}"]'}, "a", "not a JSON object"),
        ({"SecretString": f'{{"{CANARY}": "1"}}'}, "a", "has no key 'a'"),
        ({"SecretString": '{"a": 1}'}, "a", "not text"),
        ({"SecretString": '{"a": ""}'}, "a", "empty"),
    ],
)
def test_an_unusable_value_is_explained_and_not_quoted(
    answer: dict[str, str], key: str | None, words: str
) -> None:
    error = failure(Stage([Reply.json(answer)], **({"key": key} if key else {})))

    assert isinstance(error, PlatformRefused)
    assert (error.cause, words in str(error)) == (FailureCause.SECRET, True)


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        ("AccessDeniedException", "secretsmanager:GetSecretValue"),
        ("ResourceNotFoundException", "attributes.accountId"),
        ("InvalidRequestException", "marked for deletion"),
        ("DecryptionFailure", "kms:Decrypt"),
        ("UnrecognizedClientException", "the AWS access key is unknown"),
        ("InvalidSignatureException", "secretAccessKey does not belong"),
        ("Unheard", "Unheard, status 400"),
    ],
)
def test_a_refusal_has_a_remedy(code: str, remedy: str) -> None:
    error = failure(Stage([refused(code)]))

    assert isinstance(error, PlatformRefused)
    assert (error.cause, remedy in str(error)) == (FailureCause.SECRET, True)


@pytest.mark.parametrize(
    "reply", [refused("ThrottlingException"), Reply(503), Reply(200, b"no JSON"), Reply.json({})]
)
def test_a_busy_or_unreadable_service_is_unavailable(reply: Reply) -> None:
    assert isinstance(failure(Stage([reply])), Unavailable)


def test_a_redirect_is_not_followed() -> None:
    stage = Stage([Reply(302, headers={"Location": f"https://evil.example/{CANARY}"})])

    assert isinstance(failure(stage), PlatformRefused)
    assert len(stage.transport.requests) == 1


def test_a_rotated_access_key_is_read_again_once() -> None:
    stage = Stage([refused("UnrecognizedClientException"), Reply.json({"SecretString": "x"})])

    stage.vault.read("db")

    assert stage.secrets.forgotten == ["vault://local/SECRET"]


@pytest.mark.parametrize("name", ["", "a b", "arn:aws:x", "a?b", "ä"])
def test_a_name_that_no_secret_has_is_not_sent(name: str) -> None:
    stage = Stage([Reply()])

    failure(stage, name)

    assert stage.transport.requests == []


@pytest.mark.parametrize(
    ("vault", "path"),
    [
        (a_vault(None), "auth"),
        (a_vault({"method": "ManagedIdentity"}), "auth.method"),
        (a_vault(region="Europe"), "attributes.region"),
        (a_vault(accountId="12"), "attributes.accountId"),
        (a_vault(key=""), "attributes.key"),
        (a_vault(endpoint="http://127.0.0.1:9789"), "attributes.endpoint"),
        (a_vault(endpoint="https://evil.example"), "attributes.endpoint"),
        (
            a_vault(
                {"method": "WebIdentityFederation", "roleArn": "arn:aws:iam::123456789012:role/x"},
                region="cn-north-1",
            ),
            "auth.roleArn",
        ),
    ],
)
def test_a_wrong_definition_is_refused_by_its_field(vault: Vault, path: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_vault(vault, development=False)

    assert [each.path for each in caught.value.problems] == [path]
