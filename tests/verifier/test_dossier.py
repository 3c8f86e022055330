"""A dossier replays the streams that a certificate comes from; what is left out or altered does not go unnoticed."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from registry.errors import BrokenHistoryError, IncompleteError, RegistryError, StaleError
from registry.ledger import dossier, tree
from registry.ledger import entry as entries
from registry.ledger.commitment import Opening
from registry.ledger.dossier import Dossier
from registry.store.dossiers import certificate_dossier
from registry.store.log import Log
from registry.verifier.dossier import origin_of, verify_dossier
from tests.books import Book
from tests.dossiers import altered, dossier_of, without
from tests.world import ORIGIN, Person, World, log_key, subtrees
from tests.worlds_accounts import accepts, offers, staffed
from tests.worlds_batches import bearer, claim_retires
from tests.worlds_conduct import (
    DAY_US,
    accounts_for,
    adopts,
    confirms,
    files,
    offsets,
    replaces,
    retires_for_many,
    row_number,
    states_measures,
)
from tests.worlds_giving import (
    buys,
    funds,
    gives,
    giving_world,
    opens_campaign,
    performs,
    registers_order,
)


@dataclass(frozen=True)
class Life:
    """A world, and in it what there are certificates of: batches and numbers, by name."""

    world: World
    batches: dict[str, str]
    numbers: dict[str, str]


@pytest.fixture(scope="module")
def life() -> Life:
    """A guest's certificate, out of a campaign's batch, out of one of two that were issued; and a home cancellation."""
    made = giving_world()
    batch = made.issues(5_000)
    made.transfers(batch, "owner", "alice", 300)
    campaign = opens_campaign(made)
    child, lock = funds(made, campaign, batch, 1_000)
    guest = bearer(made, "guest")
    gives(made, campaign, child, lock, [(made["alice"].account, 10), (guest.account, 5)])
    numbers = {
        "guest": claim_retires(made, child, "guest", 5),
        "alice": made.retires(batch, "alice", 30),
        "owner": made.retires(batch, "owner", 40),
    }
    return Life(made, {"root": batch, "child": child}, numbers)


@pytest.fixture(scope="module")
def world(life: Life) -> World:
    return life.world


@pytest.fixture(scope="module")
def data(life: Life) -> bytes:
    """The dossier of the guest's certificate."""
    return file_of(life, "guest")


def file_of(life: Life, name: str) -> bytes:
    return dossier_of(life.world, life.numbers[name])


def fault(data: bytes, **asked: Any) -> RegistryError:
    with pytest.raises(RegistryError) as caught:
        verify_dossier(data, log_key(), **asked)
    return caught.value


def test_a_dossier_replays_what_a_certificate_came_from(
    life: Life, data: bytes, world: World
) -> None:
    found = verify_dossier(data, log_key())

    streams = dict(found.concerned)
    assert {name.partition("/")[0] for name in streams} == {
        "batch",
        "campaign",
        "certificate",
        "project",
    }
    # The parent up to where the child was carved out of it; the child whole.
    assert [streams[life.batches[name]] for name in ("root", "child")] == [3, 3]
    assert world.replay.stream(life.batches["root"]).length == 5
    assert world.replay.stream(life.batches["child"]).length == 3
    assert found.certificate == world.state(f"certificate/{found.number}")
    assert (found.certificate.status, found.certificate.amount_g) == ("issued", 5)
    assert [(batch, came["ranges"]) for batch, _, came in found.retired] == [
        (life.batches["child"], [[310, 315]])
    ]
    assert (found.origin, found.size) == (ORIGIN, len(world.entries))
    assert found.opened["activity"] == "an activity"


def test_a_replacement_that_states_another_day_of_the_retirement_is_seen() -> None:
    """The rules know the day by its verdicts alone; that a claim was late is not hidden by two who agree to."""
    world = giving_world()
    late = world.retires(world.issues(1_000), "owner", 10, statement={"period": None})
    another = ("2021-06-01", "2021-06-01")
    number = replaces(world, late, period=("2020-01-01", "2020-12-31"), retired=another)
    later = replaces(world, number, retired=another)

    broken = [fault(dossier_of(world, one)) for one in (late, number, later)]

    assert [(one.code, one.facts["retired"]) for one in broken] == [
        ("wrong_dates", list(another))
    ] * 3


