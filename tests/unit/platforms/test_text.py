from __future__ import annotations

from polysync_core.platforms.text import LONGEST_MESSAGE, for_people


def test_a_platforms_text_is_one_line_of_bounded_length() -> None:
    assert for_people("a\n\tb\x1b[31m\u202ec") == "a b [31m c"
    assert for_people("") is None
    assert for_people(None) is None
    assert for_people({"a": 1}) is None
    shown = for_people("x" * 1_000_000)
    assert shown is not None
    assert len(shown) == LONGEST_MESSAGE
