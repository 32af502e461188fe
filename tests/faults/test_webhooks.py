"""Tests events through the whole stack: the queue, and a webhook that fails at first."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.faults.local_system import LocalSystem, has_ended, local_system
from tests.host_kinds import HostKind, on_both_with_soak
from tests.integration.devhost.host_process import eventually

pytestmark = [pytest.mark.devhost, on_both_with_soak()]

KEY = "canary-3b6d-webhook"
STATUSES = ["Queued", "Running", "Succeeded"]


@dataclass(frozen=True)
class Delivered:
    """A request that the receiver got."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    answer: int

    @property
    def event(self) -> dict[str, Any]:
        return json.loads(self.body)

    @property
    def is_genuine(self) -> bool:
        signed = f"{self.headers['X-Polysync-Timestamp']}.".encode() + self.body
        expected = "v1=" + hmac.new(KEY.encode(), signed, hashlib.sha256).hexdigest()
        return hmac.compare_digest(expected, self.headers["X-Polysync-Signature"])


@dataclass
class Receiver:
    """Refuses the first `failures` requests of each delivery, and accepts the next one."""

    url: str = ""
    failures: int = 0
    posted: list[Delivered] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)

    def answer(self, path: str, headers: Mapping[str, str], body: bytes) -> int:
        delivery = headers["X-Polysync-Delivery"]
        self.seen[delivery] = self.seen.get(delivery, 0) + 1
        status = 500 if self.seen[delivery] <= self.failures else 204
        self.posted.append(Delivered(path, headers, body, status))
        return status

    def accepted(self) -> list[Delivered]:
        return [each for each in self.posted if each.answer == 204]


@contextmanager
def listening(receiver: Receiver) -> Iterator[Receiver]:
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with lock:
                status = receiver.answer(self.path, dict(self.headers), body)
            self.send_response(status)
            if status != 204:
                self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Write nothing to stderr."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        receiver.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def system(host_kind: HostKind, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSystem]:
    """A host with three delivery attempts, the second after one second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POLYSYNC_TEST_WEBHOOK_KEY", KEY)
        patch.setenv("POLYSYNC_RUN_EVENTS_QUEUE", "run-events")
        patch.setenv("POLYSYNC_WEBHOOK_ATTEMPTS", "3")
        patch.setenv("POLYSYNC_WEBHOOK_FIRST_DELAY_SECONDS", "1")
        with local_system(tmp_path_factory.mktemp("webhooks"), kind=host_kind) as opened:
            yield opened


def subscribe(system: LocalSystem, name: str, url: str, **fields: Any) -> None:
    body = {"url": url, "secret": "vault://local/POLYSYNC_TEST_WEBHOOK_KEY", **fields}
    system.host.http.put(f"/webhooks/{name}", json=body).raise_for_status()


def queued_events(system: LocalSystem) -> list[dict[str, Any]]:
    messages = system.host.queue("run-events").receive_messages(messages_per_page=32)
    return [json.loads(base64.b64decode(message.content)) for message in messages]


def test_events_reach_the_queue_and_a_receiver_that_fails_twice(system: LocalSystem) -> None:
    with listening(Receiver(failures=2)) as receiver, listening(Receiver(failures=9)) as broken:
        subscribe(system, "all", f"{receiver.url}/hook?team=data")
        subscribe(system, "broken", broken.url, events={"statuses": ["Succeeded"]})
        subscribe(system, "others", receiver.url, events={"tasks": ["flaky"]})
        run_id = system.run(0.1)
        system.wait_for([run_id], has_ended)
        eventually(lambda: len(receiver.accepted()) >= 3)
        poison = eventually(lambda: system.host.get("/poison-messages?limit=5")["items"])

    events = list({event["eventId"]: event for event in queued_events(system)}.values())
    assert [event["to"] for event in events] == STATUSES
    assert [event["eventId"] for event in events] == [f"{run_id}/{n}" for n in (1, 2, 3)]

    assert all(each.is_genuine and each.path == "/hook?team=data" for each in receiver.posted)
    firsts = {each.headers["X-Polysync-Delivery"]: each for each in receiver.posted}
    assert sorted(firsts) == [f"{run_id}/{n}/all" for n in (1, 2, 3)]
    assert [firsts[name].event for name in sorted(firsts)] == events
    assert {each.event["eventId"]: each.event["to"] for each in receiver.accepted()} == {
        event["eventId"]: event["to"] for event in events
    }
    assert all(count >= 3 for count in receiver.seen.values())

    assert broken.seen == {f"{run_id}/3/broken": 3}
    (message,) = poison
    assert (message["queue"], message["reason"]) == (
        "webhook-deliveries",
        f"{broken.url.removeprefix('http://').partition('/')[0]} answered with status 500",
    )
    assert json.loads(message["payload"])["event"] == events[-1]
    log_text = system.host.log_text()
    assert "A message was recorded as a poison message" in log_text
    assert KEY not in log_text + json.dumps(poison)


def test_a_failed_run_becomes_one_signed_message(system: LocalSystem) -> None:
    with listening(Receiver(failures=1)) as receiver:
        document = {
            "type": "Webhook",
            "url": f"{receiver.url}/notes",
            "secret": "vault://local/POLYSYNC_TEST_WEBHOOK_KEY",
            "events": {"kinds": ["Failed"]},
            "grouping": {"windowSeconds": 1},
        }
        system.host.http.put("/receivers/notes", json=document).raise_for_status()
        run_id = system.run_task("flaky", {"key": "notes", "failures": "9"})
        (run,) = system.wait_for([run_id], has_ended)
        assert run["status"] == "Failed"
        eventually(lambda: receiver.accepted())
        system.host.http.delete("/receivers/notes").raise_for_status()
    (message,) = receiver.accepted()
    assert message.is_genuine
    assert message.headers["X-Polysync-Event"] == "notification.failed"
    assert message.event["title"] == "flaky failed"
    assert [each["runId"] for each in message.event["runs"]] == [run_id]
    assert len({each.headers["X-Polysync-Delivery"] for each in receiver.posted}) == 1


def test_an_invalid_delivery_message_is_shown_as_a_poison_message(system: LocalSystem) -> None:
    text = '{"webhook": 3}'
    system.host.queue("webhook-deliveries").send_message(text)

    def shown() -> list[dict[str, Any]]:
        messages = system.host.get("/poison-messages")["items"]
        return [each for each in messages if each["payload"] == text]

    (message,) = eventually(shown)
    assert message["reason"] == "the message is not a delivery to a webhook"
