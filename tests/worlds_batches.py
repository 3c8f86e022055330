"""What happens to batches besides transfers and retirements, as acts of a `World`."""

from typing import Any

from registry.domain.batch import import_nonce
from registry.history import Addition
from registry.ledger import ids
from tests.world import PERIOD, Person, World, digest

Means = tuple[int, bytes]
BOOKS = digest("books of before")
TODAY = "2026-09-21"
"""The day in China on which a world begins."""


def meant(added: Addition) -> Means:
    """The entry, as acts mean it."""
    return added.index, added.leaf


def bearer(world: World, name: str) -> Person:
    """Somebody with a key and no account."""
    person = Person(name)
    person.account = ids.bearer(person.key)
    world.people[name] = person
    return person


def seconded(world: World, by: str, whose: str) -> tuple[str, list[Any]]:
    """The part in which the account of `by` seconds an act of `whose`."""
    body = {"account": world[whose].account}
    return (world[by].account, [("account.seconded.v1", body)])


def transfers_seconded(
    world: World, batch: str, giver: str, taker: str, amount_g: int, *, second: str
) -> Addition:
    parts = [
        (batch, [world.transferred(giver, taker, amount_g)]),
        seconded(world, second, giver),
    ]
    return world.do(giver, second, parts=parts)


def verified(world: World, amount_g: int) -> str:
    """A project of which `amount_g` can be issued."""
    project = world.registers()
    world.verifies(project, amount_g)
    return project


def issues_buffered(
    world: World, amount_g: int, buffered_g: int, /, *, project: str = "", **changed: Any
) -> str:
    """A batch of the owner, of which `buffered_g` are locked for the account "buffer"."""
    project = project or verified(world, amount_g)
    setting = world.setting(world["verifier"], world["authority"])
    batch = setting.new("batch", 1)
    held = {"standard": "SCFG", "holder": world["owner"].account}
    issued = {**held, "project": project, "period": PERIOD, "amount_g": amount_g}
    against = {"batch": batch, "period": PERIOD, "amount_g": amount_g}
    locked = {
        **held,
        "owner": world["buffer"].account,
        "amount_g": buffered_g,
        "range": None,
        "ground": "buffer",
        **changed,
    }
    world.submit(
        setting,
        [
            (project, [("project.issued.v1", against)]),
            (batch, [("batch.issued.v1", issued), ("batch.locked.v1", locked)]),
        ],
    )
    return batch


def releases_buffer(
    world: World, batch: str, lock: Means, amount_g: int, /, *signers: str, **changed: Any
) -> Addition:
    body = {
        "means": lock,
        "owner": world["buffer"].account,
        "taker": world["owner"].account,
        "amount_g": amount_g,
        "standard": "SCFG",
        **changed,
    }
    by = signers or ("authority", "one")
    return world.do(*by, parts=[(batch, [("batch.released.v1", body)])])


def carves(world: World, batch: str, holder: str, amount_g: int, /, **changed: Any) -> str:
    """The child that `amount_g` of `batch` become; `changed` changes both parts."""
    setting = world.setting(world[holder])
    child = changed.pop("child", setting.new("batch", 1))
    of = {"holder": world[holder].account, "amount_g": amount_g, "standard": "SCFG"}
    serials = changed.pop("range", None)
    of |= changed
    world.submit(
        setting,
        [
            (batch, [("batch.carved.v1", {**of, "range": serials, "child": child})]),
            (child, [("batch.carved_out.v1", {**of, "parent": batch})]),
        ],
    )
    return child


def suspends(world: World, batch: str, *signers: str) -> Addition:
    body = {"document": digest("suspension")}
    by = signers or ("authority", "one")
    return world.do(*by, parts=[(batch, [("batch.suspended.v1", body)])])


def reinstates(world: World, batch: str, means: Means, *signers: str) -> Addition:
    body = {"means": means, "document": digest("reinstatement")}
    by = signers or ("authority", "one")
    return world.do(*by, parts=[(batch, [("batch.reinstated.v1", body)])])


