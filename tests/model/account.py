"""`account`: keys and recovery, mandates, ties, freezes, ends."""

from datetime import date, timedelta
from typing import Any

from tests.model.conduct import permits
from tests.model.plain import Act, say, working_days_between


def begun(m: Any, account: str) -> Any:
    say(account in m.accounts, "never opened")
    return m.accounts[account]


def is_open(m: Any, account: str) -> Any:
    say(begun(m, account)["closed"] is None, "closed")
    return m.accounts[account]


def unfrozen(m: Any, act: Act, stream: str, body: Any, _place: Any) -> None:
    freeze = _freeze(m, stream, body)
    say(freeze["authority"] == body["authority"], "another authority")
    _lifted(m, act, stream, body["means"][0])


def in_force(m: Any, account: str) -> Any:
    """The freeze of the whole account that is in force, if one is."""
    whole = [freeze for freeze in m.accounts[account]["freezes"].values() if freeze["on"] is None]
    return whole[0] if whole else None


def free(m: Any, account: str, order: str = "") -> None:
    if account in m.accounts:
        freeze = in_force(m, account)
        say(freeze is None or order in freeze["orders"], "frozen")


def opened(m: Any, act: Act, stream: str, body: Any, place: Any) -> None:
    say(stream not in m.accounts, "open already")
    if "uscc-" in stream:
        say(closes(stream[-18:]), "organisation code")
    else:
        say(stream == f"account/{act.derived(place[0])}", "id")
    over = body["controller"]
    if over != stream:
        say(act.index > 0 and is_open(m, over)["over"] == over, "controller")
    m.accounts[stream] = {
        "form": body["legal_form"],
        "over": over,
        "keys": {},
        "custodial": {},
        "recovered": {},
        "announced": None,
        "closed": None,
        "successor": None,
        "acceptance": False,
        "mandates": {},
        "freezes": {},
        "ties": {},
        "bound": set(),
    }
    key_added(m, act, stream, body, place)


def key_added(m: Any, act: Act, stream: str, body: Any, _place: Any, *, came: bool = False) -> None:
    account, key = begun(m, stream), tuple(body["key"])
    say(key not in account["keys"], "key known")
    speaking = [own for own, (_, ended) in account["keys"].items() if ended is None]
    account["recovered"][key] = came or any(account["recovered"][own] for own in speaking)
    account["keys"][key] = [act.index, None]
    account["custodial"][key] = body["custodial"]


def key_ended(m: Any, act: Act, stream: str, body: Any, _place: Any) -> None:
    keys = begun(m, stream)["keys"]
    life = keys.get(tuple(body["key"]), [0, 0])
    say(life[1] is None, "no such key")
    life[1] = act.index
    say(any(ended is None for _, ended in keys.values()), "no key left")


def _all_keys_end(m: Any, act: Act, stream: str) -> None:
    for life in m.accounts[stream]["keys"].values():
        life[1] = act.index if life[1] is None else life[1]


def recovery_announced(m: Any, act: Act, stream: str, body: Any, _place: Any) -> Any:
    account = begun(m, stream)
    _not_own(m, act, stream)
    _living(account)
    say(account["announced"] is None, "announced already")
    say(tuple(body["key"]) not in account["keys"], "key known")
    day = date.fromisoformat(act.today)
    while working_days_between(act.today, day.isoformat()) < 3:
        day += timedelta(days=1)
    account["announced"] = (act.index, body, day.isoformat())
    return {"not_before": day.isoformat()}


def _not_own(m: Any, act: Act, stream: str) -> None:
    for account, _ in act.signers:
        same = m.accounts[account]["over"] == m.accounts[stream]["over"]
        say(account != stream and not same, "an account of one's own")


def _living(account: Any) -> None:
    say(any(ended is None for _, ended in account["keys"].values()), "succeeded")


def recovery_stopped(m: Any, _act: Act, stream: str, body: Any, _place: Any) -> None:
    account = begun(m, stream)
    say(account["announced"] is not None, "nothing announced")
    say(body["means"][0] == account["announced"][0], "another announcement meant")
    account["announced"] = None


