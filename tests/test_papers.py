"""Official papers, from the tables alone: what is counted, once, under which name, and what is said of it later."""

import csv
import io
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from registry.acts import published_list
from registry.acts.propose import Hidden
from registry.desk import papers_csv, papers_words
from registry.domain.standard import PURPOSES
from registry.errors import RefusedError
from registry.ledger.commitment import commitment
from registry.projections.papers import claims as claiming
from registry.projections.papers import form as forms
from registry.projections.papers import published
from registry.projections.papers.annual import annual, counted_in, figures, year_before
from registry.projections.papers.claims import Claim, Scope, Tables
from registry.projections.papers.lists import list_sheet, listed
from registry.projections.papers.paper import (
    Days,
    Mass,
    Note,
    Share,
    Sheet,
    Term,
    Withheld,
    growth,
    shares,
)
from registry.projections.papers.reconciling import reconciled
from tests.folds import folded
from tests.world import World, digest
from tests.worlds_conduct import (
    DAY_US,
    accounts_for,
    adopts,
    compiles,
    confirms,
    files,
    offsets,
    replaces,
    retires_for_many,
    rows_of,
    says,
    states_measures,
    submits,
)
from tests.worlds_giving import buys, giving_world, performs, registers_order

DATA = Path(published_list.__file__).parents[1] / "data"
PUBLISHED = (DATA / "annual-report-2024.json").read_bytes()
YEAR = Scope(first="2026-01-01", last="2026-12-31")


@pytest.fixture
def world() -> World:
    return World().staffed()


@dataclass(frozen=True, kw_only=True)
class Office:
    """What an office has of a registry: the rows of its tables, its claims, and the names that are kept."""

    tables: Tables
    claims: list[Claim]
    names: dict[bytes, Any]

    def list(self, scope: Scope = YEAR, form: str = "list") -> Sheet:
        return list_sheet(form, self.tables, self.claims, scope)

    def annual(self, scope: Scope = YEAR) -> Sheet:
        return annual(self.tables, self.claims, scope)


def office(world: World) -> Office:
    """The papers' side of `world`, which keeps every name."""
    found = folded(world.additions).found
    tables = Tables(**{name: found(name) for name in Tables.__dataclass_fields__})
    kept = {
        commitment(world.log, made.intent.author, made.intent.nonce, opening): opening.value
        for made in world.proposals
        for opening in made.openings
    }
    names = {one: kept[one] for one in claiming.commitments(tables)}
    return Office(tables=tables, claims=claiming.claims_of(tables, names), names=kept)


def column(sheet: Sheet, name: str) -> list[Any]:
    place = sheet.columns.index(name)
    return [row[place] for row in sheet.rows]


def total(sheet: Sheet) -> list[int]:
    """The masses of the last row, in grams."""
    assert sheet.totals is not None
    return [cell.grams for cell in sheet.totals if isinstance(cell, Mass)]


def said(sheet: Sheet, key: str) -> list[dict[str, Any]]:
    """The facts of the notes `key`."""
    return [dict(note.facts) for note in sheet.notes if note.key == key]


def short(stream: str) -> str:
    return stream.partition("/")[2]


def figures_of(sheet: Sheet) -> dict[str, tuple[int, int, int]]:
    """By type: activities, retirements and grams of an annual table."""
    places = [sheet.columns.index(name) for name in ("type", "scenes", "retirements", "tonnes")]
    found = ([row[place] for place in places] for row in sheet.rows)
    return {kind.name: (scenes, count, mass.grams) for kind, scenes, count, mass in found}


def a_life(world: World) -> str:
    """Retirements of every sort, some replaced, annulled or shown out of a group; returns the batch."""
    batch = world.issues(10_000)
    world.retires(batch, "owner", 100)
    world.retires(batch, "owner", 200, statement={"purpose": "public_body", "public": False})
    replaces(world, world.retires(batch, "owner", 300), activity=Hidden(value="as it should be"))
    wrong = world.retires(batch, "owner", 400)
    says(world, wrong, "annulled", "one", "two", reason="error", document=digest("why"))
    group = retires_for_many(world, batch, "owner", ("anna", 30), ("bea", 20))
    adopts(world, group, 1)
    world.imports(batch, "owner", 7, month="2026-03")
    return batch


# What is counted.


