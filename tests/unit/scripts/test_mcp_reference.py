"""The page on the Copilot's tools says what the tools say."""

from __future__ import annotations

from scripts.mcp_reference import PAGE, page


def test_the_page_is_as_the_tools_are() -> None:
    """`python -m scripts.mcp_reference` writes it anew."""
    assert PAGE.read_text(encoding="utf-8") == page()
