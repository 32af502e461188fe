"""The ports of the simulators beside a host."""

from __future__ import annotations

import pytest

from polysync_embedded.simulators import ports_beside


@pytest.mark.parametrize(("port", "databricks"), [(7071, 8787), (7171, 8887), (0, 8787)])
def test_the_simulators_of_another_host_have_other_ports(port: int, databricks: int) -> None:
    assert ports_beside(port)["databricks"] == databricks
