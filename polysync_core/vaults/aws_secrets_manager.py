"""Reads secrets from AWS Secrets Manager."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, cast

from pydantic import StringConstraints

from polysync_core.domain.definitions.base import Value
from polysync_core.domain.definitions.vaults import Vault, VaultProvider
from polysync_core.domain.errors import (
    Invalid,
    PlatformRefused,
    PolysyncError,
    Problem,
    Unavailable,
)
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.attributes import read_attributes
from polysync_core.outbound.hosts import BaseAddress, simulator_address
from polysync_core.outbound.http_exchange import Answer
from polysync_core.outbound.http_request import HttpRequest
from polysync_core.outbound.read_client import HEADERS, ReadClient
from polysync_core.outbound.references import Secrets
from polysync_core.outbound.sign_in.aws.credentials import AwsSignIn
from polysync_core.outbound.sign_in.aws.errors import code_in, key_remedy, refuses_key
from polysync_core.outbound.sign_in.aws.partitions import (
    AccountId,
    Region,
    foreign_partition,
    partition_of,
    service_address,
)
from polysync_core.outbound.sign_in.aws.signature import AwsSignature, SigningScope
from polysync_core.outbound.sign_in.methods import AWS_METHODS
from polysync_core.vaults.plugin import VaultContext, VaultPlugin

_SERVICE = "secretsmanager"
_NAME = re.compile(r"[A-Za-z0-9_./-]{1,255}")
_BUSY = frozenset({"InternalServiceError", "ThrottlingException", "RequestLimitExceeded"})
_READ = "secretsmanager:GetSecretValue"
_LIST = "secretsmanager:ListSecrets"


class SecretsManagerAttributes(Value):
    """`attributes` of an AWS Secrets Manager."""

    region: Region
    """The region of the secrets, such as `eu-west-1`."""
    account_id: AccountId | None = None
    """The account of the secrets, if it is another one; names then end as in the ARN."""
    key: Annotated[str, StringConstraints(pattern=r"^[ -~]{1,255}$")] | None = None
    """The key of a secret's JSON object that holds the value; None: the whole secret."""
    endpoint: str | None = None
    """The address of a simulator for all of AWS's services; for development only."""

    def simulator(self, *, allow_loopback: bool) -> BaseAddress | None:
        """Return the checked address of the simulator, or None."""
        if self.endpoint is None:
            return None
        return simulator_address(self.endpoint, allow_loopback=allow_loopback)

    def secret_id(self, name: str) -> str:
        """Return the name of a secret, or its ARN in another account."""
        if self.account_id is None:
            return name
        partition = partition_of(self.region).name
        return f"arn:{partition}:{_SERVICE}:{self.region}:{self.account_id}:secret:{name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsSecretsManager:
    """The secrets of one region of an account."""

    vault: str
    base: BaseAddress
    attributes: SecretsManagerAttributes
    signature: AwsSignature
    client: ReadClient

    def read(self, name: str) -> Secret:
        """Return the current version of a secret, or the value of the key `attributes.key`."""
        subject = f"the secret {name} of the vault {self.vault}"
        if _NAME.fullmatch(name) is None:
            raise PlatformRefused(
                f"{subject} cannot exist: Secrets Manager's names have 1-255 letters, digits and"
                " _ . / -",
                cause=FailureCause.SECRET,
            )
        body: JsonObject = {"SecretId": self.attributes.secret_id(name)}
        answer = self._ask("GetSecretValue", body)
        if answer.status != 200:
            raise self._refusal(answer, subject, _READ)
        outcome = _value(answer.json() or {}, self.attributes.key)
        if outcome is None:
            raise Unavailable(f"{subject}: {self.base.host} answered with no value")
        if isinstance(outcome, str):
            raise PlatformRefused(f"{subject} {outcome}", cause=FailureCause.SECRET)
        return outcome

    def test(self) -> str:
        """List one secret's name."""
        answer = self._ask("ListSecrets", {"MaxResults": 1})
        if answer.status != 200:
            raise self._refusal(answer, f"the vault {self.vault}", _LIST)
        return f"Reached {self.base.host}; its secrets can be listed."

    def _ask(self, operation: str, body: JsonObject) -> Answer:
        """Return the answer; a refused access key is replaced once."""
        answer = self._sent(operation, body)
        if answer.status >= 400 and refuses_key(_code_of(answer)):
            self.signature.renew()
            answer = self._sent(operation, body)
        failure = self.client.failure_of(answer, self.base.host)
        if failure is not None:
            raise failure
        return answer

    def _sent(self, operation: str, body: JsonObject) -> Answer:
        request = HttpRequest(
            method="POST",
            url=f"{self.base.url}/",
            headers={
                **HEADERS,
                "Content-Type": "application/x-amz-json-1.1",
                "X-Amz-Target": f"{_SERVICE}.{operation}",
            },
            body=json.dumps(body).encode(),
        )
        return self.client.send(self.base, self.signature.sign(request))

    def _refusal(self, answer: Answer, subject: str, permission: str) -> PolysyncError:
        code = _code_of(answer)
        if code in _BUSY:
            return Unavailable(f"{self.base.host} is busy ({code})")
        message = (answer.json() or {}).get("message")
        remedy = key_remedy(code, message if isinstance(message, str) else "")
        return PlatformRefused(
            f"{subject}: {remedy or self._remedy(code, answer.status, permission)}",
            cause=FailureCause.SECRET,
            status=answer.status,
        )

    def _remedy(self, code: str, status: int, permission: str) -> str:
        match code:
            case "AccessDeniedException":
                return (
                    f"not allowed: allow the identity {permission}, and kms:Decrypt if the secret"
                    " has a key of the customer"
                )
            case "ResourceNotFoundException":
                return (
                    "it does not exist, or has no current version: check its name and"
                    " attributes.region; a secret of another account needs attributes.accountId"
                )
            case "InvalidRequestException":
                return "it is marked for deletion or has no value yet: restore it or store a value"
            case "DecryptionFailure":
                return "its KMS key cannot decrypt it: enable the key, and allow kms:Decrypt"
            case _:
                detail = f"{code}, " if code else ""
                return f"Secrets Manager refused the request ({detail}status {status})"


