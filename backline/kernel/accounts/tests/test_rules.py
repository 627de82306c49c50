"""What an address, a name, a password and a mail server may be."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backline.kernel.accounts import rules


def test_an_address_is_kept_in_lower_case_and_trimmed() -> None:
    assert rules.clean_email("  Mira.Okonkwo@Example.ORG ") == "mira.okonkwo@example.org"


@pytest.mark.parametrize(
    "text",
    ["", "mira", "mira@", "@example.org", "a b@example.org", "a@b\x00.org", "a" * 250 + "@example.org"],
)
def test_what_is_not_an_address_is_refused(text: str) -> None:
    with pytest.raises(rules.BadValue):
        rules.clean_email(text)


@given(st.emails())
def test_cleaning_an_address_twice_changes_nothing(email: str) -> None:
    try:
        cleaned = rules.clean_email(email)
    except rules.BadValue:
        return  # RFC 5322 allows more than any mail server takes
    assert rules.clean_email(cleaned) == cleaned
    assert cleaned == cleaned.lower()


@pytest.mark.parametrize("name", ["Sufjan", "坂本 龍一", "أم كلثوم", "Bjӧrk", "🎛️ modular", "नुसरत फ़तेह अली ख़ान"])
def test_names_of_any_script_are_taken(name: str) -> None:
    assert rules.clean_name(name) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize("name", ["", "   ", "a\x00b", "a\x07b", "\u202e\u2066", "x" * 121])
def test_names_that_cannot_be_meant_are_refused(name: str) -> None:
    with pytest.raises(rules.BadValue):
        rules.clean_name(name)


def test_direction_overrides_are_taken_out_of_names_and_marks_stay() -> None:
    assert rules.clean_name("Mira\u202eevil") == "Miraevil"
    assert rules.clean_name("מירה\u200f!") == "מירה\u200f!"


@given(st.text(max_size=300))
def test_a_clean_name_has_no_control_characters_and_fits(text: str) -> None:
    try:
        name = rules.clean_name(text)
    except rules.BadValue:
        return
    assert 1 <= len(name) <= rules.NAME_MAX
    assert not [ch for ch in name if unicodedata.category(ch) in ("Cc", "Cs")]
    assert rules.clean_name(name) == name


@pytest.mark.parametrize("password", ["", "nine char", "x" * 257, "long enough\x00 but"])
def test_passwords_of_wrong_length_are_refused(password: str) -> None:
    with pytest.raises(rules.BadValue):
        rules.check_password_length(password)


def test_the_shortest_and_the_longest_password_are_taken() -> None:
    rules.check_password_length("x" * 10)
    rules.check_password_length("x" * 256)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example", rules.SmtpServer("mail.example", 25, "", "", rules.SmtpSecurity.NONE)),
        (
            "smtp+starttls://me%40x:p%2Fw@mail.example",
            rules.SmtpServer("mail.example", 587, "me@x", "p/w", rules.SmtpSecurity.STARTTLS),
        ),
        (
            "smtps://u:p@mail.example:4650",
            rules.SmtpServer("mail.example", 4650, "u", "p", rules.SmtpSecurity.TLS),
        ),
    ],
)
def test_a_mail_server_is_read_from_its_address(url: str, expected: rules.SmtpServer) -> None:
    assert rules.smtp_server(url) == expected


@pytest.mark.parametrize("url", ["http://mail.example", "smtp://", "mail.example"])
def test_what_is_no_mail_server_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="must be like"):
        rules.smtp_server(url)


def test_links_of_a_mail_stand_apart_from_its_words() -> None:
    pieces = rules.split_links("Open http://x.example/a?b=c. Or <https://y.example>!")

    assert [(piece.text, piece.is_link) for piece in pieces] == [
        ("Open ", False),
        ("http://x.example/a?b=c", True),
        (". Or <", False),
        ("https://y.example", True),
        (">!", False),
    ]


@given(st.text())
def test_the_pieces_of_a_mail_are_the_mail(text: str) -> None:
    assert "".join(piece.text for piece in rules.split_links(text)) == text


def test_a_name_is_made_from_an_address_where_none_is_told() -> None:
    assert rules.name_from_email("mira.o@example.org") == "mira.o"
    assert rules.name_from_email("") == "Listener"
