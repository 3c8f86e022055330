"""`activity`: filed, received, accounted, offset, confirmed, published."""

from typing import Any

from tests.model.plain import Act, say

CONFIRM = {"platform": {"operator"}, "institution": {"validator", "verifier"}}


def filed(m: Any, act: Act, stream: str, body: Any, place: Any) -> Any:
    say(stream == f"activity/{act.derived(place[0])}", "id")
    say(body["begins"] <= body["ends"], "ends before it begins")
    m.activities[stream] = {
        "organiser": body["organiser"],
        "ends": body["ends"],
        "status": "filed",
        "filed": act.index,
        "received": None,
        "emissions": None,
        "measures": False,
        "offsets": {},
    }
    return {"late": act.today >= body["begins"]}


def _at(m: Any, stream: str, body: Any, *statuses: str) -> Any:
    say(stream in m.activities and m.activities[stream]["status"] in statuses, "out of order")
    activity = m.activities[stream]
    say(body.get("organiser") in (None, activity["organiser"]), "another organiser")
    return activity


def _stranger(m: Any, account: str, organiser: str) -> None:
    same = m.accounts[account]["over"] == m.accounts[organiser]["over"]
    say(account != organiser and not same, "an account of one's own")


def received(m: Any, act: Act, stream: str, body: Any, _place: Any) -> None:
    activity = _at(m, stream, body, "filed", "confirmed")
    say(body["means"][0] == activity["filed"], "another entry meant")
    say(activity["received"] is None, "received already")
    _stranger(m, body["authority"], body["organiser"])
    activity["received"] = act.index


def accounted(m: Any, _act: Act, stream: str, body: Any, _place: Any) -> None:
    _at(m, stream, body, "filed")["emissions"] = body["emissions_g"]


def measures_stated(m: Any, _act: Act, stream: str, body: Any, _place: Any) -> None:
    _at(m, stream, body, "filed")["measures"] = True


def offset(m: Any, _act: Act, stream: str, body: Any, _place: Any) -> None:
    activity = _at(m, stream, body, "filed")
    say(body["certificate"] not in activity["offsets"], "offsets already")
    activity["offsets"][body["certificate"]] = body["amount_g"]


def offset_lost(m: Any, _act: Act, stream: str, body: Any, _place: Any) -> None:
    activity = _at(m, stream, body, "filed", "confirmed", "published")
    say(body["certificate"] in activity["offsets"], "no offset")
    say(activity["offsets"].pop(body["certificate"]) == body["amount_g"], "amount")
    activity["status"] = "filed"


def confirmed(m: Any, act: Act, stream: str, body: Any, _place: Any) -> Any:
    activity = _at(m, stream, body, "filed")
    confirmer, mode = body["confirmer"], body["mode"]
    say(activity["ends"] <= act.today, "not yet happened")
    if mode == "self":
        say(confirmer == body["organiser"], "not the organiser")
    else:
        say(any((confirmer, role) in m.roles for role in CONFIRM[mode]), "role")
        _stranger(m, confirmer, body["organiser"])
    emissions, used = activity["emissions"], sum(activity["offsets"].values())
    say(emissions is not None, "not accounted")
    say(used > 0, "nothing retired")
    activity["status"] = "confirmed"
    return {
        "emissions_g": emissions,
        "kind": "neutral" if activity["measures"] and used >= emissions else "partial",
        "percent_hundredths": min(10_000, 10_000 * used // emissions),
        "retired_g": used,
        "surplus_g": max(0, used - emissions),
    }


def published(m: Any, _act: Act, stream: str, body: Any, _place: Any) -> None:
    activity = _at(m, stream, body, "confirmed")
    say(m.reports.get(body["report"], {"status": ""})["status"] == "accepted", "not accepted")
    activity["status"] = "published"
