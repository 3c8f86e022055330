"""What is said of a certificate after its issue."""

from registry.acts.plan import Plan, single


def show_home_cancellation(
    officer: str,
    certificate: str,
    *,
    standard: str,
    reference: str,
    day: str,
    document: bytes,
    means: tuple[int, bytes],
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
