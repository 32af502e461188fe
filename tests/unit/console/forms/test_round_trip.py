"""Tests that a document survives its form: any document, its form, its form data, the document."""

from __future__ import annotations

import htpy as h
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polysync_core.console.forms.definitions.definition_form import FormContext, definition_form
from polysync_core.console.forms.filling import fill
from polysync_core.console.forms.raw import nested
from polysync_core.console.forms.reading import read
from polysync_core.console.forms.rows import form_field
from polysync_core.console.forms.values import read_value, value_text
from polysync_core.console.forms.view import FormView
from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.document import (
    canonical,
    read_definition,
    reference_to,
    write_definition,
)
from polysync_core.domain.definitions.jobs import DataType, Job
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.domain.parameters import convert
from tests.examples import examples
from tests.unit.console.browser import form_pairs, parsed, sent
from tests.unit.console.forms.documents import JSON, PLATFORM_TYPES, TYPES, definitions

BY_NAME = {name.lower(): name for name in PLATFORM_TYPES}
NEW = FormContext(types=TYPES, platform_type=BY_NAME.get)
TEXT_TYPES = {DataType.STRING, DataType.SECRET}
STORED = FormContext(types=TYPES, platform_type=BY_NAME.get, is_new=False)


def through_the_form(kind: Kind, document: JsonObject, context: FormContext) -> JsonObject:
    """Return the document that a browser sends if nothing in the form is changed."""
    group = definition_form(kind, document, context)
    view = FormView(group=group, raw=fill(group, document), address="/")
    page = str(h.form[[form_field(view, each, each.name) for each in group.fields]])
    form = parsed(page).css_first("form")
    assert form is not None
    reading = read(group, nested(sent(form_pairs(form))))
    assert reading.problems == ()
    return reading.document


def check(definition: Definition, context: FormContext) -> None:
    kind = reference_to(definition).kind
    document = through_the_form(kind, write_definition(definition), context)
    assert canonical(read_definition(kind, document)) == canonical(as_shown(definition))


def as_shown(definition: Definition) -> Definition:
    """Return a definition whose text parameters have texts as defaults, as a run sends them."""
    if not isinstance(definition, Job):
        return definition
    parameters = [
        each.model_copy(update={"default": convert(each.default, DataType.STRING, path="")})
        if each.data_type in TEXT_TYPES and not isinstance(each.default, str)
        else each
        for each in definition.parameters
    ]
    return definition.model_copy(update={"parameters": tuple(parameters)})


@pytest.mark.slow
@pytest.mark.parametrize("kind", Kind)
def test_any_definition_survives_its_form(kind: Kind) -> None:
    @examples(30)
    @given(definition=definitions(kind), is_new=st.booleans())
    def survives(definition: Definition, is_new: bool) -> None:
        check(definition, NEW if is_new else STORED)

    survives()


@settings(deadline=None)
@given(value=JSON, data_type=st.none() | st.sampled_from(DataType))
def test_any_value_survives_its_text(value: JsonValue, data_type: DataType | None) -> None:
    if value is None or (data_type in TEXT_TYPES and not isinstance(value, str)):
        # A text is all that such a parameter takes.
        return
    assert read_value(value_text(value, data_type), data_type) == value
    assert type(read_value(value_text(value, data_type), data_type)) is type(value)
