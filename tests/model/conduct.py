"""`conduct`: cases from finding to end, and what a standing forbids."""

from typing import Any

from tests.model.plain import Act, say, working_days_between
from tests.model.registry import codes_of


def forbids(m: Any, account: str, doing: str) -> bool:
    """Whether what is in force against an account forbids a doing."""
    return any(
        case["level"] == level and case["from"] and not case["to"]
        for level in ("blacklist", "breach")
        if doing in codes_of(m, f"{level}_forbids")
        for case in m.conduct.get(account, {}).values()
    )


def permits(m: Any, account: str, doing: str) -> None:
    say(not forbids(m, account, doing), f"{doing} is forbidden by a standing")


def _case(m: Any, stream: str, body: Any, *stages: str) -> Any:
    """The case that is meant, which stands at one of these stages."""
    say(body["account"].split("/")[1] == stream.split("/")[1], "another account")
    case = m.conduct.get(body["account"], {}).get(body["means"][0])
    say(case is not None, "no such finding")
    assert case is not None
    say(case["stage"] in stages, "out of order")
    return case


def _in_office(m: Any, act: Act, body: Any, level: str = "") -> str:
    """The controller of the author, who is a stranger to the account, and the authority if it is a black list."""
    author = act.signers[0][0]
    over = m.accounts[author]["over"]
    about = m.accounts.get(body["account"], {"over": None})
    say(author != body["account"] and over != about["over"], "an account of one's own")
    say(level != "blacklist" or (author, "authority") in m.roles, "no authority")
    return str(over)


def found(m: Any, act: Act, stream: str, body: Any, _place: Any) -> Any:
    account = body["account"]
    say(account.split("/")[1] == stream.split("/")[1], "another account")
    say(account in m.accounts, "never opened")
    over = _in_office(m, act, body, body["level"])
    say(body["level"] != "blacklist" or body["legal_basis"] is not None, "no legal basis")
    case = {
        "level": body["level"],
        "stage": "found",
        "finder": over,
        "objected": None,
        "from": "",
        "to": "",
    }
    m.conduct.setdefault(account, {})[act.index] = case
    return {"controller": over}


def notified(m: Any, act: Act, stream: str, body: Any, _place: Any) -> None:
    case = _case(m, stream, body, "found")
    _in_office(m, act, body, case["level"])
    say(working_days_between(act.today, body["reply_by"]) >= 5, "too little time to reply")
    case |= {"stage": "notified", "reply_by": body["reply_by"]}


def heard(m: Any, _act: Act, stream: str, body: Any, _place: Any) -> None:
    _case(m, stream, body, "notified", "heard")["stage"] = "heard"


def hearing_waived(m: Any, act: Act, stream: str, body: Any, _place: Any) -> None:
    case = _case(m, stream, body, "notified")
    _in_office(m, act, body)
    say(case["reply_by"] < act.today, "too early")
    case["stage"] = "heard"


def decided(m: Any, act: Act, stream: str, body: Any, _place: Any) -> Any:
    case = _case(m, stream, body, "heard")
    over = _in_office(m, act, body, case["level"])
    say(over != case["finder"], "who found decides")
    upheld = body["result"] == "upheld"
    basis = body["legal_basis"] is not None
    say(not upheld or case["level"] != "blacklist" or basis, "no legal basis")
    case |= {"stage": body["result"], "decider": over, "until": body["until"]}
    return {"controller": over}


def published(m: Any, act: Act, stream: str, body: Any, _place: Any) -> Any:
    case = _case(m, stream, body, "upheld")
    _in_office(m, act, body, case["level"])
    case |= {"stage": "in force", "from": act.today}
    return {"day": act.today}


def objected(m: Any, _act: Act, stream: str, body: Any, _place: Any) -> None:
    case = _case(m, stream, body, "upheld", "in force")
    say(case["objected"] is None, "objected before")
    case["objected"] = "waits"


def reviewed(m: Any, act: Act, stream: str, body: Any, _place: Any) -> Any:
    case = _case(m, stream, body, "upheld", "in force")
    say(case["objected"] == "waits", "no objection waits")
    over = _in_office(m, act, body, case["level"])
    say(over != case["decider"], "who decided reviews")
    case["objected"] = "answered"
    if body["result"] == "revoked":
        case |= {"stage": "revoked", "to": act.today}
    return {"day": act.today}


def _over(m: Any, act: Act, body: Any, case: Any, stage: str) -> Any:
    _in_office(m, act, body, case["level"])
    case |= {"stage": stage, "to": act.today}
    return {"day": act.today}


def repaired(m: Any, act: Act, stream: str, body: Any, _place: Any) -> Any:
    return _over(m, act, body, _case(m, stream, body, "in force"), "repaired")


def revoked(m: Any, act: Act, stream: str, body: Any, _place: Any) -> Any:
    stages = ("found", "notified", "heard", "upheld", "in force")
    return _over(m, act, body, _case(m, stream, body, *stages), "revoked")


def ended(m: Any, act: Act, stream: str, body: Any, _place: Any) -> Any:
    case = _case(m, stream, body, "in force")
    say(case["until"] is not None, "no term")
    say(case["until"] < act.today, "too early")
    if act.signers[0][0] != body["account"]:
        _in_office(m, act, body)
    case |= {"stage": "ended", "to": act.today}
    return {"day": act.today}


def commended(m: Any, act: Act, stream: str, body: Any, _place: Any) -> None:
    say(body["account"].split("/")[1] == stream.split("/")[1], "another account")
    _in_office(m, act, body)