def recovery_withdrawn(m: Any, act: Act, stream: str, body: Any, place: Any) -> None:
    begun(m, stream)
    _not_own(m, act, stream)
    recovery_stopped(m, act, stream, body, place)


def recovered(m: Any, act: Act, stream: str, body: Any, place: Any) -> None:
    announced = begun(m, stream)["announced"]
    recovery_withdrawn(m, act, stream, body, place)
    _living(m.accounts[stream])
    _, made, day = announced
    say(act.today >= day, "too early")
    _all_keys_end(m, act, stream)
    key_added(m, act, stream, made, place, came=True)


def mandate_given(m: Any, act: Act, stream: str, body: Any, _place: Any) -> None:
    account = is_open(m, stream)
    say((body["exchange"], "exchange") in m.roles, "no exchange")
    say(body["until"] >= act.today, "day passed")
    account["mandates"][act.index] = body


def mandate_ended(m: Any, _act: Act, stream: str, body: Any, _place: Any) -> None:
    mandates = begun(m, stream)["mandates"]
    say(body["means"][0] in mandates, "no mandate")
    del mandates[body["means"][0]]


def mandated(m: Any, account: str, venue: str, standard: str, today: str) -> Any:
    """The mandates of an account that an exchange may use today, for a standard, by index."""
    return {
        index: mandate
        for index, mandate in m.accounts.get(account, {"mandates": {}})["mandates"].items()
        if mandate["exchange"] == venue
        and mandate["until"] >= today
        and (not mandate["standards"] or standard in mandate["standards"])
    }


def acceptance_set(m: Any, _act: Act, stream: str, body: Any, _place: Any) -> None:
    is_open(m, stream)["acceptance"] = body["required"]


def closed(m: Any, act: Act, stream: str, _body: Any, _place: Any) -> None:
    account = is_open(m, stream)
    free(m, stream)
    say(not account["ties"] and not account["bound"], "bound")
    say(all(own != stream for own, _ in m.roles), "has a role")
    account |= {"closed": act.index, "mandates": {}}


def merged(m: Any, act: Act, stream: str, body: Any, place: Any) -> None:
    closed(m, act, stream, body, place)
    _succeeded(m, act, stream, body["into"])


def _succeeded(m: Any, act: Act, stream: str, into: str) -> None:
    say(into != stream, "to itself")
    is_open(m, into)
    officers = {account for account, _ in act.signers} - {stream, into}
    overs = [m.accounts[one]["over"] for one in officers]
    say(len(officers) == 2 and len(set(overs)) == 2, "two persons")
    for over in overs:
        say(over not in {m.accounts[stream]["over"], m.accounts[into]["over"]}, "own account")
    m.accounts[stream]["successor"] = into


def succeeded(m: Any, act: Act, stream: str, body: Any, _place: Any) -> None:
    account = begun(m, stream)
    say(account["successor"] is None, "succeeded already")
    _succeeded(m, act, stream, body["successor"])
    account["closed"] = act.index if account["closed"] is None else account["closed"]
    account["mandates"] = {}
    _all_keys_end(m, act, stream)


def notified(m: Any, _act: Act, stream: str, _body: Any, _place: Any) -> None:
    begun(m, stream)


def seconded(m: Any, _act: Act, stream: str, _body: Any, _place: Any) -> None:
    is_open(m, stream)


def bound(m: Any, _act: Act, stream: str, body: Any, _place: Any) -> None:
    is_open(m, stream)["bound"].add(body["to"])


def unbound(m: Any, _act: Act, stream: str, body: Any, _place: Any) -> None:
    begun(m, stream)["bound"].discard(body["to"])


# ---- freezes


def frozen(m: Any, act: Act, stream: str, body: Any, _place: Any, *, on: int | None = None) -> None:
    account = begun(m, stream)
    say(body["until"] >= act.today, "day passed")
    account["freezes"][act.index] = {
        "on": on,
        "authority": body["authority"],
        "until": body["until"],
        "orders": set(),
    }