def test_a_dossier_leaves_out_what_the_rules_did_not_ask_for(life: Life, world: World) -> None:
    found = dossier.decode(file_of(life, "alice"))

    assert len(found.entries) < len(world.entries)
    streams = {
        part.stream for _, data in found.entries for part in entries.decode(data).intent.parts
    }
    assert world["agent"].account not in streams


def test_of_a_batch_all_is_replayed_and_of_other_certificates_nothing(life: Life) -> None:
    found = verify_dossier(file_of(life, "alice"), log_key())

    names = [name for name, _ in found.concerned if name.startswith("certificate/")]
    assert names == [life.numbers["alice"]]
    assert dict(found.concerned)[life.batches["root"]] == 5


def test_a_dossier_lacks_whatever_one_entry_is_left_out_of_it(data: bytes, world: World) -> None:
    (issued,) = {index for index, _ in dossier.decode(data).openings}

    told = {}
    for index, _ in dossier.decode(data).entries:
        error = fault(altered(world, data, without(index)))
        told[index] = (type(error), error.code)

    assert told.pop(issued) == (BrokenHistoryError, "not_a_certificate")
    assert set(told.values()) == {(IncompleteError, "left_out")}


def test_the_last_entry_of_a_batch_can_be_kept_back_and_what_is_shown_stays_true(
    life: Life, world: World
) -> None:
    whole = file_of(life, "alice")
    last, _ = dossier.decode(whole).entries[-1]

    found = verify_dossier(altered(world, whole, without(last)), log_key())

    root = life.batches["root"]
    assert dict(found.concerned)[root] == world.replay.stream(root).length - 1
    assert found.certificate == world.state(f"certificate/{found.number}")


def test_who_keeps_a_role_grant_back_is_found_out(data: bytes, world: World) -> None:

    granted = world.additions[4]
    assert [kind for kind, _ in granted.intent.parts[0].events] == ["registry.role_granted.v1"]

    error = fault(altered(world, data, without(granted.index)))

    assert isinstance(error, IncompleteError)
    told = (error.code, error.facts["stream"], error.facts["position"])
    assert told == ("left_out", "registry", granted.positions[0])


def test_a_dossier_without_its_rows_is_incomplete(data: bytes, world: World) -> None:
    error = fault(altered(world, data, lambda _: {"rows": ()}))

    assert isinstance(error, IncompleteError)
    assert error.code == "rows_missing"


def other_rows(found: Dossier) -> dict[str, Any]:
    ((*place, rows),) = found.rows
    return {"rows": ((*place, rows[::-1]),)}


def rows_elsewhere(found: Dossier) -> dict[str, Any]:
    ((index, part, event, rows),) = found.rows
    return {"rows": ((index, part, event, rows), (index, part + 1, event, rows))}


def rows_of_no_entry(found: Dossier) -> dict[str, Any]:
    ((_, part, event, rows),) = found.rows
    return {"rows": ((10_000, part, event, rows),)}


def replaced_entry(change: Callable[[entries.Entry], dict[str, Any]], place: int = -2) -> Any:
    def changed(found: Dossier) -> dict[str, Any]:
        index, data = found.entries[place]
        entry = entries.decode(data)
        said = {
            "at_us": entry.at_us,
            "intent_bytes": entry.intent_bytes,
            "signatures": entry.signatures,
            "consulted": entry.consulted,
            "places": entry.places,
            **change(entry),
        }
        listed = list(found.entries)
        listed[place] = (index, entries.encode(**said))
        return {"entries": tuple(listed)}

    return changed


def another_time(entry: entries.Entry) -> dict[str, Any]:
    return {"at_us": entry.at_us - 365 * DAY_US}


def other_grams(entry: entries.Entry) -> dict[str, Any]:
    first, *rest = entry.places
    came = {**first.outcomes[0], "ranges": [[1, 31]]}
    return {"places": [replace(first, outcomes=(came,)), *rest]}


