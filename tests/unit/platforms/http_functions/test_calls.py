"""Tests of function calls: status addresses, keys in answers, final statuses and repeated calls."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.errors import Invalid, PlatformRefused, Unavailable, Uncertain
from polysync_core.domain.security.secrets import Secret
from polysync_core.platforms.connector import (
    JobConnector,
    OutcomeUnknown,
    ProviderStatus,
    SubmitRequest,
    Submitted,
)
from polysync_core.platforms.platform_client import HttpOptions
from polysync_core.platforms.plugin import PluginContext
from polysync_core.platforms.registry import platform_plugin
from tests.fakes.http import Reply, ScriptedTransport, Step, VirtualTime

HOST = "https://app.azurewebsites.net"
INSTANCE = "/runtime/webhooks/durabletask/instances/i1"
LINK = f"{HOST}{INSTANCE}?code=KEY"


class OneSecret:
    def resolve(self, reference: str) -> Secret:
        return Secret("key")

    def forget(self, reference: str) -> None: ...


def a_job(**settings: Any) -> Job:
    return Job(
        name="j",
        platform="p",
        job_type="AzureHttpFunction",
        external_id="Start",
        settings=settings,
    )


class App:
    """A function app with scripted answers."""

    def __init__(self, *steps: Step) -> None:
        self.transport = ScriptedTransport(steps)
        platform = Platform.model_validate(
            {
                "name": "p",
                "type": "AzureFunctions",
                "auth": {"method": "FunctionKey", "functionKey": "vault://v/k"},
                "attributes": {
                    "subscriptionId": "0b1f6471-1bf0-4dda-aec3-111122223333",
                    "resourceGroupName": "rg",
                    "functionAppName": "app",
                },
            }
        )
        http = HttpOptions(transport=self.transport, timer=VirtualTime().timer)
        connector = platform_plugin("AzureFunctions").open(
            platform, PluginContext(secrets=OneSecret(), http=http)
        )
        self.job: JobConnector = connector.job("AzureHttpFunction")

    def submit(self, *, is_resend: bool = False, **settings: Any) -> Submitted:
        request = SubmitRequest(
            job=a_job(**settings),
            token="t" * 40,
            run_name="r",
            parameters={},
            begun_at=datetime(2030, 1, 1, tzinfo=UTC),
            is_resend=is_resend,
        )
        return self.job.submit(request)


@pytest.mark.parametrize("status", [200, 201, 202, 203])
@pytest.mark.parametrize(
    "body",
    [
        {"id": "i1", "statusQueryGetUri": LINK},
        {"StatusQueryGetUri": LINK},
        {"STATUSQUERYURL": LINK},
        {"statusQueryGetUri": LINK.replace("https", "http")},
    ],
)
def test_work_with_a_status_address_goes_on_with_any_status(
    status: int, body: dict[str, str]
) -> None:
    submitted = App(Reply.json(body, status)).submit()

    assert submitted.external_run_id == INSTANCE
    assert submitted.report is not None
    assert submitted.report.status is ProviderStatus.STARTING
    assert not submitted.report.outputs
    assert "KEY" not in repr(submitted)


@pytest.mark.parametrize(
    ("reply", "is_followed"),
    [
        (Reply.json({}, 202, {"Location": "/status/7"}), True),
        (Reply.json({"id": "i1"}, 201, {"Location": LINK}), True),
        (Reply.json({"status": "Running"}, 200, {"Location": "/status/7"}), True),
        (Reply.json({"state": "in_progress"}, 201, {"Location": "/status/7"}), True),
        (Reply.json({}, 202, {"Operation-Location": "/status/7"}), True),
        (Reply.json({}, 202, {"Azure-AsyncOperation": "/status/7", "Location": "/x"}), True),
        (Reply.json({"id": 7}, 201, {"Location": "/orders/7"}), False),
        (Reply.json({"status": "Succeeded"}, 200, {"Location": "/orders/7"}), False),
    ],
)
def test_a_location_is_a_status_address_only_while_the_work_goes_on(
    reply: Reply, is_followed: bool
) -> None:
    report = App(reply).submit().report

    assert report is not None
    assert (report.status is ProviderStatus.STARTING) is is_followed


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://h/x?code=KEY", "https://h/x"),
        ("https://h/x?a=1&code=KEY&b=2", "https://h/x?a=1&b=2"),
        ("https://h/x?sv=1&sig=KEY%2B", "https://h/x?sv=1"),
        ("https://h/x?CODE=KEY#f", "https://h/x?#f"),
        ("https://h/x?X-Amz-Signature=KEY", "https://h/x"),
        ("https://h/x?access_token=KEY&subscription-key=KEY", "https://h/x"),
        ("see https://h/x?sig=KEY, then go", "see https://h/x then go"),
        (
            "https://h/x?postcode=1010&design=2&monkey=3",
            "https://h/x?postcode=1010&design=2&monkey=3",
        ),
        ("no address?code=1", "no address?code=1"),
    ],
)
@pytest.mark.parametrize("shape", ["property", "nested", "list", "whole", "text"])
def test_no_key_of_an_address_becomes_an_output(address: str, shape: str, shown: str) -> None:
    bodies: dict[str, Any] = {
        "property": {"url": address},
        "nested": {"a": {"b": [address]}},
        "list": [address],
        "whole": address,
    }
    content = address.encode() if shape == "text" else json.dumps(bodies[shape]).encode()
    report = App(Reply(200, content)).submit().report

    assert report is not None
    assert "KEY" not in repr(report.outputs)
    assert shown in json.dumps(dict(report.outputs), ensure_ascii=False)


def test_a_deeply_nested_answer_neither_fails_nor_keeps_a_key() -> None:
    for depth in (50, 900):
        content = "[" * depth + '"https://h/x?code=KEY"' + "]" * depth
        report = App(Reply(200, content.encode())).submit().report

        assert report is not None
        assert report.status is ProviderStatus.SUCCESS
        assert "KEY" not in repr(report.outputs)


def test_a_failed_orchestration_with_status_500_ends_the_run() -> None:
    app = App(Reply.json({"runtimeStatus": "Failed", "output": "boom"}, 500))

    report = app.job.read(a_job(), INSTANCE)

    assert (report.status, report.message) == (ProviderStatus.FAILED, "boom")
    assert len(app.transport.requests) == 1


def test_a_5xx_without_a_final_status_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        App(Reply.json({"status": "error"}, 500)).job.read(a_job(), INSTANCE)


FAULTS = [Reply(500), Reply(502, b"<html>bad gateway</html>"), Reply(503), Reply(504)]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_call_without_an_answer_is_never_repeated_unless_the_job_allows_it(fault: Reply) -> None:
    with pytest.raises(OutcomeUnknown, match="resubmit: WhenIdempotent"):
        App(fault).submit()
    with pytest.raises(OutcomeUnknown):
        App(Reply.json({})).submit(is_resend=True)
    with pytest.raises(OutcomeUnknown):
        App(fault).submit(resubmit="Never")


@pytest.mark.parametrize("fault", FAULTS)
def test_an_idempotent_call_is_sent_again_with_the_same_key(fault: Reply) -> None:
    app = App(fault, Reply.json({"rows": 1}))

    with pytest.raises(Uncertain) as caught:
        app.submit(resubmit="WhenIdempotent")
    submitted = app.submit(resubmit="WhenIdempotent", is_resend=True)

    assert not isinstance(caught.value, OutcomeUnknown)
    assert submitted.report is not None
    assert submitted.report.status is ProviderStatus.SUCCESS
    keys = {request.headers["Idempotency-Key"] for request in app.transport.requests}
    assert keys == {"t" * 40}
    assert len(app.transport.requests) == 2


def test_an_empty_404_of_a_starting_app_is_passing_for_an_idempotent_job_only() -> None:
    with pytest.raises(PlatformRefused):
        App(Reply(404, b"")).submit()
    with pytest.raises(Unavailable):
        App(Reply(404, b"")).submit(resubmit="WhenIdempotent")
    with pytest.raises(PlatformRefused):
        App(Reply.json({"message": "no such order"}, 404)).submit(resubmit="WhenIdempotent")


def test_an_unknown_rule_for_repeated_calls_is_refused() -> None:
    with pytest.raises(Invalid, match=r"settings\.resubmit: must be one of Never, WhenIdempotent"):
        App(Reply()).submit(resubmit="Always")


@pytest.mark.parametrize("http_status", [200, 201, 500])
@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("Failed", ProviderStatus.FAILED),
        ("Terminated", ProviderStatus.CANCELLED),
        ("Completed", ProviderStatus.SUCCESS),
    ],
)
def test_a_starter_that_waits_answers_with_the_end_of_its_orchestration(
    http_status: int, word: str, status: ProviderStatus
) -> None:
    body = {"runtimeStatus": word, "output": {"rows": 5} if word == "Completed" else "boom"}

    report = App(Reply.json(body, http_status)).submit().report

    assert report is not None
    assert report.status is status
    if status is ProviderStatus.FAILED:
        assert report.message == "boom"


def test_the_word_failed_of_a_functions_own_answer_is_not_the_end_of_an_orchestration() -> None:
    report = App(Reply.json({"status": "failed", "rows": 0}, 200)).submit().report
    assert report is not None
    assert report.status is ProviderStatus.SUCCESS
