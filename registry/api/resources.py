"""What can be asked for: every table of the projections, where it is, whom it is for, and what its rows look like.

A row's form follows from its table's columns: see `row_model` and `row_shown`, which are made of the same list. What
differs from the column is the exception, and stands in a table below.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, create_model
from pydantic.json_schema import SkipJsonSchema

from registry.api.paths import parameters_in
from registry.api.shapes import Hex, Shape, Time
from registry.api.values import time
from registry.desk.ask import faulty
from registry.desk.columns import label
from registry.projections.every import TABLES
from registry.projections.retirements import HIDDEN
from registry.projections.table import Column, Table, integer, text

Row = Mapping[str, Any]

Grams = Annotated[str, Field(pattern="^-?[0-9]+$")]
Serials = Annotated[list[Grams], Field(min_length=2, max_length=2)]
Name = str | list[str]
Unsaid = SkipJsonSchema[None]
"""What a parameter is that was not sent; nobody can send it."""

FLAGS = frozenset(
    {
        *("acceptance", "counted", "custodial", "enforced", "held", "imported", "late"),
        *("public", "recovered", "retire_only"),
    }
)
"""Columns that are true or false."""
AMOUNTS = frozenset(
    {
        ("instalments", "amount"),
        ("overdue", "overdue"),
        ("overdue", "performed"),
        ("policies", "number"),
    }
)
"""Integers that are amounts, in a unit that something else says, though they are not called so."""
SEPARATED: Mapping[tuple[str, str], str] = {
    ("activities", "boundary"): ",",
    ("activities", "offsets"): ",",
    ("mandates", "standards"): ",",
    ("notices", "signers"): " ",
    ("orders", "regions"): ",",
    ("orders", "standards"): ",",
    ("policies", "codes"): ",",
    ("standards", "claims"): ",",
}
"""Columns that hold several codes, and what stands between them."""
_RANGE = ("range_start", "range_end")
_TIME = "at_us"

STREAMS = ("account", "activity", "batch", "campaign", "order", "project", "report")
"""What a path names by the id of a stream: the part of its name after the slash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """The rows of a table."""

    path: str
    """Below /v1, of all rows."""
    table: Table
    about: str
    under: Mapping[str, str]
    """Where else: paths that have one {name} in them, and the column that it is a value of."""
    item: str = ""
    """What a row is named by in a path below it, if by one value."""
    concerns: tuple[str, ...] = ()
    """The columns that hold accounts which a row concerns."""
    login: bool = False
    """Whether rows are for those whom they concern; else they are for everybody."""
    names: tuple[str, ...] = ()
    """The columns that commit to names: these are for those whom the row concerns, or for all where it says public."""


def _resource(path: str, table: str, about: str, **more: Any) -> Resource:
    more.setdefault("under", {})
    return Resource(path=path, table=TABLES[table], about=about, **more)


_ACCOUNT = ("account",)

