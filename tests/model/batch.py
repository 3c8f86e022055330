"""`batch`: where every gram is: a list of pieces, each in one place, laid in order again after every event."""

from hashlib import sha256
from itertools import pairwise
from typing import Any

from tests.model.account import free, is_open, mandated
from tests.model.conduct import permits
from tests.model.plain import Act, joined, say, size
from tests.model.registry import codes_of
from tests.model.standard import native

RANGES = 1_000
GROUNDS = {
    "buffer": ("batch.issued", []),
    "campaign": ("campaign.funded", []),
    "donation": (
        "account.offered",
        ["offer_accepted", "offer_declined", "offer_withdrawn", "offer_lapsed", "lock_seized"],
    ),
    "freeze": ("account.range_frozen", ["unfrozen", "freeze_ended", "lock_seized"]),
    "order": ("order.bought", []),
    "pledge": ("account.pledged", ["pledge_released", "lock_seized"]),
    "settlement": ("account.reserved", ["settled", "reserve_ended", "lock_seized"]),
}
GROUNDS["offer"] = GROUNDS["donation"]
SENT = {"donation", "offer", "order", "pledge", "settlement"}
IN_PART = ["account.lock_seized", "account.settled", "order.released"]


# ---- who may


def _takes(m: Any, act: Act, batch: Any, account: str, venue: str | None = None) -> None:
    known = is_open(m, account)
    permits(m, account, "receive")
    signs = any(signer == account for signer, _ in act.signers)
    by_venue = venue and mandated(m, account, venue, batch["standard"], act.today)
    say(not known["acceptance"] or signs or by_venue, "asks to accept")
    _may_hold(m, batch, account)


def _may_hold(m: Any, batch: Any, account: str) -> None:
    named = codes_of(m, "allowance_holders")
    if batch["expires"] is not None and named:
        roles = {role for own, role in m.roles if own == account}
        say(m.accounts[account]["form"] in named or roles & set(named), "may not hold allowances")


def _gives(m: Any, act: Act, account: str, doing: str, grams: int) -> None:
    free(m, account)
    permits(m, account, doing)
    _second(m, act, doing, grams)


def _second(m: Any, act: Act, doing: str, grams: int) -> None:
    policy = m.policies.get(("second_person_over", ""), {"codes": [], "number": 0})
    asked = doing in policy["codes"] and grams > policy["number"]
    say(not asked or act.body("account.seconded"), "no second person")


def _not_second(act: Act, *accounts: str) -> None:
    say(all(stream not in accounts for stream, _ in act.told("account.seconded")), "own second")


def _usable(act: Act, batch: Any) -> None:
    say(batch["expires"] is None or batch["expires"] >= act.today, "expired")


def _moves(batch: Any) -> None:
    say(batch["origin"] != "deposited_retired", "retired at home")


# ---- where the grams are


def _begun(m: Any, stream: str, *, suspended: bool = False) -> Any:
    say(stream in m.batches, "no batch")
    batch = m.batches[stream]
    say(suspended or batch["suspended"] is None, "suspended")
    return batch


def _received(m: Any, act: Act, stream: str, place: Any, **said: Any) -> Any:
    say(stream == f"batch/{act.derived(place[0])}", "id")
    say(stream not in m.batches, "batch exists")
    m.batches[stream] = {
        "project": None,
        "root": stream,
        "depth": 0,
        "custodian": None,
        "expires": None,
        "suspended": None,
        "locks": {},
        "gifted": [],
        "retire_only": False,
        "source": None,
        "row": 0,
        **said,
    }
    return m.batches[stream]


def _whole(batch: Any, amount_g: int, holder: str) -> None:
    batch["grams"] = [(0, amount_g, holder)]


def _in(batch: Any, *places: str) -> list[tuple[int, int]]:
    return joined([(start, end) for start, end, place in batch["grams"] if place in places])