def test_every_gram_that_the_batches_retired_is_in_one_claim(world: World):
    batch = a_life(world)

    found = office(world)

    assert sum(claim.amount_g for claim in found.claims) == world.state(batch).retired_g == 1_057
    assert [claim.amount_g for claim in found.claims] == [100, 200, 300, 400, 50, 7]


def test_what_was_replaced_is_listed_once_as_it_should_have_been(world: World):
    batch = world.issues()
    wrong = world.retires(batch, "owner", 300, statement={"activity": Hidden(value="mispelt")})
    right = replaces(world, wrong, activity=Hidden(value="as it should be"))
    again = replaces(world, right, activity=Hidden(value="as it must be"))

    sheet = office(world).list()

    assert column(sheet, "activity") == ["as it must be"]
    assert column(sheet, "offset_tonnes") == [Mass(grams=300)]
    (claim,) = office(world).claims
    assert (claim.number, claim.first_number) == (short(again), short(wrong))
    assert claim.entry < world.issuing(again)[0]


def test_what_was_annulled_is_in_no_list_and_stays_retired(world: World):
    batch = a_life(world)

    found = office(world)

    assert total(found.list()) == [657]
    assert said(found.list(), "left_out_annulled") == [{"count": 1, "amount_g": 400}]
    assert world.state(batch).retired_g == 1_057


def test_a_group_is_one_retirement_with_many_certificates_also_when_one_is_shown(world: World):
    group = retires_for_many(world, world.issues(), "owner", ("anna", 30), ("bea", 20))
    before = office(world).list()
    adopts(world, group, 1)

    after = office(world).list()

    assert column(after, "offset_tonnes") == [Mass(grams=50)]
    assert said(after, "group") == [{"no": 1, "number": short(group), "shares": 2}]
    assert after == before
    assert len(rows_of(world, group)[1]) == 2


def test_what_is_said_of_one_certificate_of_a_group_is_not_said_of_the_group(world: World):
    group = retires_for_many(world, world.issues(), "owner", ("anna", 30), ("bea", 20), ("cy", 5))
    replaces(world, adopts(world, group, 0), activity=Hidden(value="as it should be"))
    annulled = adopts(world, group, 1)
    says(world, annulled, "annulled", "one", "two", reason="error", document=digest("why"))

    found = office(world)

    assert column(found.list(), "activity") == ["as it should be", "an activity"]
    assert column(found.list(), "offset_tonnes") == [Mass(grams=30), Mass(grams=5)]
    assert said(found.list(), "left_out_annulled") == [{"count": 1, "amount_g": 20}]
    assert said(found.list(), "group") == [{"no": 2, "number": short(group), "shares": 1}]
    assert sum(claim.amount_g for claim in found.claims) == 55


def test_a_group_of_which_nothing_is_left_is_no_row(world: World):
    group = retires_for_many(world, world.issues(), "owner", ("anna", 30))
    own = adopts(world, group, 0)
    says(world, own, "annulled", "one", "two", reason="error", document=digest("why"))

    found = office(world)

    assert [(claim.amount_g, claim.is_annulled) for claim in found.claims] == [(30, True)]
    assert found.list().rows == ()


def test_restoration_is_in_the_annual_table_and_neutralises_nothing():
    world = giving_world()
    batch = world.issues(1_000)
    world.retires(batch, "owner", 100)
    order, _ = registers_order(world)
    lock = buys(world, order, batch, 100)
    performs(world, order, (batch, lock, 40))
    performs(world, order, (batch, lock, 60))

    found = office(world)

    assert figures_of(found.annual()) == {"enterprise": (1, 1, 100), "restoration": (1, 2, 100)}
    assert total(found.list()) == [100]
    assert said(found.list(), "left_out_restoration") == [{"count": 2, "amount_g": 100}]


def test_scenes_are_activities_and_not_retirements(world: World):
    batch = world.issues()
    world.now_us += 10 * DAY_US
    activity = files(world)
    for amount_g in (10, 20):
        offsets(
            world,
            activity,
            world.retires(batch, "owner", amount_g, statement={"purpose": "meeting"}),
        )
    for name, is_public in (("one", True), ("one", True), ("two", True), ("one", False)):
        statement = {"purpose": "meeting", "activity": Hidden(value=name), "public": is_public}
        world.retires(batch, "owner", 1, statement=statement)

    sheet = office(world).annual()

    assert figures_of(sheet) == {"meeting": (4, 6, 34)}
    (how,) = said(sheet, "counted")
    assert how == {"retirements": 6, "scenes": 4, "filed": 1, "named": 2, "alone": 1}


