"""What may go wrong with one step of a process: a call to storage, to the engine, to a platform."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import grpc
from azure.core.exceptions import ServiceRequestError, ServiceResponseError

from polysync_core.domain.errors import Unavailable, Uncertain
from tests.fakes.runs import Crash
from tests.faults.virtual_engine import Refused

OUTAGE_SECONDS = 45.0


class Fault(StrEnum):
    """How a step goes wrong."""

    DIES_BEFORE = "the process dies before it"
    DIES_AFTER = "the process dies after it"
    ANSWER_LOST = "it is done and its answer is lost"
    NOT_SENT = "it is not sent"
    STALE = "another writer comes first"
    OUTAGE = "storage is away from here on for 45 seconds"


class Service(StrEnum):
    """Whom a step asks."""

    STORAGE = "storage"
    ENGINE = "engine"
    PLATFORM = "platform"


@dataclass(slots=True)
class Plan:
    """Spoils the step of one number; 0 spoils none."""

    fault: Fault = Fault.DIES_BEFORE
    at: int = 0
    engine_dies: bool = False
    """Whether the engine's memory goes with the process, as it does on one machine."""
    steps: int = 0
    guarded: list[int] = field(default_factory=list[int])
    """The steps that depend on an ETag."""
    spoilt: str = ""
    """What the spoilt step was; empty as long as none was."""
    away_until: float = 0.0

    def take(
        self,
        service: Service,
        label: str,
        now: float,
        do: Callable[[], Any],
        interfere: Callable[[], None] | None = None,
    ) -> Any:
        """Carry out a step, or spoil it; `interfere` is what another writer would do before."""
        if service is Service.STORAGE and now < self.away_until:
            raise ServiceRequestError("no connection")
        self.steps += 1
        if interfere is not None:
            self.guarded.append(self.steps)
        if self.steps != self.at:
            return do()
        self.spoilt = f"step {self.at}, {label}: {self.fault}"
        return self._spoil(service, now, do, interfere)

    def _spoil(
        self,
        service: Service,
        now: float,
        do: Callable[[], Any],
        interfere: Callable[[], None] | None,
    ) -> Any:
        match self.fault:
            case Fault.DIES_BEFORE:
                raise Crash
            case Fault.DIES_AFTER:
                do()
                raise Crash
            case Fault.ANSWER_LOST:
                do()
                raise _silence(service, sent=True)
            case Fault.NOT_SENT:
                raise _silence(service, sent=False)
            case Fault.STALE:
                if interfere is not None:
                    interfere()
                return do()
            case Fault.OUTAGE:
                self.away_until = now + OUTAGE_SECONDS
                if service is Service.STORAGE:
                    raise ServiceRequestError("no connection")
                return do()


def _silence(service: Service, *, sent: bool) -> Exception:
    match service:
        case Service.STORAGE:
            return ServiceResponseError("cut") if sent else ServiceRequestError("no connection")
        case Service.ENGINE:
            return Refused(grpc.StatusCode.UNAVAILABLE)
        case Service.PLATFORM:
            return Uncertain() if sent else Unavailable()
