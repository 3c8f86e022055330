"""What happens, as it happens, as server-sent events: new retirements for everybody, and what concerns an account.

    GET /v1/retirements/stream
    GET /v1/accounts/{account}/stream

    id: <entry>.<event>   this event, and all that is told of before it
    id: <entry>           all that is told of before this entry; comes without data

Whoever comes back with the last id, in Last-Event-ID or `last_event_id`, is told what followed: nothing is left out,
and nothing comes twice. Who names none is told what is new from now on; who names 0, all. What concerns an account says
hub.py; retirements of before, which came with imported books, are not told as new ones. The same, page by page: GET
/v1/retirements, GET /v1/accounts/{account}/notices, GET /v1/log/entries.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from registry.api.conventions import problems
from registry.api.hub import Hub, Listener, Retirement, Seen, Step
from registry.api.principals import require_sight
from registry.api.questions import meant
from registry.api.resources import TEXT, TEXT_MAX, Grams
from registry.api.runtime import Runtime
from registry.api.shapes import Hex, Shape, Time
from registry.api.values import time
from registry.errors import RegistryError, UnavailableError, UsageError, require
from registry.projections.retirements import HIDDEN
from registry.store.log import Moment

RETRY_MS = 2_000
RECHECK_S = 20.0
"""So often it is looked whether somebody still may see what they are told."""
UNSURE_S = 60.0
"""Whoever was not found to be so for so long, since that cannot be looked up, is told nothing more."""
AGAIN_S = 1.0
"""So long, at the most, it is waited before what could not be read is read again."""
MARK_ENTRIES = 1_000
"""After so many entries of which nothing was told, it is said how far that is: whoever comes back begins there."""
_ID = re.compile(r"([0-9]{1,18})(?:\.([0-9]{1,9}))?", re.ASCII)


class RetirementEvent(Shape):
    """A retirement. One for many is told of once, with the grams of all."""

    entry: int
    event: int
    time: Time
    number: str
    """Of the certificate."""
    amount_g: Grams
    purpose: str
    ground: str
    day: str
    """In China."""
    period: list[str] | None
    """The first and the last day for which neutrality is claimed."""
    place: str | None
    shares: int
    """How many certificates there are in a group; 0 if it is none."""
    public: bool
    names: dict[str, str | list[str]]
    """Where the certificate's names are public: activity, organisers, beneficiary, purchaser, agent."""


