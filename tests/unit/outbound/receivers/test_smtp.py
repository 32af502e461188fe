"""Tests of e-mail by SMTP: encryption, sign-in, refused addresses, and exact failures."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from polysync_core.domain.errors import Invalid, PolysyncError
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.receivers.mail import mail_of
from polysync_core.outbound.receivers.smtp import SmtpMail, server_of
from tests.fakes.authority import Authority
from tests.fakes.smtp import SmtpService, smtp_server
from tests.unit.outbound.receivers.messages import HOSTILE, a_message
from tests.unit.outbound.receivers.test_mail import a_receiver

PASSWORD = "canary-5f1c-password"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


def server_context(authority: Authority, folder: Path) -> ssl.SSLContext:
    (folder / "server.pem").write_text(authority.issue("localhost"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context


def smtp_of(authority: Authority | None = None, **changes: Any) -> SmtpMail:
    def tls() -> ssl.SSLContext:
        return ssl.create_default_context(cadata=authority.pem if authority else None)

    return SmtpMail(**{"allow_loopback": True, "tls": tls, **changes})


def send(smtp: SmtpMail, service: SmtpService, known: str | None = None, **changes: Any) -> None:
    receiver = a_receiver(host="localhost", port=service.port, **changes)
    mail = mail_of(a_message(title=HOSTILE), receiver)
    smtp.send(mail, receiver, None if known is None else Secret(known))


@pytest.mark.parametrize("is_tls", [True, False], ids=["TLS", "STARTTLS"])
def test_a_mail_is_sent_over_an_encrypted_connection_after_the_sign_in(
    authority: Authority, tmp_path: Path, is_tls: bool
) -> None:
    service = SmtpService(tls=server_context(authority, tmp_path), is_tls=is_tls, signs_in=True)
    with smtp_server(service):
        send(
            smtp_of(authority),
            service,
            PASSWORD,
            security="Tls" if is_tls else "StartTls",
            username="polysync",
            password="vault://local/SMTP",
        )
    assert service.sign_ins == [("polysync", PASSWORD)]
    (content,) = service.mails
    mail = message_from_bytes(content, policy=default)
    assert mail["To"] == "team@example.com, boss@example.com"
    assert mail["Bcc"] is None
    sent_to = [each for each in service.commands if each.upper().startswith("RCPT")]
    assert sent_to == ["rcpt to:<team@example.com>", "rcpt to:<boss@example.com>"]
    if not is_tls:
        names = [each.split(" ")[0].upper() for each in service.commands]
        assert names.index("STARTTLS") < names.index("AUTH")


def test_a_certificate_that_is_not_trusted_ends_the_call_before_the_sign_in(
    authority: Authority, tmp_path: Path
) -> None:
    service = SmtpService(tls=server_context(authority, tmp_path), signs_in=True)
    with smtp_server(service), pytest.raises(PolysyncError, match="not trusted"):
        send(smtp_of(), service, PASSWORD, username="u", password="vault://local/SMTP")
    assert service.sign_ins == []
    assert service.mails == []


def test_a_server_without_encryption_gets_no_mail() -> None:
    service = SmtpService()
    with smtp_server(service), pytest.raises(PolysyncError, match="check security"):
        send(smtp_of(), service)
    assert service.mails == []


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"MAIL": "550 5.7.1 no relay"}, r"refused the sender \(550 5.7.1\): check sender"),
        (
            {"RCPT": "550 5.1.1 unknown <b>"},
            r"refused recipients: team@example.com \(550 5.1.1\), boss@example.com \(550 5.1.1\)",
        ),
        ({"DATA": "554 5.3.4 too large"}, r"refused the mail \(554 5.3.4\)"),
        ({"EHLO": "421 busy", "HELO": "421 busy"}, r"refused the mail \(421\)"),
    ],
)
def test_a_refusal_is_reported_with_its_codes_and_without_words(
    answers: dict[str, str], words: str
) -> None:
    service = SmtpService(answers=answers)
    with smtp_server(service), pytest.raises(PolysyncError, match=words) as failure:
        send(smtp_of(), service, security="None")
    assert not {"relay", "unknown", "large", "busy"} & {*str(failure.value).split()}


def test_a_refused_sign_in_names_no_password(authority: Authority, tmp_path: Path) -> None:
    service = SmtpService(
        tls=server_context(authority, tmp_path),
        signs_in=True,
        answers={"AUTH": f"535 5.7.8 wrong {PASSWORD}"},
    )
    with smtp_server(service), pytest.raises(PolysyncError) as failure:
        send(smtp_of(authority), service, PASSWORD, username="u", password="vault://local/SMTP")
    assert "refused the sign-in (535 5.7.8): check username and password" in str(failure.value)
    assert PASSWORD not in str(failure.value) + repr(failure.value.__cause__)


def test_a_port_on_which_nothing_listens_is_named() -> None:
    service = SmtpService()
    with smtp_server(service):
        pass
    with pytest.raises(PolysyncError, match="refused the connection"):
        send(smtp_of(), service)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1"])
def test_a_public_name_that_leads_to_another_address_is_refused(address: str) -> None:
    def resolver(host: str, port: int) -> Sequence[str]:
        return ["93.184.216.34", address]

    receiver = a_receiver()
    with pytest.raises(PolysyncError, match="must not connect"):
        SmtpMail(resolver=resolver).send(mail_of(a_message(), receiver), receiver, None)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"host": "127.0.0.1"}, "host"),
        ({"host": "localhost"}, "host"),
        ({"host": "smtp"}, "host"),
        ({"host": "0x7f.1"}, "host"),
        ({"host": "user@smtp.example.com"}, "host"),
        ({"host": "smtp.example.com/x"}, "host"),
        ({"host": "smtp.example.com:25"}, "host"),
        ({"host": "[::1]"}, "host"),
        ({"port": 22}, "port"),
        ({"security": "None"}, "security"),
    ],
)
def test_an_address_that_is_not_allowed_is_refused(changes: dict[str, Any], path: str) -> None:
    with pytest.raises(Invalid) as failure:
        server_of(a_receiver(**changes), allow_loopback=False)
    assert failure.value.problems[0].path == path
