"""Maps error responses of Vertex AI to errors with a remedy."""

from __future__ import annotations

from polysync_core.platforms.google.refusals import GoogleRefusals

REFUSED = GoogleRefusals(
    service="Vertex AI",
    permission=(
        "grant it the role roles/aiplatform.user in the project, and roles/iam.serviceAccountUser"
        " on the service account of the template"
    ),
    missing=(
        "the region has no such job: the template was deleted, or projectId or region is wrong;"
        " import the platform's jobs again"
    ),
    remedies={
        "INVALID_ARGUMENT": (
            "a value or a part of the template is not accepted: check the parameters, the settings"
            " and the access of the job's service account to its data"
        ),
        "FAILED_PRECONDITION": "the project or the region does not allow the job: check its quotas",
    },
)
