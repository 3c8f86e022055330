"""Who is to be told of what: everybody whom an entry affects and who did not sign it; and who was told, how.

An entry affects every account that it names, in a body, in a row or in what came of it, and in whose stream it happens.
What happens to a certificate, a project or a batch affects whoever holds or owns it then: these stand here by the name
of their stream, since no fold reads another's tables. Bearers have no account, and nobody knows where to find them.
"""

from dataclasses import fields
from functools import cache
from typing import Any, get_args, get_type_hints

from registry.domain import batch, certificate, kinds, project, shape
from registry.domain.account_life import Notified
from registry.history import Happened
from registry.names import ACCOUNT
from registry.projections.table import (
    Changes,
    Entered,
    Fact,
    Projection,
    Table,
    integer,
    octets,
    text,
)

OF_THEIR_OWNERS = (
    batch.Suspended,
    batch.Reinstated,
    batch.CarriedOver,
    certificate.HomeCancelled,
    certificate.Replaced,
    certificate.BeneficiaryReplaced,
    certificate.Annulled,
    certificate.AnnulledByCourt,
    certificate.Witnessed,
    certificate.JointlyWitnessed,
    certificate.Confirmed,
    project.Validated,
    project.Registered,
    project.Verified,
    project.Suspended,
    project.Reinstated,
    project.Cancelled,
)
"""What happens to a stream whose holder or owner it does not name."""
_OF_THEIR_OWNERS = frozenset(event.kind for event in OF_THEIR_OWNERS)

NOTICES = Table(
    name="notices",
    key=(integer("entry"), text("party")),
    values=(integer("at_us"), text("kind"), text("signers")),
    lasting=True,
    sought=(("party",),),
)
"""That entry `entry` affects `party`, an account, or whoever has the certificate, project or batch of that name; `kind`
is the first that does, `signers` are the accounts that signed, which knew of it, with a space between them."""

NOTIFIED = Table(
    name="notified",
    key=(text("account"), integer("told"), integer("entry")),
    values=(integer("at_us"), text("channel"), octets("document")),
    lasting=True,
    sought=(("told",),),
)
"""That by entry `entry` the account was told of entry `told`; `document` is the SHA-256 of the delivery."""


def _fold(entered: Entered, made: Happened) -> Changes:
    if isinstance(made.event, Notified):
        event = made.event
        row = (made.stream, event.means[0], entered.index, entered.at_us)
        yield Fact(table=NOTIFIED, row=(*row, event.channel, event.document))
    elif made is entered.happened[0]:
        # Once for the entry: whom several of its events affect is told once.
        signers = " ".join(entered.signers)
        for party, kind in _parties(entered).items():
            yield Fact(table=NOTICES, row=(entered.index, party, entered.at_us, kind, signers))


def _parties(entered: Entered) -> dict[str, str]:
    """Whom the entry affects without their signature, each with the first kind that does."""
    found: dict[str, str] = {}
    for made in entered.happened:
        for party in affected(made):
            if party not in entered.signers and party not in found:
                found[party] = made.event.kind
    return found


def affected(made: Happened) -> list[str]:
    """Whom an event affects: accounts, and first the stream where its holder or owner is not named (see above)."""
    event, stream = made.event, made.stream
    named: list[Any] = [stream, made.outcome.get("holder") if made.outcome else None]
    for name in _fields(event.kind):
        value = getattr(event, name)
        if isinstance(value, shape.Rows):
            named += [whom for whom, _, _ in value.items or ()]
        else:
            named.append(value)
    found = [one for one in named if isinstance(one, str) and one.startswith(ACCOUNT)]
    return [stream, *found] if event.kind in _OF_THEIR_OWNERS else found


@cache
def _fields(kind: str) -> tuple[str, ...]:
    """The fields of a kind that may name an account, or have rows that do, in order."""
    told = get_type_hints(kinds.EVENTS[kind])
    return tuple(
        [
            field.name
            for field in fields(kinds.EVENTS[kind])
            if {str, shape.Rows} & {told[field.name], *get_args(told[field.name])}
        ]
    )


PROJECTION = Projection(
    name="notices",
    version=1,
    tables=(NOTICES, NOTIFIED),
    folds=dict.fromkeys(kinds.STREAMS, _fold),
)
