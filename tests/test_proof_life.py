"""Compact proofs of certificates with a life: for many, for guests, for orders; replaced, witnessed, annulled."""

from dataclasses import replace

import pytest

from registry.acts.propose import Hidden
from registry.errors import BrokenHistoryError, IncompleteError, StaleError
from registry.ledger import canonical, ids, proof, tree
from registry.ledger import entry as entries
from registry.ledger.commitment import field_name
from registry.ledger.proof import Row
from registry.ledger.rows import RowTree
from registry.verifier.award import is_award, verify_award
from registry.verifier.certificate import verify
from tests.world import GRAMS, Person, digest, log_key
from tests.worlds_accounts import staffed
from tests.worlds_conduct import (
    DAY_US,
    accounts_for,
    adopts,
    confirms,
    files,
    honours,
    offsets,
    replaces,
    retires_for_many,
    row_number,
    rows_of,
    says,
    shared,
    shows,
    states_measures,
)
from tests.worlds_giving import (
    buys,
    funded_campaign,
    gives,
    giving_world,
    performs,
    registers_order,
)

GUESTS = (("a guest", 10), ("another", 20), ("a third", 30))
ANNULLED = {"reason": "fraud", "document": digest("why")}


@pytest.fixture
def world():
    return staffed()


@pytest.fixture
def batch(world):
    return world.issues(1_000)


@pytest.fixture
def number(world, batch):
    return world.retires(batch, "owner", 100)


@pytest.fixture
def group(world, batch):
    return retires_for_many(world, batch, "owner", *GUESTS)


def touched(world, *streams):
    """The indexes of the entries that touch any of these streams, in order."""
    return [made.index for made in world.additions if set(streams) & set(made.streams)]


def paper(world, *streams, row=None, **changed):
    """The proof file of the certificate that has these streams, one after the other, and of a row if one is named."""
    first, *later = touched(world, *streams)
    shown = {
        "random": digest("random"),
        "note": world.note(),
        "leaf": world.leaf(first),
        "later": tuple(map(world.leaf, later)),
        "row": None if row is None else row_of(world, streams[0], row),
        **changed,
    }
    return proof.Proof(**shown)


def row_of(world, group, number):
    """A row of a group, as a proof shows it."""
    made, rows = rows_of(world, group)
    part = len(made.positions) - 1
    path = tuple(RowTree(rows).path(number))
    return Row(part=part, event=0, row=rows[number], number=number, path=path)


def checked(shown):
    return verify(proof.encode(shown), log_key())


def broken(shown):
    """Why a proof does not hold."""
    with pytest.raises(BrokenHistoryError) as caught:
        checked(shown)

    return caught.value


def id_of(stream):
    return stream.partition("/")[2]


# ---- for many


def test_one_row_of_many_is_a_certificate_under_its_own_number(world, batch, group):
    verified = checked(paper(world, group, row=1))

    assert verified.number == id_of(row_number(world, group, 1))
    assert (verified.amount_g, verified.holder) == (20, world["owner"].account)
    assert (verified.share.before_g, verified.share.number) == (10, 1)
    ((of, retired, came),) = verified.retired
    assert (of, retired.amount_g, came["ranges"]) == (batch, 60, [[0, 60]])
    assert verified.own == ((batch, 20, ((10, 30),)),)


def test_a_row_has_its_grams_of_several_batches(world, batch):
    other = world.issues(100)
    setting = world.setting(world["owner"])
    group = setting.new("certificate", 2)
    used = [(batch, [world.retired("owner", 15)]), (other, [world.retired("owner", 45)])]
    world.submit(setting, [*used, (group, [shared(world, *GUESTS)])])

    own = [checked(paper(world, group, row=row)).own for row in range(3)]

    assert own == [
        ((batch, 10, ((0, 10),)),),
        ((batch, 5, ((10, 15),)), (other, 15, ((0, 15),))),
        ((other, 30, ((15, 45),)),),
    ]
    assert checked(paper(world, group)).own == (
        (batch, 15, ((0, 15),)),
        (other, 45, ((0, 45),)),
    )


def test_a_whole_group_is_shown_too(world, group):
    verified = checked(paper(world, group))

    assert (verified.number, verified.amount_g) == (id_of(group), 60)
    assert (verified.share, verified.statement.rows.count) == (None, 3)


