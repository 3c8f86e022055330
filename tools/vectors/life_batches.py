"""The life of batches: books of before, carvings, buffers, allowances, two persons; suspended and cancelled."""

from tests.world import GRAMS, digest
from tests.worlds_accounts import DAY_US, TODAY, mandates, set_policy
from tests.worlds_batches import (
    cancels,
    carries_over,
    carves,
    deposits_allowances,
    issued_elsewhere,
    issues_buffered,
    meant,
    reinstates,
    releases_buffer,
    seconded,
    suspends,
    trades,
    transferred_elsewhere,
    transfers_seconded,
    verified,
)
from tests.worlds_conduct import shared
from tools.vectors.telling import Told

DEPTH = 16


def books(told: Told) -> None:
    """What an existing system had, row by row."""
    world = told.world
    batch = issued_elsewhere(world, 1_000)
    transferred_elsewhere(world, batch, "owner", "alice", 400, row=2)
    world.imports(batch, "alice", 100, row=3)
    told.no(
        "a row of the books under another nonce",
        lambda: transferred_elsewhere(world, batch, "owner", "bob", 1, row=5, nonce=bytes(16)),
    )
    transferred_elsewhere(world, batch, "alice", "bob", 50, row=4)
    told.no(
        "a row of the books entered after a later one",
        lambda: transferred_elsewhere(world, batch, "owner", "bob", 1, row=3),
    )
    world.transfers(batch, "owner", "bob", 5)
    told.no(
        "books entered after something else happened",
        lambda: transferred_elsewhere(world, batch, "owner", "bob", 1, row=5),
    )


def whole(told: Told) -> None:
    """Carved, buffered, expired, suspended, cancelled."""
    world = told.world
    batch = world.issues(100_000)
    child = carves(world, batch, "owner", 10_000, range=(20_000, 30_000))
    told.no("credits carried over", lambda: carries_over(world, batch, "2028-12-31"))
    cancels(world, child, "owner", 100)
    made = suspends(world, child)
    told.no("moved while suspended", lambda: world.transfers(child, "owner", "bob", 1))
    reinstates(world, child, meant(made))
    _carved_deep(told, child)
    _buffered(told)
    _allowances(told)
    _standards(told)


def _carved_deep(told: Told, child: str) -> None:
    world, deepest = told.world, child
    for _ in range(DEPTH - 1):
        deepest = carves(world, deepest, "owner", 10)
    told.no("carved once too often", lambda: carves(world, deepest, "owner", 1))


def _buffered(told: Told) -> None:
    """A tenth of what is issued is kept against reversals."""
    world = told.world
    set_policy(world, "buffer_share", subject="SCFG", number=100)
    told.no("a policy for nobody", lambda: set_policy(world, "buffer_share", number=100))
    project = verified(world, 5_000)
    told.no("issued without a buffer", lambda: world.issues(5_000, project=project))
    batch = issues_buffered(world, 5_000, 500, project=project)
    lock = meant(world.additions[-1])
    releases_buffer(world, batch, lock, 100)
    cancels(world, batch, "buffer", 50, means=lock, reason="reversal")
    set_policy(world, "buffer_share", subject="SCFG", number=0)


def _allowances(told: Told) -> None:
    world = told.world
    set_policy(world, "allowance_holders", codes=("company",))
    told.no(
        "allowances to whom may not hold them",
        lambda: deposits_allowances(world, holder=world["games"].account),
    )
    short = deposits_allowances(world, 2, expires=TODAY)
    world.transfers(short, "owner", "bob", 5, standard="CEA")
    told.no(
        "carried over by another",
        lambda: carries_over(world, short, "2028-12-31", "other exchange"),
    )
    told.no("carried over to a day before", lambda: carries_over(world, short, "2026-09-20"))
    told.no(
        "the parts of a deposit name two standards",
        lambda: deposits_allowances(world, 2, standard="VCU", home_serials="A-1-2"),
    )
    world.now_us += DAY_US
    told.no(
        "an allowance used after its year",
        lambda: world.transfers(short, "owner", "bob", 5, standard="CEA"),
    )
    carries_over(world, short, "2028-12-31")
    world.transfers(short, "owner", "bob", 5, standard="CEA")


def _standards(told: Told) -> None:
    """A standard of two sides; one that is withdrawn; projects that stand still."""
    world = told.world
    crossed = {
        "credit_class": "reduction",
        "home": "HKV",
        "unit_g": GRAMS,
        "claims": ("enterprise",),
        "serial_format": (3, (0,), 1, 2),
        "partner": world["agency"].account,
        "agreement": digest("agreement"),
    }
    parts = [("standard/HK", [("standard.cross_recognised.v1", crossed)])]
    world.do("authority", "agency", parts=parts)
    withdrawn = [("standard/HK", [("standard.withdrawn.v1", {"document": digest("over")})])]
    world.do("authority", "one", parts=withdrawn)
    told.no("deposited of a standard withdrawn", lambda: world.deposits("A-1-2", 2, standard="HK"))
    project = world.lists()
    paper = {"document": digest("paper")}
    world.do("authority", "one", parts=[(project, [("project.suspended.v1", paper)])])
    means = meant(world.additions[-1])
    body = {**paper, "means": means}
    world.do("authority", "one", parts=[(project, [("project.reinstated.v1", body)])])
    world.do("authority", "one", parts=[(project, [("project.cancelled.v1", paper)])])


def two_persons(told: Told) -> None:
    """From so many grams on a second person signs."""
    world = told.world
    batch = world.issues(10_000)
    mandate = meant(mandates(world, until="2027-12-31"))
    trades(world, batch, "owner", "bob", 10, means=mandate)
    set_policy(world, "second_person_over", codes=("give", "retire", "send"), number=100)
    told.no("much sent by one person", lambda: world.transfers(batch, "owner", "bob", 101))
    transfers_seconded(world, batch, "owner", "bob", 101, second="two")
    trades(world, batch, "owner", "bob", 102, means=mandate, second="two")
    setting = world.setting(world["owner"], world["two"])
    number = setting.new("certificate", 1)
    second = seconded(world, "two", "owner")
    stated = world.certificate()
    world.submit(setting, [(batch, [world.retired("owner", 103)]), (number, [stated]), second])
    setting = world.setting(world["owner"], world["two"])
    number = setting.new("certificate", 1)
    world.submit(
        setting,
        [
            (batch, [world.retired("owner", 104)]),
            (number, [shared(world, ("a guest", 50), ("another", 54))]),
            second,
        ],
    )


def ends(told: Told) -> None:
    """Verdicts that are not accepted any more."""
    world = told.world
    set_policy(world, "second_person_over", number=0)
    batch = world.issues(1_000)
    set_policy(world, "verdicts_forbidden", codes=("ISO14068-1:2023/claim/flag",))
    late = {"period": ("2020-01-01", "2020-12-31")}
    told.no("a claim too late", lambda: world.retires(batch, "owner", 5, statement=late))
    set_policy(world, "verdicts_forbidden")
    told.no(
        "cancelled out of a lock that is none",
        lambda: cancels(world, batch, "owner", 5, means=meant(world.additions[0])),
    )
