"""The texts of graph nodes in pictures."""

from __future__ import annotations

import pytest

from polysync_core.cli.graph.labels import one_line


@pytest.mark.parametrize(
    "character",
    ["\n", "\x1b", "\u202e", "\u2066", "\u0085", "\u200b", "\U000e0041", "\U000e0100", "\u2028"],
    ids=lambda each: f"U+{ord(each):04X}",
)
def test_a_deceptive_character_is_replaced(character: str) -> None:
    assert one_line(f"a{character}b") == "a\ufffdb"


def test_ordinary_text_stays() -> None:
    assert one_line("Übersicht 売上 🚀") == "Übersicht 売上 🚀"
