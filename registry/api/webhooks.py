"""Webhooks: who is to be told of new entries, where; what was sent, and what is to be sent again.

    POST   /v1/webhooks                        its secret is shown once
    GET    /v1/webhooks, /v1/webhooks/{id}
    DELETE /v1/webhooks/{id}
    POST   /v1/webhooks/{id}/pause, /resume, /secret, /test, /replay
    GET    /v1/webhooks/{id}/deliveries

What is sent, and how it is signed, says deliveries.py. The same, read page by page: GET /v1/log/entries.
"""

import base64
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field
from starlette.responses import Response

from registry.api.conventions import json_response, problems
from registry.api.deliveries import Deliverer, is_topic
from registry.api.events import AccountEvent, RetirementEvent
from registry.api.posting import read_target
from registry.api.principals import Principal, require_scope
from registry.api.runtime import Runtime
from registry.api.shapes import Hex, Shape, Time, Told
from registry.api.values import time
from registry.errors import RefusedError, UsageError, require
from registry.store.access_keeper import ID_CHARACTERS
from registry.store.access_webhooks import (
    TOPICS_MAX,
    URL_CHARACTERS_MAX,
    Delivery,
    DeliveryState,
    Subscription,
)
from registry.store.clock import wall_us

SCOPE = "webhooks"
SECRET_BEGINS = "whsec_"  # noqa: S105  # what Standard Webhooks put before a secret
PAGE_MAX = 1_000
PRIVATE = {"cache-control": "no-store"}
Id = Annotated[str, Path(max_length=ID_CHARACTERS, pattern="^[a-z0-9]*$")]


class NewWebhook(Shape):
    """Who is to be told of what, where."""

    account: Annotated[str, Field(max_length=200, examples=["account/uscc-91510100MA61RXYZ17"])]
    """One of yours."""
    url: Annotated[str, Field(max_length=URL_CHARACTERS_MAX, examples=["https://example.org/hook"])]
    topics: Annotated[
        list[Annotated[str, Field(max_length=64)]],
        Field(min_length=1, max_length=TOPICS_MAX, examples=[["account"], ["batch.retired.v1"]]),
    ]
    """retirements: all new ones; account: all that concerns it; or some kinds of that: batch.retired.v1, order.*"""
    from_entry: Annotated[int, Field(ge=0, le=2**53)] | None = None
    """The first entry to tell of; if none is named, the next one that is recorded."""


class WebhookShape(Shape):
    """Who is told of what, where."""

    id: str
    account: str
    url: str
    topics: list[str]
    state: Literal["active", "paused", "ended"]
    position: int
    """Entries before this one were looked at."""
    failures: int
    """So many attempts failed since the last that did not."""
    made: Time
    ended: Time | None


class WebhookTold(Told):
    """A webhook."""

    webhook: WebhookShape


class WebhookMade(WebhookTold):
    """A webhook, and its secret, which is not shown again."""

    secret: str
    """As Standard Webhooks have it: whsec_ and base64."""


class Webhooks(Told):
    """The webhooks of your accounts."""

    webhooks: list[WebhookShape]


class DeliveryShape(Shape):
    """An entry that was to be told of."""

    id: str
    """The same as webhook-id."""
    entry: int
    state: Literal["pending", "delivered", "dead"]
    attempts: int
    status: int | None
    """What was answered last; 0 if nothing was."""
    next_try: Time | None
    ended: Time | None


class Deliveries(Told):
    """Deliveries, by entry."""

    deliveries: list[DeliveryShape]
    after: int | None
    """Ask with this as `after` for what follows; null if nothing does."""


class Replay(Shape):
    """What is to be sent again: what is dead, or all from an entry on."""

    from_entry: Annotated[int, Field(ge=0, le=2**53)] | None = None
    """Else what is dead."""


class Replayed(Told):
    """What is sent again."""

    deliveries: int
    """So many that were dead."""
    from_entry: int | None


class Tested(Told):
    """What was answered to a test."""

    status: int
    """0 if nothing was, or the address may not be asked."""
    arrived: bool


class Notice(Shape):
    """What a webhook is sent about an entry: `data` of its body. Of one entry, all that it subscribed to."""

    origin: str
    demonstration: bool
    webhook: str
    account: str
    entry: int
    leaf: Hex
    events: list[AccountEvent]
    retirements: list[RetirementEvent]
    """Without names: they are at GET /v1/certificates/{number}."""


class NoticeBody(Shape):
    """The body of what a webhook is sent."""

    type: Literal["entry.recorded", "webhook.test"]
    timestamp: Time
    """When the entry was recorded."""
    data: Notice


