"""The static files of the console: complete, unchanged, and free of what the policy forbids."""

from __future__ import annotations

import hashlib
import json
import re
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
STATIC = ROOT / "polysync_core" / "console" / "static"
OWN = sorted([*STATIC.glob("*.js"), *STATIC.glob("*.css")])
VENDORED = json.loads((STATIC / "vendor" / "vendored.json").read_text("utf-8"))


@pytest.mark.parametrize("library", VENDORED, ids=lambda library: library["file"])
def test_a_vendored_library_is_the_recorded_one_with_its_licence(library: dict[str, str]) -> None:
    file = STATIC / "vendor" / library["file"]
    assert hashlib.sha256(file.read_bytes()).hexdigest() == library["sha256"]
    assert file.with_suffix(".licence.txt").read_text("utf-8").strip()
    assert re.fullmatch(r"https://github\.com/[\w-]+/[\w-]+", library["project"])
    assert re.fullmatch(r"\d+\.\d+\.\d+", library["version"])


def test_every_vendored_file_is_recorded() -> None:
    files = {path.name for path in (STATIC / "vendor").iterdir()}
    known = {library["file"] for library in VENDORED}
    licences = {f"{Path(name).stem}.licence.txt" for name in known}
    assert files == {"vendored.json", *known, *licences}


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_no_file_needs_what_the_content_policy_forbids(path: Path) -> None:
    text = path.read_text("utf-8")
    forbidden = [
        r"\beval\(", r"new Function", r"innerHTML", r"outerHTML", r"document\.write",
        r"setTimeout\(\s*['\"`]", r"\.style\b", r"@import", r"url\(", r"hx-on", r"js:",
    ]  # fmt: skip
    assert [pattern for pattern in forbidden if re.search(pattern, text)] == []


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_no_file_names_a_foreign_host(path: Path) -> None:
    assert re.findall(r"https?://[\w.]+", path.read_text("utf-8")) == []


def test_the_deployed_package_has_the_static_files() -> None:
    patterns = (ROOT / ".funcignore").read_text("utf-8").split()
    for path in STATIC.rglob("*.*"):
        parts = path.relative_to(ROOT).parts
        prefixes = ["/".join(parts[:length]) for length in range(1, len(parts) + 1)]
        names = [*prefixes, *parts]
        assert [p for p in patterns if any(fnmatch(name, p) for name in names)] == [], path


def test_colours_are_defined_once_for_both_themes() -> None:
    sheet = (STATIC / "console.css").read_text("utf-8")
    assert "prefers-color-scheme" not in sheet
    root, rest = sheet.split("/* 2 elements", 1)
    assert set(re.findall(r"var\((--[\w-]+)", rest)) <= set(re.findall(r"(--[\w-]+):", sheet))
    assert re.findall(r"--\w+(?:-\w+)?: #", root) == []
