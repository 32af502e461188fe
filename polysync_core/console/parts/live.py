"""Builds the button that stops and starts the streams of a page."""

from __future__ import annotations

import htpy as h
from htpy import Element


def live_button() -> Element:
    """Return the button; it is hidden while scripts are off."""
    return h.button(".live.on.needs-script", type="button", data_live="", aria_pressed="true")[
        h.i, h.span["Live"]
    ]
