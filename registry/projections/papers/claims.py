"""Retirements as the official papers count them: each once, as it is stated now, with the names that may be shown.

    one claim   a retirement under the number that it got, or under the last that replaced it
                a retirement for many, but for those certificates of it that were corrected, annulled or assigned
    amount_g    what its batches lost by it, kind by kind

so that the claims of a registry come to what its batches have retired.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.domain.timing import days_of_month

Row = Mapping[str, Any]
Verdict = tuple[str, str, str, str]

RESTORATION = "restoration"
TYPES: Mapping[str, str] = {
    "enterprise": "enterprise",
    "product_footprint": "enterprise",
    "public_body": "public_body",
    "meeting": "meeting",
    "activity": "activity",
    "competition": "activity",
    "exhibition": "activity",
    "zero_carbon_scene": "scene",
    "zero_carbon_branch": "scene",
    "zero_carbon_meeting_room": "scene",
    "scenic_area": "scene",
    RESTORATION: RESTORATION,
    "individual": "individual",
}
"""By purpose, the type under which the annual table has it; the published one has no line for individuals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """The activity that a retirement offsets, as its registration form has it."""

    activity: str
    begins: str
    ends: str
    place: str
    neutrality: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A retirement, and what it is claimed for."""

    number: str
    first_number: str
    """The number that it got when the grams were retired."""
    entry: int
    """The entry that retired the grams."""
    stated: int
    """The entry that says what they are claimed for now."""
    month: str
    day: str | None
    """None of imported history, of which only the month is known."""
    purpose: str
    period: tuple[str, str] | None
    place: str | None
    amounts: tuple[tuple[str, int], ...]
    """Grams by kind of credit."""
    is_public: bool
    is_imported: bool
    """Attested by whoever signed, not proven by the log."""
    activity: str | None
    """The activity's name, where it may be shown and is kept."""
    organisers: tuple[str, ...]
    filed: Filed | None
    order: str | None
    """The restoration order that it performs."""
    shares: int
    """How many certificates the group has; 0 for a certificate of its own."""
    is_annulled: bool
    verdicts: tuple[Verdict, ...]

    @property
    def amount_g(self) -> int:
        """How much was retired."""
        return sum(grams for _, grams in self.amounts)

    @property
    def sort(self) -> str:
        """Its type in the annual table."""
        return TYPES[self.purpose]

    @property
    def last_day(self) -> str:
        """The day on which it counts: that of the retirement, or the last of the month of which it is known."""
        return day_counted(self.day, self.month)

    @property
    def where(self) -> str | None:
        """The place, GB/T 2260: of the activity as filed, or as the certificate states it."""
        return self.filed.place if self.filed else self.place

    @property
    def scene(self) -> tuple[str, str]:
        """What 场次 counts it as: an activity, which is known by its form, its case, its name, or not but by this."""
        if self.filed is not None:
            return self.sort, self.filed.activity
        if self.order is not None:
            return self.sort, self.order
        return self.sort, self.activity or self.first_number


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which claims a paper is about: those of the days from `first` to `last`, None for any, and of an area."""

    first: str | None = None
    last: str | None = None
    area: str | None = None

    def covers(self, claim: Claim) -> bool:
        """Whether `claim` is of these days, and of this area."""
        return self.has(claim.last_day) and self.is_in_area(claim.where)

    def has(self, day: str) -> bool:
        """Whether `day` is one of these days."""
        since = self.first is None or self.first <= day
        return since and (self.last is None or day <= self.last)

    def is_in_area(self, place: str | None) -> bool:
        """Whether `place` is in the area: 510000 has all of its cities, 510100 all of its districts."""
        if self.area is None:
            return True
        within = self.area.removesuffix("00").removesuffix("00")
        return place is not None and place.startswith(within)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """Rows of the tables of the same names, as of one size of the log."""

    retirements: Sequence[Row]
    retired: Sequence[Row]
    verdicts: Sequence[Row]
    certificates: Sequence[Row]
    activities: Sequence[Row]
    performances: Sequence[Row]
    batches: Sequence[Row]
    reports: Sequence[Row]


def day_counted(day: str | None, month: str) -> str:
    """The day of a retirement, or the last of the month of which it is known."""
    return day or days_of_month(month)[1].isoformat()


def commitments(tables: Tables) -> list[bytes]:
    """What has to be opened to show the names that are public."""
    public = [row for row in tables.retirements if row["public"] and row["counted"]]
    hidden = [row[name] for row in public for name in ("activity", "organisers")]
    return [one for one in hidden if one is not None]


def claims_of(tables: Tables, shown: Mapping[bytes, Any]) -> list[Claim]:
    """All claims, in the order in which the grams were retired.

    Args:
        tables: the rows.
        shown: what is known of `commitments`.
    """
    behind = _behind(tables)
    firsts = firsts_of(tables)
    look = _Look(tables, shown)
    made: list[Claim] = []
    groups: list[Row] = []
    for row in tables.retirements:
        first = firsts[row["number"]]
        group = first["group_number"]
        if not row["counted"] or (group and not behind[group].is_of_one_kind):
            continue
        if group is None and row["shares"] + look.adopted[row["number"]]:
            groups.append(row)
        elif group is None:
            made.append(look.claim(row, first["number"], behind[first["number"]]))
        elif look.stands_alone(row, first):
            # What was said of one certificate of a group is no longer said of the group.
            made.append(look.claim(row, first["number"], behind[group].take(row["amount_g"])))
            look.adopted[group] -= 1
    left = [look.claim(row, row["number"], behind[row["number"]]) for row in groups]
    made += [claim for claim in left if claim.amount_g]
    return sorted(made, key=lambda claim: (claim.entry, claim.number))


def firsts_of(tables: Tables) -> dict[str, Row]:
    """By a certificate's number, the row of the first number that it stands in the place of, or its own."""
    by_number = {row["number"]: row for row in tables.retirements}
    found = {}
    for number, row in by_number.items():
        while row["replaces"] is not None:
            row = by_number[row["replaces"]]
        found[number] = row
    return found


