"""The hinge: what is appended follows, what is changed does not; an independent model says the same."""

from dataclasses import replace
from itertools import pairwise

import pytest

from registry import history
from registry.acts.propose import propose
from registry.domain.act import Act, Hashes
from registry.domain.batch import Batch
from registry.domain.ranges import Ranges
from registry.domain.standard import Deposited, Recognised
from registry.errors import BrokenHistoryError, RefusedError
from registry.history import check_entry, check_intent, follow, happened, load
from registry.ledger import commitment as commitments
from registry.ledger import entry as entries
from registry.ledger import intent
from registry.ledger.intent import LIFE_US_MAX, in_key_order
from registry.ledger.tree import leaf_hash, root_of
from registry.verifier.replay import Replay
from tests.alike import compare
from tests.auditor import Auditor
from tests.world import GRAMS, HOUR_US, Person, World, digest, refused


@pytest.fixture
def world():
    """A log whose last entry is a retirement of one gram of each of two pieces."""
    world = World().staffed()
    batch = world.issues(1_000)
    world.transfers(batch, "owner", "alice", 10, range=(5, 15))
    world.transfers(batch, "alice", "owner", 1, range=(9, 10))
    world.now_us += 1_000
    world.retires(batch, "alice", 6)
    return world


def before_last(world):
    """Replay and auditor, of all but the last entry."""
    replay, auditor = Replay(), Auditor()
    for data in world.entries[:-1]:
        replay.follow(check_entry(data))
        assert auditor.take(data) == ""
    return replay, auditor


def changed(data, **said):
    """An entry that says something else; intent and signatures stay."""
    read = entries.decode(data)
    shown = {
        "at_us": read.at_us,
        "intent_bytes": read.intent_bytes,
        "signatures": read.signatures,
        "consulted": read.consulted,
        "places": read.places,
        **said,
    }
    return entries.encode(**shown)


def signed_again(world, data, **asked):
    """An entry whose intent says something else, honestly signed by the same people."""
    read = entries.decode(data)
    other = replace(read.intent, **asked)
    written = intent.encode(other)
    by_key = {person.key: person for person in world.everyone}
    signatures = [
        by_key[signer.key].sign(intent.SIGNED_PREFIX + written)
        for signer in in_key_order(other.signers)
    ]
    return changed(data, intent_bytes=written, signatures=signatures)


def broken(replay, data):
    """Why `data` cannot be the next entry; what was replayed is as it was."""
    before = replay.size, replay.at_us, dict(replay.streams), replay.unexpired()

    with pytest.raises((BrokenHistoryError, RefusedError)) as caught:
        replay.follow(check_entry(data))

    assert (replay.size, replay.at_us, dict(replay.streams), replay.unexpired()) == before
    return caught.value


def test_what_was_appended_follows_and_comes_to_the_same(world):
    replay, auditor = before_last(world)

    made = replay.follow(check_entry(world.entries[-1]))

    assert auditor.take(world.entries[-1]) == ""
    assert made == world.additions[-1]
    assert replay.streams == world.replay.streams
    assert replay.root_at(replay.size) == world.replay.root_at(world.replay.size) == auditor.root()
    assert replay.log == world.log


def place_with(data, part, **said):
    places = list(entries.decode(data).places)
    places[part] = replace(places[part], **said)
    return tuple(places)


def outcome_with(data, part, **said):
    (outcome,) = entries.decode(data).places[part].outcomes
    return place_with(data, part, outcomes=({**outcome, **said},))


def consulted_with(data, place, length):
    consulted = list(entries.decode(data).consulted)
    consulted[place] = (consulted[place][0], length)
    return consulted


