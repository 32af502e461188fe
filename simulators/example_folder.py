"""Finds the folder of the example files, in the repository or the installed package."""

from __future__ import annotations

from pathlib import Path

_INSTALLED = Path(__file__).with_name("examples")
"""The wheel holds the examples as data of this package."""

EXAMPLES = _INSTALLED if _INSTALLED.is_dir() else Path(__file__).parents[1] / "examples"