def check_secrets_manager(vault: Vault, allow_loopback: bool) -> list[Problem]:
    """Return the problems of a Secrets Manager's attributes, and of its role's partition."""
    try:
        attributes = read_attributes(SecretsManagerAttributes, vault.attributes)
        attributes.simulator(allow_loopback=allow_loopback)
    except Invalid as error:
        return list(error.problems)
    role = (vault.auth.role_arn if vault.auth else None) or ""
    problem = foreign_partition(role, attributes.region)
    return [] if problem is None else [Problem("auth.roleArn", problem)]


def open_secrets_manager(
    vault: Vault,
    secrets: Secrets | None,
    *,
    allow_loopback: bool,
    client: ReadClient | None = None,
) -> AwsSecretsManager:
    """Return a connection to a checked vault, without sending anything."""
    if vault.auth is None:
        raise Invalid.at("auth", "is required: Secrets Manager has no sign-in without it")
    attributes = read_attributes(SecretsManagerAttributes, vault.attributes)
    client = client or ReadClient()
    simulator = attributes.simulator(allow_loopback=allow_loopback)
    sign_in = AwsSignIn(
        auth=vault.auth,
        region=attributes.region,
        secrets=secrets,
        endpoint=simulator,
        client=client,
    )
    scope = SigningScope(service=_SERVICE, region=attributes.region)
    return AwsSecretsManager(
        vault=vault.name,
        base=simulator or service_address(_SERVICE, attributes.region),
        attributes=attributes,
        signature=AwsSignature(sign_in.source(), scope, client.timer.now),
        client=client,
    )


def _code_of(answer: Answer) -> str:
    return code_in(answer.headers, answer.json() or {})


def _value(body: Mapping[str, object], key: str | None) -> Secret | str | None:
    """Return the secret, a problem as text, or None if the answer has no value."""
    found, binary = body.get("SecretString"), body.get("SecretBinary")
    text = found if isinstance(found, str) else _text_of(binary)
    if text is None:
        return None
    if key is not None:
        return _value_of_key(text, key)
    return Secret(text) if text else "is empty"


def _text_of(binary: object) -> str | None:
    """Return the text of a binary secret, or its base64 if it is not text."""
    if not isinstance(binary, str):
        return None
    try:
        return base64.b64decode(binary, validate=True).decode()
    except UnicodeDecodeError:
        return binary
    except (ValueError, binascii.Error):
        return None


def _value_of_key(text: str, key: str) -> Secret | str:
    """Return the value of a key, or a problem that quotes only the configured key."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        return f"is not a JSON object, but attributes.key names '{key}': remove it, or store JSON"
    if key not in found:
        return f"has no key '{key}', which attributes.key names: correct attributes.key"
    value = cast("Mapping[str, object]", found)[key]
    if not isinstance(value, str):
        return f"has a key '{key}' that is not text: store its value as text"
    return Secret(value) if value else f"has a key '{key}' that is empty"


def _open(vault: Vault, context: VaultContext) -> AwsSecretsManager:
    return open_secrets_manager(
        vault,
        context.secrets,
        allow_loopback=context.development,
        client=ReadClient(private_hosts=context.private_hosts),
    )


PLUGIN = VaultPlugin(
    name=VaultProvider.AWS_SECRETS_MANAGER,
    check=check_secrets_manager,
    attributes=SecretsManagerAttributes,
    open=_open,
    sign_in=AWS_METHODS,
)
