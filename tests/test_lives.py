"""Random lives over all kinds: the rules and an independent model say the same, and so do the tables."""

from collections import Counter
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.domain.kinds import EVENTS
from tests.agreement import differences
from tests.alike import compare
from tests.lives import Life

LIVES = 40
STEPS = 60
LONG = 200
LONG_LIVES_MAX = 80


def lived(chance: Random, steps: int) -> Life:
    """A life of so many steps, in each of which both said the same."""
    life = Life(chance)
    for _ in range(steps):
        life.step()
    return life


def agrees(life: Life) -> None:
    """The model tells the same of everything, the tables do, and no gram was made or lost."""
    states = [stream.state for stream in life.world.replay.streams.values()]
    compare(life.world, life.auditor)
    assert differences(life.world.additions, states) == []


@settings(
    max_examples=LIVES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(chance=st.randoms(use_true_random=False))
def test_whatever_is_asked_the_rules_and_the_model_say_the_same(chance):
    agrees(lived(chance, STEPS))


def test_lives_go_on_until_every_kind_has_happened_and_much_was_refused():
    accepted: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for seed in range(LONG_LIVES_MAX):
        life = lived(Random(seed), LONG)
        agrees(life)
        accepted += life.accepted
        refused += life.refused
        if set(accepted) == set(EVENTS):
            break

    assert set(EVENTS) - set(accepted) == set()
    assert len(refused) > 40
