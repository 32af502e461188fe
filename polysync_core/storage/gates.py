"""Gates in Table Storage: a partition a dependent Task, its rows read as one short range.

    p~                                     what was decided; its ETag guards every decision
    t~<edge>~<finished>~<run>              a token that is outstanding
    x~<finished>~<edge>~<run>              that this outcome was delivered, kept when its token goes

What was decided stands before the tokens and is read before them. So tokens are never older than
the decision they are read with, and a decision that is written over that row has seen them all.
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
from polysync_core.domain.dependencies.stored import PendingDecision, StoredGate
from polysync_core.domain.dependencies.tokens import Token, milliseconds
from polysync_core.domain.errors import Broken, StaleETag
from polysync_core.storage.azure.failures import RowExists
from polysync_core.storage.azure.row_text import join_text, split_text
from polysync_core.storage.azure.rows import Row, RowRange
from polysync_core.storage.azure.tables import MAX_OPERATIONS, Change, Operation, TableStorage
from polysync_core.storage.purging import More, delete_rows, partitions

_DECIDED = "p~"
_TOKEN = "t~"  # noqa: S105 - a prefix of keys
_SEEN = "x~"
_DOCUMENT = "document"


class TableGates:
    """The stored gates; the application's `GateStore`."""

    def __init__(self, storage: TableStorage) -> None:
        self._table = storage.table("Gates")

    def deliver(self, task: str, token: Token) -> None:
        """Put a token into the gate of a Task, unless that was done at any time before."""
        seen = f"{_SEEN}{milliseconds(token.finished_at):013}~{token.edge}~{token.run_id}"
        document = split_text(_DOCUMENT, encode_token(token))
        try:
            self._table.transact(
                [
                    Operation(Change.INSERT, Row(task, seen, {})),
                    Operation(Change.INSERT, Row(task, _TOKEN + token.key, document)),
                ]
            )
        except RowExists:
            """It was delivered before, and may be used up already."""

    def read(self, task: str) -> StoredGate:
        """Return the gate of a Task."""
        gate, tokens = StoredGate(), list[Token]()
        for row in self._table.rows(RowRange(task, _DECIDED, _SEEN)):
            if row.key == _DECIDED:
                text = join_text(_DOCUMENT, row.values)
                gate = StoredGate(pending=decode_pending(text) if text else None, etag=row.etag)
            else:
                tokens.append(_token(row))
        return StoredGate(tokens=tuple(tokens), pending=gate.pending, etag=gate.etag)

    def forget_outcomes(self, before: datetime, more: More) -> int:
        """Delete the marks of outcomes from before a time, and return how many there were.

        The caller knows that none of these outcomes will be delivered again.
        """
        stop = f"{_SEEN}{milliseconds(before):013}"
        return sum(
            delete_rows(self._table, RowRange(task, _SEEN, stop), more)
            for task in partitions(self._table, more)
        )

    def decide(self, task: str, gate: StoredGate, decided: PendingDecision) -> StoredGate:
        """Write a decision over a gate that is as it was read, or raise `StaleETag`."""
        row = Row(task, _DECIDED, split_text(_DOCUMENT, encode_pending(decided)), gate.etag)
        try:
            etag = self._table.replace(row) if gate.etag else self._table.insert(row)
        except RowExists as taken:
            raise StaleETag from taken
        return StoredGate(tokens=gate.tokens, pending=decided, etag=etag)

    def conclude(self, task: str, gate: StoredGate) -> None:
        """Take out what a decision used up, and the decision with the last of it.

        Raises `StaleETag` where somebody else is at it, too.
        """
        used = set(gate.pending.used) if gate.pending is not None else set[str]()
        there = [token.key for token in gate.tokens if token.key in used]
        done = Row(task, _DECIDED, {}, gate.etag)
        deletes = [Operation(Change.DELETE, Row(task, _TOKEN + key, {})) for key in there]
        for chunk in _chunks(deletes):
            self._table.transact(chunk)
        last = deletes[len(deletes) - len(deletes) % MAX_OPERATIONS :]
        self._table.transact([*last, Operation(Change.REPLACE, done)])


def _chunks(operations: Sequence[Operation]) -> Iterator[Sequence[Operation]]:
    """Yield the operations in full transactions; what is left over fits into one more."""
    whole = len(operations) - len(operations) % MAX_OPERATIONS
    yield from batched(operations[:whole], MAX_OPERATIONS, strict=True)


def _token(row: Row) -> Token:
    text = join_text(_DOCUMENT, row.values)
    if text is None:
        raise Broken("a stored token has no document")
    return decode_token(text)
