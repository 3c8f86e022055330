"""`order`: what a court orders to be restored, what was bought and used up for it, and how far that is."""

from typing import Any

from tests.model.account import free, is_open
from tests.model.plain import Act, say

GIVES = {
    "judgment": {"court"},
    "mediation": {"court", "procuratorate"},
    "low_carbon_order": {"court", "procuratorate"},
    "administrative_decision": {"authority"},
}


def _terms(body: Any) -> dict[str, Any]:
    """Terms that can be: one amount, instalments that add up to it, none after the deadline."""
    amounts = [body["amount_g"], body["amount_fen"]]
    say(amounts.count(None) == 1, "one amount")
    amount = amounts[0] or amounts[1]
    instalments = body["instalments"]
    say(not instalments or sum(part for _, part in instalments) == amount, "instalments")
    say(all(day <= body["deadline"] for day, _ in instalments), "after the deadline")
    return {
        "unit": "g" if amounts[1] is None else "fen",
        "amount": amount,
        "deadline": body["deadline"],
        "instalments": instalments,
    }


def registered(m: Any, act: Act, stream: str, body: Any, place: Any) -> None:
    say(stream == f"order/{act.derived(place[0])}", "id")
    say(any((body["court"], role) in m.roles for role in GIVES[body["basis"]]), "role")
    _agent(m, body["agent"], body["account"])
    m.orders[stream] = {
        **{name: body[name] for name in ("court", "basis", "account", "agent")},
        "standards": body["standards"],
        "regions": body["regions"],
        "terms": _terms(body),
        "set": act.index,
        "status": "open",
        "lots": {},
        "last": None,
        "defaulted": None,
    }


def _agent(m: Any, agent: str | None, account: str) -> None:
    if agent is not None:
        say(agent != account, "agent of itself")
        is_open(m, agent)


def _at(m: Any, stream: str, body: Any, *statuses: str) -> Any:
    say(stream in m.orders and m.orders[stream]["status"] in statuses, "out of order")
    order = m.orders[stream]
    say(body.get("court") in (None, order["court"]), "another court")
    say(body.get("account") in (None, order["account"]), "another account")
    return order


def bought(m: Any, act: Act, stream: str, body: Any, _place: Any) -> None:
    order = _at(m, stream, body, "open")
    say(body["buyer"] in (order["account"], order["agent"]), "another buyer")
    say(body["standard"] in order["standards"], "another standard")
    claims = m.standards[f"standard/{body['standard']}"]["claims"]
    say("restoration" in claims, "not for restoration")
    project = body["project"]
    say(project is None or project == act.outcome("batch.locked")["project"], "another project")
    place = m.projects[project]["place"] if project in m.projects else ""
    say(not order["regions"] or any(_within(place, one) for one in order["regions"]), "elsewhere")
    say(order["terms"]["unit"] == "g" or body["cost_fen"] is not None, "no cost")
    order["lots"][body["batch"], act.index] = {
        "grams": body["amount_g"],
        "cost": body["cost_fen"],
        "left": body["amount_g"],
        "performed": 0,
    }


def _within(place: str, region: str) -> bool:
    for zeros, digits in (("0000", 2), ("00", 4)):
        if region.endswith(zeros):
            return place[:digits] == region[:digits]
    return place == region


def _done(order: Any) -> int:
    """What is performed, as the terms count."""
    lots = order["lots"].values()
    if order["terms"]["unit"] == "g":
        return sum(lot["performed"] for lot in lots)
    return sum(lot["cost"] * lot["performed"] // lot["grams"] for lot in lots)


def performed(m: Any, act: Act, stream: str, body: Any, _place: Any) -> Any:
    order = _at(m, stream, body, "open")
    free(m, order["account"], stream)
    used = []
    for batch, own in act.told("batch.lock_retired"):
        lot = order["lots"].get((batch, own["means"][0]))
        say(lot is not None, "not bought")
        assert lot is not None
        say(own["amount_g"] <= lot["left"], "more than is left")
        lot["left"] -= own["amount_g"]
        lot["performed"] += own["amount_g"]
        used.append([batch, own["means"][0], own["amount_g"]])
    say(body["amount_g"] == sum(grams for _, _, grams in used), "amount")
    certificate = act.body("certificate.issued")
    administrative = order["basis"] == "administrative_decision"
    ground = "administrative_order" if administrative else "court_order"
    say((certificate["ground"], certificate["purpose"]) == (ground, "restoration"), "ground")
    say(certificate["beneficiary"] is None, "beneficiary named")
    order["last"] = act.index
    return {"lots": used, f"performed_{order['terms']['unit']}": _done(order)}


def enforced(m: Any, act: Act, stream: str, body: Any, place: Any) -> Any:
    say(_at(m, stream, body, "open")["defaulted"] is not None, "no default")
    return performed(m, act, stream, body, place)


def _meant(order: Any, body: Any) -> None:
    say(body["means"][0] == order["set"], "other terms meant")


def amended(m: Any, act: Act, stream: str, body: Any, _place: Any) -> None:
    order, terms = _at(m, stream, body, "open"), _terms(body)
    _meant(order, body)
    say(terms["unit"] == order["terms"]["unit"], "another unit")
    order |= {"terms": terms, "set": act.index, "defaulted": None}


def substituted(m: Any, _act: Act, stream: str, body: Any, _place: Any) -> None:
    order = _at(m, stream, body, "open")
    _meant(order, body)
    _agent(m, body["agent"], order["account"])
    order["agent"] = body["agent"]


def defaulted(m: Any, act: Act, stream: str, body: Any, _place: Any) -> None:
    order = _at(m, stream, body, "open")
    _meant(order, body)
    terms = order["terms"]
    due = sum(part for day, part in terms["instalments"] if day < act.today)
    due = terms["amount"] if act.today > terms["deadline"] else due
    say(due > _done(order), "nothing is overdue")
    order["defaulted"] = act.index


def withdrawn(m: Any, _act: Act, stream: str, body: Any, _place: Any) -> None:
    order = _at(m, stream, body, "open")
    _meant(order, body)
    order["status"] = "withdrawn"


def confirmed(m: Any, _act: Act, stream: str, body: Any, _place: Any) -> None:
    order = _at(m, stream, body, "open")
    say(_done(order) >= order["terms"]["amount"], "not performed")
    say(body["means"][0] == order["last"], "another performance meant")
    order["status"] = "confirmed"


def _lot_shrinks(order: Any, body: Any) -> None:
    lot = order["lots"].get((body["batch"], body["means"][0]))
    say(lot is not None, "not bought")
    assert lot is not None
    say(body["amount_g"] <= lot["left"], "more than is left")
    lot["left"] -= body["amount_g"]


def released(m: Any, _act: Act, stream: str, body: Any, _place: Any) -> None:
    _lot_shrinks(_at(m, stream, body, "withdrawn", "confirmed"), body)


def lost(m: Any, _act: Act, stream: str, body: Any, _place: Any) -> None:
    _lot_shrinks(_at(m, stream, body, "open", "withdrawn", "confirmed"), body)


def closed(m: Any, _act: Act, stream: str, body: Any, _place: Any) -> None:
    order = _at(m, stream, body, "withdrawn", "confirmed")
    say(all(lot["left"] == 0 for lot in order["lots"].values()), "grams are locked")
    order["status"] = "closed"