def test_a_retirement_counts_on_its_day_and_one_known_by_its_month_on_the_last_of_it(world: World):
    batch = world.issues()
    world.retires(batch, "owner", 1)
    world.imports(batch, "owner", 2, row=1, month="2026-02")

    found = office(world)
    february, short_of_it, day = (
        counted_in(found.claims, Scope(first=first, last=last))
        for first, last in (
            ("2026-02-28", "2026-02-28"),
            ("2026-02-01", "2026-02-27"),
            ("2026-09-21", "2026-09-21"),
        )
    )

    assert [claim.amount_g for claim in february] == [2]
    assert short_of_it == []
    assert [claim.amount_g for claim in day] == [1]


def test_an_area_has_the_places_within_it(world: World):
    batch = world.issues()
    for place, amount_g in (("510104", 1), ("510100", 2), ("510700", 4), ("500000", 8), (None, 16)):
        world.retires(batch, "owner", amount_g, statement={"place": place})

    found = office(world)
    amounts = {
        area: total(found.list(replace(YEAR, area=area)))
        for area in ("510104", "510100", "510000", "500000")
    }

    assert amounts == {"510104": [1], "510100": [3], "510000": [7], "500000": [8]}
    nowhere = said(found.list(replace(YEAR, area="510000")), "left_out_nowhere")
    assert nowhere == [{"count": 1, "amount_g": 16}]


class Desk:
    """Somebody who retires out of one batch, and corrects, annuls and shows what was retired."""

    def __init__(self) -> None:
        self.world = World().staffed()
        self.batch = self.world.issues(10_000)
        self.numbers: list[str] = []
        self.groups: list[str] = []
        self.rows = 0

    def retire(self, pick: int) -> None:
        statement = {"purpose": sorted(CLAIMED)[pick % len(CLAIMED)], "public": pick % 2 == 0}
        self.numbers.append(self.world.retires(self.batch, "owner", pick + 1, statement=statement))

    def bring_in(self, pick: int) -> None:
        self.rows += 1
        month = f"2026-0{pick % 9 + 1}"
        self.world.imports(self.batch, "owner", pick + 1, row=self.rows, month=month)

    def share(self, pick: int) -> None:
        rows = [(str(number), number + 1) for number in range(pick % 3 + 1)]
        self.groups.append(retires_for_many(self.world, self.batch, "owner", *rows))

    def adopt(self, pick: int) -> None:
        if self.groups:
            group = self.groups.pop(pick % len(self.groups))
            self.numbers.append(adopts(self.world, group, 0))

    def replace(self, pick: int) -> None:
        if self.numbers:
            own = self.numbers.pop(pick % len(self.numbers))
            self.numbers.append(replaces(self.world, own))

    def annul(self, pick: int) -> None:
        if self.numbers:
            own = self.numbers.pop(pick % len(self.numbers))
            why = {"reason": "error", "document": digest("why")}
            says(self.world, own, "annulled", "one", "two", **why)


STEPS = ("retire", "bring_in", "share", "adopt", "replace", "annul")
CLAIMED = PURPOSES - {"restoration"}


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 11)), max_size=12))
@example([("share", 1), ("adopt", 0), ("replace", 0), ("annul", 0), ("retire", 3), ("annul", 0)])
def test_whatever_happens_to_certificates_every_gram_is_claimed_once(life: list[tuple[str, int]]):
    desk = Desk()

    for step, pick in life:
        getattr(desk, step)(pick)

    found = office(desk.world)
    retired_g = desk.world.state(desk.batch).retired_g
    assert sum(claim.amount_g for claim in found.claims) == retired_g
    _, ways, grams, behind = reconciled(found.tables, found.claims, Scope())
    assert [note.key for note in (*ways.notes, *grams.notes)] == ["ways_agree", "grams_agree"]
    annulled_g = sum(claim.amount_g for claim in found.claims if claim.is_annulled)
    assert total(found.list(Scope())) == total(behind) == [retired_g - annulled_g]


# What is shown.


