"""What a server remembers beside the log: the same on both databases, for threads and processes, and never a secret."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
import pytest

from registry.errors import RefusedError, UnavailableError
from registry.place import Place
from registry.place import Server as Address
from registry.store import access as accessing
from registry.store import access_file, access_jobs, access_webhooks, migrations
from registry.store.access import (
    CLAIMS_KEPT_US,
    DAY_US,
    KEY_DAYS_MAX,
    KEYS_KEPT_US,
    SCOPES,
    Access,
    KeyRecord,
    covers,
    key_subject,
    token_subject,
)
from registry.store.access_jobs import Job
from registry.store.access_webhooks import Delivery, Subscription
from registry.store.migrations import READER_ROLE, SERVER_ROLE, migrate
from registry.store.recorder import SCHEMA_VERSION
from tests.grounds import Schemas
from tests.servers import Server
from tests.store.lives import CONTEXT

pytestmark = pytest.mark.on("sqlite", "postgres")

NOW_US = 1_800_000_000_000_000
DAY_AFTER = "2027-01-16"
SECRET = bytes(range(32))
ALICE, BOB = "account/alice", "account/bob"
URL = "https://platform.example/hook"


def opened(place: Place, secret: bytes | None = SECRET) -> Access:
    return Access(place, secret=secret)


@pytest.fixture(scope="module")
def on_server(
    server: Server, schemas: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Address]:
    """Tables on a server, for one test after another."""
    with closing(Schemas(server, schemas)) as made:
        place = made.place(tmp_path_factory.mktemp("access"))
        assert isinstance(place, Address)
        migrate(place)
        yield place


@pytest.fixture
def prepared(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> Place:
    """A place where there is nothing but room."""
    if backend == "sqlite":
        directory = tmp_path / "registry"
        directory.mkdir()
        return directory
    place: Address = request.getfixturevalue("on_server")
    with tables(place) as connection:
        for name in migrations.ACCESS_TABLES:
            connection.execute(f"DELETE FROM {name}")  # noqa: S608  # names of ours
    return place


@pytest.fixture
def access(prepared: Place) -> Iterator[Access]:
    with closing(opened(prepared)) as made:
        yield made


def a_key(access: Access, *accounts: str, **changed: Any) -> tuple[KeyRecord, str]:
    wanted = {
        "scopes": ["read", "act"],
        "expires_us": NOW_US + 90 * DAY_US,
        "label": "till 3",
        "made_by": "operator",
        "now_us": NOW_US,
        **changed,
    }
    return access.make_key(accounts or (ALICE,), wanted.pop("scopes"), **wanted)


def living(access: Access) -> list[str]:
    """The ids of the keys that were not revoked, in order."""
    return [key.id for key in access.keys(after="") if key.revoked_us is None]


def refused(ask: Callable[[], object]) -> tuple[str, object]:
    with pytest.raises(RefusedError) as refusal:
        ask()
    return refusal.value.code, refusal.value.facts.get("field")


@contextmanager
def tables(place: Place) -> Iterator[Any]:
    """A connection to what is kept, for who knows its language."""
    if isinstance(place, Address):
        with psycopg.connect(place.url, autocommit=True) as connection:
            yield connection
    else:
        with closing(sqlite3.connect(place / access_file.FILE, isolation_level=None)) as file:
            yield file


def kept(place: Place) -> str:
    """All that is kept, spelled out."""
    with tables(place) as connection:
        names = migrations.ACCESS_TABLES
        rows = [connection.execute(f"SELECT * FROM {name}").fetchall() for name in names]  # noqa: S608  # names of ours
    return repr(rows)


# API keys.


def test_a_key_speaks_for_its_accounts_until_it_expires(access: Access) -> None:
    made, presented = a_key(access, ALICE, BOB, scopes=["read", "act:orders"])

    found = access.find_key(presented, NOW_US)

    assert found == made
    assert found.accounts == (ALICE, BOB)
    assert found.scopes == ("read", "act:orders")
    assert re.fullmatch("crk_[a-z2-7]{16}_[a-z2-7]{52}", presented)
    assert presented.split("_")[1] == made.id
    assert access.find_key(presented, made.expires_us - 1) is not None
    assert access.find_key(presented, made.expires_us) is None


def test_a_key_that_was_revoked_is_none(access: Access) -> None:
    made, presented = a_key(access)
    other, others = a_key(access, BOB)

    assert access.revoke_key(made.id, NOW_US + 5) == [made.id]

    assert access.find_key(presented, NOW_US + 6) is None
    assert access.find_key(others, NOW_US + 6) == replace(other, used_day="")
    assert not access.revoke_key(made.id, NOW_US + 7)
    assert not access.revoke_key("a" * 16, NOW_US)
    revoked = access.key(made.id)
    assert revoked is not None
    assert revoked.revoked_us == NOW_US + 5


def test_what_a_key_made_is_revoked_with_it_and_so_is_what_that_made(access: Access) -> None:
    root, _ = a_key(access)
    child, _ = a_key(access, made_by=key_subject(root.id))
    before, _ = a_key(access, made_by=key_subject(root.id))
    grandchildren = [a_key(access, BOB, made_by=key_subject(child.id))[0].id for _ in range(2)]
    expired, _ = a_key(access, made_by=key_subject(child.id), expires_us=NOW_US + 1)
    other, presented = a_key(access)
    access.revoke_key(before.id, NOW_US + 1)

    revoked = access.revoke_key(root.id, NOW_US + 5)

    assert revoked[:2] == [root.id, child.id]
    assert sorted(revoked[2:]) == sorted(grandchildren)
    assert living(access) == sorted([expired.id, other.id])
    assert access.find_key(presented, NOW_US + 6) is not None


@pytest.mark.parametrize("end", ["revoked", "expired"])
def test_a_key_that_is_good_for_nothing_makes_none(access: Access, end: str) -> None:
    maker, _ = a_key(access, expires_us=NOW_US + 10)
    if end == "revoked":
        access.revoke_key(maker.id, NOW_US)

    def make() -> object:
        return a_key(access, made_by=key_subject(maker.id), now_us=NOW_US + 10 * (end == "expired"))

    assert refused(make)[0] == "bad_key"
    assert access.keys() == [access.key(maker.id)]


def test_of_keys_that_are_made_while_their_maker_is_revoked_none_is_left(access: Access) -> None:
    maker, _ = a_key(access)

    def makes(_: int) -> None:
        with suppress(RefusedError):
            while True:
                a_key(access, made_by=key_subject(maker.id))

    with ThreadPoolExecutor(4) as threads:
        making = [threads.submit(makes, number) for number in range(4)]
        while len(access.keys()) < 5:
            pass
        revoked = access.revoke_key(maker.id, NOW_US + 1)
    for one in making:
        one.result()

    assert len(revoked) >= 5
    assert living(access) == []


def test_what_is_not_spelled_as_it_was_given_is_no_key(access: Access) -> None:
    made, presented = a_key(access)
    last = "b" if presented[-1] != "b" else "c"
    wrong = [
        "",
        presented.upper(),
        f" {presented}",
        f"{presented}\n",
        f"{presented}=",
        presented[:-1],
        presented[:-1] + last,
        presented.removeprefix("crk_"),
        presented.replace(made.id, "a" * 16),
        f"crk_{made.id}_",
        f"crk_{made.id}_{'a' * 52}",
        f"crk_{made.id}_{'ａ' * 52}",
        "crk_%_" + "a" * 52,
    ]

    assert [one for one in wrong if access.find_key(one, NOW_US) is not None] == []
    assert access.find_key(presented, NOW_US) is not None


def test_nobody_finds_a_secret_in_what_is_kept(access: Access, prepared: Place) -> None:
    _, presented = a_key(access)
    access.claim(ALICE, "my-idempotency-key", bytes(32), NOW_US)
    _, secret = access.webhooks.subscribe(ALICE, URL, ["entries"], position=0, now_us=NOW_US)

    found = kept(prepared)

    assert presented.rpartition("_")[2] not in found
    assert "my-idempotency-key" not in found
    assert repr(secret)[2:-1] not in found
    assert repr(sha256(presented.encode()).digest())[2:-1] in found


def test_the_last_day_of_use_is_noted_once_a_day(
    access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, presented = a_key(access)
    asked = []
    rows = access._keeper.rows

    def counted(statement: str, values: Any = ()) -> Any:
        asked.append(statement.split(maxsplit=1)[0])
        return rows(statement, values)

    monkeypatch.setattr(access._keeper, "rows", counted)
    for _ in range(3):
        access.find_key(presented, NOW_US)
    access.find_key(presented, NOW_US + DAY_US)

    found = access.key(made.id)
    assert found is not None
    assert found.used_day == DAY_AFTER
    assert asked == ["SELECT", "UPDATE", "SELECT", "SELECT", "SELECT", "UPDATE", "SELECT"]


def test_a_disk_that_is_full_turns_no_key_away(
    access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, presented = a_key(access)
    rows = access._keeper.rows

    def full(statement: str, values: Any = ()) -> Any:
        if statement.startswith("UPDATE"):
            raise UnavailableError("storage_failed", file="x", said="full")
        return rows(statement, values)

    monkeypatch.setattr(access._keeper, "rows", full)

    assert access.find_key(presented, NOW_US) == made


def test_the_keys_of_an_account_are_listed_as_they_were_made(access: Access) -> None:
    first, _ = a_key(access, ALICE)
    second, _ = a_key(access, BOB, ALICE, now_us=NOW_US + 1)
    third, _ = a_key(access, BOB, now_us=NOW_US + 2)

    assert access.keys_of(ALICE) == [first, second]
    assert access.keys_of(BOB) == [second, third]
    assert access.keys_of("account/nobody") == []
    everything = sorted([first, second, third], key=lambda key: key.id)
    assert access.keys() == everything
    assert access.keys(everything[0].id, 1) == everything[1:2]


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        ({"scopes": ["everything"]}, "unknown_scope", None),
        ({"scopes": ["act:nothing"]}, "unknown_scope", None),
        ({"scopes": []}, "malformed", "scopes"),
        ({"scopes": ["read", "read"]}, "malformed", "scopes"),
        ({"label": "x" * 101}, "malformed", "label"),
        ({"label": "\x1b[2J"}, "malformed", "label"),
        ({"expires_us": NOW_US}, "malformed", "expires"),
        ({"expires_us": NOW_US + KEY_DAYS_MAX * DAY_US + 1}, "malformed", "expires"),
        ({"accounts": ()}, "malformed", "accounts"),
        ({"accounts": (ALICE, ALICE)}, "malformed", "accounts"),
        ({"accounts": ("alice",)}, "malformed", "accounts"),
        ({"accounts": (f"{ALICE} {BOB}",)}, "malformed", "accounts"),
    ],
)
def test_a_key_that_cannot_be_is_refused_and_not_there(
    access: Access, changed: dict[str, Any], code: str, field: str | None
) -> None:
    asked = {"scopes": ["read"], "expires_us": NOW_US + 1, "label": "", **changed}
    accounts, scopes = asked.pop("accounts", (ALICE,)), asked.pop("scopes")

    def make() -> object:
        return access.make_key(accounts, scopes, **asked, made_by="", now_us=NOW_US)

    assert refused(make) == (code, field)
    assert access.keys() == []


def test_an_account_has_so_many_keys_at_a_time(
    access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accessing, "KEYS_MAX", 2)
    first, _ = a_key(access)
    a_key(access)

    assert refused(lambda: a_key(access, BOB, ALICE))[0] == "too_many_api_keys"
    assert access.keys_of(BOB) == []
    access.revoke_key(first.id, NOW_US)
    a_key(access, BOB, ALICE)


def test_so_many_keys_are_made_for_an_account_within_a_day(
    access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also if each is revoked at once: they are remembered."""
    monkeypatch.setattr(accessing, "KEYS_A_DAY_MAX", 2)
    for _ in range(2):
        access.revoke_key(a_key(access)[0].id, NOW_US)

    assert refused(lambda: a_key(access, BOB, ALICE, now_us=NOW_US + DAY_US - 1)) == (
        "too_many_keys_made",
        None,
    )
    assert access.keys_of(BOB) == []
    a_key(access, ALICE, now_us=NOW_US + DAY_US)