def another_position(entry: entries.Entry) -> dict[str, Any]:
    first, *rest = entry.places
    return {"places": [replace(first, position=first.position - 1), *rest]}


def a_false_signature(entry: entries.Entry) -> dict[str, Any]:
    return {"signatures": [bytes(64) for _ in entry.signatures]}


def a_shorter_past(entry: entries.Entry) -> dict[str, Any]:
    consulted = tuple((name, max(length - 1, 0)) for name, length in entry.consulted)
    return {"consulted": consulted}


def a_longer_past(entry: entries.Entry) -> dict[str, Any]:
    consulted = tuple((name, length + 1) for name, length in entry.consulted)
    return {"consulted": consulted}


FORGERIES = [
    (other_rows, "wrong_rows"),
    (rows_elsewhere, "wrong_rows"),
    (rows_of_no_entry, "malformed"),
    (replaced_entry(another_time), "clock_back"),
    (replaced_entry(other_grams), "wrong_outcome"),
    (replaced_entry(another_position), "wrong_position"),
    (replaced_entry(a_false_signature), "bad_signature"),
    (replaced_entry(a_shorter_past), "wrong_consulted"),
    (replaced_entry(a_longer_past), "left_out"),
]


@pytest.mark.parametrize(("change", "code"), FORGERIES, ids=[str(n) for n in range(len(FORGERIES))])
def test_what_is_altered_is_found_even_under_a_root_that_was_signed_for_it(
    data: bytes, world: World, change: Callable[[Dossier], dict[str, Any]], code: str
) -> None:
    error = fault(altered(world, data, change))

    assert error.code == code


def test_what_is_altered_does_not_lead_to_the_root_that_was_signed(data: bytes) -> None:
    found = dossier.decode(data)
    changed = replaced_entry(a_false_signature)(found)["entries"]

    error = fault(
        dossier.encode(
            Dossier(
                number=found.number,
                note=found.note,
                entries=changed,
                hashes=found.hashes,
                rows=found.rows,
            )
        )
    )

    assert error.code == "not_included"


def test_entries_in_another_order_are_no_dossier(data: bytes) -> None:
    found = dossier.decode(data)
    turned = dossier.encode(
        Dossier(number=found.number, note=found.note, entries=found.entries[::-1])
    )

    error = fault(turned)

    assert (error.code, error.facts["field"]) == ("malformed", "entries")


def test_two_entries_that_changed_places_are_found(life: Life, world: World) -> None:
    def exchanged(found: Dossier) -> dict[str, Any]:
        listed = list(found.entries)
        (one, first), (other, second) = listed[-2:]
        listed[-2:] = [(one, second), (other, first)]
        return {"entries": tuple(listed), "openings": ()}

    error = fault(altered(world, file_of(life, "alice"), exchanged))

    assert error.code in {"left_out", "wrong_position", "wrong_consulted"}


def test_an_entry_that_belongs_to_no_stream_here_is_no_part_of_a_dossier(
    data: bytes, world: World
) -> None:
    strange = next(made for made in world.additions if world["agent"].account in made.streams)

    def with_more(found: Dossier) -> dict[str, Any]:
        more = (strange.index, strange.data)
        assert more not in found.entries
        indexes = sorted({*(index for index, _ in found.entries), strange.index})
        hashes = tree.inclusion_hashes(indexes, len(world.entries), subtrees(world.entries))
        return {"entries": tuple(sorted([*found.entries, more])), "hashes": tuple(hashes)}

    error = fault(altered(world, data, with_more))

    assert (error.code, error.facts["index"]) == ("malformed", [strange.index])


def test_under_another_name_a_dossier_is_of_another_log(data: bytes) -> None:
    pinned = replace(log_key(), name="another.example/log")

    with pytest.raises(BrokenHistoryError) as caught:
        verify_dossier(data, pinned)

    assert caught.value.code == "wrong_origin"


