"""Mail to people: written with the change that causes it, handed over by a job after that change is
committed.

Without an SMTP server mail is *caught*: it stays here and the local mailbox page shows it. Links in mail
always lead to the public address, never to the Host header of whoever asked.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from django.template.loader import render_to_string
from django.urls import reverse

from backline.kernel.accounts.models import Mail, MailState, User
from backline.kernel.kit.conf import conf
from backline.kernel.outbox.jobs import Lane, defer

SUBJECT_MAX = 200


@dataclass(frozen=True, slots=True)
class Site:
    """What mail calls this installation."""

    name: str
    domain: str


def site() -> Site:
    """This installation."""
    return Site(name="Backline", domain=urlsplit(conf().public_url).netloc)


def public_address(path: str) -> str:
    """The full address of a path of ours."""
    return conf().public_url.rstrip("/") + path


def send_mail(*, to: str, subject: str, text: str, html: str = "", user_id: UUID | None = None) -> Mail:
    """Write a mail; it is sent after the current transaction commits, or caught where no server is
    configured.
    """
    is_sendable = conf().smtp_url is not None
    mail = Mail(
        to=to,
        user_id=user_id,
        subject=" ".join(subject.split())[:SUBJECT_MAX],
        text=text,
        html=html,
        state=MailState.QUEUED if is_sendable else MailState.CAUGHT,
    )
    mail.save(force_insert=True)
    if is_sendable:
        defer("accounts.send_mail", lane=Lane.MAIL, mail_id=str(mail.id))
    return mail


def send_template(prefix: str, *, to: str, context: dict[str, object], user_id: UUID | None = None) -> Mail:
    """Write the mail of a pair of templates, `<prefix>_subject.txt` and `<prefix>_message.txt`."""
    full = {"current_site": site(), "email": to, **context}
    return send_mail(
        to=to,
        subject=render_to_string(f"{prefix}_subject.txt", full),
        text=render_to_string(f"{prefix}_message.txt", full).strip() + "\n",
        user_id=user_id,
    )


def send_confirmation(address: EmailAddress, *, is_new: bool) -> None:
    """Mail the link that shows that the address is its owner's; the link works for three days."""
    key = EmailConfirmationHMAC.create(address).key
    send_template(
        "account/email/email_confirmation_signup" if is_new else "account/email/email_confirmation",
        to=address.email,
        context={
            "user": address.user,
            "activate_url": public_address(reverse("account_confirm_email", args=[key])),
        },
        user_id=address.user_id,
    )


def tell_owner_of_sign_up(owner: User) -> None:
    """Tell the owner of an address that somebody tried to sign up with it, and how to get in."""
    send_template(
        "account/email/account_already_exists",
        to=owner.email,
        context={
            "user": owner,
            "login_url": public_address(reverse("account_login")),
            "password_reset_url": public_address(reverse("account_reset_password")),
        },
        user_id=owner.id,
    )