def test_the_keys_that_speak_are_listed_however_many_do_not_any_more(
    access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accessing, "KEYS_LISTED_MAX", 3)
    speaks, _ = a_key(access, now_us=NOW_US - 9)
    for number in range(3):
        access.revoke_key(a_key(access, now_us=NOW_US + number)[0].id, NOW_US)
        a_key(access, now_us=NOW_US + number, expires_us=NOW_US + 10)

    listed = access.keys_of(ALICE)

    assert (len(listed), listed[0]) == (3, speaks)


def test_keys_that_expired_long_ago_are_forgotten(access: Access) -> None:
    old, presented = a_key(access, ALICE, BOB, expires_us=NOW_US + 1)
    lately, _ = a_key(access, ALICE)

    later_us = NOW_US + KEYS_KEPT_US + 2
    new, _ = a_key(access, ALICE, now_us=later_us, expires_us=later_us + 1)

    assert access.key(old.id) is None
    assert access.find_key(presented, NOW_US) is None
    assert access.keys_of(BOB) == []
    assert access.keys_of(ALICE) == [lately, new]


def test_to_act_covers_every_area_and_an_area_nothing_else() -> None:
    assert all(covers(["act"], scope) for scope in SCOPES if scope.startswith("act"))
    assert covers(["act:orders"], "act:orders")
    assert not covers(["act:orders"], "act")
    assert not covers(["act:orders"], "act:offers")
    assert not covers(["act"], "read")
    assert len(SCOPES) == len(set(SCOPES))


