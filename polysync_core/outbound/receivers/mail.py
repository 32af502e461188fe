"""Formats a notification message as an e-mail, in plain text and HTML."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape

from polysync_core.domain.definitions.receivers import EmailReceiver
from polysync_core.domain.notifications.messages import Message
from polysync_core.domain.notifications.notices import Story
from polysync_core.outbound.receivers.texts import one_line

_LONGEST_SUBJECT = 200
_DOMAIN = "polysync.invalid"
"""The right side of message ids; it names no host, so it reveals none."""


def subject_of(message: Message) -> str:
    """Return the subject, on one line."""
    return one_line(f"[Polysync] {message.title}", _LONGEST_SUBJECT)


def thread_headers(message: Message, receiver: str) -> dict[str, str]:
    """Return the headers by which mail programs show the mails about a run together."""
    threads = [_id_of(receiver, run_id) for run_id in message.run_ids]
    headers = {"Message-ID": _id_of(receiver, message.id)}
    if threads:
        headers |= {"In-Reply-To": threads[0], "References": " ".join(threads)}
    return headers


def mail_of(message: Message, receiver: EmailReceiver) -> EmailMessage:
    """Return the e-mail; the policy refuses line breaks in headers."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = receiver.sender
    mail["To"] = ", ".join(receiver.to)
    mail["Subject"] = subject_of(message)
    mail["Date"] = format_datetime(message.at)
    mail["Auto-Submitted"] = "auto-generated"
    for name, value in thread_headers(message, receiver.name).items():
        mail[name] = value
    mail.set_content(text_of(message))
    mail.add_alternative(html_of(message), subtype="html")
    return mail


def text_of(message: Message) -> str:
    """Return the message as plain text."""
    return "\n".join(_lines(message)) + "\n"


def html_of(message: Message) -> str:
    """Return the message as HTML; every text is escaped."""
    parts = [f"<h2>{escape(one_line(message.title, 500))}</h2>"]
    if message.text:
        parts.append(f"<p>{escape(one_line(message.text, 2_000))}</p>")
    parts += [_story_html(each, has_headline=message.has_headlines) for each in message.stories]
    if message.others:
        parts.append(f"<p>Also: {escape(one_line(', '.join(message.others), 4_000))}</p>")
    if message.console_url:
        parts.append(f"<p>{_link(message.console_url, 'Open Polysync')}</p>")
    return f"<!doctype html><html><body>{''.join(parts)}</body></html>\n"


def _lines(message: Message) -> Iterator[str]:
    yield one_line(message.title, 500)
    if message.text:
        yield one_line(message.text, 2_000)
    for story in message.stories:
        yield ""
        if message.has_headlines:
            yield one_line(story.headline, 200)
        yield from (f"{label}: {one_line(text, 1_100)}" for label, text in story.facts())
        yield from (f"{label}: {url}" for label, url in _links(story))
    if message.others:
        yield ""
        yield f"Also: {one_line(', '.join(message.others), 4_000)}"
    if message.console_url:
        yield ""
        yield f"Polysync: {message.console_url}"


def _story_html(story: Story, *, has_headline: bool) -> str:
    title = f"<h3>{escape(one_line(story.headline, 200))}</h3>" if has_headline else ""
    rows = "".join(
        f"<tr><th align='left'>{escape(label)}</th><td>{escape(one_line(text, 1_100))}</td></tr>"
        for label, text in story.facts()
    )
    links = " · ".join(_link(url, label) for label, url in _links(story))
    return f"{title}<table>{rows}</table><p>{links}</p>"


def _links(story: Story) -> Iterator[tuple[str, str]]:
    for label, url in (("In Polysync", story.console_url), ("Platform", story.platform_url)):
        if url:
            yield label, url


def _link(url: str, text: str) -> str:
    """Return a link; an address of another scheme is shown as text only."""
    if not url.startswith(("https://", "http://")):
        return escape(url)
    return f'<a href="{escape(url)}">{escape(text)}</a>'


def _id_of(receiver: str, text: str) -> str:
    """Return a message id of safe characters, unique for each receiver and text."""
    digest = hashlib.sha256(f"{receiver}/{text}".encode()).hexdigest()[:32]
    return f"<{digest}@{_DOMAIN}>"
