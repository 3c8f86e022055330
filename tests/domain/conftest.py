"""Every history that a test of the rules makes is told three times: by the rules, the model, and the projections."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.agreement import differences
from tests.alike import judged_twice
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


@pytest.fixture(autouse=True)
def _model_agrees(monkeypatch: pytest.MonkeyPatch) -> None:
    """An independent model says yes or no to every act as the rules do."""
    monkeypatch.setattr(World, "submit", judged_twice(World.submit))
