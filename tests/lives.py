"""Random lives of a registry: everybody does, now and then, what they may or may not; two judge it, rules and model.

A `Life` grows by `step`: one act, drawn by chance, as a rule with sense in it. The rules judge it, and the independent
model does; they say yes or no alike, and afterwards tell the same of what was touched. `accepted` counts the kinds.
"""

from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from random import Random
from typing import Any

from registry.acts.propose import Hidden
from registry.errors import RefusedError
from tests import worlds_accounts as accounts
from tests import worlds_batches as batches
from tests import worlds_conduct as papers
from tests import worlds_giving as giving
from tests.alike import beside, check_refused, compare
from tests.auditor import Auditor
from tests.model.plain import china
from tests.world import GRAMS, HOUR_US, World, digest

DAY_US = 24 * HOUR_US
HOLDERS = ("owner", "alice", "bob", "carol")
GUESTS = ("guest", "other guest")
OFFICIALS = (
    ("buffer", "buffer"),
    ("second court", "court"),
    ("platform", "operator"),
    ("other exchange", "exchange"),
    ("agency", "authority"),
)


@cache
def _begun() -> tuple[World, str]:
    """Everybody, and a batch; copied for each life."""
    world = giving.giving_world()
    for name, role in OFFICIALS:
        world.opens(name, role=role)
    for name in ("carol", "three"):
        world.opens(name, role="officer" if name == "three" else "")
    world.opens("games", legal_form="event")
    for name in GUESTS:
        batches.bearer(world, name)
    world.recognises("CEA", credit_class="allowance", home="CETS", serial_format=(3, (0,), 1, 2))
    return world, world.issues(20_000)


class Life:
    """A registry that lives by chance."""

    def __init__(self, chance: Random) -> None:
        begun, batch = _begun()
        self.chance = chance
        self.world = deepcopy(begun)
        self.auditor = Auditor()
        self.seen = 0
        self.accepted: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.shelf: dict[str, list[Any]] = {"batches": [(batch, "SCFG")]}
        self.number = 0
        self.last: Callable[[Life], object] = passes
        self._take()

    # ---- chance

    def some(self, of: Any) -> Any:
        """One of what there is; nothing to do where there is none."""
        if not of:
            raise Nothing
        return self.chance.choice(list(of))

    def known(self, name: str) -> Any:
        """Something made before; the last ones more often."""
        kept = self.shelf.get(name, [])
        return self.some(kept[-4:] if self.chance.random() < 0.7 else kept)

    def ready(self, name: str, of: Callable[[Any], Any], expected: object) -> Any:
        """Something made before that is as it should be, or now and then is not."""
        kept = self.shelf.get(name, [])
        fit = [one for one in kept if of(one) == expected]
        return self.some(fit if fit and self.chance.random() < 0.9 else kept)

    def keep(self, name: str, *made: Any) -> None:
        self.shelf.setdefault(name, []).extend(made)

    def mostly(self, expected: str, others: Any = HOLDERS) -> str:
        """Who should, or sometimes somebody else."""
        return expected if self.chance.random() < 0.9 else str(self.some(others))

    def grams(self, most: int = 60) -> int:
        return self.chance.randint(1, most)

    def day(self, least: int = -3, most: int = 60) -> str:
        return china(self.world.now_us + self.chance.randint(least, most) * DAY_US).strftime(
            "%Y-%m-%d"
        )

    def fresh(self, name: str) -> str:
        self.number += 1
        return f"{name} {self.number}"

    def meant(self) -> tuple[int, bytes]:
        return papers.means(self.world)

    # ---- steps

    def step(self) -> None:
        """One act, which often goes on from the last one; and what both say of it."""
        following = FOLLOW.get(self.last, ())
        goes_on = following and self.chance.random() < 0.6
        self.last = self.some(following if goes_on else ACTS)
        self.does(self.last)

    def does(self, act: Callable[["Life"], object]) -> None:
        """What happens is taken by the model; what the rules refuse the model refuses, too."""
        world, code = self.world, ""
        world.asked = None
        try:
            act(self)
        except Nothing:
            pass
        except RefusedError as refusal:
            code = refusal.code
        self._take()
        if code:
            self.refused[code] += 1
            check_refused(self.auditor, world, code)

    def _take(self) -> None:
        """The model takes what was recorded, and tells the same."""
        for made in self.world.additions[self.seen :]:
            said = self.auditor.take(made.data, beside(made))
            assert said == "", said
            self.accepted.update(kind for part in made.intent.parts for kind, _ in part.events)
        touched = {name for made in self.world.additions[self.seen :] for name in made.streams}
        self.seen = len(self.world.additions)
        if touched:
            compare(self.world, self.auditor, *touched)


