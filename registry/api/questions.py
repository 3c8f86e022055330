"""Questions over HTTP: the rows of every table, lists that follow from several, the way of a gram.

    GET /v1<path>?<column>=…&as_of=…&limit=…&after=…     a page of rows, in the order of their keys
    GET /v1<path>/{name}?as_of=…                         one row
    GET /v1/lists/{name}?as_of=…&limit=…&after=…

Each is answered in one moment of the tables. Whoever asks sees the rows that are for everybody, those that concern
their accounts, or all, if they have a role that is to look.
"""

import inspect
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, create_model
from starlette.convertors import Convertor, register_url_convertor
from starlette.responses import Response

from registry.api import cursors, resources
from registry.api.conditional import UNCHANGED, told_once
from registry.api.conventions import problems
from registry.api.cursors import Cursor
from registry.api.paths import operation_of, parameters_in, words_in
from registry.api.principals import OVERSEERS, Principal, require_scope, require_sight
from registry.api.resources import (
    BALANCES,
    LISTED,
    RESOURCES,
    STREAMS,
    TEXT,
    TEXT_MAX,
    Listed,
    Page,
    Resource,
    Shown,
    row_model,
    row_shown,
    table_fields,
)
from registry.api.runtime import Runtime
from registry.api.shapes import Hex, Shape, Time
from registry.api.values import time
from registry.desk import grams, lists
from registry.desk.asking import Question, question_to
from registry.desk.certificates import read_number
from registry.desk.figures import key_rows
from registry.desk.names import with_names
from registry.domain.account import Account
from registry.errors import RefusedError, UnavailableError, UsageError
from registry.projections.table import Column, Value, integer, text
from registry.store.views import identity
from registry.store.views_tables import Choice, Condition

Row = dict[str, Any]
_STATUSES = (401, 403, 404, 422)
LISTS_AT_ONCE_MAX = 4
"""So many lists are made at a time: each may take as much as the tables have."""
LISTS_WAIT_S = 2.0
_NAME = {
    "account": "An account: what follows the slash in its name, or all of it, percent-encoded.",
    "number": "A certificate's number, with or without its dashes.",
}


class Answer(Shape):
    """What every answer to a question says of itself."""

    as_of_size: int
    """It is true of the log's first so many entries."""
    log_size: int
    """So many entries there are."""
    origin: str
    """The log's name."""
    demonstration: bool
    """Whether nothing here is genuine."""


class Paged(Answer):
    """An answer by pages."""

    after: str | None
    """Ask with this as `after` for what follows; null if nothing does."""


class _MadeAnswer(Answer):
    model_config = ConfigDict(use_attribute_docstrings=False)


class _MadePaged(Paged):
    model_config = ConfigDict(use_attribute_docstrings=False)


class Step(Shape):
    """Something that happened to a gram."""

    entry: int
    batch: str
    time: Time
    kind: str
    holder: str | None
    """Who has it then, or had it last."""
    certificate: str | None


class GramNow(Shape):
    """Where a gram is."""

    status: Literal["held", "waiting", "locked", "retired", "cancelled"]
    batch: str
    holder: str | None
    certificate: str | None


class Gram(Answer):
    """The way of one gram."""

    batch: str
    serial: resources.Grams
    steps: list[Step]
    now: GramNow


class KeyRow(Shape):
    """A key that an account has or had."""

    id: Hex
    suite: str
    public: Hex
    since: int
    """The entry that added it."""
    until: int | None
    """The entry that ended it."""
    custodial: bool
    """Whether it is said to be kept by the registry."""
    recovered: bool
    """Whether it came by recovery."""


