"""Google's clients verify the fake that the provider's tests use."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from google.api_core.exceptions import Forbidden, NotFound
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import InvalidOperation
from google.auth.transport.requests import Request
from google.cloud.secretmanager_v1 import SecretManagerServiceClient
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (
    SecretManagerServiceRestTransport,
)
from google.oauth2 import service_account
from google.oauth2.credentials import Credentials

from tests.fakes.google import PROJECT, FakeGoogle, crc32c_of, key_json, refusal, serving

NAME = f"projects/{PROJECT}/secrets/db/versions/latest"


@pytest.fixture
def google() -> FakeGoogle:
    return FakeGoogle(secrets={"db": "s3cret-ü".encode()})


@pytest.fixture
def address(google: FakeGoogle) -> Iterator[str]:
    with serving(google) as address:
        yield address


def client(address: str, token: str | None) -> SecretManagerServiceClient:
    transport = SecretManagerServiceRestTransport(
        host=address.removeprefix("http://"),
        credentials=Credentials(token) if token else AnonymousCredentials(),
        url_scheme="http",
    )
    return SecretManagerServiceClient(transport=transport)


def signed_in(address: str) -> str:
    info = json.loads(key_json(token_uri=f"{address}/token"))
    scope = "https://www.googleapis.com/auth/cloud-platform"
    credentials = service_account.Credentials.from_service_account_info(info, scopes=[scope])
    credentials.refresh(Request())
    return str(credentials.token)


def test_a_secret_is_read_and_its_checksum_holds(address: str) -> None:
    found = client(address, signed_in(address)).access_secret_version(name=NAME)

    assert found.payload.data == "s3cret-ü".encode()
    assert found.payload.data_crc32c == crc32c_of(found.payload.data)


def test_the_names_of_secrets_are_listed(address: str) -> None:
    found = client(address, signed_in(address)).list_secrets(
        request={"parent": f"projects/{PROJECT}", "page_size": 1}
    )

    assert list(found) == []


def test_the_simulator_refuses_like_google(address: str, google: FakeGoogle) -> None:
    token = signed_in(address)

    with pytest.raises(NotFound):
        client(address, token).access_secret_version(name=NAME.replace("db", "gone"))
    # The client treats a 401 as an expired token; this token cannot be renewed.
    with pytest.raises(InvalidOperation):
        client(address, None).access_secret_version(name=NAME)
    google.scripted[":access"] = [refusal(403, "PERMISSION_DENIED", "no")]
    with pytest.raises(Forbidden):
        client(address, token).access_secret_version(name=NAME)
