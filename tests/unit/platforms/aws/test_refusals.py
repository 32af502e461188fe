"""Refusals of AWS services, as errors with a cause and a remedy."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.platforms import Auth
from polysync_core.domain.errors import PlatformRefused, Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.aws.refusals import AwsRefusals, aws_credential_rules, error_code
from polysync_core.platforms.calls import Refusal
from polysync_core.platforms.connector import ArtefactNotFound

REFUSALS = AwsRefusals(
    service="AWS Step Functions",
    permission="allow states:StartExecution",
    missing={"StateMachineDoesNotExist": "the state machine was deleted"},
    parameters={"InvalidExecutionInput"},
    transient={"ExecutionLimitExceeded"},
)
RULES = aws_credential_rules(
    Auth(method="AccessKey", access_key_id="x", secret_access_key="vault://kv/secret")
)


def a_refusal(
    code: str, status: int = 400, text: str = "", *, header: bool = False, **body: Any
) -> Refusal:
    headers = {"x-amzn-errortype": f"{code}:http://internal.amazon.com/"} if header else {}
    given = body if header else {"__type": code, **body}
    return Refusal(status=status, body=given, host="aws", headers=headers, text=text)


@pytest.mark.parametrize(
    "refusal",
    [
        a_refusal("AccessDeniedException"),
        a_refusal("com.amazonaws.states#AccessDeniedException"),
        a_refusal("AccessDeniedException", header=True),
        Refusal(status=400, body={"code": "AccessDeniedException"}, host="aws"),
        Refusal(status=400, body={"Code": "AccessDeniedException"}, host="aws"),
    ],
)
def test_a_missing_permission_is_named_in_each_form(refusal: Refusal) -> None:
    error = REFUSALS(refusal)

    assert error_code(refusal) == "AccessDeniedException"
    assert isinstance(error, PlatformRefused)
    assert (error.cause, error.status) == (FailureCause.SUBMIT, 400)
    assert "allow states:StartExecution" in str(error)


@pytest.mark.parametrize(
    "code", ["ThrottlingException", "TooManyRequestsException", "ExecutionLimitExceeded"]
)
def test_a_busy_service_is_unavailable(code: str) -> None:
    assert isinstance(REFUSALS(a_refusal(code)), Unavailable)


def test_a_missing_artefact_and_wrong_values_have_errors_of_their_own() -> None:
    missing = REFUSALS(a_refusal("StateMachineDoesNotExist"))
    values = REFUSALS(a_refusal("InvalidExecutionInput"))

    assert isinstance(missing, ArtefactNotFound)
    assert "was deleted" in str(missing)
    assert isinstance(values, PlatformRefused)
    assert values.cause is FailureCause.PARAMETERS


@pytest.mark.parametrize("code", ["", "a b", "<script>", "x" * 100, "1"])
def test_a_text_that_is_not_a_code_is_not_quoted(code: str) -> None:
    error = REFUSALS(a_refusal(code))

    assert str(error).endswith("(status 400): the answer gives no known reason")


@pytest.mark.parametrize(
    ("refusal", "remedy"),
    [
        (a_refusal("ExpiredTokenException"), "expired"),
        (a_refusal("ExpiredToken", 403), "expired"),
        (a_refusal("UnrecognizedClientException", header=True), "unknown"),
        (a_refusal("InvalidSignatureException", 403), "does not belong"),
        (a_refusal("InvalidSignatureException", text="Signature expired: 2026"), "clock"),
        (a_refusal("InvalidSignatureException", text="Signature not yet current"), "clock"),
        (a_refusal("RequestTimeTooSkewed", 403), "clock"),
        (a_refusal("Anything", 401), "renew it"),
        (Refusal(status=403, body={}, host="aws", text="invalid token"), "renew it"),
    ],
)
def test_a_refused_key_is_named_by_its_reference_with_a_remedy(
    refusal: Refusal, remedy: str
) -> None:
    assert RULES.is_refused(refusal)
    error = RULES.error(refusal)
    assert error.cause is FailureCause.SECRET
    assert "vault://kv/secret" in str(error)
    assert remedy in str(error)


@pytest.mark.parametrize(
    "refusal",
    [
        a_refusal("AccessDeniedException", 403),
        a_refusal("ExpiredToken", 200),
        a_refusal("ThrottlingException", 429),
        a_refusal("InvalidToken", 400, "Invalid token: the token of the page"),
        a_refusal("AccessDeniedException", 403, "invalid token"),
    ],
)
def test_other_answers_do_not_refuse_the_key(refusal: Refusal) -> None:
    assert not RULES.is_refused(refusal)


def test_a_proxy_refuses_the_credential_in_its_own_words() -> None:
    text = "The access token is expired."
    page = Refusal(status=403, body={}, host="aws", text=text)

    assert RULES.is_refused(page)
    assert not RULES.is_refused(a_refusal("AccessDeniedException", 403, text))
    assert not RULES.is_refused(a_refusal("ValidationException", 400, "NextToken: invalid token"))


def test_a_blocked_address_names_the_network_rules() -> None:
    text = "Source IP address: 10.1.2.3 is blocked by the IP ACL"

    error = REFUSALS(a_refusal("StateMachineDoesNotExist", 403, text))

    assert "IP access list" in str(error)
    assert not isinstance(error, ArtefactNotFound)
