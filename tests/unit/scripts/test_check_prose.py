"""The check of names and prose."""

from __future__ import annotations

import pytest

from scripts.check_prose import Finding, check_markdown, check_python, first_sentence, is_banned


def messages(source: str, path: str = "polysync_core/example.py") -> list[str]:
    return [finding.message for finding in check_python(path, source)]


@pytest.mark.parametrize("name", ["told", "is_told", "whoever", "nobodyHere", "place", "STILLBORN"])
def test_a_banned_word_is_found_as_a_part_of_an_identifier(name: str) -> None:
    assert is_banned(name)


@pytest.mark.parametrize("name", ["replace", "placeholder", "stolen", "indoors_heating", "folder"])
def test_a_word_that_only_contains_the_letters_is_allowed(name: str) -> None:
    assert not is_banned(name)


def test_each_banned_identifier_is_reported_once_with_its_line() -> None:
    findings = list(check_python("a.py", "first = 1\ntold = 2\nprint(told)\n"))
    assert findings == [Finding(path="a.py", line=2, message="banned identifier: told")]


def test_a_module_with_a_banned_name_is_reported() -> None:
    assert messages("", "polysync_core/doors.py") == ["banned name of a module or folder: doors"]


def test_an_unclear_phrase_is_found_in_comments_and_texts() -> None:
    found = messages('# Nobody reads it.\ntext = "whatever it is"\n')
    assert found == ["unclear phrase: Nobody", "unclear phrase: whatever"]


def test_a_first_sentence_may_have_fifteen_words() -> None:
    sentence = " ".join(["word"] * 15) + "."
    assert messages(f'"""{sentence}"""\n') == []
    assert "first sentence of 16 words" in messages(f'"""One {sentence}"""\n')[0]


def test_only_the_first_sentence_is_counted() -> None:
    text = "Return the runs that hold a lease. " + "This explanation is long. " * 20
    assert first_sentence(text) == "Return the runs that hold a lease."
    assert messages(f'"""{text.strip()}"""\n') == []


@pytest.mark.parametrize("opening", ["What a run needs.", "Whether it ended.", "Tell the caller."])
def test_an_opening_that_hides_the_subject_is_found(opening: str) -> None:
    (message,) = messages(f'def f():\n    """{opening}"""\n')
    assert message.startswith("vague opening")


@pytest.mark.parametrize("text", ["When it ended.", "Why it failed.", "Return what it reads."])
def test_the_texts_of_fields_and_constants_are_checked(text: str) -> None:
    (of_field,) = messages(f'class Run:\n    end: int\n    """{text}"""\n')
    (of_constant,) = messages(f'END = 1\n"""{text}"""\n')
    assert of_field == of_constant == f"vague opening: {text}"


def test_a_field_text_that_names_its_subject_is_allowed() -> None:
    assert messages('class Run:\n    end: int\n    """The time at which it ended."""\n') == []


def test_documentation_is_checked_line_by_line() -> None:
    (finding,) = check_markdown("docs/page.md", "Fine.\nSomebody must look.\n")
    assert (finding.line, finding.message) == (2, "unclear phrase: Somebody")
