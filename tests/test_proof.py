"""The compact proof: what it shows, and that nothing else passes for it, whoever made it."""

import random
from dataclasses import replace

import pytest

from registry.domain.batch import import_nonce
from registry.domain.timing import EVENTS, ORGANISATIONS
from registry.errors import BrokenHistoryError, IncompleteError, StaleError
from registry.ledger import canonical, ids, intent, proof, tree
from registry.ledger import entry as entries
from registry.ledger.commitment import Opening
from registry.ledger.entry import NO_PREVIOUS, Place
from registry.ledger.intent import LIFE_US_MAX, Intent, Part, in_key_order
from registry.ledger.note import Checkpoint
from registry.ledger.proof import Leaf
from registry.verifier.certificate import is_demonstration, origin_of, verify
from tests.world import (
    GRAMS,
    HOUR_US,
    ORIGIN,
    PERIOD,
    START_US,
    Person,
    World,
    digest,
    log_key,
    signed_note,
    subtrees,
)

BITS = 1_000


@pytest.fixture(scope="module")
def world():
    """A native certificate, a deposited one that is final and one that awaits, an imported one, a custodial one."""
    world = World().staffed()
    batch = world.issues(1_000)
    home = world.deposits("A-1-9", 9 * GRAMS)
    world.opens("guest", custodial=True)
    world.transfers(batch, "owner", "guest", 50)
    world.numbers = {
        "native": world.retires(batch, "owner", 120),
        "awaiting": world.retires(home, "owner", 7, standard="VCU"),
        "final": world.retires(home, "owner", GRAMS, standard="VCU"),
        "imported": world.imports(batch, "owner", 3, month="2026-01"),
        "custodial": world.retires(batch, "guest", 5, statement={"purpose": "meeting"}),
        "named": world.retires(batch, "owner", 4, range=(500, 504)),
    }
    world.batch, world.home = batch, home
    world.cancels_at_home(world.numbers["final"])
    for start in range(600, 640, 2):
        world.transfers(batch, "owner", "bob", 1, range=(start, start + 1))
    world.numbers["scattered"] = world.retires(batch, "bob", 20)
    means = world.announces("found again", "alice")
    world.now_us += 4 * 24 * HOUR_US
    world.ends_recovery("recovered", "alice", means)
    world.people["alice"] = world["found again"]
    world.transfers(batch, "owner", "alice", 1)
    world.numbers["recovered"] = world.retires(batch, "alice", 1)
    world.opens("last")
    return world


def shown(world, name, **changed):
    return proof.encode(world.proof(world.numbers[name], **changed))


def broken(data, key=None):
    with pytest.raises(BrokenHistoryError) as caught:
        verify(data, key or log_key())
    return caught.value


def test_a_proof_is_read_as_it_was_written(world):
    for number in world.numbers.values():
        made = world.proof(number)

        assert proof.decode(proof.encode(made)) == made


def test_a_valid_proof_shows_the_certificate(world):
    found = verify(shown(world, "native"), log_key())

    owner = world["owner"].account
    made = world.additions[found.index]
    assert found.number == world.numbers["native"].partition("/")[2]
    assert (found.origin, found.size, found.at_us) == (ORIGIN, len(world.entries), made.at_us)
    assert (found.holder, found.signers, found.amount_g) == (owner, (owner,), 120)
    assert [(batch, came["ranges"]) for batch, _, came in found.retired] == [
        (world.batch, [[50, 170]])
    ]
    assert found.statement.purpose == "enterprise"
    assert found.verdicts == (
        (ORGANISATIONS, "claim", "pass", ""),
        (ORGANISATIONS, "credits", "pass", ""),
    )
    assert found.opened == {"activity": "an activity", "organisers": ["an organiser"]}
    assert (found.awaiting, found.cancelled_at_home) == ((), ())
    assert (found.is_final, found.is_attested) == (True, False)
    assert (found.custodial, found.recovered) == (False, False)
    assert not found.is_demonstration