def _lowest(own: list[tuple[int, int]], grams: int) -> list[tuple[int, int]]:
    moved = []
    for start, end in own:
        if grams:
            moved.append((start, min(end, start + grams)))
            grams -= moved[-1][1] - start
    say(grams == 0, "not that many")
    say(len(moved) <= RANGES, "too many ranges")
    return moved


def _picked(batch: Any, body: Any, place: str) -> list[tuple[int, int]]:
    """The grams of a place that are meant: those named, or the lowest."""
    say(body["standard"] == batch["standard"], "standard")
    own = _in(batch, place)
    if body.get("range") is None:
        return _lowest(own, body["amount_g"])
    start, end = body["range"]
    say(end - start == body["amount_g"], "range and amount differ")
    say(any(one <= start and end <= other for one, other in own), "not held")
    return [(start, end)]


def _lay(batch: Any, moved: list[tuple[int, int]], to: str) -> None:
    """Every piece in order again; of what is moved the place is `to`."""
    cuts = sorted({cut for one in moved for cut in one})
    pieces: list[tuple[int, int, str]] = []
    total = size(_spans(batch))
    for start, end, place in batch["grams"]:
        edges = [start, *(cut for cut in cuts if start < cut < end), end]
        for low, high in pairwise(edges):
            goes = any(one <= low and high <= other for one, other in moved)
            now = to if goes else place
            if pieces and pieces[-1][1:] == (low, now):
                pieces[-1] = (pieces[-1][0], high, now)
            else:
                pieces.append((low, high, now))
    batch["grams"] = pieces
    say(size(_spans(batch)) == total, "a gram made or lost")


def _spans(batch: Any) -> list[tuple[int, int]]:
    return [(start, end) for start, end, _ in batch["grams"]]


def _ungifted(batch: Any, moved: list[tuple[int, int]]) -> None:
    for start, end in moved:
        for low, high in batch["gifted"]:
            say(end <= low or high <= start, "given to be used up")


def _lock(batch: Any, body: Any, owner: str, *grounds: str) -> str:
    """The place of the lock that is meant."""
    say(body["standard"] == batch["standard"], "standard")
    index = body["means"][0]
    say(index in batch["locks"], "no such lock")
    lock = batch["locks"][index]
    say(lock["owner"] == owner, "another owner")
    say(lock["ground"] in grounds, "another ground")
    return f"lock {index}"


def _left(batch: Any, body: Any) -> None:
    """A lock of which nothing is left is gone, but for a campaign's."""
    index = body["means"][0]
    if not _in(batch, f"lock {index}") and batch["locks"][index]["ground"] != "campaign":
        del batch["locks"][index]


# ---- beginnings


def issued(m: Any, act: Act, stream: str, body: Any, place: Any) -> None:
    is_open(m, body["holder"])
    say(native(m, body["standard"])["credit_class"] != "allowance", "allowances need a year")
    permits(m, body["holder"], "issue")
    policy = m.policies.get(("buffer_share", body["standard"]), {"number": 0})
    locked = sum(own["amount_g"] for _, own in act.told("batch.locked"))
    say(locked * 1_000 >= body["amount_g"] * policy["number"], "too little in the buffer")
    said = {name: body[name] for name in ("standard", "period", "project")}
    _whole(
        _received(m, act, stream, place, origin="native", **said),
        body["amount_g"],
        body["holder"],
    )


def deposited(m: Any, act: Act, stream: str, body: Any, place: Any) -> None:
    is_open(m, body["holder"])
    say(body["period"][1] <= act.today, "not yet happened")
    permits(m, body["holder"], "receive")
    say(body["amount_g"] == act.outcome("standard.deposited")["amount_g"], "amount")
    origin = "deposited_retired" if body["retired_at_home"] else "deposited"
    said = {name: body[name] for name in ("standard", "period", "custodian")}
    _whole(
        _received(m, act, stream, place, origin=origin, **said), body["amount_g"], body["holder"]
    )


