"""`certificate`: of a retirement, of one for many, of an honour, of a conclusion; and what is said of them later."""

from calendar import monthrange
from hashlib import sha256
from typing import Any

import msgpack

from tests.model.plain import Act, say, short, years_later

EVENTS = ("MEE-2019-19", {"meeting", "activity", "competition", "exhibition"})
ORGANISATIONS = (
    "ISO14068-1:2023",
    {
        "enterprise",
        "public_body",
        "product_footprint",
        "scenic_area",
        "zero_carbon_branch",
        "zero_carbon_meeting_room",
        "zero_carbon_scene",
    },
)
RETIREMENTS = {
    "batch.retired.v1": "holder",
    "batch.claim_retired.v1": "holder",
    "batch.lock_retired.v1": "owner",
    "batch.retirement_imported.v1": "holder",
}
ORDERED = {"court_order", "administrative_order"}


# ---- verdicts


def claim_verdict(purpose: str, period: Any, window: tuple[str, str]) -> list[str] | None:
    """Whether the period claimed was over, and not long ago, on the days judged."""
    norm = _norm(purpose)
    if norm is None:
        return None
    result, reason = _claimed(norm, period, *window)
    return [norm, "claim", result, reason]


def _norm(purpose: str) -> str | None:
    return next((name for name, served in (EVENTS, ORGANISATIONS) if purpose in served), None)


def _claimed(norm: str, period: Any, first: str, last: str) -> tuple[str, str]:
    before = norm == EVENTS[0]
    if period is None:
        return "undecidable", "no_period"
    end = period[1]
    if last < end:
        return ("pass", "pre_offset") if before else ("flag", "early")
    if first < end:
        return ("pass" if before else "undecidable"), "month_too_coarse"
    return _not_after(first, last, years_later(end, 1), "late")


def _not_after(first: str, last: str, limit: str, reason: str) -> tuple[str, str]:
    if first > limit:
        return "flag", reason
    return ("undecidable", "month_too_coarse") if last > limit else ("pass", "")


def credits_verdict(purpose: str, period: Any, window: tuple[str, str]) -> list[str] | None:
    """Whether the reductions had happened, and not too long ago, on the days judged."""
    first, last = window
    norm, end = _norm(purpose), period[1]
    if norm != ORGANISATIONS[0]:
        return None
    if last < end:
        result, reason = "flag", "not_yet_happened"
    elif first < end:
        result, reason = "undecidable", "month_too_coarse"
    else:
        result, reason = _not_after(first, last, years_later(end, 5), "too_old")
    return [norm, "credits", result, reason]


def _once(found: list[Any]) -> list[Any]:
    return [one for n, one in enumerate(found) if one is not None and one not in found[:n]]


def _window(act: Act, body: Any) -> tuple[str, str]:
    if "month" not in body:
        return act.today, act.today
    year, month = map(int, body["month"].split("-"))
    return f"{body['month']}-01", f"{body['month']}-{monthrange(year, month)[1]:02}"


def _allowed(m: Any, verdicts: list[Any]) -> None:
    named = m.policies.get(("verdicts_forbidden", ""), {"codes": []})["codes"]
    for norm, rule, result, _ in verdicts:
        say(f"{norm}/{rule}/{result}" not in named, "verdict forbidden")


# ---- what begins one


def _new(m: Any, act: Act, stream: str, place: Any) -> None:
    say(stream == f"certificate/{act.derived(place[0])}", "id")
    say(stream not in m.certificates, "certificate exists")


def _born(m: Any, stream: str, act: Act, **said: Any) -> dict[str, Any]:
    m.certificates[stream] = {
        "issued": act.index,
        "home": set(),
        "purpose": None,
        "ground": None,
        "period": None,
        "named": False,
        "custodial": False,
        "recovered": False,
        "verdicts": [],
        "retired": None,
        "assigned": None,
        "witnesses": set(),
        "confirmed": None,
        "former": None,
        **said,
    }
    return m.certificates[stream]


def _key_of(m: Any, act: Act, holder: str) -> tuple[bool, bool]:
    """What of the holder's key: kept by the operator, and come by recovery."""
    if holder.startswith("bearer/"):
        return False, False
    own = [signer for signer in act.signers if signer[0] == holder] or act.signers
    account, key = own[0]
    known = m.accounts[account]
    return known["custodial"][key], known["recovered"][key]