CHANGES = {
    "consulted one more": (
        lambda d: {"consulted": consulted_with(d, 0, entries.decode(d).consulted[0][1] + 1)},
        "wrong_consulted",
    ),
    "consulted one less": (
        lambda d: {"consulted": entries.decode(d).consulted[1:]},
        "wrong_consulted",
    ),
    "consulted something else": (
        lambda d: {"consulted": [("aaa/aaa", 0), *entries.decode(d).consulted]},
        "wrong_consulted",
    ),
    "first position": (lambda d: {"places": place_with(d, 0, position=5)}, "wrong_position"),
    "last position": (lambda d: {"places": place_with(d, 1, position=2)}, "wrong_position"),
    "first previous": (
        lambda d: {"places": place_with(d, 0, previous=bytes(32))},
        "wrong_previous",
    ),
    "last previous": (
        lambda d: {"places": place_with(d, 1, previous=digest("x"))},
        "wrong_previous",
    ),
    "other grams": (
        lambda d: {"places": outcome_with(d, 0, ranges=[[5, 9], [10, 11], [12, 13]])},
        "wrong_outcome",
    ),
    "grams joined": (lambda d: {"places": outcome_with(d, 0, ranges=[[5, 11]])}, "wrong_outcome"),
    "other origin": (lambda d: {"places": outcome_with(d, 0, origin="deposited")}, "wrong_outcome"),
    "no outcome": (lambda d: {"places": place_with(d, 0, outcomes=(None,))}, "wrong_outcome"),
    "more said": (lambda d: {"places": outcome_with(d, 0, more=1)}, "wrong_outcome"),
    "other amount": (lambda d: {"places": outcome_with(d, 1, amount_g=7)}, "wrong_outcome"),
    "nothing awaited": (lambda d: {"places": outcome_with(d, 1, home=["VCU"])}, "wrong_outcome"),
    "zero for false": (lambda d: {"places": outcome_with(d, 1, custodial=0)}, "wrong_outcome"),
    "true for false": (lambda d: {"places": outcome_with(d, 1, custodial=True)}, "wrong_outcome"),
    "a recovery invented": (
        lambda d: {"places": outcome_with(d, 1, recovered=True)},
        "wrong_outcome",
    ),
    "no verdict": (lambda d: {"places": outcome_with(d, 1, verdicts=[])}, "wrong_outcome"),
    "time back": (lambda d: {"at_us": entries.decode(d).at_us - 1_001}, "clock_back"),
    "too late": (lambda d: {"at_us": entries.decode(d).at_us + HOUR_US + 1}, "expired"),
    "the last day": (lambda _: {"at_us": 2**53 - 1}, "expired"),
    "another signature": (lambda _: {"signatures": [bytes(64)]}, "bad_signature"),
    "no signature": (lambda _: {"signatures": []}, "wrong_signatures"),
    "one signature too many": (
        lambda d: {"signatures": [*entries.decode(d).signatures] * 2},
        "wrong_signatures",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_entry_does_not_follow(world, change):
    said, code = CHANGES[change]
    data = changed(world.entries[-1], **said(world.entries[-1]))
    replay, auditor = before_last(world)

    why = broken(replay, data)

    assert why.code == code
    assert auditor.take(data) != ""


def test_a_broken_entry_is_named_by_stream_position_and_index(world):
    data = changed(world.entries[-1], places=outcome_with(world.entries[-1], 1, amount_g=7))
    replay, _ = before_last(world)

    why = broken(replay, data)

    assert why.facts["index"] == len(world.entries) - 1
    assert why.facts["stream"] == entries.decode(data).intent.parts[0].stream
    assert why.facts["position"] == 4


def test_the_recorded_time_may_only_be_another_in_which_all_is_the_same(world):
    later = changed(world.entries[-1], at_us=entries.decode(world.entries[-1]).at_us + 1)
    replay, auditor = before_last(world)

    made = replay.follow(check_entry(later))

    assert auditor.take(later) == ""
    assert made.leaf != world.additions[-1].leaf


def test_one_for_true_is_another_outcome():
    world = World().staffed()
    batch = world.issues(10)
    world.opens("guest", custodial=True)
    world.transfers(batch, "owner", "guest", 1)
    world.retires(batch, "guest", 1)
    data = changed(world.entries[-1], places=outcome_with(world.entries[-1], 1, custodial=1))
    replay, _ = before_last(world)

    why = broken(replay, data)

    assert why.code == "wrong_outcome"


def test_true_for_one_gram_is_another_outcome():
    world = World().staffed()
    batch = world.issues(10)
    world.retires(batch, "owner", 1)
    data = changed(world.entries[-1], places=outcome_with(world.entries[-1], 1, amount_g=True))
    replay, _ = before_last(world)

    why = broken(replay, data)

    assert why.code == "wrong_outcome"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (lambda _: {"log": bytes(32)}, "wrong_log"),
        (lambda w: {"log": leaf_hash(w.entries[0])}, "wrong_log"),
        (lambda _: {"nonce": bytes(16)}, "wrong_id"),
        (lambda w: {"not_after_us": w.now_us - 1}, "expired"),
        (lambda w: {"not_after_us": w.now_us + LIFE_US_MAX + 1}, "too_far_ahead"),
        (lambda w: {"signers": (w["bob"].signer,)}, "wrong_signers"),
    ],
    ids=["no log", "the first leaf", "nonce", "expired", "far ahead", "another signer"],
)
def test_a_changed_intent_does_not_follow_even_when_its_people_sign_it(world, asked, code):
    data = signed_again(world, world.entries[-1], **asked(world))
    replay, auditor = before_last(world)

    why = broken(replay, data)

    assert why.code == code
    assert auditor.take(data) != ""


