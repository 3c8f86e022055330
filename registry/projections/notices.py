"""Who is to be told of what: everybody whom an entry affects and who did not sign it; and who was told, how.

An entry affects every account that it names, in a body, in a row or in what came of it, and in whose stream it happens.
What happens to a certificate, a project or a batch affects whoever holds or owns it then: these stand here by the name
of their stream, since no fold reads another's tables. Bearers have no account, and nobody knows where to find them.
"""

from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from typing import Any

from registry.domain import batch, certificate, kinds, project, shape
from registry.domain.account_life import Notified
from registry.history import Happened
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

ACCOUNT = "account/"
CONDUCT = "conduct/"
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
        for party in _affected(made):
            if party not in entered.signers:
                found.setdefault(party, made.event.kind)
    return found


def _affected(made: Happened) -> Iterator[str]:
    event, stream = made.event, made.stream
    if stream.startswith(ACCOUNT):
        yield stream
    elif stream.startswith(CONDUCT):
        yield ACCOUNT + stream.removeprefix(CONDUCT)
    elif isinstance(event, OF_THEIR_OWNERS):
        yield stream
    if made.outcome is not None:
        yield from _account(made.outcome.get("holder"))
    for name in _fields(event.kind):
        value = getattr(event, name)
        if isinstance(value, shape.Rows):
            for whom, _, _ in value.items or ():
                yield from _account(whom)
        else:
            yield from _account(value)


def _account(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value.startswith(ACCOUNT):
        yield value


@cache
def _fields(kind: str) -> tuple[str, ...]:
    """The fields of a kind, in order."""
    return tuple([field.name for field in fields(kinds.EVENTS[kind])])


PROJECTION = Projection(
    name="notices",
    version=1,
    tables=(NOTICES, NOTIFIED),
    folds=dict.fromkeys(kinds.STREAMS, _fold),
)
