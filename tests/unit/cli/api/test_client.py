"""The API client: failures, credentials and malformed answers."""

from __future__ import annotations

import pytest

from tests.unit.cli.conftest import Invoke
from tests.unit.cli.fake_api import Answer, FakeApi, Lost, Silence, problem


def test_an_unreachable_server_is_one_clear_line(polysync: Invoke):
    result = polysync("runs", "--url", "http://127.0.0.1:9/api")

    assert result.exit_code == 1
    first, second = result.stderr.splitlines()
    assert first == "Error: Polysync does not answer at http://127.0.0.1:9/api."
    assert second.strip().startswith("The connection is refused. Start it on this machine")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param(
            Answer("<html>", status=502, content_type="text/html; charset=utf-8"),
            "/task-runs answered 502 with text/html instead of JSON",
            id="an error page of a proxy",
        ),
        pytest.param(Answer("{not json", status=200), "instead of JSON", id="truncated JSON"),
        pytest.param(
            Answer("[]"), "the answer is not a JSON object", id="a list instead of an object"
        ),
        pytest.param(
            Answer({"items": [{"queuedAt": "yesterday"}]}),
            "queuedAt of the run is not a time",
            id="a malformed time",
        ),
        pytest.param(
            Answer(b"", status=401, content_type=""),
            "set POLYSYNC_TOKEN",
            id="no token",
        ),
        pytest.param(
            Answer({"detail": "Not Found"}, status=404),
            "Error: Not Found.",
            id="an error of the web framework",
        ),
        pytest.param(Lost(), "connection to Polysync", id="a broken connection"),
    ],
)
def test_an_answer_that_does_not_come_from_the_api_is_an_error(
    api: FakeApi, polysync: Invoke, answer: Answer, expected: str
):
    api.on("GET", "/task-runs", answer)

    result = polysync("runs")

    assert result.exit_code == 1
    assert expected in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("url", ["not an address", "ftp://x/api", "http://", "http://[::1"])
def test_a_malformed_url_is_refused(polysync: Invoke, url: str):
    result = polysync("runs", "--url", url)

    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {url} is not a URL")


def test_the_key_is_sent_and_never_printed(api: FakeApi, polysync: Invoke):
    api.on("GET", "/task-runs", Answer({"items": []}))

    sent = polysync("runs", env={"POLYSYNC_KEY": "k-1"})
    refused = polysync("runs", env={"POLYSYNC_KEY": "k-2\nx"})

    assert sent.exit_code == 0
    assert [request.headers["x-functions-key"] for request in api.requests] == ["k-1"]
    assert refused.exit_code == 1
    assert "k-2" not in refused.output


def test_the_token_is_sent_and_never_printed(api: FakeApi, polysync: Invoke):
    api.on("GET", "/task-runs", Answer({"items": []}))

    sent = polysync("runs", env={"POLYSYNC_TOKEN": "t-1"})
    refused = polysync("runs", env={"POLYSYNC_TOKEN": "t-2\nx"})

    assert sent.exit_code == 0
    assert [request.headers["authorization"] for request in api.requests] == ["Bearer t-1"]
    assert refused.exit_code == 1
    assert "t-2" not in refused.output


@pytest.mark.parametrize("name", ["POLYSYNC_KEY", "POLYSYNC_TOKEN"])
def test_no_credential_is_sent_unencrypted(polysync: Invoke, name: str):
    result = polysync("runs", "--url", "http://polysync.example/api", env={name: "s-1"})

    assert result.exit_code == 1
    assert f"{name} would be sent unencrypted" in result.stderr
    assert "s-1" not in result.output


def test_an_answer_that_takes_too_long_is_a_time_out(
    api: FakeApi, polysync: Invoke, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("polysync_core.cli.api.client.ANSWER_SECONDS", 0.05)
    api.on("GET", "/task-runs", Silence())

    result = polysync("runs")

    assert result.exit_code == 1
    assert "did not answer in time" in result.stderr


def test_a_question_at_the_end_of_a_problem_has_no_full_stop(api: FakeApi, polysync: Invoke):
    detail = "There is no platform 'warehouse'; did you mean 'lakehouse'?"
    api.on("POST", "/platforms/warehouse/test", problem(404, "Not found", detail))

    result = polysync("test", "platform", "warehouse")

    assert result.stderr == f"Error: Not found: {detail}\n"
