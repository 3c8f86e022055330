"""What is done in conduct, certificates, activities and reports, by the people of a small registry."""

from typing import Any

from registry.acts.propose import Detached, Hidden
from registry.domain.shape import SHARE_TAG
from registry.ledger import ids
from registry.ledger.rows import RowTree
from tests.world import HOUR_US, World, digest
from tests.worlds_accounts import offers

DAY_US = 24 * HOUR_US
WEEK_US = 7 * DAY_US
Means = tuple[int, bytes]


def means(world: World, index: int = -1) -> Means:
    """The entry `index`, the last as a rule, as an act names it that means it."""
    return world.additions[index].index, world.additions[index].leaf


def sets_policy(world: World, policy: str, *codes: str, number: int | None = None) -> int:
    """A policy is set; returns the entry that set it."""
    body = {
        "policy": policy,
        "subject": None,
        "codes": codes,
        "number": number,
        "document": digest("policy"),
    }
    made = world.do("one", "two", parts=[("registry", [("registry.policy_set.v1", body)])])
    return made.index


def conduct_of(world: World, name: str) -> str:
    """The stream of the conduct of `name`."""
    return "conduct/" + world[name].account.partition("/")[2]


def steps(world: World, by: str, of: str, step: str, **body: Any) -> Means:
    """A step in the conduct of `of`, signed by `by`; whoever is named by their role is the one who signs."""
    for role, kinds in (("finder", "found"), ("decider", "decided"), ("reviewer", "reviewed")):
        if step == kinds:
            body.setdefault(role, world[by].account)
    body = {"account": world[of].account, **body}
    world.do(by, parts=[(conduct_of(world, of), [(f"conduct.{step}.v1", body)])])
    return means(world)


def finds(world: World, by: str, of: str, **changed: Any) -> Means:
    body = {
        "level": "breach",
        "rule": "R-7",
        "document": digest("finding"),
        "details": Hidden(value="what happened"),
        "legal_basis": None,
        **changed,
    }
    return steps(world, by, of, "found", **body)


def lists(world: World, of: str, *, level: str = "breach", until: str | None = None) -> Means:
    """The account of `of` comes to be on a list, by due process; returns the finding. Takes two weeks."""
    by, other = ("authority", "agency") if level == "blacklist" else ("one", "two")
    basis = "LAW-1" if level == "blacklist" else None
    found = finds(world, by, of, level=level, legal_basis=basis)
    notifies(world, by, of, found)
    world.now_us += 2 * WEEK_US
    steps(world, by, of, "hearing_waived", means=found)
    decides(world, other, of, found, until=until, legal_basis=basis)
    steps(world, by, of, "published", means=found)
    return found


def notifies(world: World, by: str, of: str, found: Means, **changed: Any) -> Means:
    body = {"means": found, "document": digest("notice"), "reply_by": "2026-10-01", **changed}
    return steps(world, by, of, "notified", **body)


def decides(world: World, by: str, of: str, found: Means, **changed: Any) -> Means:
    body = {
        "means": found,
        "result": "upheld",
        "until": None,
        "document": digest("decision"),
        "legal_basis": None,
        **changed,
    }
    return steps(world, by, of, "decided", **body)


def shared(world: World, *rows: tuple[str, int], **changed: Any) -> Any:
    """What a retirement for many states: (beneficiary, grams) each."""
    _, body = world.certificate()
    del body["beneficiary"]
    hidden = [(Hidden(value=name), amount_g) for name, amount_g in rows]
    body |= {"rows": Detached(tag=SHARE_TAG, rows=hidden), **changed}
    return ("certificate.shared.v1", body)


def retires_for_many(
    world: World, batch: str, holder: str, *rows: tuple[str, int], **changed: Any
) -> str:
    """A retirement for many; returns the group's number."""
    total_g = changed.pop("amount_g", sum(amount_g for _, amount_g in rows))
    setting = world.setting(world[holder])
    number = setting.new("certificate", 1)
    parts = [
        (batch, [world.retired(holder, total_g)]),
        (number, [shared(world, *rows, **changed)]),
    ]
    world.submit(setting, parts)
    return number


