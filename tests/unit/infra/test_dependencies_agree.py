"""The package requires what the app, the command line and the embedded host need."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
NOT_EMBEDDED = {"azurefunctions-extensions-http-fastapi", "azure-functions-runtime"}
"""Only the HTTP trigger and the worker of Functions need these."""
EMBEDDED = {"mcp", "uvicorn"}
"""The embedded host serves HTTP and MCP itself. In Azure the Functions host does."""


def _requirements(name: str) -> set[str]:
    lines = (ROOT / name).read_text().splitlines()
    return {line.strip() for line in lines if line.strip() and not line.startswith(("#", "-"))}


def test_the_package_requires_what_the_app_and_the_command_line_need() -> None:
    app = _requirements("requirements.txt") - NOT_EMBEDDED
    assert set(PROJECT["dependencies"]) == app | _requirements("requirements-cli.txt") | EMBEDDED


def test_everything_that_the_package_requires_is_installed_for_the_tests() -> None:
    installed = {
        *_requirements("requirements.txt"),
        *_requirements("requirements-cli.txt"),
        *_requirements("requirements-dev.txt"),
    }
    optional = PROJECT["optional-dependencies"]["simulators"]
    assert {*PROJECT["dependencies"], *optional} <= installed
