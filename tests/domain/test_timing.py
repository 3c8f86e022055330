"""Timing verdicts, and the day in China at a moment."""

from datetime import UTC, date, datetime

import pytest

from registry.domain.timing import (
    EVENTS,
    ORGANISATIONS,
    day_of,
    days_of_month,
    first_day_after,
    verdicts,
)

FRESH = ("2025-01-01", "2025-12-31")
CLAIM = ("2025-01-01", "2025-06-30")


def on(day):
    return date.fromisoformat(day), date.fromisoformat(day)


def at_us(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("moment_us", "day"),
    [
        (0, "1970-01-01"),
        (at_us("2026-03-01T15:59:59") + 999_999, "2026-03-01"),
        (at_us("2026-03-01T16:00:00"), "2026-03-02"),
        (at_us("2024-02-28T16:00:00"), "2024-02-29"),
        (at_us("2024-02-29T16:00:00"), "2024-03-01"),
        (at_us("2023-02-28T16:00:00"), "2023-03-01"),
        (at_us("2025-12-31T16:00:00"), "2026-01-01"),
        (2**53 - 1, "2255-06-06"),
    ],
)
def test_a_day_begins_at_midnight_in_china(moment_us, day):
    assert day_of(moment_us) == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("day", "first"),
    [
        ("2026-09-21", "2026-09-25"),  # Monday: Tuesday to Thursday lie between
        ("2026-09-22", "2026-09-26"),
        ("2026-09-23", "2026-09-29"),
        ("2026-09-24", "2026-09-30"),
        ("2026-09-25", "2026-10-01"),
        ("2026-09-26", "2026-10-01"),
        ("2026-09-27", "2026-10-01"),
        ("2026-09-30", "2026-10-06"),  # the log does not know that 1 to 7 October are holidays
        ("2027-12-30", "2028-01-05"),
        ("2028-02-28", "2028-03-03"),
    ],
)
def test_three_working_days_lie_between_a_day_and_the_first_after_them(day, first):
    assert first_day_after(date.fromisoformat(day), 3) == date.fromisoformat(first)


def test_with_no_working_days_between_the_first_day_is_the_next():
    assert first_day_after(date(2026, 9, 25), 0) == date(2026, 9, 26)


@pytest.mark.parametrize(
    ("month", "last"),
    [
        ("2024-02", "2024-02-29"),
        ("2023-02", "2023-02-28"),
        ("2100-02", "2100-02-28"),
        ("2026-12", "2026-12-31"),
        ("2026-04", "2026-04-30"),
    ],
)
def test_a_month_is_all_its_days(month, last):
    assert days_of_month(month) == (date.fromisoformat(f"{month}-01"), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("judged", "result"),
    [
        (on("2025-06-29"), ("pass", "pre_offset")),
        (on("2025-06-30"), ("pass", "")),
        (on("2026-06-30"), ("pass", "")),
        (on("2026-07-01"), ("flag", "late")),
        (days_of_month("2025-05"), ("pass", "pre_offset")),
        (days_of_month("2025-06"), ("pass", "month_too_coarse")),
        (days_of_month("2025-07"), ("pass", "")),
        (days_of_month("2026-06"), ("pass", "")),
        (days_of_month("2026-07"), ("flag", "late")),
    ],
)
@pytest.mark.parametrize("purpose", ["meeting", "activity", "competition", "exhibition"])
def test_an_event_is_offset_within_a_year_after_or_before_it_openly(purpose, judged, result):
    assert verdicts(purpose, CLAIM, FRESH, judged) == ((EVENTS, "claim", *result),)


@pytest.mark.parametrize(
    ("judged", "result"),
    [
        (on("2025-06-29"), ("flag", "early")),
        (on("2025-06-30"), ("pass", "")),
        (on("2026-06-30"), ("pass", "")),
        (on("2026-07-01"), ("flag", "late")),
        (days_of_month("2025-05"), ("flag", "early")),
        (days_of_month("2025-06"), ("undecidable", "month_too_coarse")),
        (days_of_month("2026-06"), ("pass", "")),
        (days_of_month("2026-07"), ("flag", "late")),
    ],
)
def test_an_organisation_claims_what_is_over_for_no_more_than_a_year(judged, result):
    found = verdicts("enterprise", CLAIM, ("2024-01-01", "2024-12-31"), judged)

    assert found == (
        (ORGANISATIONS, "claim", *result),
        (ORGANISATIONS, "credits", "pass", ""),
    )


@pytest.mark.parametrize(
    ("last", "judged", "result"),
    [
        ("2025-06-30", on("2025-06-29"), ("flag", "not_yet_happened")),
        ("2025-06-30", on("2025-06-30"), ("pass", "")),
        ("2025-06-30", days_of_month("2025-06"), ("undecidable", "month_too_coarse")),
        ("2025-06-30", days_of_month("2025-05"), ("flag", "not_yet_happened")),
        ("2020-06-15", on("2025-06-15"), ("pass", "")),
        ("2020-06-15", on("2025-06-16"), ("flag", "too_old")),
        ("2020-06-15", days_of_month("2025-06"), ("undecidable", "month_too_coarse")),
        ("2020-06-15", days_of_month("2025-07"), ("flag", "too_old")),
        ("2020-02-29", on("2025-02-28"), ("pass", "")),
        ("2020-02-29", on("2025-03-01"), ("flag", "too_old")),
    ],
)
def test_credits_have_happened_and_are_at_most_five_years_old(last, judged, result):
    found = verdicts("product_footprint", None, ("2019-01-01", last), judged)

    assert found == (
        (ORGANISATIONS, "claim", "undecidable", "no_period"),
        (ORGANISATIONS, "credits", *result),
    )


@pytest.mark.parametrize(
    ("judged", "result"),
    [
        (on("2025-02-28"), ("pass", "")),
        (on("2025-03-01"), ("flag", "late")),
        (days_of_month("2025-02"), ("pass", "")),
        (days_of_month("2025-03"), ("flag", "late")),
    ],
)
def test_a_year_after_the_29th_of_february_is_the_28th(judged, result):
    found = verdicts("meeting", ("2024-02-29", "2024-02-29"), FRESH, judged)

    assert found == ((EVENTS, "claim", *result),)


def test_a_window_across_the_limit_is_undecidable():
    claim = ("2024-01-01", "2024-06-15")

    (found,) = verdicts("meeting", claim, FRESH, days_of_month("2025-06"))

    assert found == (EVENTS, "claim", "undecidable", "month_too_coarse")


@pytest.mark.parametrize("purpose", ["individual", "restoration"])
def test_individuals_and_restoration_invoke_no_norm(purpose):
    assert verdicts(purpose, CLAIM, FRESH, on("1999-01-01")) == ()
