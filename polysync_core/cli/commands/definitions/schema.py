"""Implements `polysync schema`, which prints the JSON Schema of definition documents."""

from __future__ import annotations

import json

from polysync_core.cli.options import Output


def schema(output: Output = None) -> None:
    """Print the JSON Schema of definitions, for editors; installed plugins are included."""
    from polysync_core.cli.documents import write_document
    from polysync_core.cli.session import printed_errors
    from polysync_core.definition_types import type_catalogue
    from polysync_core.domain.definitions.types.document_schema import document_schema

    with printed_errors() as terminal:
        text = schema_text(document_schema(type_catalogue(development=True)))
        if output is None:
            terminal.out.file.write(text)
        else:
            write_document(output, text)


def schema_text(content: dict[str, object]) -> str:
    """Return the schema as the text of its file."""
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"
