"""Details of failures are plain text, without secrets and within their limits."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polysync_core.domain.runs.failures.details import (
    MAX_BYTES,
    MAX_PARTS,
    FailureDetail,
    FailureDetails,
    plain,
    presentable,
)
from polysync_core.domain.security.redaction import MARKER, NO_SECRETS, Redactor
from polysync_core.domain.security.secrets import Secret

SECRET = "pa55-w0rd-of-the-run"
REDACTOR = Redactor([Secret(SECRET)])


def details(*parts: FailureDetail, note: str | None = None) -> FailureDetails:
    return FailureDetails(parts=parts, note=note)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[0;31mValueError\x1b[0m: bad", "ValueError: bad"),
        ("\x1b[38;5;196;1mred\x1b[K", "red"),
        ("\x9b31mred", "red"),
        ("\x1b]8;;https://x\x07link\x1b]8;;\x1b\\", "link"),
        ("\x1bPsixel\x1b\\after", "after"),
        ("\x1b(Btext\x1b=", "text"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("tab\tand\x00nul\x08", "tab\tandnul"),
        ("half \ud800 pair", "half \ufffd pair"),
        ("\u202eright to left\u200b", "right to left"),
        ("Größe 😀", "Größe 😀"),
        ("cut \x1b[", "cut "),
    ],
)
def test_escapes_and_control_characters_are_removed(text: str, shown: str) -> None:
    assert plain(text) == shown


@given(st.text(st.characters(codec=None)))
def test_any_text_becomes_text_that_can_be_stored_and_printed(text: str) -> None:
    shown = plain(text)
    shown.encode()
    hidden = [each for each in shown if unicodedata.category(each) in {"Cc", "Cf", "Cs"}]
    assert set(hidden) <= {"\n", "\t"}
    assert plain(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        f"token={SECRET}",
        "pa55-\x1b[31mw0rd-of\x1b[0m-the-run",
        "pa55-w0rd-\u200bof-the-run",
        "pa55-w0rd\x00-of-the-run",
    ],
)
def test_a_secret_is_redacted_even_if_escapes_hide_it(text: str) -> None:
    part = FailureDetail(part=text, error=text, trace=text)
    (shown,) = presentable(details(part), REDACTOR.redact).parts
    for each in (shown.part, shown.error, shown.trace):
        assert MARKER in each
        assert "w0rd" not in each


@pytest.mark.slow
@given(st.integers(0, MAX_BYTES + 100), st.booleans())
def test_no_cut_shows_a_part_of_a_secret(before: int, in_trace: bool) -> None:
    text = "x" * before + SECRET + "y" * (MAX_BYTES - before // 2)
    part = FailureDetail(error="" if in_trace else text, trace=text if in_trace else "")
    (shown,) = presentable(details(part), REDACTOR.redact).parts
    assert not any(SECRET[i : i + 4] in shown.error + shown.trace for i in range(len(SECRET) - 3))


def test_an_error_keeps_its_beginning_and_a_trace_its_end() -> None:
    part = FailureDetail(part="load", error="E" + "e" * 10, trace="t" * MAX_BYTES + "ValueError: x")
    found = presentable(details(part), NO_SECRETS.redact)
    assert found.parts[0].error == "E" + "e" * 10
    assert found.parts[0].trace.endswith("ValueError: x")
    assert found.size == MAX_BYTES
    assert found.note == "28 bytes were cut: at most 64 KiB are shown."


@pytest.mark.slow
@given(
    st.lists(
        st.builds(
            FailureDetail,
            part=st.text(max_size=300),
            error=st.text(max_size=50).map(lambda text: text * 80),
            trace=st.text(max_size=50).map(lambda text: text * 200),
        ),
        max_size=2 * MAX_PARTS,
    ),
    st.sampled_from([1024, 16 * 1024, MAX_BYTES]),
)
def test_all_parts_together_stay_within_the_limit(parts: list[FailureDetail], limit: int) -> None:
    found = presentable(details(*parts), NO_SECRETS.redact, limit=limit)
    assert found.size <= limit + MAX_PARTS * 255
    assert len(found.parts) <= MAX_PARTS
    complete = presentable(details(*parts), NO_SECRETS.redact, limit=10**9)
    assert (found.parts == complete.parts) or (found.note is not None)


def test_a_small_part_leaves_its_share_to_the_others() -> None:
    small, large = FailureDetail(part="a", error="x"), FailureDetail(part="b", trace="y" * 50_000)
    assert presentable(details(small, large), NO_SECRETS.redact) == details(small, large)


def test_more_parts_than_are_shown_are_counted() -> None:
    many = [FailureDetail(part=str(each), error="x") for each in range(MAX_PARTS + 3)]
    found = presentable(details(*many, note="Page 2 is missing."), NO_SECRETS.redact)
    assert len(found.parts) == MAX_PARTS
    assert found.note == "Page 2 is missing. 3 more failed parts are not shown."


def test_empty_parts_are_left_out() -> None:
    assert presentable(details(FailureDetail(error=" \x1b[0m ")), NO_SECRETS.redact).parts == ()
