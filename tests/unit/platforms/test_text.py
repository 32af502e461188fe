"""Tests of the shortening of platform texts to one line."""

from __future__ import annotations

from polysync_core.platforms.text import LONGEST_MESSAGE, shortened_line


def test_a_platforms_text_is_one_line_of_bounded_length() -> None:
    assert shortened_line("a\n\tb\x1b[31m\u202ec") == "a b [31m c"
    assert shortened_line("") is None
    assert shortened_line(None) is None
    assert shortened_line({"a": 1}) is None
    shown = shortened_line("x" * 1_000_000)
    assert shown is not None
    assert len(shown) == LONGEST_MESSAGE
