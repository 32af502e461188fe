"""Calls of models: prompts, limits of tokens, incomplete answers and refusals."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.errors import Invalid, PlatformRefused, Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.platforms.connector import OutcomeUnknown, ProviderStatus
from tests.fakes.http import Reply
from tests.unit.platforms.azure_openai.account import (
    Account,
    a_completion,
    a_job,
    a_platform,
    an_error,
)

CHAT = a_job(userPrompt="Summarise.")


def refused(account: Account, **changes: Any) -> PlatformRefused:
    with pytest.raises(PlatformRefused) as caught:
        account.submit(changes.pop("job", CHAT), **changes)
    return caught.value


def test_a_deployment_is_in_the_body_of_v1_and_in_the_path_of_a_dated_version() -> None:
    account = Account(Reply.json(a_completion()))
    account.submit(CHAT)
    dated = Account(Reply.json(a_completion()), platform=a_platform(apiVersion="2024-10-21"))
    dated.submit(CHAT)

    host = "https://sales-ai.openai.azure.com/openai"
    assert account.transport.requests[0].url == f"{host}/v1/chat/completions"
    assert account.sent()["model"] == "chat"
    assert (
        dated.transport.requests[0].url
        == f"{host}/deployments/chat/chat/completions?api-version=2024-10-21"
    )
    assert "model" not in dated.sent()


def test_a_prompt_is_the_parameter_or_the_filled_text() -> None:
    account = Account(Reply.json(a_completion()))
    names = ("system_prompt", "user_prompt", "day", "key")
    job = a_job(
        "OpenAIChatCompletion", *names, userPrompt="{{}} on {parameters.day}{parameters.key}"
    )

    account.submit(job, parameters={"day": "Monday", "key": Secret("s3")})
    account.submit(
        job, parameters={"system_prompt": "Be {kind}.", "user_prompt": "{x}", "day": 1, "key": 2}
    )

    assert account.sent(0)["messages"] == [{"role": "user", "content": "{} on Mondays3"}]
    assert [each["content"] for each in account.sent(1)["messages"]] == ["Be {kind}.", "{x}"]


def test_a_run_without_a_prompt_or_with_an_unread_value_is_refused_before_the_call() -> None:
    account = Account(Reply.json(a_completion()))

    assert "settings.userPrompt" in str(refused(account, job=a_job()))
    error = refused(
        account, job=a_job("OpenAIChatCompletion", "day", userPrompt="x"), parameters={"day": "1"}
    )

    assert "nothing reads the parameter day" in str(error)
    assert error.cause is FailureCause.PARAMETERS
    assert account.transport.requests == []


@pytest.mark.parametrize(
    "refusal",
    [
        an_error(
            "unsupported_parameter",
            param="max_completion_tokens",
            message="Unsupported parameter: 'max_completion_tokens'",
        ),
        an_error(
            "invalid_request_error",
            message="Unrecognized request argument supplied: max_completion_tokens",
        ),
    ],
)
def test_an_old_model_gets_the_older_limit_and_is_remembered(refusal: Any) -> None:
    account = Account(Reply.json(refusal, 400), Reply.json(a_completion()))
    job = a_job(userPrompt="x", maxTokens=50, options={"top_p": 0.5})

    account.submit(job)
    account.submit(job)

    limits = [{name for name in account.sent(index) if "max" in name} for index in range(3)]
    assert limits == [{"max_completion_tokens"}, {"max_tokens"}, {"max_tokens"}]
    assert (account.sent()["max_tokens"], account.sent()["top_p"]) == (50, 0.5)


def test_another_refusal_of_the_limit_is_not_repeated() -> None:
    account = Account(Reply.json(an_error("invalid_value", param="temperature"), 400))
    error = refused(account, job=a_job(userPrompt="x", maxTokens=5))
    assert "field temperature" in str(error)
    assert len(account.transport.requests) == 1


@pytest.mark.parametrize(
    ("reason", "message", "text"),
    [
        ("length", {}, "settings.maxTokens"),
        ("content_filter", {}, "content filter"),
        ("tool_calls", {}, "tool"),
        ("stop", {"refusal": "I cannot help."}, "I cannot help."),
    ],
)
def test_an_incomplete_answer_fails(reason: str, message: dict[str, Any], text: str) -> None:
    report = Account(Reply.json(a_completion(reason=reason, **message))).submit(CHAT).report
    assert (report.status, report.outputs) == (ProviderStatus.FAILED, {})
    assert text in report.message


@pytest.mark.parametrize("reason", ["length", "content_filter"])
def test_a_part_of_an_answer_is_kept_on_request(reason: str) -> None:
    job = a_job(userPrompt="x", incompleteResponse="Keep")
    report = Account(Reply.json(a_completion("Half", reason))).submit(job).report
    assert report.status is ProviderStatus.SUCCESS
    assert report.outputs == {
        "response": "Half",
        "prompt_tokens": 3,
        "completion_tokens": 1,
        "total_tokens": 4,
        "finish_reason": reason,
    }


@pytest.mark.parametrize(
    ("error", "cause", "text"),
    [
        (an_error("content_filter"), FailureCause.PARAMETERS, "content filter refused the prompt"),
        (
            an_error("400", innererror={"code": "ResponsibleAIPolicyViolation"}),
            FailureCause.PARAMETERS,
            "content filter",
        ),
        (an_error("context_length_exceeded"), FailureCause.PARAMETERS, "context of the model"),
        (an_error("OperationNotSupported"), FailureCause.SUBMIT, "job type that fits"),
        # A prompt may write about tokens: only the status and the headers count.
        (an_error("BadRequest", "the access token is expired"), FailureCause.SUBMIT, "400"),
    ],
)
def test_a_refused_prompt_has_its_cause_and_remedy(
    error: Any, cause: FailureCause, text: str
) -> None:
    found = refused(Account(Reply.json(error, 400)))
    assert (found.cause, found.status) == (cause, 400)
    assert text in str(found)


def test_a_missing_role_is_not_an_expired_key() -> None:
    found = refused(Account(Reply.json(an_error("PermissionDenied"), 401)))
    assert found.cause is FailureCause.SECRET
    assert "Cognitive Services OpenAI User" in str(found)


def test_a_closed_network_names_the_firewall() -> None:
    denied = an_error("403", "Access denied due to Virtual Network/Firewall rules.")
    assert "outbound addresses" in str(refused(Account(Reply.json(denied, 403))))


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"retry-after-ms": "1200"}, 2.0),
        ({"Retry-After": "7", "retry-after-ms": "6100"}, 7.0),
        ({"retry-after-ms": "soon"}, None),
    ],
)
def test_a_rate_limit_waits_as_the_service_says(
    headers: dict[str, str], pause: float | None
) -> None:
    account = Account(Reply.json(an_error("429"), 429, headers))
    with pytest.raises(Unavailable) as caught:
        account.submit(CHAT)
    assert caught.value.retry_after == pause
    assert len(account.transport.requests) == 1


def test_a_call_that_timed_out_in_the_service_may_have_cost_its_tokens() -> None:
    account = Account(Reply.json(an_error("Timeout"), 408))
    with pytest.raises(OutcomeUnknown):
        account.submit(CHAT)
    assert len(account.transport.requests) == 1


def test_an_unknown_api_names_the_attributes() -> None:
    answer = Reply.json(an_error("404", "Resource not found"), 404)
    assert "apiVersion" in str(refused(Account(answer)))


def test_a_call_with_a_lost_answer_is_repeated_for_an_idempotent_job_only() -> None:
    account = Account(Reply.json(a_completion()))
    with pytest.raises(OutcomeUnknown, match="resubmit"):
        account.submit(CHAT, is_resend=True)
    assert account.transport.requests == []

    account.submit(a_job(userPrompt="x", resubmit="WhenIdempotent"), is_resend=True)
    (request,) = account.transport.requests
    assert request.headers["Idempotency-Key"] == "t0k3n"


def test_an_embedding_in_base64_is_shorter_than_its_numbers() -> None:
    answer = {"data": [{"embedding": "AAAAPw=="}], "usage": {"prompt_tokens": 1, "total_tokens": 1}}
    account = Account(Reply.json(answer))
    job = a_job(JobType.OPENAI_EMBEDDING, input="x", encoding="Base64", dimensions=1)
    assert account.submit(job).report.outputs["embedding"] == "AAAAPw=="
    assert account.sent()["encoding_format"] == "base64"


def test_an_external_id_cannot_leave_its_path() -> None:
    account = Account(Reply.json(a_completion()))
    with pytest.raises(Invalid):
        account.submit(a_job(external_id="../batches", userPrompt="x"))
    assert account.transport.requests == []