class Nothing(Exception):  # noqa: N818  # no error: there is nothing to do it with
    """What an act would be about is not there yet."""


# ---- registry, accounts


def passes(life: Life) -> None:
    life.world.now_us += life.chance.randint(0, 12) * DAY_US


def sets_policy(life: Life) -> None:
    policy, said = life.some(
        [
            ("second_person_over", {"number": life.grams(80), "codes": ("retire", "send")}),
            ("second_person_over", {"number": 0}),
            ("buffer_share", {"subject": "SCFG", "number": life.some([0, 0, 100])}),
            ("blacklist_forbids", {"codes": life.some([(), ("receive",), ("give", "send")])}),
            ("breach_forbids", {"codes": life.some([(), ("retire",)])}),
            ("allowance_holders", {"codes": life.some([(), ("company",), ("exchange",)])}),
            ("verdicts_forbidden", {"codes": life.some([(), ("ISO14068-1:2023/claim/flag",)])}),
            ("green_least", {"number": 5, "codes": life.some([(), (), ("give",)])}),
        ]
    )
    accounts.set_policy(life.world, policy, **said)


def grants(life: Life) -> None:
    who = life.world[life.some(HOLDERS)].account
    role = life.some(["operator", "validator"])
    made = life.world.grants(who, role)
    life.keep("granted", (who, role, accounts.meant(made)))


def withdraws_role(life: Life) -> None:
    life.world.withdraws(*life.known("granted"))


def replaces_log_key(life: Life) -> None:
    life.world.replaces_log_key(life.fresh("log"))


def adds_key(life: Life) -> None:
    name = life.some(HOLDERS)
    made = life.fresh("key")
    life.world.adds_key(made, name)
    life.keep("keys", (name, made))


def ends_key(life: Life) -> None:
    name, made = life.known("keys")
    life.world.ends_key(made, name)


def announces(life: Life) -> None:
    holder, name = life.some(HOLDERS), life.fresh("key")
    life.keep("recoveries", (holder, name, life.world.announces(name, holder)))


def ends_recovery(life: Life) -> None:
    holder, name, means = life.known("recoveries")
    how = life.some(["recovery_stopped", "recovery_withdrawn", "recovered", "recovered"])
    if how == "recovered":
        life.world.now_us += life.chance.randint(2, 6) * DAY_US
    life.world.ends_recovery(how, holder, means, *([holder] if how == "recovery_stopped" else []))
    if how == "recovered":
        life.world.people[holder] = life.world[name]


def gives_mandate(life: Life) -> None:
    standards = life.some([(), (), ("SCFG",), ("CEA",)])
    who = life.mostly("owner")
    made = accounts.mandates(life.world, who, until=life.day(), standards=standards)
    life.keep("mandates", (who, accounts.meant(made)))


def ends_mandate(life: Life) -> None:
    who, means = life.known("mandates")
    accounts.says(life.world, who, "account.mandate_ended.v1", means=means)


def wants_to_accept(life: Life) -> None:
    required = life.chance.random() < 0.5
    accounts.says(life.world, life.some(HOLDERS), "account.acceptance_set.v1", required=required)


def notifies(life: Life) -> None:
    body = {"means": life.meant(), "channel": "post", "document": digest("receipt")}
    accounts.says(life.world, life.some(HOLDERS), "account.notified.v1", "one", **body)


def opens(life: Life) -> None:
    name = life.fresh("person")
    life.world.opens(name)
    life.keep("people", name)


def ends_account(life: Life) -> None:
    world, name, heir = life.world, life.known("people"), life.some(HOLDERS)
    batch, standard = life.known("batches")
    if standard == "SCFG" and life.chance.random() < 0.5:
        world.transfers(batch, "owner", name, 1)
    how = life.chance.randint(0, 3)
    if how == 0:
        accounts.says(world, name, "account.closed.v1")
    elif how == 1:
        accounts.merges(world, name, heir)
    else:
        accounts.succeeds(world, name, heir)
    life.keep("ended", (batch, name, heir))


def devolves(life: Life) -> None:
    batch, name, heir = life.known("ended")
    reason = life.some(["inheritance", "merger", "liquidation"])
    accounts.devolves(life.world, batch, name, life.mostly(heir), 1, reason=reason)


# ---- freezes and ties


def freezes(life: Life) -> None:
    who = life.some(HOLDERS)
    made = accounts.meant(accounts.freezes(life.world, who, until=life.day(most=10)))
    life.keep("freezes", (who, made))
    if life.chance.random() < 0.4:
        accounts.lifts(life.world, who, made)