def test_the_list_has_the_forms_header_and_order_and_what_the_activity_filed(world: World):
    activity = files(world)
    number = world.retires(world.issues(), "owner", 250, statement={"purpose": "meeting"})
    offsets(world, activity, number)

    sheet = office(world).list()

    header = ",".join(papers_words.header(sheet, "zh"))
    assert header == (
        "序号,活动名称,组织方,举办时间,举办地点,碳中和类型,抵消方式,抵消时间,抵消量（吨CO2e）"
    )
    assert sheet.rows == (
        (
            1,
            "an activity",
            ("an organiser",),
            Days(first="2026-09-25", last="2026-09-27"),
            "510100",
            Term(terms="neutrality", name="organiser"),
            (Term(terms="credits", name="SCFG"),),
            "2026-09-21",
            Mass(grams=250),
        ),
    )


def test_a_name_that_is_not_public_is_nowhere_in_any_paper(world: World):
    secret = {"activity": Hidden(value="SECRET"), "organisers": Hidden(value=["SECRET too"])}
    number = world.retires(world.issues(), "owner", 5, statement={**secret, "public": False})

    found = office(world)
    papers = [found.list(), found.list(form="annex"), found.annual()]
    papers += reconciled(found.tables, found.claims, YEAR)

    assert "SECRET" not in papers_csv.written(papers, [], "en").decode()
    assert column(found.list(), "activity") == [Withheld(number=short(number))]
    assert said(found.list(), "withheld") == [{"count": 1}]
    asked = [found.names[one] for one in claiming.commitments(found.tables)]
    assert asked == []
    assert "SECRET" in repr(found.names)


def test_rows_against_the_timing_rules_are_named_under_the_list(world: World):
    batch = world.issues()
    world.retires(batch, "owner", 1, statement={"period": ("2026-01-01", "2026-12-31")})
    world.retires(batch, "owner", 2)
    world.retires(batch, "owner", 3, statement={"period": None})

    notes = said(office(world).list(), "flagged")

    assert [(note["no"], note["verdict"][3]) for note in notes] == [(1, "early")]


def test_the_form_says_what_was_filed_and_what_followed(world: World):
    activity = files(world, expected_g=1_000)
    batch = world.issues()
    world.now_us += 7 * DAY_US
    accounts_for(world, activity, 300)
    states_measures(world, activity)
    offsets(world, activity, world.retires(batch, "owner", 250, statement={"purpose": "meeting"}))
    confirms(world, activity)

    found = office(world)
    (row,) = found.tables.activities
    sheet = forms.form(row, {row["name"]: "a forum"}, None)

    fields = {label.name: value for label, value in sheet.rows}
    assert fields["name"] == "a forum"
    assert fields["contact"] == fields["organisers"] == Withheld(number=short(activity))
    assert fields["held"] == Days(first="2026-09-25", last="2026-09-27")
    assert fields["expected"] == Mass(grams=1_000)
    assert fields["emissions"] == Mass(grams=300)
    assert fields["conclusion"] == Term(terms="conclusions", name="partial")
    assert fields["percent"] == Share(hundredths=8_333)
    assert total(forms.offsets(row, found.claims)) == [250]


def test_what_offsets_an_activity_no_more_is_shown_and_not_added_up(world: World):
    activity = files(world)
    batch = world.issues()
    good, wrong = (
        world.retires(batch, "owner", amount_g, statement={"purpose": "meeting"})
        for amount_g in (100, 20)
    )
    offsets(world, activity, good)
    offsets(world, activity, wrong)
    why = {"means": world.issuing(wrong), "reason": "error", "document": digest("why")}
    lost = ("activity.offset_lost.v1", {"certificate": wrong, "amount_g": 20})
    parts = [(wrong, [("certificate.annulled.v1", why)]), (activity, [lost])]
    world.do("one", "two", parts=parts)

    found = office(world)
    (row,) = found.tables.activities
    sheet = forms.offsets(row, found.claims)

    assert [state.name for state in column(sheet, "state")] == ["valid", "annulled"]
    assert total(sheet) == [row["retired_g"]] == [100]


# What adds up.


