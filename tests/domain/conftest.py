"""Every history that a test of the rules makes is folded, too: the tables of projections say what the states say."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.agreement import differences
from tests.world import World


@pytest.fixture(autouse=True)
def _tables_agree(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    worlds: list[World] = []
    begin = World.__init__

    def noted(self: World, *args: Any, **options: Any) -> None:
        begin(self, *args, **options)
        worlds.append(self)

    monkeypatch.setattr(World, "__init__", noted)
    yield
    for world in worlds:
        states = [held.state for held in world.replay.streams.values()]
        assert differences(world.additions, states) == []