def webhook_object(one: Subscription) -> dict[str, Any]:
    """A subscription as `WebhookShape` has it."""
    return {
        "id": one.id,
        "account": one.account,
        "url": one.url,
        "topics": list(one.topics),
        "state": one.state,
        "position": one.position,
        "failures": one.failures,
        "made": time(one.made_us),
        "ended": None if one.ended_us is None else time(one.ended_us),
    }


def delivery_object(one: Delivery) -> dict[str, Any]:
    """A delivery as `DeliveryShape` has it."""
    return {
        "id": one.id,
        "entry": one.entry,
        "state": one.state,
        "attempts": one.attempts,
        "status": one.last_status,
        "next_try": time(one.next_try_us) if one.state == "pending" else None,
        "ended": None if one.ended_us is None else time(one.ended_us),
    }


def secret_text(secret: bytes) -> str:
    """A secret as receivers' libraries take it."""
    return SECRET_BEGINS + base64.b64encode(secret).decode()


def router(runtime: Runtime) -> APIRouter:
    """The routes, and the thread that sends."""
    attempted = runtime.measures.attempted
    deliverer = Deliverer(runtime, runtime.access, wall_us, attempted)
    runtime.heads.tell(deliverer.told)
    runtime.on_start(deliverer.start)
    runtime.on_close(deliverer.close)
    made = APIRouter(prefix="/v1", tags=["webhooks"])
    _add_subscriptions(made, runtime, deliverer)
    _add_looks(made, runtime)
    _add_turns(made, runtime, deliverer)
    _add_secret_and_test(made, runtime, deliverer)
    _add_deliveries(made, runtime, deliverer)
    return made


def _own(runtime: Runtime, id_: str, principal: Principal) -> Subscription:
    """The subscription, if it is of an account of `principal`.

    Raises:
        RefusedError: `credentials_missing`, `scope_missing`; `no_webhook`, also if it is somebody else's.
    """
    require_scope(principal, SCOPE)
    found = runtime.access.webhooks.find(id_)
    if found is None or found.account not in principal.accounts:
        raise RefusedError("no_webhook", webhook=id_)
    return found


def _add_subscriptions(made: APIRouter, runtime: Runtime, deliverer: Deliverer) -> None:
    hooks = runtime.access.webhooks

    @made.post(
        "/webhooks",
        operation_id="subscribe_webhook",
        status_code=201,
        response_model=WebhookMade,
        responses=problems(401, 403, 404, 409, 413, 415, 422),
    )
    def subscribe(request: Request, asked: NewWebhook) -> Response:
        """Have an account of yours told of what is recorded. The secret is shown now, and never again."""
        principal: Principal = request.state.principal
        require_scope(principal, SCOPE)
        require(asked.account in principal.accounts, "not_yours", account=asked.account)
        read_target(asked.url, runtime.settings)
        unknown = [topic for topic in asked.topics if not is_topic(topic)]
        if unknown:
            raise UsageError("malformed", field="topics", why="no_topics", found=unknown)
        size = runtime.heads.size
        position = size if asked.from_entry is None else asked.from_entry
        require(position <= size, "no_such_entry", index=position, size=size)
        subscribed, secret = hooks.subscribe(
            asked.account,
            asked.url,
            asked.topics,
            position=position,
            now_us=wall_us(),
            log_size=principal.log_size,
        )
        deliverer.look()
        told = {
            "webhook": webhook_object(subscribed),
            "secret": secret_text(secret),
            **runtime.true_of(),
        }
        location = {"location": f"/v1/webhooks/{subscribed.id}"}
        return json_response(told, 201, {**location, **PRIVATE})


def _add_looks(made: APIRouter, runtime: Runtime) -> None:
    hooks = runtime.access.webhooks

    @made.get(
        "/webhooks",
        operation_id="list_webhooks",
        response_model=Webhooks,
        responses=problems(401, 403),
    )
    def all_of_them(request: Request) -> Response:
        """The webhooks of your accounts, and those that ended lately."""
        principal = request.state.principal
        require_scope(principal, SCOPE)
        found = [one for account in sorted(principal.accounts) for one in hooks.of(account)]
        told = {"webhooks": [webhook_object(one) for one in found], **runtime.true_of()}
        return json_response(told, 200, PRIVATE)

    @made.get(
        "/webhooks/{webhook}",
        operation_id="show_webhook",
        response_model=WebhookTold,
        responses=problems(401, 403, 404, 422),
    )
    def one(request: Request, webhook: Id) -> Response:
        """A webhook: how far it is, and whether it fails."""
        return _told(runtime, _own(runtime, webhook, request.state.principal))

    @made.delete(
        "/webhooks/{webhook}",
        operation_id="end_webhook",
        status_code=204,
        response_class=Response,
        responses=problems(401, 403, 404, 422),
    )
    def end(request: Request, webhook: Id) -> Response:
        """Send nothing more, also not what is still to be sent; its secret is forgotten."""
        _own(runtime, webhook, request.state.principal)
        hooks.end(webhook, wall_us())
        return Response(status_code=204, headers=PRIVATE)