def test_the_totals_are_the_same_by_type_month_and_kind_and_over_the_batches(world: World):
    a_life(world)
    foreign = world.deposits("VCS-1-2", 2_000_000)
    world.retires(
        foreign, "owner", 9, standard="VCU", statement={"purpose": "meeting", "public": True}
    )

    found = office(world)
    _, ways, grams, behind = reconciled(found.tables, found.claims, YEAR)

    assert [note.key for note in (*ways.notes, *grams.notes)] == ["ways_agree", "grams_agree"]
    sums: dict[str, int] = {}
    for way, item, _, mass in ways.rows:
        if not (isinstance(item, Term) and item.name == "total"):
            sums[way.name] = sums.get(way.name, 0) + mass.grams
    assert sums == dict.fromkeys(("type", "month", "credits"), 666)
    steps = {step.name: mass.grams for step, _, mass in grams.rows}
    assert steps["batches"] == steps["claims"] == 1_066
    assert (steps["annulled"], steps["summary"], steps["list"]) == (-400, 666, 666)
    assert total(behind) == [666]


def test_a_batch_that_lost_more_than_its_claims_is_seen(world: World):
    a_life(world)
    found = office(world)
    (batch,) = found.tables.batches
    wrong = replace(found.tables, batches=[{**batch, "retired_g": batch["retired_g"] + 1}])

    _, _, grams, _ = reconciled(wrong, found.claims, YEAR)

    assert grams.notes == (Note(key="grams_differ", facts={"difference_g": 1}),)


def test_each_figure_names_the_lines_behind_it(world: World):
    a_life(world)

    found = office(world)
    numbers, _, _, behind = reconciled(found.tables, found.claims, YEAR)

    assert numbers.rows
    for sort, scenes, count, mass, first, last in numbers.rows:
        lines = [dict(zip(behind.columns, row, strict=True)) for row in behind.rows]
        own = [line for line in lines if first <= line["line"] <= last]
        assert {line["type"] for line in own} == {sort}
        assert len(own) == count
        assert max(line["scene"] for line in own) == scenes
        assert sum(line["tonnes"].grams for line in own) == mass.grams
        assert all(world.additions[line["entry"]].index == line["entry"] for line in own)


def test_the_year_before_stands_beside_and_growth_is_growth(world: World):
    batch = world.issues()
    for month, amount_g in (("2025-05", 10), ("2026-05", 13)):
        world.imports(batch, "owner", amount_g, row=amount_g, month=month)

    sheet = office(world).annual(Scope(first="2026-01-01", last="2026-12-31"))

    (line,) = (dict(zip(sheet.columns, row, strict=True)) for row in sheet.rows)
    assert (line["tonnes"], line["tonnes_before"]) == (Mass(grams=13), Mass(grams=10))
    assert line["tonnes_growth"] == Share(hundredths=3_000)
    assert line["scenes_growth"] == Share(hundredths=0)


def test_a_type_that_only_the_year_before_had_is_not_forgotten(world: World):
    batch = world.issues()
    world.imports(batch, "owner", 5, row=1, month="2025-05", statement={"purpose": "meeting"})
    world.imports(batch, "owner", 7, row=2, month="2026-05")

    sheet = office(world).annual()

    lines = {line[0].name: dict(zip(sheet.columns, line, strict=True)) for line in sheet.rows}
    assert list(lines) == ["enterprise", "meeting"]
    assert (lines["meeting"]["retirements"], lines["meeting"]["tonnes_before"]) == (
        0,
        Mass(grams=5),
    )
    assert lines["meeting"]["tonnes_growth"] == Share(hundredths=-10_000)
    assert total(sheet) == [7, 5]


def test_without_days_there_is_no_year_before(world: World):
    a_life(world)

    sheet = office(world).annual(Scope())

    assert sheet.columns[-1] == "tonnes_share"
    assert total(sheet) == [657]


@pytest.mark.parametrize(
    ("day", "before"),
    [
        ("2024-04-30", "2023-04-30"),
        ("2024-02-29", "2023-02-28"),
        ("2025-02-28", "2024-02-29"),
        ("2024-02-28", "2023-02-28"),
        ("2026-01-01", "2025-01-01"),
    ],
)
def test_a_year_before_the_last_of_a_month_is_the_last_of_it(day: str, before: str):
    assert year_before(day) == before


