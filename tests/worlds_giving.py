"""Gift campaigns and restoration orders in a `World`: each function is an act, with what changes in it."""

from typing import Any

from registry.acts.propose import Detached, Hidden
from registry.domain.shape import GIFT_TAG
from registry.domain.standard import PURPOSES
from registry.history import Addition
from tests.world import World, digest

DEADLINE = "2026-12-31"
AFTER_US = 1_799_000_000_000_000  # early in January 2027
Means = tuple[int, bytes]


def meant(added: Addition) -> Means:
    """The entry, as acts mean it."""
    return added.index, added.leaf


def giving_world() -> World:
    """Holders, a court, an agency, and SCFG that may be retired for restoration; the owner gives and sells."""
    world = World().begun()
    for name, role in (
        ("authority", "authority"),
        ("validator", "validator"),
        ("verifier", "verifier"),
        ("exchange", "exchange"),
        ("court", "court"),
        ("procuratorate", "procuratorate"),
    ):
        world.opens(name, role=role)
    for name in ("owner", "alice", "bob", "case", "agent"):
        world.opens(name)
    world.recognises("SCFG", claims=tuple(sorted(PURPOSES)))
    world.recognises(
        "VCU", home="VCS", serial_format=(3, (0,), 1, 2), claims=tuple(sorted(PURPOSES))
    )
    return world


# ---- campaigns


def opens_campaign(world: World, *, by: str = "owner", **changed: Any) -> str:
    setting = world.setting(world[by])
    campaign = setting.new("campaign", 0)
    body = {
        "organiser": world[by].account,
        "occasion": Hidden(value="a marathon"),
        "terms": digest("terms"),
        "standard": "SCFG",
        "each_g": None,
        "deadline": DEADLINE,
        "retire_only": True,
        "public": True,
        **changed,
    }
    bound = (body["organiser"], [("account.bound.v1", {"to": campaign})])
    world.submit(setting, [(campaign, [("campaign.opened.v1", body)]), bound])
    return campaign


def funds(
    world: World,
    campaign: str,
    batch: str,
    amount_g: int,
    *,
    by: str = "owner",
    funded: dict[str, Any] | None = None,
) -> tuple[str, Means]:
    """The batch carved out for the campaign, and the entry that locked it; `funded` changes the campaign's part."""
    setting = world.setting(world[by])
    child = setting.new("batch", 1)
    holder = world[by].account
    of = {"amount_g": amount_g, "standard": "SCFG"}
    held = {**of, "holder": holder}
    locked = {**held, "owner": holder, "range": None, "ground": "campaign"}
    body = {**of, "organiser": holder, "batch": child, **(funded or {})}
    made = world.submit(
        setting,
        [
            (batch, [("batch.carved.v1", {**held, "range": None, "child": child})]),
            (
                child,
                [("batch.carved_out.v1", {**held, "parent": batch}), ("batch.locked.v1", locked)],
            ),
            (campaign, [("campaign.funded.v1", body)]),
        ],
    )
    return child, meant(made)


def funded_campaign(world: World, amount_g: int = 1_000, **changed: Any) -> tuple[str, str, Means]:
    """A campaign of the owner, the batch that it can give from, and the entry that locked that."""
    campaign = opens_campaign(world, **changed)
    child, lock = funds(world, campaign, world.issues(amount_g), amount_g)
    return campaign, child, lock


def gives(
    world: World,
    campaign: str,
    child: str,
    lock: Means,
    rows: list[tuple[str, int]],
    *,
    by: str = "owner",
    given: dict[str, Any] | None = None,
    second: str = "",
    **changed: Any,
) -> Addition:
    """Gifts of `rows`, of whom and how many grams; `given` changes the batch's part, others the campaign's."""
    account = world[by].account
    in_batch = {
        "organiser": account,
        "means": lock,
        "standard": "SCFG",
        "retire_only": True,
        "rows": Detached(tag=GIFT_TAG, rows=rows),
        **(given or {}),
    }
    in_campaign = {
        "organiser": account,
        "batch": child,
        "count": len(rows),
        "amount_g": sum(amount_g for _, amount_g in rows),
        **changed,
    }
    parts = [
        (child, [("batch.given.v1", in_batch)]),
        (campaign, [("campaign.given.v1", in_campaign)]),
    ]
    if not second:
        return world.do(by, parts=parts)
    parts.append((world[second].account, [("account.seconded.v1", {"account": account})]))
    return world.do(by, second, parts=parts)


def returns(
    world: World,
    campaign: str,
    child: str,
    lock: Means,
    amount_g: int,
    *,
    by: str = "owner",
    **changed: Any,
) -> Addition:
    organiser = world["owner"].account
    in_batch = {
        "organiser": organiser,
        "means": lock,
        "amount_g": amount_g,
        "standard": "SCFG",
        **changed,
    }
    in_campaign = {"organiser": in_batch["organiser"], "batch": child, "amount_g": amount_g}
    return world.do(
        by,
        parts=[
            (child, [("batch.returned.v1", in_batch)]),
            (campaign, [("campaign.returned.v1", in_campaign)]),
        ],
    )


def closes_campaign(world: World, campaign: str, *, by: str = "owner") -> Addition:
    organiser = world["owner"].account
    return world.do(
        by,
        parts=[
            (campaign, [("campaign.closed.v1", {"organiser": organiser})]),
            (organiser, [("account.unbound.v1", {"to": campaign})]),
        ],
    )


def claims(world: World, child: str, holder: str, taker: str, amount_g: int) -> Addition:
    body = {
        "holder": world[holder].account,
        "taker": world[taker].account,
        "amount_g": amount_g,
        "standard": "SCFG",
    }
    return world.do(holder, parts=[(child, [("batch.claimed.v1", body)])])


