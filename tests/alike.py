"""Whether the rules and the independent model say the same: of an act, and of what a stream came to."""

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

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
from registry.errors import RefusedError
from registry.history import Addition
from tests.auditor import Auditor
from tests.model.plain import joined
from tests.world import World

# Of fields and names by themselves the model looks at no grammar, and at no key.
UNSEEN = frozenset({"malformed", "wrong_stream", "weak_key", "bad_possession", "unknown_suite"})

Submit = Callable[[World, Any, Any], Addition]


def judged_twice(submit: Submit) -> Submit:
    """`World.submit`, and that the model says yes where it gives an entry, and no where it refuses."""
    models: WeakKeyDictionary[World, Auditor] = WeakKeyDictionary()

    def both(world: World, setting: Any, parts: Any) -> Addition:
        model = models.setdefault(world, Auditor())
        for made in world.additions[len(model.leaves) :]:
            assert model.take(made.data, beside(made)) == ""
        world.asked = None
        try:
            made = submit(world, setting, parts)
        except RefusedError as refusal:
            check_refused(model, world, refusal.code)
            raise
        said = model.take(made.data, beside(made))
        assert said == "", said
        return made

    return both


def check_refused(model: Auditor, world: World, code: str) -> None:
    """What the rules refused with `code` the model refuses, too."""
    asked = world.asked
    if asked is not None and code not in UNSEEN:
        assert model.would(asked.data, world.now_us, asked.rows) != "", code


def beside(made: Addition) -> dict[tuple[int, int], Any]:
    """The rows beside an entry."""
    return {(rows.part, rows.event): rows.rows for rows in made.detached}


def compare(world: World, auditor: Auditor, *streams: str) -> None:
    """Both tell the same of these streams; of all, if none is named, and of the log."""
    replay = world.replay
    assert auditor.root() == replay.root_at(replay.size)
    for name in streams or replay.streams:
        held = replay.streams[name]
        chain = auditor.touched[name]
        assert (len(chain), chain[-1]) == (held.length, held.last)
        for expected, told in _told(held.state, auditor):
            assert expected == told, name


def _told(state: Any, auditor: Auditor) -> Any:
    """What is to be the same, in pairs."""
    told, known = TOLD[type(state)]
    return told(state, known(auditor, state))


def _registry(state: Registry, auditor: Auditor) -> Any:
    yield dict(state.roles), auditor.roles
    keys = auditor.accounts["registry"]["keys"]
    yield (
        {key: index for index, key in state.log_keys},
        {key: life[0] for key, life in keys.items()},
    )
    yield [state.log_key], [key for key, (_, ended) in keys.items() if ended is None]
    told = {name: (own["index"], own["number"]) for name, own in auditor.policies.items()}
    yield {name: (own.index, own.number) for name, own in state.policies.items()}, told


def _account(state: Account, model: Any) -> Any:
    lives = {key: [life.added, life.ended] for key, life in state.keys.items()}
    yield lives, model["keys"]
    living = [key for key, (_, ended) in lives.items() if ended is None]
    yield state.is_recovered, any(model["recovered"][key] for key in living)
    yield (state.controller, state.is_open), (model["over"], model["closed"] is None)
    announced = model["announced"]
    yield (state.recovery and state.recovery.announced), announced and announced[0]
    yield (state.successor or None, state.acceptance), (model["successor"], model["acceptance"])
    yield set(state.mandates), set(model["mandates"])
    yield set(state.bonds), model["bound"]
    ties = {
        index: (tie.ground, tie.batch, tie.standard, tie.amount_g, tie.until)
        for index, tie in state.ties.items()
    }
    names = ("ground", "batch", "standard", "grams", "until")
    yield (
        {index: own for index, own in ties.items() if own[0] != "freeze"},
        {
            index: tuple(tie[name] for name in names)
            for index, tie in model["ties"].items()
            if tie["ground"] != "freeze"
        },
    )
    freezes = {
        own.index: (own.authority, own.until, own.lock, set(own.orders)) for own in state.freezes
    }
    names = ("authority", "until", "on", "orders")
    told = {index: tuple(own[name] for name in names) for index, own in model["freezes"].items()}
    yield freezes, told


def _standard(state: Standard, model: Any) -> Any:
    yield state.withdrawn, model["withdrawn"]
    for block, units in state.deposited.items():
        yield list(units), joined([(low, high + 1) for low, high in model["units"][block]])


