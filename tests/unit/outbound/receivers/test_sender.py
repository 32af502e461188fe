"""Tests of the requests to receivers: their addresses, signatures and secrets."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

import pytest

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import read_definition
from polysync_core.domain.errors import Invalid, PlatformRefused
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.receivers.sender import MessageSender, check_receiver
from polysync_core.platforms.webhook_client import EventNotAccepted
from tests.fakes.builders import FakeClock
from tests.fakes.secrets import KnownSecrets
from tests.unit.outbound.receivers.messages import a_message
from tests.unit.outbound.receivers.test_mail import a_receiver

KEY = base64.b64encode(b"canary-key").decode()
TEAMS = "https://prod-1.westeurope.logic.azure.com:443/workflows/1/triggers/manual?sig=canary"


class World:
    """A sender whose requests are recorded."""

    def __init__(self, **secrets: str) -> None:
        self.secrets = KnownSecrets(
            {f"vault://local/{name}": text for name, text in secrets.items()}
        )
        self.posts: list[tuple[str, Mapping[str, str], bytes]] = []
        self.mails: list[Any] = []
        self.failure: Exception | None = None
        self.sender = MessageSender(
            secrets=self.secrets,
            post=self._post,
            send_smtp=lambda mail, receiver, password: self.mails.append((mail, password)),
            azure_token=lambda: Secret("token"),
            clock=FakeClock(),
        )

    def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        if self.failure is not None:
            raise self.failure
        self.posts.append((url, headers, body))

    def send(self, **document: Any) -> Any:
        receiver: Any = read_definition(Kind.RECEIVER, {"name": "team", **document})
        self.sender.send(a_message(), receiver)
        return self.posts[-1] if self.posts else None


def test_a_workflow_of_teams_gets_a_card() -> None:
    url, headers, body = World(TEAMS=f"{TEAMS}\n").send(type="Teams", url="vault://local/TEAMS")
    assert (url, headers) == (TEAMS, {})
    assert json.loads(body)["attachments"][0]["content"]["type"] == "AdaptiveCard"


@pytest.mark.parametrize(
    "url",
    [
        "https://contoso.webhook.office.com/webhookb2/canary",
        "https://OUTLOOK.office.com/webhook/canary",
    ],
)
def test_a_retired_connector_is_named_with_the_remedy(url: str) -> None:
    world = World(TEAMS=url)
    with pytest.raises(Invalid, match="create a workflow") as failure:
        world.send(type="Teams", url="vault://local/TEAMS")
    assert "canary" not in str(failure.value)
    assert world.posts == []


def test_a_webhook_is_signed() -> None:
    world = World(KEY="canary-key")
    url, headers, body = world.send(
        type="Webhook", url="https://x.example.com/in", secret="vault://local/KEY"
    )
    signed = f"{headers['X-Polysync-Timestamp']}.".encode() + body
    assert url == "https://x.example.com/in"
    assert (
        headers["X-Polysync-Signature"]
        == "v1=" + hmac.new(b"canary-key", signed, hashlib.sha256).hexdigest()
    )
    assert headers["X-Polysync-Event"] == "notification.failed"
    assert json.loads(body)["runs"][0]["runId"] == "rabc"


AZURE: dict[str, Any] = {
    "type": "Email",
    "to": ["team@example.com"],
    "sender": "polysync@example.com",
    "service": "AzureCommunicationServices",
    "endpoint": "https://mine.communication.azure.com",
}


def test_azure_mail_is_sent_as_the_apps_identity() -> None:
    url, headers, body = World().send(**AZURE)
    assert url == "https://mine.communication.azure.com/emails:send?api-version=2023-03-31"
    assert headers["Authorization"] == "Bearer token"
    request = json.loads(body)
    assert request["senderAddress"] == "polysync@example.com"
    assert request["recipients"] == {"to": [{"address": "team@example.com"}]}
    assert request["content"]["subject"] == "[Polysync] load failed"
    assert "Correct the artefact." in request["content"]["plainText"]


def test_a_repetition_of_azure_mail_has_the_same_operation() -> None:
    world = World()
    world.send(**AZURE)
    world.send(**AZURE)
    first, second = (headers["Operation-Id"] for _, headers, _ in world.posts)
    assert first == second


def test_azure_mail_with_a_key_is_signed_over_its_body() -> None:
    world = World(ACS=KEY)
    url, headers, body = world.send(**AZURE, accessKey="vault://local/ACS")
    content = base64.b64encode(hashlib.sha256(body).digest()).decode()
    path = url.removeprefix("https://mine.communication.azure.com")
    text = f"POST\n{path}\n{headers['x-ms-date']};mine.communication.azure.com;{content}"
    expected = base64.b64encode(hmac.digest(b"canary-key", text.encode(), "sha256")).decode()
    assert headers["x-ms-content-sha256"] == content
    assert headers["Authorization"] == (
        f"HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature={expected}"
    )


def test_a_key_that_is_a_connection_string_is_refused_without_being_shown() -> None:
    world = World(ACS="endpoint=https://x;accesskey=canary")
    with pytest.raises(PlatformRefused, match="is not base64") as failure:
        world.send(**AZURE, accessKey="vault://local/ACS")
    assert "canary" not in str(failure.value) + repr(failure.value.__context__)


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_refused_secret_is_read_again(status: int) -> None:
    world = World(SLACK="https://hooks.slack.example/x")
    world.failure = EventNotAccepted("refused", status=status)
    with pytest.raises(EventNotAccepted):
        world.send(type="Slack", url="vault://local/SLACK")
    assert world.secrets.forgotten == ["vault://local/SLACK"]


def test_mail_by_smtp_takes_its_password_from_the_vault() -> None:
    world = World(SMTP="canary")
    world.sender.send(
        a_message(), a_receiver(username="u", password="vault://local/SMTP", port=587)
    )
    ((mail, password),) = world.mails
    assert mail["To"] == "team@example.com, boss@example.com"
    assert password == Secret("canary")


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({**AZURE, "endpoint": "https://communication.azure.com.evil.example"}, "endpoint"),
        ({**AZURE, "endpoint": "http://mine.communication.azure.com"}, "endpoint"),
        ({**AZURE, "endpoint": "https://mine.communication.azure.com/x"}, "endpoint"),
        ({**AZURE, "endpoint": "http://127.0.0.1:8080"}, "endpoint"),
        (
            {"type": "Webhook", "url": "http://127.0.0.1/x", "secret": "vault://local/KEY"},
            "url",
        ),
        ({"type": "Webhook", "url": "https://10.0.0.1/", "secret": "vault://local/KEY"}, "url"),
    ],
)
def test_an_address_that_is_not_allowed_is_refused(document: dict[str, Any], path: str) -> None:
    receiver: Any = read_definition(Kind.RECEIVER, {"name": "team", **document})
    with pytest.raises(Invalid) as failure:
        check_receiver(receiver, allow_loopback=False)
    assert failure.value.problems[0].path == path
