"""`report`: what was compiled goes up, and comes back."""

from typing import Any

from tests.model.plain import Act, say


def compiled(m: Any, act: Act, stream: str, body: Any, place: Any) -> None:
    say(stream == f"report/{act.derived(place[0])}", "id")
    say(body["first"] <= body["last"], "period")
    say(1 <= body["size"] <= act.index, "size")
    m.reports[stream] = {
        "status": "compiled",
        "compiler": body["compiler"],
        "turn": body["compiler"],
        "last": act.index,
        "size": body["size"],
    }


def _next(m: Any, act: Act, stream: str, body: Any, by: str, **after: list[str]) -> Any:
    """The report, of which its last entry is meant, by whose turn it is."""
    ((status, stages),) = after.items()
    say(stream in m.reports and m.reports[stream]["status"] in stages, "out of order")
    report = m.reports[stream]
    say(body["means"][0] == report["last"], "another entry meant")
    say(body[by] == report["turn"], "not their turn")
    report |= {"status": status, "last": act.index}
    return report


def submitted(m: Any, act: Act, stream: str, body: Any, _place: Any) -> None:
    stages = ["compiled", "amended", "accepted"]
    report = _next(m, act, stream, body, "submitter", submitted=stages)
    say(body["to"] != body["submitter"], "to itself")
    say((body["to"], "authority") in m.roles, "no authority")
    report["turn"] = body["to"]


def returned(m: Any, act: Act, stream: str, body: Any, _place: Any) -> None:
    report = _next(m, act, stream, body, "authority", returned=["submitted"])
    report["turn"] = report["compiler"]


def accepted(m: Any, act: Act, stream: str, body: Any, _place: Any) -> None:
    _next(m, act, stream, body, "authority", accepted=["submitted"])


def amended(m: Any, act: Act, stream: str, body: Any, _place: Any) -> None:
    stages = ["compiled", "amended", "returned"]
    report = _next(m, act, stream, body, "compiler", amended=stages)
    say(report["size"] <= body["size"] <= act.index, "size")
    report["size"] = body["size"]