def range_frozen(m: Any, act: Act, stream: str, body: Any, place: Any) -> None:
    frozen(m, act, stream, body, place, on=act.index)
    _tied(m, act, stream, body, "freeze", until=body["until"])


def freeze_queued(m: Any, act: Act, stream: str, body: Any, place: Any) -> None:
    tie = begun(m, stream)["ties"].get(body["means"][0])
    say(tie is not None and tie["ground"] == "freeze", "no frozen range")
    frozen(m, act, stream, body, place, on=body["means"][0])


def _freeze(m: Any, stream: str, body: Any) -> Any:
    freezes = begun(m, stream)["freezes"]
    say(body["means"][0] in freezes, "no such freeze")
    return freezes[body["means"][0]]


def freeze_renewed(m: Any, act: Act, stream: str, body: Any, _place: Any) -> None:
    freeze = _freeze(m, stream, body)
    say(freeze["authority"] == body["authority"], "another authority")
    say(body["until"] > freeze["until"] and body["until"] >= act.today, "not later")
    freeze["until"] = body["until"]


def freeze_consented(m: Any, _act: Act, stream: str, body: Any, _place: Any) -> None:
    freeze = _freeze(m, stream, body)
    say(freeze["authority"] == body["authority"], "another authority")
    say(freeze["on"] is None, "of a range")
    freeze["orders"].add(body["order"])


def freeze_ended(m: Any, act: Act, stream: str, body: Any, _place: Any) -> None:
    say(_freeze(m, stream, body)["until"] < act.today, "too early")
    _lifted(m, act, stream, body["means"][0])


def _lifted(m: Any, act: Act, stream: str, index: int) -> None:
    """A freeze is over; the last on a range lets its lock go, in this act."""
    account, released = m.accounts[stream], act.body("batch.released")
    on = account["freezes"].pop(index)["on"]
    others = any(freeze["on"] == on for freeze in account["freezes"].values())
    if on is None or others:
        say(released is None, "a freeze waits")
        return
    say(released is not None and released["means"][0] == on, "the lock is not released")
    del account["ties"][on]


# ---- ties


def _tied(
    m: Any,
    act: Act,
    stream: str,
    body: Any,
    ground: str,
    *,
    party: str | None = None,
    until: str | None = None,
) -> None:
    """Grams are tied to a party, until a day where the ground has one."""
    say(act.body("batch.locked")["ground"] == ground, "ground")
    m.accounts[stream]["ties"][act.index] = {
        "ground": ground,
        "batch": body["batch"],
        "standard": body["standard"],
        "grams": body["amount_g"],
        "party": party,
        "until": until,
    }


def _tie(m: Any, stream: str, body: Any, *grounds: str) -> Any:
    tie = begun(m, stream)["ties"].get(body["means"][0])
    say(tie is not None, "no such tie")
    assert tie is not None
    say(tie["ground"] in grounds or not grounds, "ground")
    return tie


def _untied(m: Any, stream: str, body: Any, grams: int) -> None:
    """A tie is that much less; of what nothing is left, nothing waits."""
    account, index = m.accounts[stream], body["means"][0]
    tie = account["ties"][index]
    say(grams <= tie["grams"], "more than is tied")
    tie["grams"] -= grams
    if tie["grams"] == 0:
        del account["ties"][index]
        account["freezes"] = {
            own: freeze for own, freeze in account["freezes"].items() if freeze["on"] != index
        }


def _no_tie(m: Any, stream: str, body: Any) -> None:
    del m.accounts[stream]["ties"][body["means"][0]]


def offered(m: Any, act: Act, stream: str, body: Any, _place: Any) -> None:
    is_open(m, stream)
    free(m, stream)
    taker = body["taker"]
    say(taker != stream, "to itself")
    say(all(second != taker for second, _ in act.told("account.seconded")), "own account")
    is_open(m, taker)
    say(body["until"] >= act.today, "day passed")
    say(not body["donation"] or m.accounts[taker]["form"] == "event", "not an event")
    permits(m, taker, "receive")
    ground = "donation" if body["donation"] else "offer"
    _tied(m, act, stream, body, ground, party=taker, until=body["until"])


