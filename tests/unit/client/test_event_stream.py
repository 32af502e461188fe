"""The parser of server-sent events."""

from __future__ import annotations

import pytest

from polysync.event_stream import EventParser, ServerSentEvent

TEXT = 'id: 1\nevent: status\ndata: {"a":\ndata:  "\u2028é"}\n\n: ping\n\nretry: 5\ndata: 2\n\n'
EXPECTED = [
    ServerSentEvent(name="status", id="1", data='{"a":\n "\u2028é"}'),
    ServerSentEvent(name="message", id="1", data="2"),
]


def parse_events(chunks: list[bytes]) -> list[ServerSentEvent]:
    parser = EventParser()
    return [event for chunk in chunks for event in parser.feed(chunk)]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_events_do_not_depend_on_the_sizes_of_the_chunks(line_end: str, size: int):
    stream = TEXT.replace("\n", line_end).encode()
    chunks = [stream[start : start + size] for start in range(0, len(stream), size)]

    assert parse_events(chunks) == EXPECTED


def test_an_unfinished_event_is_dropped():
    assert parse_events([b"data: 1\n\ndata: 2\n"]) == [
        ServerSentEvent(name="message", id=None, data="1")
    ]