def test_shares_come_to_a_hundred_percent_and_are_those_that_were_published():
    scenes = shares({"a": 84, "b": 4076, "c": 137, "d": 12, "e": 13, "f": 19})

    assert sum(share.hundredths for share in scenes.values()) == 10_000
    assert [share.hundredths for share in scenes.values()] == [193, 9_389, 316, 28, 30, 44]
    thirds = shares({"a": 1, "b": 1, "c": 1})
    assert [share.hundredths for share in thirds.values()] == [3_334, 3_333, 3_333]
    assert shares({"a": 0}) == {"a": Share(hundredths=0)}


def test_twice_as_much_is_growth_by_a_hundred_percent():
    assert growth(2, 1) == Share(hundredths=10_000)
    assert growth(1, 3) == Share(hundredths=-6_667)
    assert growth(1, 0) is None


# What became known later.


def filed(world: World, **changed: Any) -> str:
    """A list that was handed to the authority."""
    report = compiles(world, **changed)
    submits(world, report, "one", "authority")
    return report


def test_what_was_corrected_after_a_list_was_filed_enters_the_next_and_no_later_one(world: World):
    batch = world.issues()
    good, wrong = (world.retires(batch, "owner", amount_g) for amount_g in (100, 200))
    first = filed(world)
    right = replaces(world, good)
    says(world, wrong, "annulled", "one", "two", reason="fraud", document=digest("why"))
    next_one = office(world).list(Scope(first="2027-01-01", last="2027-12-31", area="510100"))
    filed(world, first="2027-01-01", last="2027-12-31")

    later = office(world).list(Scope(first="2028-01-01", last="2028-12-31", area="510100"))

    (replaced,), (annulled,) = said(next_one, "replaced"), said(next_one, "annulled")
    assert (replaced["number"], replaced["replaced_by"]) == (short(good), short(right))
    assert (annulled["number"], annulled["amount_g"]) == (short(wrong), 200)
    assert {replaced["report"], annulled["report"]} == {first}
    assert said(later, "replaced") == said(later, "annulled") == []
    assert said(next_one, "late") == said(later, "late") == []


def test_what_was_corrected_before_it_was_filed_or_is_of_elsewhere_is_no_correction(world: World):
    batch = world.issues()
    replaces(world, world.retires(batch, "owner", 100))
    elsewhere = world.retires(batch, "owner", 200, statement={"place": "510700"})
    filed(world)
    says(world, elsewhere, "annulled", "one", "two", reason="error", document=digest("why"))

    sheet = office(world).list(Scope(first="2027-01-01", last="2027-12-31", area="510100"))

    assert said(sheet, "replaced") == said(sheet, "annulled") == []


def test_a_place_that_was_corrected_is_a_correction_there_and_late_here(world: World):
    wrong = world.retires(world.issues(), "owner", 100, statement={"place": "510700"})
    filed(world, area="510700")
    filed(world, area="510100")
    right = replaces(world, wrong, place="510100")

    there, here = (
        office(world).list(Scope(first="2027-01-01", last="2027-12-31", area=area))
        for area in ("510700", "510100")
    )

    assert [note["number"] for note in said(there, "replaced")] == [short(wrong)]
    assert said(there, "late") == said(here, "replaced") == []
    assert [note["number"] for note in said(here, "late")] == [short(right)]


def test_what_was_only_compiled_is_not_filed(world: World):
    number = world.retires(world.issues(), "owner", 100)
    compiles(world)
    says(world, number, "annulled", "one", "two", reason="error", document=digest("why"))

    sheet = office(world).list(Scope(first="2027-01-01", last="2027-12-31", area="510100"))

    assert said(sheet, "annulled") == []


def test_what_came_and_went_after_a_list_was_filed_was_never_in_it(world: World):
    batch = world.issues()
    filed(world)
    number = world.retires(batch, "owner", 100)
    says(world, number, "annulled", "one", "two", reason="error", document=digest("why"))

    sheet = office(world).list(Scope(first="2027-01-01", last="2027-12-31", area="510100"))

    assert said(sheet, "annulled") == said(sheet, "late") == []


def test_what_is_in_the_list_itself_is_not_late(world: World):
    batch = world.issues()
    filed(world)
    world.retires(batch, "owner", 7)

    sheet = office(world).list(replace(YEAR, area="510100"))

    assert said(sheet, "late") == []
    assert total(sheet) == [7]


