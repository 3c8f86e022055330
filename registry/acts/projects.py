"""A project's way into the registry: put forward, validated, registered, its reductions verified."""

from collections.abc import Iterable, Sequence
from typing import Any

from registry.acts.plan import Plan, single
from registry.acts.propose import Happening, Hidden
from registry.domain.project import Project
from registry.names import STANDARD


def propose_project(
    owner: str,
    *,
    standard: str,
    method: str,
    place: str,
    crediting: tuple[str, str],
    boundary: bytes,
    excluded: Iterable[str],
    name: str,
) -> Plan:
    """Put a project of `owner` forward; `boundary` is the SHA-256 of its document, the rest as in `project.Listed`."""
    body = {
        "owner": owner,
        "standard": standard,
        "method": method,
        "place": place,
        "crediting": crediting,
        "boundary": boundary,
        "excluded": sorted(set(excluded)),
        "name": Hidden(value=name),
    }
    return Plan(
        signers=(owner,),
        parts=lambda setting: [(setting.new("project", 0), [("project.listed.v1", body)])],
    )


def validate(validator: str, project: str, document: bytes) -> Plan:
    """A validation body finds `project` as its method demands; `document` is the SHA-256 of its report."""
    return single([validator], project, "project.validated.v1", {"document": document})


def register(officer: str, project: Project, document: bytes) -> Plan:
    """An officer enters `project`, and its boundary among the documents that are used."""
    return _with_document(
        officer, project, ("project.registered.v1", {"document": document}), project.boundary
    )


def verify(
    verifier: str, project: Project, *, period: tuple[str, str], amount_g: int, report: bytes
) -> Plan:
    """A verification body verifies `amount_g` of one monitoring period; `report` is the SHA-256 of its report."""
    body = {"period": period, "amount_g": amount_g, "report": report}
    return _with_document(verifier, project, ("project.verified.v1", body), report)


def _with_document(signer: str, project: Project, happening: Happening, document: bytes) -> Plan:
    entered: dict[str, Any] = {"document": document, "project": project.name}
    standard = f"{STANDARD}{project.standard}"
    return Plan(
        signers=(signer,),
        parts=lambda _: [
            (project.name, [happening]),
            (standard, [("standard.document_entered.v1", entered)]),
        ],
    )


def suspend(signers: Sequence[str], project: str, *, document: bytes) -> Plan:
    """Have a project stand still, by the authority and an officer."""
    return single(signers, project, "project.suspended.v1", {"document": document})


def reinstate(
    signers: Sequence[str], project: str, means: tuple[int, bytes], *, document: bytes
) -> Plan:
    """Let a project go on; `means` is the entry that suspended it."""
    said = {"means": means, "document": document}
    return single(signers, project, "project.reinstated.v1", said)


def cancel(signers: Sequence[str], project: str, *, document: bytes) -> Plan:
    """End a project."""
    return single(signers, project, "project.cancelled.v1", {"document": document})