# Bindings.


def test_a_subject_speaks_for_what_it_is_bound_to(access: Access) -> None:
    made = {"made_by": "operator", "now_us": NOW_US}
    access.bind("https://login", "li.si", ALICE, ["read"], **made)
    second = access.bind("https://login", "li.si", BOB, ["act"], **made)
    other = access.bind("https://else", "li.si", BOB, ["sign"], **made)
    first = access.bind("https://login", "li.si", ALICE, ["read", "act"], **made)

    assert access.bindings_of("https://login", "li.si") == [first, second]
    assert access.bindings_of("https://login", "LI.SI") == []
    assert access.bindings() == [other, first, second]
    assert access.bindings(("https://login", "li.si", ALICE), 5) == [second]
    assert access.unbind("https://login", "li.si", BOB, now_us=NOW_US) == (1, [])
    assert access.bindings_of("https://login", "li.si") == [first]
    assert access.unbind("https://login", "li.si", now_us=NOW_US) == (1, [])
    assert access.unbind("https://login", "li.si", now_us=NOW_US) == (0, [])
    assert access.bindings() == [other]


def test_the_keys_that_somebody_made_are_revoked_when_they_are_unbound(access: Access) -> None:
    maker = token_subject("https://login", "li.si")
    for account in (ALICE, BOB):
        access.bind("https://login", "li.si", account, ["keys"], made_by="", now_us=NOW_US)
    of_alice, _ = a_key(access, ALICE, made_by=maker)
    of_bob, _ = a_key(access, BOB, made_by=maker)
    made, _ = a_key(access, BOB, made_by=key_subject(of_bob.id))
    others, _ = a_key(access, BOB, made_by=token_subject("https://login", "wang.wu"))

    first = access.unbind("https://login", "li.si", BOB, now_us=NOW_US + 1)
    rest = access.unbind("https://login", "li.si", now_us=NOW_US + 2)

    assert first == (1, [of_bob.id, made.id])
    assert rest == (1, [of_alice.id])
    assert living(access) == [others.id]


def test_a_binding_that_cannot_be_is_refused(access: Access) -> None:
    made = {"made_by": "operator", "now_us": NOW_US}

    assert refused(lambda: access.bind("", "a", ALICE, ["read"], **made))[1] == "issuer"
    assert refused(lambda: access.bind("i", "a\n", ALICE, ["read"], **made))[1] == "subject"
    assert refused(lambda: access.bind("i", "a", "alice", ["read"], **made))[1] == "accounts"
    assert refused(lambda: access.bind("i", "a", ALICE, ["all"], **made))[0] == "unknown_scope"
    assert access.bindings() == []


