"""Recognising a kind of credit, by the competent authority and an officer or by those of both sides; withdrawing it."""

from collections.abc import Iterable, Sequence

from registry.acts.plan import Plan, single
from registry.domain.standard import PURPOSES
from registry.names import STANDARD

CLAIMS = PURPOSES - {"restoration"}
"""What credits may be claimed for as a rule; restoration is named where an authority wants it."""


def recognise(
    signers: Sequence[str],
    code: str,
    *,
    credit_class: str,
    home: str | None,
    unit_g: int,
    claims: Iterable[str],
    serial_format: tuple[int, tuple[int, ...], int, int] | None,
) -> Plan:
    """Recognise the kind of credit `code`; the rest as in `standard.Recognised`."""
    body = {
        "credit_class": credit_class,
        "home": home,
        "unit_g": unit_g,
        "claims": sorted(set(claims)),
        "serial_format": serial_format,
    }
    return single(signers, f"{STANDARD}{code}", "standard.recognised.v1", body)


def recognise_across(
    authority: str,
    partner: str,
    code: str,
    *,
    credit_class: str,
    home: str,
    unit_g: int,
    claims: Iterable[str],
    serial_format: tuple[int, tuple[int, ...], int, int],
    agreement: bytes,
) -> Plan:
    """Recognise the kind of credit `code`, by the authorities of both sides; the rest as in `CrossRecognised`."""
    body = {
        "credit_class": credit_class,
        "home": home,
        "unit_g": unit_g,
        "claims": sorted(set(claims)),
        "serial_format": serial_format,
        "partner": partner,
        "agreement": agreement,
    }
    signers = (authority, partner)
    return single(signers, f"{STANDARD}{code}", "standard.cross_recognised.v1", body)


def withdraw(signers: Sequence[str], stream: str, *, document: bytes) -> Plan:
    """Recognise the kind of credit of `stream` no more."""
    return single(signers, stream, "standard.withdrawn.v1", {"document": document})