def test_a_deposit_that_is_not_cancelled_at_home_is_valid_and_not_final(world):
    found = verify(shown(world, "awaiting"), log_key())

    assert found.awaiting == ("VCU",)
    assert not found.is_final


def test_a_home_cancellation_makes_it_final(world):
    found = verify(shown(world, "final"), log_key())

    assert found.is_final
    assert [event.reference for event in found.cancelled_at_home] == ["VCS-2026-1"]
    assert found.amount_g == GRAMS


def test_a_cancellation_that_is_left_out_leaves_it_awaiting(world):
    found = verify(shown(world, "final", later=()), log_key())

    assert found.awaiting == ("VCU",)


def test_an_import_is_attested_and_signed_by_officer_and_holder(world):
    found = verify(shown(world, "imported"), log_key())

    assert found.is_attested
    assert found.signers == (world["one"].account, world["owner"].account)
    assert found.holder == world["owner"].account


def test_a_custodial_certificate_says_so(world):
    found = verify(shown(world, "custodial"), log_key())

    assert found.custodial
    assert found.verdicts == ((EVENTS, "claim", "pass", ""),)


def test_a_certificate_by_a_recovered_key_says_so(world):
    found = verify(shown(world, "recovered"), log_key())

    assert (found.recovered, found.custodial) == (True, False)
    assert found.holder == world["alice"].account


def test_a_named_range_and_many_ranges_are_shown(world):
    named = verify(shown(world, "named"), log_key())
    scattered = verify(shown(world, "scattered"), log_key())

    assert [came["ranges"] for _, _, came in named.retired] == [[[500, 504]]]
    assert [came["ranges"]["total_g"] for _, _, came in scattered.retired] == [20]


def test_names_stay_hidden_without_their_openings(world):
    found = verify(shown(world, "native", openings=()), log_key())

    assert found.opened == {}


def test_a_demonstration_is_known_by_its_origin(world):
    assert is_demonstration("demo.registry.example")
    assert not is_demonstration("registry.example/demo")
    assert origin_of(shown(world, "native")) == ORIGIN


def test_the_origin_of_what_is_no_proof_is_unknown(world):
    for data in (b"", b"\xc0", shown(world, "native", note=b"no note")):
        with pytest.raises(BrokenHistoryError) as caught:
            origin_of(data)
        assert caught.value.code in {"not_canonical", "malformed", "bad_note"}


