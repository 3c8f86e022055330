"""How a vector tells a log: its entries and what stands beside them, and entries that must not follow."""

from collections.abc import Callable, Iterator
from typing import Any

from registry.errors import RegistryError
from registry.ledger import note, tree
from tests.world import ORIGIN, World, forged

Attempt = tuple[str, Callable[[], object]]


def code_of(act: Callable[[], object]) -> str:
    """The code with which `act` is refused."""
    try:
        act()
    except RegistryError as error:
        return error.code
    raise AssertionError("a broken vector that holds")


class Told:
    """A log that grows, and beside it the entries that must not be there, each at the size at which it was tried."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.broken: list[dict[str, Any]] = []
        self.shelf: dict[str, Any] = {}

    def no(self, name: str, attempt: Callable[[], object]) -> None:
        """What `attempt` would be as an entry, and the code with which it is refused."""
        world = self.world
        world.asked = None
        try:
            code = code_of(attempt)
        except AssertionError as error:
            raise AssertionError(name) from error
        assert world.asked is not None, f"{name}: {code}"
        beside = [
            {"part": part, "event": event, "rows": [row.hex() for row in rows]}
            for (part, event), rows in sorted(world.asked.rows.items())
        ]
        self.broken.append(
            {
                "name": name,
                "after": world.replay.size,
                "entry": forged(world.asked, world.now_us).hex(),
                "code": code,
                **({"detached": beside} if beside else {}),
            }
        )

    def all(self, attempts: Iterator[Attempt]) -> None:
        """Each attempt in turn."""
        for name, attempt in attempts:
            self.no(name, attempt)


def entries(world: World) -> list[dict[str, Any]]:
    """Every entry with its leaf, the root after it, where it stands, and the rows beside it."""
    frontier = tree.Frontier()
    told = []
    for addition in world.additions:
        frontier.append(addition.leaf)
        told.append(
            {
                "entry": addition.data.hex(),
                "leaf": addition.leaf.hex(),
                "root": frontier.root().hex(),
                "streams": [
                    {
                        "stream": part.stream,
                        "position": position,
                        "kinds": [kind for kind, _ in part.events],
                    }
                    for part, position in zip(
                        addition.intent.parts, addition.positions, strict=True
                    )
                ],
                "detached": [
                    {
                        "part": beside.part,
                        "event": beside.event,
                        "rows": [row.hex() for row in beside.rows],
                    }
                    for beside in addition.detached
                ],
            }
        )
    return told


def log_keys(world: World) -> list[note.VerifierKey]:
    """What strangers may have pinned, oldest first; the last one signs the checkpoint."""
    return [
        note.VerifierKey(name=ORIGIN, public=public)
        for _, (_, public) in world.state("registry").log_keys
    ]


def spans(ranges: Any) -> list[list[str]]:
    """Serial ranges, in decimal."""
    return [[str(start), str(end)] for start, end in ranges]