def _told(runtime: Runtime, one: Subscription) -> Response:
    return json_response({"webhook": webhook_object(one), **runtime.true_of()}, 200, PRIVATE)


def _add_turns(made: APIRouter, runtime: Runtime, deliverer: Deliverer) -> None:
    hooks = runtime.access.webhooks

    @made.post(
        "/webhooks/{webhook}/pause",
        operation_id="pause_webhook",
        response_model=WebhookTold,
        responses=problems(401, 403, 404, 422),
    )
    def pause(request: Request, webhook: Id) -> Response:
        """Send nothing until it is resumed; nothing is lost meanwhile."""
        principal = request.state.principal
        hooks.pause(_own(runtime, webhook, principal).id)
        return _told(runtime, _own(runtime, webhook, principal))

    @made.post(
        "/webhooks/{webhook}/resume",
        operation_id="resume_webhook",
        response_model=WebhookTold,
        responses=problems(401, 403, 404, 422),
    )
    def resume(request: Request, webhook: Id) -> Response:
        """Go on where it was paused."""
        principal = request.state.principal
        hooks.resume(_own(runtime, webhook, principal).id)
        deliverer.look()
        return _told(runtime, _own(runtime, webhook, principal))


def _add_secret_and_test(made: APIRouter, runtime: Runtime, deliverer: Deliverer) -> None:
    hooks = runtime.access.webhooks

    @made.post(
        "/webhooks/{webhook}/secret",
        operation_id="renew_webhook_secret",
        response_model=WebhookMade,
        responses=problems(401, 403, 404, 422),
    )
    def secret(request: Request, webhook: Id) -> Response:
        """Another secret instead of the one before, at once. It is shown now, and never again."""
        own = _own(runtime, webhook, request.state.principal)
        renewed = hooks.new_secret(own.id)
        if renewed is None:
            raise RefusedError("no_webhook", webhook=webhook)
        told = {"webhook": webhook_object(own), "secret": secret_text(renewed)}
        return json_response({**told, **runtime.true_of()}, 200, PRIVATE)

    @made.post(
        "/webhooks/{webhook}/test",
        operation_id="test_webhook",
        response_model=Tested,
        responses=problems(401, 403, 404, 409, 422, 503),
    )
    def test(request: Request, webhook: Id) -> Response:
        """Send a body of type webhook.test now, once, and say what was answered."""
        status = deliverer.test(_own(runtime, webhook, request.state.principal))
        told = {"status": status, "arrived": 200 <= status < 300}
        return json_response({**told, **runtime.true_of()}, 200, PRIVATE)


def _add_deliveries(made: APIRouter, runtime: Runtime, deliverer: Deliverer) -> None:
    hooks = runtime.access.webhooks

    @made.get(
        "/webhooks/{webhook}/deliveries",
        operation_id="list_webhook_deliveries",
        response_model=Deliveries,
        responses=problems(401, 403, 404, 422),
    )
    def deliveries(
        request: Request,
        webhook: Id,
        state: Annotated[DeliveryState | None, Query()] = None,
        after: Annotated[int, Query(ge=-1, le=2**53)] = -1,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 100,
    ) -> Response:
        """What was sent in the last two weeks, what is to be sent, and what was given up."""
        own = _own(runtime, webhook, request.state.principal)
        found = hooks.deliveries(own.id, state=state, after=after, most=limit + 1)
        page = found[:limit]
        more = len(found) > limit
        headers = dict(PRIVATE)
        if more:
            asked = f"after={page[-1].entry}&limit={limit}" + (f"&state={state}" if state else "")
            headers["link"] = f'</v1/webhooks/{webhook}/deliveries?{asked}>; rel="next"'
        told = {
            "deliveries": [delivery_object(one) for one in page],
            "after": page[-1].entry if more else None,
            **runtime.true_of(),
        }
        return json_response(told, 200, headers)

    @made.post(
        "/webhooks/{webhook}/replay",
        operation_id="replay_webhook",
        response_model=Replayed,
        responses=problems(401, 403, 404, 413, 415, 422),
    )
    def replay(request: Request, webhook: Id, asked: Replay) -> Response:
        """Send again what is dead, or all from an entry on; who has had it sees it by webhook-id."""
        own = _own(runtime, webhook, request.state.principal)
        again = 0
        if asked.from_entry is None:
            again = hooks.replay_dead(own.id, wall_us())
        else:
            hooks.replay(own.id, asked.from_entry)
        deliverer.look()
        told = {"deliveries": again, "from_entry": asked.from_entry}
        return json_response({**told, **runtime.true_of()}, 200, PRIVATE)
