"""The matrix of job types in the reference is up to date."""

from __future__ import annotations

from scripts.platform_matrix import PAGE, with_matrix


def test_the_matrix_in_the_reference_is_up_to_date() -> None:
    """Update the page with `python -m scripts.platform_matrix`."""
    page = PAGE.read_text(encoding="utf-8")

    assert with_matrix(page) == page


def test_only_the_text_between_the_markers_is_replaced() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert with_matrix(page.replace("| judged |", "| guessed |")) == page
