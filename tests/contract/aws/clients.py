"""Makes the options of boto3 clients, and our own connections, for a server on loopback."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from botocore.config import Config

from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.platforms import Auth, Platform
from polysync_core.outbound.hosts import AddressScope, BaseAddress
from polysync_core.outbound.sign_in.aws.credentials import AwsSignIn
from polysync_core.platforms.connector import Connector, SubmitRequest
from polysync_core.platforms.registry import open_connector
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


def options(url: str, **key: Any) -> dict[str, Any]:
    """Return the options of a boto3 client that does not repeat calls."""
    key = key or {"aws_access_key_id": KEY_ID, "aws_secret_access_key": SECRET}
    config = Config(retries={"total_max_attempts": 1}, inject_host_prefix=False)
    return {"endpoint_url": url, "region_name": REGION, "config": config, **key}


def secrets() -> KnownSecrets:
    return KnownSecrets({"vault://local/SECRET": SECRET})


def sign_in(auth: dict[str, Any], url: str) -> AwsSignIn:
    return AwsSignIn(
        auth=Auth.model_validate(auth),
        region=REGION,
        secrets=secrets(),
        endpoint=BaseAddress(url, "127.0.0.1", AddressScope.LOOPBACK),
    )


def connector(kind: str, url: str, auth: dict[str, Any] = ASSUMED, **attributes: Any) -> Connector:
    """Return our connection to a platform on a server."""
    platform = Platform.model_validate(
        {
            "name": "aws",
            "type": kind,
            "auth": auth,
            "attributes": {"region": REGION, "endpoint": url, **attributes},
        }
    )
    return open_connector(platform, secrets=secrets(), allow_loopback=True)


def a_request(job: Job, **changes: Any) -> SubmitRequest:
    """Return a new submit request."""
    return replace(
        SubmitRequest(
            job=job,
            token=f"{time.time_ns():x}",
            run_name="contract",
            parameters={},
            begun_at=datetime.now(UTC),
        ),
        **changes,
    )
