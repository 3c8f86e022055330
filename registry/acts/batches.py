"""How a batch begins: issued against verified reductions, or deposited from another registry."""

from registry.acts.plan import Parts, Plan
from registry.acts.propose import Setting
from registry.domain.project import Project
from registry.domain.standard import Standard, home_range
from registry.errors import RefusedError


def issue(
    verifier: str, authority: str, project: Project, *, period: tuple[str, str], amount_g: int
) -> Plan:
    """Verified reductions of `project` become a batch of its owner."""

    def parts(setting: Setting) -> Parts:
        batch = setting.new("batch", 1)
        against = {"batch": batch, "period": period, "amount_g": amount_g}
        body = {
            "project": project.name,
            "standard": project.standard,
            "period": period,
            "amount_g": amount_g,
            "holder": project.owner[0],
        }
        return [
            (project.name, [("project.issued.v1", against)]),
            (batch, [("batch.issued.v1", body)]),
        ]

    return Plan(signers=(verifier, authority), parts=parts)


def deposit(
    custodian: str,
    officer: str,
    standard: Standard,
    *,
    home_serials: str,
    period: tuple[str, str],
    holder: str,
    document: bytes,
    retired_at_home: bool,
) -> Plan:
    """Units of a home registry, immobilised there, become a batch of `holder`.

    Args:
        custodian: the exchange in whose name the units are immobilised.
        officer: who signs as officer.
        standard: the kind of credit, which says how its serial numbers are written and what a unit weighs.
        home_serials: the range of units, as the home registry writes it.
        period: the monitoring period.
        holder: who will hold the batch.
        document: the SHA-256 of the home registry's proof.
        retired_at_home: whether the units are retired there already.

    Raises:
        RefusedError: `native_standard`, `bad_home_serials`.
    """
    if standard.serial_format is None:
        raise RefusedError("native_standard", standard=standard.code)
    _, (first, last) = home_range(standard.serial_format, home_serials)

    def parts(setting: Setting) -> Parts:
        batch = setting.new("batch", 1)
        body = {
            "standard": standard.code,
            "period": period,
            "amount_g": (last - first + 1) * standard.unit_g,
            "holder": holder,
            "custodian": custodian,
            "document": document,
            "retired_at_home": retired_at_home,
        }
        units = {"batch": batch, "home_serials": home_serials}
        return [
            (f"standard/{standard.code}", [("standard.deposited.v1", units)]),
            (batch, [("batch.deposited.v1", body)]),
        ]

    return Plan(signers=(custodian, officer), parts=parts)
