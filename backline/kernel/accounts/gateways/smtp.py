"""Handing a mail to an SMTP server (RFC 5321), and what its answer means.

A mail counts as sent only when the server accepted it. A refusal for good (5xx) is final; anything else, also
a line that broke before the answer, is worth another try. The Message-ID is made from our id and is the same
in every try, so that a mail accepted twice can be told to be one.
"""

import smtplib
from email.utils import parseaddr
from typing import Protocol

from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.smtp import EmailBackend

from backline.kernel.accounts.models import Mail
from backline.kernel.accounts.rules import SmtpSecurity, smtp_server

TIMEOUT_S = 20


class MailRefused(Exception):
    """The server refuses this mail for good."""


class MailDelayed(Exception):
    """The mail was not accepted, or nobody knows whether it was; trying again is right."""


class MailGateway(Protocol):
    """What takes mail."""

    def send(self, mail: Mail) -> None:
        """Hand the mail over. Raises MailRefused or MailDelayed."""


class SmtpGateway:
    """A real server."""

    def __init__(self, url: str, mail_from: str) -> None:
        self._server = smtp_server(url)
        self._mail_from = mail_from

    def send(self, mail: Mail) -> None:
        """Hand the mail over on a connection of its own."""
        try:
            self._message(mail).send(fail_silently=False)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise self._verdict(codes, error) from error
        except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
            raise self._verdict([error.smtp_code], error) from error
        except (smtplib.SMTPException, OSError) as error:
            # Also a refused connection or login: those are the operator's to mend, and the mail waits for
            # that.
            raise MailDelayed(f"{type(error).__name__}: {error}") from error

    @staticmethod
    def _verdict(codes: list[int], error: Exception) -> MailRefused | MailDelayed:
        is_final = bool(codes) and all(500 <= code < 600 for code in codes)
        return MailRefused(str(error)) if is_final else MailDelayed(str(error))

    def _message(self, mail: Mail) -> EmailMultiAlternatives:
        domain = parseaddr(self._mail_from)[1].rpartition("@")[2] or "localhost"
        message = EmailMultiAlternatives(
            subject=mail.subject,
            body=mail.text,
            from_email=self._mail_from,
            to=[mail.to],
            headers={"Message-ID": f"<{mail.id.hex}@{domain}>", "Auto-Submitted": "auto-generated"},
            connection=EmailBackend(
                host=self._server.host,
                port=self._server.port,
                username=self._server.username,
                password=self._server.password,
                use_tls=self._server.security is SmtpSecurity.STARTTLS,
                use_ssl=self._server.security is SmtpSecurity.TLS,
                timeout=TIMEOUT_S,
            ),
        )
        if mail.html:
            message.attach_alternative(mail.html, "text/html")
        return message