def test_no_byte_of_a_dossier_can_be_another(data: bytes) -> None:
    for place in [*range(120), *range(120, len(data), 97), *range(len(data) - 300, len(data))]:
        changed = data[:place] + bytes([data[place] ^ 0x10]) + data[place + 1 :]

        assert isinstance(fault(changed), BrokenHistoryError | IncompleteError)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"number": "a" * 65}, "malformed"),
        ({"row": -1}, "malformed"),
        ({"row": 0}, "not_a_certificate"),
        ({"number": "a" * 16}, "not_a_certificate"),
        ({"note": bytes(65_537)}, "malformed"),
        ({"note": b"no note"}, "bad_note"),
        ({"entries": ()}, "malformed"),
        ({"meant": ((0, bytes(31)),)}, "malformed"),
        ({"meant": ((0, bytes(32)),)}, "malformed"),
        ({"hashes": (bytes(31),)}, "malformed"),
        ({"hashes": ()}, "bad_path"),
        ({"rows": ((0, 0, 0, ()),)}, "malformed"),
        ({"openings": ((0, Opening(field="0/0/name", salt=bytes(31), value="a")),)}, "malformed"),
    ],
)
def test_what_is_no_dossier_in_form_is_none(data: bytes, change: dict[str, Any], code: str) -> None:
    found = dossier.decode(data)

    error = fault(dossier.encode(replace(found, **change)))

    assert error.code == code


def test_a_dossier_has_its_own_limit_and_its_own_tag(data: bytes) -> None:
    assert dossier.is_dossier(data)
    assert not dossier.is_dossier(data[:20])
    assert fault(data + bytes(dossier.DOSSIER_BYTES_MAX)).code == "too_long"
    assert fault(data.replace(b"dossier/v1", b"dossier/v2", 1)).code == "malformed"


def test_a_key_that_the_log_never_had_shows_nothing(data: bytes) -> None:
    stranger = log_key(Person("a stranger"))

    with pytest.raises(BrokenHistoryError) as caught:
        verify_dossier(data, stranger)

    assert caught.value.code == "bad_checkpoint_signature"


def test_without_a_pinned_key_a_dossier_says_nothing(data: bytes) -> None:
    with pytest.raises(IncompleteError) as caught:
        verify_dossier(data, None)

    assert caught.value.code == "no_pinned_key"
    assert origin_of(data) == ORIGIN


def test_a_dossier_that_is_older_than_asked_is_stale(data: bytes, world: World) -> None:
    size = len(world.entries)

    error = fault(data, size_min=size + 1)

    assert isinstance(error, StaleError)
    assert verify_dossier(data, log_key(), size_min=size).size == size


def test_the_openings_of_others_open_nothing(life: Life, data: bytes, world: World) -> None:
    other = dossier.decode(file_of(life, "alice")).openings

    error = fault(altered(world, data, lambda _: {"openings": other}))

    assert error.code == "wrong_opening"


def row_of_a_group() -> tuple[World, str]:
    made = staffed()
    batch = made.issues(1_000)
    group = retires_for_many(made, batch, "owner", ("a guest", 10), ("another", 20))
    return made, adopts(made, group, 1)


def for_an_order() -> tuple[World, str]:
    made = giving_world()
    order, _ = registers_order(made)
    batch = made.issues(1_000)
    lock = buys(made, order, batch, 100)
    return made, performs(made, order, (batch, lock, 40))


def in_place_of_another() -> tuple[World, str]:
    made = staffed()
    number = made.retires(made.issues(1_000), "owner", 100)
    return made, replaces(made, number, period=("2026-01-01", "2026-06-30"))


def conclusion_of_an_activity() -> tuple[World, str]:
    made = staffed()
    activity = files(made)
    made.now_us += 7 * DAY_US
    accounts_for(made, activity, 1_000)
    states_measures(made, activity)
    for amount_g in (600, 500):
        batch = made.issues(amount_g)
        number = made.retires(batch, "owner", amount_g, statement={"purpose": "meeting"})
        offsets(made, activity, number)
    return made, confirms(made, activity)


