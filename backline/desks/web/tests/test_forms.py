import pytest
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from hypothesis import given
from hypothesis import strategies as st

from backline.core.artists.actions import ProfileChange
from backline.core.artists.models import WorldState
from backline.core.artists.rules import Link
from backline.core.catalog.actions.tracks import CreditLine, HookChange
from backline.core.catalog.models import CreditRole
from backline.desks.web.forms import BadField, Files, read_track, read_world
from backline.desks.web.words import seconds
from backline.kernel.kit.money import Currency, Money

NO_FILES: Files = MultiValueDict()


def test_a_world_form_becomes_a_change() -> None:
    post = QueryDict(
        "handle=mira&name=Mira&bio=hello&location=Oslo&genres=dub,+folk,,&link_label=&link_url=https://a.example"
        "&link_label=Shop&link_url=https://b.example&link_label=unused&link_url=&price=7,50&price_currency=EUR"
        "&state=published&remove_cover=yes"
    )

    assert read_world(post, NO_FILES) == ProfileChange(
        handle="mira",
        name="Mira",
        bio="hello",
        location="Oslo",
        genres=["dub", " folk"],
        links=[Link("", "https://a.example"), Link("Shop", "https://b.example")],
        price=Money(750, Currency.EUR),
        state=WorldState.PUBLISHED,
        cleared=frozenset({"cover"}),
    )


@pytest.mark.parametrize("text", ["7.505", "-1", "seven", "nan", "inf", "1e30", "99999999999"])
def test_a_price_that_is_none_names_the_field(text: str) -> None:
    with pytest.raises(BadField) as refused:
        read_world(QueryDict(f"price={text}&price_currency=USD"), NO_FILES)

    assert refused.value.data == {"field": "price"}


def test_a_currency_without_decimals_takes_whole_prices_only() -> None:
    assert read_world(QueryDict("price=500&price_currency=JPY"), NO_FILES).price == Money(500, Currency.JPY)
    with pytest.raises(BadField):
        read_world(QueryDict("price=5.5&price_currency=JPY"), NO_FILES)


@pytest.mark.parametrize(("field", "value"), [("state", "gone"), ("price_currency", "XXX")])
def test_a_choice_that_was_not_offered_is_refused(field: str, value: str) -> None:
    with pytest.raises(BadField) as refused:
        read_world(QueryDict(f"{field}={value}"), NO_FILES)

    assert refused.value.data == {"field": field}


def test_a_track_form_becomes_a_change() -> None:
    post = QueryDict(
        "title=Tide&number=3&year=&is_explicit=yes&credit_name=Ana&credit_role=producer&credit_name=+&credit_role=vocals"
        "&hook_start=41.25&hook_length=20&then=publish"
    )

    change = read_track(post, NO_FILES)

    assert (change.title, change.number, change.year, change.is_explicit) == ("Tide", 3, None, True)
    assert change.credits == [CreditLine("Ana", CreditRole.PRODUCER)]
    assert change.hook == HookChange(start_ms=41_250, duration_ms=20_000)
    assert change.published is True


def test_a_track_that_is_not_ready_sends_no_hook_and_no_wish() -> None:
    change = read_track(QueryDict("title=Tide"), NO_FILES)

    assert change.hook is None
    assert change.published is None


@pytest.mark.parametrize("text", ["", "x", "-1", "nan", "1e99"])
def test_a_hook_that_is_no_time_names_the_field(text: str) -> None:
    with pytest.raises(BadField) as refused:
        read_track(QueryDict(f"hook_start={text}&hook_length=10"), NO_FILES)

    assert refused.value.data == {"field": "hook_start"}


@pytest.mark.parametrize("text", ["-1", "3.5", "99999", "\u0663"])
def test_a_number_that_is_none_names_the_field(text: str) -> None:
    post = QueryDict(mutable=True)
    post["number"] = text

    with pytest.raises(BadField) as refused:
        read_track(post, NO_FILES)

    assert refused.value.data == {"field": "number"}


@given(st.integers(min_value=0, max_value=3 * 3600 * 1000), st.integers(min_value=1, max_value=30_000))
def test_the_hook_comes_back_from_the_form_to_the_millisecond(start_ms: int, duration_ms: int) -> None:
    post = QueryDict(f"hook_start={seconds(start_ms)}&hook_length={seconds(duration_ms)}")

    assert read_track(post, NO_FILES).hook == HookChange(start_ms, duration_ms)
