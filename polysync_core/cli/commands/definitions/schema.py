"""Implements `polysync schema`, which prints the JSON Schema of definition files."""

from __future__ import annotations

import json

from polysync_core.cli.options import Output
from polysync_core.cli.session import printed_errors


def schema(output: Output = None) -> None:
    """Print the JSON Schema of definitions, for editors; installed plugins are included."""
    from polysync_core.cli.documents import write_document

    with printed_errors() as terminal:
        text = current_schema()
        if output is None:
            terminal.out.file.write(text)
        else:
            write_document(output, text)


def current_schema() -> str:
    """Return the schema with the types of this installation, as the text of its file."""
    from polysync_core.definition_types import type_catalogue
    from polysync_core.domain.definitions.types.document_schema import document_schema

    return schema_text(document_schema(type_catalogue(development=True)))


def schema_text(content: dict[str, object]) -> str:
    """Return the schema as the text of its file."""
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"