# Requests that are not to be twice.


def test_a_request_may_be_repeated_and_no_other_takes_its_key(access: Access) -> None:
    one, other = b"1" * 32, b"2" * 32

    first = access.claim(ALICE, "k", one, NOW_US)
    again = access.claim(ALICE, "k", one, NOW_US + 5)

    assert (first.is_new, first.made_us) == (True, NOW_US)
    assert (again.is_new, again.made_us) == (False, NOW_US)
    with pytest.raises(RefusedError) as refusal:
        access.claim(ALICE, "k", other, NOW_US + 6)
    assert refusal.value.code == "idempotency_key_reused"
    assert access.claim(BOB, "k", other, NOW_US).is_new
    assert access.claim(ALICE, "K", other, NOW_US).is_new


def test_a_key_is_free_again_after_two_days_and_not_before(access: Access) -> None:
    access.claim(ALICE, "k", b"1" * 32, NOW_US)

    before_us = NOW_US + CLAIMS_KEPT_US
    assert refused(lambda: access.claim(ALICE, "k", b"2" * 32, before_us))
    assert access.claim(ALICE, "k", b"2" * 32, before_us + 1).is_new
    assert not access.claim(ALICE, "k", b"2" * 32, before_us + 2).is_new


def test_what_nobody_needs_any_more_goes_with_what_comes(access: Access, prepared: Place) -> None:
    for number in range(20):
        access.claim(ALICE, f"old {number}", bytes(32), NOW_US + number)

    for number in range(10):
        access.claim(ALICE, f"new {number}", bytes(32), NOW_US + CLAIMS_KEPT_US + 100)

    with tables(prepared) as connection:
        ((count,),) = connection.execute("SELECT count(*) FROM access_claims").fetchall()
    assert count == 10


def claims(place: Place, barrier: Any, answers: Any, keys: int) -> None:
    """Claim the same keys as others do at the same time, each for a request of one's own."""
    with closing(Access(place)) as access:
        barrier.wait(60)
        for number in range(keys):
            fingerprint = CONTEXT.current_process().pid.to_bytes(32, "big")  # type: ignore[union-attr]  # it runs
            try:
                taken = access.claim(ALICE, f"k{number}", fingerprint, NOW_US)
                answers.put((number, "new" if taken.is_new else "again"))
            except RefusedError as refusal:
                answers.put((number, refusal.code))


def test_of_processes_that_claim_one_key_at_once_one_is_first(prepared: Place) -> None:
    """The file is not there yet, either: who comes first makes it."""
    workers, keys = 3, 20
    barrier, answers = CONTEXT.Barrier(workers), CONTEXT.Queue()
    processes = [
        CONTEXT.Process(target=claims, args=(prepared, barrier, answers, keys))
        for _ in range(workers)
    ]

    for process in processes:
        process.start()
    told = sorted(answers.get(timeout=60) for _ in range(workers * keys))
    for process in processes:
        process.join(60)

    once = ["idempotency_key_reused"] * (workers - 1) + ["new"]
    assert told == [(number, answer) for number in range(keys) for answer in once]


def test_of_threads_that_claim_one_key_at_once_one_is_first(access: Access) -> None:
    with ThreadPoolExecutor(8) as threads:
        taken = list(
            threads.map(lambda at: access.claim(ALICE, f"k{at // 8}", bytes(32), NOW_US), range(64))
        )

    assert sum(one.is_new for one in taken) == 8


# Webhooks.


def subscribed(access: Access, account: str = ALICE, position: int = 0) -> Subscription:
    made, _ = access.webhooks.subscribe(
        account, URL, ["retirement.*", "entries"], position=position, now_us=NOW_US
    )
    return made


def a_delivery(access: Access) -> tuple[Subscription, Delivery]:
    made = subscribed(access)
    assert access.webhooks.enqueue(made.id, [3], start=0, position=10, now_us=NOW_US)
    (due,) = access.webhooks.first_due(NOW_US, 10)
    return made, due


def now(access: Access, delivery: Delivery) -> Delivery:
    found = access.webhooks.delivery(delivery.id)
    assert found is not None
    return found


def test_a_subscription_is_kept_with_its_secret_sealed(access: Access, prepared: Place) -> None:
    made, secret = access.webhooks.subscribe(ALICE, URL, ["entries"], position=7, now_us=NOW_US)

    assert access.webhooks.find(made.id) == made
    assert (made.state, made.position, made.failures) == ("active", 7, 0)
    assert access.webhooks.secret_of(made.id) == secret
    assert len(secret) == access_webhooks.SECRET_BYTES
    with closing(opened(prepared, bytes(32))) as other:
        assert refused(lambda: other.webhooks.secret_of(made.id))[0] == "wrong_passphrase"
    renewed = access.webhooks.new_secret(made.id)
    assert renewed == access.webhooks.secret_of(made.id) != secret


def test_a_sealed_secret_of_another_subscription_is_none(access: Access, prepared: Place) -> None:
    first, second = subscribed(access), subscribed(access)
    with tables(prepared) as connection:
        connection.execute(
            "UPDATE access_subscriptions SET sealed ="  # noqa: S608  # an id of ours
            f" (SELECT sealed FROM access_subscriptions WHERE id = '{first.id}')"
        )

    assert access.webhooks.secret_of(first.id) is not None
    assert refused(lambda: access.webhooks.secret_of(second.id))[0] == "wrong_passphrase"


