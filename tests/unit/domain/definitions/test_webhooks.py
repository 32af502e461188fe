"""Tests of the validation of webhooks and of their event filters."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import read_definition, read_document
from polysync_core.domain.definitions.validation.checks import Rules
from polysync_core.domain.definitions.webhooks import EventFilter, Webhook
from polysync_core.domain.errors import Invalid
from polysync_core.domain.runs.run import RunStatus
from polysync_core.platforms.webhook_client import check_webhook
from tests.fakes.definitions import ON_CALL, FakeDefinitions, documents_of, lakehouse

RULES = Rules(
    development=True, check_webhook=lambda webhook: check_webhook(webhook, allow_loopback=False)
)


def plan(**changes: Any) -> None:
    document = read_document(lakehouse(webhooks=[ON_CALL | changes]))
    documents_of(FakeDefinitions(), RULES).plan(document)


def test_a_webhook_of_a_document_is_accepted() -> None:
    plan()


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        pytest.param({"url": "http://hooks.example.com"}, "url", "https", id="http"),
        pytest.param({"url": "http://127.0.0.1:80"}, "url", "https", id="loopback in production"),
        pytest.param({"url": "https://10.0.0.8/x"}, "url", "by its name", id="an address"),
        pytest.param({"secret": "in clear"}, "secret", "vault://", id="a secret in clear text"),
        pytest.param(
            {"secret": "vault://none/key"}, "secret", "there is no vault", id="an unknown vault"
        ),
        pytest.param(
            {"events": {"tasks": ["landing-check", "sales"]}},
            "events.tasks[1]",
            "there is no task",
            id="an unknown task",
        ),
        pytest.param(
            {"events": {"statuses": ["Finished"]}},
            "events.statuses[0]",
            "must be one of Queued",
            id="an unknown status",
        ),
        pytest.param({"event": {}}, "event", "did you mean 'events'?", id="an unknown field"),
    ],
)
def test_a_problem_is_reported_with_its_path(
    changes: dict[str, Any], path: str, words: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        plan(**changes)
    (problem,) = refusal.value.problems
    assert problem.path == f"webhooks[0].{path}"
    assert words in problem.message
    assert "in clear" not in problem.message or path != "secret"


@pytest.mark.parametrize(
    ("events", "accepted"),
    [
        pytest.param({}, True, id="an empty filter accepts every event"),
        pytest.param({"tasks": ["daily"]}, True, id="its task"),
        pytest.param({"tasks": ["weekly"]}, False, id="another task"),
        pytest.param({"statuses": ["Failed", "Cancelled"]}, True, id="one of its statuses"),
        pytest.param({"statuses": ["Succeeded"]}, False, id="another status"),
        pytest.param({"tags": {"team": "sales"}}, True, id="its tag"),
        pytest.param({"tags": {"team": "ops"}}, False, id="its tag with another value"),
        pytest.param({"tags": {"team": "sales", "tier": "1"}}, False, id="one tag of two"),
        pytest.param({"tasks": ["daily"], "statuses": ["Queued"]}, False, id="one part of two"),
    ],
)
def test_an_event_must_match_every_part_of_a_filter(events: dict[str, Any], accepted: bool) -> None:
    webhook = read_definition(Kind.WEBHOOK, ON_CALL | {"events": events})
    assert isinstance(webhook, Webhook)
    chosen: EventFilter = webhook.events
    assert chosen.accepts("daily", RunStatus.FAILED, {"team": "sales"}) is accepted


@pytest.mark.parametrize("statuses", [(), (RunStatus.FAILED,)])
def test_events_about_problems_are_for_those_who_want_them(
    statuses: tuple[RunStatus, ...],
) -> None:
    silent, subscribed = (
        EventFilter(statuses=statuses),
        EventFilter(statuses=statuses, problems=True),
    )
    assert not silent.accepts("daily", RunStatus.RUNNING, {}, is_problem=True)
    assert subscribed.accepts("daily", RunStatus.RUNNING, {}, is_problem=True)
    assert not EventFilter(tasks=("other",), problems=True).accepts(
        "daily", RunStatus.RUNNING, {}, is_problem=True
    )
