"""Maps error responses of AWS Lambda to errors with a remedy."""

from __future__ import annotations

from polysync_core.outbound.http_exchange import Answer
from polysync_core.platforms.answer_messages import refusal_in
from polysync_core.platforms.aws.refusals import AwsRefusals, error_code

_NETWORK = "correct the VPC configuration of the function"
_KEY = "allow the function to use the KMS key of its environment variables, and enable the key"
_TOO_LARGE = (
    "the values are too large: RequestResponse takes 6 MB and Event 1 MB; send a link to the data"
)
_TOO_LARGE_CODES = (
    "RequestEntityTooLargeException",
    "RequestTooLargeException",
    "SerializedRequestEntityTooLargeException",
)
_UNABLE = {
    "EC2AccessDeniedException": "grant the function's role the permissions for its VPC",
    "InvalidRuntimeException": "the runtime of the function is not supported: update it",
    "InvalidSecurityGroupIDException": _NETWORK,
    "InvalidSubnetIDException": _NETWORK,
    "InvalidZipFileException": "the code of the function cannot be unpacked: deploy it again",
    "KMSAccessDeniedException": _KEY,
    "KMSDisabledException": _KEY,
    "KMSInvalidStateException": _KEY,
    "KMSNotFoundException": _KEY,
}
_BUSY = frozenset(
    {
        "CodeArtifactUserPendingException",
        "EC2ThrottledException",
        "EC2UnexpectedException",
        "ENILimitReachedException",
        "ENINotReadyException",
        "ResourceConflictException",
        "ResourceNotReadyException",
        "SnapStartNotReadyException",
        "SubnetIPAddressLimitReachedException",
    }
)
_BAD_GATEWAY = 502

REFUSALS = AwsRefusals(
    service="AWS Lambda",
    permission=(
        "allow lambda:InvokeFunction, lambda:GetFunctionConfiguration and lambda:ListFunctions"
    ),
    missing={
        "ResourceNotFoundException": (
            "the function, or its version or alias, does not exist in this region: check"
            " externalId, settings.qualifier and attributes.region"
        )
    },
    remedies={
        **_UNABLE,
        "ModeNotSupportedException": (
            "the function does not support this invocation: choose another settings.invocationType"
        ),
        **dict.fromkeys(_TOO_LARGE_CODES, _TOO_LARGE),
        "RecursiveInvocationException": "the function invokes itself in a loop: correct its code",
    },
    parameters={"InvalidRequestContentException", *_TOO_LARGE_CODES},
    transient=_BUSY,
)


def did_not_start(answer: Answer) -> bool:
    """Return whether an answer proves that Lambda could not start the function.

    Lambda reports these faults with 502, although it has not run any code of the function.
    """
    code = error_code(refusal_in(answer, ""))
    return answer.status == _BAD_GATEWAY and (code in _UNABLE or code in _BUSY)
