"""Acts on roles, each by two officers."""

from collections.abc import Sequence

from registry.acts.plan import Plan, single
from registry.domain.roles import Registry
from registry.errors import RefusedError

_REGISTRY = "registry"


def grant(officers: Sequence[str], account: str, role: str) -> Plan:
    """Give `account` the `role`."""
    body = {"account": account, "role": role}
    return single(officers, _REGISTRY, "registry.role_granted.v1", body)


def withdraw(officers: Sequence[str], account: str, role: str, means: tuple[int, bytes]) -> Plan:
    """Take the `role` from `account`; `means` is the index and leaf hash of the entry that granted it."""
    body = {"account": account, "role": role, "means": means}
    return single(officers, _REGISTRY, "registry.role_withdrawn.v1", body)


def granted_in(registry: Registry, account: str, role: str) -> int:
    """The index of the entry that granted the `role`.

    Raises:
        RefusedError: `role_not_held`.
    """
    index = registry.roles.get((account, role))
    if index is None:
        raise RefusedError("role_not_held", account=account, role=role)
    return index
