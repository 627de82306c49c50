"""Caught mail holds links that open accounts: who may read it, and what the page makes of it."""

from typing import Any

import pytest
from django.test import Client

from backline.kernel.accounts.mail import send_mail
from backline.kernel.accounts.models import Role
from backline.kernel.accounts.testing import make_admin, make_user, sign_in_by_page

pytestmark = pytest.mark.django_db

ELSEWHERE = "192.0.2.7"


@pytest.fixture(autouse=True)
def mails() -> None:
    send_mail(to="a@example.org", subject="First", text="Open http://testserver/x?a=1&b=2 now.\nBye")
    send_mail(to="b@example.org", subject="Second <script>", text="javascript:alert(1)")


def test_somebody_at_the_machine_reads_it_newest_first_with_links_to_follow(client: Client) -> None:
    html = client.get("/mailbox").content.decode()

    assert html.index("Second &lt;script&gt;") < html.index("First")
    assert '<a href="http://testserver/x?a=1&amp;b=2" rel="noreferrer">' in html
    assert html.count('rel="noreferrer"') == 1


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-Ip", "Via"])
def test_a_call_through_a_proxy_finds_nothing(client: Client, header: str) -> None:
    assert client.get("/mailbox", headers={header: "127.0.0.1"}).status_code == 404


def test_a_stranger_an_artist_and_a_moderator_find_nothing(client: Client) -> None:
    assert client.get("/mailbox", REMOTE_ADDR=ELSEWHERE).status_code == 404
    for roles in ((Role.ARTIST,), (Role.MODERATOR,)):
        browser = Client(REMOTE_ADDR=ELSEWHERE)
        sign_in_by_page(browser, make_user(roles=roles))
        assert browser.get("/mailbox").status_code == 404


def test_an_admin_reads_it_from_elsewhere() -> None:
    browser = Client(REMOTE_ADDR=ELSEWHERE)
    sign_in_by_page(browser, make_admin())

    assert "First" in browser.get("/mailbox").content.decode()


def test_with_a_mail_server_there_is_no_mailbox(client: Client, settings: Any) -> None:
    settings.BACKLINE = settings.BACKLINE.model_copy(update={"smtp_url": "smtp://127.0.0.1:1"})

    assert client.get("/mailbox").status_code == 404