def out_of_an_offer() -> tuple[World, str]:
    made = staffed()
    batch = made.issues(1_000)
    accepts(made, offers(made, batch, "owner", "alice", 30), "alice")
    return made, made.retires(batch, "alice", 30)


def test_a_row_of_a_group_has_a_dossier_under_its_own_number() -> None:
    made = staffed()
    group = retires_for_many(made, made.issues(1_000), "owner", ("a guest", 10), ("another", 20))

    found = verify_dossier(dossier_of(made, group, 1), log_key())

    assert found.number == row_number(made, group, 1).removeprefix("certificate/")
    assert (found.row, found.amount_g, found.certificate.amount_g) == (1, 20, 30)
    assert found.opened["beneficiary"] == "another"
    assert dict(found.concerned)[group] == 1


def test_the_beneficiary_of_another_row_is_not_this_ones() -> None:
    made = staffed()
    group = retires_for_many(made, made.issues(1_000), "owner", ("a guest", 10), ("another", 20))
    other = dossier.decode(dossier_of(made, group, 0)).openings

    error = fault(altered(made, dossier_of(made, group, 1), lambda _: {"openings": other}))

    assert error.code == "wrong_opening"


def test_a_row_that_is_not_there_or_has_a_stream_of_its_own_is_no_certificate() -> None:
    made = staffed()
    group = retires_for_many(made, made.issues(1_000), "owner", ("a guest", 10), ("another", 20))
    single = made.retires(made.issues(500), "owner", 5)
    adopts(made, group, 1)

    shown, beyond, alone = (
        fault(dossier_of(made, number, row))
        for number, row in ((group, 1), (group, 2), (single, 0))
    )

    assert verify_dossier(dossier_of(made, group, 0), log_key()).amount_g == 10
    assert [error.code for error in (shown, beyond, alone)] == ["not_a_certificate"] * 3


LIVES = [
    (row_of_a_group, {"batch": 1, "certificate": 2, "project": 1}),
    (for_an_order, {"batch": 1, "certificate": 1, "order": 1, "project": 1}),
    (in_place_of_another, {"batch": 1, "certificate": 2, "project": 1}),
    (conclusion_of_an_activity, {"activity": 1, "batch": 2, "certificate": 3, "project": 2}),
    (out_of_an_offer, {"batch": 1, "certificate": 1, "project": 1}),
]


@pytest.mark.parametrize(("begin", "concerned"), LIVES, ids=[one.__name__ for one, _ in LIVES])
def test_what_a_certificate_came_from_is_replayed_wherever_it_came_from(
    begin: Callable[[], tuple[World, str]], concerned: dict[str, int]
) -> None:
    made, number = begin()

    found = verify_dossier(dossier_of(made, number), log_key())

    assert found.certificate == made.state(number)
    kinds = Counter(name.partition("/")[0] for name, _ in found.concerned)
    assert kinds == concerned
    lengths = {name: made.replay.stream(name).length for name, _ in found.concerned}
    assert dict(found.concerned) == lengths


def test_the_companion_of_a_movement_is_judged_with_it() -> None:
    made, number = out_of_an_offer()
    offered = next(
        item.index for item in made.additions if item.positions[0] == 2 and len(item.positions) == 2
    )

    error = fault(altered(made, dossier_of(made, number), without(offered)))

    assert error.code == "left_out"


@pytest.mark.parametrize("name", ["public", "private", "fragmented", "imported", "final"])
def test_every_certificate_of_a_registry_has_a_dossier_that_holds(book: Book, name: str) -> None:
    number = book.streams[name].removeprefix("certificate/")
    log = Log(book.place)

    data = certificate_dossier(log, log.openings, number)

    found = verify_dossier(data, book.key)
    assert found.certificate.amount_g > 0
    assert ("beneficiary" in found.opened) == (name == "public")
    log.close()


def test_who_it_concerns_gets_the_names(book: Book) -> None:
    number = book.streams["private"].removeprefix("certificate/")
    log = Log(book.place)

    data = certificate_dossier(log, log.openings, number, private=True)

    assert verify_dossier(data, book.key).opened["activity"]
    log.close()