def allowances_deposited(m: Any, act: Act, stream: str, body: Any, place: Any) -> None:
    is_open(m, body["holder"])
    say(body["expires"] >= act.today, "expired")
    permits(m, body["holder"], "receive")
    say(body["amount_g"] == act.outcome("standard.allowances_deposited")["amount_g"], "amount")
    said = {name: body[name] for name in ("standard", "custodian", "expires")}
    period = [f"{body['year']}-01-01", f"{body['year']}-12-31"]
    batch = _received(m, act, stream, place, origin="deposited", period=period, **said)
    _may_hold(m, batch, body["holder"])
    _whole(batch, body["amount_g"], body["holder"])


def _of_books(act: Act, body: Any) -> None:
    row = body["row"].to_bytes(8, "big")
    say(sha256(body["source"] + row).digest()[:16] == act.nonce, "nonce of the row")
    say(body.get("day", "") <= act.today, "not yet happened")


def issued_elsewhere(m: Any, act: Act, stream: str, body: Any, place: Any) -> None:
    _of_books(act, body)
    is_open(m, body["holder"])
    say(native(m, body["standard"])["credit_class"] != "allowance", "allowances need a year")
    say(body["period"][1] <= body["day"], "not yet happened")
    said = {name: body[name] for name in ("standard", "period", "source", "row")}
    _whole(
        _received(m, act, stream, place, origin="imported", **said),
        body["amount_g"],
        body["holder"],
    )


def carved_out(m: Any, act: Act, stream: str, body: Any, place: Any) -> Any:
    came = act.outcome("batch.carved")
    names = ("origin", "period", "project", "root", "depth", "custodian", "expires")
    said = {name: came[name] for name in names}
    batch = _received(m, act, stream, place, standard=body["standard"], **said)
    batch["grams"] = [(start, end, body["holder"]) for start, end in came["ranges"]]
    return came


# ---- moves


def _moved(batch: Any, moved: list[tuple[int, int]], to: str) -> Any:
    batch["source"] = None
    _lay(batch, moved, to)
    return {"ranges": moved}


def transferred(m: Any, act: Act, stream: str, body: Any, _place: Any) -> Any:
    batch = _begun(m, stream)
    say(body["taker"] != body["giver"], "to itself")
    _takes(m, act, batch, body["taker"], body["venue"])
    _not_second(act, body["taker"])
    _moves(batch)
    _gives(m, act, body["giver"], "send", body["amount_g"])
    _usable(act, batch)
    moved = _picked(batch, body, body["giver"])
    _ungifted(batch, moved)
    return _moved(batch, moved, body["taker"])


def traded(m: Any, act: Act, stream: str, body: Any, place: Any) -> Any:
    _not_second(act, body["giver"])
    usable = mandated(m, body["giver"], body["venue"], body["standard"], act.today)
    say(body["means"][0] in usable, "no mandate")
    return transferred(m, act, stream, body, place)


def transferred_elsewhere(m: Any, act: Act, stream: str, body: Any, _place: Any) -> Any:
    batch = _begun(m, stream)
    say(body["taker"] != body["giver"], "to itself")
    is_open(m, body["taker"])
    _of_books(act, body)
    say(batch["source"] == body["source"], "not importing")
    say(body["row"] > batch["row"], "row imported")
    free(m, body["giver"])
    batch["row"] = body["row"]
    moved = _picked(batch, body, body["giver"])
    _lay(batch, moved, body["taker"])
    return {"ranges": moved}


def assigned(m: Any, _act: Act, stream: str, body: Any, _place: Any) -> Any:
    batch = _begun(m, stream, suspended=True)
    say(body["taker"] != body["giver"], "to itself")
    is_open(m, body["taker"])
    _moves(batch)
    return _moved(batch, _picked(batch, body, body["giver"]), body["taker"])


