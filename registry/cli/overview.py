"""What there is, in short: accounts, roles, kinds of credit, and what one stream has come to.

`registry show STREAM` has the whole history; here is only what is true now.
"""

from typing import Any

from registry.cli.streams import tell_fields
from registry.cli.voice import Voice, is_demonstration
from registry.desk import accounts as accounts_asked
from registry.desk import words
from registry.desk.figures import figures, policy_rows
from registry.desk.opened import Opened, opened
from registry.domain.activity import Activity
from registry.domain.campaign import Campaign
from registry.domain.order import Order
from registry.domain.roles import Registry
from registry.errors import require
from registry.place import Place
from registry.store.log import LOG_ACCOUNT, Moment

Row = dict[str, Any]


def account(typed: str, place: Place, *, voice: Voice) -> None:
    """Say what the account is that is meant by an id or by its exact name.

    Raises:
        RefusedError: `no_registry`, `no_account`, `several_accounts`.
    """
    with opened(place) as source:
        meant = accounts_asked.find(typed, source)
        held = {"name": source.name_of(meant), "roles": _roles_of(source).get(meant, [])}
        _tell(meant, {**held, **figures(source.state(meant))}, source, voice)


def stream(prefix: str, typed: str, place: Place, *, voice: Voice) -> None:
    """Say what the stream has come to that is meant by its name, or by what follows the slash in it.

    Raises:
        RefusedError: `no_registry`, `no_stream`.
    """
    with opened(place) as source:
        name = typed if typed.startswith(f"{prefix}/") else f"{prefix}/{typed}"
        require(name in _streams(source, prefix), "no_stream", stream=name)
        _tell(name, figures(source.state(name)), source, voice)


def accounts(place: Place, *, voice: Voice) -> None:
    """Say which accounts there are, in the order in which they were opened.

    Raises:
        RefusedError: `no_registry`.
    """
    with opened(place) as source:
        roles = _roles_of(source)
        rows = [
            {
                "account": name,
                "name": source.name_of(name),
                "legal_form": source.state(name).legal_form,
                "roles": roles.get(name, []),
            }
            for name in source.accounts()
        ]
        _tell_rows("overview.accounts", rows, source, voice)


def roles(place: Place, *, voice: Voice) -> None:
    """Say who has which role, since which entry.

    Raises:
        RefusedError: `no_registry`.
    """
    with opened(place) as source:
        registry: Registry = source.state(LOG_ACCOUNT)
        rows = [
            {"role": role, "account": name, "name": source.name_of(name), "since": index}
            for (name, role), index in sorted(registry.roles.items(), key=lambda item: item[1])
        ]
        _tell_rows("overview.roles", rows, source, voice)


def standards(place: Place, *, voice: Voice) -> None:
    """Say which kinds of credit are recognised.

    Raises:
        RefusedError: `no_registry`.
    """
    with opened(place) as source:
        states = [source.state(name) for name in _streams(source, "standard")]
        rows = [
            {
                "standard": state.code,
                "credit_class": state.credit_class,
                "home": state.home,
                "claims": state.claims,
            }
            for state in states
        ]
        _tell_rows("overview.standards", rows, source, voice)


def campaigns(place: Place, *, voice: Voice) -> None:
    """Say which gift campaigns there are, what for, and how far they are.

    Raises:
        RefusedError: `no_registry`.
    """
    with opened(place) as source:
        rows = []
        for name in _streams(source, "campaign"):
            state: Campaign = source.state(name)
            rows.append(
                {
                    "campaign": name,
                    "occasion": _first_said(source, name, "occasion"),
                    "organiser": source.name_of(state.organiser) or state.organiser,
                    "status": state.status,
                    "deadline": state.deadline,
                    "gifts": state.gifts,
                    "funded_g": state.funded_g,
                    "gifts_g": state.given_g,
                    "returned_g": state.returned_g,
                }
            )
        _tell_rows("overview.campaigns", rows, source, voice)


def activities(place: Place, *, voice: Voice) -> None:
    """Say which activities there are, and what each has come to.

    Raises:
        RefusedError: `no_registry`.
    """
    with opened(place) as source:
        rows = []
        for name in _streams(source, "activity"):
            state: Activity = source.state(name)
            rows.append(
                {
                    "activity": name,
                    "name": _first_said(source, name, "name"),
                    "organiser": source.name_of(state.organiser) or state.organiser,
                    "category": state.category,
                    "ends": state.ends,
                    "emissions_g": state.emissions_g or None,
                    "retired_g": state.retired_g,
                    "conclusion": state.conclusion or None,
                }
            )
        _tell_rows("overview.activities", rows, source, voice)


def orders(place: Place, today: str, *, voice: Voice) -> None:
    """Say which restoration orders there are, and what of them is performed and overdue on the day `today`.

    Raises:
        RefusedError: `no_registry`.
    """
    with opened(place) as source:
        rows = []
        for name in _streams(source, "order"):
            state: Order = source.state(name)
            terms = state.terms
            assert terms is not None
            rows.append(
                {
                    "order": name,
                    "basis": state.basis,
                    "court": source.name_of(state.court) or state.court,
                    "status": state.status,
                    "deadline": terms.deadline,
                    "amount": words.measured(terms.amount, terms.unit),
                    "performed": words.measured(state.performed, terms.unit),
                    "overdue": words.measured(state.overdue(today), terms.unit),
                    "locked_g": state.locked_g,
                }
            )
        _tell_rows("overview.orders", rows, source, voice)


def _first_said(source: Opened, name: str, field: str) -> Any:
    """What the first entry of a stream commits to in a field; None where that is not kept."""
    first = next(made for made in source.stream(name)[0].happened() if made.stream == name)
    committed = getattr(first.event, field)
    found = source.shown([committed]).get(committed)
    return None if found is None else found.value


def policies(place: Place, *, voice: Voice) -> None:
    """Say what is policy, since which entry.

    Raises:
        RefusedError: `no_registry`.
    """
    with opened(place) as source:
        registry: Registry = source.state(LOG_ACCOUNT)
        _tell_rows("overview.policies", policy_rows(registry), source, voice)


def _roles_of(source: Opened) -> dict[str, list[str]]:
    """The roles of every account that has any, in order."""
    registry: Registry = source.state(LOG_ACCOUNT)
    found: dict[str, list[str]] = {}
    for name, role in sorted(registry.roles):
        found.setdefault(name, []).append(role)
    return found


def _streams(source: Opened, prefix: str) -> list[str]:
    with source.log.recorder.reading() as cursor:
        return Moment(cursor).streams(f"{prefix}/")


def _tell(name: str, state: Row, source: Opened, voice: Voice) -> None:
    if voice.is_json:
        voice.json({"stream": name, **state, **_where(source)})
        return
    voice.demonstration(source.origin)
    voice.print(name)
    tell_fields(state, {}, voice)


def _tell_rows(title: str, rows: list[Row], source: Opened, voice: Voice) -> None:
    if voice.is_json:
        voice.json([{**row, "demonstration": is_demonstration(source.origin)} for row in rows])
        return
    voice.demonstration(source.origin)
    columns = list(rows[0]) if rows else []
    voice.table(
        voice.text(title, count=len(rows)),
        [words.term(words.FIELDS, column, voice.lang) for column in columns],
        [[voice.fact(column, row[column]) for column in columns] for row in rows],
    )


def _where(source: Opened) -> Row:
    return {"origin": source.origin, "demonstration": is_demonstration(source.origin)}
