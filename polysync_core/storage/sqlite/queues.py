"""Sends and receives messages in SQLite, with the rules of Azure Queue Storage.

A received message is hidden for some seconds and has a receipt. Only the holder of the last receipt
can delete the message or change its time; a message that is not deleted becomes visible again.
https://learn.microsoft.com/rest/api/storageservices/queue-service-rest-api
"""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from polysync_core.domain.errors import TooLarge
from polysync_core.storage.sqlite.database import Database

MAX_MESSAGE_BYTES = 48 * 1024
"""The limit of Queue Storage for a message in base64; it keeps both storages equal."""
_TIME_TO_LIVE = timedelta(days=7).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedMessage:
    """A message that is hidden from other receivers until `visible_at`, in epoch seconds."""

    id: int
    content: str
    dequeue_count: int
    receipt: str
    inserted_at: float
    expires_at: float
    visible_at: float


class SqliteQueues:
    """The queues in one SQLite file."""

    def __init__(self, database: Database, *, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now

    def queue(self, name: str) -> SqliteQueue:
        """Return the queue of a name."""
        return SqliteQueue(self._database, name, now=self._now)


class SqliteQueue:
    """One queue; implements the port `Queue`, and the side of the receiver."""

    def __init__(self, database: Database, name: str, *, now: Callable[[], float]) -> None:
        self.name = name
        self._database = database
        self._now = now

    def send(self, text: str, *, delay_seconds: float = 0) -> None:
        """Send a message that becomes visible after a delay. Raises `TooLarge`."""
        content = text.encode()
        if len(content) > MAX_MESSAGE_BYTES:
            raise TooLarge("a queue message is larger than 48 KiB")
        self.put(base64.b64encode(content).decode(), delay_seconds=delay_seconds)

    def put(self, content: str, *, delay_seconds: float = 0) -> None:
        """Send a message whose content is base64 already."""
        now = self._now()
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO messages (queue, visible_at, inserted_at, expires_at, dequeue_count, "
                "receipt, content) VALUES (?, ?, ?, ?, 0, '', ?)",
                (self.name, now + delay_seconds, now, now + _TIME_TO_LIVE, content),
            )
        self._database.notify(self.name)

    def listen(self, listener: Callable[[], None]) -> None:
        """Call a function after each message that this process sends to the queue."""
        self._database.listen(self.name, listener)

    def receive(self, limit: int, *, hidden_seconds: float) -> list[ReceivedMessage]:
        """Return up to `limit` visible messages, and hide them from other receivers."""
        now = self._now()
        if not self._database.read(_NEXT_DUE, (self.name, now)):
            return []
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM messages WHERE expires_at<=?", (now,))
            found = connection.execute(
                "SELECT id, content, dequeue_count + 1, inserted_at, expires_at FROM messages "
                "WHERE queue=? AND visible_at<=? ORDER BY visible_at, id LIMIT ?",
                (self.name, now, limit),
            ).fetchall()
            messages = [
                ReceivedMessage(
                    id=number,
                    content=content,
                    dequeue_count=count,
                    receipt=secrets.token_hex(8),
                    inserted_at=inserted_at,
                    expires_at=expires_at,
                    visible_at=now + hidden_seconds,
                )
                for number, content, count, inserted_at, expires_at in found
            ]
            connection.executemany(
                "UPDATE messages SET visible_at=?, dequeue_count=?, receipt=? WHERE id=?",
                [(each.visible_at, each.dequeue_count, each.receipt, each.id) for each in messages],
            )
        return messages

    def hide(self, message: ReceivedMessage, seconds: float) -> bool:
        """Hide a message for some seconds from now; return False for an old receipt."""
        with self._database.transaction() as connection:
            changed = connection.execute(
                "UPDATE messages SET visible_at=? WHERE id=? AND receipt=?",
                (self._now() + seconds, message.id, message.receipt),
            ).rowcount
        return changed > 0

    def delete(self, message: ReceivedMessage) -> bool:
        """Delete a processed message; return False for an old receipt."""
        with self._database.transaction() as connection:
            deleted = connection.execute(
                "DELETE FROM messages WHERE id=? AND receipt=?", (message.id, message.receipt)
            ).rowcount
        return deleted > 0

    def seconds_to_next(self) -> float | None:
        """Return the seconds until the next message becomes visible; None without a message."""
        found = self._database.read(_NEXT, (self.name,))
        return None if not found else max(0.0, found[0][0] - self._now())


_NEXT = "SELECT visible_at FROM messages WHERE queue=? ORDER BY visible_at LIMIT 1"
_NEXT_DUE = "SELECT 1 FROM messages WHERE queue=? AND visible_at<=? LIMIT 1"
