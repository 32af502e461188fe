"""Defines a test app with stored runs that a test may restart."""

from __future__ import annotations

from polysync_core.application.ports import RunTable
from polysync_core.domain.definitions.base import Definition
from polysync_core.services import Services
from tests.fakes.app import FakeApp


class AppWorld:
    """An app with definitions, whose process a test may restart."""

    def __init__(self, *definitions: Definition) -> None:
        self.app = FakeApp(*definitions)
        self.restart = self.app.restart

    @property
    def services(self) -> Services:
        return self.app.services

    @property
    def runs(self) -> RunTable:
        return self.services.ports.runs
