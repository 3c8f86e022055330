"""`campaign`: opened, funded, given, returned, closed."""

from datetime import date, timedelta
from typing import Any

from tests.model.conduct import permits
from tests.model.plain import Act, say


def opened(m: Any, act: Act, stream: str, body: Any, place: Any) -> None:
    say(stream == f"campaign/{act.derived(place[0])}", "id")
    permits(m, body["organiser"], "give")
    standard = m.standards.get(f"standard/{body['standard']}", {"credit_class": "allowance"})
    say(standard["credit_class"] != "allowance", "no standard to give of")
    say(act.today <= body["deadline"], "deadline passed")
    latest = date.fromisoformat(act.today) + timedelta(days=731)
    say(body["deadline"] <= latest.isoformat(), "deadline too late")
    m.campaigns[stream] = {**body, "closed": False, "funded": {}, "gifts": 0}


def _open(m: Any, stream: str, body: Any) -> Any:
    say(stream in m.campaigns and not m.campaigns[stream]["closed"], "out of order")
    say(m.campaigns[stream]["organiser"] == body["organiser"], "another organiser")
    return m.campaigns[stream]


def _funded(campaign: Any, body: Any, beside: Any) -> Any:
    """What was funded with the batch, by the lock that is meant beside."""
    own = campaign["funded"].get(body["batch"])
    say(own is not None, "not funded")
    say(beside["means"][0] == own["lock"], "another lock")
    return own


def funded(m: Any, act: Act, stream: str, body: Any, _place: Any) -> None:
    campaign = _open(m, stream, body)
    say(act.today <= campaign["deadline"], "deadline passed")
    say(body["standard"] == campaign["standard"], "another standard")
    campaign["funded"][body["batch"]] = {
        "lock": act.index,
        "grams": body["amount_g"],
        "given": 0,
        "returned": 0,
        "settled": False,
    }


def given(m: Any, act: Act, stream: str, body: Any, _place: Any) -> None:
    campaign = _open(m, stream, body)
    say(act.today <= campaign["deadline"], "deadline passed")
    permits(m, body["organiser"], "give")
    beside = act.body("batch.given")
    own = _funded(campaign, body, beside)
    say(beside["retire_only"] == campaign["retire_only"], "other terms")
    rows = act.rows[0, 0]
    said = [body["count"], body["amount_g"]]
    say(said == [len(rows), sum(row[2] for row in rows)], "other amounts than the rows")
    say(all(campaign["each_g"] in (None, row[2]) for row in rows), "another gift")
    own["given"] += body["amount_g"]
    campaign["gifts"] += body["count"]


def returned(m: Any, act: Act, stream: str, body: Any, _place: Any) -> Any:
    campaign = _open(m, stream, body)
    say(act.today > campaign["deadline"], "before the deadline")
    own = _funded(campaign, body, act.body("batch.returned"))
    say(not own["settled"], "nothing left")
    own["returned"] += body["amount_g"]
    left_g = act.outcome("batch.returned")["left_g"]
    own["settled"] = left_g == 0
    return {"left_g": left_g}


def closed(m: Any, _act: Act, stream: str, body: Any, _place: Any) -> None:
    campaign = _open(m, stream, body)
    say(all(own["settled"] for own in campaign["funded"].values()), "gifts left")
    campaign["closed"] = True
