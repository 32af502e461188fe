"""Makes boto3 clients, and our own sign-ins, for a server on loopback."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config

from polysync_core.domain.definitions.platforms import Auth
from polysync_core.outbound.hosts import AddressScope, BaseAddress
from polysync_core.outbound.sign_in.aws.credentials import AwsSignIn
from tests.fakes.secrets import KnownSecrets

REGION = "eu-west-1"
KEY_ID = "AKIASIMULATOR00000000"
SECRET = "secret-of-the-simulator"
ROLE = "arn:aws:iam::123456789012:role/polysync"
ACCESS_KEY = {
    "method": "AccessKey",
    "accessKeyId": KEY_ID,
    "secretAccessKey": "vault://local/SECRET",
}
ASSUMED = {**ACCESS_KEY, "method": "AssumeRole", "roleArn": ROLE}
FEDERATED = {"method": "WebIdentityFederation", "roleArn": ROLE}


def boto(service: str, url: str, **key: Any) -> Any:
    """Return a boto3 client that does not repeat calls."""
    key = key or {"aws_access_key_id": KEY_ID, "aws_secret_access_key": SECRET}
    return boto3.client(
        service,
        endpoint_url=url,
        region_name=REGION,
        config=Config(retries={"total_max_attempts": 1}, inject_host_prefix=False),
        **key,
    )


def secrets() -> KnownSecrets:
    return KnownSecrets({"vault://local/SECRET": SECRET})


def sign_in(auth: dict[str, Any], url: str) -> AwsSignIn:
    return AwsSignIn(
        auth=Auth.model_validate(auth),
        region=REGION,
        secrets=secrets(),
        endpoint=BaseAddress(url, "127.0.0.1", AddressScope.LOOPBACK),
    )