def cancels(
    world: World, batch: str, holder: str, amount_g: int, /, *signers: str, **changed: Any
) -> Addition:
    body = {
        "holder": world[holder].account,
        "amount_g": amount_g,
        "standard": "SCFG",
        "range": None,
        "reason": "over_issuance",
        "document": digest("finding"),
        "means": None,
        **changed,
    }
    by = signers or ("authority", "one")
    return world.do(*by, parts=[(batch, [("batch.cancelled.v1", body)])])


def trades(
    world: World,
    batch: str,
    giver: str,
    taker: str,
    amount_g: int,
    /,
    *,
    means: Means,
    second: str = "",
    **changed: Any,
) -> Addition:
    body = {
        "giver": world[giver].account,
        "taker": world[taker].account,
        "amount_g": amount_g,
        "standard": "SCFG",
        "range": None,
        "venue": world["exchange"].account,
        "trade": None,
        "means": means,
        **changed,
    }
    parts = [(batch, [("batch.traded.v1", body)])]
    if second:
        parts.append(seconded(world, second, giver))
    return world.do("exchange", *([second] if second else []), parts=parts)


def claim_retires(world: World, batch: str, holder: str, amount_g: int, **statement: Any) -> str:
    """The certificate of a gift that is used up at once."""
    setting = world.setting(world[holder])
    number = setting.new("certificate", 1)
    body = {"holder": world[holder].account, "amount_g": amount_g, "standard": "SCFG"}
    stated = world.certificate(**{"purpose": "individual", **statement})
    world.submit(setting, [(batch, [("batch.claim_retired.v1", body)]), (number, [stated])])
    return number


def deposits_allowances(
    world: World, amount_units: int = 1, *, expires: str = "2027-12-31", **changed: Any
) -> str:
    """Allowances of 2025, of the kind CEA, held by the owner."""
    setting = world.setting(world["exchange"], world["one"])
    batch = setting.new("batch", 1)
    serials = changed.pop("home_serials", f"CEA2025-1-{amount_units}")
    body = {
        "standard": "CEA",
        "year": "2025",
        "expires": expires,
        "amount_g": amount_units * 1_000_000,
        "holder": world["owner"].account,
        "custodian": world["exchange"].account,
        "document": digest(serials),
        **changed,
    }
    units = {"batch": batch, "home_serials": serials, "year": body["year"]}
    world.submit(
        setting,
        [
            ("standard/CEA", [("standard.allowances_deposited.v1", units)]),
            (batch, [("batch.allowances_deposited.v1", body)]),
        ],
    )
    return batch


def carries_over(world: World, batch: str, expires: str, by: str = "exchange") -> Addition:
    body = {
        "custodian": world[by].account,
        "expires": expires,
        "document": digest("carry-over"),
    }
    return world.do(by, "one", parts=[(batch, [("batch.carried_over.v1", body)])])


def issued_elsewhere(
    world: World, amount_g: int, /, *signers: str, row: int = 1, **changed: Any
) -> str:
    """A batch of the owner, as the books of before state it."""
    source = changed.get("source", BOOKS)
    nonce = changed.pop("nonce", import_nonce(source, row))
    batch = f"batch/{ids.once_id(world.log, nonce)}"
    body = {
        "standard": "SCFG",
        "period": PERIOD,
        "amount_g": amount_g,
        "holder": world["owner"].account,
        "source": source,
        "row": row,
        "day": "2026-03-01",
        **changed,
    }
    by = signers or ("authority", "one", "owner")
    world.do(*by, parts=[(batch, [("batch.issued_elsewhere.v1", body)])], nonce=nonce)
    return batch


def transferred_elsewhere(
    world: World, batch: str, giver: str, taker: str, amount_g: int, /, *, row: int, **changed: Any
) -> Addition:
    """A transfer as the books of before state it."""
    source = changed.get("source", BOOKS)
    nonce = changed.pop("nonce", import_nonce(source, row))
    body = {
        "giver": world[giver].account,
        "taker": world[taker].account,
        "amount_g": amount_g,
        "standard": "SCFG",
        "range": None,
        "source": source,
        "row": row,
        "day": "2026-03-02",
        **changed,
    }
    parts = [(batch, [("batch.transferred_elsewhere.v1", body)])]
    return world.do("one", giver, parts=parts, nonce=nonce)
