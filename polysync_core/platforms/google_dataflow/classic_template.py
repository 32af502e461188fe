"""Defines the job type DataflowClassicTemplate, which launches jobs from classic templates."""

from __future__ import annotations

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.platforms.google_dataflow.settings import TemplateSettings
from polysync_core.platforms.google_dataflow.template import TemplateKind

CLASSIC_TEMPLATE = TemplateKind(
    job_type=JobType.DATAFLOW_CLASSIC_TEMPLATE,
    collection="templates",
    settings=TemplateSettings,
    template_query="gcsPath",
    body=lambda path, parameters: parameters,
)