def test_history_of_a_filed_year_that_is_recorded_later_enters_the_next_list(world: World):
    batch = world.issues()
    report = filed(world)
    number = world.imports(batch, "owner", 7, month="2026-03")

    sheet = office(world).list(Scope(first="2027-01-01", last="2027-12-31", area="510100"))

    (late,) = said(sheet, "late")
    assert (late["report"], late["number"], late["amount_g"]) == (report, short(number), 7)


# What was published.


def claim(**changed: Any) -> Claim:
    made: dict[str, Any] = {
        "number": "a" * 16,
        "first_number": "a" * 16,
        "entry": 0,
        "stated": 0,
        "month": "2023-09",
        "day": None,
        "purpose": "enterprise",
        "period": None,
        "place": None,
        "amounts": (("CCER", 1),),
        "is_public": True,
        "is_imported": True,
        "activity": "an activity",
        "organisers": ("a host",),
        "filed": None,
        "order": None,
        "shares": 0,
        "is_annulled": False,
        "verdicts": (),
    }
    return Claim(**made | changed)


def annexed() -> list[Claim]:
    """The published annex, as claims."""
    data = (DATA / "neutrality-list-2024.csv").read_bytes()
    rows = published_list.read(data, until="2026-11").rows
    return [
        claim(
            number=str(row.number),
            first_number=str(row.number),
            entry=row.number,
            month=row.month,
            purpose=row.purpose,
            amounts=(("CCER", row.amount_g),),
            activity=row.activity,
            organisers=(row.organiser,),
        )
        for row in rows
    ]


def contradictions(data: bytes = PUBLISHED) -> list[published.Check]:
    checks = published.checks(published.read(data), annexed())
    assert any(check.verdict == "agrees" for check in checks)
    return [check for check in checks if check.verdict == "contradicts"]


def subject(check: published.Check) -> str | None:
    return check.subject.name if isinstance(check.subject, Term) else check.subject


def test_the_contradictions_of_the_published_report_are_found():
    found = [(check.check, subject(check)) for check in contradictions()]

    assert found == [
        ("total", None),
        *[("restated", "restoration")] * 3,
        ("growth", "scenes"),
        ("growth", "tonnes"),
        ("list_scenes", None),
        ("list", None),
        # Not in the notes on the publication, but so: of enterprises the annex has more than the table.
        ("list_type", "enterprise"),
        # The annex has three small ones more, 12.755 t.
        ("largest", "成都第31届世界大学生夏季运动会"),
        ("largest", "宜宾中石油昆仑燃气"),
        ("largest", "一汽丰田汽车（成都）"),
        ("largest", "新网银行"),
        ("largest", "出光"),
        ("largest_there", None),
        ("month", "重庆银行"),
    ]


def test_each_contradiction_has_the_figures_of_both_sides():
    found = {(check.check, subject(check)): check for check in contradictions()}
    tonnes = {
        key: (check.said.grams, check.found.grams)
        for key, check in found.items()
        if isinstance(check.said, Mass) and isinstance(check.found, Mass)
    }

    assert tonnes["total", None] == (627_500_000_000, 627_731_584_000)
    assert tonnes["list", None] == (627_731_584_000, 616_921_203_000)
    assert tonnes["largest", "一汽丰田汽车（成都）"] == (42_014_000_000, 23_885_000_000)
    assert tonnes["largest", "新网银行"] == (13_014_550_000, 1_829_350_000)
    assert tonnes["largest", "出光"] == (6_688_400_000, 2_009_400_000)
    assert tonnes["largest", "宜宾中石油昆仑燃气"] == (140_698_000_000, 160_499_000_000)
    assert found["largest", "宜宾中石油昆仑燃气"].rows == (52, 117)
    assert found["largest", "成都第31届世界大学生夏季运动会"].rows == (57, 58, 59, 60, 61)
    assert (found["list_scenes", None].said, found["list_scenes", None].found) == (4341, 117)
    assert (found["largest_there", None].said, found["largest_there", None].found) == (10, 5)
    assert (found["growth", "scenes"].why, found["growth", "tonnes"].why) == ("ratio", "ratio")
    month = found["month", "重庆银行"]
    assert (month.said, month.found, month.rows) == ("2023-07", "2023-09", (31,))


