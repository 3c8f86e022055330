"""Tells subscribers of new entries: one thread that looks what is to be sent, and a few that send.

    the log from a subscription's position  ->  enqueue (with the new position, in one transaction)
    first of each subscription, if it is due  ->  send  ->  delivered, or to be tried again, or dead

In order, for each subscription: what comes later waits until what comes first has arrived or is dead, and one request
is under way at a time. At least once: who dies between the answer and the note sends it again, under the same id. The
log itself is the queue: of what is to come no more than QUEUE_MAX is enqueued at a time.

What is sent is signed as Standard Webhooks have it (standardwebhooks.com):

    webhook-id          the delivery's id, the same at every attempt
    webhook-timestamp   of the attempt, seconds since 1970
    webhook-signature   v1,base64(HMAC-SHA256(secret, id || "." || timestamp || "." || body))

The body is made from the log when it is sent, and has no name in it. What was subscribed to before the account was
recovered, or succeeded, ends with that.

    topics   retirements      every new retirement, anybody's
             account          every event that concerns the subscription's account (see hub.py)
             <kind>           such events of that kind, such as batch.retired.v1
             <stream>.*       such events of those kinds, such as batch.*
"""

import base64
import hmac
import json
import random
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import sha256
from typing import Any, Protocol

from registry.api.events import retirement_object, step_object
from registry.api.hub import Seen, Step, read_page, read_seen
from registry.api.measures import Outcome
from registry.api.posting import NotAnsweredError, post, read_target
from registry.api.settings import Settings
from registry.api.values import time
from registry.desk.opened import Opened
from registry.domain import kinds
from registry.errors import RefusedError, RegistryError, UnavailableError
from registry.store.access import Access
from registry.store.access_webhooks import NO_ANSWER, Delivery, Subscription

RETIREMENTS = "retirements"
ACCOUNT = "account"
KINDS = frozenset(kinds.EVENTS)
FAMILIES = frozenset(f"{kind.partition('.')[0]}.*" for kind in KINDS)

BACKOFF_S = (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 28_800)
"""So long it is waited after each attempt that failed; after the last, which is a day later, it is dead."""
JITTER = 0.2
QUEUE_MAX = 100
"""So many deliveries of a subscription are pending at a time."""
SENDERS = 8
OWN_MAX = 2
"""So many of them send for one account at a time: who answers slowly keeps nobody else waiting."""
TESTS_MAX = 4
"""So many tests are under way at a time, one of an account: a request waits for each."""
IN_A_ROW = 100
"""So many a sender sends to one subscriber before others have their turn."""
PAUSE_S = 0.05
"""So long, at the least, between two looks: what is recorded meanwhile is looked at together."""
NOTED_ENTRIES = 1_000
"""After so many entries of which nothing is to be told, it is noted durably how far that is."""
IDLE_S = 30.0
"""So often it is looked what other servers left, though nobody said that there is anything."""
GONE = 410
"""Who answers this wants no more: the subscription is paused."""
_S = 1_000_000

EXPECTED = range(200, 300)
"""The statuses by which a request has arrived. A redirect is none: nothing is sent where nobody was asked."""


class Place(Protocol):
    """What a deliverer needs of a runtime."""

    settings: Settings
    stopping: threading.Event

    def source(self) -> Opened:
        """The log."""

    def true_of(self) -> dict[str, object]:
        """Which log it is."""


def is_topic(topic: str) -> bool:
    """Whether something can be told under `topic`."""
    return topic in {RETIREMENTS, ACCOUNT} or topic in KINDS or topic in FAMILIES


def told_of(seen: Seen, subscription: Subscription) -> dict[str, list[dict[str, Any]]]:
    """What a subscription is told of an entry; nothing, if both lists are empty."""
    topics = frozenset(subscription.topics)
    whole = RETIREMENTS in topics
    return {
        "events": [
            step_object(seen, step, subscription.account)
            for step in seen.concerning(subscription.account)
            if _is_wanted(step, topics)
        ],
        "retirements": [retirement_object(seen, one) for one in seen.retirements if whole],
    }


def _is_wanted(step: Step, topics: frozenset[str]) -> bool:
    family = f"{step.kind.partition('.')[0]}.*"
    return bool({ACCOUNT, step.kind, family} & topics)


def signed(secret: bytes, id_: str, body: bytes, at_s: int) -> dict[str, str]:
    """The headers that sign `body`, sent at `at_s` under `id_`."""
    made = hmac.new(secret, f"{id_}.{at_s}.".encode() + body, sha256).digest()
    return {
        "webhook-id": id_,
        "webhook-timestamp": str(at_s),
        "webhook-signature": f"v1,{base64.b64encode(made).decode()}",
    }