def test_a_thousand_bits_are_changed_and_every_one_is_refused(world):
    chance = random.Random(32)
    files = [shown(world, name) for name in world.numbers]
    everywhere = [
        (number, bit) for number, data in enumerate(files) for bit in range(8 * len(data))
    ]

    for number, bit in chance.sample(everywhere, BITS):
        forged = bytearray(files[number])
        forged[bit // 8] ^= 1 << bit % 8

        assert broken(bytes(forged)).code


def test_a_proof_that_is_cut_anywhere_is_refused(world):
    data = shown(world, "native")

    codes = {broken(data[:length]).code for length in range(len(data))}

    assert codes == {"not_canonical"}
    assert broken(data + b"\0").code == "not_canonical"


def test_without_a_pinned_key_nothing_is_known(world):
    with pytest.raises(IncompleteError) as caught:
        verify(shown(world, "native"), None)

    assert caught.value.code == "no_pinned_key"
    assert caught.value.facts["origin"] == ORIGIN


def test_without_a_pinned_key_what_is_broken_is_still_broken(world):
    data = shown(world, "native", openings=world.openings(0))

    with pytest.raises(BrokenHistoryError) as caught:
        verify(data, None)

    assert caught.value.code == "wrong_opening"


def test_another_key_and_another_name_are_another_log(world):
    data = shown(world, "native")

    other_key = broken(data, log_key(Person("another")))
    other_name = broken(data, replace(log_key(), name="registry.example/other"))

    assert other_key.code == "bad_checkpoint_signature"
    assert other_name.code == "wrong_origin"


def test_what_was_meant_for_another_log_is_not_taken_into_this_one(world):
    other_random = broken(shown(world, "native", random=bytes(32)))

    assert other_random.code == "wrong_log"


def test_a_tree_smaller_than_asked_is_stale(world):
    size = len(world.entries)

    found = verify(shown(world, "native"), log_key(), size_min=size)
    with pytest.raises(StaleError) as caught:
        verify(shown(world, "native"), log_key(), size_min=size + 1)

    assert found.size == size
    assert (caught.value.code, caught.value.facts["size"]) == ("older_than_asked", size)


def test_an_entry_of_another_place_is_not_included(world):
    native, awaiting = (world.proof(world.numbers[name]).leaf for name in ("native", "awaiting"))
    number = world.numbers["native"]
    transplanted = {
        "another path": replace(native, path=awaiting.path),
        "another index": replace(native, index=awaiting.index),
        "another entry": replace(awaiting, entry=native.entry),
    }

    codes = {
        broken(proof.encode(world.proof(number, leaf=leaf))).code for leaf in transplanted.values()
    }

    assert codes == {"not_included"}


@pytest.mark.parametrize("more", [-1, 1])
def test_a_path_of_another_length_is_refused(world, more):
    leaf = world.proof(world.numbers["native"]).leaf
    path = (*leaf.path, bytes(32)) if more == 1 else leaf.path[:-1]

    refusal = broken(shown(world, "native", leaf=replace(leaf, path=path)))

    assert refusal.code == "bad_path"


def test_the_proof_of_another_world_is_not_transplanted_under_this_checkpoint(world):
    other = World().staffed()
    batch = other.issues(5)
    number = other.retires(batch, "owner", 5)

    data = proof.encode(other.proof(number, note=world.note()))

    assert broken(data).code in {"bad_path", "not_included"}


def test_a_checkpoint_that_another_key_signed_is_none(world):
    data = shown(world, "native", note=world.note(Person("another")))

    assert broken(data).code == "bad_checkpoint_signature"


def test_rows_are_of_a_time_to_come(world):
    row = proof.Row(part=0, event=0, row=b"row", number=0, path=(bytes(32),))

    with_row = shown(world, "native", row=row)

    assert proof.decode(with_row).row == row
    assert broken(with_row).code == "unknown_kind"


@pytest.mark.parametrize("name", ["genesis", "an account", "a transfer"])
def test_an_entry_that_issues_no_certificate_is_none(world, name):
    index = {"genesis": 0, "an account": 1}.get(name)
    if index is None:
        index = [made.index for made in world.additions if world.batch in made.streams][1]

    data = shown(world, "native", leaf=world.leaf(index), openings=())

    assert broken(data).code == "not_a_certificate"


def test_a_home_cancellation_alone_is_no_certificate(world):
    (later,) = world.proof(world.numbers["final"]).later

    data = shown(world, "final", leaf=later, later=(), openings=())

    assert broken(data).code == "not_a_certificate"


@pytest.mark.parametrize("change", ["value", "salt", "field", "leaf"])
def test_a_wrong_opening_is_refused(world, change):
    (_, first), *rest = world.proof(world.numbers["native"]).openings
    number = 1 if change == "leaf" else 0
    changes = {"value": "another", "salt": bytes(32), "field": "1/0/beneficiary"}
    wrong = replace(first, **({change: changes[change]} if change in changes else {}))

    data = shown(world, "native", openings=((number, wrong), *rest))

    assert broken(data).code == "wrong_opening"


def test_the_openings_of_another_certificate_open_nothing(world):
    openings = world.proof(world.numbers["awaiting"]).openings

    assert broken(shown(world, "native", openings=openings)).code == "wrong_opening"


def test_a_later_leaf_has_openings_of_its_own(world):
    opening = Opening(field="0/0/document", salt=bytes(32), value="none")

    refusal = broken(shown(world, "final", openings=((1, opening),)))

    assert refusal.code == "wrong_opening"


def test_later_entries_stand_without_a_gap_and_in_order(world):
    made = world.proof(world.numbers["final"])
    (own,) = made.later
    other = world.proof(world.numbers["awaiting"]).leaf
    several = {
        "twice": (own, own),
        "another act": (other,),
        "itself": (made.leaf,),
    }

    codes = {
        name: broken(shown(world, "final", later=later)).code for name, later in several.items()
    }

    assert codes == dict.fromkeys(several, "gap_in_certificate")


def test_a_cancellation_is_not_transplanted_to_another_certificate(world):
    later = world.proof(world.numbers["final"]).later

    assert broken(shown(world, "awaiting", later=later)).code == "gap_in_certificate"


# An operator who writes what the rules do not allow, and signs a tree of it.


def forged(world, index, **said):
    """The world's entries with one changed, under a tree that the log's own key signs."""
    read = entries.decode(world.entries[index])
    shown = {
        "at_us": read.at_us,
        "intent_bytes": read.intent_bytes,
        "signatures": read.signatures,
        "consulted": read.consulted,
        "places": read.places,
        **said,
    }
    return [*world.entries[:index], entries.encode(**shown), *world.entries[index + 1 :]]


def proven(data, index, *, later=(), openings=()):
    """A proof of entry `index`, and of later ones, in a tree of `data` that the log signs."""
    node = subtrees(data)
    root = tree.root_of(map(tree.leaf_hash, data))
    note = signed_note(Checkpoint(origin=ORIGIN, size=len(data), root=root), Person("log"))

    def leaf(place):
        path = tree.inclusion_path(place, len(data), node)
        return Leaf(index=place, entry=data[place], path=tuple(path))

    return proof.encode(
        proof.Proof(
            random=digest("random"),
            note=note,
            leaf=leaf(index),
            later=tuple(leaf(place) for place in later),
            openings=openings,
        )
    )


def index_of(world, name):
    return world.issuing(world.numbers[name])[0]


def places_with(world, name, part, **outcome):
    """The places of a certificate's entry, with something else said in one outcome."""
    places = list(entries.decode(world.entries[index_of(world, name)]).places)
    (before,) = places[part].outcomes
    places[part] = replace(places[part], outcomes=({**before, **outcome},))
    return places


def test_what_is_signed_again_without_a_lie_is_valid(world):
    index = index_of(world, "native")

    found = verify(proven(forged(world, index), index), log_key())

    assert found.amount_g == 120


@pytest.mark.parametrize(
    ("part", "outcome"),
    [
        (0, {"ranges": [[0, 121]]}),
        (0, {"ranges": [[0, 119]]}),
        (0, {"ranges": [[0, 60], [60, 120]]}),
        (0, {"ranges": [[0, 60], [59, 119]]}),
        (0, {"ranges": [[60, 120], [0, 60]]}),
        (0, {"ranges": [[0, 0], [1, 121]]}),
        (0, {"ranges": [[-1, 119]]}),
        (0, {"ranges": []}),
        (0, {"ranges": None}),
        (0, {"ranges": {}}),
        (0, {"ranges": {"total_g": 121}}),
        (0, {"ranges": [[0, 120, 0]]}),
        (0, {"ranges": [["0", "120"]]}),
        (0, {"origin": "made"}),
        (0, {"origin": ["native"]}),
        (0, {"period": None}),
        (0, {"period": ["2025-12-31", "2025-01-01"]}),
        (0, {"period": ["2010-01-01", "2010-12-31"]}),
        (0, {"origin": "deposited"}),
        (0, {"more": 1}),
        (1, {"amount_g": 121}),
        (1, {"amount_g": True}),
        (1, {"holder": "account/" + "a" * 16}),
        (1, {"home": ["VCU"]}),
        (1, {"custodial": 0}),
        (1, {"custodial": None}),
        (1, {"recovered": 0}),
        (1, {"recovered": None}),
        (1, {"verdicts": []}),
        (1, {"verdicts": [[ORGANISATIONS, "claim", "pass", "great"]]}),
        (1, {"more": 1}),
    ],
    ids=[str(number) for number in range(31)],
)
def test_an_outcome_that_does_not_follow_from_the_act_is_refused_although_the_log_signed_it(
    world, part, outcome
):
    index = index_of(world, "native")
    data = forged(world, index, places=places_with(world, "native", part, **outcome))

    refusal = broken(proven(data, index))

    assert refusal.code in {"wrong_outcome", "malformed"}
    assert refusal.facts["index"] == index


@pytest.mark.parametrize("part", [0, 1])
@pytest.mark.parametrize("outcome", [None, [], 5], ids=repr)
def test_an_outcome_that_is_no_outcome_is_refused(world, part, outcome):
    index = index_of(world, "native")
    places = list(entries.decode(world.entries[index]).places)
    places[part] = replace(places[part], outcomes=(outcome,))

    refusal = broken(proven(forged(world, index, places=places), index))

    assert refusal.code == "wrong_outcome"


@pytest.mark.parametrize(
    "ranges", [[[0, 4]], [[500, 502], [503, 505]], {"total_g": 4}], ids=["lower", "two", "rows"]
)
def test_other_grams_than_the_author_named_are_refused(world, ranges):
    index = index_of(world, "named")
    data = forged(world, index, places=places_with(world, "named", 0, ranges=ranges))

    assert broken(proven(data, index)).code == "wrong_outcome"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (lambda read: {"at_us": read.intent.not_after_us + 1}, "expired"),
        (lambda _: {"at_us": 2**53 - 1}, "expired"),
        (lambda read: {"at_us": read.intent.not_after_us - LIFE_US_MAX - 1}, "too_far_ahead"),
        (lambda read: {"consulted": read.consulted[1:]}, "wrong_consulted"),
        (lambda read: {"consulted": [("aa/aa", 0), *read.consulted]}, "wrong_consulted"),
        (
            lambda read: {"places": [read.places[0], replace(read.places[1], position=2)]},
            "wrong_previous",
        ),
        (
            lambda read: {
                "places": [
                    read.places[0],
                    replace(read.places[1], position=2, previous=digest("before")),
                ]
            },
            "wrong_position",
        ),
        (
            lambda read: {
                "places": [replace(read.places[0], previous=NO_PREVIOUS), read.places[1]]
            },
            "wrong_previous",
        ),
        (lambda _: {"signatures": [bytes(64)]}, "bad_signature"),
        (lambda _: {"signatures": []}, "wrong_signatures"),
    ],
    ids=[str(number) for number in range(10)],
)
def test_what_an_entry_tells_of_itself_is_checked_although_the_log_signed_it(world, said, code):
    index = index_of(world, "native")
    read = entries.decode(world.entries[index])
    changed = {name: value for name, value in said(read).items() if value is not None}

    refusal = broken(proven(forged(world, index, **changed), index))

    assert refusal.code == code


