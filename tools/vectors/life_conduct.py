"""The life of a finding: by due process onto a list and off it; what a standing forbids."""

from tests.world import digest
from tests.worlds_accounts import set_policy
from tests.worlds_conduct import WEEK_US, decides, finds, notifies, steps
from tools.vectors.telling import Told

REPLY = "2026-11-15"


def cases(told: Told) -> None:
    """Three cases: a black list, objected to and reviewed; a breach that is repaired; one that ends by its term."""
    world = told.world
    set_policy(world, "blacklist_forbids", codes=("receive", "send"))
    told.no(
        "a black list without a law",
        lambda: finds(world, "authority", "alice", level="blacklist"),
    )
    found = finds(world, "authority", "alice", level="blacklist", legal_basis="LAW-1")
    told.no(
        "a finding about another account",
        lambda: steps(
            world,
            "one",
            "alice",
            "notified",
            means=found,
            account=world["bob"].account,
            document=digest("notice"),
            reply_by=REPLY,
        ),
    )
    notifies(world, "authority", "alice", found, reply_by=REPLY)
    steps(world, "alice", "alice", "heard", means=found, document=digest("reply"))
    decides(world, "agency", "alice", found, legal_basis="LAW-1")
    steps(world, "authority", "alice", "published", means=found)
    batch = world.issues(100)
    told.no("received on a black list", lambda: world.transfers(batch, "owner", "alice", 5))
    steps(world, "alice", "alice", "objected", means=found, document=digest("objection"))
    reviewed = {"result": "upheld", "document": digest("review")}
    steps(world, "authority", "alice", "reviewed", means=found, **reviewed)
    steps(world, "agency", "alice", "revoked", means=found, document=digest("revoked"))
    found = finds(world, "one", "bob")
    notifies(world, "one", "bob", found, reply_by=REPLY)
    world.now_us += 4 * WEEK_US
    steps(world, "one", "bob", "hearing_waived", means=found)
    decides(world, "two", "bob", found)
    steps(world, "one", "bob", "published", means=found)
    steps(world, "one", "bob", "repaired", means=found, document=digest("repaired"))
    found = finds(world, "one", "bob")
    notifies(world, "one", "bob", found, reply_by="2026-12-15")
    steps(world, "bob", "bob", "heard", means=found, document=digest("reply"))
    decides(world, "two", "bob", found, until="2026-12-05")
    steps(world, "one", "bob", "published", means=found)
    world.now_us += 3 * WEEK_US
    steps(world, "bob", "bob", "ended", means=found)
    steps(world, "one", "owner", "commended", document=digest("commendation"))
