"""Reports to the authorities: compiled, and handed up from level to level."""

from dataclasses import dataclass
from typing import Any

from registry.acts.plan import Parts, Plan, single
from registry.acts.propose import Setting

Means = tuple[int, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compilation:
    """What a list comes to as of so many entries, as in `report.Compiled`."""

    size: int
    file: bytes
    activities: int
    retirements: int
    total_g: int

    @property
    def body(self) -> dict[str, Any]:
        """Its fields."""
        return {
            "size": self.size,
            "file": self.file,
            "activities": self.activities,
            "retirements": self.retirements,
            "total_g": self.total_g,
        }


def compile_(
    compiler: str, found: Compilation, *, sort: str, area: str, days: tuple[str, str]
) -> Plan:
    """Enter a list or table of an area and a period."""
    first, last = days
    body = {"compiler": compiler, "sort": sort, "area": area, "first": first, "last": last}

    def parts(setting: Setting) -> Parts:
        compiled = ("report.compiled.v1", {**body, **found.body})
        return [(setting.new("report", 0), [compiled])]

    return Plan(signers=(compiler,), parts=parts)


def submit(submitter: str, report: str, means: Means, *, to: str) -> Plan:
    """Hand the report to an authority; `means` is its last entry, here and below."""
    body = {"means": means, "submitter": submitter, "to": to}
    return single([submitter], report, "report.submitted.v1", body)


def return_(authority: str, report: str, means: Means, *, document: bytes) -> Plan:
    """Hand it back, with what is wrong."""
    body = {"means": means, "authority": authority, "document": document}
    return single([authority], report, "report.returned.v1", body)


def accept(authority: str, report: str, means: Means) -> Plan:
    """Accept it."""
    return single(
        [authority], report, "report.accepted.v1", {"means": means, "authority": authority}
    )


def amend(compiler: str, report: str, means: Means, found: Compilation) -> Plan:
    """Compile it anew."""
    body = {"means": means, "compiler": compiler, **found.body}
    return single([compiler], report, "report.amended.v1", body)
