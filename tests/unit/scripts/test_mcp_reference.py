"""The reference of the MCP tools is up to date."""

from __future__ import annotations

from scripts.mcp_reference import PAGE, page


def test_the_page_is_up_to_date() -> None:
    """Update the page with `python -m scripts.mcp_reference`."""
    assert PAGE.read_text(encoding="utf-8") == page()
