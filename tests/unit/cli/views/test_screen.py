"""Output for people: durations, colours on a screen, and the live line."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from rich.console import Console

from polysync_core.cli.api.answers import RunAnswer
from polysync_core.cli.layout.formats import format_duration
from polysync_core.cli.layout.status_colours import status_cell
from polysync_core.cli.terminal import Terminal
from polysync_core.cli.views.runs.progress import Progress
from tests.unit.cli.conftest import build_run


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (None, "-"),
        (0, "0.0 s"),
        (59.94, "59.9 s"),
        (59.96, "1 m 00 s"),
        (3599.4, "59 m 59 s"),
        (3599.6, "1 h 00 m"),
        (90_000, "25 h 00 m"),
    ],
)
def test_a_duration_is_short(seconds: float | None, expected: str):
    duration = None if seconds is None else timedelta(seconds=seconds)
    assert format_duration(duration) == expected


class Screen(io.StringIO):
    """A stream that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "environment", "coloured"),
    [
        pytest.param(Screen(), {"TERM": "xterm"}, True, id="a screen has colours"),
        pytest.param(
            Screen(),
            {"TERM": "xterm", "NO_COLOR": "1"},
            False,
            id="a screen with NO_COLOR has none",
        ),
        pytest.param(io.StringIO(), {"TERM": "xterm"}, False, id="a pipe has none"),
    ],
)
def test_only_a_screen_has_colours(
    stream: io.StringIO,
    environment: dict[str, str],
    coloured: bool,
    monkeypatch: pytest.MonkeyPatch,
):
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stdout", stream)

    Terminal().show(status_cell("Failed"))

    assert ("\x1b[31m" in stream.getvalue()) is coloured


def test_the_live_line_has_status_time_and_link():
    screen = Screen()
    console = Console(file=screen, force_terminal=True, width=80, color_system=None)
    run = build_run("Running")
    run["attempts"][0] |= {"number": 2, "monitorUrl": "https://example.com/" + "x" * 80}

    with Progress(console) as progress:
        progress.show(RunAnswer.decode(run | {"cancelRequested": True}))

    frame = screen.getvalue().splitlines()[0]
    assert "Running, cancelling, attempt 2  https://example.com/" in frame
    assert frame.endswith("xxx…")


def test_the_live_line_shows_the_whole_problem():
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=60, color_system=None)
    text = "cannot reach the platform: Key Vault does not answer (7 tries, next at 10:50:26Z)"
    with Progress(console) as progress:
        progress.show(RunAnswer.decode(build_run("Running") | {"problem": {"text": text}}))
    shown = " ".join(screen.getvalue().split())
    assert "Running - cannot reach the platform" in shown
    assert "10:50:26Z)" in shown
