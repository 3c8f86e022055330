"""Rows that come with an intent: seen by the rules, never judged without, provable one by one."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from registry import history
from registry.acts.propose import Detached
from registry.domain import shape
from registry.domain.act import ActPart
from registry.domain.batch import Batch, Given
from registry.domain.campaign import Campaign
from registry.domain.certificate import Shared
from registry.errors import BrokenHistoryError, IncompleteError, RefusedError, StaleError
from registry.history import SignedIntent, check_entry
from registry.ledger import canonical, ids, rows
from registry.ledger import entry as entries
from registry.ledger import proof as proofs
from registry.ledger.commitment import Opening, commitment
from registry.ledger.proof import Leaf, Proof, Row
from registry.ledger.rows import RowTree
from registry.verifier import row as proofs_of_rows
from registry.verifier.gift import verify_gift
from registry.verifier.row import slice_of
from tests.world import Person, World, digest, log_key, refused
from tests.worlds_batches import bearer
from tests.worlds_conduct import shared
from tests.worlds_giving import claims, funds, giving_world, opens_campaign
from tools.make_vectors import VECTORS

BEARER = ids.bearer(Person("guest").key)
TAKERS = [("account/" + "a" * 16, 5), (BEARER, 7), ("account/" + "c" * 16, 1)]
NAMES = ["甲", "乙", "丙"]
TOLD = json.loads((VECTORS / "rows.json").read_text("utf-8"))
STATED = {
    "purpose": "enterprise",
    "period": None,
    "place": None,
    "ground": "voluntary",
    "public": True,
    "activity": None,
    "organisers": None,
    "purchaser": None,
    "agent": None,
}
GIFT = {
    "organiser": "account/" + "a" * 16,
    "means": (0, bytes(32)),
    "standard": "SCFG",
    "retire_only": True,
}
EVENTS = {"gift": (Given, GIFT), "share": (Shared, STATED)}


@pytest.fixture
def world() -> World:
    return begun()


def begun() -> World:
    """The owner has a campaign with 1,000 g, and a batch besides."""
    world = giving_world()
    funds(world, opens_campaign(world), world.issues(1_000), 1_000)
    world.issues(1_000)
    return world


def scattered() -> World:
    """The owner has a campaign with 17 g, no two of which have serial numbers that follow each other."""
    world = giving_world()
    batch = world.issues(34)
    for start in range(0, 34, 2):
        world.transfers(batch, "owner", "alice", 1, range=(start, start + 1))
    funds(world, opens_campaign(world), batch, 17)
    return world


def given(world: World, many: Sequence[tuple[str, int]] = TAKERS) -> Any:
    """The parts of an act that gives."""
    (campaign,) = world.replay.states(Campaign)
    ((child, funding),) = campaign.batches.items()
    organiser = world["owner"].account
    (lock,) = [made for made in world.additions if made.index == funding.lock]
    rows = Detached(tag=shape.GIFT_TAG, rows=many)
    body = {**GIFT, "organiser": organiser, "means": (lock.index, lock.leaf), "rows": rows}
    said = {"organiser": organiser, "batch": child, "count": len(many)}
    said["amount_g"] = sum(amount_g for _, amount_g in many)
    return [
        (child, [("batch.given.v1", body)]),
        (campaign.name, [("campaign.given.v1", said)]),
    ]


def shares(world: World, number: str) -> Any:
    """The parts of an act that retires for three people: 1, 2 and 3 g."""
    (batch,) = [state.name for state in world.replay.states(Batch) if state.held_g == 1_000]
    rows = [(name, place + 1) for place, name in enumerate(NAMES)]
    return [(batch, [world.retired("owner", 6)]), (number, [shared(world, *rows, **STATED)])]


def gives(world: World, many: Sequence[tuple[str, int]] = TAKERS) -> Any:
    return world.do("owner", parts=given(world, many))


def signed(world: World, parts: Any) -> SignedIntent:
    return world.signed(world.setting(world["owner"]), parts)


def signed_shares(world: World) -> SignedIntent:
    setting = world.setting(world["owner"])
    return world.signed(setting, shares(world, setting.new("certificate", 1)))


def gift_row(whom: str, amount_g: int, before_g: int) -> bytes:
    return canonical.encode([shape.GIFT_TAG, whom, amount_g, before_g])


def test_the_rules_see_what_the_rows_say(world: World) -> None:
    made = gives(world)

    state = world.state(made.intent.parts[0].stream)
    assert {taker: ranges.total_g for taker, ranges in state.waiting.items()} == dict(TAKERS)
    (beside,) = made.detached
    assert beside.rows == (
        gift_row(TAKERS[0][0], 5, 0),
        gift_row(TAKERS[1][0], 7, 5),
        gift_row(TAKERS[2][0], 1, 12),
    )


def test_the_entry_holds_the_sum_of_the_rows_and_none_of_them(world: World) -> None:
    made = gives(world)

    body = made.intent.parts[0].events[0][1]
    (beside,) = made.detached
    assert body["rows"] == {**rows.summary(beside.rows), "total_g": 13}
    assert body["rows"] == shape.body_of(shape.read(Given, body))["rows"]
    assert BEARER.encode() not in made.data


MANY = [(f"account/{'a' * 15}{place}", 1) for place in "abcdefghijklmnopq"]


def test_rows_of_an_outcome_are_numbered_after_those_of_the_intent() -> None:
    many, world = MANY, scattered()

    made = gives(world, many)

    (beside,) = made.detached
    assert len(beside.rows) == 2 * len(many)
    assert (
        beside.rows[: len(many)]
        == history.came_with(entries.decode(made.data), {(0, 0): beside.rows})[0, 0]
    )
    assert beside.rows[len(many)] == rows.range_row(1, 2)
    told, _ = history.happened(entries.decode(made.data), {(0, 0): beside.rows})
    assert told.outcome is not None
    assert len(told.event.rows.items) == len(told.outcome["ranges"]) == len(many)


def test_a_stream_is_folded_with_what_the_rows_say(world: World) -> None:
    made = gives(world)
    stream = made.intent.parts[0].stream
    own = [
        (item.index, item.leaf, list(history.happened(entries.decode(item.data), beside_of(item))))
        for item in world.additions
        if stream in item.streams
    ]

    loaded = history.load(stream, own)

    assert loaded == made.streams[stream]
    _, _, told = own[-1]
    assert told[0].event.rows.items == ((TAKERS[0][0], 5, 0), (BEARER, 7, 5), (TAKERS[2][0], 1, 12))


def beside_of(made: Any) -> Any:
    return {(item.part, item.event): item.rows for item in made.detached}


def test_nothing_is_judged_without_its_rows(world: World) -> None:
    made = gives(world, TAKERS)
    fresh = begun()
    asked = history.SignedEntry(entry=entries.decode(made.data), data=made.data)

    with pytest.raises(IncompleteError) as missing:
        fresh.replay.follow(asked)

    assert missing.value.code == "rows_missing"
    assert missing.value.facts["index"] == made.index
    assert fresh.replay.size == made.index
    assert history.follow(fresh.replay, asked, {(0, 0): made.detached[0].rows}) == made


def same_size(made: tuple[bytes, ...]) -> tuple[bytes, ...]:
    return (*made[:-1], made[-1].replace(b"c" * 16, b"d" * 16))


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        (lambda made: made[:-1], "rows_missing"),
        (lambda _made: (), "rows_missing"),
        (lambda made: (*made, made[-1]), "wrong_rows"),
        (lambda made: made[::-1], "wrong_rows"),
        (same_size, "wrong_rows"),
    ],
    ids=["one too few", "none", "one too many", "in another order", "another"],
)
def test_other_rows_than_were_signed_are_refused(
    world: World, changed: Callable[[Any], Any], code: str
) -> None:
    asked = signed(world, given(world))
    other = replace(asked, rows={(0, 0): changed(asked.rows[0, 0])})

    def act() -> None:
        world.asked = other
        history.append(world.replay, other, at_us=world.now_us)

    assert refused(world, act).code == code


@pytest.mark.parametrize("place", [(0, 1), (1, 0), (0, -1)], ids=str)
def test_rows_of_no_event_are_refused(world: World, place: tuple[int, int]) -> None:
    asked = signed(world, given(world))
    more = replace(asked, rows={**asked.rows, place: asked.rows[0, 0]})

    refusal = refused(world, lambda: history.append(world.replay, more, at_us=world.now_us))

    assert refusal.code == "wrong_rows"
    assert history.append(world.replay, asked, at_us=world.now_us).detached


def test_rows_of_an_event_that_has_none_are_refused(world: World) -> None:
    world.now_us += 1
    setting = world.setting(world["one"], world["two"])
    body = {"account": world["alice"].account, "role": "exchange"}
    asked = world.signed(setting, [("registry", [("registry.role_granted.v1", body)])])
    more = replace(asked, rows={(0, 0): (gift_row(TAKERS[0][0], 1, 0),)})

    refusal = refused(world, lambda: history.append(world.replay, more, at_us=world.now_us))

    assert refusal.code == "wrong_rows"
    assert history.append(world.replay, asked, at_us=world.now_us).detached == ()


ODD = {
    "another tag": [[shape.SHARE_TAG, BEARER, 1, 0]],
    "no holder": [[shape.GIFT_TAG, "registry", 1, 0]],
    "a short key id": [[shape.GIFT_TAG, BEARER[:-1], 1, 0]],
    "no grams": [[shape.GIFT_TAG, BEARER, 0, 0]],
    "grams that are true": [[shape.GIFT_TAG, BEARER, True, 0]],
    "grams before that are false": [[shape.GIFT_TAG, BEARER, 1, False]],
    "more grams than there can be": [[shape.GIFT_TAG, BEARER, 2**63 - 1, 1]],
    "a gap": [[shape.GIFT_TAG, BEARER, 1, 0], [shape.GIFT_TAG, BEARER, 1, 2]],
    "an overlap": [[shape.GIFT_TAG, BEARER, 2, 0], [shape.GIFT_TAG, BEARER, 1, 1]],
    "a first row that is not the first": [[shape.GIFT_TAG, BEARER, 1, 1]],
    "a field too few": [[shape.GIFT_TAG, BEARER, 1]],
    "a field too many": [[shape.GIFT_TAG, BEARER, 1, 0, None]],
    "a map": [{"tag": shape.GIFT_TAG}],
    "nil": [None],
}


def with_summary(made: tuple[bytes, ...], total_g: int) -> Given:
    said = {**rows.summary(made), "total_g": total_g}
    event: Given = shape.read(Given, {**GIFT, "rows": said})
    return event


def why_not(made: tuple[bytes, ...], total_g: int = 1) -> str:
    event = with_summary(made, total_g)
    with pytest.raises(RefusedError) as refusal:
        history.with_rows(event, made)
    return refusal.value.code


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_rows_of_another_form_are_refused_although_they_were_signed(odd: list[Any]) -> None:
    made = tuple(canonical.encode(row) for row in odd)

    assert why_not(made) == "malformed"


@pytest.mark.parametrize(
    ("made", "code"),
    [
        ((gift_row(BEARER, 1, 0)[:-1] + b"\xcc\x00",), "not_canonical"),
        ((gift_row(BEARER, 1, 0) + b"\x00",), "not_canonical"),
        ((gift_row(BEARER, 1, 0)[:-1],), "not_canonical"),
        ((gift_row(BEARER, 1, 0)[:10], gift_row(BEARER, 1, 0)[10:]), "not_canonical"),
        ((gift_row(BEARER, 1, 0), b"\xc1"), "not_canonical"),
    ],
    ids=["a longer integer", "a byte too many", "a byte too few", "cut", "no MessagePack"],
)
def test_rows_that_are_not_canonical_are_refused(made: tuple[bytes, ...], code: str) -> None:
    assert why_not(made) == code


def test_a_row_that_is_too_long_is_refused() -> None:
    made = gift_row(BEARER + "a" * 200, 1, 0)
    said = {"bytes": len(made), "count": 1, "root": RowTree([made]).root(), "total_g": 1}
    event = shape.read(Given, {**GIFT, "rows": said})

    with pytest.raises(RefusedError) as refusal:
        history.with_rows(event, (made,))

    assert refusal.value.code == "too_long"


def test_a_total_that_is_not_the_sum_of_the_rows_is_refused() -> None:
    made = (gift_row(BEARER, 5, 0), gift_row(BEARER, 6, 5))

    assert why_not(made, 12) == "wrong_rows"
    assert history.with_rows(with_summary(made, 11), made).rows.items[1] == (BEARER, 6, 5)


@pytest.mark.parametrize(
    "odd",
    [
        {"bytes": 0},
        {"bytes": 16 * 1024 * 1024 + 1},
        {"count": 0},
        {"count": 131_073},
        {"root": b"short"},
        {"total_g": 0},
        {"total_g": True},
        {"more": 1},
    ],
    ids=str,
)
def test_a_summary_of_rows_has_its_form(odd: dict[str, Any]) -> None:
    said = {"bytes": 1, "count": 1, "root": bytes(32), "total_g": 1}
    body = {**GIFT, "rows": said}
    assert shape.body_of(shape.read(Given, body)) == body

    with pytest.raises(RefusedError) as refusal:
        shape.read(Given, {**GIFT, "rows": {**said, **odd}})

    assert (refusal.value.code, refusal.value.facts["field"]) == ("malformed", "rows")


def test_who_a_share_is_for_is_opened_row_by_row(world: World) -> None:
    asked = signed_shares(world)
    openings = world.proposals[-1].openings

    committed = dict(history.commitments(asked.intent, asked.rows))

    assert [opening.value for opening in openings] == NAMES
    assert list(committed) == [f"1/0/rows/{row}" for row in range(3)]
    for opening in openings:
        history.check_opening(asked.intent, opening, asked.rows)
    made = history.append(world.replay, asked, at_us=world.now_us)
    told = made.streams[asked.intent.parts[1].stream].state
    assert (told.group.count, told.amount_g) == (3, 1 + 2 + 3)


def test_an_opening_opens_its_own_row_only(world: World) -> None:
    asked = signed_shares(world)
    first, second, _ = world.proposals[-1].openings

    for wrong in (
        replace(first, field=second.field),
        replace(first, value="丁"),
        replace(first, field="1/0/rows/3"),
        replace(first, field="1/0/rows/00"),
        replace(first, field="1/0/rows"),
    ):
        with pytest.raises(RefusedError) as refusal:
            history.check_opening(asked.intent, wrong, asked.rows)
        assert refusal.value.code == "wrong_opening"
    with pytest.raises(RefusedError):
        history.check_opening(asked.intent, first)


def test_a_bearer_signs_under_the_name_of_their_key(world: World) -> None:
    child = gives(world).intent.parts[0].stream
    bearer(world, "guest")

    made = claims(world, child, "guest", "bob", 7)

    consulted = [stream for stream, _ in entries.decode(made.data).consulted]
    own = world["bob"].account
    assert consulted == [own, f"conduct/{own.partition('/')[2]}", "registry"]
    assert world.state(child).holding(own).total_g == 7


def test_nobody_signs_under_the_name_of_anothers_key(world: World) -> None:
    child = gives(world).intent.parts[0].stream
    world.people["guest"] = Person("thief", BEARER)

    refusal = refused(world, lambda: claims(world, child, "guest", "bob", 7))

    assert refusal.code == "key_not_valid"


def proof_of(made: Any, number: int, /, **changed: Any) -> Row:
    every = {(0, 0): made.detached[0].rows}
    beside = history.came_with(entries.decode(made.data), every)[0, 0]
    path = tuple(RowTree(beside).path(number))
    found = Row(part=0, event=0, row=beside[number], number=number, path=path)
    return replace(found, **changed)


def parts_of(made: Any) -> Any:
    return history.read_parts(made.intent)[0]


@pytest.mark.parametrize("number", range(3))
def test_one_row_is_shown_without_the_others(world: World, number: int) -> None:
    made = gives(world)

    shown = proofs_of_rows.shown(proof_of(made, number), parts_of(made))

    before = sum(amount_g for _, amount_g in TAKERS[:number])
    assert (shown.whom, shown.amount_g, shown.before_g) == (*TAKERS[number], before)
    assert shown.stream == made.intent.parts[0].stream
    assert shown.event.rows.total_g == 13


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"row": gift_row(BEARER, 8, 5)}, "wrong_rows"),
        ({"number": 0}, "wrong_rows"),
        ({"number": 3}, "bad_path"),
        ({"path": ()}, "bad_path"),
        ({"path": (bytes(32), bytes(32))}, "wrong_rows"),
        ({"part": 1}, "unknown_kind"),
        ({"event": 1}, "unknown_kind"),
    ],
    ids=[
        "another row",
        "another number",
        "a number beyond",
        "no path",
        "another path",
        "another part",
        "another event",
    ],
)
def test_what_is_no_row_of_the_act_is_not_shown(
    world: World, changed: dict[str, Any], code: str
) -> None:
    made = gives(world)
    proofs_of_rows.shown(proof_of(made, 1), parts_of(made))

    with pytest.raises(RefusedError) as refusal:
        proofs_of_rows.shown(proof_of(made, 1, **changed), parts_of(made))

    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("made", "number"),
    [
        ([(1, 1), (1, 2), (1, 3)], 0),
        ([(1, 0), (1, 0), (1, 2)], 1),
        ([(1, 0), (2, 1), (1, 3)], 1),
        ([(1, 0), (1, 1), (2, 2)], 2),
    ],
    ids=["grams before the first", "none before", "none after", "more than there are"],
)
def test_a_row_that_cannot_be_in_its_place_is_not_shown(
    made: list[tuple[int, int]], number: int
) -> None:
    signed_rows = tuple(gift_row(BEARER, *grams) for grams in made)
    event = with_summary(signed_rows, 3)
    part = ActPart(stream="batch/" + "a" * 16, new_id=str, events=(event,))
    path = tuple(RowTree(signed_rows).path(number))
    found = Row(part=0, event=0, row=signed_rows[number], number=number, path=path)

    with pytest.raises(RefusedError) as refusal:
        proofs_of_rows.shown(found, [part])

    assert refusal.value.code == "malformed"


def test_happenings_told_with_other_rows_are_a_broken_history(world: World) -> None:
    made = gives(world)
    beside = made.detached[0].rows
    read = check_entry(made.data).entry

    with pytest.raises(BrokenHistoryError) as broken:
        list(history.happened(read, {(0, 0): same_size(beside)}))
    with pytest.raises(IncompleteError) as missing:
        list(history.happened(read, {}))

    assert (broken.value.code, missing.value.code) == ("wrong_rows", "rows_missing")


def test_the_number_of_a_row_is_its_own() -> None:
    log, nonce = bytes(32), bytes(16)

    numbers = {ids.row_id(log, BEARER, nonce, part, row) for part in (0, 1) for row in range(100)}

    assert len(numbers) == 200
    assert ids.derived_id(log, BEARER, nonce, 0) not in numbers


def test_a_commitment_of_a_share_is_one_of_the_format(world: World) -> None:
    asked = signed_shares(world)
    (first, *_) = world.proposals[-1].openings
    said = canonical.decode(asked.rows[1, 0][0], bytes_max=256)

    expected = commitment(asked.intent.log, asked.intent.author, asked.intent.nonce, first)

    assert said == [shape.SHARE_TAG, expected, 1, 0]
    assert asked.intent.parts[1].events[0][0] == Shared.kind


def file_of(world: World, made: Any, number: int, **changed: Any) -> bytes:
    """The proof of one guest."""
    said = {
        "random": digest("random"),
        "note": world.note(),
        "leaf": world.leaf(made.index),
        **({} if "row" in changed else {"row": proof_of(made, number)}),
        **changed,
    }
    return proofs.encode(Proof(**said))


def test_a_guest_is_shown_what_they_were_given_and_which_grams(world: World) -> None:
    made = gives(world)

    found = verify_gift(file_of(world, made, 1), log_key())

    assert (found.gift.whom, found.gift.amount_g, found.gift.number) == (BEARER, 7, 1)
    assert found.ranges == ((5, 12),)
    assert found.giver == world["owner"].account
    assert (found.index, found.size) == (made.index, world.replay.size)
    assert found.campaign == made.intent.parts[1].stream
    assert not found.is_demonstration


def test_all_guests_together_have_all_grams_and_each_once(world: World) -> None:
    made = gives(world)

    shown = [verify_gift(file_of(world, made, number), log_key()) for number in range(3)]

    outcome = entries.decode(made.data).places[0].outcomes[0]
    assert outcome["ranges"] == [[0, 13]]
    assert [span for found in shown for span in found.ranges or ()] == [(0, 5), (5, 12), (12, 13)]


def test_of_detached_ranges_a_guest_is_shown_the_amount_only() -> None:
    world = scattered()
    made = gives(world, MANY)

    found = verify_gift(file_of(world, made, 16), log_key())

    assert (found.gift.before_g, found.gift.amount_g, found.ranges) == (16, 1, None)


@pytest.mark.parametrize(
    ("before_g", "amount_g", "expected"),
    [
        (0, 1, [(10, 11)]),
        (0, 3, [(10, 12), (20, 21)]),
        (1, 4, [(11, 12), (20, 22), (30, 31)]),
        (2, 2, [(20, 22)]),
        (4, 3, [(30, 33)]),
        (0, 7, [(10, 12), (20, 22), (30, 33)]),
    ],
)
def test_a_slice_of_ranges_begins_after_the_grams_before(
    before_g: int, amount_g: int, expected: list[tuple[int, int]]
) -> None:
    assert slice_of([[10, 12], [20, 22], [30, 33]], before_g, amount_g) == expected


def not_shown(data: bytes) -> str:
    with pytest.raises(BrokenHistoryError) as broken:
        verify_gift(data, log_key())
    return broken.value.code


def test_a_proof_of_a_gift_that_was_changed_does_not_hold(world: World) -> None:
    made = gives(world)
    whole = file_of(world, made, 1)
    assert verify_gift(whole, log_key()).gift.amount_g == 7
    leaf = world.leaf(made.index)
    others = world.leaf(made.index - 1)

    assert not_shown(whole[:-1]) == "not_canonical"
    assert not_shown(file_of(world, made, 1, row=None)) == "unknown_kind"
    richer = proof_of(made, 1, row=gift_row(BEARER, 8, 5))
    assert not_shown(file_of(world, made, 1, row=richer)) == "wrong_rows"
    assert not_shown(file_of(world, made, 1, random=bytes(32))) == "wrong_log"
    assert not_shown(file_of(world, made, 1, note=world.note(Person("another")))) == (
        "bad_checkpoint_signature"
    )
    assert not_shown(file_of(world, made, 1, leaf=others)) == "unknown_kind"
    moved = Leaf(index=leaf.index - 1, entry=leaf.entry, path=leaf.path)
    assert not_shown(file_of(world, made, 1, leaf=moved)) in {"bad_path", "not_included"}
    assert not_shown(file_of(world, made, 1, later=(others,))) == "unknown_form"


def test_a_share_is_no_gift(world: World) -> None:
    setting = world.setting(world["owner"])

    made = world.submit(setting, shares(world, setting.new("certificate", 1)))

    (beside,) = made.detached
    path = tuple(RowTree(beside.rows).path(0))
    row = Row(part=1, event=0, row=beside.rows[0], number=0, path=path)
    assert not_shown(file_of(world, made, 0, row=row)) == "unknown_kind"


def test_a_gift_is_proved_to_nobody_without_a_key(world: World) -> None:
    made = gives(world)

    with pytest.raises(IncompleteError) as missing:
        verify_gift(file_of(world, made, 0), None)
    with pytest.raises(StaleError) as stale:
        verify_gift(file_of(world, made, 0), log_key(), size_min=world.replay.size + 1)

    assert (missing.value.code, stale.value.code) == ("no_pinned_key", "older_than_asked")


def event_of(vector: dict[str, Any]) -> Any:
    """An event whose body sums up rows as a vector says."""
    said = vector["summary"]
    body = {**said, "root": bytes.fromhex(said["root"]), "total_g": int(said["total_g"])}
    kind, other = EVENTS[vector.get("kind", "gift")]
    return shape.read(kind, {**other, "rows": body})


def bytes_of(vector: dict[str, Any]) -> tuple[bytes, ...]:
    return tuple(bytes.fromhex(row) for row in vector["rows"])


def test_the_vectors_of_whole_rows_are_read_and_each_row_is_proved() -> None:
    for vector in TOLD["valid"]:
        made, event = bytes_of(vector), event_of(vector)

        told = history.with_rows(event, made).rows

        assert sum(amount_g for _, amount_g, _ in told.items) == int(vector["summary"]["total_g"])
        for number, path in enumerate(vector["paths"]):
            root = rows.row_root(made[number], number, len(made), bytes.fromhex(path))
            assert root == event.rows.root


@pytest.mark.parametrize("vector", TOLD["broken"], ids=lambda vector: vector["name"])
def test_the_vectors_of_broken_rows_are_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(RefusedError) as refusal:
        history.with_rows(event_of(vector), bytes_of(vector))

    assert refusal.value.code == vector["code"]


def test_the_vectors_of_openings_open_their_rows() -> None:
    for vector in TOLD["openings"]:
        opening = Opening(
            field=vector["field"], salt=bytes.fromhex(vector["salt"]), value=vector["value"]
        )
        log, nonce = bytes.fromhex(vector["log"]), bytes.fromhex(vector["nonce"])

        committed = commitment(log, vector["author"], nonce, opening)

        assert canonical.decode(bytes.fromhex(vector["row"]), bytes_max=256)[1] == committed


def test_the_vectors_of_ids_are_those_of_their_rows() -> None:
    for vector in TOLD["ids"]:
        log, nonce = bytes.fromhex(vector["log"]), bytes.fromhex(vector["nonce"])

        found = ids.row_id(log, vector["author"], nonce, vector["part"], vector["row"])

        assert found == vector["id"]