class Keys(Answer):
    """All keys that an account ever had."""

    keys: list[KeyRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What whoever asks may see."""

    own: frozenset[str]
    """Their accounts."""
    all: bool
    """Whether their role is to look at everything."""

    def of(self, account: object) -> bool:
        """Whether they may see what concerns only `account`."""
        return self.all or account in self.own

    def any_of(self, columns: Sequence[str]) -> Choice:
        """The conditions of which a row has to meet one, if some of it concerns them; none if they see all."""
        if self.all:
            return ()
        return [(column, "=", account) for column in columns for account in sorted(self.own)]


def sight_of(runtime: Runtime, principal: Principal) -> Sight:
    """What `principal` may see."""
    if not principal.may("read"):
        return Sight(own=frozenset(), all=False)
    registry = runtime.registry()
    overseer = any(registry.has(own, role) for own in principal.accounts for role in OVERSEERS)
    return Sight(own=principal.accounts, all=overseer)


def router(runtime: Runtime) -> APIRouter:
    """The routes."""
    made = APIRouter(prefix="/v1")
    for kind in STREAMS:
        register_url_convertor(kind, _whole_or_id(kind))
    for resource in RESOURCES:
        _add_resource(made, runtime, resource)
    for listed in LISTED:
        _add_list(made, runtime, listed)
    _add_account(made, runtime)
    _add_gram(made, runtime)
    return made


def _whole_or_id(kind: str) -> Convertor[str]:
    """A stream in a path: its id, or its name as a whole, percent-encoded or not."""

    class WholeOrId(Convertor[str]):
        regex = f"(?:{kind}/)?[^/]+"

        def convert(self, value: str) -> str:
            return value

        def to_string(self, value: str) -> str:
            return value

    return WholeOrId()


def _either(path: str) -> str:
    """`path`, in which a stream may stand as its id or as its whole name."""
    for kind in STREAMS:
        path = path.replace(f"{{{kind}}}", f"{{{kind}:{kind}}}")
    return path


def meant(parameter: str, said: str) -> str:
    """What a name in a path stands for: the stream whose id it is, a number as people write it, or itself."""
    if parameter in STREAMS:
        return said if said.startswith(f"{parameter}/") else f"{parameter}/{said}"
    return read_number(said) if parameter == "number" else said


def _whole(kind: str | None, said: Any) -> Any:
    """What is asked for of a column that has streams of a kind: one of them may stand as its id."""
    is_id = kind is not None and isinstance(said, str) and "/" not in said
    return f"{kind}/{said}" if is_id else said


def _add_resource(made: APIRouter, runtime: Runtime, resource: Resource) -> None:
    name = _titled(resource.table.name)
    row = row_model(f"{name}Row", table_fields(resource), resource.about)
    page = _page_model(f"{name}Page", row, resource.about)
    for path, column in {resource.path: None, **resource.under}.items():
        made.add_api_route(
            _either(path),
            _rows_endpoint(runtime, resource, path, column),
            operation_id=operation_of("list", path),
            tags=[words_in(path)[0]],
            response_model=page,
            responses={**UNCHANGED, **problems(*_STATUSES)},
        )
    if resource.item:
        item = create_model(
            f"{name}Item", __base__=_MadeAnswer, __doc__=resource.about, row=(row, ...)
        )
        path = f"{resource.path}/{{{resource.item}}}"
        made.add_api_route(
            _either(path),
            _row_endpoint(runtime, resource, path),
            operation_id=operation_of("get", path),
            tags=[words_in(path)[0]],
            response_model=item,
            responses={**UNCHANGED, **problems(*_STATUSES)},
        )


def _rows_endpoint(
    runtime: Runtime, resource: Resource, path: str, column: str | None
) -> Callable[..., Response]:
    columns = {one.name: one for one in resources.filterable(resource)}
    streams = resources.streams_in(resource)
    parameter = next(iter(parameters_in(path)), None)

    def endpoint(request: Request, asked: Page, **said: str) -> Response:
        sight = _sight(runtime, request, resource, parameter, said)
        equal = {
            name: _whole(streams.get(name), getattr(asked, name))
            for name in columns
            if name in asked.model_fields_set
        }
        if column is not None and parameter is not None:
            equal[column] = meant(parameter, said[parameter])
        conditions: list[Condition] = [
            (name, "=", _value(columns[name], value) if name in columns else value)
            for name, value in equal.items()
            if value is not None
        ]
        return _rows(runtime, request, resource, asked, conditions=conditions, sight=sight)

    model = resources.query_model(resource, column)
    return _signed(endpoint, resource.about, model, parameter)


def _row_endpoint(runtime: Runtime, resource: Resource, path: str) -> Callable[..., Response]:
    (key,) = resource.table.key
    (parameter,) = parameters_in(path)

    def endpoint(request: Request, asked: resources.Query, **said: str) -> Response:
        sight = _sight(runtime, request, resource, parameter, said)
        wanted = meant(parameter, said[parameter])
        with question_to(runtime.source(), asked.as_of) as question:
            rows = question.rows(resource.table.name, (key.name, "=", wanted))
            shown = _shown(question, resource, rows, sight)
            told = {"row": shown[0] if shown else None, **question.true_of()}
            past = _is_past(question) and not resource.names
        if not shown:
            raise RefusedError("no_stream", stream=wanted)
        return told_once(request, told, changes="never" if past else "now")

    return _signed(endpoint, resource.about, resources.Query, parameter)


def _sight(
    runtime: Runtime,
    request: Request,
    resource: Resource,
    parameter: str | None,
    said: Mapping[str, str],
) -> Sight:
    """What whoever asks may see of a resource.

    Raises:
        RefusedError: `credentials_missing`, `scope_missing`, `role_needed`.
    """
    principal: Principal = request.state.principal
    if resource.login:
        require_scope(principal, "read")
        if parameter == "account":
            require_sight(principal, runtime.registry(), meant("account", said["account"]))
    return sight_of(runtime, principal)


def _rows(
    runtime: Runtime,
    request: Request,
    resource: Resource,
    asked: Page,
    *,
    conditions: Sequence[Condition],
    sight: Sight,
) -> Response:
    """A page of the rows of a resource of which the conditions hold."""
    key = identity(resource.table)
    columns = [column for column in resource.table.columns if column.name in key]
    order = [column.name for column in columns]
    any_of = sight.any_of(resource.concerns) if resource.login else ()
    if resource.login and not any_of and not sight.all:
        any_of = [("since", "<", 0)]
    with _paged(runtime, request, asked, columns) as (question, after, fingerprint):
        rows = question.rows(
            resource.table.name,
            *conditions,
            any_of=any_of,
            order=order,
            after=after,
            limit=asked.limit + 1,
        )
        more = rows[asked.limit :]
        rows = rows[: asked.limit]
        last = tuple(rows[-1][name] for name in order) if more else None
        told = _shown(question, resource, rows, sight)
        changes = _is_past(question) and not resource.names
        return _page(request, question, told, fingerprint, last, never=changes)


@contextmanager
def _paged(
    runtime: Runtime, request: Request, asked: Page, columns: Sequence[Any]
) -> Iterator[tuple[Question, tuple[Value, ...], bytes]]:
    """A question, as of the size that the cursor fixes if there is one; where it goes on; what cursors of it say.

    Raises:
        UsageError: `malformed`.
        RefusedError: `no_such_entry`.
    """
    parameters = {
        name: value
        for name, value in request.query_params.items()
        if name not in {"after", "limit"}
    }
    fingerprint = cursors.fingerprint(request.url.path, parameters)
    cursor = None if asked.after is None else cursors.read(asked.after, fingerprint, columns)
    with question_to(runtime.source(), asked.as_of) as question:
        if cursor is not None:
            if cursor.size > question.views.size:
                raise UsageError("malformed", field="after", why="longer_log")
            question = replace(question, size=cursor.size)
        yield question, () if cursor is None else cursor.key, fingerprint


def _page(
    request: Request,
    question: Question,
    rows: Sequence[Row],
    fingerprint: bytes,
    last: tuple[Value, ...] | None,
    *,
    never: bool,
) -> Response:
    """The answer that is a page of rows, and leads to what comes after the row `last`."""
    told: dict[str, Any] = {"rows": rows, "after": None, **question.true_of()}
    links = []
    if last is not None:
        cursor = str(Cursor(asked=fingerprint, size=question.size, key=last))
        told["after"] = cursor
        links.append(cursors.link(request, cursor))
    return told_once(request, told, changes="never" if never else "now", links=links)


def _shown(question: Question, resource: Resource, rows: Sequence[Row], sight: Sight) -> list[Row]:
    """Rows as whoever asks may see them."""

    def may_show(row: Mapping[str, Any]) -> bool:
        return bool(row.get("public")) or any(map(sight.of, map(row.get, resource.concerns)))

    named = with_names(
        rows, resource.names, question.source, lambda row: sight.all or may_show(row)
    )
    fields = table_fields(resource)
    return [row_shown(row, fields) for row in named]


def _add_list(made: APIRouter, runtime: Runtime, listed: Listed) -> None:
    fields = resources.fields(listed.name, listed.columns, ())
    name = _titled(listed.name)
    row = row_model(f"{name}ListRow", fields, listed.about)
    page = _page_model(f"{name}List", row, listed.about)

    def endpoint(request: Request, asked: Annotated[Page, Query()]) -> Response:
        if listed.login:
            require_scope(request.state.principal, "read")
        sight = sight_of(runtime, request.state.principal)

        def found(question: Question) -> list[Row]:
            rows = lists.LISTS[listed.name].rows(question)
            if not listed.login:
                return rows
            return [row for row in rows if any(sight.of(row[name]) for name in listed.concerns)]

        return _sliced(runtime, request, asked, fields, found)

    endpoint.__doc__ = listed.about
    paths = [f"/lists/{listed.name}", *(["/offers"] if listed.name == "offers" else [])]
    for path in paths:
        made.add_api_route(
            path,
            endpoint,
            operation_id=operation_of("list", path),
            tags=[words_in(path)[0]],
            response_model=page,
            responses={**UNCHANGED, **problems(*_STATUSES)},
        )


_few = threading.BoundedSemaphore(LISTS_AT_ONCE_MAX)


@contextmanager
def _in_turn() -> Iterator[None]:
    if not _few.acquire(timeout=LISTS_WAIT_S):
        raise UnavailableError("busy", waiting=LISTS_AT_ONCE_MAX, most=LISTS_AT_ONCE_MAX)
    try:
        yield
    finally:
        _few.release()


def _sliced(
    runtime: Runtime,
    request: Request,
    asked: Page,
    fields: Sequence[Shown],
    found: Callable[[Question], list[Row]],
) -> Response:
    """A page of rows that are found all at once; its cursor says how many were told, and on which day it began.

    Raises:
        UnavailableError: `busy`.
    """
    with (
        _in_turn(),
        _paged(runtime, request, asked, [integer("told"), text("day")]) as (question, after, own),
    ):
        told = 0
        if after:
            told, day = int(after[0] or 0), str(after[1])
            question = replace(question, day=day)
        rows = found(question)
        page = [row_shown(row, fields) for row in rows[told : told + asked.limit]]
        end = told + len(page)
        last = (end, question.day) if end < len(rows) else None
        return _page(request, question, page, own, last, never=False)


def _add_account(made: APIRouter, runtime: Runtime) -> None:
    fields = resources.fields("balances", BALANCES, ())
    row = row_model("AccountBalancesRow", fields, "A balance.")

    @made.get(
        _either("/accounts/{account}/balances"),
        operation_id="list_accounts_balances",
        tags=["accounts"],
        response_model=_page_model("AccountBalances", row, "What an account has."),
        responses={**UNCHANGED, **problems(*_STATUSES)},
    )
    def balances(request: Request, account: Named, asked: Annotated[Page, Query()]) -> Response:
        """What an account has, and has retired, by kind of credit and monitoring period."""
        name = _seen(runtime, request, account)
        return _sliced(
            runtime, request, asked, fields, lambda question: lists.balances(question, name)
        )

    @made.get(
        _either("/accounts/{account}/keys"),
        operation_id="list_accounts_keys",
        tags=["accounts"],
        response_model=Keys,
        responses={**UNCHANGED, **problems(*_STATUSES)},
    )
    def keys(
        request: Request, account: Named, asked: Annotated[resources.Query, Query()]
    ) -> Response:
        """All keys that an account ever had, in the order in which they were added."""
        name = _seen(runtime, request, account)
        with question_to(runtime.source(), asked.as_of) as question:
            state = question.source.state(name, question.size)
            told = question.true_of()
        if not isinstance(state, Account) or not state.is_begun:
            raise RefusedError("no_account", account=name)
        rows = [
            {**row, "id": row["id"].hex(), "public": row["public"].hex()} for row in key_rows(state)
        ]
        return told_once(request, {"keys": rows, **told})


def _seen(runtime: Runtime, request: Request, account: str) -> str:
    """The account of that id, which whoever asks may see.

    Raises:
        RefusedError: as `require_sight`.
    """
    name = meant("account", account)
    require_sight(request.state.principal, runtime.registry(), name)
    return name


def _add_gram(made: APIRouter, runtime: Runtime) -> None:
    @made.get(
        # The batch may stand as its id or as its whole name, as everywhere.
        "/grams/{gram:batch}",
        operation_id="trace_gram",
        tags=["grams"],
        response_model=Gram,
        responses={**UNCHANGED, **problems(404, 422)},
    )
    def trace(
        request: Request,
        gram: Annotated[
            str,
            Path(max_length=TEXT_MAX, pattern=TEXT, description="<batch>:<serial>: one gram."),
        ],
        asked: Annotated[resources.Query, Query()],
    ) -> Response:
        """Every holder that one gram had, and where it is now."""
        batch, serial = grams.read_gram(gram)
        with question_to(runtime.source(), asked.as_of) as question:
            steps = grams.way(question, batch, serial)
            now = steps[-1]
            told = {
                "batch": batch,
                "serial": str(serial),
                "steps": [_step(step) for step in steps],
                "now": {
                    "status": grams.status(now),
                    **{name: now[name] for name in ("batch", "holder", "certificate")},
                },
                **question.true_of(),
            }
            past = _is_past(question)
        return told_once(request, told, changes="never" if past else "now")


def _step(step: Mapping[str, Any]) -> Row:
    kept = {name: step[name] for name in ("batch", "kind", "holder", "certificate")}
    return {"entry": step["since"], "time": time(step["at_us"]), **kept}


Named = Annotated[str, Path(max_length=TEXT_MAX, pattern=TEXT, description=_NAME["account"])]


def _signed(
    endpoint: Callable[..., Response], about: str, model: type[BaseModel], parameter: str | None
) -> Callable[..., Response]:
    """`endpoint` with the parameters that FastAPI is to see."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    found = [
        inspect.Parameter("request", keyword, annotation=Request),
        inspect.Parameter("asked", keyword, annotation=Annotated[model, Query()]),
    ]
    if parameter is not None:
        said = _NAME.get(
            parameter, f"The {parameter}: what follows the slash in its name, or all of it."
        )
        named = Path(max_length=TEXT_MAX, pattern=TEXT, description=said)
        found.append(inspect.Parameter(parameter, keyword, annotation=Annotated[str, named]))
    endpoint.__doc__ = about
    endpoint.__signature__ = inspect.Signature(found)  # type: ignore[attr-defined]  # what FastAPI reads
    return endpoint


def _value(column: Column, value: Any) -> Value:
    """A value that was asked for, as `column` has it."""
    kinds: Mapping[str, Callable[[Any], Value]] = {
        "text": str,
        "integer": int,
        "bytes": bytes.fromhex,
    }
    return kinds[column.kind](value)


def _is_past(question: Question) -> bool:
    """Whether there are entries that the answer does not count: nothing can be added before them."""
    return question.size < question.views.size


def _page_model(name: str, row: type[BaseModel], about: str) -> type[BaseModel]:
    """The form of an answer that is a page of such rows."""
    rows: Any = (list[row], ...)  # type: ignore[valid-type]  # a model that is made at run time
    model: type[BaseModel] = create_model(name, __base__=_MadePaged, __doc__=about, rows=rows)
    return model


def _titled(name: str) -> str:
    return "".join(word.title() for word in name.split("_"))