def test_a_changed_intent_under_the_old_signature_is_nobody_s():
    world = World().staffed()
    batch = world.issues(10)
    made = world.transfers(batch, "owner", "alice", 1)
    other = replace(made.intent, nonce=bytes(16))
    data = changed(made.data, intent_bytes=intent.encode(other))
    replay, auditor = before_last(world)

    why = broken(replay, data)

    assert why.code == "bad_signature"
    assert auditor.take(data) == "signature"


def test_signatures_in_another_order_do_not_hold():
    world = World().staffed()
    world.grants(world["alice"].account, "court")
    data = changed(world.entries[-1], signatures=entries.decode(world.entries[-1]).signatures[::-1])
    replay, auditor = before_last(world)

    why = broken(replay, data)

    assert why.code == "bad_signature"
    assert auditor.take(data) == "signature"


def test_an_intent_of_another_log_of_the_same_name_is_refused():
    world, other = World().staffed(), World()
    other.begun(random=digest("other")).opens("alice")
    asked = other.additions[-1]
    signed = check_intent(asked.intent_bytes, entries.decode(asked.data).signatures)

    with pytest.raises(RefusedError) as caught:
        history.append(world.replay, signed, at_us=world.now_us)
    with pytest.raises(BrokenHistoryError) as read:
        follow(world.replay, check_entry(asked.data))

    assert caught.value.code == read.value.code == "wrong_log"


@pytest.mark.parametrize(
    ("not_after_us", "code"),
    [(-1, "expired"), (LIFE_US_MAX + 1, "too_far_ahead")],
    ids=["expired", "too far ahead"],
)
def test_an_intent_waits_no_longer_than_it_says_and_than_a_week(world, not_after_us, code):
    setting = replace(world.setting(world["one"]), not_after_us=world.now_us + not_after_us)
    person = Person("carol", setting.new("account", 0))
    body = world.opening(person, person.account)

    refusal = refused(
        world, lambda: world.submit(setting, [(person.account, [("account.opened.v1", body)])])
    )

    assert refusal.code == code


@pytest.mark.parametrize("not_after_us", [0, LIFE_US_MAX], ids=["now", "in a week"])
def test_an_intent_may_wait_until_the_last_moment_that_it_says(world, not_after_us):
    setting = replace(world.setting(world["one"]), not_after_us=world.now_us + not_after_us)
    person = Person("carol", setting.new("account", 0))
    body = world.opening(person, person.account)

    world.submit(setting, [(person.account, [("account.opened.v1", body)])])

    assert world.state(person.account).is_open


