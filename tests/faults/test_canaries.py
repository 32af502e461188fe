"""A fault at any step spreads no canary secret."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.platforms import Auth, AuthMethod, Platform, PlatformType
from polysync_core.domain.definitions.stored import StoredDefinition
from polysync_core.domain.definitions.tasks import Retry, Task
from polysync_core.domain.definitions.vaults import Vault, VaultProvider
from polysync_core.domain.definitions.webhooks import Webhook
from polysync_core.domain.errors import Unavailable
from polysync_core.domain.security.redaction import MARKER
from polysync_core.platforms.connector import ProviderStatus, Report
from polysync_embedded.engine.execution import Execution
from tests.fakes.builders import a_job
from tests.fakes.platform import TimedPlatform
from tests.fakes.telemetry import listening
from tests.fakes.virtual_loop import START
from tests.faults.faults import Fault, FaultPlan
from tests.faults.invariants import check_invariants
from tests.faults.virtual_app import VirtualApp
from tests.faults.virtual_engine import VirtualEngine
from tests.faults.virtual_ports import VirtualDefinitions
from tests.security.secrets.canaries import CANARIES, encoded, found_in

DEFINITIONS: dict[Kind, Definition] = {
    Kind.VAULT: Vault(name="kv", provider=VaultProvider.ENVIRONMENT),
    Kind.PLATFORM: Platform(
        name="lakehouse",
        type=PlatformType.AZURE_DATABRICKS,
        auth=Auth(
            method=AuthMethod.PERSONAL_ACCESS_TOKEN, personal_access_token="vault://kv/token"
        ),
    ),
    Kind.JOB: a_job(
        name="nap", parameters=[{"name": "key", "dataType": "Secret"}, {"name": "text"}]
    ),
    Kind.TASK: Task(
        name="nap",
        job="nap",
        parameters={"key": "vault://kv/key", "text": "vault://kv/text"},
        retry=Retry(enabled=True, max_retry_attempts=1),
    ),
}
FORMS = [form for secret in CANARIES.values() for form in encoded(secret)[::5]]
TEXT = " | ".join(FORMS)
HOOK = Webhook(name="hook", url="https://hooks.example.com/", secret="vault://kv/key")


class Definitions(VirtualDefinitions):
    """Definitions whose Task, platform and webhook have secrets."""

    def __init__(self) -> None:
        super().__init__()
        self.webhooks = [HOOK]

    def get(self, kind: Kind, name: str) -> StoredDefinition[Definition] | None:
        found = DEFINITIONS.get(kind)
        return found and StoredDefinition(definition=found, etag="1", updated_at=START)


class TalkativePlatform(TimedPlatform):
    """A platform that repeats the secrets: in its first answer, in failures and in outputs."""

    refused = False

    def _report(self, external_run_id: str) -> Report:
        report = super()._report(external_run_id)
        if not self.refused:
            self.refused = True
            raise Unavailable(f"h is unavailable: {TEXT}")
        self.verdict = ProviderStatus.SUCCESS
        outputs: Any = {f"output{n}": form for n, form in enumerate(FORMS)}
        return replace(
            report,
            message=TEXT,
            provider_state=TEXT,
            monitor_url=f"https://h/{quote(FORMS[0])}",
            outputs=outputs if report.status is ProviderStatus.SUCCESS else {},
        )


@pytest.fixture
def engine_memory(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that gets every input, result, status and message of the engine."""
    stored: list[str] = []
    steps = ("call_activity", "_answered", "set_custom_status", "continue_as_new", "signal_entity")
    for kind, names in ((Execution, steps), (VirtualEngine, ("_signal",))):
        for name in names:
            step = getattr(kind, name)

            def recorded(self: Any, *given: Any, step: Any = step, **named: Any) -> Any:
                stored.append(f"{given} {named}")
                return step(self, *given, **named)

            monkeypatch.setattr(kind, name, recorded)
    return stored


def play(app: VirtualApp) -> None:
    """Run a Task whose first attempt fails."""
    app.platform.__class__ = TalkativePlatform
    app.platform.verdict = ProviderStatus.FAILED
    app.start()
    app.advance(70)
    app.run_until_idle()


def sinks(app: VirtualApp) -> Iterator[str]:
    """Yield every stored row and every queue message."""
    for rows in app.tables.tables.values():
        yield str(list(rows.values()))
    for messages in app.messages.values():
        yield from messages


@pytest.mark.slow
@pytest.mark.parametrize(
    "fault",
    [Fault.ANSWER_LOST, Fault.OUTAGE, pytest.param(Fault.CRASH_AFTER, marks=pytest.mark.soak)],
)
def test_no_fault_at_any_step_spreads_a_secret(
    fault: Fault, engine_memory: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = {f"kv/{name}": value for name, value in CANARIES.items()}
    plan, steps = FaultPlan(), 0
    while plan.injected or not steps:
        steps += 1
        plan = FaultPlan(fault, at=steps)
        with pytest.MonkeyPatch.context() as patch, listening() as listener:
            app = VirtualApp(patch, plan, definitions=Definitions(), secrets=secrets)
            play(app)
            runs = check_invariants(app)
            texts = [*sinks(app), *(each.text for each in listener.spans())]
            texts += [str(listener.metrics()), str([vars(each) for each in caplog.records])]
        assert found_in("\n".join([*texts, *engine_memory])) == [], plan.injected
        # Proves that the search covers the engine and the texts of the platform.
        assert all(run.run_id in str(engine_memory) for run in runs), plan.injected
        assert all(MARKER in str(run) for run in runs), plan.injected
        engine_memory.clear()
        caplog.clear()
    assert steps > 20