def asked(world, *people, parts, number_part, **said):
    """An entry that an operator writes past the rules: honestly signed by `people`, its certificate's id derived."""
    nonce = said.pop("nonce", bytes([77]) * 16)
    author = said.pop("named_by", people[0].account)
    log = said.pop("log", world.log)
    number = f"certificate/{ids.derived_id(log, author, nonce, number_part)}"
    wanted = Intent(
        log=log,
        signers=tuple(person.signer for person in people),
        parts=tuple(Part(stream=stream or number, events=(event,)) for stream, event in parts),
        nonce=nonce,
        not_after_us=world.now_us + HOUR_US,
    )
    data = intent.encode(wanted)
    by_key = {person.key: person for person in people}
    signatures = [
        by_key[signer.key].sign(intent.SIGNED_PREFIX + data)
        for signer in in_key_order(wanted.signers)
    ]
    return data, signatures


def forged_issue(
    world, *, statement=None, imported=None, signer="owner", activity=None, part=1, **said
):
    """A proof of a retirement of five native grams that no rule was asked about."""
    people = (world["one"], world["owner"]) if imported else (world[signer],)
    kind, body = world.retired("owner", 5)
    if imported:
        kind, body = "batch.retirement_imported.v1", {**body, **imported}
    hidden = {"activity": activity, "organisers": None}
    certificate = world.certificate(**hidden, **(statement or {}))
    once = {"named_by": "registry", "number_part": 0} if imported else {"number_part": part}
    parts = [(world.batch, (kind, body)), (None, certificate)]
    data, signatures = asked(world, *people, parts=parts, **once, **said)
    conduct = f"conduct/{world['owner'].account.partition('/')[2]}"
    looked_at = {"registry", "standard/SCFG", *(person.account for person in people)}
    looked_at |= set() if imported else {conduct}
    used = {"origin": "native", "period": list(PERIOD), "ranges": [[900, 905]]}
    outcome = {
        "amount_g": 5,
        "custodial": False,
        "holder": world["owner"].account,
        "home": [],
        "recovered": False,
        "verdicts": [
            [ORGANISATIONS, "claim", "pass", ""],
            [ORGANISATIONS, "credits", "pass", ""],
        ],
    }
    entry = entries.encode(
        at_us=world.now_us,
        intent_bytes=data,
        signatures=signatures,
        consulted=[(stream, 1) for stream in sorted(looked_at)],
        places=[
            Place(position=99, previous=digest("before"), outcomes=(used,)),
            Place(position=1, previous=NO_PREVIOUS, outcomes=(outcome,)),
        ],
    )
    return proven([*world.entries, entry], len(world.entries))


