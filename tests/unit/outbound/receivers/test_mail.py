"""Tests of e-mails: their headers, both forms of their text, and their threads."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import read_definition
from polysync_core.domain.definitions.receivers import EmailReceiver
from polysync_core.outbound.receivers.mail import mail_of
from tests.unit.outbound.receivers.messages import HOSTILE, a_message, a_story, the_largest_message


def a_receiver(**changes: Any) -> EmailReceiver:
    document = {
        "name": "list",
        "type": "Email",
        "to": ["team@example.com", "boss@example.com"],
        "sender": "polysync@example.com",
        "service": "Smtp",
        "host": "smtp.example.com",
    }
    receiver = read_definition(Kind.RECEIVER, document | changes)
    assert isinstance(receiver, EmailReceiver)
    return receiver


def sent(*stories: Any, **changes: Any) -> Any:
    mail = mail_of(a_message(*stories, **changes), a_receiver())
    return message_from_bytes(mail.as_bytes(), policy=default)


def test_a_mail_has_plain_text_and_html_with_the_story() -> None:
    mail = sent()
    assert (mail["From"], mail["To"]) == (
        "polysync@example.com",
        "team@example.com, boss@example.com",
    )
    assert mail["Subject"] == "[Polysync] load failed"
    assert mail["Auto-Submitted"] == "auto-generated"
    plain, html = mail.iter_parts()
    assert (plain.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    for text in (plain.get_content(), html.get_content()):
        assert "Correct the artefact." in text
        assert "landing-check" in text
        assert "https://polysync.example.com/console/runs/rabc" in text


def test_html_escapes_every_text() -> None:
    html = sent(a_story(subject=HOSTILE), a_story(), title=HOSTILE, text=HOSTILE).get_body(
        ("html",)
    )
    text = html.get_content()
    assert "<!channel>" not in text
    assert "<b>" not in text
    assert "&lt;b&gt;" in text


def test_a_link_of_another_scheme_is_no_link() -> None:
    html = sent(a_story(platform_url="javascript:alert(1)")).get_body(("html",)).get_content()
    assert 'href="javascript' not in html


@pytest.mark.parametrize("title", [HOSTILE, "a\r\nBcc: x@example.com", "a\nb", "ä\u2028b\x00c"])
def test_no_title_adds_a_header(title: str) -> None:
    mail = sent(title=title)
    assert mail["Bcc"] is None
    assert set(mail.keys()) == {
        "From", "To", "Subject", "Date", "Auto-Submitted", "Message-ID", "In-Reply-To",
        "References", "MIME-Version", "Content-Type",
    }  # fmt: skip


def test_mails_about_one_run_have_one_thread_and_each_its_own_id() -> None:
    failed = sent(a_story(run_id="r1"), id="m1")
    again = sent(a_story(run_id="r1"), id="m1")
    recovered = sent(a_story(run_id="r2", former_run="r1"), id="m2")
    assert failed["Message-ID"] == again["Message-ID"] != recovered["Message-ID"]
    assert failed["In-Reply-To"] == recovered["In-Reply-To"]
    assert failed["In-Reply-To"] in recovered["References"]


def test_the_largest_message_is_a_valid_mail() -> None:
    mail = message_from_bytes(
        mail_of(the_largest_message(), a_receiver()).as_bytes(), policy=default
    )
    assert len(mail["Subject"]) <= 200
    assert not mail.defects