def _used(batch: Any, moved: list[tuple[int, int]]) -> Any:
    _lay(batch, moved, "retired")
    return {"origin": batch["origin"], "period": batch["period"], "ranges": moved}


def retired(m: Any, act: Act, stream: str, body: Any, _place: Any) -> Any:
    batch = _begun(m, stream)
    grams = sum(own["amount_g"] for _, own in act.told("batch.retired"))
    _gives(m, act, body["holder"], "retire", grams)
    _usable(act, batch)
    moved = _picked(batch, body, body["holder"])
    batch["source"] = None
    return _used(batch, moved)


def retirement_imported(m: Any, act: Act, stream: str, body: Any, _place: Any) -> Any:
    batch = _begun(m, stream)
    _of_books(act, body)
    say(f"{body['month']}-01" <= act.today, "month to come")
    free(m, body["holder"])
    return _used(batch, _picked(batch, body, body["holder"]))


def lock_retired(m: Any, act: Act, stream: str, body: Any, _place: Any) -> Any:
    batch = _begun(m, stream)
    lock = _lock(batch, body, body["owner"], "order")
    _usable(act, batch)
    came = _used(batch, _picked(batch, body, lock))
    _left(batch, body)
    batch["source"] = None
    return came


def claim_retired(m: Any, act: Act, stream: str, body: Any, _place: Any) -> Any:
    batch = _begun(m, stream)
    if body["holder"].startswith("account/"):
        _gives(m, act, body["holder"], "retire", body["amount_g"])
    _usable(act, batch)
    batch["source"] = None
    return _used(batch, _picked(batch, body, f"waits {body['holder']}"))


def locked(m: Any, act: Act, stream: str, body: Any, _place: Any) -> Any:
    batch, ground = _begun(m, stream, suspended=body["ground"] == "freeze"), body["ground"]
    companion, _ = GROUNDS[ground]
    say(act.body(companion) is not None, "no companion")
    owner, holder = body["owner"], body["holder"]
    say(owner == holder or ground in {"buffer", "order"}, "another owner")
    say(ground != "buffer" or (owner, "buffer") in m.roles, "no buffer")
    if owner != holder:
        _takes(m, act, batch, owner)
        _not_second(act, owner)
    if ground in SENT:
        _gives(m, act, holder, "send", body["amount_g"])
    moved = _picked(batch, body, holder)
    if ground != "freeze":
        _moves(batch)
        _usable(act, batch)
        _ungifted(batch, moved)
    batch["locks"][act.index] = {"ground": ground, "owner": owner}
    came = {name: batch[name] for name in ("origin", "period", "project")}
    return {**came, **_moved(batch, moved, f"lock {act.index}")}


def released(m: Any, act: Act, stream: str, body: Any, _place: Any) -> Any:
    seized = act.body("account.lock_seized") is not None
    own = body["taker"] == body["owner"]
    batch = _begun(m, stream, suspended=own or seized)
    lock = _lock(batch, body, body["owner"], "buffer", *(set(GROUNDS) - {"campaign"}))
    ground = batch["locks"][body["means"][0]]["ground"]
    beside = {kind.removesuffix(".v1") for _, events in act.parts for kind, _ in events}
    companions = {f"account.{one}" for one in GROUNDS[ground][1]}
    companions |= {"order.released"} if ground == "order" else set()
    say(act.alone if ground == "buffer" else beside & companions, "no companion")
    say(not (own and seized), "taken from its owner for its owner")
    if seized:
        is_open(m, body["taker"])
    elif not own:
        venue = act.body("account.settled")
        _takes(m, act, batch, body["taker"], venue and venue["venue"])
        _usable(act, batch)
    if not own:
        _moves(batch)
        _not_second(act, body["taker"])
    moved = _picked(batch, body, lock)
    came = _moved(batch, moved, body["taker"])
    in_part = ground == "buffer" or any(act.body(kind) for kind in IN_PART)
    say(in_part or not _in(batch, lock), "not released whole")
    _left(batch, body)
    return came


