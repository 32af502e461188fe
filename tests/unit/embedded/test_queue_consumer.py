"""Messages of the SQLite queues in the embedded host."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from polysync_core.application.operations.background_work import QueueMessage
from polysync_core.domain.errors import Unavailable
from polysync_core.storage.sqlite.database import Database
from polysync_core.storage.sqlite.queues import SqliteQueues
from polysync_embedded.queue_consumer import QueueConsumer, QueueRules

HOST_FILE = Path(__file__).parents[3] / "host.json"


class World:
    """A queue in a file, its clock, and a handler that records what it gets."""

    def __init__(self, folder: Path) -> None:
        self.now = 1_000.0
        self.database = Database(folder / "q.db")
        self.queues = SqliteQueues(self.database, now=lambda: self.now)
        self.queue = self.queues.queue("work")
        self.handled: list[str] = []
        self.failing: set[str] = set()
        self.error: Exception = Unavailable("the vault does not answer")

    def handle(self, message: QueueMessage) -> None:
        self.handled.append(message.text)
        if message.text in self.failing:
            raise self.error

    async def consume(self, until: Callable[[], object], name: str = "work", **rules: Any) -> None:
        """Run a consumer until a condition is met."""
        consumer = QueueConsumer(self.queues, name, self.handle, QueueRules(**rules))
        task = asyncio.create_task(consumer.run())
        try:
            async with asyncio.timeout(10):
                while not until():  # noqa: ASYNC110 - the handler runs on a thread
                    await asyncio.sleep(0.001)
        finally:
            task.cancel()
            await consumer.drain(5)

    def left(self, name: str = "work") -> list[str]:
        """Return the messages that are visible in a queue within the next day."""
        self.now += 86_400
        return [each.content for each in self.queues.queue(name).receive(32, hidden_seconds=1)]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    opened = World(tmp_path)
    yield opened
    opened.database.close()


def test_the_rules_are_those_of_the_functions_host() -> None:
    section = json.loads(HOST_FILE.read_text())["extensions"]["queues"]
    rules = QueueRules()

    assert section["visibilityTimeout"] == f"00:00:{rules.visibility_timeout:02.0f}"
    assert section["maxPollingInterval"] == f"00:00:{rules.longest_pause:02.0f}"
    assert (
        section["batchSize"],
        section["newBatchThreshold"],
        section["maxDequeueCount"],
    ) == (rules.batch_size, rules.new_batch_threshold, rules.max_dequeue_count)


def test_messages_are_handled_and_deleted(world: World) -> None:
    for number in range(20):
        world.queue.send(str(number))

    asyncio.run(world.consume(lambda: len(world.handled) == 20))

    assert sorted(world.handled, key=int) == [str(number) for number in range(20)]
    assert world.left() == []


def test_a_message_that_is_sent_while_the_queue_is_empty_is_handled_at_once(world: World) -> None:
    async def scenario() -> None:
        seen = world.consume(lambda: world.handled, longest_pause=3600)
        consuming = asyncio.create_task(seen)
        await asyncio.sleep(0.05)  # the consumer pauses now
        await asyncio.to_thread(world.queue.send, "late")
        await consuming

    asyncio.run(scenario())
    assert world.handled == ["late"]


def test_a_message_of_another_program_is_found_soon(world: World, tmp_path: Path) -> None:
    async def scenario() -> None:
        consuming = asyncio.create_task(world.consume(lambda: world.handled, longest_pause=0.05))
        await asyncio.sleep(0.02)
        with closing(sqlite3.connect(tmp_path / "q.db")) as file, file:
            file.execute(
                "INSERT INTO messages (queue, visible_at, inserted_at, expires_at, dequeue_count, "
                "receipt, content) VALUES ('work', 0, 0, 9e9, 0, '', 'hello')"
            )
        await consuming

    asyncio.run(scenario())
    assert world.handled == ["hello"]


def test_a_message_that_fails_is_tried_again_after_the_visibility_timeout(world: World) -> None:
    world.failing.add("x")
    world.queue.send("x")

    asyncio.run(world.consume(lambda: world.handled, visibility_timeout=0.01))
    assert world.queue.receive(1, hidden_seconds=1) == []
    world.failing.clear()
    world.now += 1
    asyncio.run(world.consume(lambda: len(world.handled) == 2))

    assert world.left() == []


@pytest.mark.parametrize("error", [Unavailable("no answer"), ValueError("a bug")])
def test_a_message_that_fails_too_often_moves_to_the_poison_queue(
    world: World, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    world.failing.add("x")
    world.error = error
    world.queue.send("x")
    rules = {"visibility_timeout": 0, "max_dequeue_count": 3}

    asyncio.run(world.consume(lambda: len(world.handled) == 3, **rules))

    assert world.left() == []
    assert len(world.left("work-poison")) == 1
    assert caplog.text.count("A queue message") == 3


def test_a_poison_message_that_fails_stays_in_its_queue(world: World) -> None:
    world.failing.add("x")
    world.queues.queue("work-poison").send("x")

    asyncio.run(world.consume(lambda: world.handled, name="work-poison", max_dequeue_count=1))

    assert len(world.left("work-poison")) == 1
    assert world.left("work-poison-poison") == []


def test_no_more_messages_than_a_batch_are_handled_at_once(world: World) -> None:
    running, most, gate = [0], [0], threading.Lock()
    release = threading.Event()

    def handle(message: QueueMessage) -> None:
        with gate:
            running[0] += 1
            most[0] = max(most[0], running[0])
            if running[0] == 3:
                release.set()
        release.wait(5)
        with gate:
            running[0] -= 1
            world.handled.append(message.text)

    world.handle = handle  # pyright: ignore[reportAttributeAccessIssue]
    for number in range(12):
        world.queue.send(str(number))
    done: Callable[[], object] = lambda: len(world.handled) == 12  # noqa: E731

    asyncio.run(world.consume(done, batch_size=3, new_batch_threshold=0))

    assert most[0] == 3


def test_storage_that_does_not_answer_is_tried_again(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    consumer = QueueConsumer(world.queues, "work", world.handle, QueueRules(longest_pause=0.01))
    answers: list[Exception] = [Unavailable("locked"), Unavailable("locked")]
    receive = consumer._queue.receive

    def fail_first(*given: Any, **options: Any) -> Any:
        if answers:
            raise answers.pop()
        return receive(*given, **options)

    monkeypatch.setattr(consumer._queue, "receive", fail_first)
    world.queue.send("x")
    asyncio.run(_run_until(consumer.run(), lambda: world.handled))

    assert world.handled == ["x"]
    assert caplog.text.count("A queue cannot be read") == 2


async def _run_until(work: Awaitable[None], until: Callable[[], object]) -> None:
    task = asyncio.ensure_future(work)
    async with asyncio.timeout(10):
        while not until():  # noqa: ASYNC110 - the handler runs on a thread
            await asyncio.sleep(0.001)
    task.cancel()
