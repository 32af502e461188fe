"""What the platforms' reference says of the job types is what the code and the tests say."""

from __future__ import annotations

from scripts.platform_matrix import PAGE, with_matrix


def test_the_matrix_in_the_reference_is_up_to_date() -> None:
    """Write it anew with `python -m scripts.platform_matrix`."""
    page = PAGE.read_text(encoding="utf-8")

    assert with_matrix(page) == page


def test_only_what_stands_between_the_marks_is_written() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert with_matrix(page.replace("| judged |", "| guessed |")) == page
