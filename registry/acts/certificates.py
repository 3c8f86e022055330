"""What is said of a certificate after its issue, and the certificates of a retirement for many."""

from collections.abc import Sequence
from dataclasses import dataclass

from registry.acts.movements import Share, Statement, check_few, said, used
from registry.acts.plan import Parts, Plan, known, single
from registry.acts.propose import Detached, Happening, Hidden, Setting
from registry.domain.certificate import Certificate
from registry.domain.shape import SHARE_TAG

Means = tuple[int, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """What stands in a certificate's place: the statement as it should be, the day judged, and the paper that says why.

    `consents` are the digests of what the old beneficiary and the new one signed, where the beneficiary was wrong.
    """

    statement: Statement
    retired: tuple[str, str]
    document: bytes
    consents: tuple[bytes, bytes] | None = None


def show_home_cancellation(
    officer: str,
    certificate: str,
    *,
    standard: str,
    reference: str,
    day: str,
    document: bytes,
    means: Means,
) -> Plan:
    """Deposited units behind `certificate` are cancelled at home, too; the rest as in `certificate.HomeCancelled`."""
    body = {
        "standard": standard,
        "reference": reference,
        "day": day,
        "document": document,
        "means": means,
    }
    return single([officer], certificate, "certificate.home_cancelled.v1", body)


def retire_for_many(
    shares: Sequence[Share],
    *,
    holder: str,
    statement: Statement,
    beneficiaries: Sequence[tuple[str, int]],
) -> Plan:
    """Use `shares` up for many: (name, grams) of each beneficiary, each with a certificate of their own, in one act.

    Raises:
        RefusedError: `too_many_batches`.
    """
    check_few(shares)
    _, body = said(statement)
    rows = [(Hidden(value=name), amount_g) for name, amount_g in beneficiaries]
    stated = {name: value for name, value in body.items() if name != "beneficiary"}
    shared = ("certificate.shared.v1", {**stated, "rows": Detached(tag=SHARE_TAG, rows=rows)})

    def parts(setting: Setting) -> Parts:
        group = setting.new("certificate", len(shares))
        return [*(used(share, holder) for share in shares), (group, [shared])]

    return Plan(signers=(holder,), parts=parts)


def adopt(officer: str, group: str, own: str, *, number: int, row: bytes, path: bytes) -> Plan:
    """Give row `number` of a `group` a stream under its `own` number, so that something can be said of it."""
    shown = {"number": number, "row": row, "path": path}
    parts: Parts = [
        (group, [("certificate.row_shown.v1", shown)]),
        (own, [("certificate.adopted.v1", {"group": group})]),
    ]
    return known([officer], parts)


def replace(state: Certificate, officers: Sequence[str], means: Means, wanted: Replacement) -> Plan:
    """Put another certificate in the place of the one of `state`, which the entry `means` began."""
    _, stated = said(wanted.statement)
    body = {
        "replaces": state.name,
        "holder": state.holder,
        "amount_g": state.amount_g,
        "retired": wanted.retired,
        **stated,
    }

    def parts(setting: Setting) -> Parts:
        new = setting.new("certificate", 1)
        told = {"means": means, "certificate": new, "document": wanted.document}
        kind = "certificate.replaced.v1"
        if wanted.consents is not None:
            old_consent, new_consent = wanted.consents
            told |= {"old_consent": old_consent, "new_consent": new_consent}
            kind = "certificate.beneficiary_replaced.v1"
        return [(state.name, [(kind, told)]), (new, [("certificate.reissued.v1", body)])]

    return Plan(signers=(state.holder, *officers), parts=parts)


def annul(
    state: Certificate, officers: Sequence[str], means: Means, *, reason: str, document: bytes
) -> Plan:
    """Annul a certificate, by two officers; the activity that it offsets loses it."""
    body = {"means": means, "reason": reason, "document": document}
    return _annulled(state, officers, ("certificate.annulled.v1", body))


def annul_by_court(state: Certificate, court: str, means: Means, *, document: bytes) -> Plan:
    """Annul a certificate by judgment; the activity that it offsets loses it."""
    body = {"means": means, "court": court, "document": document}
    return _annulled(state, [court], ("certificate.annulled_by_court.v1", body))


def witness(exchange: str, certificate: str, means: Means, *, number: str) -> Plan:
    """An exchange witnesses a certificate under its own number."""
    body = {"means": means, "exchange": exchange, "number": number}
    return single([exchange], certificate, "certificate.witnessed.v1", body)


def witness_jointly(
    exchanges: tuple[str, str], certificate: str, means: Means, *, numbers: tuple[str, str]
) -> Plan:
    """Two exchanges witness a certificate together, each under its own number."""
    (exchange, other), (number, other_number) = exchanges, numbers
    body = {
        "means": means,
        "exchange": exchange,
        "other": other,
        "number": number,
        "other_number": other_number,
    }
    return single(exchanges, certificate, "certificate.jointly_witnessed.v1", body)


def confirm(court: str, certificate: str, means: Means, *, document: bytes) -> Plan:
    """A court confirms what was retired for an order."""
    body = {"means": means, "court": court, "document": document}
    return single([court], certificate, "certificate.confirmed.v1", body)


def number_before(
    officer: str, state: Certificate, means: Means, *, number: str, source: bytes
) -> Plan:
    """Keep the number that a certificate had elsewhere."""
    body = {"means": means, "holder": state.holder, "number": number, "source": source}
    signers = [officer] if officer == state.holder else [officer, state.holder]
    return single(signers, state.name, "certificate.numbered_before.v1", body)


def _annulled(state: Certificate, signers: Sequence[str], annulled: Happening) -> Plan:
    parts: list[tuple[str, list[Happening]]] = [(state.name, [annulled])]
    if state.assigned is not None:
        activity, number = state.assigned
        lost = {"certificate": number, "amount_g": state.amount_g}
        parts.append((activity, [("activity.offset_lost.v1", lost)]))
    return known(signers, parts)
