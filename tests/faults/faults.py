"""Faults of a step: a call to storage, to the engine or to a platform."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from azure.core.exceptions import ServiceRequestError, ServiceResponseError

from polysync_core.domain.errors import Unavailable, Uncertain
from tests.fakes.runs import Crash

OUTAGE_SECONDS = 45.0


class Fault(StrEnum):
    """The way in which a step fails."""

    CRASH_BEFORE = "the process dies before it"
    CRASH_AFTER = "the process dies after it"
    ANSWER_LOST = "it is executed and its answer is lost"
    NOT_SENT = "it is not sent"
    STALE = "another writer comes first"
    ENGINE_LOST = "the engine loses its memory before it, and the process lives on"
    STARTED_AGAIN = "a second execution of each attempt begins before it"
    OVERTAKEN = "a second execution of each attempt works until it waits, before it"
    OUTAGE = "storage is unavailable for 45 seconds from here on"


class Service(StrEnum):
    """The service that a step calls."""

    STORAGE = "storage"
    ENGINE = "engine"
    PLATFORM = "platform"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disturbance:
    """Probabilities with which messages are disturbed and the process crashes."""

    lost: float = 0.1
    repeated: float = 0.15
    late: float = 0.25
    longest_delay: float = 90.0
    slow: float = 0.02
    """The probability that time passes during a call."""
    crash: float = 0.0


@dataclass(slots=True)
class FaultPlan:
    """Injects a fault into the step of one number; 0 means no step."""

    fault: Fault = Fault.CRASH_BEFORE
    at: int = 0
    engine_dies: bool = False
    """True if the engine's memory is lost with the process, as on one machine."""
    steps: int = 0
    guarded: list[int] = field(default_factory=list[int])
    """The steps that depend on an ETag."""
    injected: str | None = None
    """The step that failed; None as long as no step has failed."""
    outage_until: float = 0.0
    before: dict[Fault, Callable[[], None]] = field(
        default_factory=dict["Fault", Callable[[], None]]
    )
    """The events in the engine before the step; the app under test sets them."""

    def run_step(
        self,
        service: Service,
        label: object,
        now: float,
        do: Callable[[], Any],
        interfere: Callable[[], None] | None = None,
    ) -> Any:
        """Execute a step or inject the fault. `interfere` is the write of another writer.

        The text of `label` is made only for the step that fails.
        """
        if service is Service.STORAGE and now < self.outage_until:
            raise ServiceRequestError("no connection")
        self.steps += 1
        if interfere is not None:
            self.guarded.append(self.steps)
        if self.steps != self.at:
            return do()
        self.injected = f"step {self.at}, {label} ({service}): {self.fault}"
        return self._inject(service, now, do, interfere)

    def _inject(
        self,
        service: Service,
        now: float,
        do: Callable[[], Any],
        interfere: Callable[[], None] | None,
    ) -> Any:
        match self.fault:
            case Fault.CRASH_BEFORE:
                raise Crash
            case Fault.CRASH_AFTER:
                do()
                raise Crash
            case Fault.ANSWER_LOST:
                do()
                raise _no_answer(service, sent=True)
            case Fault.NOT_SENT:
                raise _no_answer(service, sent=False)
            case Fault.STALE:
                if interfere is not None:
                    interfere()
                return do()
            case Fault.ENGINE_LOST | Fault.STARTED_AGAIN | Fault.OVERTAKEN:
                self.before[self.fault]()
                return do()
            case Fault.OUTAGE:
                self.outage_until = now + OUTAGE_SECONDS
                if service is Service.STORAGE:
                    raise ServiceRequestError("no connection")
                return do()


def _no_answer(service: Service, *, sent: bool) -> Exception:
    match service:
        case Service.STORAGE:
            return ServiceResponseError("cut") if sent else ServiceRequestError("no connection")
        case Service.ENGINE:
            return Unavailable()
        case Service.PLATFORM:
            return Uncertain() if sent else Unavailable()
