"""The reference of the HTTP API is up to date."""

from __future__ import annotations

from scripts.api_reference import PAGE, page
from tests.fakes.contract import document


def test_the_page_is_up_to_date() -> None:
    """Update the page with `python -m scripts.api_reference`."""
    assert PAGE.read_text(encoding="utf-8") == page(document())