@pytest.mark.parametrize(
    ("url", "topics", "field"),
    [
        ("", ["entries"], "url"),
        (f"https://x/{'y' * 2_000}", ["entries"], "url"),
        ("https://x/\n", ["entries"], "url"),
        (URL, [], "topics"),
        (URL, ["two words"], "topics"),
        (URL, ["entries", "entries"], "topics"),
        (URL, [f"t{number}" for number in range(65)], "topics"),
    ],
)
def test_a_subscription_that_cannot_be_is_refused(
    access: Access, url: str, topics: list[str], field: str
) -> None:
    def subscribe() -> object:
        return access.webhooks.subscribe(ALICE, url, topics, position=0, now_us=NOW_US)

    assert refused(subscribe) == ("malformed", field)
    assert access.webhooks.of(ALICE) == []


def test_an_account_has_so_many_subscriptions_at_a_time(
    access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_webhooks, "SUBSCRIPTIONS_MAX", 1)
    made = subscribed(access)

    assert refused(lambda: subscribed(access))[0] == "too_many_subscriptions"
    subscribed(access, BOB)
    access.webhooks.end(made.id, NOW_US)
    subscribed(access)


def test_of_subscriptions_that_ended_an_account_keeps_the_last(
    access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_webhooks, "ENDED_MAX", 2)
    others = subscribed(access, BOB)
    access.webhooks.end(others.id, NOW_US)
    made = [subscribed(access) for _ in range(4)]
    for number, one in enumerate(made):
        access.webhooks.end(one.id, NOW_US + number)

    last = subscribed(access)

    assert {one.id for one in access.webhooks.of(ALICE)} == {made[2].id, made[3].id, last.id}
    assert [one.id for one in access.webhooks.of(BOB)] == [others.id]


def test_what_is_to_be_sent_and_the_position_advance_together(access: Access) -> None:
    made = subscribed(access)

    assert access.webhooks.enqueue(made.id, [2, 5], start=0, position=8, now_us=NOW_US)
    assert not access.webhooks.enqueue(made.id, [2, 5], start=0, position=8, now_us=NOW_US)
    assert access.webhooks.enqueue(made.id, [], start=8, position=20, now_us=NOW_US)

    moved = access.webhooks.find(made.id)
    assert moved is not None
    assert moved.position == 20
    assert [one.entry for one in access.webhooks.deliveries(made.id)] == [2, 5]


