"""The key figures of a stream's state, and its entries, as plain maps."""

from typing import Any, assert_never

from registry.desk import words
from registry.desk.opened import Opened, outcome_object
from registry.domain import shape
from registry.domain.account import Account
from registry.domain.activity import Activity
from registry.domain.batch import Batch
from registry.domain.campaign import Campaign
from registry.domain.certificate import Certificate
from registry.domain.conduct import Case, Conduct
from registry.domain.order import Order
from registry.domain.project import Project
from registry.domain.report import Report
from registry.domain.roles import Registry
from registry.domain.standard import Standard
from registry.history import Happened
from registry.ledger.keys import key_id
from registry.store.log import Placed

State = (
    Account
    | Activity
    | Batch
    | Campaign
    | Certificate
    | Conduct
    | Order
    | Project
    | Registry
    | Report
    | Standard
)


def figures(state: State) -> dict[str, Any]:  # noqa: C901  # one case for each kind of stream
    """The key figures of a stream's state."""
    match state:
        case Registry():
            found = _registry(state)
        case Standard():
            found = _standard(state)
        case Account():
            found = _account(state)
        case Project():
            found = _project(state)
        case Batch():
            found = _batch(state)
        case Certificate():
            found = _certificate(state)
        case Campaign():
            found = _campaign(state)
        case Order():
            found = _order(state)
        case Activity():
            found = _activity(state)
        case Report():
            found = _report(state)
        case Conduct():
            found = _conduct(state)
        case _:
            assert_never(state)
    return found


def _registry(state: Registry) -> dict[str, Any]:
    roles = sorted([index, account, role] for (account, role), index in state.roles.items())
    names = ("since", "account", "role")
    held = [dict(zip(names, item, strict=True)) for item in roles]
    log_keys = [{"since": index, "public": key[1]} for index, key in state.log_keys]
    found = {"origin": state.origin, "log_keys": log_keys, "roles": held}
    return {**found, "policies": policy_rows(state)}


def policy_rows(state: Registry) -> list[dict[str, Any]]:
    """What is policy, by name."""
    return [
        {
            "policy": name,
            "standard": subject or None,
            "codes": policy.codes,
            "per_mille": policy.number if name == "buffer_share" else None,
            "amount_g": policy.number if name != "buffer_share" else None,
            "since": policy.index,
        }
        for (name, subject), policy in sorted(state.policies.items())
    ]


def _standard(state: Standard) -> dict[str, Any]:
    return {
        "credit_class": state.credit_class,
        "home": state.home,
        "unit_g": state.unit_g,
        "claims": state.claims,
        "deposited_units": sum(units.total_g for _, units in state.deposited.items()),
        "withdrawn_in": state.withdrawn,
    }


def _certificate(state: Certificate) -> dict[str, Any]:
    return {
        "status": state.status,
        "holder": state.holder,
        "amount_g": state.amount_g,
        "issued_in": state.issued,
        "final": not state.home,
        "awaiting": state.home,
        "replaced_by": state.replaced_by or None,
        "assigned": None if state.assigned is None else state.assigned[0],
        "witnesses": state.witnesses,
        "confirmed": state.confirmed,
        "former": state.former or None,
        "rows": None if state.group is None else state.group.count,
    }


def _activity(state: Activity) -> dict[str, Any]:
    return {
        "status": state.status,
        "organiser": state.organiser,
        "category": state.category,
        "ends": state.ends,
        "filed_in": state.filed,
        "received": state.received,
        "emissions_g": state.emissions_g or None,
        "measures": state.measures,
        "retired_g": state.retired_g,
        "offsets": sorted(number for number, _ in state.offsets.items()),
        "conclusion": state.conclusion or None,
    }


def _report(state: Report) -> dict[str, Any]:
    return {
        "status": state.status,
        "compiler": state.compiler,
        "holder": state.holder,
        "size": state.size,
        "entry": state.last,
    }


def _conduct(state: Conduct) -> dict[str, Any]:
    standing = state.standing()
    return {
        "account": state.account,
        "standing": standing.level,
        "published_in": standing.entries,
        "commended": state.commended,
        "cases": [_case(entry, case) for entry, case in sorted(state.cases.items())],
    }


def _case(entry: int, case: Case) -> dict[str, Any]:
    return {
        "entry": entry,
        "level": case.level,
        "rule": case.rule,
        "stage": case.stage,
        "reply_by": case.reply_by or None,
        "until": case.until,
        "objection": case.objection or None,
        "published_in": case.published,
        "first": case.first or None,
        "last": case.last or None,
    }


