"""Signatures and sign-ins: botocore's signer, boto3 at our simulator, and our sign-ins there."""

from __future__ import annotations

from datetime import UTC, datetime
from unittest.mock import patch

import pytest
from boto3 import client
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.http_request import HttpRequest
from polysync_core.outbound.sign_in.aws.signature import (
    AwsCredentials,
    SigningScope,
    signed_request,
)
from polysync_core.outbound.urls import url
from tests.contract.aws.clients import ACCESS_KEY, ASSUMED, FEDERATED, ROLE, options, sign_in
from tests.fakes.simulators import SimulatorProcess

MOMENT = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
STAMP = "20261130T120000Z"
_TEXTS = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=20)
_SEGMENTS = _TEXTS.filter(lambda text: text not in {"", ".", ".."})
_HEADER = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)


def signature_of_botocore(request: HttpRequest, key: AwsCredentials) -> str:
    token = key.session_token.reveal() if key.session_token else None
    credentials = Credentials(key.access_key_id, key.secret_access_key.reveal(), token)
    given_ = AWSRequest(request.method, request.url, dict(request.headers), request.body)
    with patch("botocore.auth.get_current_datetime", return_value=MOMENT):
        SigV4Auth(credentials, "states", "eu-west-1").add_auth(given_)
    return str(given_.headers["Authorization"])


@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
    segments=st.lists(_SEGMENTS, max_size=3),
    query=st.lists(st.tuples(_TEXTS, _TEXTS), max_size=3),
    header=_HEADER,
    body=st.none() | st.binary(max_size=50),
    token=st.none() | st.text("abc/+=", min_size=1, max_size=20),
)
def test_each_request_is_signed_as_botocore_signs_it(
    method: str,
    segments: list[str],
    query: list[tuple[str, str]],
    header: str,
    body: bytes | None,
    token: str | None,
) -> None:
    request = HttpRequest(
        method=method,
        url=url("https://states.eu-west-1.amazonaws.com", *segments, query=query),
        headers={"Content-Type": "application/json", "X-Amz-Target": header},
        body=body,
    )
    key = AwsCredentials(
        access_key_id="AKIDEXAMPLE",
        secret_access_key=Secret("wJalrXUtnFEMI/K7MDENG"),
        session_token=Secret(token) if token else None,
    )

    ours = signed_request(request, key, SigningScope(service="states", region="eu-west-1"), STAMP)

    assert ours.headers["Authorization"] == signature_of_botocore(request, key)


def test_the_simulator_accepts_boto3_and_its_temporary_keys(simulator: SimulatorProcess) -> None:
    found = client("sts", **options(simulator.url)).assume_role(
        RoleArn=ROLE, RoleSessionName="boto"
    )

    temporary = found["Credentials"]
    assert temporary["Expiration"] > datetime.now(UTC)
    identity = client(
        "sts",
        **options(
            simulator.url,
            aws_access_key_id=temporary["AccessKeyId"],
            aws_secret_access_key=temporary["SecretAccessKey"],
            aws_session_token=temporary["SessionToken"],
        ),
    ).get_caller_identity()
    assert identity["Account"] == "123456789012"


@pytest.mark.parametrize(
    ("key_id", "secret", "code"),
    [
        ("AKIASIMULATOR00000000", "wrong", "SignatureDoesNotMatch"),
        ("AKIAUNKNOWN0000000000", "wrong", "InvalidClientTokenId"),
    ],
)
def test_the_simulator_refuses_wrong_keys_of_boto3(
    simulator: SimulatorProcess, key_id: str, secret: str, code: str
) -> None:
    key = {"aws_access_key_id": key_id, "aws_secret_access_key": secret}
    sts = client("sts", **options(simulator.url, **key))

    with pytest.raises(ClientError) as caught:
        sts.get_caller_identity()

    assert caught.value.response["Error"]["Code"] == code


def test_the_simulator_exchanges_a_web_identity_of_boto3(simulator: SimulatorProcess) -> None:
    sts = client("sts", **options(simulator.url))

    found = sts.assume_role_with_web_identity(
        RoleArn=ROLE, RoleSessionName="boto", WebIdentityToken="token-of-a-simulator"
    )

    assert found["Credentials"]["SessionToken"]
    with pytest.raises(sts.exceptions.InvalidIdentityTokenException):
        sts.assume_role_with_web_identity(
            RoleArn=ROLE, RoleSessionName="boto", WebIdentityToken="another"
        )


@pytest.mark.parametrize("auth", [ASSUMED, FEDERATED], ids=["AssumeRole", "federation"])
def test_our_sign_in_gets_a_temporary_key_of_the_simulator(
    simulator: SimulatorProcess, auth: dict[str, str]
) -> None:
    key = sign_in(auth, simulator.url).source().current()

    assert key.access_key_id.startswith("ASIA")
    assert key.expires_on > datetime.now(UTC).timestamp()


def test_a_role_with_an_external_id_wants_it(simulator: SimulatorProcess) -> None:
    simulator.control("PUT", "roles/guarded", {"externalId": "acme-42"})
    auth = {**ASSUMED, "roleArn": ROLE.replace("polysync", "guarded")}

    with pytest.raises(PlatformRefused, match=r"AccessDenied.*auth\.externalId"):
        sign_in(auth, simulator.url).source().current()
    sign_in({**auth, "externalId": "acme-42"}, simulator.url).source().current()


def test_a_wrong_secret_is_refused(simulator: SimulatorProcess) -> None:
    auth = {**ASSUMED, "accessKeyId": "AKIAUNKNOWN0000000000"}

    with pytest.raises(PlatformRefused, match=r"auth\.accessKeyId is unknown"):
        sign_in(auth, simulator.url).source().current()


def test_a_key_of_the_vault_needs_no_service(simulator: SimulatorProcess) -> None:
    assert sign_in(ACCESS_KEY, "http://127.0.0.1:9").source().current().session_token is None
