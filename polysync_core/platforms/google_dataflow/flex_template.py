"""Defines the job type DataflowFlexTemplate, which launches jobs from Flex templates."""

from __future__ import annotations

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.platforms.google_dataflow.settings import FlexSettings
from polysync_core.platforms.google_dataflow.template import TemplateKind

FLEX_TEMPLATE = TemplateKind(
    job_type=JobType.DATAFLOW_FLEX_TEMPLATE,
    collection="flexTemplates",
    settings=FlexSettings,
    template_query=None,
    body=lambda path, parameters: {"launchParameter": {**parameters, "containerSpecGcsPath": path}},
)