def rows_of(world: World, group: str) -> tuple[Any, tuple[bytes, ...]]:
    """The entry that issued a group, and its rows."""
    index, _ = world.issuing(group)
    made = world.additions[index]
    (beside,) = [detached for detached in made.detached if detached.part == len(made.positions) - 1]
    return made, beside.rows


def row_number(world: World, group: str, number: int) -> str:
    """The number of the certificate of a row."""
    made, _ = rows_of(world, group)
    signer = made.intent.signers[0].account
    own = ids.row_id(world.log, signer, made.intent.nonce, len(made.positions) - 1, number)
    return f"certificate/{own}"


def shows(world: World, group: str, which: int, /, **changed: Any) -> Any:
    """The event that shows a row of a group."""
    _, rows = rows_of(world, group)
    body = {"number": which, "row": rows[which], "path": b"".join(RowTree(rows).path(which))}
    return ("certificate.row_shown.v1", body | changed)


def adopts(world: World, group: str, which: int, /, **changed: Any) -> str:
    """A row's certificate gets a stream of its own; returns its number."""
    own = changed.pop("own", row_number(world, group, which))
    adopted = ("certificate.adopted.v1", {"group": group})
    world.do("one", parts=[(group, [shows(world, group, which, **changed)]), (own, [adopted])])
    return str(own)


def says(world: World, certificate: str, kind: str, *signers: str, **body: Any) -> Means:
    """Something is said of a certificate by itself."""
    body = {"means": world.issuing(certificate), **body}
    world.do(*signers, parts=[(certificate, [(f"certificate.{kind}.v1", body)])])
    return means(world)


def replaces(
    world: World,
    certificate: str,
    *signers: str,
    kind: str = "replaced",
    changed: dict[str, Any] | None = None,
    **statement: Any,
) -> str:
    """A certificate is replaced, by the owner and an officer as a rule; returns the number in its place."""
    by = signers or ("owner", "one")
    state = world.state(certificate)
    setting = world.setting(*(world[name] for name in by))
    number = setting.new("certificate", 1)
    _, body = world.certificate()
    if state.is_named:
        body["beneficiary"] = Hidden(value="a beneficiary")
    body |= {
        "replaces": certificate,
        "holder": state.holder,
        "amount_g": state.amount_g,
        "retired": ("2026-09-21", "2026-09-21"),
        "purpose": state.purpose,
        "ground": state.ground,
        **statement,
    }
    said = {"means": world.issuing(certificate), "certificate": number, "document": digest("why")}
    if kind == "beneficiary_replaced":
        said |= {"old_consent": digest("old"), "new_consent": digest("new")}
    parts = [
        (certificate, [(f"certificate.{kind}.v1", said | (changed or {}))]),
        (number, [("certificate.reissued.v1", body)]),
    ]
    world.submit(setting, parts)
    return number


def honours(world: World, batch: str, amount_g: int, **changed: Any) -> str:
    """The owner gives to the games, which accept; returns the number of the donor's certificate."""
    tied = offers(world, batch, "owner", "games", amount_g)
    setting = world.setting(world["games"])
    number = setting.new("certificate", 2)
    owner, games = world["owner"].account, world["games"].account
    of = {"amount_g": amount_g, "standard": "SCFG"}
    released = {**of, "means": tied.means, "owner": owner, "taker": games}
    honoured = {**of, "donor": owner, "event": games, "name": None, **changed}
    parts = [
        (batch, [("batch.released.v1", released)]),
        (owner, [("account.offer_accepted.v1", {"means": tied.means, "taker": games})]),
        (number, [("certificate.honoured.v1", honoured)]),
    ]
    world.submit(setting, parts)
    return number


