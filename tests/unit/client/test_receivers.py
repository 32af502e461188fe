"""Tests of receivers in the Python client: each type has its model."""

from __future__ import annotations

from polysync import Polysync, models
from tests.fakes.client_transport import URL, AppTransport
from tests.unit.application.notifications.rig import Rig


def test_receivers_are_read_by_their_types_and_tested() -> None:
    mail = {
        "name": "mail",
        "type": "Email",
        "to": ["team@example.com"],
        "sender": "polysync@example.com",
        "service": "Smtp",
        "host": "smtp.example.com",
    }
    slack = {"name": "team", "type": "Slack", "url": "vault://local/SLACK"}
    rig = Rig(mail, slack)
    with Polysync(URL, transport=AppTransport(rig.app)) as client:
        found = client.receivers["mail"].get()
        assert isinstance(found, models.StoredEmailReceiver)
        assert found.to == ["team@example.com"]
        assert isinstance(client.receivers["team"].get(), models.StoredSlackReceiver)
        assert client.receivers["team"].test().ok
        assert client.receivers["team"].deliveries().items == []
