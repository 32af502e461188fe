"""Maps error responses of Dataflow and Cloud Storage to errors with a remedy."""

from __future__ import annotations

from collections.abc import Container, Iterator

from polysync_core.domain.errors import PlatformRefused, PolysyncError
from polysync_core.domain.json_types import JsonObject, object_in
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.calls import Refusal, RefusalMapping
from polysync_core.platforms.connector import ArtefactNotFound
from polysync_core.platforms.google.refusals import GoogleRefusals, is_missing

REFUSED = GoogleRefusals(
    service="Google Dataflow",
    permission=(
        "grant it the role roles/dataflow.developer in the project, and"
        " roles/iam.serviceAccountUser on the service account of the workers"
    ),
    missing="the project or the region has no such job: check projectId and region",
)
STORAGE = GoogleRefusals(
    service="Google Cloud Storage",
    permission="grant it the role roles/storage.objectViewer on the bucket of the templates",
    missing="the bucket does not exist: check attributes.templateFolder",
)
_UNREADABLE = "Unable to open template file"
_WRONG_KIND = "Invalid template file"
_TEMPLATE_MISSING = (
    "Google Dataflow cannot open the template: its file was deleted, its path is wrong, or the"
    " account lacks the role roles/storage.objectViewer on its bucket"
)
_OTHER_KIND = (
    "the file is no template of this kind: a Flex template needs the job type"
    " DataflowFlexTemplate, and a classic template DataflowClassicTemplate"
)


def refused_for_template(refusal: Refusal) -> PolysyncError:
    """Return the error for a call about a template; a missing file is `ArtefactNotFound`."""
    is_unreadable = _UNREADABLE in refusal.text and refusal.status in {400, 404}
    if is_unreadable or is_missing(refusal):
        return ArtefactNotFound(_TEMPLATE_MISSING, cause=FailureCause.SUBMIT, status=refusal.status)
    if _WRONG_KIND in refusal.text:
        return PlatformRefused(_OTHER_KIND, cause=FailureCause.SUBMIT, status=refusal.status)
    return REFUSED(refusal)


def refused_for_launch(sent: Container[str]) -> RefusalMapping:
    """Return the mapping for the launch of a template with parameters of these names.

    An error names the parameters. The reason could quote a value, so it is left out.
    """

    def refused(refusal: Refusal) -> PolysyncError:
        wrong = [name for name in _violations(refusal.body) if name in sent]
        missing = [name for name in _violations(refusal.body) if name not in sent]
        if not wrong and not missing:
            return refused_for_template(refusal)
        texts = [f"parameters.{name}: the template does not accept the value" for name in wrong]
        texts += [f"parameters.{name}: the template needs a value" for name in missing[:5]]
        return PlatformRefused(
            f"{'; '.join(texts)}; sync the job's parameters",
            cause=FailureCause.PARAMETERS,
            status=refusal.status,
        )

    return refused


def _violations(body: JsonObject) -> Iterator[str]:
    """Yield the names of the parameters that Dataflow refuses."""
    details = object_in(body, "error").get("details")
    for detail in details if isinstance(details, list) else ():
        found = detail.get("parameterViolations") if isinstance(detail, dict) else None
        for each in found if isinstance(found, list) else ():
            name = each.get("parameter") if isinstance(each, dict) else None
            if isinstance(name, str) and name.isidentifier():
                yield name