def _retired(m: Any, act: Act, stream: str, body: Any, place: Any, *, status: str) -> Any:
    """The certificate of the retirements of an act, and what is recorded of it."""
    used = [(kind, own, came) for _, kind, own, came in act.came if kind in RETIREMENTS]
    _new(m, act, stream, place)
    for kind, own, _ in used:
        if kind != "batch.retirement_imported.v1":
            _accepted(m, kind, own, body)
    verdicts = []
    for _, own, came in used:
        window = _window(act, own)
        verdicts.append(claim_verdict(body["purpose"], body["period"], window))
        verdicts.append(credits_verdict(body["purpose"], came["period"], window))
    verdicts = _once(verdicts)
    if all(kind != "batch.retirement_imported.v1" for kind, _, _ in used):
        _allowed(m, verdicts)
    (holder,) = {own[RETIREMENTS[kind]] for kind, own, _ in used}
    custodial, recovered = _key_of(m, act, holder)
    return _born(
        m,
        stream,
        act,
        status=status,
        holder=holder,
        amount_g=sum(own["amount_g"] for _, own, _ in used),
        home={own["standard"] for _, own, came in used if came["origin"] == "deposited"},
        purpose=body["purpose"],
        ground=body["ground"],
        period=body["period"],
        named=body.get("beneficiary") is not None,
        custodial=custodial,
        recovered=recovered,
        verdicts=verdicts,
    )


def _accepted(m: Any, kind: str, own: Any, body: Any) -> None:
    if kind == "batch.lock_retired.v1":
        say(body["ground"] in ORDERED and body["purpose"] == "restoration", "ground")
    else:
        say(body["ground"] not in ORDERED and body["purpose"] != "restoration", "order needed")
    claims = m.standards[f"standard/{own['standard']}"]["claims"]
    say(body["purpose"] in claims, "claim not accepted")


def _recorded(shown: Any, *names: str) -> dict[str, Any]:
    told = {name: shown[name] for name in names}
    return told | ({"home": sorted(told["home"])} if "home" in told else {})


def issued(m: Any, act: Act, stream: str, body: Any, place: Any) -> Any:
    shown = _retired(m, act, stream, body, place, status="issued")
    return _recorded(shown, "amount_g", "custodial", "holder", "home", "recovered", "verdicts")


def shared(m: Any, act: Act, stream: str, body: Any, place: Any) -> Any:
    shown = _retired(m, act, stream, body, place, status="group")
    say(body["rows"]["total_g"] == shown["amount_g"], "amount")
    shown |= {
        "author": act.signers[0][0],
        "nonce": act.nonce,
        "part": place[0],
        "day": act.today,
        "retired": [act.today, act.today],
        "root": body["rows"]["root"],
        "count": body["rows"]["count"],
        "log": act.log,
    }
    names = ("amount_g", "custodial", "holder", "home", "recovered", "verdicts")
    return _recorded(shown, *names, "author", "nonce", "part", "day")


def row_shown(m: Any, _act: Act, stream: str, body: Any, _place: Any) -> Any:
    group = m.certificates.get(stream, {"status": ""})
    say(group["status"] == "group", "out of order")
    number, path = body["number"], body["path"]
    say(number < group["count"], "no such row")
    say(_root(body["row"], number, group["count"], path) == group["root"], "not a row of it")
    amount_g = msgpack.unpackb(body["row"])[2]
    own = ["carbon-registry/id/v1", group["log"], group["author"], group["nonce"]]
    names = ("custodial", "day", "ground", "holder", "home", "period", "purpose", "recovered")
    return {
        **_recorded(group, *names, "verdicts"),
        "amount_g": amount_g,
        "certificate": "certificate/" + short([*own, group["part"], number]),
    }


def _root(row: bytes, number: int, count: int, path: bytes) -> bytes:
    """Where a path leads, from a leaf upwards."""
    found = sha256(b"\x00" + row).digest()
    hashes = [path[start : start + 32] for start in range(0, len(path), 32)]
    last = count - 1
    while last:
        if number % 2 or number < last:
            say(hashes, "path too short")
            beside = hashes.pop(0)
            pair = beside + found if number % 2 else found + beside
            found = sha256(b"\x01" + pair).digest()
        number, last = number // 2, last // 2
    say(not hashes, "path too long")
    return found


def adopted(m: Any, act: Act, stream: str, _body: Any, _place: Any) -> Any:
    shown = dict(act.outcome("certificate.row_shown"))
    say(stream == shown.pop("certificate"), "another number")
    say(stream not in m.certificates, "certificate exists")
    day = [shown["day"], shown["day"]]
    own = {name: value for name, value in shown.items() if name != "day"}
    own["home"] = set(shown["home"])
    _born(m, stream, act, status="issued", named=True, retired=day, **own)
    return shown


def honoured(m: Any, act: Act, stream: str, body: Any, place: Any) -> None:
    _new(m, act, stream, place)
    own = {"holder": body["donor"], "amount_g": body["amount_g"]}
    _born(m, stream, act, status="honour", **own)


def concluded(m: Any, act: Act, stream: str, _body: Any, place: Any) -> Any:
    _new(m, act, stream, place)
    came, own = act.outcome("activity.confirmed"), act.body("activity.confirmed")
    said = {"amount_g": came["retired_g"], "holder": own["organiser"]}
    _born(m, stream, act, status="conclusion", **said)
    return {**said, "kind": came["kind"]}


# ---- what is said later


def _shown(m: Any, stream: str, body: Any, *statuses: str) -> Any:
    say(stream in m.certificates and m.certificates[stream]["status"] in statuses, "out of order")
    say(body["means"][0] == m.certificates[stream]["issued"], "another entry meant")
    return m.certificates[stream]


