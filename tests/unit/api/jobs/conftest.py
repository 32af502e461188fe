"""Fixtures of the tests of AppKit's jobs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.api.jobs.appkit_world import World


@pytest.fixture(scope="module")
def shared_world() -> Iterator[World]:
    world = World()
    with world.client:
        yield world


@pytest.fixture
def world(shared_world: World) -> World:
    shared_world.reset()
    return shared_world
