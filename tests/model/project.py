"""`project`: listed, validated, registered, verified, issued; and standing still."""

from typing import Any

from tests.model.conduct import permits
from tests.model.plain import Act, say
from tests.model.standard import native


def listed(m: Any, act: Act, stream: str, body: Any, place: Any) -> Any:
    say(stream == f"project/{act.derived(place[0])}", "id")
    native(m, body["standard"])
    say(body["excluded"] == ["CCER", "CDM", "GEC", "PHCER", "VCS"], "may be counted elsewhere")
    permits(m, body["owner"], "list")
    over = m.accounts[body["owner"]]["over"]
    m.projects[stream] = {
        **body,
        "over": over,
        "status": "listed",
        "validator": None,
        "verified": {},
        "issued": {},
        "by": {},
    }
    return {"controller": over}


def _at(m: Any, stream: str, *stages: str) -> Any:
    say(stream in m.projects and m.projects[stream]["status"] in stages, "out of order")
    return m.projects[stream]


def _body(m: Any, act: Act) -> dict[str, Any]:
    account = act.signers[0][0]
    return {"body": account, "controller": m.accounts[account]["over"]}


def _another(own: dict[str, Any], account: str, over: str) -> None:
    say(own["body"] != account and own["controller"] != over, "the same body")


def _entered(act: Act, project: Any) -> Any:
    """The document entered beside, in the project's own standard."""
    ((standard, entered),) = act.told("standard.document_entered")
    say(standard == f"standard/{project['standard']}", "another standard")
    return entered["document"]


def validated(m: Any, act: Act, stream: str, _said: Any, _place: Any) -> Any:
    project, own = _at(m, stream, "listed"), _body(m, act)
    _another(own, project["owner"], project["over"])
    project |= {"status": "validated", "validator": own}
    return own


def registered(m: Any, act: Act, stream: str, _said: Any, _place: Any) -> None:
    project = _at(m, stream, "validated")
    say(_entered(act, project) == project["boundary"], "another boundary")
    project["status"] = "registered"


def verified(m: Any, act: Act, stream: str, body: Any, _place: Any) -> Any:
    project, own = _at(m, stream, "registered"), _body(m, act)
    _another(own, project["owner"], project["over"])
    _another(own, project["validator"]["body"], project["validator"]["controller"])
    first, last = body["period"]
    say(project["crediting"][0] <= first and last <= project["crediting"][1], "not credited")
    say(last <= act.today, "not yet happened")
    for one, other in project["verified"]:
        say(last < one or other < first, "periods overlap")
    _entered(act, project)
    project["verified"][first, last] = body["amount_g"]
    project["issued"][first, last] = 0
    project["by"][first, last] = own["body"]
    return own


def issued(m: Any, act: Act, stream: str, body: Any, _place: Any) -> None:
    project, period = _at(m, stream, "registered"), tuple(body["period"])
    say(project["by"].get(period) == act.signers[0][0], "not verified by who issues")
    project["issued"][period] += body["amount_g"]
    say(project["issued"][period] <= project["verified"][period], "issued above verified")
    batch = act.body("batch.issued")
    say(batch["holder"] == project["owner"], "not the owner")
    say(batch["standard"] == project["standard"], "another standard")


def suspended(m: Any, act: Act, stream: str, _said: Any, _place: Any) -> None:
    project = _at(m, stream, "listed", "validated", "registered")
    project |= {"status": "suspended", "stood": project["status"], "suspended": act.index}


def reinstated(m: Any, _act: Act, stream: str, body: Any, _place: Any) -> None:
    project = _at(m, stream, "suspended")
    say(body["means"][0] == project["suspended"], "another suspension")
    project["status"] = project["stood"]


def cancelled(m: Any, _act: Act, stream: str, _said: Any, _place: Any) -> None:
    _at(m, stream, "listed", "validated", "registered", "suspended")["status"] = "cancelled"