def test_an_advance_that_fails_leaves_neither(
    access: Access, prepared: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = subscribed(access)
    monkeypatch.setattr(access_webhooks, "forget", lambda *_values, **_named: 1 // 0)

    with pytest.raises(ZeroDivisionError):
        access.webhooks.enqueue(made.id, [2], start=0, position=8, now_us=NOW_US)

    with closing(opened(prepared)) as other:
        assert other.webhooks.find(made.id) == made
        assert other.webhooks.deliveries(made.id) == []


def test_what_is_due_is_given_to_one_and_given_again_when_that_one_died(access: Access) -> None:
    made = [subscribed(access, account) for account in (ALICE, BOB, "account/carol")]
    for one in made:
        access.webhooks.enqueue(one.id, [1], start=0, position=2, now_us=NOW_US)

    assert access.webhooks.first_due(NOW_US - 1, 10) == []
    first = access.webhooks.first_due(NOW_US, 2, lease_us=100)
    second = access.webhooks.first_due(NOW_US, 10, lease_us=100)

    assert (len(first), len(second)) == (2, 1)
    assert {one.subscription for one in (*first, *second)} == {one.id for one in made}
    assert access.webhooks.next_due_us() == NOW_US + 100
    assert access.webhooks.first_due(NOW_US + 99, 10) == []
    assert len(access.webhooks.first_due(NOW_US + 100, 10)) == 3


def test_what_is_due_of_one_subscription_can_be_asked_for(access: Access) -> None:
    first, second = subscribed(access), subscribed(access, BOB)
    for made in (first, second):
        access.webhooks.enqueue(made.id, [1], start=0, position=2, now_us=NOW_US)

    (due,) = access.webhooks.first_due(NOW_US, 10, of=second.id)

    assert due.subscription == second.id
    assert [one.id for one in access.webhooks.active()] == sorted([first.id, second.id])
    assert access.webhooks.of(BOB) == [replace(second, position=2)]


def test_what_comes_later_waits_for_what_comes_first(access: Access) -> None:
    first, second = subscribed(access), subscribed(access, BOB)
    for made in (first, second):
        access.webhooks.enqueue(made.id, [1, 2, 3], start=0, position=4, now_us=NOW_US)

    given = access.webhooks.first_due(NOW_US, 10, lease_us=100)
    meanwhile = access.webhooks.first_due(NOW_US + 99, 10)
    for one in given:
        access.webhooks.failed(one.id, 500, NOW_US + 500)
    failing = access.webhooks.first_due(NOW_US + 499, 10)
    access.webhooks.dead(given[0].id, 500, NOW_US + 499)
    (after,) = access.webhooks.first_due(NOW_US + 499, 10)
    again = access.webhooks.first_due(NOW_US + 500, 10, of=given[1].subscription)

    assert sorted((one.entry, one.subscription) for one in given) == sorted(
        (1, made.id) for made in (first, second)
    )
    assert meanwhile == failing == []
    assert (after.entry, after.subscription) == (2, given[0].subscription)
    assert [one.id for one in again] == [given[1].id]
    assert access.webhooks.next_due_us() is not None


def test_what_is_due_of_others_can_be_asked_for(access: Access) -> None:
    mine = [subscribed(access) for _ in range(2)]
    other = subscribed(access, BOB)
    for one in (*mine, other):
        access.webhooks.enqueue(one.id, [1], start=0, position=2, now_us=NOW_US + (one is other))

    (due,) = access.webhooks.first_due(NOW_US + 1, 10, but=[ALICE, "account/carol"])

    assert due.subscription == other.id
    assert access.webhooks.next_due_us() == NOW_US
    assert access.webhooks.next_due_us([BOB, ALICE]) is None
    assert access.webhooks.first_due(NOW_US, 10, of=mine[0].id, but=[ALICE]) == []
    assert len(access.webhooks.first_due(NOW_US, 10, but=[BOB])) == 2


def test_two_threads_are_given_the_first_of_each_once(access: Access) -> None:
    made = [subscribed(access, f"account/{number}") for number in range(8)]
    for one in made:
        access.webhooks.enqueue(one.id, [1, 2], start=0, position=3, now_us=NOW_US)

    with ThreadPoolExecutor(4) as threads:
        given = list(threads.map(lambda _: access.webhooks.first_due(NOW_US, 3), range(12)))

    found = [(one.subscription, one.entry) for some in given for one in some]
    assert sorted(found) == sorted((one.id, 1) for one in made)


def test_a_delivery_fails_and_arrives(access: Access) -> None:
    made, due = a_delivery(access)

    assert access.webhooks.failed(due.id, 503, NOW_US + 30)
    assert access.webhooks.failed(due.id, access_webhooks.NO_ANSWER, NOW_US + 60)
    waiting = now(access, due)
    failing = access.webhooks.find(made.id)
    assert access.webhooks.delivered(due.id, 204, NOW_US + 61)
    assert not access.webhooks.delivered(due.id, 204, NOW_US + 62)
    assert not access.webhooks.failed(due.id, 500, NOW_US + 63)

    assert (waiting.attempts, waiting.last_status, waiting.state) == (2, 0, "pending")
    assert waiting.next_try_us == NOW_US + 60
    assert failing is not None
    assert failing.failures == 2
    arrived = now(access, due)
    assert (arrived.attempts, arrived.last_status, arrived.state) == (3, 204, "delivered")
    assert arrived.ended_us == NOW_US + 61
    assert access.webhooks.find(made.id) == replace(failing, failures=0)
    assert access.webhooks.next_due_us() is None


def test_what_was_given_up_is_tried_again_when_that_is_asked_for(access: Access) -> None:
    made, due = a_delivery(access)

    assert access.webhooks.dead(due.id, 410, NOW_US)
    dead = now(access, due)
    assert access.webhooks.first_due(NOW_US + DAY_US, 10) == []
    assert access.webhooks.deliveries(made.id, state="dead") == [dead]
    assert access.webhooks.waiting() == {"dead": 1}
    assert access.webhooks.replay_dead(made.id, NOW_US + 5) == 1
    assert access.webhooks.replay_dead(made.id, NOW_US + 5) == 0

    (again,) = access.webhooks.first_due(NOW_US + 5, 10)
    assert (again.id, again.attempts, again.last_status) == (due.id, 0, 410)


def test_a_replay_goes_back_to_an_entry_and_sends_under_the_same_ids(access: Access) -> None:
    made = subscribed(access, position=5)
    access.webhooks.enqueue(made.id, [6, 8], start=5, position=10, now_us=NOW_US)
    before = access.webhooks.deliveries(made.id)
    for one in before:
        access.webhooks.delivered(one.id, 200, NOW_US)

    assert not access.webhooks.replay(made.id, 10)
    assert access.webhooks.replay(made.id, 2)
    assert access.webhooks.enqueue(made.id, [3, 6, 8], start=2, position=10, now_us=NOW_US + 1)

    again = access.webhooks.deliveries(made.id, state="pending")
    assert [one.entry for one in again] == [3, 6, 8]
    assert [one.id for one in again[1:]] == [one.id for one in before]
    assert {one.attempts for one in again} == {0}


def test_a_subscription_that_is_paused_waits_and_one_that_ended_is_over(access: Access) -> None:
    made, due = a_delivery(access)
    access.webhooks.failed(due.id, 500, NOW_US)

    assert access.webhooks.pause(made.id)
    assert not access.webhooks.pause(made.id)
    assert access.webhooks.first_due(NOW_US + DAY_US, 10) == []
    assert access.webhooks.next_due_us() is None
    assert access.webhooks.active() == []
    assert not access.webhooks.enqueue(made.id, [11], start=10, position=12, now_us=NOW_US)
    assert access.webhooks.resume(made.id)
    assert [one.id for one in access.webhooks.first_due(NOW_US, 10)] == [due.id]
    assert access.webhooks.end(made.id, NOW_US + 9)
    assert not access.webhooks.end(made.id, NOW_US + 9)
    assert not access.webhooks.resume(made.id)
    assert not access.webhooks.replay(made.id, 0)

    ended = access.webhooks.find(made.id)
    assert ended is not None
    assert (ended.state, ended.ended_us) == ("ended", NOW_US + 9)
    assert access.webhooks.delivery(due.id) is None
    assert access.webhooks.secret_of(made.id) is None
    assert access.webhooks.new_secret(made.id) is None


def test_deliveries_are_listed_by_pages_and_forgotten_in_time(access: Access) -> None:
    made = subscribed(access)
    access.webhooks.enqueue(made.id, range(6), start=0, position=6, now_us=NOW_US)
    listed = access.webhooks.deliveries(made.id, most=4)
    rest = access.webhooks.deliveries(made.id, after=listed[-1].entry, most=4)
    for one in listed:
        access.webhooks.delivered(one.id, 200, NOW_US)

    later_us = NOW_US + access_webhooks.KEPT_US + 1
    access.webhooks.enqueue(made.id, [6], start=6, position=7, now_us=later_us)

    assert [one.entry for one in [*listed, *rest]] == list(range(6))
    assert [one.entry for one in access.webhooks.deliveries(made.id)] == [4, 5, 6]


# Jobs.


def test_a_job_says_how_far_it_is_and_what_came_of_it(access: Access) -> None:
    job = access.jobs.begin("audit", ALICE, now_us=NOW_US, total=10)

    assert access.jobs.find(job.id) == job
    assert access.jobs.progress(job.id, 4, 12, NOW_US + 1)
    running = access.jobs.find(job.id)
    assert access.jobs.end(job.id, now_us=NOW_US + 2, result='{"entries": 12}')
    assert not access.jobs.end(job.id, now_us=NOW_US + 3, error="{}")
    assert not access.jobs.progress(job.id, 5, 12, NOW_US + 3)

    assert running == replace(job, done=4, total=12, seen_us=NOW_US + 1)
    done = access.jobs.find(job.id)
    assert done is not None
    assert (done.state, done.result, done.error) == ("done", '{"entries": 12}', None)
    assert done.ended_us == NOW_US + 2
    assert access.jobs.find("a" * 16) is None


def test_a_job_fails_and_one_that_says_too_much_does_not_end(access: Access) -> None:
    job = access.jobs.begin("import", ALICE, now_us=NOW_US)
    other = access.jobs.begin("import", BOB, now_us=NOW_US)

    too_long = "x" * (access_jobs.RESULT_CHARACTERS_MAX + 1)
    assert refused(lambda: access.jobs.end(job.id, now_us=NOW_US, result=too_long))[0] == "too_long"
    assert access.jobs.end(job.id, now_us=NOW_US + 1, error='{"code": "bad_rows"}')

    (failed,) = access.jobs.of(ALICE)
    assert (failed.state, failed.error) == ("failed", '{"code": "bad_rows"}')
    assert access.jobs.of(BOB) == [other]
    assert access.jobs.of(BOB, after=other.id) == []


def begins_a_job(place: Place, answers: Any) -> None:
    with closing(Access(place)) as access:
        answers.put(access.jobs.begin("audit", ALICE, now_us=NOW_US))


def test_what_a_process_that_died_left_running_is_interrupted(
    access: Access, prepared: Place
) -> None:
    answers = CONTEXT.Queue()
    process = CONTEXT.Process(target=begins_a_job, args=(prepared, answers))
    process.start()
    left: Job = answers.get(timeout=60)
    process.join(60)
    own = access.jobs.begin("audit", ALICE, now_us=NOW_US)

    assert access.jobs.interrupt_all(NOW_US + 5) == 1
    assert access.jobs.interrupt_all(NOW_US + 6) == 0

    interrupted = access.jobs.find(left.id)
    assert interrupted is not None
    assert (interrupted.state, interrupted.ended_us) == ("interrupted", NOW_US + 5)
    assert access.jobs.find(own.id) == own


def test_a_job_of_another_machine_is_dead_when_it_is_silent_and_may_speak_again(
    access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(access_jobs, "_machine", lambda: "elsewhere")
        job = access.jobs.begin("audit", ALICE, now_us=NOW_US)

    silent_us = NOW_US + access_jobs.SILENT_US
    assert access.jobs.interrupt_all(silent_us) == 0
    assert access.jobs.interrupt_all(silent_us + 1) == 1
    assert access.jobs.progress(job.id, 1, 2, silent_us + 2)

    found = access.jobs.find(job.id)
    assert found is not None
    assert (found.state, found.ended_us) == ("running", None)


def test_a_job_that_was_given_up_is_interrupted_and_one_that_ended_is_not(access: Access) -> None:
    given_up = access.jobs.begin("audit", ALICE, now_us=NOW_US)
    done = access.jobs.begin("audit", ALICE, now_us=NOW_US)
    access.jobs.end(done.id, now_us=NOW_US + 1, result="{}")

    for job in (given_up, done):
        access.jobs.interrupt(job.id, NOW_US + 2)

    states = {job.id: (job.state, job.ended_us) for job in access.jobs.of(ALICE)}
    assert states == {
        given_up.id: ("interrupted", NOW_US + 2),
        done.id: ("done", NOW_US + 1),
    }


def test_jobs_that_ended_long_ago_are_forgotten(access: Access) -> None:
    job = access.jobs.begin("audit", ALICE, now_us=NOW_US)
    access.jobs.end(job.id, now_us=NOW_US, result="{}")
    running = access.jobs.begin("audit", ALICE, now_us=NOW_US)

    new = access.jobs.begin("audit", ALICE, now_us=NOW_US + access_jobs.KEPT_US + 1)

    assert {one.id for one in access.jobs.of(ALICE)} == {running.id, new.id}


# Where it is kept.


@pytest.mark.on("sqlite")
def test_the_file_is_its_owner_s_alone_and_made_when_it_is_first_asked(prepared: Path) -> None:
    with closing(opened(prepared)) as access:
        assert not list(prepared.iterdir())
        a_key(access)
        modes = {path.name: path.stat().st_mode & 0o777 for path in prepared.iterdir()}

    assert set(modes) == {"access.db", "access.db-wal", "access.db-shm"}
    assert set(modes.values()) == {0o600}


@pytest.mark.on("sqlite")
def test_a_file_that_was_taken_away_is_missed(prepared: Path) -> None:
    with closing(opened(prepared)) as access:
        _, presented = a_key(access)
        for path in prepared.iterdir():
            path.rename(prepared.parent / path.name)

        with pytest.raises(UnavailableError, match="database_moved"):
            access.find_key(presented, NOW_US)

        assert access.find_key(presented, NOW_US) is None


@pytest.mark.on("sqlite")
def test_a_file_of_another_version_is_refused(prepared: Path) -> None:
    with closing(opened(prepared)) as access:
        a_key(access)
    with tables(prepared) as connection:
        connection.execute("PRAGMA user_version = 9")

    with closing(opened(prepared)) as access:
        assert refused(access.keys)[0] == "unknown_schema"


@pytest.mark.on("sqlite")
def test_a_file_of_the_version_before_is_brought_to_this_one_by_whoever_is_first(
    prepared: Path,
) -> None:
    """What was made before ends with any recovery: nobody knows whether it came before."""
    with closing(opened(prepared)) as access:
        made, presented = a_key(access, log_size=7)
        made_bob = a_key(access, BOB, log_size=7)[0]
    with tables(prepared) as connection:
        connection.execute("DROP INDEX access_keys_maker")
        for name in ("keys", "bindings", "subscriptions"):
            connection.execute(f"ALTER TABLE access_{name} DROP COLUMN log_size")
        connection.execute("PRAGMA user_version = 1")

    with closing(opened(prepared)) as access, ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: access.find_key(presented, NOW_US), range(4)))
        access.bind("https://login", "li.si", ALICE, ["read"], made_by="", now_us=NOW_US)
        subscribed(access)

        assert {(key.id, key.log_size) for key in found if key} == {(made.id, 0)}
        assert access.revoke_key(made_bob.id, NOW_US) == [made_bob.id]
    with closing(opened(prepared.parent / "new")) as new, tables(prepared) as connection:
        (prepared.parent / "new").mkdir()
        new.keys()
        with tables(prepared.parent / "new") as fresh:
            for name in migrations.ACCESS_TABLES:
                columns = f"PRAGMA table_info({name})"
                assert [row[1] for row in connection.execute(columns)] == [
                    row[1] for row in fresh.execute(columns)
                ]


@pytest.mark.on("postgres")
def test_both_databases_have_the_same_columns(prepared: Address, tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as access:
        access.keys()
    kinds = {"text": "TEXT", "bytea": "BLOB", "bigint": "INTEGER", "integer": "INTEGER"}
    described = (
        "SELECT attname, format_type(atttypid, NULL), attnotnull FROM pg_attribute"
        " WHERE attrelid = %s::regclass AND attnum > 0 ORDER BY attnum"
    )

    with tables(prepared) as server, tables(tmp_path) as file:
        for name in migrations.ACCESS_TABLES:
            here = file.execute(f"PRAGMA table_info({name})").fetchall()
            there = server.execute(described, [name]).fetchall()
            keys = {row[1] for row in here if row[5]}
            assert [(row[1], row[2], bool(row[3]) or row[1] in keys) for row in here] == [
                (column, kinds[kind], not_null) for column, kind, not_null in there
            ]


@pytest.fixture
def address(server: Server, home: Path) -> Iterator[Address]:
    """An empty database, and two roles that may not be there yet; they are gone afterwards."""
    name = "accessed"
    yield Address(url=server.create_database(name), state=home / "registry")
    server.drop_database(name)
    for role in ("access_writer", "access_reader"):
        server.execute(f"DROP ROLE IF EXISTS {role}")


def as_role(address: Address, role: str) -> Address:
    return replace(address, url=address.url.replace("postgres@", f"{role}@"))


@pytest.mark.on("postgres")
@pytest.mark.parametrize("before", [0, 1])
def test_who_may_write_entries_may_write_here_and_an_auditor_sees_nothing(
    address: Address, monkeypatch: pytest.MonkeyPatch, before: int
) -> None:
    """Also where the roles had their rights before there were these tables."""
    roles = [("access_writer", SERVER_ROLE), ("access_reader", READER_ROLE)]
    if before:
        with monkeypatch.context() as old:
            old.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[:1])
            old.setattr(migrations, "ACCESS_TABLES", ("nonces",))
            migrate(address, roles)
    asked = migrate(address, [] if before else roles)

    with closing(opened(as_role(address, "access_writer"))) as writer:
        made, presented = a_key(writer)
        assert writer.find_key(presented, NOW_US) == made
        assert writer.claim(ALICE, "k", bytes(32), NOW_US).is_new
    with closing(opened(as_role(address, "access_reader"))) as reader:
        assert refused(reader.keys)[0] == "not_permitted"
        assert refused(reader.bindings)[0] == "not_permitted"
    assert asked == (before, SCHEMA_VERSION)


@pytest.mark.on("postgres")
def test_a_table_in_the_way_of_a_later_step_is_told_of(
    address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as old:
        old.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[:1])
        migrate(address)
    with tables(address) as connection:
        connection.execute("CREATE TABLE access_jobs (one integer)")

    with pytest.raises(RefusedError) as refusal:
        migrate(address)

    assert (refusal.value.code, refusal.value.facts["names"]) == (
        "tables_in_the_way",
        "access_jobs",
    )
