"""A registry in a directory in which everything has happened: the life that the vectors tell, as if it were ours.

The fixture `life` is for tests that ask, and change nothing that others count on.
"""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from registry.desk.account_life import Open
from registry.desk.retirements import Retire
from registry.ledger.tree import Frontier
from registry.store.keyring import Keyring
from registry.store.log import DATABASE, LOG_ACCOUNT
from registry.store.mark import Mark, Seen
from registry.store.openings import FileOpenings, opening_row
from registry.store.sqlite import SqliteRecorder
from tests.books import live_at
from tests.desks import does
from tests.servers import eventually
from tests.world import HOUR_US, World
from tools.vectors.life import lived


def written(world: World, directory: Path) -> None:
    """Have what happened in `world` in the registry at `directory`, with all keys, and everything that was hidden."""
    directory.mkdir()
    _keep(world, Keyring.create(directory))
    (directory / DATABASE).touch(mode=0o600)
    recorder = SqliteRecorder(str(directory / DATABASE))
    recorder.create_table()
    FileOpenings.create(directory)
    frontier = Frontier()
    nodes = [node for own in world.additions for node in frontier.append(own.leaf)]
    with recorder.writing() as cursor:
        recorder.record(cursor, world.additions, nodes, frontier.size, frontier.root())
    signing = next(person for person in world.everyone if person.key == _log_key(world))
    recorder.record_checkpoint(frontier.size, world.note(signing))
    recorder.close()
    _open(world, directory)
    Mark(world.log).write(Seen(size=frontier.size, root=frontier.root()))


def _log_key(world: World) -> tuple[str, bytes]:
    key: tuple[str, bytes] = world.state(LOG_ACCOUNT).log_key
    return key


def _keep(world: World, ring: Keyring) -> None:
    for person in {one.key: one for one in world.everyone}.values():
        ring.keep(ring.hold(bytes(person.signing)), person.account)


def _open(world: World, directory: Path) -> None:
    made = {own.intent_bytes: own for own in world.additions}
    rows = []
    for proposal in world.proposals:
        own = made.get(proposal.data)
        if own is not None:
            rows += [opening_row(own.index, proposal.intent, one) for one in proposal.openings]
    with closing(FileOpenings(directory)) as openings_kept:
        openings_kept.keep(rows)


@pytest.fixture(scope="session")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A server of that registry."""
    from tests.api.conftest import served  # noqa: PLC0415  # which has this fixture from here

    base = tmp_path_factory.mktemp("life")
    with pytest.MonkeyPatch.context() as patch:
        live_at(base, patch)
        written(lived().world, base / "registry")
        context = served(base / "registry")
        # A clock that steps is not believed by those who saw it step.
        with later():
            made = context.__enter__()
            does(made.runtime.operator, _hidden(made))
        known(made)
    try:
        yield made
    finally:
        context.__exit__(None, None, None)


@cache
def _ahead_ns() -> int:
    """By how much the last entry of that life, and an hour, are ahead of us."""
    over_ns = (lived().world.now_us + HOUR_US) * 1_000
    return max(0, over_ns - time.time_ns())


def _hidden(life: Any) -> Retire:
    """A retirement whose names are not public."""
    return Retire(
        holder=life.accounts["owner"],
        amount="300g",  # type: ignore[arg-type]  # as it is typed
        standard="SCFG",
        purpose="enterprise",
        public=False,
        activity="a meeting behind closed doors",
        beneficiary="somebody who is not named",
    )


@contextmanager
def later() -> Iterator[None]:
    """What is recorded in the block is recorded when that life is over."""
    now_ns, ahead_ns = time.time_ns, _ahead_ns()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time_ns", lambda: now_ns() + ahead_ns)
        yield


def grow(life: Any) -> None:
    """Have one more account in the log, and the server know it, which looks in its own time."""
    with later():
        does(life.runtime.operator, Open(name="somebody new", legal_form="company"))
    known(life)


def known(life: Any) -> None:
    """Wait until the server has seen all that was recorded without it."""
    size = life.runtime.source().size()
    eventually(lambda: life.runtime.heads.size == size, "the server to look")