def offer_accepted(m: Any, act: Act, stream: str, body: Any, _place: Any) -> None:
    tie = _tie(m, stream, body, "offer", "donation")
    say(tie["party"] == body["taker"], "another taker")
    free(m, stream)
    say(tie["until"] >= act.today, "day passed")
    honoured = act.body("certificate.honoured") is not None
    say(honoured == (tie["ground"] == "donation"), "honour")
    _no_tie(m, stream, body)


def offer_declined(m: Any, _act: Act, stream: str, body: Any, _place: Any) -> None:
    say(_tie(m, stream, body, "offer", "donation")["party"] == body["taker"], "another taker")
    _no_tie(m, stream, body)


def offer_withdrawn(m: Any, _act: Act, stream: str, body: Any, _place: Any) -> None:
    _tie(m, stream, body, "offer", "donation")
    _no_tie(m, stream, body)


def offer_lapsed(m: Any, act: Act, stream: str, body: Any, _place: Any) -> None:
    say(_tie(m, stream, body, "offer", "donation")["until"] < act.today, "too early")
    _no_tie(m, stream, body)


def pledged(m: Any, act: Act, stream: str, body: Any, _place: Any) -> None:
    is_open(m, stream)
    free(m, stream)
    is_open(m, body["pledgee"])
    _tied(m, act, stream, body, "pledge", party=body["pledgee"])


def pledge_released(m: Any, _act: Act, stream: str, body: Any, _place: Any) -> None:
    say(_tie(m, stream, body, "pledge")["party"] == body["pledgee"], "another pledgee")
    _no_tie(m, stream, body)


def reserved(m: Any, act: Act, stream: str, body: Any, _place: Any) -> None:
    is_open(m, stream)
    free(m, stream)
    usable = mandated(m, stream, body["venue"], body["standard"], act.today)
    say(body["means"][0] in usable, "no mandate")
    until = usable[body["means"][0]]["until"]
    _tied(m, act, stream, body, "settlement", party=body["venue"], until=until)


def settled(m: Any, _act: Act, stream: str, body: Any, _place: Any) -> None:
    tie = _tie(m, stream, body, "settlement")
    free(m, stream)
    say(tie["party"] == body["venue"], "another exchange")
    say(body["taker"] != stream, "to itself")
    _untied(m, stream, body, body["amount_g"])


def reserve_ended(m: Any, act: Act, stream: str, body: Any, _place: Any) -> None:
    tie = _tie(m, stream, body, "settlement")
    say(tie["party"] == body["venue"], "another exchange")
    own = act.signers[0][0] == body["venue"] or (body["venue"], "exchange") not in m.roles
    say(own or tie["until"] < act.today, "too early")
    _no_tie(m, stream, body)


def seized(m: Any, _act: Act, stream: str, _body: Any, _place: Any) -> None:
    begun(m, stream)


def lock_seized(m: Any, _act: Act, stream: str, body: Any, _place: Any) -> None:
    _tie(m, stream, body)
    _untied(m, stream, body, body["amount_g"])


def devolved(m: Any, act: Act, stream: str, body: Any, _place: Any) -> None:
    account = begun(m, stream)
    free(m, stream)
    for officer, _ in act.signers:
        own = {m.accounts[one]["over"] for one in (stream, body["taker"]) if one in m.accounts}
        say(officer not in {stream, body["taker"]}, "own account")
        say(m.accounts[officer]["over"] not in own, "own account")
    named = body["reason"] in {"inheritance", "merger"}
    say(not named or account["successor"] == body["taker"], "not the successor")


def closes(code: str) -> bool:
    """GB 32100-2015, section 4, with its table of weights."""
    letters = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    weights = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
    weighed = sum(letters.index(one) * weight for one, weight in zip(code, weights, strict=False))
    return letters[(31 - weighed % 31) % 31] == code[17]
