"""The page of the differences says what the table says."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tests.contract.appkit.describing import page
from tests.contract.appkit.servers import ORIGINAL

PAGE = Path(__file__).parents[3] / "docs/reference/appkit-differences.md"


def test_the_page_of_the_differences_is_that_of_the_table() -> None:
    """`ACCEPT=1` writes it anew."""
    wanted = json.loads((ORIGINAL / "package.json").read_text())
    told = page(wanted["devDependencies"]["@databricks/appkit"])
    if os.environ.get("ACCEPT"):
        PAGE.write_text(told, encoding="utf-8")

    assert PAGE.read_text(encoding="utf-8") == told
