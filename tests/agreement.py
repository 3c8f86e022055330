"""Whether the tables of projections say what the streams' own states say, after any history at all.

The folds see one entry at a time and no state; the states are the rules' own. Where the two agree on every figure that
both have, neither has forgotten anything.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Any

from registry.domain.account import Account
from registry.domain.activity import Activity
from registry.domain.batch import Batch
from registry.domain.campaign import Campaign
from registry.domain.certificate import Certificate
from registry.domain.conduct import Conduct
from registry.domain.order import Order
from registry.domain.project import Project
from registry.domain.report import Report
from registry.domain.roles import Registry
from registry.domain.standard import Standard
from registry.history import Addition
from registry.projections.conduct import in_force
from registry.projections.orders import overdue, performed
from tests.folds import Folded, folded

DAYS = ("2020-01-01", "2026-09-30", "2026-12-31", "2030-01-01")


def differences(additions: Iterable[Addition], states: Iterable[Any]) -> list[str]:
    """What the tables folded from `additions` and the `states` of their streams do not agree on."""
    made = folded(additions)
    found = []
    for state in states:
        compare = COMPARED.get(type(state))
        for name, told, is_ in compare(state, made) if compare else ():
            if told != is_:
                found.append(f"{getattr(state, 'name', '')} {name}: {told!r}, and not {is_!r}")
    return [*found, *_sums(made)]


def _sums(made: Folded) -> Iterator[str]:
    """The grams of what is counted are those of the batches, whichever way they are added up."""
    retired_g = sum(row["amount_g"] for row in made.found("retirements", counted=1))
    ways = {
        "retirements": retired_g,
        "retired": sum(row["amount_g"] for row in made.found("retired")),
        "batches": sum(row["retired_g"] for row in made.found("batches")),
        "holdings": sum(row["retired_g"] for row in made.found("holdings")),
    }
    if len(set(ways.values())) > 1:
        yield f"retired three ways: {ways}"
    for row in made.found("batches"):
        parts = ("held_g", "locked_g", "waiting_g", "retired_g", "cancelled_g", "carved_g")
        if row["received_g"] != sum(row[part] for part in parts):
            yield f"{row['batch']} does not add up"


Compared = Iterator[tuple[str, Any, Any]]


def _batch(state: Batch, made: Folded) -> Compared:
    (row,) = made.found("batches", batch=state.name)
    waiting_g = sum(ranges.total_g for ranges in state.waiting.values())
    names = ("standard", "origin", "project", "root", "custodian", "expires", "received_g")
    amounts = ("held_g", "retired_g", "cancelled_g", "carved_g")
    for name in (*names, *amounts):
        yield name, row[name], getattr(state, name)
    yield "period", (row["period_from"], row["period_to"]), state.period
    yield "standing", row["standing"], state.status
    yield "waiting_g", row["waiting_g"], waiting_g
    yield "locked_g", row["locked_g"], state.locked_g - waiting_g
    held = {own["account"]: own for own in made.found("holdings", batch=state.name)}
    told = {name: own["held_g"] for name, own in held.items() if own["held_g"]}
    yield "held", told, {name: ranges.total_g for name, ranges in state.held.items()}
    owners: dict[str, int] = defaultdict(int)
    for lock in state.locks.values():
        owners[lock.owner] += lock.left.total_g
    told = {name: own["locked_g"] for name, own in held.items() if own["locked_g"]}
    yield "locked by owner", told, {name: own_g for name, own_g in owners.items() if own_g}
    locks = {
        row["entry"]: (row["ground"], row["owner"], row["left_g"])
        for row in made.found("locks", batch=state.name)
        if row["left_g"]
    }
    yield (
        "locks",
        locks,
        {
            index: (lock.ground, lock.owner, lock.left.total_g)
            for index, lock in state.locks.items()
            if lock.left.total_g
        },
    )
    yield from _grams(state, made)


def _grams(state: Batch, made: Folded) -> Compared:
    """Where every gram is, as far as it is told by the last range that covers it."""
    moved = made.found("movements", batch=state.name)
    moved.sort(key=lambda row: (row["since"], row["number"]))
    bounds = sorted({edge for row in moved for edge in (row["range_start"], row["range_end"])})
    if len(bounds) > 400:
        return
    told: dict[str, int] = defaultdict(int)
    for start, end in pairwise(bounds):
        own = [row for row in moved if row["range_start"] <= start and end <= row["range_end"]]
        if own and own[-1]["taker"] and own[-1]["kind"] not in _WAITING:
            told[own[-1]["taker"]] += end - start
    expected = {name: ranges.total_g for name, ranges in state.held.items()}
    yield "whereabouts", dict(told), expected


_WAITING = frozenset({"batch.locked.v1", "batch.given.v1"})


def _account(state: Account, made: Folded) -> Compared:
    (row,) = made.found("accounts", account=state.name)
    yield "legal_form", row["legal_form"], state.legal_form
    yield "controller", row["controller"], state.controller
    yield "standing", row["standing"] == "open", state.is_open
    yield "successor", row["successor"] or "", state.successor
    yield "acceptance", bool(row["acceptance"]), state.acceptance
    yield "recovered", bool(row["recovered"]), state.is_recovered
    mandates = {
        one["entry"]: (one["exchange"], one["expires"], one["standards"])
        for one in made.found("mandates", account=state.name)
        if one["ended"] is None and state.is_open
    }
    yield (
        "mandates",
        mandates,
        {
            index: (own.exchange, own.until, ",".join(own.standards))
            for index, own in state.mandates.items()
        },
    )
    bonds = {one["stream"] for one in made.found("bonds", account=state.name) if not one["ended"]}
    yield "bonds", bonds, set(state.bonds)
    yield "notices", len(made.found("notified", account=state.name)), state.notices
    ties = {
        one["entry"]: (one["ground"], one["other"], one["batch"], one["standard"], one["left_g"])
        for one in made.found("ties", account=state.name)
        if one["left_g"]
    }
    # What became of a frozen range is told by the batch's lock, of which the freeze is no more than a reason.
    yield (
        "ties",
        _unfrozen(ties),
        _unfrozen(
            {
                index: (tie.ground, tie.other, tie.batch, tie.standard, tie.amount_g)
                for index, tie in state.ties.items()
            }
        ),
    )
    yield from _freezes(state, made)


def _unfrozen(ties: dict[int, tuple[Any, ...]]) -> dict[int, tuple[Any, ...]]:
    return {index: tie for index, tie in ties.items() if tie[0] != "freeze"}


def _freezes(state: Account, made: Folded) -> Compared:
    locks = {(row["batch"], row["entry"]): row["left_g"] for row in made.found("locks")}
    left = {entry: left_g for (_, entry), left_g in locks.items()}
    freezes = {
        one["entry"]: (one["authority"], one["expires"], one["lock"])
        for one in made.found("freezes", account=state.name)
        if one["ended"] is None and (one["lock"] is None or left[one["lock"]])
    }
    yield (
        "freezes",
        freezes,
        {own.index: (own.authority, own.until, own.lock) for own in state.freezes},
    )
    consents = {
        (one["frozen"], one["order_stream"]) for one in made.found("consents", account=state.name)
    }
    expected = {(own.index, order) for own in state.freezes for order in own.orders}
    yield "consents", {own for own in consents if own[0] in freezes}, expected


def _registry(state: Registry, made: Folded) -> Compared:
    held = {(row["account"], row["role"]): row["granted"] for row in made.found("roles", held=1)}
    yield "roles", held, dict(state.roles.items())
    policies = {
        (row["policy"], row["subject"]): (row["entry"], row["codes"], row["number"])
        for row in made.found("policies")
    }
    yield (
        "policies",
        policies,
        {key: (own.index, ",".join(own.codes), own.number) for key, own in state.policies.items()},
    )


def _standard(state: Standard, made: Folded) -> Compared:
    (row,) = made.found("standards", standard=state.code) or [None]
    if row is None:
        yield "recognised", False, state.is_recognised
        return
    for name in ("credit_class", "home", "unit_g"):
        yield name, row[name], getattr(state, name)
    yield "claims", row["claims"], ",".join(state.claims)
    yield "withdrawn", row["standing"] == "withdrawn", state.withdrawn is not None


def _project(state: Project, made: Folded) -> Compared:
    (row,) = made.found("projects", project=state.name)
    yield "owner", row["owner"], state.owner[0]
    expected = state.status if row["standing"] == "active" else row["standing"]
    yield "status", row["stage"] if row["standing"] == "active" else row["standing"], state.status
    yield "standing", expected, state.status
    monitored = {
        (one["period_from"], one["period_to"]): (one["verified_g"], one["issued_g"])
        for one in made.found("monitored", project=state.name)
    }
    yield (
        "monitored",
        monitored,
        {period: (own.verified_g, own.issued_g) for period, own in state.monitored.items()},
    )
    for name in ("verified_g", "issued_g"):
        total_g = sum(getattr(own, name) for own in state.monitored.values())
        yield name, row[name], total_g


def _certificate(state: Certificate, made: Folded) -> Compared:
    number = state.name.partition("/")[2]
    (row,) = made.found("certificates", number=number)
    yield (
        "state",
        row["state"],
        {"replaced": "replaced", "annulled": "annulled"}.get(state.status, "valid"),
    )
    yield "holder", row["holder"], state.holder
    yield "amount_g", row["amount_g"], state.amount_g
    yield "confirmed", row["confirmed"], state.confirmed
    yield "former", row["former"] or "", state.former
    yield "replaced_by", row["replaced_by"] or "", state.replaced_by.partition("/")[2]
    if row["sort"] == "retirement":
        yield "activity", row["activity"], state.assigned[0] if state.assigned else None
    witnesses = {one["exchange"] for one in made.found("witnesses", number=number)}
    yield "witnesses", witnesses, set(state.witnesses)
    if row["sort"] in {"retirement", "group"}:
        yield from _retirement(number, row["sort"], state, made)


def _retirement(number: str, sort: str, state: Certificate, made: Folded) -> Compared:
    (row,) = made.found("retirements", number=number)
    shown = made.found("retirements", group_number=number)
    amount_g = row["amount_g"] + sum(one["amount_g"] for one in shown if not one["replaces"])
    yield "grams retired", amount_g, state.amount_g
    yield "ground", row["ground"], state.ground
    yield "purpose", row["purpose"], state.purpose
    period = None if row["period_from"] is None else (row["period_from"], row["period_to"])
    yield "period", period, state.period
    yield "custodial", bool(row["custodial"]), state.custodial
    yield "recovered", bool(row["recovered"]), state.recovered
    yield "counted", bool(row["counted"]), state.status != "replaced"
    awaited = {
        one["standard"] for one in made.found("awaited", number=number) if one["reference"] is None
    }
    yield "awaited", awaited, set(state.home)
    yield "awaiting", row["awaiting"], len(state.home)
    verdicts = sorted(made.found("verdicts", number=number), key=lambda one: one["place"])
    told = tuple((one["norm"], one["rule"], one["result"], one["reason"]) for one in verdicts)
    yield "verdicts", told, state.verdicts
    if sort == "group" and state.group is not None:
        shares = made.found("shares", group_number=number)
        yield "shares", len(shares), state.group.count
        yield "grams of the shares", sum(one["amount_g"] for one in shares), state.amount_g


def _campaign(state: Campaign, made: Folded) -> Compared:
    (row,) = made.found("campaigns", campaign=state.name)
    for name in ("organiser", "standard", "each_g", "deadline", "gifts", "funded_g", "given_g"):
        yield name, row[name], getattr(state, name)
    yield "returned_g", row["returned_g"], state.returned_g
    yield "state", row["state"], state.status
    funds = {
        one["batch"]: (one["funded_g"], one["given_g"], one["returned_g"])
        for one in made.found("funds", campaign=state.name)
    }
    yield (
        "funds",
        funds,
        {
            batch: (own.amount_g, own.given_g, own.returned_g)
            for batch, own in state.batches.items()
        },
    )


def _order(state: Order, made: Folded) -> Compared:
    (row,) = made.found("orders", order_stream=state.name)
    for name in ("court", "basis", "account", "agent", "defaulted", "performed_g"):
        yield name, row[name], getattr(state, name)
    yield "state", row["state"], state.status
    instalments = made.found("instalments", order_stream=state.name)
    lots = made.found("lots", order_stream=state.name)
    assert state.terms is not None
    yield "terms", row["terms"], state.terms.entry
    yield "performed", performed(row, lots), state.performed
    if state.status == "registered":
        for day in DAYS:
            yield f"overdue {day}", overdue(row, instalments, lots, day), state.overdue(day)
    told = {
        (one["batch"], one["lock"]): (one["amount_g"], one["left_g"], one["performed_g"])
        for one in lots
    }
    yield (
        "lots",
        told,
        {key: (own.amount_g, own.left_g, own.performed_g) for key, own in state.lots.items()},
    )


def _activity(state: Activity, made: Folded) -> Compared:
    (row,) = made.found("activities", activity=state.name)
    for name in ("organiser", "category", "ends", "received", "retired_g"):
        yield name, row[name], getattr(state, name)
    yield "emissions_g", row["emissions_g"] or 0, state.emissions_g
    yield "conclusion", row["conclusion"] or "", state.conclusion
    yield "state", row["state"], state.status
    yield "measures", row["measures"] is not None, state.measures
    offsets = {
        f"certificate/{one['certificate']}": one["amount_g"]
        for one in made.found("offsets", activity=state.name)
        if one["lost"] is None
    }
    yield "offsets", offsets, dict(state.offsets.items())


def _report(state: Report, made: Folded) -> Compared:
    (row,) = made.found("reports", report=state.name)
    yield "state", row["state"], state.status
    yield "holder", row["holder"] or row["compiler"], state.holder
    yield "size", row["size"], state.size
    yield "last", row["last_entry"], state.last


def _conduct(state: Conduct, made: Folded) -> Compared:
    cases = made.found("cases", account=state.account)
    yield (
        "cases",
        {case["found"]: case["stage"] for case in cases},
        {index: case.stage for index, case in state.cases.items()},
    )
    for level in ("breach", "blacklist"):
        for day in DAYS:
            told = sorted(case["published"] for case in in_force(cases, level, day))
            yield f"{level} {day}", tuple(told), state.listed(level, day)
    commended = sorted(row["entry"] for row in made.found("commendations", account=state.account))
    yield "commended", tuple(commended), state.commended


COMPARED: dict[type, Callable[[Any, Folded], Compared]] = {
    Account: _account,
    Activity: _activity,
    Batch: _batch,
    Campaign: _campaign,
    Certificate: _certificate,
    Conduct: _conduct,
    Order: _order,
    Project: _project,
    Registry: _registry,
    Report: _report,
    Standard: _standard,
}