def _account(state: Account) -> dict[str, Any]:
    living = [key for key, life in state.keys.items() if life.ended is None]
    standing = state.recovery
    return {
        "legal_form": state.legal_form,
        "controller": state.controller,
        "keys": len(state.keys),
        "keys_valid": sorted(public for _, public in living),
        "custodial": all(state.keys[key].custodial for key in living),
        "recovered": state.is_recovered,
        "recovery_announced": None if standing is None else standing.announced,
        "recovery_not_before": None if standing is None else standing.not_before,
        "closed_in": state.closed,
        "successor": state.successor or None,
        "accepts_first": state.acceptance,
        "mandates": [
            {
                "since": index,
                "exchange": mandate.exchange,
                "until": mandate.until,
                "standards": mandate.standards,
            }
            for index, mandate in sorted(state.mandates.items())
        ],
        "freezes": [
            {
                "since": freeze.index,
                "authority": freeze.authority,
                "until": freeze.until,
                "lock": freeze.lock,
                "in_force": freeze == state.freezes_of(freeze.lock)[0],
                "orders": freeze.orders,
            }
            for freeze in state.freezes
        ],
        "ties": [
            {
                "since": index,
                "ground": tie.ground,
                "batch": tie.batch,
                "amount_g": tie.amount_g,
                "other": tie.other,
                "until": tie.until,
            }
            for index, tie in sorted(state.ties.items())
        ],
        "bonds": state.bonds,
        "notices": state.notices,
    }


def key_rows(state: Account) -> list[dict[str, Any]]:
    """The keys of an account, in the order in which they were added."""
    return [
        {
            "id": key_id(key),
            "suite": key[0],
            "public": key[1],
            "since": life.added,
            "until": life.ended,
            "custodial": life.custodial,
            "recovered": life.recovered,
        }
        for key, life in sorted(state.keys.items(), key=lambda item: (item[1].added, item[0]))
    ]


def _project(state: Project) -> dict[str, Any]:
    monitored = [
        {
            "period": period,
            "verifier": found.verifier,
            "verified_g": found.verified_g,
            "issued_g": found.issued_g,
        }
        for period, found in sorted(state.monitored.items())
    ]
    return {
        "status": state.status,
        "owner": state.owner,
        "standard": state.standard,
        "place": state.place,
        "crediting": state.crediting,
        "suspended_in": state.suspended,
        "validator": state.validator[0],
        "monitored": monitored,
    }


def _campaign(state: Campaign) -> dict[str, Any]:
    return {
        "status": state.status,
        "organiser": state.organiser,
        "standard": state.standard,
        "each_g": state.each_g,
        "deadline": state.deadline,
        "retire_only": state.retire_only,
        "public": state.public,
        "gifts": state.gifts,
        "funded_g": state.funded_g,
        "gifts_g": state.given_g,
        "returned_g": state.returned_g,
        "batches": sorted(state.batches),
        "unsettled": state.unsettled,
    }


def _order(state: Order) -> dict[str, Any]:
    terms = state.terms
    assert terms is not None
    return {
        "status": state.status,
        "basis": state.basis,
        "court": state.court,
        "account": state.account,
        "agent": state.agent,
        f"amount_{terms.unit}": terms.amount,
        f"performed_{terms.unit}": state.performed,
        "deadline": terms.deadline,
        "instalments": terms.instalments,
        "standards": state.standards,
        "regions": state.regions,
        "terms_set_in": terms.entry,
        "performed_in": state.performed_in,
        "defaulted_in": state.defaulted,
        "locked_g": state.locked_g,
        "lots": [
            {
                "batch": batch,
                "lock": lock,
                "amount_g": lot.amount_g,
                "left_g": lot.left_g,
                "performed_g": lot.performed_g,
            }
            for (batch, lock), lot in sorted(state.lots.items())
        ],
    }


def _batch(state: Batch) -> dict[str, Any]:
    waiting_g = sum(own.total_g for _, own in state.waiting.items())
    return {
        "status": state.status,
        "suspended_in": state.suspended,
        "credit_origin": state.origin,
        "standard": state.standard,
        "period": state.period,
        "project": state.project,
        "root": state.root,
        "depth": state.depth,
        "custodian": state.custodian,
        "expires": state.expires,
        "received_g": state.received_g,
        "held_g": state.held_g,
        "locked_g": state.locked_g,
        "waiting_g": waiting_g,
        "retired_g": state.retired_g,
        "cancelled_g": state.cancelled_g,
        "carved_g": state.carved_g,
        "holders": len(state.held),
        "locks": [
            {
                "entry": index,
                "ground": lock.ground,
                "owner": lock.owner,
                "left_g": lock.left.total_g,
            }
            for index, lock in sorted(state.locks.items())
        ],
    }


def entry_object(placed: Placed, name: str, source: Opened) -> dict[str, Any]:
    """What entry `placed` says in the stream `name`, and where else it does."""
    happened = [made for made in placed.happened() if made.stream == name]
    parts = placed.entry.intent.parts
    return {
        "index": placed.index,
        "position": happened[0].position,
        "time": words.utc_time(placed.entry.at_us),
        "at_us": placed.entry.at_us,
        "leaf": placed.leaf,
        "signers": [signer.account for signer in placed.entry.intent.signers],
        "events": [event_object(made, source) for made in happened],
        "together": [part.stream for part in parts if part.stream != name],
    }


def event_object(made: Happened, source: Opened) -> dict[str, Any]:
    """Kind, body, what is kept of what it commits to, and the outcome."""
    body = shape.body_of(made.event)
    hidden = {
        name: body[name] for name in shape.commitments(type(made.event)) if body[name] is not None
    }
    found = source.shown(list(hidden.values()))
    return {
        "kind": made.event.kind,
        "body": body,
        "opened": {name: found[one].value for name, one in hidden.items() if one in found},
        "hidden": sorted(name for name, one in hidden.items() if one not in found),
        "outcome": outcome_object(made.outcome),
    }