def lifts(life: Life) -> None:
    who, means = life.known("freezes")
    how = life.chance.randint(0, 2)
    if how == 0:
        life.world.now_us += life.chance.randint(0, 11) * DAY_US
        accounts.says(life.world, who, "account.freeze_ended.v1", "one", means=means)
    elif how == 1:
        accounts.renews(life.world, who, means, until=life.day(most=90))
    else:
        accounts.lifts(life.world, who, means)


def freezes_range(life: Life) -> None:
    who, (batch, standard) = life.some(HOLDERS), life.known("batches")
    grams = life.grams(20)
    _only(standard)
    tied = accounts.freezes_range(life.world, batch, who, grams, until=life.day(most=10))
    life.keep("ranges", (tied, tied.means))


def queues(life: Life) -> None:
    tied, _ = life.known("ranges")
    made = accounts.queues(life.world, tied.who, tied.means, until=life.day())
    life.keep("ranges", (tied, accounts.meant(made)))


def lifts_range(life: Life) -> None:
    tied, freeze = life.known("ranges")
    authority = life.some(["court", "second court"])
    how = life.chance.randint(0, 3)
    if how == 0:
        accounts.ends_freeze_of_range(life.world, tied, freeze)
    elif how == 1:
        accounts.lifts(life.world, tied.who, freeze, authority=authority)
    else:
        accounts.lifts_range(life.world, tied, freeze, authority)


def seizes(life: Life) -> None:
    batch, standard = life.known("batches")
    _only(standard)
    accounts.seizes(life.world, batch, life.some(HOLDERS), "bob", life.grams(10))


def seizes_locked(life: Life) -> None:
    tied = life.some(
        [tied for tied, _ in life.shelf.get("ranges", [])] + life.shelf.get("ties", [])
    )
    accounts.seizes_locked(life.world, tied, "bob", life.chance.randint(1, tied.grams))


def offers(life: Life) -> None:
    giver, taker = life.mostly("owner"), life.some([*HOLDERS[1:], "games"])
    batch, standard = life.known("batches")
    _only(standard)
    tied = accounts.offers(life.world, batch, giver, taker, life.grams(30), until=life.day(most=20))
    life.keep("ties", tied)
    life.keep("offers", (tied, taker))


def answers(life: Life) -> None:
    tied, taker = life.known("offers")
    world, how = life.world, life.chance.randint(0, 4)
    if how == 0:
        accounts.declines(world, tied, life.mostly(taker))
    elif how == 1:
        accounts.withdraws(world, tied)
    elif how == 2:
        life.world.now_us += life.chance.randint(0, 25) * DAY_US
        accounts.lapses(world, tied, life.some(["one", tied.who]))
    elif taker == "games":
        _takes_donation(life, tied)
    else:
        accounts.accepts(world, tied, life.mostly(taker))


def _takes_donation(life: Life, tied: Any) -> None:
    world = life.world
    setting = world.setting(world["games"])
    giver, games = world[tied.who].account, world["games"].account
    of = {"amount_g": tied.grams, "standard": "SCFG"}
    released = {**of, "means": tied.means, "owner": giver, "taker": games}
    honoured = {**of, "donor": giver, "event": games, "name": Hidden(value="a donor")}
    accepted = {"means": tied.means, "taker": games}
    number = setting.new("certificate", 2)
    world.submit(
        setting,
        [
            (tied.batch, [("batch.released.v1", released)]),
            (giver, [("account.offer_accepted.v1", accepted)]),
            (number, [("certificate.honoured.v1", honoured)]),
        ],
    )
    life.keep("others", number)


def pledges(life: Life) -> None:
    holder, pledgee = "owner", life.some(HOLDERS[1:])
    batch, standard = life.known("batches")
    _only(standard)
    tied = accounts.pledges(life.world, batch, holder, pledgee, life.grams(20))
    life.keep("ties", tied)
    life.keep("pledges", (tied, pledgee))


def releases_pledge(life: Life) -> None:
    tied, pledgee = life.known("pledges")
    accounts.releases_pledge(life.world, tied, life.mostly(pledgee))


def reserves(life: Life) -> None:
    who, means = life.known("mandates")
    batch, standard = life.known("batches")
    _only(standard)
    tied = accounts.reserves(life.world, batch, who, life.grams(20), means)
    life.keep("ties", tied)
    life.keep("reserved", tied)


def settles(life: Life) -> None:
    tied = life.known("reserved")
    if life.chance.random() < 0.4:
        accounts.ends_reserve(life.world, tied, life.some(["exchange", "one"]))
    else:
        grams = life.chance.randint(1, tied.grams)
        accounts.settles(life.world, tied, life.some(HOLDERS), grams)


def _only(standard: str, expected: str = "SCFG") -> None:
    """The helpers speak of this kind of credit."""
    if standard != expected:
        raise Nothing


# ---- standards, projects, batches


