"""Builds the HTML elements that receive live updates by server-sent events."""

from __future__ import annotations

import hashlib

import htpy as h
from htpy import Element


def live_button() -> Element:
    """Return the button that stops and starts the streams of a page."""
    return h.button(".live.on.needs-script", type="button", data_live="", aria_pressed="true")[
        h.i, h.span["Live"]
    ]


def stream_element(  # noqa: PLR0913
    stream: str,
    *,
    target: str,
    tag: str,
    look: str | None = None,
    is_active: bool = True,
    end: str = "idle",
) -> Element:
    """Return the element that keeps a part of a page up to date.

    Args:
        stream: the address of the stream.
        target: the id of the part.
        tag: the version of the part that the page shows.
        look: the address to poll, which answers 304 if nothing has changed; None: never poll.
        is_active: whether the part can change soon; otherwise the page polls at long intervals.
        end: the event at the end of the stream.
    """
    connect = {"hx-sse:connect": stream} if is_active else {"data-connect": stream}
    looks = {} if look is None else {"data-look": look, "data-tag": tag}
    name = hashlib.sha256(stream.encode()).hexdigest()[:12]
    return h.div(
        {
            "id": f"stream-{name}",
            "hidden": True,
            **connect,
            "hx-sse:close": end,
            "hx-target": f"#{target}",
            "hx-swap": "outerMorph",
            **looks,
        }
    )
