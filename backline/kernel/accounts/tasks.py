"""Job entry points of accounts: hand over one mail, forget the mail of an erased person, keep the tables
small.
"""

from uuid import UUID

import structlog
from django.db import transaction
from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from backline.kernel.accounts import rules, tokens
from backline.kernel.accounts.gateways.smtp import MailDelayed, MailGateway, MailRefused, SmtpGateway
from backline.kernel.accounts.models import Mail, MailState
from backline.kernel.kit.clock import now
from backline.kernel.kit.conf import conf

log = structlog.get_logger("accounts.mail")

MAX_TRIES = 20  # each wait is a minute longer than the last: about three hours in all
WAITS = RetryStrategy(max_attempts=MAX_TRIES, linear_wait=60)


def hand_over(mail_id: UUID, gateway: MailGateway, *, is_last_try: bool) -> MailState:
    """Hand a queued mail to the server and record what came of it; raises MailDelayed where another try is
    due.

    No transaction is open while the server is talked to. A process killed between the server's answer and our
    record sends the mail again: a mail too many is better than one too few, and both carry the same
    Message-ID.
    """
    mail = Mail.objects.filter(id=mail_id).first()
    if mail is None or mail.state != MailState.QUEUED:
        return MailState.SENT if mail is None else MailState(mail.state)
    try:
        gateway.send(mail)
    except MailRefused as error:
        return _record(mail_id, MailState.FAILED, error=str(error))
    except MailDelayed as error:
        state = _record(mail_id, MailState.FAILED if is_last_try else MailState.QUEUED, error=str(error))
        if state is MailState.QUEUED:
            raise
        return state
    return _record(mail_id, MailState.SENT)


def _record(mail_id: UUID, state: MailState, *, error: str = "") -> MailState:
    if error:
        log.warning("accounts.mail_not_accepted", mail_id=str(mail_id), state=state.value, error=error)
    with transaction.atomic():
        Mail.objects.filter(id=mail_id, state=MailState.QUEUED).update(
            state=state, last_error=error[:2000], sent_at=now() if state is MailState.SENT else None
        )
    return state


@app.task(name="accounts.send_mail", retry=WAITS, pass_context=True)
def send_mail(context: JobContext, mail_id: str) -> None:
    """Hand one mail to the SMTP server; raises MailDelayed so that the queue tries again later."""
    url = conf().smtp_url
    if url is None:
        # The operator took the server away again: the mail shows up in the mailbox page.
        Mail.objects.filter(id=mail_id, state=MailState.QUEUED).update(state=MailState.CAUGHT)
        return
    tries = context.job.attempts + 1
    hand_over(UUID(mail_id), SmtpGateway(url, conf().mail_from), is_last_try=tries >= MAX_TRIES)


@app.task(name="accounts.forget_mail", retry=RetryStrategy(max_attempts=5, linear_wait=60))
def forget_mail(user_id: str) -> None:
    """Delete every mail we wrote to a person who was erased."""
    Mail.objects.filter(user_id=user_id).delete()


@app.periodic(cron="41 3 * * *")
@app.task(name="accounts.tidy", queueing_lock="accounts.tidy")
def tidy(timestamp: int) -> None:
    """Every night: forget old mail, spent refresh tokens and ended sessions."""
    from django.contrib.sessions.models import Session

    Mail.objects.filter(created_at__lt=now() - rules.MAIL_IS_KEPT).delete()
    tokens.forget_spent_tokens(now() - rules.SPENT_TOKENS_ARE_KEPT)
    Session.objects.filter(expire_date__lt=now()).delete()
