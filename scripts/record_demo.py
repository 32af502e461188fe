"""Records the terminal output of `polysync demo` as the SVG picture in the README.

Usage: `scripts/record_demo.py [FILE]`. It runs the real demo and writes `docs/images/demo.svg`.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

COLUMNS = 108
DEFAULT_FILE = Path(__file__).parents[1] / "docs" / "images" / "demo.svg"

# Rich's own template loads a font from a content delivery network. A picture needs no network.
TEMPLATE = """\
<svg class="rich-terminal" viewBox="-24 -24 1344 {height}" xmlns="http://www.w3.org/2000/svg">
<title>The output of polysync demo</title>
<style>
.{unique_id}-matrix {{
  font-family: ui-monospace, Consolas, Menlo, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width;
}}
{styles}
</style>
<defs>{lines}</defs>
<rect fill="#1b1d23" x="-24" y="-24" width="1344" height="{height}" rx="10" />
{backgrounds}
<g class="{unique_id}-matrix">{matrix}</g>
</svg>
"""


def record() -> str:
    """Run the demo and return its output with colours; raises if the demo fails."""
    environment = {
        **os.environ,
        "FORCE_COLOR": "1",
        "COLUMNS": str(COLUMNS),
        "TERM": "xterm-256color",
    }
    command = [sys.executable, "-m", "polysync_core.cli", "demo"]
    done = subprocess.run(command, env=environment, capture_output=True, check=True)  # noqa: S603
    # Text mode would turn the carriage returns of live updates into line feeds.
    return done.stdout.decode()


def final_screen(output: str) -> str:
    """Return the lines that stay on the screen after all live updates.

    Rich repaints a live region by `ESC[1A ESC[2K`: cursor up, erase the line.
    """
    lines: list[str] = [""]
    for part in re.split(r"(\n|\r|\x1b\[1A|\x1b\[2K|\x1b\[\?25[lh])", output):
        if part == "\n":
            lines.append("")
        elif part == "\x1b[1A":
            lines.pop()
        elif part == "\x1b[2K":
            lines[-1] = ""
        elif part != "\r" and not part.startswith("\x1b[?25"):
            lines[-1] += part
    return "\n".join(lines)


def picture_of(output: str) -> str:
    """Return the output as an SVG picture: the runs, the graph run and the mapped values."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    shown = final_screen(output).split("\n\x1b[1mThe report", maxsplit=1)[0].rstrip()
    console.print(Text.from_ansi(shown), overflow="crop", no_wrap=True)
    return console.export_svg(
        title="",
        theme=DIMMED_MONOKAI,
        code_format=TEMPLATE,
        unique_id="demo",
        font_aspect_ratio=0.6,
    )


def main() -> None:
    """Write the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=DEFAULT_FILE)
    file: Path = parser.parse_args().file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(picture_of(record()) + "\n")
    print(f"Wrote {file}")


if __name__ == "__main__":
    main()