# ---- orders


def registers_order(world: World, by: str = "court", **changed: Any) -> tuple[str, Means]:
    """An order against the case's account, and the entry that set its terms."""
    setting = world.setting(world[by])
    order = setting.new("order", 0)
    body = {
        "court": world[by].account,
        "basis": "judgment",
        "number": Hidden(value="a case number"),
        "document": digest("judgment"),
        "obligor": Hidden(value="an obligor"),
        "agent": None,
        "account": world["case"].account,
        "amount_g": 100,
        "amount_fen": None,
        "standards": ("SCFG",),
        "regions": (),
        "deadline": DEADLINE,
        "instalments": (),
        **changed,
    }
    bound = (body["account"], [("account.bound.v1", {"to": order})])
    made = world.submit(setting, [(order, [("order.registered.v1", body)]), bound])
    return order, meant(made)


def buys(
    world: World,
    order: str,
    batch: str,
    amount_g: int,
    *signers: str,
    second: str = "",
    **changed: Any,
) -> Means:
    """The entry that locked `amount_g` of `batch` for the order: the owner sells, the case's account buys."""
    seller, *buyers = signers or ("owner", "case")
    bought = {
        "account": world["case"].account,
        "buyer": world[(buyers or [seller])[0]].account,
        "seller": world[seller].account,
        "batch": batch,
        "standard": "SCFG",
        "project": None,
        "amount_g": amount_g,
        "cost_fen": None,
        **changed,
    }
    locked = {
        "holder": bought["seller"],
        "owner": bought["account"],
        "amount_g": bought["amount_g"],
        "standard": bought["standard"],
        "range": None,
        "ground": "order",
    }
    parts = [
        (batch, [("batch.locked.v1", locked)]),
        (order, [("order.bought.v1", bought)]),
    ]
    if second:
        seconded = {"account": bought["seller"]}
        parts.append((world[second].account, [("account.seconded.v1", seconded)]))
    return meant(world.do(seller, *buyers, *([second] if second else []), parts=parts))


def performs(
    world: World,
    order: str,
    *lots: tuple[str, Means, int],
    by: str = "case",
    statement: dict[str, Any] | None = None,
    standard: str = "SCFG",
    **changed: Any,
) -> str:
    """The certificate of a performance; by the court it is an enforcement."""
    setting = world.setting(world[by])
    number = setting.new("certificate", len(lots) + 1)
    account = world["case"].account
    body = {
        "account": account,
        "amount_g": sum(amount_g for _, _, amount_g in lots),
        "certificate": number,
    }
    kind = "order.performed.v1"
    if by != "case":
        kind = "order.enforced.v1"
        body |= {"court": world[by].account, "document": digest("enforcement")}
    said = {
        "purpose": "restoration",
        "ground": "court_order",
        "period": None,
        "activity": None,
        "organisers": None,
        **(statement or {}),
    }
    used = [
        (
            batch,
            [
                (
                    "batch.lock_retired.v1",
                    {
                        "means": lock,
                        "owner": changed.get("account", account),
                        "amount_g": amount_g,
                        "standard": standard,
                    },
                )
            ],
        )
        for batch, lock, amount_g in lots
    ]
    world.submit(
        setting,
        [*used, (order, [(kind, {**body, **changed})]), (number, [world.certificate(**said)])],
    )
    return number


def decides(
    world: World, order: str, what: str, means: Means, *, by: str = "court", **changed: Any
) -> Means:
    """An order is "amended", "substituted", "defaulted", "withdrawn" or "confirmed"; the entry that says so."""
    body = {"court": world[by].account, "means": means, "document": digest(what), **changed}
    return meant(world.do(by, parts=[(order, [(f"order.{what}.v1", body)])]))


def amends(world: World, order: str, means: Means, **changed: Any) -> Means:
    terms = {"amount_g": 60, "amount_fen": None, "deadline": DEADLINE, "instalments": (), **changed}
    return decides(world, order, "amended", means, **terms)


def releases(
    world: World,
    order: str,
    batch: str,
    lock: Means,
    amount_g: int,
    *,
    by: str = "court",
    **changed: Any,
) -> Addition:
    account = world["case"].account
    released = {
        "means": lock,
        "owner": account,
        "taker": account,
        "amount_g": amount_g,
        "standard": "SCFG",
    }
    body = {
        "court": world["court"].account,
        "account": account,
        "batch": batch,
        "means": lock,
        "amount_g": amount_g,
        **changed,
    }
    return world.do(
        by,
        parts=[(batch, [("batch.released.v1", released)]), (order, [("order.released.v1", body)])],
    )


def loses(world: World, order: str, batch: str, lock: Means, amount_g: int) -> Addition:
    account = world["case"].account
    cancelled = {
        "holder": account,
        "amount_g": amount_g,
        "standard": "SCFG",
        "range": None,
        "reason": "reversal",
        "document": digest("reversal"),
        "means": lock,
    }
    body = {"account": account, "batch": batch, "means": lock, "amount_g": amount_g}
    return world.do(
        "authority",
        "one",
        parts=[(batch, [("batch.cancelled.v1", cancelled)]), (order, [("order.lost.v1", body)])],
    )


def closes_order(world: World, order: str, *, by: str = "court") -> Addition:
    account = world["case"].account
    body = {"court": world["court"].account, "account": account}
    return world.do(
        by,
        parts=[
            (order, [("order.closed.v1", body)]),
            (account, [("account.unbound.v1", {"to": order})]),
        ],
    )
