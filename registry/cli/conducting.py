"""`registry conduct`, `registry standing`: which case is meant, who signs a step in it, and how an account stands."""

from registry.acts import conduct as acts
from registry.cli.streams import tell_fields
from registry.cli.voice import Voice, is_demonstration
from registry.desk import accounts
from registry.desk.desk import Desk
from registry.desk.given import day as read_day
from registry.desk.opened import opened
from registry.domain.conduct import BLACKLIST, BREACH, FOLLOWS, Case, Conduct
from registry.errors import require
from registry.place import Place

Means = tuple[int, bytes]


def case_of(desk: Desk, account: str, typed: int | None) -> tuple[Means, Case]:
    """The case of `account` that is meant by the entry that found it; if none was named, the one that is not over.

    Raises:
        RefusedError: `no_case`, `several_cases`.
    """
    state = desk.state(acts.stream_of(account))
    cases = dict(state.cases.items()) if isinstance(state, Conduct) else {}
    if typed is None:
        going = sorted(entry for entry, case in cases.items() if FOLLOWS[case.stage])
        require(bool(going), "no_case", account=account)
        require(len(going) == 1, "several_cases", account=account, entries=going)
        typed = going[0]
    require(typed in cases, "no_case", account=account, entry=typed)
    return desk.means(typed), cases[typed]


def in_office(desk: Desk, account: str, level: str, by: str | None, *besides: str) -> str:
    """Who signs a step of this level against `account`, a stranger to it and to `besides`.

    Raises:
        RefusedError: `nobody_in_role`, `several_in_role`, `no_account`, `several_accounts`.
    """
    if by is not None:
        return desk.account(by)
    if level == BLACKLIST:
        return desk.body("authority", None)
    (officer,) = desk.officers(1, account, *besides)
    return officer


def step(desk: Desk, typed: str, case: int | None, by: str | None) -> tuple[str, Means, str]:
    """The account, its case, and who signs a step in it."""
    account = desk.account(typed)
    means, found = case_of(desk, account, case)
    return in_office(desk, account, found.level, by), means, account


def commended(desk: Desk, typed: str, by: str | None) -> tuple[str, str]:
    """Who commends, and whom."""
    account = desk.account(typed)
    return in_office(desk, account, BREACH, by), account


def standing(typed: str, as_of: str | None, place: Place, *, voice: Voice) -> None:
    """Say how the account stands now, or stood at the end of a day, and for what.

    Raises:
        UsageError: `malformed`.
        RefusedError: `no_registry`, `no_account`, `several_accounts`.
    """
    day = None if as_of is None else read_day(as_of, "--as-of")
    with opened(place) as source:
        account = accounts.find(typed, source)
        state = source.state(acts.stream_of(account))
        assert isinstance(state, Conduct)
        found = state.standing(day)
        reasons = [
            {
                "entry": entry,
                "level": case.level,
                "rule": case.rule,
                "published_in": case.published,
                "first": case.first,
                "until": case.until,
            }
            for entry, case in sorted(state.cases.items())
            if case.published in found.entries
        ]
        said = {
            "account": account,
            "name": source.name_of(account),
            "standing": found.level,
            "published_in": found.entries,
            "day": day,
        }
        if voice.is_json:
            demonstration = is_demonstration(source.origin)
            told = {**said, "cases": reasons, "origin": source.origin}
            voice.json({**told, "demonstration": demonstration})
            return
        voice.demonstration(source.origin)
    tell_fields({name: value for name, value in said.items() if value is not None}, {}, voice)
    for reason in reasons:
        voice.print("")
        tell_fields(reason, {}, voice, indent=4)