def _project(state: Project, model: Any) -> Any:
    yield state.status, model["status"]
    told = {period: (own.verified_g, own.issued_g) for period, own in state.monitored.items()}
    yield told, {period: (g, model["issued"][period]) for period, g in model["verified"].items()}


def _batch(state: Batch, auditor: Auditor) -> Any:
    places = {holder: list(ranges) for holder, ranges in state.held.items()}
    for index, lock in state.locks.items():
        if lock.left.total_g:
            places[f"lock {index}"] = list(lock.left)
    for taker, ranges in state.waiting.items():
        places[f"waits {taker}"] = list(ranges)
    model = auditor.batches[state.name]
    held = auditor.held(state.name)
    gone = {name: held.pop(name, []) for name in ("retired", "cancelled", "carved")}
    yield places, held
    totals = {name: sum(end - start for start, end in own) for name, own in gone.items()}
    yield (
        {"retired": state.retired_g, "cancelled": state.cancelled_g, "carved": state.carved_g},
        totals,
    )
    yield state.conserved, True
    yield list(state.gifted), [tuple(one) for one in model["gifted"]]
    yield (state.suspended, state.expires), (model["suspended"], model["expires"])


def _certificate(state: Certificate, model: Any) -> Any:
    names = ("status", "issued", "holder", "amount_g", "custodial", "recovered")
    yield tuple(getattr(state, name) for name in names), tuple(model[name] for name in names)
    yield [list(one) for one in state.verdicts], [list(one) for one in model["verdicts"]]
    yield set(state.home), model["home"]
    yield list(state.assigned or []), list(model["assigned"] or [])
    yield set(state.witnesses), model["witnesses"]
    yield (state.confirmed, state.former or None), (model["confirmed"], model["former"])


def _campaign(state: Campaign, model: Any) -> Any:
    funded = {
        batch: (own.lock, own.amount_g, own.given_g, own.returned_g, own.settled)
        for batch, own in state.batches.items()
    }
    names = ("lock", "grams", "given", "returned", "settled")
    yield (
        funded,
        {batch: tuple(own[name] for name in names) for batch, own in model["funded"].items()},
    )
    yield (state.gifts, state.status == "closed"), (model["gifts"], model["closed"])


def _order(state: Order, model: Any) -> Any:
    lots = {key: (lot.amount_g, lot.left_g, lot.performed_g) for key, lot in state.lots.items()}
    names = ("grams", "left", "performed")
    yield lots, {key: tuple(lot[name] for name in names) for key, lot in model["lots"].items()}
    assert state.terms is not None
    yield (state.terms.entry, state.defaulted), (model["set"], model["defaulted"])
    yield (state.performed_in, state.agent), (model["last"], model["agent"])
    yield state.status.replace("registered", "open"), model["status"]


def _activity(state: Activity, model: Any) -> Any:
    yield dict(state.offsets), model["offsets"]
    yield (state.status, state.received), (model["status"], model["received"])
    yield (state.emissions_g or None, state.measures), (model["emissions"], model["measures"])


def _report(state: Report, model: Any) -> Any:
    yield (state.status, state.holder), (model["status"], model["turn"])
    yield (state.size, state.last), (model["size"], model["last"])


def _conduct(state: Conduct, cases: Any) -> Any:
    names = ("level", "stage", "until", "first", "last")
    told = {
        index: (
            case["level"],
            case["stage"].replace("in force", "in_force"),
            case.get("until"),
            case["from"],
            case["to"],
        )
        for index, case in cases.items()
    }
    own = {
        index: tuple(getattr(case, name) for name in names) for index, case in state.cases.items()
    }
    yield own, told


def _by_name(kept: str) -> Any:
    """What the model knows of a stream, out of one of its dicts."""
    return lambda auditor, state: getattr(auditor, kept)[state.name]


# By the class of a state: what is to be the same, and what the model has to say to it.
TOLD: dict[type, tuple[Any, Any]] = {
    Registry: (_registry, lambda auditor, _: auditor),
    Account: (_account, _by_name("accounts")),
    Standard: (_standard, lambda auditor, state: auditor.standards[f"standard/{state.code}"]),
    Project: (_project, _by_name("projects")),
    Batch: (_batch, lambda auditor, _: auditor),
    Certificate: (_certificate, _by_name("certificates")),
    Campaign: (_campaign, _by_name("campaigns")),
    Order: (_order, _by_name("orders")),
    Activity: (_activity, _by_name("activities")),
    Report: (_report, _by_name("reports")),
    Conduct: (_conduct, lambda auditor, state: auditor.conduct.get(state.account, {})),
}
