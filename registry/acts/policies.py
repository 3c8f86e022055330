"""Setting what is policy, by two officers."""

from collections.abc import Iterable, Sequence

from registry.acts.plan import Plan, single


def set_policy(
    officers: Sequence[str],
    policy: str,
    *,
    subject: str | None,
    codes: Iterable[str],
    number: int | None,
    document: bytes,
) -> Plan:
    """Set `policy`, about the standard `subject` if it is about one; the rest as in `roles.PolicySet`."""
    said = {
        "policy": policy,
        "subject": subject,
        "codes": sorted(set(codes)),
        "number": number,
        "document": document,
    }
    return single(officers, "registry", "registry.policy_set.v1", said)
