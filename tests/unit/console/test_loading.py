"""Tests which modules of the console the API and a page load."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

_SCRIPT = """
import sys
import polysync_core.composition

def loaded(prefix):
    return sorted(name for name in sys.modules if name.startswith(prefix))

print(loaded("htpy"), loaded("polysync_core.console.app"))
from polysync_core.console.page_groups import subjects
import polysync_core.console.app, polysync_core.console.sign_in
print(loaded("polysync_core.console.pages"))
pages = {subject: subject.routes for subject in subjects()[:1]}
print("polysync_core.console.pages.tasks" in sys.modules, len(pages) == 1)
"""


def test_the_api_loads_no_page_and_a_page_loads_its_own_subject_only() -> None:
    done = subprocess.run([sys.executable, "-c", _SCRIPT], capture_output=True, text=True)

    assert done.stderr == ""
    assert done.stdout.splitlines() == ["[] []", "[]", "False True"]
