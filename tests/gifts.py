"""Two kinds whose events have rows, in a kind of stream that only tests have: gifts, and shares for beneficiaries.

Used as a fixture: `from tests.gifts import gifts`. In a stream `gift/<id>` anybody gives what does not exist to whom
they like, so that what is tested is the rows and nothing else.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any, ClassVar, cast

import pytest

from registry.acts.propose import Detached, Hidden
from registry.domain import forms, kinds, shape
from registry.domain.act import Act, Outcome, require_new
from registry.domain.form import Form, named, one

GIFT_STREAM = re.compile(r"gift/[a-z2-7]{16}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Somebody gives to many."""

    kind: ClassVar = "gift.given.v1"
    consults: ClassVar = ()
    giver: shape.Holder
    rows: shape.Gifts


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """Somebody does something for many, whose names are not told."""

    kind: ClassVar = "gift.shared.v1"
    consults: ClassVar = ()
    giver: shape.Holder
    rows: shape.Shares


@dataclass(frozen=True, slots=True, kw_only=True)
class Gift:
    """What was given in one stream: to whom, in order, as the rows have it."""

    name: str
    takers: tuple[Any, ...] = ()
    total_g: int = 0


def judge(_state: Gift, event: Given | Shared, act: Act) -> Outcome:
    """A range for each row, as wide as its grams, after a gap: more than stand in an entry, where rows are many."""
    require_new(act, next(part.stream for part in act.parts if event in part.events))
    assert event.rows.items is not None
    starts = [before_g + row for row, (_, _, before_g) in enumerate(event.rows.items)]
    widths = [amount_g for _, amount_g, _ in event.rows.items]
    return {"ranges": tuple((start, start + g) for start, g in zip(starts, widths, strict=True))}


def evolve(state: Gift, event: Given | Shared, _outcome: Outcome, _index: int) -> Gift:
    assert event.rows.items is not None
    takers = tuple(whom for whom, _, _ in event.rows.items)
    return replace(state, takers=state.takers + takers, total_g=state.total_g + event.rows.total_g)


@pytest.fixture
def gifts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The kinds are there for as long as a test takes."""
    rules = cast("Any", SimpleNamespace(judge=judge, evolve=evolve))
    stream = kinds.Stream(name=GIFT_STREAM, blank=lambda name: Gift(name=name), rules=rules)
    monkeypatch.setitem(cast("Any", kinds.STREAMS), "gift", stream)
    made = []
    for event in (Given, Shared):
        monkeypatch.setitem(cast("Any", kinds.EVENTS), event.kind, event)
        signers = (named("giver", f"{event.kind}:giver"),)
        made.append(Form(name=event.kind, parts=(one(event.kind),), signers=signers))
    monkeypatch.setattr(forms, "FORMS", (*forms.FORMS, *made))
    forms.form_of.cache_clear()
    yield
    forms.form_of.cache_clear()


def given(stream: str, giver: str, rows: Sequence[tuple[str, int]]) -> Any:
    """The parts of an act that gives to accounts or bearers."""
    body = {"giver": giver, "rows": Detached(tag=shape.GIFT_TAG, rows=rows)}
    return [(stream, [(Given.kind, body)])]


def shared(stream: str, giver: str, names: Sequence[str]) -> Any:
    """The parts of an act for people of these names, as many grams for each as there were before and one more."""
    rows = [(Hidden(value=name), place + 1) for place, name in enumerate(names)]
    body = {"giver": giver, "rows": Detached(tag=shape.SHARE_TAG, rows=rows)}
    return [(stream, [(Shared.kind, body)])]
