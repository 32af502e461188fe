"""Tests that the page of the differences is up to date."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tests.contract.appkit.differences_page import page
from tests.contract.appkit.servers import ORIGINAL

PAGE = Path(__file__).parents[3] / "docs/reference/appkit-differences.md"


def test_the_page_of_the_differences_is_generated_from_the_table() -> None:
    """`ACCEPT=1` writes the page."""
    package = json.loads((ORIGINAL / "package.json").read_text())
    generated = page(package["devDependencies"]["@databricks/appkit"])
    if os.environ.get("ACCEPT"):
        PAGE.write_text(generated, encoding="utf-8")

    assert PAGE.read_text(encoding="utf-8") == generated