class AccountEvent(Shape):
    """Something that concerns an account. All of it is in the entry: GET /v1/log/entries/{entry}."""

    entry: int
    event: int
    """Which of the entry's events, from 0."""
    time: Time
    leaf: Hex
    """Of the entry."""
    stream: str
    position: int
    kind: str
    amount_g: Grams | None
    signed: bool
    """Whether the account signed the entry."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class At:
    """A place in what is told: `event` of `entry` was told, if it is not -1."""

    entry: int
    event: int = -1

    def __str__(self) -> str:
        return f"{self.entry}.{self.event}" if self.event >= 0 else str(self.entry)


Told = tuple[At, dict[str, Any]]
LastEventId = Annotated[str | None, Header(max_length=40, description="The last id that came.")]
LastEventIdAsked = Annotated[
    str | None,
    Query(
        alias="last_event_id",
        max_length=40,
        description="The same, for who cannot send the header.",
    ),
]
Named = Annotated[
    str,
    Path(max_length=TEXT_MAX, pattern=TEXT, description="What follows the slash in its name."),
]
_STREAM = "text/event-stream"


def router(runtime: Runtime) -> APIRouter:
    """The routes."""
    hub = Hub(
        runtime.source,
        lambda: runtime.heads.size,
        runtime.stopping,
        runtime.settings.sse_clients_max,
    )
    runtime.heads.tell(hub.ring)
    runtime.on_close(hub.close)
    made = APIRouter(prefix="/v1", tags=["live"])
    _add_retirements(made, hub)
    _add_account(made, runtime, hub)
    return made


def retirement_object(seen: Seen, one: Retirement) -> dict[str, Any]:
    """A retirement as `RetirementEvent` has it."""
    row = one.row
    period = None if row["period_from"] is None else [row["period_from"], row["period_to"]]
    return {
        "entry": seen.index,
        "event": one.number,
        "time": time(seen.at_us),
        "number": one.certificate,
        "amount_g": str(row["amount_g"]),
        "purpose": row["purpose"],
        "ground": row["ground"],
        "day": row["day"],
        "period": period,
        "place": row["place"],
        "shares": row["shares"],
        "public": bool(row["public"]),
        "names": {name: one.names[name] for name in HIDDEN if name in one.names},
    }


def step_object(seen: Seen, step: Step, account: str) -> dict[str, Any]:
    """An event as `AccountEvent` has it, for `account`."""
    return {
        "entry": seen.index,
        "event": step.number,
        "time": time(seen.at_us),
        "leaf": seen.leaf.hex(),
        "stream": step.stream,
        "position": step.position,
        "kind": step.kind,
        "amount_g": None if step.amount_g is None else str(step.amount_g),
        "signed": account in seen.signers,
    }


def read_id(text: str | None, size: int) -> At:
    """The place that an id names; the end of a log of `size` if there is none.

    Raises:
        UsageError: `malformed`.
        RefusedError: `no_such_entry` if the log does not go so far.
    """
    if not text:
        return At(entry=size)
    found = _ID.fullmatch(text)
    if found is None:
        raise UsageError("malformed", field="last_event_id", why="event_id_expected")
    entry = int(found[1])
    require(entry <= size, "no_such_entry", index=entry, size=size)
    return At(entry=entry, event=-1 if found[2] is None else int(found[2]))


@dataclass(slots=True, kw_only=True)
class Follower:
    """Who follows, from where, and what they are told."""

    hub: Hub
    listener: Listener
    begin: At
    event: str
    only_retirements: bool
    told_of: Callable[[Seen], Iterator[Told]]
    may_still: Callable[[], object] | None = None
    """Raises RegistryError once they may not any more."""
    _following: int = field(init=False)
    _told: At = field(init=False)
    _sure_s: float = field(init=False, default_factory=monotonic)
    """When it was found last that they may."""

    def __post_init__(self) -> None:
        self._following, self._told = self.begin.entry, self.begin

    async def follow(self) -> AsyncIterator[ServerSentEvent]:
        """What they are told; without end, until the server stops or they may not be told any more."""
        # Whoever is cut off before anything came goes on here as well.
        yield ServerSentEvent(id=str(self.begin), retry=RETRY_MS, comment="")
        # What went wrong, whoever comes back is told: to an answer that has begun nothing can be added.
        with suppress(RegistryError):
            async for one in self._events():
                yield one

    async def _events(self) -> AsyncIterator[ServerSentEvent]:
        while not self.hub.ended:
            self.listener.rung.clear()
            wait_s = RECHECK_S
            try:
                async for one in self._new():
                    yield one
            except UnavailableError as error:
                # A database that is away for a moment is no reason to have everybody come back at once.
                if self.may_still is not None and monotonic() >= self._sure_s + UNSURE_S:
                    return
                wait_s = AGAIN_S
                yield ServerSentEvent(comment=error.code)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.listener.rung.wait(), wait_s)

    async def _new(self) -> AsyncIterator[ServerSentEvent]:
        """What they were not told yet, until there is nothing more."""
        while not self.hub.ended:
            await self._check_sight()
            seen, reached = await self.hub.page(
                self._following, only_retirements=self.only_retirements
            )
            for at, body in (one for entry in seen for one in self.told_of(entry)):
                if at > self._told:
                    # Whoever takes what they are told slowly takes long over a page.
                    await self._check_sight()
                    self._told = at
                    yield _sent(self.event, at, body)
            if reached - self._told.entry >= MARK_ENTRIES:
                self._told = At(entry=reached)
                yield ServerSentEvent(id=str(self._told))
            if reached == self._following:
                return
            self._following = reached

    async def _check_sight(self) -> None:
        """Return if they may still be told, as far as was found not long ago.

        Raises:
            RegistryError: they may not; UnavailableError: nobody knows at the moment.
        """
        if self.may_still is not None and monotonic() >= self._sure_s + RECHECK_S:
            await self.hub.asked(self.may_still)
            self._sure_s = monotonic()


def _sent(event: str, at: At, body: dict[str, Any]) -> ServerSentEvent:
    told = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return ServerSentEvent(raw_data=told, event=event, id=str(at))


def _add_retirements(made: APIRouter, hub: Hub) -> None:
    async def follower(
        last_event_id: LastEventId = None,
        asked: LastEventIdAsked = None,
    ) -> AsyncIterator[Follower]:
        begin = read_id(last_event_id or asked, hub.size)
        listener = hub.join()
        try:
            yield Follower(
                hub=hub,
                listener=listener,
                begin=begin,
                event="retirement",
                only_retirements=True,
                told_of=_retirements,
            )
        finally:
            hub.leave(listener)

    @made.get(
        "/retirements/stream",
        operation_id="stream_retirements",
        response_class=EventSourceResponse,
        responses={200: _answer(RetirementEvent), **problems(404, 422)},
    )
    async def retirements(
        whose: Annotated[Follower, Depends(follower)],
    ) -> AsyncIterator[ServerSentEvent]:
        """Each new retirement, as soon as it is recorded; names only where the certificate's are public."""
        async for one in whose.follow():
            yield one