def test_a_forgery_that_no_entry_betrays_by_itself_is_left_to_the_audit(world):
    found = verify(forged_issue(world), log_key())

    assert found.amount_g == 5


ROW = {"source": digest("list"), "row": 50, "month": "2026-01"}


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"statement": {"ground": "court_order"}}, "order_needed"),
        ({"statement": {"purpose": "restoration"}}, "order_needed"),
        ({"signer": "alice"}, "wrong_signers"),
        ({"log": bytes(32)}, "wrong_log"),
        ({"imported": ROW}, "wrong_nonce"),
    ],
    ids=["order", "restoration", "another signer", "another log", "nonce"],
)
def test_a_forged_issue_that_its_own_entry_betrays_is_refused(world, said, code):
    assert broken(forged_issue(world, **said)).code == code


def test_an_import_of_a_month_to_come_is_refused(world):
    imported = {**ROW, "month": "2026-10"}
    nonce = import_nonce(ROW["source"], ROW["row"])

    to_come = broken(forged_issue(world, imported=imported, nonce=nonce))
    past = verify(forged_issue(world, imported=ROW, nonce=nonce), log_key())

    assert to_come.code == "not_yet_happened"
    assert past.is_attested


def test_a_certificate_under_a_number_of_choice_is_refused(world):
    assert broken(forged_issue(world, part=2)).code == "wrong_id"


