"""Tests of the requests to a lineage service, and of the file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from polysync_core.domain.errors import Unavailable
from polysync_core.domain.runs.events import events_of
from polysync_core.outbound.hosts import AddressScope
from polysync_core.outbound.lineage.sending import LineageSender, LineageTarget
from tests.fakes.builders import NOON
from tests.fakes.http import Reply, ScriptedTransport, Step, VirtualTime
from tests.fakes.secrets import KnownSecrets
from tests.unit.outbound.lineage.test_events import ENDS, a_lineage_run, ended

TARGET = LineageTarget(namespace="polysync", url="https://lineage.example.com")
KEY = "vault://keys/lineage"


class Sender:
    """A sender on a scripted transport."""

    def __init__(self, target: LineageTarget, *steps: Step) -> None:
        self.transport, time = ScriptedTransport(steps), VirtualTime()
        self.secrets = KnownSecrets({KEY: "canary-key"})
        self.scopes: list[AddressScope] = []
        self.sender = LineageSender(
            target=target,
            secrets=self.secrets,
            private_hosts=frozenset({"marquez.corp.example"}),
            transport_to=lambda scope: self.scopes.append(scope) or self.transport,
            monotonic=lambda: time.seconds,
        )

    def emit(self) -> None:
        run = ended(ENDS[0], a_lineage_run())
        self.sender.emit([*events_of(run, after=1)][-1].as_json(), run)


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("https://lineage.example.com", "https://lineage.example.com/api/v1/lineage"),
        ("https://lineage.example.com/", "https://lineage.example.com/api/v1/lineage"),
        ("https://lineage.example.com:8443/in?a=b", "https://lineage.example.com:8443/in?a=b"),
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000/api/v1/lineage"),
    ],
)
def test_an_event_is_posted_to_the_path_of_the_specification(url: str, sent: str) -> None:
    opened = Sender(replace(TARGET, url=url), Reply(201))
    opened.emit()
    (request,) = opened.transport.requests
    assert (request.method, request.url) == ("POST", sent)
    assert "Authorization" not in request.headers
    assert json.loads(request.body or b"")["eventType"] == "COMPLETE"


def test_the_key_is_a_bearer_token_and_is_read_again_after_a_refusal() -> None:
    opened = Sender(replace(TARGET, key=KEY), Reply(401, b"canary-key"))
    with pytest.raises(Unavailable, match=r"lineage\.example\.com answered with status 401$"):
        opened.emit()
    assert opened.transport.requests[0].headers["Authorization"] == "Bearer canary-key"
    assert opened.secrets.forgotten == [KEY]


@pytest.mark.parametrize("status", [301, 400, 500])
def test_any_other_status_is_a_failure(status: int) -> None:
    opened = Sender(TARGET, Reply(status, b"", {"Location": "https://evil.example"}))
    with pytest.raises(Unavailable):
        opened.emit()
    assert len(opened.transport.requests) == 1


def test_only_a_listed_host_may_have_a_private_address() -> None:
    public, private = (
        Sender(TARGET, Reply()),
        Sender(replace(TARGET, url="https://marquez.corp.example"), Reply()),
    )
    public.emit()
    private.emit()
    assert (public.scopes, private.scopes) == ([AddressScope.PUBLIC], [AddressScope.PRIVATE])


def test_events_are_appended_to_a_file_one_on_each_line(tmp_path: Path) -> None:
    file = tmp_path / "lineage.jsonl"
    opened = Sender(LineageTarget(namespace="polysync", file=file))
    opened.emit()
    opened.emit()
    lines = file.read_text().splitlines()
    assert [json.loads(line)["eventTime"] for line in lines] == [
        f"{NOON:%Y-%m-%dT%H:%M:%S}.000Z"
    ] * 2


def test_a_file_that_cannot_be_written_is_a_failure(tmp_path: Path) -> None:
    opened = Sender(LineageTarget(namespace="polysync", file=tmp_path / "none" / "x"))
    with pytest.raises(Unavailable, match="POLYSYNC_OPENLINEAGE_FILE: No such file"):
        opened.emit()
