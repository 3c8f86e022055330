"""Timing verdicts: recorded for every retirement, one per norm that the claim invokes and rule that it has.

    verdict = (norm, rule, result, reason)      result: pass, flag or undecidable

    rule "claim"     the claim period is over, and for no more than twelve months
    rule "credits"   the reductions have happened, and their monitoring period ended at most five years before

The date judged is a window of days: one day for an act of today, a month for history of which only the month is known.
Where the answer depends on which day of the window it was, the verdict is undecidable. They never block by themselves.
"""

from calendar import monthrange
from datetime import date

Days = tuple[date, date]
Verdict = tuple[str, str, str, str]

EVENTS = "MEE-2019-19"
"""大型活动碳中和实施指南（试行）: offset within a year after the event; before it, it is 预抵消."""

ORGANISATIONS = "ISO14068-1:2023"

_NORMS = {
    "meeting": EVENTS,
    "activity": EVENTS,
    "competition": EVENTS,
    "exhibition": EVENTS,
    "enterprise": ORGANISATIONS,
    "public_body": ORGANISATIONS,
    "product_footprint": ORGANISATIONS,
    "zero_carbon_scene": ORGANISATIONS,
    "zero_carbon_branch": ORGANISATIONS,
    "zero_carbon_meeting_room": ORGANISATIONS,
    "scenic_area": ORGANISATIONS,
}
_UTC8_S = 8 * 3600
_DAY_S = 86_400
_EPOCH = date(1970, 1, 1).toordinal()
_SATURDAY = 5


def day_of(at_us: int) -> date:
    """The day in China (UTC+8) at a time in microseconds since 1970 UTC."""
    return date.fromordinal(_EPOCH + (at_us // 1_000_000 + _UTC8_S) // _DAY_S)


def first_day_after(day: date, working_days: int) -> date:
    """The first day that has `working_days` days from Monday to Friday between `day` and itself.

    The log knows no public holidays, nor the Saturdays that are worked in their place: both are proclaimed each year.
    """
    found = day
    while working_days:
        found = date.fromordinal(found.toordinal() + 1)
        working_days -= found.weekday() < _SATURDAY
    return date.fromordinal(found.toordinal() + 1)


def days_of(period: tuple[str, str]) -> Days:
    """The first and last day of a period."""
    return date.fromisoformat(period[0]), date.fromisoformat(period[1])


def days_of_month(month: str) -> Days:
    """The first and last day of a month YYYY-MM."""
    first = date.fromisoformat(f"{month}-01")
    return first, first.replace(day=monthrange(first.year, first.month)[1])


def verdicts(
    purpose: str, claim: tuple[str, str] | None, credits_period: tuple[str, str], judged: Days
) -> tuple[Verdict, ...]:
    """The verdicts on one retirement.

    Args:
        purpose: what is claimed; individuals and restoration invoke no norm.
        claim: first and last day of the period claimed, or None where none is stated.
        credits_period: first and last day of the monitoring period of the credits.
        judged: first and last day on which the retirement may have happened.
    """
    norm = _NORMS.get(purpose)
    if norm is None:
        return ()
    last = None if claim is None else date.fromisoformat(claim[1])
    found = [(norm, "claim", *_on_claim(norm, last, judged))]
    if norm == ORGANISATIONS:
        found.append((norm, "credits", *_on_credits(date.fromisoformat(credits_period[1]), judged)))
    return tuple(found)


def _on_claim(norm: str, last: date | None, judged: Days) -> tuple[str, str]:
    first_day, last_day = judged
    if last is None:
        return "undecidable", "no_period"
    if last_day < last:
        return ("pass", "pre_offset") if norm == EVENTS else ("flag", "early")
    if first_day < last:
        return ("pass" if norm == EVENTS else "undecidable"), "month_too_coarse"
    limit = _years_after(last, 1)
    if first_day > limit:
        return "flag", "late"
    return ("pass", "") if last_day <= limit else ("undecidable", "month_too_coarse")


def _on_credits(last: date, judged: Days) -> tuple[str, str]:
    first_day, last_day = judged
    if last_day < last:
        return "flag", "not_yet_happened"
    if first_day < last:
        return "undecidable", "month_too_coarse"
    limit = _years_after(last, 5)
    if first_day > limit:
        return "flag", "too_old"
    return ("pass", "") if last_day <= limit else ("undecidable", "month_too_coarse")


def _years_after(day: date, years: int) -> date:
    """The same day `years` later; 29 February becomes 28."""
    if (day.month, day.day) == (2, 29):
        day = day.replace(day=28)
    return day.replace(year=day.year + years)