def cancelled(world, name, *, people=("one",), stream=None, event=None, at_us=None, **said):
    """A proof of a certificate with a cancellation behind it that no rule was asked about."""
    number = world.numbers[name]
    index, leaf = world.issuing(number)
    body = {
        "standard": "VCU",
        "reference": "VCS-1",
        "day": "2026-09-01",
        "document": digest("x"),
        "means": (index, leaf),
        **said,
    }
    signers = [world[person] for person in people]
    made = event or ("certificate.home_cancelled.v1", body)
    parts = [(stream or number, made)]
    data, signatures = asked(world, *signers, parts=parts, number_part=0)
    entry = entries.encode(
        at_us=world.now_us if at_us is None else at_us,
        intent_bytes=data,
        signatures=signatures,
        consulted=sorted([("registry", 1), *((person.account, 1) for person in signers)]),
        places=[Place(position=2, previous=leaf, outcomes=(None,))],
    )
    return index, entry


def test_a_forged_cancellation_that_its_entry_does_not_betray_is_left_to_the_audit(world):
    index, entry = cancelled(world, "awaiting")

    data = proven([*world.entries, entry], index, later=[len(world.entries)])

    assert verify(data, log_key()).is_final


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"means": (0, digest("x"))}, "wrong_entry_meant"),
        ({"standard": "SCFG"}, "not_awaited"),
        ({"people": ("one", "two")}, "wrong_signers"),
        ({"at_us": 5}, "too_far_ahead"),
        ({"at_us": START_US - 1}, "gap_in_certificate"),
        ({"stream": "certificate/" + "a" * 16}, "gap_in_certificate"),
    ],
    ids=[
        "another entry",
        "another standard",
        "two officers",
        "long ago",
        "a moment before",
        "another number",
    ],
)
def test_a_forged_cancellation_that_its_own_entry_betrays_is_refused(world, said, code):
    index, entry = cancelled(world, "awaiting", **said)

    refusal = broken(proven([*world.entries, entry], index, later=[len(world.entries)]))

    assert refusal.code == code