def test_the_name_in_a_row_is_shown_by_its_own_opening_and_no_other(world, group):
    index, _ = world.issuing(group)
    openings = world.openings(index)
    field = field_name(1, 0, "rows/1")
    (own,) = [(leaf, opening) for leaf, opening in openings if opening.field == field]
    (other,) = [
        (leaf, opening) for leaf, opening in openings if opening.field == field_name(1, 0, "rows/2")
    ]

    shown = checked(paper(world, group, row=1, openings=(own,)))
    refusal = broken(paper(world, group, row=1, openings=(other,)))

    assert shown.opened == {"beneficiary": "another"}
    assert refusal.code == "wrong_opening"


def test_a_row_of_something_else_is_no_certificate(world, number, group):
    made, rows = rows_of(world, group)
    shown = row_of(world, group, 1)
    issued = paper(world, number, row=None)

    elsewhere = broken(replace(issued, row=shown))
    altered = broken(replace(paper(world, group), row=replace(shown, row=rows[2])))
    beyond = broken(replace(paper(world, group), row=replace(shown, part=len(made.positions))))

    assert (elsewhere.code, altered.code) == ("unknown_kind", "wrong_rows")
    assert beyond.code == "unknown_kind"


def test_what_is_said_of_a_row_by_itself_goes_on_from_its_group(world, group):
    adopts(world, group, 0)
    own = adopts(world, group, 1)
    body = {"exchange": world["exchange"].account, "number": "W-1"}
    says(world, own, "witnessed", "exchange", **body)

    verified = checked(paper(world, group, own, row=1))

    assert verified.number == id_of(own)
    assert [said.event.kind.split(".")[1] for said in verified.said] == [
        "row_shown",
        "row_shown",
        "witnessed",
    ]
    assert verified.said[-1].stream == own


def test_a_row_that_was_annulled_is_no_certificate_any_more(world, group):
    own = adopts(world, group, 1)
    says(world, own, "annulled", "one", "two", **ANNULLED)

    refusal = broken(paper(world, group, own, row=1))
    other = checked(paper(world, group, row=0))

    assert (refusal.code, refusal.facts["stream"]) == ("annulled", own)
    assert other.amount_g == 10


def test_rows_of_an_annulled_group_are_annulled_with_it(world, group):
    says(world, group, "annulled", "one", "two", **ANNULLED)

    assert broken(paper(world, group, row=1)).code == "annulled"


# ---- replaced


def test_what_was_replaced_is_shown_under_the_number_in_its_place(world, number):
    first = replaces(world, number, period=("2026-01-01", "2026-06-30"))
    second = replaces(world, first, public=False)

    verified = checked(paper(world, number, first, second))

    assert verified.number == id_of(second)
    assert verified.former == (id_of(number), id_of(first))
    assert verified.statement.public is False
    assert (verified.amount_g, len(verified.said)) == (100, 2)


def test_names_are_those_that_are_stated_now(world, number):
    old = world.openings(touched(world, number)[0])
    new = replaces(world, number)
    index = touched(world, new)[0]
    openings = [(1, opening) for _, opening in world.openings(index)]

    verified = checked(paper(world, number, new, openings=(*old, *openings)))

    assert verified.opened == {"activity": "an activity", "organisers": ["an organiser"]}
    assert len(old) == len(openings) == 2


def test_a_home_cancellation_under_the_new_number_makes_it_final(world):
    batch = world.deposits("A-1-2", 2 * GRAMS)
    number = world.retires(batch, "owner", GRAMS, standard="VCU")
    new = replaces(world, number)
    before = checked(paper(world, number, new))
    world.cancels_at_home(new)

    verified = checked(paper(world, number, new))

    assert (before.awaiting, verified.awaiting) == (("VCU",), ())
    assert verified.is_final


def test_a_day_that_the_first_entry_does_not_have_is_found_out(world, number):
    # On either day the claim as it was first stated would have passed: only the first entry tells them apart.
    new = replaces(world, number, retired=("2026-09-01", "2026-09-01"))

    refusal = broken(paper(world, number, new))

    assert refusal.code == "wrong_dates"


def test_a_replacement_whose_outcome_was_altered_is_found_out(world, number):
    new = replaces(world, number)
    shown = paper(world, number, new)
    read = entries.decode(shown.later[0].entry)
    told = dict(read.places[1].outcomes[0]) | {"verdicts": []}
    places = [read.places[0], replace(read.places[1], outcomes=(told,))]

    refusal = broken(replace(shown, later=(altered(shown.later[0], read, places),)))

    assert refusal.code == "wrong_outcome"