def carved(m: Any, _act: Act, stream: str, body: Any, _place: Any) -> Any:
    batch = _begun(m, stream)
    free(m, body["holder"])
    say(batch["depth"] < 16, "too deep")
    moved = _picked(batch, body, body["holder"])
    _ungifted(batch, moved)
    names = ("custodian", "expires", "origin", "period", "project", "root")
    came = {name: batch[name] for name in names}
    return {**came, "depth": batch["depth"] + 1, **_moved(batch, moved, "carved")}


def given(m: Any, act: Act, stream: str, body: Any, place: Any) -> Any:
    batch = _begun(m, stream)
    lock = _lock(batch, body, body["organiser"], "campaign")
    free(m, body["organiser"])
    _second(m, act, "give", body["rows"]["total_g"])
    _usable(act, batch)
    moved = _lowest(_in(batch, lock), body["rows"]["total_g"])
    for _, taker, amount_g, _ in act.rows[place]:
        _lay(batch, _lowest(_in(batch, lock), amount_g), f"waits {taker}")
    batch["retire_only"] = batch["retire_only"] or body["retire_only"]
    batch["source"] = None
    return {"ranges": moved}


def claimed(m: Any, act: Act, stream: str, body: Any, _place: Any) -> Any:
    batch = _begun(m, stream)
    _takes(m, act, batch, body["taker"])
    if body["holder"] != body["taker"] and body["holder"] in m.accounts:
        free(m, body["holder"])
        say(not batch["retire_only"], "given to be used up")
    _usable(act, batch)
    moved = _picked(batch, body, f"waits {body['holder']}")
    if batch["retire_only"]:
        batch["gifted"] = joined([*batch["gifted"], *moved])
    return _moved(batch, moved, body["taker"])


def returned(m: Any, _act: Act, stream: str, body: Any, _place: Any) -> Any:
    batch = _begun(m, stream, suspended=True)
    lock = _lock(batch, body, body["organiser"], "campaign")
    waiting = {place for _, _, place in batch["grams"] if place.startswith("waits ")}
    both = _in(batch, lock, *waiting)
    say(body["amount_g"] > 0 or not both, "amount")
    moved = _lowest(both, body["amount_g"])
    before = size(_in(batch, *waiting))
    came = _moved(batch, moved, body["organiser"])
    given_g = before - size(_in(batch, *waiting))
    return {**came, "given_g": given_g, "left_g": size(_in(batch, lock, *waiting))}


def cancelled(m: Any, act: Act, stream: str, body: Any, _place: Any) -> Any:
    batch, place = _begun(m, stream, suspended=True), body["holder"]
    if body["means"] is not None:
        place = _lock(batch, body, body["holder"], "buffer", "campaign", "order")
        order = batch["locks"][body["means"][0]]["ground"] == "order"
        say(act.body("order.lost") if order else act.alone, "ground")
    came = _moved(batch, _picked(batch, body, place), "cancelled")
    if body["means"] is not None:
        _left(batch, body)
    return came


def carried_over(m: Any, _act: Act, stream: str, body: Any, _place: Any) -> None:
    batch = _begun(m, stream)
    say(batch["expires"] is not None, "no allowances")
    say(batch["custodian"] == body["custodian"], "another custodian")
    say(body["expires"] > batch["expires"], "not later")
    batch |= {"expires": body["expires"], "source": None}


def suspended(m: Any, act: Act, stream: str, _body: Any, _place: Any) -> None:
    batch = _begun(m, stream)
    batch |= {"suspended": act.index, "source": None}


def reinstated(m: Any, _act: Act, stream: str, body: Any, _place: Any) -> None:
    batch = _begun(m, stream, suspended=True)
    say(batch["suspended"] is not None, "not suspended")
    say(body["means"][0] == batch["suspended"], "another suspension")
    batch["suspended"] = None