def test_a_cancellation_before_its_certificate_is_a_gap(world):
    index, leaf = world.issuing(world.numbers["awaiting"])
    meant = (index + 1, leaf)
    _, entry = cancelled(world, "awaiting", means=meant)

    data = [*world.entries[:index], entry, *world.entries[index:]]

    assert broken(proven(data, index + 1, later=[index])).code == "gap_in_certificate"


def test_a_second_cancellation_of_one_standard_is_refused(world):
    index, first = cancelled(world, "awaiting")
    read = entries.decode(first)
    place = Place(position=3, previous=tree.leaf_hash(first), outcomes=(None,))
    second = entries.encode(
        at_us=read.at_us,
        intent_bytes=read.intent_bytes,
        signatures=read.signatures,
        consulted=read.consulted,
        places=[place],
    )
    size = len(world.entries)

    refusal = broken(proven([*world.entries, first, second], index, later=[size, size + 1]))

    assert refusal.code == "not_awaited"


# The file's form.


FIELDS = {
    "tag": 0,
    "random": 1,
    "note": 2,
    "leaf": 3,
    "later": 4,
    "rotations": 5,
    "row": 6,
    "openings": 7,
}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tag", "carbon-registry/proof/v2"),
        ("random", bytes(31)),
        ("random", None),
        ("note", "text"),
        ("note", bytes(65_537)),
        ("leaf", None),
        ("leaf", [0, b""]),
        ("leaf", [-1, b"", b""]),
        ("leaf", [True, b"", b""]),
        ("leaf", [0, "entry", b""]),
        ("leaf", [0, b"", bytes(33)]),
        ("leaf", [0, b"", bytes(32 * 64)]),
        ("leaf", [0, b"", [bytes(32)]]),
        ("later", None),
        ("later", [[0, b"", b""]] * 65),
        ("rotations", {}),
        ("rotations", [[0, b"", b""]] * 65),
        ("row", [0, 0, b"", 0]),
        ("row", [-1, 0, b"", 0, b""]),
        ("row", [0, 0, "row", 0, b""]),
        ("openings", [[0, "0/0/name", bytes(31), ""]]),
        ("openings", [[0, b"0/0/name", bytes(32), ""]]),
        ("openings", [[-1, "0/0/name", bytes(32), ""]]),
        ("openings", [[0, "0/0/name", bytes(32)]]),
        ("openings", [[0, "0/0/name", bytes(32), ""]] * 257),
    ],
    ids=[str(number) for number in range(25)],
)
def test_a_proof_file_is_exactly_of_its_form(world, field, value):
    fields = canonical.decode(shown(world, "native"), bytes_max=100_000)
    fields[FIELDS[field]] = value

    assert broken(canonical.encode(fields)).code == "malformed"


@pytest.mark.parametrize("length", [7, 9])
def test_a_proof_file_is_an_array_of_eight(world, length):
    fields = [*canonical.decode(shown(world, "native"), bytes_max=100_000), None][:length]

    assert broken(canonical.encode(fields)).code == "malformed"


def test_a_proof_file_has_a_longest_size():
    assert broken(bytes(proof.PROOF_BYTES_MAX + 1)).code == "too_long"