def recognises(life: Life) -> None:
    code = f"ST{life.chance.randint(1, 9)}"
    if life.chance.random() < 0.5:
        life.world.recognises(code, claims=("enterprise",))
    else:
        body = {
            "credit_class": "removal",
            "home": "HKV",
            "unit_g": GRAMS,
            "claims": ("enterprise",),
            "serial_format": (3, (0,), 1, 2),
            "partner": life.world["agency"].account,
            "agreement": digest("agreement"),
        }
        parts = [(f"standard/{code}", [("standard.cross_recognised.v1", body)])]
        life.world.do("authority", "agency", parts=parts)
    if life.chance.random() < 0.5:
        body = {"document": digest("over")}
        parts = [(f"standard/{code}", [("standard.withdrawn.v1", body)])]
        life.world.do("authority", "one", parts=parts)


def suspends_project(life: Life) -> None:
    world, paper = life.world, {"document": digest("paper")}
    project = world.lists() if life.chance.random() < 0.5 else life.known("projects")
    life.keep("projects", project)
    world.do("authority", "one", parts=[(project, [("project.suspended.v1", paper)])])
    after = {**paper, "means": life.meant()}
    if life.chance.random() < 0.7:
        world.do("authority", "one", parts=[(project, [("project.reinstated.v1", after)])])
    else:
        world.do("authority", "one", parts=[(project, [("project.cancelled.v1", paper)])])