RESOURCES: tuple[Resource, ...] = (
    _resource(
        *("/accounts", "accounts", "Accounts, as they stand."),
        item="account",
        concerns=_ACCOUNT,
        login=True,
        names=("name",),
    ),
    _resource(
        *("/holdings", "holdings", "What accounts hold of batches, and have retired of them."),
        under={"/accounts/{account}/holdings": "account", "/batches/{batch}/holdings": "batch"},
        concerns=_ACCOUNT,
        login=True,
    ),
    _resource(
        *("/ties", "ties", "Offers, donations, pledges, reserves and frozen grams."),
        under={"/accounts/{account}/ties": "account", "/batches/{batch}/ties": "batch"},
        concerns=("account", "other"),
        login=True,
    ),
    _resource(
        *("/freezes", "freezes", "Freezes of accounts, or of what an entry locked."),
        under={"/accounts/{account}/freezes": "account"},
        concerns=("account", "authority"),
        login=True,
    ),
    _resource(
        *("/consents", "consents", "Orders that a frozen account may perform all the same."),
        under={"/accounts/{account}/consents": "account"},
        concerns=_ACCOUNT,
        login=True,
    ),
    _resource(
        *("/mandates", "mandates", "Mandates that accounts gave to exchanges."),
        under={"/accounts/{account}/mandates": "account"},
        concerns=("account", "exchange"),
        login=True,
    ),
    _resource(
        *("/bonds", "bonds", "Campaigns and orders that accounts are bound to."),
        under={"/accounts/{account}/bonds": "account"},
        concerns=_ACCOUNT,
        login=True,
    ),
    _resource(
        *("/notices", "notices", "Whom entries affect that they did not sign."),
        under={"/accounts/{account}/notices": "party"},
        concerns=("party",),
        login=True,
    ),
    _resource(
        *("/notices/told", "notified", "Who was told of which entry."),
        under={"/accounts/{account}/told": "account"},
        concerns=_ACCOUNT,
        login=True,
    ),
    _resource(
        *("/roles", "roles", "Who has which role, or had it."),
        under={"/accounts/{account}/roles": "account"},
    ),
    _resource("/policies", "policies", "What is policy."),
    _resource("/standards", "standards", "Kinds of credit.", item="standard"),
    _resource(
        *("/projects", "projects", "Projects, as they stand."),
        item="project",
        concerns=("owner",),
        names=("name",),
    ),
    _resource(
        *("/monitored", "monitored", "What was verified and issued, by monitoring period."),
        under={"/projects/{project}/monitored": "project"},
    ),
    _resource(
        *("/batches", "batches", "Batches, and where their grams are."),
        item="batch",
        under={"/projects/{project}/batches": "project"},
    ),
    _resource(
        *("/locks", "locks", "What is locked of batches."),
        under={"/batches/{batch}/locks": "batch"},
        concerns=("owner",),
        login=True,
    ),
    _resource(
        *("/transfers", "movements", "Every range of serial numbers that moved."),
        under={"/batches/{batch}/transfers": "batch"},
        concerns=("giver", "taker"),
        login=True,
    ),
    _resource(
        *("/gifts", "gifts", "What was given to whom, and what became of it."),
        under={"/batches/{batch}/gifts": "batch", "/accounts/{account}/gifts": "taker"},
        concerns=("organiser", "taker"),
        login=True,
    ),
    _resource(
        *("/campaigns", "campaigns", "Gift campaigns."),
        item="campaign",
        concerns=("organiser",),
        names=("occasion",),
    ),
    _resource(
        *("/funds", "funds", "What campaigns were funded with, batch by batch."),
        under={"/campaigns/{campaign}/funds": "campaign", "/batches/{batch}/funds": "batch"},
    ),
    _resource(
        *("/retirements", "retirements", "What was retired, for which purpose, by whom."),
        item="number",
        under={"/accounts/{account}/retirements": "holder"},
        concerns=("holder",),
        names=HIDDEN,
    ),
    _resource(
        *("/retired", "retired", "Which batches the retired grams are from."),
        under={"/retirements/{number}/batches": "number", "/batches/{batch}/retired": "batch"},
    ),
    _resource(
        *("/shares", "shares", "The certificates of retirements for many."),
        under={"/retirements/{number}/shares": "group_number"},
        names=("beneficiary",),
    ),
    _resource(
        *("/verdicts", "verdicts", "Whether retirements were in time, rule by rule."),
        under={"/retirements/{number}/verdicts": "number"},
    ),
    _resource(
        *("/awaited", "awaited", "Home cancellations that certificates need."),
        under={"/retirements/{number}/awaited": "number"},
    ),
    _resource(
        *("/certificates", "certificates", "Certificates, and whether they stand."),
        under={"/accounts/{account}/certificates": "holder"},
    ),
    _resource(
        *("/witnesses", "witnesses", "Exchanges that witnessed certificates."),
        under={"/certificates/{number}/witnesses": "number"},
    ),
    _resource(
        *("/honours", "honours", "What was given to events."),
        under={"/accounts/{account}/honours": "event_account"},
        concerns=("donor", "event_account"),
        names=("name",),
    ),
    _resource(
        *("/orders", "orders", "Restoration orders."),
        item="order",
        concerns=("account", "court"),
        names=("number", "obligor"),
    ),
    _resource(
        *("/instalments", "instalments", "What is due of orders, and when."),
        under={"/orders/{order}/instalments": "order_stream"},
    ),
    _resource(
        *("/lots", "lots", "What was bought for orders."),
        under={"/orders/{order}/lots": "order_stream", "/batches/{batch}/lots": "batch"},
    ),
    _resource(
        *("/performances", "performances", "What was retired for orders."),
        under={"/orders/{order}/performances": "order_stream"},
    ),
    _resource(
        *("/conduct", "cases", "Cases of conduct, from finding to end. Those in force are lists."),
        under={"/accounts/{account}/conduct": "account"},
        concerns=("account", "finder"),
        login=True,
        names=("details",),
    ),
    _resource(
        *("/conduct/steps", "steps", "What happened in cases of conduct."),
        under={"/accounts/{account}/conduct/steps": "account"},
        concerns=_ACCOUNT,
        login=True,
    ),
    _resource(
        *("/conduct/commendations", "commendations", "Commendations."),
        under={"/accounts/{account}/conduct/commendations": "account"},
    ),
    _resource(
        *("/activities", "activities", "Activities, from their form to their confirmation."),
        item="activity",
        under={"/accounts/{account}/activities": "organiser"},
        concerns=("organiser",),
        names=("name", "organisers", "contact"),
    ),
    _resource(
        *("/offsets", "offsets", "The certificates that offset activities."),
        under={"/activities/{activity}/offsets": "activity"},
    ),
    _resource("/reports", "reports", "Reports, and whose turn it is.", item="report"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A list of `registry.desk.lists`, of which a row has `columns`."""

    name: str
    about: str
    columns: tuple[Column, ...]
    concerns: tuple[str, ...] = ()
    """The columns that hold accounts which a row concerns."""
    login: bool = False
    """Whether rows are for those whom they concern; else they are for everybody."""


_CASES = (
    text("account"),
    text("rule"),
    text("legal_basis", optional=True),
    text("first_day", optional=True),
    text("expires", optional=True),
    integer("found"),
    integer("published", optional=True),
)
BALANCES = (
    *(text("account"), text("standard"), text("period_from"), text("period_to")),
    *(integer("held_g"), integer("locked_g"), integer("retired_g")),
)
LISTED: tuple[Listed, ...] = (
    Listed(
        name="balances",
        about="What accounts have, and have retired, by kind of credit and monitoring period.",
        columns=BALANCES,
        concerns=_ACCOUNT,
        login=True,
    ),
    Listed(name="blacklist", about="Who is on a list of an authority.", columns=_CASES),
    Listed(
        name="board",
        about="Who gave how much to each event.",
        columns=(*(text("event_account"), text("donor"), integer("gifts"), integer("amount_g")),),
    ),
    Listed(name="breaches", about="Who is on the platform's own record.", columns=_CASES),
    Listed(
        name="green",
        about="Who retired enough in twelve months, with nothing against them.",
        columns=(text("account"), integer("retirements"), integer("retired_g")),
    ),
    Listed(
        name="offers",
        about="Offers and donations that wait for their takers.",
        columns=(
            *(text("account"), integer("entry"), text("other"), text("ground"), text("batch")),
            *(text("standard"), integer("amount_g"), text("expires", optional=True)),
        ),
        concerns=("account", "other"),
        login=True,
    ),
    Listed(
        name="overdue",
        about="Restoration orders of which more should have been performed.",
        columns=(
            *(text("order_stream"), text("court"), text("account"), text("deadline")),
            *(text("unit"), integer("performed"), integer("overdue")),
            integer("defaulted", optional=True),
        ),
    ),
    Listed(
        name="untold",
        about="Who is still to be told of entries that affect them.",
        columns=(integer("entry"), integer("at_us"), text("account"), text("kind")),
        concerns=_ACCOUNT,
        login=True,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One field of a row: what it is called, its type, and how it follows from the row."""

    name: str
    type_: Any
    about: str
    of: Callable[[Row], Any]


class Made(Shape):
    """(A base class of models that are made at run time, which have no source to look for docstrings in.)"""

    model_config = ConfigDict(use_attribute_docstrings=False)


@cache
def fields(table: str, columns: tuple[Column, ...], names: tuple[str, ...]) -> tuple[Shown, ...]:
    """The fields of rows that have `columns`, of which `names` commit to names."""
    found = [
        _field(table, column, column.name in names)
        for column in columns
        if column.name not in {"until", _RANGE[1]}
    ]
    if names:
        about = "The names that the log commits to, and that are not shown here."
        found.append(
            Shown(name="hidden", type_=list[str], about=about, of=lambda row: _hidden(row, names))
        )
    return tuple(found)


def row_model(name: str, shown: Collection[Shown], about: str) -> type[BaseModel]:
    """The form of rows that have the fields `shown`."""
    made: Any = {one.name: (one.type_, Field(description=one.about)) for one in shown}
    model: type[BaseModel] = create_model(name, __base__=Made, __doc__=about, **made)
    return model


def row_shown(row: Row, shown: Collection[Shown]) -> dict[str, Any]:
    """A row in that form."""
    return {one.name: one.of(row) for one in shown}


def table_fields(resource: Resource) -> tuple[Shown, ...]:
    """The fields of the rows of a resource."""
    return fields(resource.table.name, resource.table.columns, resource.names)


_MOMENT = re.compile(r"([0-9]{1,18}|(19[7-9][0-9]|2[0-9]{3})-[0-9TZ:.+-]{1,32})")


def _moment(said: str) -> str:
    """`said`, if it may name an entry, a day or a time; else that is what is told, and no pattern."""
    if _MOMENT.fullmatch(said) is None:
        raise faulty("moment_expected")
    return said


class Query(BaseModel):
    """What can be asked of every question; of what is not known, none is answered."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    as_of: (
        Annotated[
            str,
            AfterValidator(_moment),
            Field(
                json_schema_extra={"pattern": f"^{_MOMENT.pattern}$"},
                examples=["41", "2026-09-21", "2026-09-21T10:00:00+08:00"],
            ),
        ]
        | Unsaid
    ) = None
    """As it was after the entry with this index, at the end of this day in China, or at this time."""


class Paging(BaseModel):
    """What can be asked of whatever is answered by pages."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    limit: Annotated[int, Field(ge=1, le=1_000)] = 100
    """So many at most."""
    after: Annotated[str, Field(max_length=1_024)] | Unsaid = None
    """What follows this cursor: `after` of the page before."""


class Page(Query, Paging):
    """What can be asked of every question that is answered by pages."""


class _MadePage(Page):
    model_config = ConfigDict(use_attribute_docstrings=False)


TEXT_MAX = 200
TEXT = r"^[^\x00]*$"
_EQUAL: Mapping[str, Any] = {
    "text": Annotated[str, Field(max_length=TEXT_MAX, pattern=TEXT)],
    "integer": Annotated[int, Field(ge=-(2**63), le=2**63 - 1)],
    "bytes": Hex,
}


def query_model(resource: Resource, without: str | None) -> type[Page]:
    """What can be asked of the rows of a resource: what columns are equal to."""
    made: Any = {
        column.name: (
            (bool if column.name in FLAGS else _EQUAL[column.kind]) | Unsaid,
            Field(default=None, description=f"Only where this is so: {_label(column.name)}."),
        )
        for column in filterable(resource)
        if column.name != without
    }
    name = "".join(word.title() for word in resource.table.name.split("_"))
    model: type[Page] = create_model(
        f"{name}Query{'Without' + without.title() if without else ''}", __base__=_MadePage, **made
    )
    return model


def filterable(resource: Resource) -> list[Column]:
    """The columns of a resource that can be asked for."""
    separated = {column for table, column in SEPARATED if table == resource.table.name}
    unsaid = {*resource.names, *separated, *_RANGE, _TIME, "until"}
    return [column for column in resource.table.columns if column.name not in unsaid]


def streams_in(resource: Resource) -> dict[str, str]:
    """The columns of a resource that have streams in them, and of which kind one is that is named by its id."""
    under = {
        column: part for path, column in resource.under.items() for part in parameters_in(path)
    }
    named = {column: part for column, part in under.items() if part in STREAMS}
    return (
        dict(zip(STREAMS, STREAMS, strict=True))
        | named
        | dict.fromkeys(resource.concerns, "account")
    )


def _field(table: str, column: Column, is_name: bool) -> Shown:
    name, about = column.name, _label(column.name)
    type_, of = _typed(table, column, is_name)
    if name == _TIME:
        name, about = "time", "When it was recorded."
    elif name == _RANGE[0]:
        name, about = "range", "Serial numbers, the first and the last."
    elif name == "since":
        about = "The index of the entry that made the row what it is."
    if column.optional or is_name:
        type_ = type_ | None
    return Shown(name=name, type_=type_, about=about, of=of)


def _typed(table: str, column: Column, is_name: bool) -> tuple[Any, Callable[[Row], Any]]:
    """The type of what a column says, and how it is said."""
    name = column.name
    between = SEPARATED.get((table, name))
    if between is not None:
        return list[str], lambda row: [one for one in (row[name] or "").split(between) if one]
    if is_name:
        return Name, lambda row: None if isinstance(row[name], bytes) else row[name]
    if name == _RANGE[0]:
        return Serials, lambda row: [str(row[_RANGE[0]]), str(row[_RANGE[1]] - 1)]
    type_, said = _plain(table, column)
    return type_, lambda row: None if row[name] is None else said(row[name])


def _plain(table: str, column: Column) -> tuple[Any, Callable[[Any], Any]]:
    """The type of what a column says that is not None, and how it is said."""
    if column.name == _TIME:
        return Time, time
    if column.kind == "text":
        return str, str
    if column.kind == "bytes":
        return Hex, bytes.hex
    if column.name in FLAGS:
        return bool, bool
    return (Grams, str) if _is_exact(table, column.name) else (int, int)


def _is_exact(table: str, name: str) -> bool:
    """Whether an integer is an amount: it is said as a decimal string, which no reader rounds."""
    return name.endswith(("_g", "_fen")) or (table, name) in AMOUNTS


def _hidden(row: Row, names: tuple[str, ...]) -> list[str]:
    return [name for name in names if isinstance(row[name], bytes)]


def _label(name: str) -> str:
    return label(name, "en")
