"""Defines the settings of Jobs of the types AKSJob and AKSCronJob."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from polysync_core.domain.definitions.jobs import SubmitSettings

SECONDS_PER_DAY = 86_400
USUAL_KEPT_SECONDS = 7 * SECONDS_PER_DAY
OUTPUTS_FROM_TERMINATION_MESSAGE = "outputsFromTerminationMessage"
"""The setting that makes the termination message of a container the outputs of the run."""


class KubernetesSettings(SubmitSettings):
    """`settings` of a Job of the types AKSJob and AKSCronJob."""

    container_name: Annotated[
        str, StringConstraints(pattern=r"^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)?$")
    ] = ""
    """The container that receives the parameters and writes the outputs; empty for the first."""
    keep_seconds: Annotated[int, Field(ge=3600, le=365 * SECONDS_PER_DAY)] | None = None
    """The seconds for which Kubernetes keeps the Job of an ended run.

    Without a value, the time of the template applies, but at least one day; seven days if the
    template has none.
    """
    outputs_from_termination_message: bool = False
    """True if the termination message of the container becomes the outputs of the run."""
