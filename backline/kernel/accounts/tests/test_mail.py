"""Mail is handed to a real SMTP server by a job, once, and what the server says is recorded."""

import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from typing import Any, cast

import pytest
from django.db import connection, transaction

from backline.kernel.accounts import tasks
from backline.kernel.accounts.gateways.smtp import MailDelayed, SmtpGateway
from backline.kernel.accounts.mail import send_mail
from backline.kernel.accounts.models import Mail, MailState

FROM = "Backline <hello@backline.example>"


@dataclass
class Script:
    """What the server answers, and what it was given."""

    to_recipient: str = "250 fine"
    to_data: str = "250 taken"
    hangs_up_after_data: bool = False
    mails: list[bytes] = field(default_factory=list)
    sessions_in_transaction: list[bool] = field(default_factory=list)


class Smtp(socketserver.StreamRequestHandler):
    """As much of RFC 5321 as a client needs to hand over one mail."""

    def handle(self) -> None:
        script = cast("Server", self.server).script
        self.say("220 test")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb in (b"EHLO", b"HELO"):
                self.say("250 test")
            elif verb == b"RCPT":
                self.say(script.to_recipient)
            elif verb == b"DATA":
                self.say("354 go on")
                script.mails.append(self.body())
                if script.hangs_up_after_data:
                    return
                self.say(script.to_data)
            elif verb == b"QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 fine")

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def body(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        return b"".join(lines)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Smtp)
        self.script = Script()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}"


@pytest.fixture
def server(settings: Any) -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        settings.BACKLINE = settings.BACKLINE.model_copy(update={"smtp_url": running.url, "mail_from": FROM})
        yield running
        running.shutdown()
        thread.join()


def write() -> Mail:
    return send_mail(to="mira@example.org", subject="Größe\nline", text="Hello\n.dot\n", html="<p>Hello</p>")


@pytest.mark.django_db
def test_without_a_server_mail_is_caught_and_no_job_is_made() -> None:
    mail = write()

    assert mail.state == MailState.CAUGHT
    assert jobs() == 0


def jobs() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'accounts.send_mail' AND queue_name = 'mail'"
        )
        return int(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_a_mail_of_a_transaction_that_rolled_back_never_was(server: Server) -> None:
    with transaction.atomic():
        write()
        transaction.set_rollback(True)
    assert (Mail.objects.count(), jobs()) == (0, 0)

    with transaction.atomic():
        write()
    assert (Mail.objects.count(), jobs()) == (1, 1)


@pytest.mark.django_db
def test_a_mail_is_handed_over_whole_and_recorded(server: Server) -> None:
    mail = write()

    assert tasks.hand_over(mail.id, SmtpGateway(server.url, FROM), is_last_try=False) is MailState.SENT

    mail.refresh_from_db()
    assert (mail.state, mail.last_error) == ("sent", "")
    assert mail.sent_at is not None
    [raw] = server.script.mails
    seen = message_from_bytes(raw)
    assert seen["To"] == "mira@example.org"
    assert seen["From"] == FROM
    assert seen["Message-ID"] == f"<{mail.id.hex}@backline.example>"
    assert "\n" not in mail.subject
    parts = [part.get_content_type() for part in seen.walk()]
    assert parts == ["multipart/alternative", "text/plain", "text/html"]


@pytest.mark.django_db
def test_a_mail_that_was_sent_is_not_sent_again(server: Server) -> None:
    mail = write()
    gateway = SmtpGateway(server.url, FROM)

    assert [tasks.hand_over(mail.id, gateway, is_last_try=False) for _ in range(2)] == [MailState.SENT] * 2
    assert len(server.script.mails) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(("to_recipient", "to_data"), [("550 no such user", "250 ok"), ("250 ok", "554 spam")])
def test_a_refusal_for_good_is_final(server: Server, to_recipient: str, to_data: str) -> None:
    server.script.to_recipient, server.script.to_data = to_recipient, to_data
    mail = write()

    assert tasks.hand_over(mail.id, SmtpGateway(server.url, FROM), is_last_try=False) is MailState.FAILED

    mail.refresh_from_db()
    assert (mail.state, mail.sent_at) == ("failed", None)
    assert (to_recipient if to_data.startswith("250") else to_data)[4:] in mail.last_error


@pytest.mark.django_db
@pytest.mark.parametrize(("to_recipient", "to_data"), [("451 later", "250 ok"), ("250 ok", "452 full")])
def test_a_refusal_for_now_is_tried_again_and_given_up_at_last(server: Server, to_recipient: str, to_data: str) -> None:
    server.script.to_recipient, server.script.to_data = to_recipient, to_data
    mail = write()
    gateway = SmtpGateway(server.url, FROM)

    with pytest.raises(MailDelayed):
        tasks.hand_over(mail.id, gateway, is_last_try=False)
    mail.refresh_from_db()
    assert mail.state == "queued"
    assert mail.last_error

    assert tasks.hand_over(mail.id, gateway, is_last_try=True) is MailState.FAILED


@pytest.mark.django_db
def test_a_line_that_breaks_before_the_answer_is_not_taken_for_sent_and_the_second_try_is_the_same_mail(
    server: Server,
) -> None:
    server.script.hangs_up_after_data = True
    mail = write()
    gateway = SmtpGateway(server.url, FROM)

    with pytest.raises(MailDelayed):
        tasks.hand_over(mail.id, gateway, is_last_try=False)
    mail.refresh_from_db()
    assert (mail.state, mail.sent_at) == ("queued", None)
    server.script.hangs_up_after_data = False
    assert tasks.hand_over(mail.id, gateway, is_last_try=False) is MailState.SENT

    first, second = (message_from_bytes(raw) for raw in server.script.mails)
    assert first["Message-ID"] == second["Message-ID"]


@pytest.mark.django_db
def test_a_server_that_is_not_there_is_tried_again() -> None:
    mail = Mail.objects.create(to="a@example.org", subject="S", text="T")

    with pytest.raises(MailDelayed):
        tasks.hand_over(mail.id, SmtpGateway("smtp://127.0.0.1:1", FROM), is_last_try=False)


@pytest.mark.django_db
def test_no_transaction_is_open_while_the_server_is_talked_to(settings: Any) -> None:
    seen: list[bool] = []

    class Watching:
        def send(self, mail: Mail) -> None:
            seen.append(len(connection.savepoint_ids) > 0)

    mail = Mail.objects.create(to="a@example.org", subject="S", text="T")
    tasks.hand_over(mail.id, Watching(), is_last_try=False)

    assert seen == [False]


@pytest.mark.django_db
def test_old_mail_is_forgotten() -> None:
    from datetime import timedelta

    from backline.kernel.kit.clock import now

    old, new = write(), write()
    Mail.objects.filter(id=old.id).update(created_at=now() - timedelta(days=31))

    tasks.tidy(timestamp=0)

    assert list(Mail.objects.values_list("id", flat=True)) == [new.id]