def issues(life: Life) -> None:
    world, amount_g = life.world, life.chance.randint(50, 2_000)
    if life.chance.random() < 0.5:
        project = batches.verified(world, amount_g)
        life.keep("projects", project)
    else:
        project = life.known("projects")
    if life.chance.random() < 0.3:
        made = batches.issues_buffered(world, amount_g, amount_g // 5, project=project)
        life.keep("buffers", (made, life.meant()))
    else:
        made = world.issues(amount_g, project=project)
    life.keep("batches", (made, "SCFG"))


def deposits(life: Life) -> None:
    first, units = life.chance.randint(1, 12), life.chance.randint(1, 3)
    spelled, retired = f"a-0{first}-{first + units - 1}", life.chance.random() < 0.2
    made = life.world.deposits(spelled, units * GRAMS, retired_at_home=retired)
    life.keep("batches", (made, "VCU"))


def deposits_allowances(life: Life) -> None:
    serials = f"CEA-{life.chance.randint(1, 9)}-{life.chance.randint(10, 12)}"
    first, last = (int(piece) for piece in serials.split("-")[1:])
    made = batches.deposits_allowances(
        life.world, last - first + 1, home_serials=serials, expires=life.day(most=40)
    )
    life.keep("batches", (made, "CEA"))
    life.keep("allowances", made)


def carries_over(life: Life) -> None:
    by = life.mostly("exchange", ["other exchange"])
    batches.carries_over(life.world, life.known("allowances"), life.day(20, 400), by)


def transfers(life: Life) -> None:
    batch, standard = life.known("batches")
    giver, taker = life.mostly("owner"), life.mostly("bob")
    changed: dict[str, Any] = {"standard": standard}
    grams = life.grams(120)
    if life.chance.random() < 0.3:
        start = life.chance.randint(0, 300)
        changed["range"] = (start, start + grams)
    life.world.transfers(batch, giver, taker, grams, **changed)


def scatters(life: Life) -> None:
    """Grams with gaps between, so that rows stand beside what moves them next."""
    batch, standard = life.known("batches")
    for start in range(0, 36, 2):
        named = (start, start + 1)
        life.world.transfers(batch, "owner", "bob", 1, standard=standard, range=named)
    life.world.transfers(batch, "bob", "alice", 18, standard=standard)


def transfers_seconded(life: Life) -> None:
    batch, standard = life.known("batches")
    _only(standard)
    taker = life.some(HOLDERS)
    grams = life.grams(150)
    batches.transfers_seconded(life.world, batch, "owner", taker, grams, second="two")


def trades(life: Life) -> None:
    who, means = life.known("mandates")
    batch, standard = life.known("batches")
    second = life.some(["", "two"])
    batches.trades(
        life.world,
        batch,
        who,
        life.some(HOLDERS),
        life.grams(),
        means=means,
        second=second,
        standard=standard,
    )


def retires(life: Life) -> None:
    batch, standard = life.known("batches")
    period = life.some([("2025-01-01", "2025-12-31"), ("2020-01-01", "2020-12-31"), None])
    purpose = life.some(["enterprise", "meeting", "individual", "restoration"])
    holder = life.mostly("owner")
    stated = {"period": period, "purpose": purpose}
    number = life.world.retires(batch, holder, life.grams(), statement=stated, standard=standard)
    life.keep("certificates", number)


def imports(life: Life) -> None:
    batch, standard = life.known("batches")
    row = life.chance.randint(1, 30)
    number = life.world.imports(batch, life.mostly("owner"), 5, row=row, standard=standard)
    life.keep("certificates", number)
    former = {"number": "SC-1", "source": digest("old"), "holder": life.world["owner"].account}
    papers.says(life.world, number, "numbered_before", "one", "owner", **former)


def cancels_at_home(life: Life) -> None:
    awaiting = [
        number
        for number in life.shelf.get("certificates", [])
        if "VCU" in life.auditor.certificates[number]["home"] or life.chance.random() < 0.05
    ]
    life.world.cancels_at_home(life.some(awaiting))


def enters_books(life: Life) -> None:
    source = digest(life.fresh("books"))
    batch = batches.issued_elsewhere(life.world, 300, source=source)
    for row in sorted(life.chance.sample(range(1, 9), 3)):
        batches.transferred_elsewhere(
            life.world, batch, "owner", life.some(HOLDERS), life.grams(), row=row, source=source
        )
    life.keep("batches", (batch, "SCFG"))


def carves(life: Life) -> None:
    batch, standard = life.known("batches")
    made = batches.carves(
        life.world, batch, life.mostly("owner"), life.grams(200), standard=standard
    )
    life.keep("batches", (made, standard))


def suspends(life: Life) -> None:
    batch, standard = life.known("batches")
    made = batches.meant(batches.suspends(life.world, batch))
    if life.chance.random() < 0.5:
        life.does(life.some([seizes, freezes_range, retires, returns]))
        life.world.asked = None
    batches.reinstates(life.world, batch, made)
    _only(standard, standard)


def cancels(life: Life) -> None:
    batch, standard = life.known("batches")
    batches.cancels(life.world, batch, life.some(HOLDERS), life.grams(20), standard=standard)


def uses_buffer(life: Life) -> None:
    batch, lock = life.known("buffers")
    if life.chance.random() < 0.5:
        batches.releases_buffer(life.world, batch, lock, life.grams(20))
    else:
        batches.cancels(life.world, batch, "buffer", life.grams(20), means=lock, reason="reversal")


# ---- campaigns


def opens_campaign(life: Life) -> None:
    each, only = life.some([None, 5]), life.chance.random() < 0.6
    world = life.world
    campaign = giving.opens_campaign(
        world, each_g=each, retire_only=only, deadline=life.day(-1, 30)
    )
    life.keep("campaigns", (campaign, each, only))
    fund(life)


def fund(life: Life) -> None:
    campaign, each, only = life.known("campaigns")
    batch, standard = life.known("batches")
    _only(standard)
    child, lock = giving.funds(life.world, campaign, batch, life.chance.randint(20, 100))
    life.keep("funded", (campaign, child, lock, each, only))
    life.keep("batches", (child, standard))


def gives(life: Life) -> None:
    campaign, child, lock, each, only = life.known("funded")
    takers = [life.some([*GUESTS, *HOLDERS]) for _ in range(life.chance.randint(1, 4))]
    rows = [(life.world[taker].account, each or life.grams(8)) for taker in takers]
    second = life.some(["", "", "two"])
    given = {"retire_only": only if life.chance.random() < 0.9 else not only}
    giving.gives(life.world, campaign, child, lock, rows, given=given, second=second)
    life.keep("gifts", *((child, taker) for taker in takers))


def claims(life: Life) -> None:
    child, taker = life.known("gifts")
    to = life.mostly("alice" if taker in GUESTS else taker)
    giving.claims(life.world, child, taker, to, life.grams(6))


def claim_retires(life: Life) -> None:
    child, taker = life.known("gifts")
    life.keep("certificates", batches.claim_retires(life.world, child, taker, life.grams(4)))


def returns(life: Life) -> None:
    campaign, child, lock, *_ = life.known("funded")
    if life.chance.random() < 0.6:
        life.world.now_us += 35 * DAY_US
    held = life.auditor.held(child)
    places = [name for name in held if name.startswith(("waits", "lock"))]
    left = sum(end - start for name in places for start, end in held[name])
    amount = left if life.chance.random() < 0.7 else life.grams(20)
    giving.returns(life.world, campaign, child, lock, amount, by=life.some(["owner", "one"]))
    giving.closes_campaign(life.world, campaign, by=life.some(["owner", "one"]))


# ---- orders


def registers_order(life: Life) -> None:
    terms = life.some(
        [
            {},
            {"amount_g": None, "amount_fen": 900},
            {"instalments": (("2026-09-25", 40), ("2026-10-10", 60))},
            {"instalments": (("2026-09-25", 40),)},
            {"agent": life.world["agent"].account, "regions": ("510000",)},
            {"basis": "administrative_decision"},
            {"amount_g": 10, "instalments": (("2026-09-25", 10),)},
            {"amount_g": 5},
        ]
    )
    order, means = giving.registers_order(life.world, deadline=life.day(5, 40), **terms)
    life.keep("orders", order)
    life.keep("terms", (order, means))
    buys(life)


def _order(life: Life) -> tuple[str, Any]:
    order, means = life.known("terms")
    return order, means if life.chance.random() < 0.9 else life.meant()


def buys(life: Life) -> None:
    order = life.known("orders")
    batch, standard = life.ready("batches", lambda kept: kept[1], "SCFG")
    grams, cost = life.grams(120), life.some([None, 500, 500])
    project = life.some([None, *[life.world.state(batch).project] * 2])
    second = life.some(["", "", "two"])
    buyer = life.mostly("case", ["agent"])
    lot = giving.buys(
        life.world,
        order,
        batch,
        grams,
        "owner",
        buyer,
        second=second,
        cost_fen=cost,
        project=project,
        standard=standard,
    )
    life.keep("lots", (order, batch, lot, grams, standard))


def performs(life: Life) -> None:
    order, batch, lot, grams, standard = life.known("lots")
    by = life.some(["case", "case", "court"])
    taken = life.some([grams, grams, life.chance.randint(1, grams)])
    number = giving.performs(life.world, order, (batch, lot, taken), by=by, standard=standard)
    life.keep("certificates", number)
    life.keep("performed", (order, life.meant(), number))


def decides_order(life: Life) -> None:
    order, means = _order(life)
    world = life.world
    how = life.chance.randint(0, 5)
    if how == 0:
        life.keep("terms", (order, giving.amends(world, order, means, amount_g=life.grams(90))))
    elif how == 1:
        agent = {"agent": world["agent"].account, "obligor": Hidden(value="an heir")}
        giving.decides(world, order, "substituted", means, **agent)
    elif how == 2:
        giving.decides(world, order, "withdrawn", means)
    else:
        world.now_us += life.chance.randint(0, 50) * DAY_US
        giving.decides(world, order, "defaulted", means)
        _enforces(life, order)


def _enforces(life: Life, order: str) -> None:
    """The court takes what was bought."""
    own = [lot for lot in life.shelf.get("lots", []) if lot[0] == order]
    _, batch, lot, grams, standard = life.some(own)
    giving.performs(life.world, order, (batch, lot, grams), by="court", standard=standard)


def _is_done(order: Any) -> bool:
    done = sum(lot["performed"] for lot in order["lots"].values())
    return order["terms"]["unit"] == "g" and done >= order["terms"]["amount"]


def confirms_order(life: Life) -> None:
    terms = life.auditor.orders
    order, means, number = life.ready(
        "performed",
        lambda made: terms[made[0]]["last"] == made[1][0] and _is_done(terms[made[0]]),
        expected=True,
    )
    body = {"court": life.world["court"].account, "document": digest("confirmed")}
    if life.chance.random() < 0.5:
        papers.says(life.world, number, "confirmed", "court", **body)
    else:
        giving.decides(life.world, order, "confirmed", means)


def loses_lot(life: Life) -> None:
    order, batch, lot, grams, standard = life.known("lots")
    _only(standard)
    giving.loses(life.world, order, batch, lot, life.chance.randint(1, grams))


def releases_lot(life: Life) -> None:
    order, batch, lot, grams, standard = life.known("lots")
    _only(standard)
    if life.chance.random() < 0.5:
        means = dict(life.shelf["terms"])[order]
        giving.decides(life.world, order, "withdrawn", means)
    left = life.world.state(order).lots[batch, lot[0]].left_g
    giving.releases(life.world, order, batch, lot, left or grams, by=life.some(["court", "one"]))
    giving.closes_order(life.world, order)


def case_is_frozen(life: Life) -> None:
    """The case's account is frozen, the authority consents to an order, and lifts the freeze in the end."""
    world, order = life.world, life.known("orders")
    frozen = accounts.meant(accounts.freezes(world, "case", until=life.day(1, 9)))
    said = {"means": frozen, "authority": world["court"].account}
    if life.chance.random() < 0.6:
        accounts.says(world, "case", "account.freeze_consented.v1", "court", **said, order=order)
    life.does(performs)
    life.world.asked = None
    accounts.lifts(world, "case", frozen)


# ---- certificates, activities, reports, conduct


def retires_for_many(life: Life) -> None:
    batch, standard = life.known("batches")
    _only(standard)
    rows = [("a guest", life.grams(8)), ("another", life.grams(8)), ("a third", life.grams(8))]
    group = papers.retires_for_many(life.world, batch, "owner", *rows)
    life.keep("groups", group)
    life.keep("others", group)


def adopts(life: Life) -> None:
    life.keep(
        "certificates", papers.adopts(life.world, life.known("groups"), life.chance.randint(0, 2))
    )


def replaces(life: Life) -> None:
    number = life.known("certificates")
    state = life.world.state(number)
    made = next(one for one in life.world.additions if one.index == state.issued)
    day = china(made.at_us).strftime("%Y-%m-%d")
    retired = state.retired or (
        (day, day) if life.chance.random() < 0.8 else ("2026-01-01", "2026-01-31")
    )
    kind = life.some(["replaced", "replaced", "beneficiary_replaced"])
    by = ("owner", "one", *(("two",) if kind == "beneficiary_replaced" else ()))
    period = life.some([("2025-01-01", "2025-12-31"), ("2024-01-01", "2024-06-30"), None])
    new = papers.replaces(life.world, number, *by, kind=kind, retired=retired, period=period)
    life.keep("certificates", new)


def annuls(life: Life) -> None:
    number = life.some([life.known("certificates"), life.some(life.shelf.get("others") or [None])])
    if number is None:
        raise Nothing
    world = life.world
    court = life.chance.random() < 0.4
    body = {"means": world.issuing(number), "document": digest("why")}
    body |= {"court": world["court"].account} if court else {"reason": "fraud"}
    kind = "annulled_by_court" if court else "annulled"
    parts = [(number, [(f"certificate.{kind}.v1", body)])]
    assigned = life.auditor.certificates[number]["assigned"]
    if assigned and life.chance.random() < 0.9:
        activity, own = assigned
        grams = world.state(number).amount_g
        lost = ("activity.offset_lost.v1", {"certificate": own, "amount_g": grams})
        parts.append((activity, [lost]))
    world.do(*(["court"] if court else ["one", "two"]), parts=parts)


def witnesses(life: Life) -> None:
    number = life.some(
        [*life.shelf.get("certificates", [])[-3:], *life.shelf.get("others", [])[-3:]]
    )
    body = {"exchange": life.world["exchange"].account, "number": "W-1"}
    if life.chance.random() < 0.5:
        papers.says(life.world, number, "witnessed", "exchange", **body)
    else:
        body |= {"other": life.world["other exchange"].account, "other_number": "W-2"}
        papers.says(life.world, number, "jointly_witnessed", "exchange", "other exchange", **body)


def files(life: Life) -> None:
    activity = papers.files(life.world, begins=life.day(0, 5), ends=life.day(3, 9))
    life.keep("activities", activity)


def prepares(life: Life) -> None:
    activity, world = life.known("activities"), life.world
    how = life.chance.randint(0, 3)
    if how == 0:
        papers.states_measures(world, activity)
    elif how == 1:
        body = {
            "means": world.issuing(activity),
            "authority": world["authority"].account,
            "organiser": world["owner"].account,
            "receipt": "R-1",
            "document": digest("receipt"),
        }
        papers.notes(world, activity, "received", "authority", **body)
    else:
        papers.accounts_for(world, activity, life.grams(100))


def offsets(life: Life) -> None:
    number = life.known("certificates")
    holder = {world.account: name for name, world in life.world.people.items() if name in HOLDERS}
    signer = holder.get(life.world.state(number).holder, "owner")
    by = [signer] if signer == "owner" else [signer, "owner"]
    papers.offsets(life.world, life.known("activities"), number, *by)


def confirms(life: Life) -> None:
    by, mode = life.some([("owner", "self"), ("platform", "platform"), ("verifier", "institution")])
    if life.chance.random() < 0.5:
        life.world.now_us += 9 * DAY_US
    number = papers.confirms(life.world, life.known("activities"), by, mode=mode)
    life.keep("others", number)


def compiles(life: Life) -> None:
    report = papers.compiles(life.world)
    life.keep("reports", report)
    if life.chance.random() < 0.7:
        _hands_up(life, report)


def _hands_up(life: Life, report: str) -> None:
    world, agency = life.world, life.world["agency"].account
    papers.submits(world, report, "one", "agency")
    if life.chance.random() < 0.4:
        said = {"authority": agency, "document": digest("reasons")}
        papers.passes(world, report, "returned", "agency", **said)
        body = {"compiler": world["one"].account, "size": world.replay.size, "file": digest("list")}
        body |= {"activities": 1, "retirements": 1, "total_g": 5}
        papers.passes(world, report, "amended", "one", **body)
        papers.submits(world, report, "one", "agency")
    papers.passes(world, report, "accepted", "agency", authority=agency)
    if life.chance.random() < 0.5:
        papers.submits(world, report, "agency", "authority")


def publishes(life: Life) -> None:
    activity = life.ready(
        "activities", lambda name: life.auditor.activities[name]["status"], "confirmed"
    )
    report = life.ready("reports", lambda name: life.auditor.reports[name]["status"], "accepted")
    body = {"authority": life.world["authority"].account, "report": report}
    papers.notes(life.world, activity, "published", "authority", **body)


def finds(life: Life) -> None:
    level = life.some(["breach", "blacklist"])
    by = "authority" if level == "blacklist" else life.some(["one", "three"])
    of = life.some(HOLDERS)
    found = papers.finds(life.world, by, of, level=level, legal_basis=life.some(["LAW-1", None]))
    life.keep("cases", (of, level, found))
    papers.notifies(life.world, by, of, found, reply_by=life.day(6, 14))


def goes_on(life: Life) -> None:
    of, level, found = life.known("cases")
    by = life.some(["authority", "agency"] if level == "blacklist" else ["one", "two", "three"])
    world, paper = life.world, {"document": digest("paper")}
    case = world.state(papers.conduct_of(world, of)).cases[found[0]]
    result = {"result": life.some(["upheld", "upheld", "dismissed"]), "until": life.day(1, 20)}
    # At each stage what is next; now and then, anything.
    reviewed = ("reviewed", by, {**paper, "result": life.some(["upheld", "revoked"])})
    ended = ("ended", life.some([of, "one"]), {})
    following: dict[str, list[tuple[str, str, dict[str, Any]]]] = {
        "notified": [("heard", of, paper), ("hearing_waived", by, {})],
        "heard": [("decided", by, {**paper, **result, "legal_basis": "LAW-1"})],
        "upheld": [("published", by, {}), ("published", by, {}), ("objected", of, paper)],
        "in_force": [("repaired", by, paper), ("objected", of, paper), ended],
    }
    own = [reviewed] if case.objection == "pending" else following.get(case.stage, [])
    every = [("objected", of, paper), reviewed, ended]
    every += [("repaired", by, paper), ("revoked", by, paper)]
    if life.chance.random() < 0.3:
        world.now_us += 21 * DAY_US
    step, signer, body = life.some(own if own and life.chance.random() < 0.85 else every)
    papers.steps(world, signer, of, step, means=found, **body)


def commends(life: Life) -> None:
    of = life.some(HOLDERS)
    papers.steps(life.world, "one", of, "commended", document=digest("commendation"))


ACTS: tuple[Callable[[Life], object], ...] = (
    *(passes, transfers, transfers, retires, retires, issues) * 2,
    *(sets_policy, grants, withdraws_role, replaces_log_key, adds_key, ends_key),
    *(announces, announces, gives_mandate, ends_mandate, wants_to_accept, notifies),
    *(opens, ends_account, devolves, freezes, lifts, freezes_range, freezes_range, lifts_range),
    *(seizes, seizes_locked, offers, offers, offers, answers, answers, pledges, releases_pledge),
    *(reserves, settles, recognises, suspends_project, deposits, deposits_allowances),
    *(carries_over, scatters, transfers_seconded, trades, trades, imports, cancels_at_home),
    *(enters_books, carves, suspends, cancels, uses_buffer),
    *(opens_campaign, fund, gives, gives, claims, claims, claim_retires, returns),
    *(registers_order, registers_order, buys, performs, performs, decides_order, decides_order),
    *(confirms_order, loses_lot, releases_lot, case_is_frozen),
    *(retires_for_many, adopts, replaces, replaces, annuls, witnesses, files, prepares, prepares),
    *(offsets, offsets, confirms, compiles, publishes, finds, finds),
    *(goes_on,) * 3,
    commends,
)
FOLLOW: dict[Callable[[Life], object], tuple[Callable[[Life], object], ...]] = {
    opens: (ends_account,),
    ends_account: (devolves,),
    announces: (ends_recovery,),
    freezes: (lifts,),
    freezes_range: (queues, lifts_range, seizes_locked),
    queues: (lifts_range,),
    offers: (answers,),
    pledges: (releases_pledge, seizes_locked),
    gives_mandate: (reserves, trades),
    reserves: (settles,),
    opens_campaign: (gives,),
    gives: (claims, claim_retires, returns),
    registers_order: (performs, performs, decides_order),
    confirms_order: (releases_lot,),
    performs: (confirms_order, releases_lot),
    decides_order: (decides_order, performs, loses_lot),
    retires_for_many: (adopts,),
    adopts: (replaces, annuls),
    files: (prepares,),
    prepares: (prepares, offsets),
    offsets: (confirms, annuls),
    confirms: (compiles, annuls),
    compiles: (publishes,),
    finds: (goes_on,),
    goes_on: (goes_on,),
}
