"""Tests of whole requests against servers that judge as the real services do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import read_definition
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.receivers.sender import MessageSender
from polysync_core.platforms.webhook_client import EventNotAccepted, WebhookClient
from tests.fakes.builders import FakeClock
from tests.fakes.message_services import ACS_KEY, MessageServices, message_services
from tests.fakes.secrets import KnownSecrets
from tests.unit.outbound.receivers.messages import a_message, the_largest_message


@pytest.fixture(scope="module")
def services() -> Iterator[MessageServices]:
    with message_services() as running:
        yield running


def send(services: MessageServices, document: dict[str, Any], message: Any = None) -> None:
    secrets = {
        "vault://local/TEAMS": f"{services.url}/workflows/1?sig=canary-sig",
        "vault://local/SLACK": f"{services.url}/services/T/B/canary-path",
        "vault://local/ACS": ACS_KEY,
        "vault://local/WRONG": "d3Jvbmc=",
    }
    sender = MessageSender(
        secrets=KnownSecrets(secrets),
        post=WebhookClient(allow_loopback=True).post,
        send_smtp=lambda *_: None,
        azure_token=lambda: Secret("token"),
        clock=FakeClock(),
        allow_loopback=True,
    )
    receiver: Any = read_definition(Kind.RECEIVER, {"name": "team", **document})
    sender.send(message or a_message(), receiver)


TEAMS = {"type": "Teams", "url": "vault://local/TEAMS"}
SLACK = {"type": "Slack", "url": "vault://local/SLACK"}


def mail(services: MessageServices, **changes: Any) -> dict[str, Any]:
    return {
        "type": "Email",
        "to": ["team@example.com"],
        "sender": "polysync@example.com",
        "service": "AzureCommunicationServices",
        "endpoint": services.url,
        "accessKey": "vault://local/ACS",
        **changes,
    }


@pytest.mark.parametrize("message", [a_message(), the_largest_message("<&ü>🙂")])
def test_every_service_accepts_small_and_large_messages(
    services: MessageServices, message: Any
) -> None:
    services.accepted.clear()
    for document in (TEAMS, SLACK, mail(services)):
        send(services, document, message)
    assert len(services.accepted) == 3


def test_an_archived_channel_is_named(services: MessageServices) -> None:
    services.archived = True
    with pytest.raises(EventNotAccepted, match=r"answered with status 410: channel_is_archived$"):
        send(services, SLACK)
    services.archived = False


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"accessKey": "vault://local/WRONG"}, "status 401: Denied$"),
        ({"sender": "polysync@other.example"}, "status 404: DomainNotLinked$"),
    ],
)
def test_a_refused_mail_has_the_code_of_azure(
    services: MessageServices, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(EventNotAccepted, match=words):
        send(services, mail(services, **changes))
