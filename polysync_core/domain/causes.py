"""Why an attempt failed."""

from enum import StrEnum


class FailureCause(StrEnum):
    """The cause of every failed attempt, as the API names it."""

    ARTEFACT = "Artefact"
    """The platform ran it, and it failed."""
    SUBMIT = "Submit"
    """The platform refused to start it."""
    TIMEOUT = "Timeout"
    QUEUE_TIMEOUT = "QueueTimeout"
    CONTENTION_REJECTED = "ContentionRejected"
    PARAMETERS = "Parameters"
    SECRET = "Secret"  # noqa: S105 - a word of the API, not a credential
    PLATFORM_UNREACHABLE = "PlatformUnreachable"
    LOST = "Lost"
    """The platform no longer knows the run, or cannot tell whether it has ever begun."""
    INTERNAL = "Internal"
