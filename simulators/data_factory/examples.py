"""Defines the example pipeline that the command line option `--examples` publishes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ARCHIVE = "archive-delivery"

PIPELINES: Mapping[str, dict[str, Any]] = {
    ARCHIVE: {
        "description": "Copies a delivery to the archive and returns the number of its rows.",
        "parameters": {"rows": {"type": "int"}},
        "activities": [
            {"name": "Copy", "type": "Wait", "typeProperties": {"waitTimeInSeconds": 1}},
            {
                "name": "Count",
                "type": "SetVariable",
                "dependsOn": [{"activity": "Copy", "dependencyConditions": ["Succeeded"]}],
                "typeProperties": {
                    "variableName": "pipelineReturnValue",
                    "setSystemVariable": True,
                    "value": [
                        {
                            "key": "archived_rows",
                            "value": {
                                "type": "Expression",
                                "content": "@pipeline().parameters.rows",
                            },
                        }
                    ],
                },
            },
        ],
    }
}
