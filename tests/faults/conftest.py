"""One stand for all tests that leave it whole."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.stand import Stand, stand


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """A host, a workspace and the benchmark's definitions."""
    with stand(tmp_path_factory.mktemp("site")) as opened:
        yield opened
