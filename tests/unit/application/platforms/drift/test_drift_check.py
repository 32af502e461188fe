"""The nightly comparison of Jobs with their artefacts."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from polysync_core.composition import build_background_work
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.jobs import Job, Parameter
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.definitions.vaults import Vault, VaultProvider
from polysync_core.domain.definitions.webhooks import EventFilter, Webhook
from polysync_core.domain.errors import Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.connector import ArtefactNotFound, ArtefactSchema
from polysync_core.settings import DELIVERIES
from tests.fakes.app import FakeApp, settings_of
from tests.fakes.builders import a_job
from tests.fakes.platform import FakePlatform
from tests.unit.application.runs.attempt_bench import PLATFORM

VAULT = Vault(name="v", provider=VaultProvider.ENVIRONMENT)


class Artefacts(FakePlatform):
    """Describes artefacts by their external ids."""

    def __init__(self) -> None:
        super().__init__()
        self.schemas: dict[str, ArtefactSchema | Exception] = {}
        self.described = 0

    def describe(self, external_id: str) -> ArtefactSchema:
        self.described += 1
        found = self.schemas[external_id]
        if isinstance(found, Exception):
            raise found
        return found


def job(name: str, *names: str) -> Job:
    parameters = [{"name": each} for each in names]
    return a_job(name=name, external_id=f"/{name}", parameters=parameters, tags={"team": name})


def schema(*names: str, notes: tuple[str, ...] = ()) -> ArtefactSchema:
    return ArtefactSchema(parameters=tuple(Parameter(name=each) for each in names), notes=notes)


def hook(name: str, **events: Any) -> Webhook:
    return Webhook(
        name=name,
        url="https://hooks.example.com/x",
        secret="vault://v/s",
        events=EventFilter(**{"drift": True, **events}),
    )


class Night:
    """An app with Jobs, their artefacts and webhooks."""

    def __init__(self, *definitions: Any, on: bool = True) -> None:
        settings = settings_of(POLYSYNC_DRIFT_CHECK="true" if on else "false")
        self.app = FakeApp(PLATFORM, VAULT, *definitions, settings=settings)
        self.artefacts = Artefacts()
        self.app.platform = self.artefacts
        self.app.restart()

    def check(self) -> None:
        self.app.services.drift_check.check(self.app.engine)

    def parameters(self, name: str) -> dict[str, bool]:
        stored = self.app.services.ports.definitions.get(Kind.JOB, name)
        assert stored is not None
        assert isinstance(stored.definition, Job)
        return {each.name: each.missing for each in stored.definition.parameters}

    def events(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for message in self.app.queue(DELIVERIES).sent:
            delivery = json.loads(message.text)
            if "drift" in delivery["event"]:
                found.setdefault(delivery["webhook"], []).append(delivery["event"])
        return found


def test_a_missing_parameter_is_marked_and_the_next_run_knows_it() -> None:
    task = Task(name="daily", job="load", parameters={"gone": "x"})
    night = Night(job("load", "day", "gone"), task, hook("all"))
    night.artefacts.schemas["/load"] = schema("day", "new")

    night.check()

    assert night.parameters("load") == {"day": False, "gone": True}
    run = night.app.http.post("/tasks/daily/run").json()["runId"]
    assert night.app.http.get(f"/task-runs/{run}").json()["warnings"]
    (event,) = night.events()["all"]
    assert (event["drift"], event["added"], event["removed"]) == ("changed", ["new"], ["gone"])
    assert (event["tasks"], event["job"]) == (["daily"], "load")
    assert event["eventId"].startswith("drift/load/20")
    assert "sync the parameters" in event["reason"]


def test_an_uncertain_reading_marks_nothing() -> None:
    night = Night(job("load", "day", "gone"))
    night.artefacts.schemas["/load"] = schema("day", notes=("a name is computed",))
    night.check()
    assert night.parameters("load") == {"day": False, "gone": False}


def test_equal_and_unreadable_artefacts_raise_no_event_and_gone_ones_do() -> None:
    night = Night(job("a", "x"), job("b"), job("c"), hook("all"))
    night.artefacts.schemas = {
        "/a": schema("x"),
        "/b": Unavailable("later"),
        "/c": ArtefactNotFound("it was deleted", cause=FailureCause.SUBMIT),
    }
    night.check()
    (event,) = night.events()["all"]
    assert (event["job"], event["drift"]) == ("c", "gone")
    assert "correct its externalId" in event["reason"]


@pytest.mark.parametrize(
    ("events", "is_sent"),
    [
        ({}, True),
        ({"drift": False}, False),
        ({"tasks": ["daily"]}, True),
        ({"tasks": ["other"]}, False),
        ({"tags": {"team": "load"}}, True),
        ({"tags": {"team": "other"}}, False),
        ({"statuses": ["Failed"]}, True),
    ],
)
def test_a_webhook_chooses_the_drift_that_it_receives(
    events: dict[str, Any], is_sent: bool
) -> None:
    task = Task(name="daily", job="load", parameters={"gone": "x"})
    night = Night(job("load", "gone"), task, hook("chosen", **events))
    night.artefacts.schemas["/load"] = schema()
    night.check()
    assert ("chosen" in night.events()) is is_sent


def test_a_delivery_names_its_kind() -> None:
    night = Night(job("load", "gone"), hook("all"))
    night.artefacts.schemas["/load"] = schema()
    night.check()
    (message,) = night.app.queue(DELIVERIES).sent

    night.app.vaults.values["v/s"] = "a key"

    night.app.services.webhook_delivery.deliver(message.text)

    ((_, headers, body),) = night.app.receiver.posts
    assert headers["X-Polysync-Event"] == "job.drift"
    assert json.loads(body)["drift"] == "changed"


def test_without_the_setting_no_platform_is_asked() -> None:
    night = Night(job("load"), on=False)
    night.check()
    assert night.artefacts.described == 0


def test_a_check_that_takes_too_long_ends_and_says_what_is_left(
    caplog: pytest.LogCaptureFixture,
) -> None:
    night = Night(*(job(f"j{number}") for number in range(50)))
    for number in range(50):
        night.artefacts.schemas[f"/j{number}"] = schema()
    original = night.artefacts.describe

    def slow(external_id: str) -> ArtefactSchema:
        night.app.clock.advance(seconds=30)
        return original(external_id)

    night.artefacts.describe = slow  # type: ignore[method-assign]
    with caplog.at_level(logging.INFO):
        night.check()
    (line,) = [each for each in caplog.records if getattr(each, "action", "") == "drift_checked"]
    assert line.left > 0  # type: ignore[attr-defined]
    assert line.jobs + line.left == 50  # type: ignore[attr-defined]


def test_the_timer_of_a_host_calls_the_check() -> None:
    night = Night(job("load", "gone"))
    night.artefacts.schemas["/load"] = schema()
    build_background_work(night.app.services).check_drift(night.app.engine)
    assert night.parameters("load") == {"gone": True}