def test_the_clock_never_runs_back(world):
    world.opens("carol")
    world.now_us -= 1

    refusal = refused(world, lambda: world.opens("dave"))

    assert refusal.code == "clock_back"
    assert refusal.facts["head_us"] == world.replay.at_us == world.now_us + 1


def transfers_under(world, batch, nonce):
    return world.do("owner", parts=[(batch, [world.transferred("owner", "bob", 1)])], nonce=nonce)


def test_a_nonce_is_free_again_once_its_act_can_no_longer_be_repeated():
    world, nonce = World().staffed(), bytes([7]) * 16
    batch = world.issues(10)
    transfers_under(world, batch, nonce)

    again = refused(world, lambda: transfers_under(world, batch, nonce))
    world.now_us += HOUR_US
    last_moment = refused(world, lambda: transfers_under(world, batch, nonce))
    world.now_us += 1
    transfers_under(world, batch, nonce)
    at_once = refused(world, lambda: transfers_under(world, batch, nonce))

    assert again.code == last_moment.code == at_once.code == "nonce_used"
    assert world.state(batch).holding(world["bob"].account).total_g == 2


def test_a_nonce_belongs_to_its_author():
    world, nonce = World().staffed(), bytes([7]) * 16
    batch = world.issues(10)
    world.transfers(batch, "owner", "alice", 5)
    transfers_under(world, batch, nonce)

    world.do("alice", parts=[(batch, [world.transferred("alice", "bob", 1)])], nonce=nonce)

    assert world.state(batch).holding(world["bob"].account).total_g == 2


def test_a_rotated_key_repeats_nothing():
    world, nonce = World().staffed(), bytes([7]) * 16
    batch = world.issues(10)
    transfers_under(world, batch, nonce)
    world.adds_key("owner two", "owner")
    world.people["owner"] = world["owner two"]

    refusal = refused(world, lambda: transfers_under(world, batch, nonce))

    assert refusal.code == "nonce_used"


def test_a_replay_forgets_nonces_that_no_act_can_use_any_more():
    world = World().staffed()
    before = len(world.replay.unexpired())
    world.now_us += 2 * HOUR_US

    made = world.opens("carol")

    assert before > 1
    assert world.replay.unexpired() == [(world["one"].account, world.additions[-1].intent.nonce)]
    assert len(world.replay._unexpired) == len(world.replay._expiries) == 1
    assert made.account in world.replay.streams


def test_what_was_used_up_is_used_up_for_whoever_repeats_it_under_a_new_nonce(world):
    last = world.entries[-1]

    data = signed_again(world, last, nonce=bytes([9]) * 16)
    why = broken(world.replay, data)

    assert why.code == "insufficient_holding"


def test_an_entry_does_not_follow_itself(world):
    why = broken(world.replay, world.entries[-1])

    assert why.code == "nonce_used"


def test_no_entry_but_the_next_one_follows(world):
    replay, auditor = before_last(world)
    missing = world.entries[-2]
    fresh_replay, fresh_auditor = Replay(), Auditor()
    for data in world.entries[:-2]:
        fresh_replay.follow(check_entry(data))
        fresh_auditor.take(data)

    skipped = broken(fresh_replay, world.entries[-1])

    assert skipped.code == "wrong_position"
    assert fresh_auditor.take(world.entries[-1]) == "position"
    assert fresh_auditor.take(missing) == ""
    assert auditor.root() == replay.root_at(replay.size)


