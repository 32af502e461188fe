"""Tests of events, their deliveries to webhooks, retries and poison messages."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import pytest

from polysync_core.application.events.deliveries import (
    Delivery,
    abandoned_delivery,
)
from polysync_core.application.events.publisher import EventPublisher, Subscriptions
from polysync_core.application.events.retries import DeliveryQueues, DeliveryRetryPolicy
from polysync_core.application.events.slots import DeliverySlots
from polysync_core.application.events.webhook_delivery import WebhookDelivery
from polysync_core.application.operations.poison_messages import PoisonMessages
from polysync_core.domain.definitions.recent_results import DeliveryAttempt, DeliveryResult
from polysync_core.domain.definitions.stored import DefinitionReader
from polysync_core.domain.definitions.webhooks import Webhook
from polysync_core.domain.errors import NotFound, PlatformRefused, PolysyncError, Unavailable
from polysync_core.domain.poison import PoisonMessage
from polysync_core.domain.runs.events import RunEvent, events_of
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.run import new_run
from polysync_core.domain.runs.stored import Page
from polysync_core.domain.security.secrets import Secret
from polysync_core.domain.timed_cache import DEFINITION_TTL
from polysync_core.platforms.webhook_client import EventNotAccepted
from tests.fakes.builders import NOON, FakeClock, a_run, run_id
from tests.fakes.definitions import ON_CALL
from tests.fakes.events import FakeQueue

KEY = "canary-7c0f-webhook"
REFERENCE = "vault://local/WEBHOOK_KEY"


def a_webhook(**changes: Any) -> Webhook:
    return Webhook.model_validate({**ON_CALL, "events": {}, **changes})


def an_event() -> RunEvent:
    (event,) = events_of(new_run(a_run(tags={"team": "sales"}), actor="api"), after=0)
    return event


class FakeSecrets:
    def __init__(self) -> None:
        self.forgotten: list[str] = []
        self.failure: PolysyncError | None = None

    def resolve(self, reference: str) -> Secret:
        if self.failure is not None:
            raise self.failure
        assert reference == REFERENCE
        return Secret(KEY)

    def forget(self, reference: str) -> None:
        self.forgotten.append(reference)


class World:
    """Queues, a receiver with scripted answers, and the use cases."""

    def __init__(self, *webhooks: Webhook) -> None:
        self.webhooks = {webhook.name: webhook for webhook in webhooks}
        self.reads = 0
        self.seconds = 0.0
        self.events, self.queue, self.poison = FakeQueue(), FakeQueue(), FakeQueue()
        self.secrets, self.clock = FakeSecrets(), FakeClock()
        self.answers: list[PolysyncError] = []
        self.posts: list[tuple[str, Mapping[str, str], bytes]] = []
        self.attempts: list[tuple[str, DeliveryAttempt]] = []
        self.publisher = EventPublisher(
            events=self.events,
            deliveries=self.queue,
            subscriptions=Subscriptions(self._read, monotonic=lambda: self.seconds),
        )
        self.delivery = WebhookDelivery(
            definitions=cast("DefinitionReader", self),
            secrets=self.secrets,
            post=self._post,
            queues=DeliveryQueues(
                delivery_queue=self.queue,
                poison_queue=self.poison,
                policy=DeliveryRetryPolicy(attempts=3),
            ),
            clock=self.clock,
            record=lambda webhook, attempt: self.attempts.append((webhook, attempt)),
            slots=DeliverySlots(monotonic=lambda: self.seconds),
        )

    def deliver(self) -> None:
        self.delivery.deliver(self.queue.sent.pop(0).text)

    def _read(self) -> list[Webhook]:
        self.reads += 1
        return list(self.webhooks.values())

    def webhook(self, name: str) -> Webhook:
        if name not in self.webhooks:
            raise NotFound
        return self.webhooks[name]

    def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        self.posts.append((url, headers, body))
        if self.answers:
            raise self.answers.pop(0)


@pytest.fixture
def world() -> World:
    return World(a_webhook())


def test_an_event_is_sent_to_the_queue_and_to_every_webhook_whose_filter_accepts_it() -> None:
    world = World(
        a_webhook(),
        a_webhook(name="off", enabled=False),
        a_webhook(name="failures", events={"statuses": ["Failed"]}),
        a_webhook(name="sales", events={"tags": {"team": "sales"}}),
    )
    world.publisher.publish(an_event())
    assert [json.loads(sent.text)["eventId"] for sent in world.events.sent] == [f"{run_id()}/1"]
    assert [json.loads(sent.text)["webhook"] for sent in world.queue.sent] == ["on-call", "sales"]


def test_an_event_without_a_receiver_costs_no_message(world: World) -> None:
    publisher = replace(world.publisher, events=None)
    world.webhooks = {"failures": a_webhook(name="failures", events={"statuses": ["Failed"]})}
    publisher.publish(an_event())
    assert world.events.sent == world.queue.sent == []
    world.webhooks["all"] = a_webhook(name="all")
    world.seconds += DEFINITION_TTL
    publisher.publish(an_event())
    assert [json.loads(sent.text)["webhook"] for sent in world.queue.sent] == ["all"]


def test_webhooks_are_cached_between_events(world: World) -> None:
    for _ in range(5):
        world.publisher.publish(an_event())
    assert world.reads == 1
    del world.webhooks["on-call"]
    world.seconds += DEFINITION_TTL
    world.publisher.publish(an_event())
    assert world.reads == 2
    assert len(world.queue.sent) == 5


def test_the_signature_of_a_delivery_covers_its_time_and_body(world: World) -> None:
    world.publisher.publish(an_event())
    world.deliver()
    ((url, headers, body),) = world.posts
    assert url == ON_CALL["url"]
    assert json.loads(body) == an_event().as_json()
    timestamp = str(int(NOON.timestamp()))
    expected = hmac.new(KEY.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    assert headers == {
        "X-Polysync-Event": "run.queued",
        "X-Polysync-Delivery": f"{run_id()}/1/on-call",
        "X-Polysync-Timestamp": timestamp,
        "X-Polysync-Signature": f"v1={expected}",
    }
    assert not world.queue.sent
    assert not world.poison.sent


def test_a_failed_delivery_is_retried_with_growing_delays_and_the_same_id(world: World) -> None:
    world.answers = [EventNotAccepted("h answered with status 500", status=500)] * 2
    world.publisher.publish(an_event())
    delays: list[int] = []
    world.deliver()
    delays.append(world.queue.sent[0].delay_seconds)
    world.clock.advance(seconds=10)
    world.deliver()
    delays.append(world.queue.sent[0].delay_seconds)
    world.deliver()
    assert delays == [10, 30]
    assert not world.queue.sent
    assert {headers["X-Polysync-Delivery"] for _, headers, _ in world.posts} == {
        f"{run_id()}/1/on-call"
    }
    first, second = (headers["X-Polysync-Signature"] for _, headers, _ in world.posts[:2])
    assert first != second  # a new time, a new signature
    assert len({body for _, _, body in world.posts}) == 1


def test_each_attempt_is_remembered_with_its_result(world: World) -> None:
    refused = EventNotAccepted("h answered with status 500", status=500)
    world.answers = [refused] * 4
    for deliveries in (3, 2):
        world.publisher.publish(an_event())
        for _ in range(deliveries):
            world.deliver()

    seen = [(each.attempt, each.result, each.error) for _, each in world.attempts]
    words = "h answered with status 500"
    assert seen == [
        (1, DeliveryResult.FAILED, words),
        (2, DeliveryResult.FAILED, words),
        (3, DeliveryResult.ABANDONED, words),
        (1, DeliveryResult.FAILED, words),
        (2, DeliveryResult.ACCEPTED, None),
    ]


def test_delays_grow_to_an_hour_and_respect_retry_after() -> None:
    retry_policy = DeliveryRetryPolicy()
    delays = [retry_policy.delay_after(attempt, None) for attempt in range(1, 8)]
    assert delays == [10, 30, 90, 270, 810, 2430, 3600]
    assert retry_policy.delay_after(1, 120) == 120
    assert retry_policy.delay_after(1, 1e9) == 3600
    assert retry_policy.delay_after(5, 1) == 810


def test_a_delivery_is_abandoned_with_the_reason_after_the_last_attempt(world: World) -> None:
    world.answers = [EventNotAccepted("h answered with status 500", status=500)] * 3
    world.publisher.publish(an_event())
    for _ in range(3):
        world.deliver()
    (sent,) = world.poison.sent
    assert not world.queue.sent
    assert Delivery.parse(sent.text).failure == "h answered with status 500"
    assert KEY not in sent.text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        "[]",
        "null",
        "{}",
        '{"webhook": "a", "event": {}, "attempt": 1}',
        '{"webhook": "a", "event": {"eventId": "x\\r\\ny", "to": "Failed"}, "attempt": 1}',
        '{"webhook": "A b", "event": {"eventId": "x", "to": "Failed"}, "attempt": 1}',
        '{"webhook": "a", "event": {"eventId": "x", "to": "Failed"}, "attempt": 0}',
        "[" * 20_000,
        "\ufffd\x00",
    ],
)
def test_a_message_that_is_not_a_delivery_is_abandoned_at_once(world: World, text: str) -> None:
    world.delivery.deliver(text)
    assert [sent.text for sent in world.poison.sent] == [text]
    assert not world.posts


@pytest.mark.parametrize("state", ["deleted", "disabled"])
def test_an_event_of_a_deleted_or_disabled_webhook_is_dropped(
    world: World, state: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    world.publisher.publish(an_event())
    world.webhooks = {} if state == "deleted" else {"on-call": a_webhook(enabled=False)}
    world.deliver()
    assert not (world.posts or world.queue.sent or world.poison.sent)
    assert [(r.action, r.webhook_state) for r in caplog.records] == [("webhook_dropped", state)]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(Unavailable(), id="the vault is not available"),
        pytest.param(
            PlatformRefused("there is no vault named local: define it", cause=FailureCause.SECRET),
            id="the vault refuses",
        ),
    ],
)
def test_a_delivery_is_retried_if_its_secret_cannot_be_read(
    world: World, failure: PolysyncError
) -> None:
    world.secrets.failure = failure
    world.publisher.publish(an_event())
    world.deliver()
    assert [Delivery.parse(sent.text).attempt for sent in world.queue.sent] == [2]
    assert not world.posts


def test_the_secret_is_read_again_after_a_refused_signature(world: World) -> None:
    world.answers = [EventNotAccepted("h answered with status 401", status=401)]
    world.publisher.publish(an_event())
    world.deliver()
    assert world.secrets.forgotten == [REFERENCE]


def test_the_host_retries_a_failed_delivery_if_the_queue_is_not_available(world: World) -> None:
    world.answers = [EventNotAccepted("h cannot be reached")]
    world.publisher.publish(an_event())
    text = world.queue.sent.pop().text
    world.queue.away = True
    with pytest.raises(Unavailable):
        world.delivery.deliver(text)


def test_a_slow_webhook_delays_no_other_one_and_its_own_deliveries_wait_in_the_queue() -> None:
    world = World(
        a_webhook(name="slow", url="https://slow.example.com/"),
        a_webhook(name="quick", url="https://quick.example.com/"),
    )
    delivered: list[str] = []

    def post(url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Deliver the next messages while a slow delivery is under way."""
        delivered.append(url)
        if "slow" in url:
            deliver("slow")
            deliver("quick")

    def deliver(name: str) -> None:
        delivery.deliver(Delivery(webhook=name, event=an_event().as_json()).encode())

    delivery = replace(world.delivery, post=post)
    deliver("slow")
    assert delivered == ["https://slow.example.com/"] * 4 + ["https://quick.example.com/"] * 4
    (waiting,) = world.queue.sent
    assert waiting.delay_seconds >= 1
    unchanged = Delivery.parse(waiting.text)
    assert (unchanged.webhook, unchanged.attempt, unchanged.failure) == ("slow", 1, None)
    assert not world.poison.sent