def altered(leaf, read, places):
    """A leaf whose places an operator wrote otherwise."""
    data = entries.encode(
        at_us=read.at_us,
        intent_bytes=read.intent_bytes,
        signatures=read.signatures,
        consulted=read.consulted,
        places=places,
    )
    assert canonical.decode(data, bytes_max=65_535)
    assert tree.leaf_hash(data) != tree.leaf_hash(leaf.entry)
    return replace(leaf, entry=data)


def test_no_entry_in_between_is_left_out(world, number):
    body = {"exchange": world["exchange"].account, "number": "W-1"}
    says(world, number, "witnessed", "exchange", **body)
    new = replaces(world, number)
    shown = paper(world, number, new)

    without = broken(replace(shown, later=shown.later[1:]))
    twice = broken(replace(shown, later=(shown.later[0], *shown.later)))

    assert (without.code, twice.code) == ("gap_in_certificate", "gap_in_certificate")


def test_a_later_entry_that_the_rules_do_not_allow_is_found_out(world, number):
    says(world, number, "annulled", "one", "two", **ANNULLED)
    shown = paper(world, number)
    other = replaces(world, world.retires(world.issues(10), "owner", 10))

    elsewhere = broken(
        replace(paper(world, number), later=tuple(map(world.leaf, touched(world, other))))
    )

    assert broken(shown).code == "annulled"
    assert elsewhere.code == "gap_in_certificate"


# ---- said of it


def test_who_witnessed_and_what_it_offsets_is_shown(world, number):
    body = {"exchange": world["exchange"].account, "number": "W-1"}
    says(world, number, "witnessed", "exchange", **body)
    former = {"holder": world["owner"].account, "number": "OLD-7", "source": digest("old")}
    says(world, number, "numbered_before", "one", "owner", **former)

    verified = checked(paper(world, number))

    witnessed, numbered = verified.said
    assert (witnessed.event.number, witnessed.signers) == ("W-1", (world["exchange"].account,))
    assert numbered.event.number == "OLD-7"


def test_an_annulled_certificate_is_not_valid_and_what_it_was_is_told(world, number):
    means = says(world, number, "annulled", "one", "two", **ANNULLED)

    refusal = broken(paper(world, number))

    assert (refusal.code, refusal.facts["index"]) == ("annulled", means[0])
    assert refusal.facts["verified"].amount_g == 100


# ---- out of gifts and orders


def test_the_certificate_of_a_guest_without_an_account_is_checked():
    world = giving_world()
    campaign, child, lock = funded_campaign(world)
    guest = Person("guest")
    guest.account = ids.bearer(guest.key)
    world.people["guest"] = guest
    gives(world, campaign, child, lock, [(guest.account, 30)])
    setting = world.setting(guest)
    number = setting.new("certificate", 1)
    body = {"holder": guest.account, "amount_g": 10, "standard": "SCFG"}
    stated = world.certificate(purpose="individual")
    world.submit(setting, [(child, [("batch.claim_retired.v1", body)]), (number, [stated])])

    verified = checked(paper(world, number))

    assert (verified.holder, verified.signers) == (guest.account, (guest.account,))
    assert (verified.amount_g, verified.custodial) == (10, False)


def test_the_certificate_of_an_order_is_checked():
    world = giving_world()
    order, _ = registers_order(world)
    batch = world.issues(1_000)
    lock = buys(world, order, batch, 100)
    number = performs(world, order, (batch, lock, 40))
    body = {"court": world["court"].account, "document": digest("confirmed")}
    says(world, number, "confirmed", "court", **body)

    verified = checked(paper(world, number))

    assert (verified.statement.purpose, verified.amount_g) == ("restoration", 40)
    assert verified.said[0].event.court == world["court"].account


# ---- what is no retirement


def concluded(world, number):
    """The certificate of an activity that the certificate `number` offsets in part."""
    activity = files(world)
    offsets(world, activity, number)
    world.now_us += 7 * DAY_US
    accounts_for(world, activity, 300)
    states_measures(world, activity)
    return activity, confirms(world, activity)


def awarded(shown):
    return verify_award(proof.encode(shown), log_key())


def test_what_an_activity_came_to_is_shown(world, number):
    activity, own = concluded(world, number)

    shown = paper(world, own)
    verified = awarded(shown)

    assert is_award(proof.encode(shown))
    assert not is_award(proof.encode(paper(world, number)))
    assert (verified.number, verified.stream) == (id_of(own), activity)
    assert verified.came["kind"] == "partial"
    assert verified.came["percent_hundredths"] == 3_333