def _add_account(made: APIRouter, runtime: Runtime, hub: Hub) -> None:
    async def follower(
        request: Request,
        response: Response,
        account: Named,
        last_event_id: LastEventId = None,
        asked: LastEventIdAsked = None,
    ) -> AsyncIterator[Follower]:
        name = meant("account", account)
        authorization = request.headers.get("authorization")

        def may_still() -> None:
            principal = runtime.doorkeeper.identify(authorization)
            require_sight(principal, runtime.registry(), name)

        require_sight(request.state.principal, runtime.registry(), name)
        # Beside what the library says of every stream.
        response.headers["cache-control"] = "no-store"
        begin = read_id(last_event_id or asked, hub.size)
        await run_in_threadpool(_check_account, runtime, name)
        listener = hub.join()
        try:
            yield Follower(
                hub=hub,
                listener=listener,
                begin=begin,
                event="account",
                only_retirements=False,
                told_of=lambda seen: _steps(seen, name),
                may_still=may_still,
            )
        finally:
            hub.leave(listener)

    @made.get(
        "/accounts/{account}/stream",
        operation_id="stream_account",
        response_class=EventSourceResponse,
        responses={200: _answer(AccountEvent), **problems(401, 403, 404, 422)},
    )
    async def account(
        whose: Annotated[Follower, Depends(follower)],
    ) -> AsyncIterator[ServerSentEvent]:
        """Every event that concerns an account: in its stream, naming it, of what it holds, or signed by it."""
        async for one in whose.follow():
            yield one


def _answer(model: type[Shape]) -> dict[str, Any]:
    return {
        "model": model,
        "description": f"Events without end; the data of each is a {model.__name__}, in JSON.",
    }


def _retirements(seen: Seen) -> Iterator[Told]:
    for one in seen.retirements:
        yield At(entry=seen.index, event=one.number), retirement_object(seen, one)


def _steps(seen: Seen, account: str) -> Iterator[Told]:
    for step in seen.concerning(account):
        yield At(entry=seen.index, event=step.number), step_object(seen, step, account)


def _check_account(runtime: Runtime, account: str) -> None:
    """Return if there is such an account.

    Raises:
        RefusedError: `no_account`.
    """
    recorder = runtime.operator.log.recorder
    with recorder.trouble(), recorder.reading() as cursor:
        require(Moment(cursor).tip(account)[0] > 0, "no_account", account=account)
