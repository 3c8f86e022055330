"""What a certificate states, read back from the log and what is kept of its names, so that it can be stated again."""

from collections.abc import Mapping
from typing import Any

from registry.acts.movements import Statement
from registry.desk.desk import Desk
from registry.domain import certificate, shape
from registry.domain.certificate import IMPORTED, Certificate, Shared
from registry.domain.timing import day_of, days_of_month
from registry.errors import require
from registry.store.log import Moment, Placed


def restated(desk: Desk, state: Certificate, changed: Mapping[str, Any]) -> Statement:
    """What the certificate states, but for what is `changed` in it.

    Raises:
        RefusedError: `name_not_kept`: what it commits to is not kept any more, and was not said again.
    """
    _, event, row = _stating(desk, state)
    names = _names(desk, event, row)
    told: dict[str, Any] = {
        "purpose": state.purpose,
        "period": state.period,
        "place": event.place,
        "ground": state.ground,
        "public": event.public,
        **names,
        **changed,
    }
    for name, value in told.items():
        require(value is not _LOST, "name_not_kept", field=name)
    told["organisers"] = tuple(told["organisers"] or ())
    return Statement(**told)


def retired_on(desk: Desk, state: Certificate) -> tuple[str, str]:
    """The first and last day on which the grams may have been retired."""
    if state.retired is not None:
        return state.retired
    placed, _, _ = _stating(desk, state)
    for made in placed.happened():
        if made.event.kind == IMPORTED:
            first, last = days_of_month(made.event.month)
            return first.isoformat(), last.isoformat()
    today = day_of(placed.entry.at_us).isoformat()
    return today, today


_LOST = object()
"""Stands for a name that is committed to and not kept."""


def _stating(desk: Desk, state: Certificate) -> tuple[Placed, Any, int | None]:
    """The entry that states what holds now, the event in it, and the row, if it is one of a group."""
    with desk.operator.log.recorder.reading() as cursor:
        moment = Moment(cursor)
        placed = moment.placed(moment.indexes(state.name)[0])
        made = {one.event.kind: one for one in placed.happened()}
        shown = made.get(certificate.RowShown.kind)
        if shown is not None:
            placed = moment.placed(moment.indexes(shown.stream)[0])
            made = {one.event.kind: one for one in placed.happened()}
            return placed, made[Shared.kind].event, shown.event.number
    stating = (certificate.Issued.kind, certificate.Reissued.kind)
    (event,) = [made[kind].event for kind in stating if kind in made]
    return placed, event, None


def _names(desk: Desk, event: Any, row: int | None) -> dict[str, Any]:
    """The names that the event commits to, in the clear."""
    committed = {name: getattr(event, name) for name in shape.commitments(type(event))}
    if row is not None:
        assert event.rows.items is not None
        committed["beneficiary"] = event.rows.items[row][0]
    found = desk.source.shown([one for one in committed.values() if one is not None])
    return {
        name: None if one is None else found[one].value if one in found else _LOST
        for name, one in committed.items()
    }