def wait_us(attempt: int) -> int | None:
    """So long is waited after that many attempts that failed; None if it is given up."""
    if attempt > len(BACKOFF_S):
        return None
    spread = 1 + random.uniform(-JITTER, JITTER)  # noqa: S311  # spreads what would come at once; nothing to guess
    return round(BACKOFF_S[attempt - 1] * spread * _S)


class Deliverer:
    """Sends what is to be sent; does nothing while nobody subscribes."""

    def __init__(
        self,
        place: Place,
        access: Access,
        now_us: Callable[[], int],
        attempted: Callable[[Outcome], object] = lambda _: None,
    ) -> None:
        """Nothing runs yet; `attempted` is told what came of each attempt."""
        self._attempted = attempted
        self._place = place
        self._webhooks = access.webhooks
        self._renewals = access.renewals
        self._now_us = now_us
        self._rung = threading.Event()
        self._subscribed = True
        self._size = 0
        self._flying: dict[Future[None], str] = {}
        """What is being sent, and for which account."""
        self._testing: set[str] = set()
        """The accounts that are having a webhook tested."""
        self._entering = threading.Lock()
        self._looked: dict[str, tuple[int, int]] = {}
        """Of each subscription: its position, and up to where there is nothing to be told from there on."""
        self._trusted = ssl.create_default_context()
        self._pool = ThreadPoolExecutor(SENDERS, "webhooks")
        self._thread = threading.Thread(target=self._run, name="deliverer", daemon=True)
        self._closing = False

    # From outside.

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def told(self, size: int) -> None:
        """There are `size` entries now. Does not wait."""
        self._size = size
        if self._subscribed:
            self._rung.set()

    def look(self) -> None:
        """Somebody subscribed, or wants something sent again."""
        self._subscribed = True
        self._rung.set()

    def close(self) -> None:
        """Send nothing more; what is under way is waited for."""
        self._closing = True
        self._rung.set()
        if self._thread.is_alive():
            self._thread.join()
        self._pool.shutdown()

    def test(self, subscription: Subscription) -> int:
        """Send something to a subscriber now that is of no entry, once; what was answered.

        Raises:
            RefusedError: `bad_webhook_url`, `no_webhook`.
            UnavailableError: `too_many_tests`.
        """
        account = subscription.account
        with self._entering:
            free = len(self._testing) < TESTS_MAX and account not in self._testing
            if not free:
                raise UnavailableError("too_many_tests")
            self._testing.add(account)
        try:
            about = {**self._about(subscription), "events": [], "retirements": []}
            body = _body("webhook.test", self._now_us(), about)
            return self._sent(subscription, f"test-{self._now_us()}", body)
        finally:
            self._testing.discard(account)

    # The thread.

    def _run(self) -> None:
        while not self._closing:
            self._rung.clear()
            wait_s = IDLE_S
            try:
                wait_s = self._look()
            except RegistryError:
                # A database that is away is said to be by readiness, and asked again.
                wait_s = 1
            self._rung.wait(wait_s)
            if not self._closing:
                self._place.stopping.wait(PAUSE_S)

    def _look(self) -> float:
        """Enqueue and send; returns in how many seconds there is more to do."""
        subscriptions = [one for one in self._active() if self._goes_on(one)]
        self._subscribed = bool(subscriptions)
        if not subscriptions:
            return IDLE_S
        by_id = {one.id: one for one in subscriptions}
        more = self._enqueue(subscriptions)
        self._flying = {one: whose for one, whose in self._flying.items() if not one.done()}
        while len(self._flying) < SENDERS:
            found = self._webhooks.first_due(self._now_us(), 1, but=self._at_most())
            if not found:
                break
            subscription = by_id.get(found[0].subscription) or self._found(found[0])
            sending = self._pool.submit(self._deliver, subscription, found[0])
            self._flying[sending] = subscription.account
        else:
            # Whoever is ready first rings.
            return IDLE_S
        due_us = self._webhooks.next_due_us(self._at_most())
        if more:
            return 0
        return IDLE_S if due_us is None else min(max(due_us - self._now_us(), 0) / _S, IDLE_S)

    def _at_most(self) -> list[str]:
        """The accounts for which as many send as may."""
        return [
            account for account, count in Counter(self._flying.values()).items() if count >= OWN_MAX
        ]

    def _found(self, delivery: Delivery) -> Subscription:
        """The subscription of a delivery, which was made, or resumed, since we looked."""
        found = self._webhooks.find(delivery.subscription)
        assert found is not None
        return found

    def _goes_on(self, subscription: Subscription) -> bool:
        """Whether whoever subscribed still speaks for the account; if not, the subscription is ended."""
        _, left = self._renewals.left({subscription.account: subscription.log_size})
        if not left:
            self._webhooks.end(subscription.id, self._now_us())
        return bool(left)

    def _active(self) -> Iterable[Subscription]:
        after = ""
        while page := self._webhooks.active(after):
            yield from page
            after = page[-1].id

    def _enqueue(self, subscriptions: Sequence[Subscription]) -> bool:
        """Enqueue the next page of each subscription; whether there may be more at once."""
        read: dict[int, tuple[list[Seen], int]] = {}
        more = False
        for one in subscriptions:
            begin = self._begin(one)
            if begin >= self._size or self._closing:
                continue
            pending = self._webhooks.deliveries(one.id, state="pending", most=QUEUE_MAX)
            room = QUEUE_MAX - len(pending)
            if not room:
                continue
            if begin not in read:
                read[begin] = read_page(self._place.source(), begin, self._size)
            more = self._enqueue_page(one, *read[begin], room) or more
        return more

    def _begin(self, one: Subscription) -> int:
        """The entry from which on a subscription is to be told; it may have been told to begin again."""
        position, reached = self._looked.get(one.id, (-1, 0))
        return reached if position == one.position else one.position

    def _enqueue_page(self, one: Subscription, seen: Sequence[Seen], end: int, room: int) -> bool:
        """Enqueue what is wanted of a page that ends at `end`; whether there may be more at once."""
        wanted = [entry.index for entry in seen if any(told_of(entry, one).values())]
        if len(wanted) > room:
            end = wanted[room]
            wanted = wanted[:room]
        if wanted or end - one.position >= NOTED_ENTRIES:
            self._webhooks.enqueue(
                one.id, wanted, start=one.position, position=end, now_us=self._now_us()
            )
        else:
            self._looked[one.id] = one.position, end
        return end < self._size

    # A sender.

    def _deliver(self, subscription: Subscription, delivery: Delivery) -> None:
        try:
            for _ in range(IN_A_ROW):
                if not self._goes_on(subscription):
                    return
                self._try(subscription, delivery)
                if self._closing:
                    return
                due = self._webhooks.first_due(self._now_us(), 1, of=subscription.id)
                if not due:
                    return
                (delivery,) = due
        except RegistryError:
            # Nothing is noted of it: it is given to somebody again, when the lease is over.
            return
        finally:
            self._rung.set()

    def _try(self, subscription: Subscription, delivery: Delivery) -> None:
        body = self._body_of(subscription, delivery)
        try:
            status = self._sent(subscription, delivery.id, body)
        except RefusedError:
            # Of a subscription that ended, or an address that the settings do not allow any more.
            status = NO_ANSWER
        now_us = self._now_us()
        if status in EXPECTED:
            self._webhooks.delivered(delivery.id, status, now_us)
            self._attempted("delivered")
            return
        wait = wait_us(delivery.attempts + 1)
        if wait is None:
            self._webhooks.dead(delivery.id, status, now_us)
        else:
            self._webhooks.failed(delivery.id, status, now_us + wait)
        self._attempted("failed" if wait is not None else "dead")
        if status == GONE:
            self._webhooks.pause(subscription.id)

    def _body_of(self, subscription: Subscription, delivery: Delivery) -> bytes:
        (seen,) = read_seen(self._place.source(), [delivery.entry], names=False)
        about = {
            **self._about(subscription),
            "entry": seen.index,
            "leaf": seen.leaf.hex(),
            **told_of(seen, subscription),
        }
        return _body("entry.recorded", seen.at_us, about)

    def _about(self, subscription: Subscription) -> dict[str, Any]:
        named = {"webhook": subscription.id, "account": subscription.account}
        return {**self._place.true_of(), **named}

    def _sent(self, subscription: Subscription, id_: str, body: bytes) -> int:
        """The status that a subscriber answers; NO_ANSWER for none.

        Raises:
            RefusedError: `bad_webhook_url`, `no_webhook`.
        """
        secret = self._webhooks.secret_of(subscription.id)
        if secret is None:
            raise RefusedError("no_webhook", webhook=subscription.id)
        settings = self._place.settings
        target = read_target(subscription.url, settings)
        headers = {
            "user-agent": "carbon-registry",
            **signed(secret, id_, body, self._now_us() // _S),
        }
        try:
            return post(target, body, headers, settings, self._trusted)
        except NotAnsweredError:
            return NO_ANSWER


def _body(type_: str, at_us: int, about: dict[str, Any]) -> bytes:
    told = {"type": type_, "timestamp": time(at_us), "data": about}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