def test_a_conclusion_that_does_not_follow_is_found_out(world, number):
    _, own = concluded(world, number)
    shown = paper(world, own)
    read = entries.decode(shown.leaf.entry)
    told = dict(read.places[0].outcomes[0]) | {"kind": "neutral"}
    places = [replace(read.places[0], outcomes=(told,)), read.places[1]]
    neutral = dict(read.places[1].outcomes[0]) | {"kind": "neutral"}
    both = [places[0], replace(read.places[1], outcomes=(neutral,))]

    for forged in (places, both):
        with pytest.raises(BrokenHistoryError) as caught:
            awarded(replace(shown, leaf=altered(shown.leaf, read, forged)))
        assert caught.value.code == "wrong_outcome"


def test_a_conclusion_that_was_annulled_is_none_any_more(world, number):
    _, own = concluded(world, number)
    body = {"exchange": world["exchange"].account, "number": "W-1"}
    says(world, own, "witnessed", "exchange", **body)
    before = awarded(paper(world, own))
    says(world, own, "annulled", "one", "two", **ANNULLED)

    with pytest.raises(BrokenHistoryError) as caught:
        awarded(paper(world, own))

    assert [said.event.number for said in before.said] == ["W-1"]
    assert caught.value.code == "annulled"


def test_a_retirement_is_no_conclusion_and_a_conclusion_no_retirement(world, number):
    _, own = concluded(world, number)

    with pytest.raises(BrokenHistoryError) as caught:
        awarded(paper(world, number))

    assert caught.value.code == "not_a_certificate"
    assert broken(paper(world, own)).code == "not_a_certificate"


def test_what_a_donor_gave_is_shown(world, batch):
    number = honours(world, batch, 30, name=Hidden(value="a donor"))
    index = touched(world, number)[0]

    verified = awarded(paper(world, number, openings=world.openings(index)))
    hidden = awarded(paper(world, number))

    assert (verified.event.amount_g, verified.stream) == (30, batch)
    assert verified.event.donor == world["owner"].account
    assert verified.came["ranges"] == [[0, 30]]
    assert (verified.opened, hidden.opened) == ({"name": "a donor"}, {})


def test_an_honour_of_other_grams_than_were_given_is_found_out(world, batch):
    number = honours(world, batch, 30)
    shown = paper(world, number)
    read = entries.decode(shown.leaf.entry)
    places = [replace(read.places[0], outcomes=({"ranges": [[0, 31]]},)), *read.places[1:]]

    with pytest.raises(BrokenHistoryError) as caught:
        awarded(replace(shown, leaf=altered(shown.leaf, read, places)))

    assert caught.value.code == "wrong_outcome"


def test_a_conclusion_is_valid_for_whoever_has_the_key_and_asks_for_no_more(world, number):
    _, own = concluded(world, number)
    data = proof.encode(paper(world, own))

    with pytest.raises(IncompleteError) as keyless:
        verify_award(data, None)
    with pytest.raises(StaleError) as stale:
        verify_award(data, log_key(), size_min=world.replay.size + 1)

    assert keyless.value.code == "no_pinned_key"
    assert stale.value.facts["verified"].number == id_of(own)
    assert not stale.value.facts["verified"].is_demonstration


@pytest.mark.parametrize("data", [b"", b"no proof", bytes(100)])
def test_what_is_no_proof_is_no_award(data):
    assert not is_award(data)


def test_only_the_certificate_s_own_names_are_shown(world, number):
    _, own = concluded(world, number)
    (opening,) = world.openings(touched(world, number)[0])[:1]

    with pytest.raises(BrokenHistoryError) as caught:
        awarded(paper(world, own, openings=(opening,)))

    assert caught.value.code == "wrong_opening"


def test_a_row_is_not_adopted_under_another_number(world, group):
    setting = world.setting(world["one"])
    elsewhere = ("certificate/" + "a" * 16, [("certificate.adopted.v1", {"group": group})])
    asked = world.signed(setting, [(group, [shows(world, group, 1)]), elsewhere])
    own = adopts(world, group, 1)
    honest = paper(world, group, own, row=1)
    read = entries.decode(honest.later[0].entry)
    forged = entries.encode(
        at_us=read.at_us,
        intent_bytes=asked.data,
        signatures=asked.signatures,
        consulted=read.consulted,
        places=read.places,
    )

    refusal = broken(replace(honest, later=(replace(honest.later[0], entry=forged),)))

    assert refusal.code == "wrong_id"