def test_no_message_and_no_log_line_contains_the_secret(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    world.answers = [EventNotAccepted("h answered with status 500", status=500)] * 3
    world.publisher.publish(an_event())
    for _ in range(3):
        world.deliver()
    logged = repr([vars(record) for record in caplog.records])
    assert "webhook_failed" in logged
    assert KEY not in logged + repr(world.poison.sent) + repr(world.events.sent)


class FakePoisonStore:
    def __init__(self) -> None:
        self.messages: list[PoisonMessage] = []

    def put(self, message: PoisonMessage) -> None:
        self.messages.append(message)

    def page(self, *, limit: int, token: str | None = None) -> Page[PoisonMessage]:
        return Page(items=self.messages[:limit])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param(
            Delivery(webhook="a", event={"eventId": "e", "to": "Failed"})
            .after("h answered 500")
            .encode(),
            "h answered 500",
            id="a delivery with its last failure",
        ),
        pytest.param(
            Delivery(webhook="a", event={"eventId": "e", "to": "Failed"}).encode(),
            "The message could not be processed; the log of its function has the cause.",
            id="a delivery that the host abandoned",
        ),
        pytest.param(
            Delivery(webhook="a", event={"eventId": "e", "to": "Failed"}).after("\x00y").encode(),
            "\ufffdy",
            id="a reason with a character that tables refuse",
        ),
        pytest.param("x" * 40_000, "the message is not a delivery to a webhook", id="anything"),
    ],
)
def test_an_abandoned_message_is_stored_and_logged_with_its_reason(
    text: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    store = FakePoisonStore()
    PoisonMessages(store=store, clock=FakeClock()).record(
        "deliveries", abandoned_delivery("m1", text), at=None
    )
    (message,) = store.messages
    assert (message.queue, message.id, message.at) == ("deliveries", "m1", NOON)
    assert message.reason == reason
    assert text.startswith(message.payload[:100])
    assert len(message.payload) <= 16_000
    (record,) = caplog.records
    assert (record.levelname, record.action) == ("ERROR", "message_abandoned")  # type: ignore[attr-defined]


def test_a_long_reason_is_cut() -> None:
    store = FakePoisonStore()
    delivery = Delivery(webhook="a", event={"eventId": "e", "to": "x"}).after("y" * 90_000).encode()
    PoisonMessages(store=store, clock=FakeClock()).record(
        "deliveries", abandoned_delivery("m1", delivery), at=NOON
    )
    assert len(store.messages[0].reason) == 1_000