def test_figures_that_agree_contradict_nothing():
    text = PUBLISHED.decode()
    for said_so, so in (
        ('"ten_thousand_tonnes": "62.75"', '"ten_thousand_tonnes": "62.77"'),
        ('"10533.89"', '"10563.89"'),
        ('["10403.87", "150.02"]', '["10413.87", "150.02"]'),
        ('"said_times": "1.3"', '"said_times": "0.3"'),
        ('"said_times": "3.8"', '"said_times": "2.76"'),
        ('"42014.00"', '"23885"'),
        ('"2023-07"', '"2023-09"'),
    ):
        assert said_so in text
        text = text.replace(said_so, so)

    found = {check.check for check in contradictions(text.encode())}

    assert found == {"list_scenes", "list", "list_type", "largest", "largest_there"}


@pytest.mark.parametrize(
    ("printed", "agrees"),
    [("62.77", True), ("62.78", False), ("62.76", False), ("62.8", True), ("62.773158", True)],
)
def test_a_printed_number_agrees_with_what_rounds_to_it(printed: str, *, agrees: bool):
    found = contradictions(PUBLISHED.replace(b'"62.75"', f'"{printed}"'.encode()))

    assert ("total" in {check.check for check in found}) is not agrees


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        PUBLISHED.replace(b'"62.75"', b"62.75"),
        PUBLISHED.replace(b'"62.75"', b'"about 62"'),
        PUBLISHED.replace(b'"enterprise"', b'"firms"'),
        PUBLISHED.replace(b'"scenes": 84', b'"scenes": "84"'),
        PUBLISHED.replace(b'"largest_count": 10', b'"largest_count": null'),
        PUBLISHED.replace(b'"month":', b'"day":'),
        PUBLISHED.replace(b'"organiser":', b'"host":'),
        PUBLISHED.replace(b'"2024-04-30"', b'"2024-04-31"'),
        PUBLISHED.replace(b'"before": 3337', b'"before": 0'),
        b"\xff",
    ],
    ids=[
        *("empty", "array", "nothing", "float", "prose", "type", "text", "null", "no month"),
        *("no organiser", "no day", "from nothing", "bytes"),
    ],
)
def test_a_publication_that_cannot_be_read_is_refused(data: bytes):
    with pytest.raises(RefusedError) as refusal:
        published.read(data)

    assert refusal.value.code == "malformed"


# How it is written.


def written(*sheets: Sheet) -> list[list[str]]:
    text = papers_csv.written(sheets, ["closing"], "en").decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "＝", "\t", "\r"])
def test_a_text_that_begins_as_a_formula_is_a_text_in_a_spreadsheet(start: str):
    own = claim(activity=f"{start}HYPERLINK(1)")
    tables = Tables(**dict.fromkeys(Tables.__dataclass_fields__, ()))

    rows = written(list_sheet("annex", tables, [own], Scope()))

    assert rows[1][1] == f"'{start}HYPERLINK(1)"


def test_numbers_are_exact_and_below_zero_are_still_numbers():
    cells = (Mass(grams=-1), Mass(grams=10**18 + 1), Mass(grams=1_500_000), Share(hundredths=-5))

    (_, row, *_) = written(Sheet(name="grams", columns=("step",) * 4, rows=(cells,)))

    assert row == ["-0.000001", "1000000000000.000001", "1.5", "-0.05"]


def test_every_column_note_and_sheet_has_words_in_both_languages(world: World):
    a_life(world)
    files(world)
    found = office(world)
    (row,) = found.tables.activities
    sheets = [
        found.list(),
        found.list(form="annex"),
        found.annual(),
        *reconciled(found.tables, found.claims, YEAR),
        forms.form(row, {}, None),
        forms.offsets(row, found.claims),
        published.sheet(published.read(PUBLISHED), annexed()),
    ]

    for lang in ("zh", "en"):
        for sheet in sheets:
            assert papers_words.title(sheet, lang)
            assert len(papers_words.header(sheet, lang)) == len(sheet.columns)
            for cell in [cell for cells in sheet.rows for cell in cells]:
                if isinstance(cell, Term) and cell.terms != "credits":
                    assert cell.name in papers_words.TERMS[cell.terms]
            assert not any("…" in papers_words.note(note, lang) for note in sheet.notes)
    assert {sheet.name for sheet in sheets} == set(papers_words.TITLES) == set(papers_words.TABS)


def test_figures_of_nothing_are_nothing():
    assert figures([]).retirements == 0
    assert listed([], Scope()) == []
