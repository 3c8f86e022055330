"""`registry certificate replace|annul|adopt …`: which certificate is meant, and what stands in its place."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from registry.acts import certificates as acts
from registry.acts.plan import Plan
from registry.desk import given, restating
from registry.desk.certificates import read_number, share_of
from registry.desk.desk import Desk
from registry.domain.certificate import Certificate
from registry.errors import UsageError, require
from registry.store.proofs import row_of

Means = tuple[int, bytes]


def meant(desk: Desk, typed: str) -> tuple[Certificate, Means]:
    """The certificate of a number, and the entry that began it.

    Raises:
        RefusedError: `no_stream`: there is none, or it is one of a group that nothing was said of by itself.
    """
    state: Certificate = desk.state(desk.stream("certificate", read_number(typed)))
    assert state.issued is not None
    return state, desk.means(state.issued)


def consents(old: Path | None, new: Path | None) -> tuple[bytes, bytes] | None:
    """The digests of what both beneficiaries signed; None where the beneficiary stays.

    Raises:
        UsageError: `malformed` if there is one without the other; `no_file`.
    """
    if old is None and new is None:
        return None
    if old is None or new is None:
        raise UsageError("malformed", field="--new-consent", why="--old-consent, --new-consent")
    return given.digest(old), given.digest(new)


def plan(
    desk: Desk,
    typed: str,
    changed: Mapping[str, Any],
    document: bytes,
    consented: tuple[bytes, bytes] | None,
) -> Plan:
    """Put another certificate in the place of the one that is meant; what is not `changed`, and so None, stays.

    Raises:
        RefusedError: `no_stream`, `name_not_kept`.
    """
    state, means = meant(desk, typed)
    said = {name: value for name, value in changed.items() if value is not None}
    wanted = acts.Replacement(
        statement=restating.restated(desk, state, said),
        retired=restating.retired_on(desk, state),
        document=document,
        consents=consented,
    )
    officers = desk.officers(1 if consented is None else 2, state.holder)
    return acts.replace(state, officers, means, wanted)


def adoption(desk: Desk, typed: str) -> Plan:
    """Give one certificate of a group a stream of its own.

    Raises:
        RefusedError: `no_certificate`: no row of a group has this number.
    """
    number = read_number(typed)
    share = share_of(desk.source, number)
    require(share is not None, "no_certificate", number=number)
    assert share is not None
    row = row_of(desk.operator.log, share)
    (officer,) = desk.officers(1)
    return acts.adopt(
        officer,
        f"certificate/{share[0]}",
        f"certificate/{number}",
        number=row.number,
        row=row.row,
        path=b"".join(row.path),
    )
