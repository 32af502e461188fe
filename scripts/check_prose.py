"""Checks identifiers, docstrings and documentation against the writing rules of CONTRIBUTING.md.

Usage: `scripts/check_prose.py [PATH ...]`. Without a path, every file that git tracks is checked.
The exit status is 1 if there is a finding.
"""

from __future__ import annotations

import argparse
import ast
import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

MAX_WORDS = 15
"""The longest first sentence of a docstring, in words."""

BANNED_PARTS = frozenset(
    [
        "told",
        "whoever",
        "whatever",
        "somebody",
        "nobody",
        "stillborn",
        "doorbell",
        "neighbours",
        "surroundings",
        "premises",
        "doors",
        "trouble",
        "troubled",
        "setback",
        "patience",
        "wish",
        "owed",
        "debt",
        "debts",
        "remark",
        "remarks",
        "mended",
        "inquiry",
        "inquiries",
        "lakeflow",
        "sift",
        "sifted",
    ]
)
"""Words that no identifier may contain. `docs/glossary.md` names the word to use instead."""

BANNED_NAMES = frozenset(
    {"place", "around", "doors", "door", "tell", "tells", "owed", "batch_limit"}
)
"""Whole identifiers that are not allowed; a longer name may contain the word."""

BANNED_PROSE = re.compile(
    r"\b("
    r"whoever|whatever|nobody|somebody|anybody|stillborn|doorbells?|stand-ins?|"
    r"(is|are|was|were|be|being) told( of)?|tells? of|in its stead|in their stead|made good|"
    r"in the dark|comes? into being|there is none|of ours|that which|what there is|"
    r"at last resort|make it good|makes it good|take[ns]? up again|hear[sd]? of"
    r")\b",
    re.IGNORECASE,
)
"""Phrases that readers stumble over. The plain word of the field says the same."""

VAGUE_OPENINGS = frozenset(
    {
        *("what", "how", "whether", "when", "where", "why", "who", "whose", "which"),
        *("say", "tell", "tells", "says"),
    }
)
"""First words that hide the subject of the first sentence."""

VAGUE_OBJECTS = frozenset({"what", "everything"})
"""Words that hide the object of the first sentence if they follow its verb."""

_WORDS = re.compile(r"[\w`./:<>~${}()\[\]*-]*\w[\w`./:<>~${}()\[\]*-]*")
_PARTS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_EXEMPT = (
    "tests/replay/histories/",
    "tests/contract/appkit/original/",
    "tests/unit/scripts/test_check_prose.py",
)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Finding:
    """One violation of a rule, with its file and line."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


def check_python(path: str, source: str) -> Iterator[Finding]:
    """Yield the findings of a Python module."""
    if not path.startswith("scripts/check_prose"):
        yield from _identifiers(path, source)
        yield from _phrases(path, source)
    yield from _docstrings(path, source)


def check_markdown(path: str, source: str) -> Iterator[Finding]:
    """Yield the banned phrases of a Markdown page."""
    for number, line in enumerate(source.splitlines(), start=1):
        yield from _phrases_of(path, number, line)


def _identifiers(path: str, source: str) -> Iterator[Finding]:
    for part in Path(path).with_suffix("").parts:
        if is_banned(part):
            yield Finding(path=path, line=1, message=f"banned name of a module or folder: {part}")
    seen: set[str] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.NAME or token.string in seen:
            continue
        if is_banned(token.string):
            seen.add(token.string)
            line = token.start[0]
            yield Finding(path=path, line=line, message=f"banned identifier: {token.string}")


def is_banned(name: str) -> bool:
    """Return whether an identifier contains a word that CONTRIBUTING.md bans."""
    if name in BANNED_NAMES:
        return True
    return any(part.lower() in BANNED_PARTS for part in _PARTS.findall(name))


def _phrases(path: str, source: str) -> Iterator[Finding]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        is_prose = token.type in {tokenize.COMMENT, tokenize.STRING, tokenize.FSTRING_MIDDLE}
        if is_prose:
            for offset, line in enumerate(token.string.splitlines()):
                yield from _phrases_of(path, token.start[0] + offset, line)


def _phrases_of(path: str, number: int, line: str) -> Iterator[Finding]:
    for match in BANNED_PROSE.finditer(line):
        yield Finding(path=path, line=number, message=f"unclear phrase: {match[0]}")


def _docstrings(path: str, source: str) -> Iterator[Finding]:
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, documented):
            continue
        if (text := ast.get_docstring(node)) is not None:
            yield from _first_sentence_of(path, node.body[0].lineno, text)
        if isinstance(node, ast.Module | ast.ClassDef):
            for line, text in _field_texts(node.body):
                yield from _opening_of(path, line, first_sentence(text))


def _first_sentence_of(path: str, line: int, text: str) -> Iterator[Finding]:
    first = first_sentence(text)
    words = _WORDS.findall(first)
    if len(words) > MAX_WORDS:
        message = f"first sentence of {len(words)} words (at most {MAX_WORDS}): {first}"
        yield Finding(path=path, line=line, message=message)
    yield from _opening_of(path, line, first)


def _opening_of(path: str, line: int, first: str) -> Iterator[Finding]:
    words = [word.lower() for word in _WORDS.findall(first)[:2]]
    if words and (words[0] in VAGUE_OPENINGS or words[-1] in VAGUE_OBJECTS):
        yield Finding(path=path, line=line, message=f"vague opening: {first}")


def _field_texts(body: Sequence[ast.stmt]) -> Iterator[tuple[int, str]]:
    """Yield the line and the text below each field, constant and type."""
    for before, statement in pairwise(body):
        match statement:
            case ast.Expr(value=ast.Constant(value=str(text))) if isinstance(
                before, ast.Assign | ast.AnnAssign | ast.TypeAlias
            ):
                yield statement.lineno, text
            case _:
                pass


def first_sentence(text: str) -> str:
    """Return the first sentence of a docstring, as one line."""
    paragraph = " ".join(text.strip().split("\n\n", maxsplit=1)[0].split())
    return re.split(r"(?<=[.!?:;])\s", paragraph, maxsplit=1)[0]


def tracked_files(paths: Iterable[str]) -> list[str]:
    """Return the Python and Markdown files that git tracks below the paths."""
    command = ["git", "ls-files", "--", *paths]
    listed = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    return [
        path
        for path in listed.stdout.splitlines()
        if path.endswith((".py", ".md")) and not path.startswith(_EXEMPT) and Path(path).exists()
    ]


def main() -> int:
    """Print all findings and a total."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*")
    findings: list[Finding] = []
    for path in tracked_files(parser.parse_args().paths):
        source = Path(path).read_text()
        check = check_python if path.endswith(".py") else check_markdown
        findings += check(path, source)
    for finding in sorted(findings):
        print(finding)
    if findings:
        print(f"{len(findings)} findings", file=sys.stderr)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
