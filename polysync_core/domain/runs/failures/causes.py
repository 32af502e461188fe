"""Defines the failure causes, the reasons why attempts fail."""

from enum import StrEnum


class FailureCause(StrEnum):
    """The cause of a failed attempt, under the name that the API uses."""

    ARTEFACT = "Artefact"
    """The artefact ran on the platform and failed."""
    SUBMIT = "Submit"
    """The platform refused to start the artefact."""
    TIMEOUT = "Timeout"
    QUEUE_TIMEOUT = "QueueTimeout"
    CONTENTION_REJECTED = "ContentionRejected"
    PARAMETERS = "Parameters"
    SECRET = "Secret"  # noqa: S105 - a word of the API, not a credential
    PLATFORM_UNREACHABLE = "PlatformUnreachable"
    LOST = "Lost"
    """The platform no longer knows the run, or never confirmed its start."""
    INTERNAL = "Internal"