def test_a_stream_is_loaded_from_its_own_entries_alone(world):
    home = world.deposits("A-1-2", 2 * GRAMS)
    number = world.retires(home, "owner", 5, standard="VCU")
    world.cancels_at_home(number)
    fragmented = world.issues(100)
    for start in range(0, 40, 2):
        world.transfers(fragmented, "owner", "bob", 1, range=(start, start + 1))
    world.retires(fragmented, "bob", 18)

    for name, stream in world.replay.streams.items():
        assert load(name, own_of(world, name)) == stream
    assert load("batch/" + "a" * 16, []) == world.replay.stream("batch/" + "a" * 16)


def own_of(world, name):
    for made in world.additions:
        if name in made.streams:
            beside = {(rows.part, rows.event): rows.rows for rows in made.detached}
            yield made.index, made.leaf, happened(entries.decode(made.data), beside)


def test_what_happened_is_told_with_all_its_ranges():
    world = World().staffed()
    batch = world.issues(100)
    for start in range(0, 40, 2):
        world.transfers(batch, "owner", "bob", 1, range=(start, start + 1))
    made = world.transfers(batch, "bob", "alice", 20)
    beside = {(rows.part, rows.event): rows.rows for rows in made.detached}

    (told,) = happened(entries.decode(made.data), beside)

    assert (told.stream, told.position) == (batch, 22)
    assert told.event.amount_g == 20
    assert told.outcome == {"ranges": tuple((start, start + 1) for start in range(0, 40, 2))}


def test_a_replay_knows_the_root_of_every_size_and_the_states_of_each_kind(world):
    leaves = [leaf_hash(data) for data in world.entries]

    roots = [world.replay.root_at(size) for size in range(len(leaves) + 1)]

    assert roots == [root_of(leaves[:size]) for size in range(len(leaves) + 1)]
    assert [world.replay.leaf(index) for index in range(len(leaves))] == leaves
    assert [state.name for state in world.replay.states(Batch)] == [
        name for name in world.replay.streams if name.startswith("batch/")
    ]


def test_times_never_decrease_by_index(world):
    times = [entries.decode(data).at_us for data in world.entries]

    assert all(one <= other for one, other in pairwise(times))
    assert times[-1] > times[0]


def test_outcomes_of_other_kinds_and_without_any_are_passed_over():
    recognised = Recognised(
        credit_class="reduction",
        home=None,
        unit_g=1,
        claims=("meeting",),
        serial_format=None,
    )
    units = Deposited(batch="batch/" + "a" * 16, home_serials="A-1-1")
    told = [(recognised, None), (units, None), (units, {"amount_g": 1}), (recognised, {})]
    act = Act(
        index=0,
        at_us=0,
        nonce=bytes(16),
        parts=(),
        by={},
        keys={},
        author="",
        hashes=Hashes(row_id=lambda *_: "", row_root=lambda *_: b"", row_says=list),
        consulted={},
        outcomes=told,
    )

    assert list(act.outcomes_of(Deposited)) == [(units, {"amount_g": 1})]
    assert Ranges().lowest(0) == ()


def test_a_life_with_everything_in_it_is_told_alike():
    world, auditor = World().staffed(), Auditor()
    batch = world.issues(200)
    world.transfers(batch, "owner", "alice", 100)
    for start in range(0, 40, 2):
        world.transfers(batch, "alice", "bob", 1, range=(start, start + 1))
    world.retires(batch, "bob", 18)
    home = world.deposits("A-1-2", 2 * GRAMS)
    world.cancels_at_home(world.retires(home, "owner", 5, standard="VCU"))
    world.imports(batch, "owner", 3)
    world.adds_key("alice two", "alice")
    world.ends_key("alice", "alice two")
    made = world.grants(world["bob"].account, "court")
    world.withdraws(world["bob"].account, "court", (made.index, made.leaf))

    world.replaces_log_key("another log key")
    stopped = world.announces("alice three", "bob")
    world.ends_recovery("recovery_stopped", "bob", stopped, "bob")
    taken_back = world.announces("alice four", "bob")
    world.ends_recovery("recovery_withdrawn", "bob", taken_back)
    world.recovers("bob two", "bob", custodial=True)
    world.people["bob"] = world["bob two"]
    world.transfers(batch, "owner", "bob", 1)
    world.retires(batch, "bob", 1)

    answers = [auditor.take(data) for data in world.entries]

    assert set(answers) == {""}
    compare(world, auditor)
    assert sum(end - start for start, end in auditor.held(batch)["retired"]) == 22


