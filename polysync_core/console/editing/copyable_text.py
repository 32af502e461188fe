"""Shows a definition as YAML and as a CLI command, each with a copy button."""

from __future__ import annotations

import htpy as h
from htpy import Element

from polysync_core.console.editing.editor import Editor
from polysync_core.console.parts.cards import copy_button
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.strict_documents import write_yaml


def as_yaml(editor: Editor, document: JsonObject) -> str:
    """Return a document of one definition in YAML."""
    return write_yaml({editor.kind.value: [document]})


def as_command(editor: Editor, document: JsonObject) -> str:
    """Return the command that stores a definition."""
    return f"polysync apply -f - <<'POLYSYNC'\n{as_yaml(editor, document)}POLYSYNC\n"


def copies(editor: Editor, document: JsonObject) -> Element:
    """Return the document and the command, with buttons that copy them."""
    text = as_yaml(editor, document)
    return h.details(".card")[
        h.summary["As a document and as a command"],
        h.div(".in.stack")[
            h.div(".actions")[
                copy_button(text, label="Copy as YAML"),
                copy_button(as_command(editor, document), label="Copy as command"),
            ],
            h.pre(tabindex="0", aria_label="The definition in YAML")[h.code[text]],
        ],
    ]