def home_cancelled(m: Any, act: Act, stream: str, body: Any, _place: Any) -> None:
    shown = _shown(m, stream, body, "issued", "group")
    say(body["standard"] in shown["home"], "nothing awaited")
    say(body["day"] <= act.today, "not yet happened")
    shown["home"].discard(body["standard"])


def replaced(m: Any, act: Act, stream: str, body: Any, _place: Any) -> Any:
    shown = _shown(m, stream, body, "issued")
    named = act.body("certificate.reissued")["beneficiary"] is not None
    say(named == shown["named"], "statement")
    return _replaced(act, shown)


def beneficiary_replaced(m: Any, act: Act, stream: str, body: Any, _place: Any) -> Any:
    return _replaced(act, _shown(m, stream, body, "issued"))


def _replaced(act: Act, shown: Any) -> Any:
    new = act.body("certificate.reissued")
    for name in ("holder", "amount_g", "purpose", "ground"):
        say(new[name] == shown[name], "statement")
    say(shown["ground"] not in ORDERED or new["beneficiary"] is None, "beneficiary named")
    first, last = new["retired"]
    whole = f"{first[:7]}-{monthrange(int(first[:4]), int(first[5:7]))[1]:02}"
    say(first == last or (first.endswith("-01") and last == whole), "a day or a month")
    say(first <= act.today, "not yet happened")
    say(shown["retired"] in (None, [first, last]), "other dates")
    old = claim_verdict(shown["purpose"], shown["period"], (first, last))
    say(old is None or old in shown["verdicts"], "other dates")
    shown["status"] = "replaced"
    return {
        **_recorded(shown, "custodial", "home", "recovered", "verdicts"),
        "assigned": shown["assigned"],
    }


def reissued(m: Any, act: Act, stream: str, body: Any, place: Any) -> Any:
    _new(m, act, stream, place)
    ((_, kind, _, came),) = [one for one in act.came if one[0] == body["replaces"]]
    say(kind.split(".")[1] in {"replaced", "beneficiary_replaced"}, "nothing replaced")
    claim = claim_verdict(body["purpose"], body["period"], tuple(body["retired"]))
    verdicts = _once([claim, *(one for one in came["verdicts"] if one[1] == "credits")])
    _allowed(m, verdicts)
    shown = _born(
        m,
        stream,
        act,
        status="issued",
        named=body["beneficiary"] is not None,
        verdicts=verdicts,
        home=set(came["home"]),
        **{name: came[name] for name in ("assigned", "custodial", "recovered")},
        **{
            name: body[name]
            for name in ("holder", "amount_g", "purpose", "ground", "period", "retired")
        },
    )
    names = ("amount_g", "custodial", "holder", "home", "recovered", "verdicts", "assigned")
    return _recorded(shown, *names)


def annulled(m: Any, act: Act, stream: str, body: Any, _place: Any) -> None:
    shown = _shown(m, stream, body, "issued", "group", "honour", "conclusion")
    lost = list(act.told("activity.offset_lost"))
    expected = [shown["assigned"]] if shown["assigned"] else []
    say([[where, own["certificate"]] for where, own in lost] == expected, "offset stands")
    shown["status"] = "annulled"


annulled_by_court = annulled


def _witnessed(m: Any, stream: str, body: Any, *exchanges: str) -> None:
    shown = _shown(m, stream, body, "issued", "group", "conclusion")
    for exchange in exchanges:
        say(exchange != shown["holder"], "an account of one's own")
        say(exchange not in shown["witnesses"], "witnessed already")
        shown["witnesses"].add(exchange)


def witnessed(m: Any, _act: Act, stream: str, body: Any, _place: Any) -> None:
    _witnessed(m, stream, body, body["exchange"])


def jointly_witnessed(m: Any, _act: Act, stream: str, body: Any, _place: Any) -> None:
    _witnessed(m, stream, body, body["exchange"], body["other"])


def confirmed(m: Any, act: Act, stream: str, body: Any, _place: Any) -> None:
    shown = _shown(m, stream, body, "issued")
    say(shown["ground"] in ORDERED, "no order")
    say(shown["confirmed"] is None, "confirmed already")
    shown["confirmed"] = act.index


def numbered_before(m: Any, _act: Act, stream: str, body: Any, _place: Any) -> None:
    shown = _shown(m, stream, body, "issued")
    say(body["holder"] == shown["holder"], "another holder")
    say(shown["former"] is None, "numbered already")
    shown["former"] = body["number"]


def assigned(m: Any, act: Act, stream: str, body: Any, _place: Any) -> None:
    shown = _shown(m, stream, body, "issued")
    say(shown["ground"] not in ORDERED, "not an offset")
    say(shown["assigned"] is None, "assigned already")
    say(body["holder"] == shown["holder"], "another holder")
    say(act.body("activity.offset")["amount_g"] == shown["amount_g"], "amount")
    shown["assigned"] = [body["activity"], stream]
