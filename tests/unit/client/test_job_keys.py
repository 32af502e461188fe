"""Tests of the jobs of Databricks in the Python client."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from polysync import Invalid, NotFound, Polysync
from tests.fakes.client_transport import URL, AppTransport
from tests.unit.api.jobs.appkit_world import World


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture
def client(world: World) -> Iterator[Polysync]:
    world.reset()
    with Polysync(URL, transport=AppTransport(world.app)) as opened:
        yield opened


def test_a_run_is_started_read_and_cancelled(client: Polysync) -> None:
    etl = client.jobs("etl")
    assert etl.last_run() is None

    run_id = etl.run_now({"day": "2026-01-01"}, idempotency_key="k")

    assert etl.run_now({"day": "2026-01-01"}, idempotency_key="k") == run_id
    assert etl.get_run(run_id)["run_id"] == run_id
    assert [each["run_id"] for each in etl.list_runs(5)] == [run_id]
    assert isinstance(etl.get_run_output(run_id), list)
    etl.cancel_run(run_id)


def test_a_run_is_followed_to_its_end(client: Polysync, world: World) -> None:
    states = [*client.jobs("etl").run_and_wait({"day": "x"}, timeout=60)]
    assert states[-1]["state"]["life_cycle_state"] == "TERMINATED"


def test_wrong_parameters_and_unknown_keys_are_errors(client: Polysync) -> None:
    with pytest.raises(Invalid) as caught:
        client.jobs("with_schema").run_now({"day": 1})
    assert caught.value.document["error"] == "Invalid job parameters"
    assert caught.value.field == "params.day"
    with pytest.raises(NotFound):
        client.jobs("nowhere").run_now()