@dataclass(slots=True)
class _Grams:
    """What one retirement used up, by kind of credit, and in which entry."""

    entry: int
    amounts: dict[str, int]

    @property
    def is_of_one_kind(self) -> bool:
        """Whether the grams of a part of it are known by their number alone."""
        return len(self.amounts) == 1

    def take(self, amount_g: int) -> "_Grams":
        """So many of its grams, which it has no more."""
        (kind,) = self.amounts
        self.amounts[kind] -= amount_g
        return _Grams(self.entry, {kind: amount_g})


def _behind(tables: Tables) -> dict[str, _Grams]:
    found: dict[str, _Grams] = {}
    for row in tables.retired:
        own = found.setdefault(row["number"], _Grams(row["since"], {}))
        own.amounts[row["standard"]] = own.amounts.get(row["standard"], 0) + row["amount_g"]
    return found


class _Look:
    """What the other tables say of a certificate."""

    def __init__(self, tables: Tables, shown: Mapping[bytes, Any]) -> None:
        self._shown = shown
        self._certificates = {row["number"]: row for row in tables.certificates}
        self._activities = {row["activity"]: row for row in tables.activities}
        self._cases = {row["certificate"]: row["order_stream"] for row in tables.performances}
        self.adopted = Counter(row["group_number"] for row in tables.retirements)
        """How many certificates of each group were shown, and are still as the group says."""
        self._verdicts: dict[str, list[Row]] = defaultdict(list)
        for row in tables.verdicts:
            self._verdicts[row["number"]].append(row)

    def stands_alone(self, row: Row, first: Row) -> bool:
        """Whether anything else is known of a certificate that was shown as `first` than what its group says."""
        own = self._certificates[row["number"]]
        return row is not first or own["state"] != "valid" or own["activity"] is not None

    def claim(self, row: Row, first: str, grams: _Grams) -> Claim:
        """The claim whose certificate is `row` now, and whose grams were retired under the number `first`."""
        number, shown = row["number"], bool(row["public"])
        activity, hosts = (
            self._shown.get(row[name]) if shown else None for name in ("activity", "organisers")
        )
        certificate = self._certificates[number]
        return Claim(
            number=number,
            first_number=first,
            entry=grams.entry,
            stated=row["entry"],
            month=row["month"],
            day=row["day"],
            purpose=row["purpose"],
            period=_period(row),
            place=row["place"],
            amounts=tuple(sorted(grams.amounts.items())),
            is_public=shown,
            is_imported=bool(row["imported"]),
            activity=activity,
            organisers=tuple(hosts or ()),
            filed=self._filed(certificate["activity"]),
            order=self._cases.get(first),
            shares=row["shares"] + self.adopted[number],
            is_annulled=certificate["state"] == "annulled",
            verdicts=tuple(
                (own["norm"], own["rule"], own["result"], own["reason"])
                for own in self._verdicts[number]
            ),
        )

    def _filed(self, activity: str | None) -> Filed | None:
        if activity is None:
            return None
        row = self._activities[activity]
        return Filed(
            activity=activity,
            begins=row["begins"],
            ends=row["ends"],
            place=row["place"],
            neutrality=row["neutrality"],
        )


def _period(row: Row) -> tuple[str, str] | None:
    return None if row["period_from"] is None else (row["period_from"], row["period_to"])
