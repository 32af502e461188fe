"""Reads the `polysync` commands of the documentation."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.integration.devhost.host_process import ROOT

PAGES = (
    Path("README.md"),
    Path("docs/tutorial.md"),
    *sorted(path.relative_to(ROOT) for path in (ROOT / "docs/howto").glob("*.md")),
    Path("docs/reference/cli.md"),
)
_BLOCK = re.compile(r"^```.*?\n(.*?)^```", re.MULTILINE | re.DOTALL)
_IN_BLOCK = re.compile(r"^\s*(?:\$ )?(?:for .*; do )?polysync ")
_IN_TEXT = re.compile(r"`(polysync [^`]*)`")
_SYNTAX = re.compile(r"[\[…|]|\b(?:DATE|TEXT)\b")
_RULE = re.compile(r"^─+$")


@dataclass(frozen=True)
class DocumentedCommand:
    """A command, the page that has it, and the output that the page shows."""

    page: str
    text: str
    output: tuple[str, ...] = ()

    @property
    def is_syntax(self) -> bool:
        """Return whether the text is a synopsis with options to choose from."""
        return not self.output and bool(_SYNTAX.search(self.text.partition(" | ")[0]))

    @property
    def words(self) -> list[str]:
        """Return the arguments as a shell would pass them, without comment and pipe."""
        words = shlex.split(self.text, comments=True)[1:]
        ends = [n for n, word in enumerate(words) if word == "|" or word.startswith("2>")]
        return words[: min(ends, default=len(words))]

    @property
    def columns(self) -> list[str]:
        """Return the titles of the table in the output."""
        rules = [n for n, line in enumerate(self.output) if _RULE.match(line)]
        return columns_of(self.output[rules[0] - 1]) if rules else []


def columns_of(line: str) -> list[str]:
    """Return the titles in the first line of a table."""
    return re.split(r"\s{2,}", line.strip())


def documented_commands(page: Path) -> list[DocumentedCommand]:
    """Return the commands of a page: those of its code blocks, then those of its sentences."""
    text = (ROOT / page).read_text()
    found = [each for block in _BLOCK.findall(text) for each in _of_block(str(page), block)]
    sentences = _BLOCK.sub("", text)
    found += [
        DocumentedCommand(str(page), " ".join(each.split())) for each in _IN_TEXT.findall(sentences)
    ]
    return list(dict.fromkeys(found))


def code_block(page: str, first_line: str) -> str:
    """Return the code block of a page that begins with a line."""
    blocks: list[str] = _BLOCK.findall((ROOT / page).read_text())
    return next(block for block in blocks if block.startswith(first_line))


def _of_block(page: str, block: str) -> Iterator[DocumentedCommand]:
    lines = block.splitlines()
    for number, line in enumerate(lines):
        if not _IN_BLOCK.match(line):
            continue
        text = line[line.index("polysync ") :].partition("; done")[0]
        rest = lines[number + 1 :]
        ends = [n for n, each in enumerate(rest) if each.startswith("$ ")]
        shown = rest[: min(ends, default=len(rest))] if line.startswith("$ ") else []
        yield DocumentedCommand(page, text.rstrip(), tuple(shown))
