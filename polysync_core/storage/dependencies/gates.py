"""Stores the dependency gates of Tasks in a table, with one partition per Task.

    p~                            the pending decision; its ETag guards every new decision
    t~<edge>~<finished>~<run>     a token
    x~<finished>~<edge>~<run>     a deduplication row of a delivered token; it outlives the token

One range query reads the decision and the tokens. The decision sorts first, so it is read first
and tokens are never older than the decision. A new decision with the ETag of that row has
therefore seen every token.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import batched

from polysync_core.domain.dependencies.codec import (
    decode_pending,
    decode_token,
    encode_pending,
    encode_token,
)
from polysync_core.domain.dependencies.stored_gate import PendingDecision, StoredGate
from polysync_core.domain.dependencies.tokens import Token, milliseconds
from polysync_core.domain.errors import Broken, StaleETag
from polysync_core.storage.operations.purging import More, delete_rows, partitions
from polysync_core.storage.row_text import join_text, split_text
from polysync_core.storage.rows import MAX_OPERATIONS, Change, Operation, Row, RowExists, RowRange
from polysync_core.storage.tables import Tables

_PENDING = "p~"
_TOKEN = "t~"  # noqa: S105 - a prefix of keys
_DELIVERED = "x~"
_DOCUMENT = "document"


class TableGates:
    """Implements `GateStore` on the table `Gates`."""

    def __init__(self, storage: Tables) -> None:
        self._table = storage.table("Gates")

    def deliver(self, task: str, token: Token) -> None:
        """Add a token to the gate of a Task, unless it was ever added before."""
        delivered = f"{_DELIVERED}{milliseconds(token.finished_at):013}~{token.edge}~{token.run_id}"
        document = split_text(_DOCUMENT, encode_token(token))
        try:
            self._table.transact(
                [
                    Operation(Change.INSERT, Row(task, delivered, {})),
                    Operation(Change.INSERT, Row(task, _TOKEN + token.key, document)),
                ]
            )
        except RowExists:
            """The token was delivered before, and may be used already."""

    def read(self, task: str) -> StoredGate:
        """Return the gate of a Task."""
        gate, tokens = StoredGate(), list[Token]()
        for row in self._table.rows(RowRange(task, _PENDING, _DELIVERED)):
            if row.key == _PENDING:
                text = join_text(_DOCUMENT, row.values)
                gate = StoredGate(pending=decode_pending(text) if text else None, etag=row.etag)
            else:
                tokens.append(_token(row))
        return StoredGate(tokens=tuple(tokens), pending=gate.pending, etag=gate.etag)

    def delete_deduplication_rows(self, before: datetime, more: More) -> int:
        """Delete the deduplication rows of old outcomes, and return their number.

        The caller ensures that none of these outcomes is delivered again.
        """
        stop = f"{_DELIVERED}{milliseconds(before):013}"
        return sum(
            delete_rows(self._table, RowRange(task, _DELIVERED, stop), more)
            for task in partitions(self._table, more)
        )

    def save_decision(self, task: str, gate: StoredGate, pending: PendingDecision) -> StoredGate:
        """Store a decision if the gate is unchanged since the read, or raise `StaleETag`."""
        row = Row(task, _PENDING, split_text(_DOCUMENT, encode_pending(pending)), gate.etag or "")
        try:
            etag = self._table.replace(row) if gate.etag else self._table.insert(row)
        except RowExists as exists:
            raise StaleETag from exists
        return StoredGate(tokens=gate.tokens, pending=pending, etag=etag)

    def complete_decision(self, task: str, gate: StoredGate) -> None:
        """Remove the tokens of the pending decision, and the decision in the last transaction.

        Raises `StaleETag` if another delivery completes the decision at the same time.
        """
        used = set(gate.pending.used) if gate.pending is not None else set[str]()
        keys = [token.key for token in gate.tokens if token.key in used]
        done = Row(task, _PENDING, {}, gate.etag or "")
        deletes = [Operation(Change.DELETE, Row(task, _TOKEN + key, {})) for key in keys]
        for chunk in _chunks(deletes):
            self._table.transact(chunk)
        last = deletes[len(deletes) - len(deletes) % MAX_OPERATIONS :]
        self._table.transact([*last, Operation(Change.REPLACE, done)])


def _chunks(operations: Sequence[Operation]) -> Iterator[Sequence[Operation]]:
    """Yield the operations in full transactions; the caller sends the rest."""
    whole = len(operations) - len(operations) % MAX_OPERATIONS
    yield from batched(operations[:whole], MAX_OPERATIONS, strict=True)


def _token(row: Row) -> Token:
    text = join_text(_DOCUMENT, row.values)
    if text is None:
        raise Broken("a stored token has no document")
    return decode_token(text)
