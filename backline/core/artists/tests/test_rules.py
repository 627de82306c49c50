import pytest
from hypothesis import given
from hypothesis import strategies as st

from backline.core.artists import rules
from backline.core.artists.rules import BadValue, Link


@pytest.mark.parametrize(
    ("text", "handle"), [("Nova", "nova"), (" @dj-x ", "dj-x"), ("a_b", "a_b"), ("x1", "x1"), ("n" * 40, "n" * 40)]
)
def test_handles_have_one_spelling(text: str, handle: str) -> None:
    assert rules.clean_handle(text) == handle


@pytest.mark.parametrize(
    "text", ["", "a", "-ab", "ab-", "a b", "a.b", "ä-b", "n" * 41, "studio", "Admin", "api", "a\x00b", "../x", "аdmin"]
)
def test_other_handles_are_refused_with_a_reason(text: str) -> None:
    with pytest.raises(BadValue, match=r"a handle has|a word that the site"):
        rules.clean_handle(text)


@given(st.text(max_size=300))
def test_a_cleaned_line_is_clean_and_stays_as_it_is(text: str) -> None:
    try:
        line = rules.clean_line(text, max_length=200)
    except BadValue:
        return
    assert "\x00" not in line
    assert "\n" not in line
    assert len(line) <= 200
    assert rules.clean_line(line, max_length=200) == line


def test_names_in_any_script_and_direction_are_kept() -> None:
    for name in ("Björk", "美空ひばり", "أم كلثوم", "עידן רייכל", "Ноize", "🎷 Trio"):
        assert rules.clean_line(name, max_length=120) == name


def test_genres_are_lower_case_and_each_once() -> None:
    assert rules.clean_genres(["Dub", " dub ", "", "Ambient"]) == ["dub", "ambient"]
    with pytest.raises(BadValue, match="at most 8"):
        rules.clean_genres([str(n) for n in range(9)])


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "ftp://x.org", "https://", "x.org", "https://a:b@x.org", "data:x"]
)
def test_links_are_web_addresses(url: str) -> None:
    with pytest.raises(BadValue, match="not a web address"):
        rules.clean_links([Link("me", url)])


def test_a_link_without_label_shows_its_host() -> None:
    assert rules.clean_links([Link("", "https://nova.example/a")]) == [Link("nova.example", "https://nova.example/a")]