def files(world: World, by: str = "owner", **changed: Any) -> str:
    """An activity of three days in September 2026 is registered; returns its stream."""
    setting = world.setting(world[by])
    activity = setting.new("activity", 0)
    body = {
        "organiser": world[by].account,
        "form": digest("form"),
        "name": Hidden(value="a forum"),
        "organisers": Hidden(value=["a host", "another"]),
        "category": "meeting",
        "begins": "2026-09-25",
        "ends": "2026-09-27",
        "place": "510100",
        "scale": 300,
        "boundary": ("holding", "preparation"),
        "expected_g": 1_000,
        "method": "own",
        "neutrality": "organiser",
        "offsets": ("SCFG",),
        "planned_g": 1_000,
        "due": "2026-12-31",
        "contact": Hidden(value="somebody, 028-1234"),
        "confirmation": "self",
        "plan": None,
        **changed,
    }
    world.submit(setting, [(activity, [("activity.filed.v1", body)])])
    return activity


def notes(world: World, activity: str, kind: str, by: str, **body: Any) -> Means:
    """Something by itself happens in an activity."""
    world.do(by, parts=[(activity, [(f"activity.{kind}.v1", body)])])
    return means(world)


def accounts_for(world: World, activity: str, emissions_g: int, by: str = "owner") -> Means:
    """Emissions are accounted."""
    body = {
        "organiser": world[by].account,
        "emissions_g": emissions_g,
        "method": "own",
        "report": digest("account"),
    }
    return notes(world, activity, "accounted", by, **body)


def states_measures(world: World, activity: str, by: str = "owner") -> Means:
    body = {"organiser": world[by].account, "document": digest("measures")}
    return notes(world, activity, "measures_stated", by, **body)


def offsets(world: World, activity: str, certificate: str, *signers: str, **changed: Any) -> Means:
    """A certificate offsets an activity; the owner holds the one and organises the other, as a rule."""
    holder, *organiser = signers or ("owner",)
    assigned = {
        "means": world.issuing(certificate),
        "holder": world[holder].account,
        "activity": activity,
    }
    offset = {
        "organiser": world[(organiser or [holder])[0]].account,
        "certificate": certificate,
        "amount_g": changed.pop("amount_g", world.state(certificate).amount_g),
    }
    parts = [
        (certificate, [("certificate.assigned.v1", assigned | changed)]),
        (activity, [("activity.offset.v1", offset)]),
    ]
    world.do(holder, *organiser, parts=parts)
    return means(world)


def confirms(
    world: World, activity: str, by: str = "owner", *, mode: str = "self", of: str = "owner"
) -> str:
    """An activity is confirmed; returns the number of the certificate that says so."""
    setting = world.setting(world[by])
    number = setting.new("certificate", 1)
    body = {
        "organiser": world[of].account,
        "confirmer": world[by].account,
        "mode": mode,
        "document": digest("confirmation"),
    }
    concluded = ("certificate.concluded.v1", {"activity": activity, "public": True})
    parts = [(activity, [("activity.confirmed.v1", body)]), (number, [concluded])]
    world.submit(setting, parts)
    return number


def compiles(world: World, by: str = "one", **changed: Any) -> str:
    """A list is compiled; returns its stream."""
    setting = world.setting(world[by])
    report = setting.new("report", 0)
    body = {
        "compiler": world[by].account,
        "sort": "list",
        "area": "510100",
        "first": "2026-01-01",
        "last": "2026-12-31",
        "size": world.replay.size,
        "file": digest("list"),
        "activities": 1,
        "retirements": 2,
        "total_g": 300,
        **changed,
    }
    world.submit(setting, [(report, [("report.compiled.v1", body)])])
    return report


def passes(world: World, report: str, kind: str, by: str, **body: Any) -> Means:
    """A report goes on; it means its last entry."""
    body = {"means": means(world, world.state(report).last), **body}
    world.do(by, parts=[(report, [(f"report.{kind}.v1", body)])])
    return means(world)


def submits(world: World, report: str, by: str, to: str) -> Means:
    """A report is handed to the next level."""
    body = {"submitter": world[by].account, "to": world[to].account}
    return passes(world, report, "submitted", by, **body)
