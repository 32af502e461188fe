"""Maps error responses of Google Cloud Functions to errors with a remedy."""

from __future__ import annotations

from polysync_core.platforms.google.refusals import GoogleRefusals
from polysync_core.platforms.http_functions.refusals import FunctionRefusals

REFUSED = GoogleRefusals(
    service="Google Cloud Functions",
    permission=(
        "grant it the role roles/cloudfunctions.viewer in the project, and enable the Cloud"
        " Functions API there"
    ),
    missing="the function does not exist: it was deleted, or projectId or region is wrong",
)
CALL_REFUSALS = FunctionRefusals(
    credential="the identity token is refused: check auth",
    permission=(
        "the account may not call the function: grant it the role roles/run.invoker on the"
        " function's Cloud Run service (generation 2) or roles/cloudfunctions.invoker on the"
        " function (generation 1)"
    ),
    missing=(
        "no function is at this address: it was deleted or is being replaced; try again, or import"
        " the platform's functions again"
    ),
)
