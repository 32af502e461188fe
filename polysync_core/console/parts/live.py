"""Builds the elements of pages that update by themselves."""

from __future__ import annotations

import hashlib

import htpy as h
from htpy import Element


def live_button() -> Element:
    """Return the button that stops and starts the streams of a page."""
    return h.button(".live.on.needs-script", type="button", data_live="", aria_pressed="true")[
        h.i, h.span["Live"]
    ]


def stream_element(stream: str, look: str, *, target: str, tag: str, is_active: bool) -> Element:
    """Return the element that keeps a part of a page up to date.

    Args:
        stream: the address of the stream, which ends with the event `idle`.
        look: the address that answers 304 while the part has not changed.
        target: the id of the part.
        tag: the version of the part that the page shows.
        is_active: whether the part can change now; otherwise the page only looks now and then.
    """
    connect = {"hx-sse:connect": stream} if is_active else {"data-connect": stream}
    name = hashlib.sha256(stream.encode()).hexdigest()[:12]
    return h.div(
        {
            "id": f"stream-{name}",
            "hidden": True,
            **connect,
            "hx-sse:close": "idle",
            "hx-target": f"#{target}",
            "hx-swap": "outerMorph",
            "data-look": look,
            "data-tag": tag,
        }
    )