@pytest.fixture(scope="module")
def opened():
    """An intent that retires and states why, and the opening of its activity."""
    world = World().staffed()
    world.retires(world.issues(1_000), "owner", 5)
    made = world.proposals[-1]
    return made.intent, next(item for item in made.openings if item.field == "1/0/activity")


def test_an_opening_opens_its_own_place(opened):
    asked, opening = opened

    assert history.check_opening(asked, opening) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"value": "another activity"},
        {"value": b"an activity"},
        {"value": []},
        {"value": ["an activity", 5]},
        {"salt": bytes(32)},
        {"field": "0/0/activity"},
        {"field": "1/1/activity"},
        {"field": "01/0/activity"},
        {"field": "1/0/beneficiary"},
        {"field": "1/0/organisers"},
        {"field": "0/0/amount_g", "value": 5},
        {"field": ""},
    ],
    ids=str,
)
def test_an_opening_opens_no_other_place_and_nothing_but_texts(opened, changed):
    asked, opening = opened

    with pytest.raises(RefusedError) as refusal:
        history.check_opening(asked, replace(opening, **changed))

    assert refusal.value.code == "wrong_opening"


@pytest.mark.parametrize("changed", [{"log": bytes(32)}, {"nonce": bytes(16)}], ids=str)
def test_an_opening_opens_nothing_in_another_act(opened, changed):
    asked, opening = opened

    with pytest.raises(RefusedError) as refusal:
        history.check_opening(replace(asked, **changed), opening)

    assert refusal.value.code == "wrong_opening"


def test_what_is_no_commitment_is_not_opened_although_it_is_one():
    """A digest field can be filled with a commitment; nobody is to be shown what it hides as if it were named there."""
    world = World().staffed()
    setting = world.setting(world["one"])
    opening = commitments.Opening(field="0/0/document", salt=bytes(32), value="a paper")
    hidden = commitments.commitment(world.log, world["one"].account, setting.nonce, opening)
    project = world.lists()
    proposal = propose(setting, [(project, [("project.validated.v1", {"document": hidden})])])

    with pytest.raises(RefusedError) as refusal:
        history.check_opening(proposal.intent, opening)

    assert refusal.value.code == "wrong_opening"


def test_a_stream_that_lacks_an_entry_is_not_loaded():
    world = World().staffed()
    alice = world["alice"].account
    world.adds_key("alice again", "alice")
    own = [
        (made.index, made.leaf, list(happened(check_entry(made.data).entry, {})))
        for made in world.additions
        if alice in made.streams
    ]
    assert load(alice, own).length == 2

    for left in (own[1:], own[:1] * 2, [(0, own[0][1], [])]):
        with pytest.raises(BrokenHistoryError) as broken:
            load(alice, left)

        assert broken.value.code == "derived.rows"


def test_rows_that_are_not_those_of_the_entry_are_not_read():
    world = World().staffed()
    batch = world.issues(1_000)
    for number in range(17):
        world.transfers(batch, "owner", "alice", 1, range=(2 * number, 2 * number + 1))
    made = world.transfers(batch, "alice", "bob", 17)
    entry = check_entry(made.data).entry
    ((beside),) = made.detached
    whole = {(beside.part, beside.event): beside.rows}
    assert len(next(happened(entry, whole)).outcome["ranges"]) == 17

    for rows in ({}, {(0, 0): beside.rows[:-1]}, {(0, 0): beside.rows[::-1]}):
        with pytest.raises(BrokenHistoryError) as broken:
            list(happened(entry, rows))

        assert broken.value.code == "derived.detached"
