"""What importing a published list does: the happenings of each act, and the inventory that has to be invented.

A published list does not say which kind of credit was retired, nor its serial numbers. Whoever loads it supplies an
inventory and says so: every project, serial number and document here is declared as invented, in what it is called.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from registry.acts.propose import Happening, Hidden
from registry.acts.published_list import Row
from registry.domain.project import EXCLUDED
from registry.domain.standard import PURPOSES

UNIT_G = 1_000_000
SPARE_UNITS = 1_000
"""How much more than it needs an invented batch holds: 1,000 t."""

INVENTED = "演示用虚构 / invented for demonstration"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of credit in the invented inventory; `home` and `serial_format` as in `standard.Recognised`."""

    code: str
    credit_class: str
    home: str | None
    serial_format: tuple[int, tuple[int, ...], int, int] | None
    spelled: str = ""
    """How the home registry would write a range of units, with {first}, {last} and {year}."""


KINDS = (
    Kind(
        code="CCER",
        credit_class="reduction",
        home="CCER",
        serial_format=(4, (0, 1), 2, 3),
        spelled="CCER-DEMO-{first}-{last}",
    ),
    Kind(code="CDCER", credit_class="reduction", home=None, serial_format=None),
    Kind(code="SCFG", credit_class="removal", home=None, serial_format=None),
    Kind(
        code="CQCER",
        credit_class="reduction",
        home="CQ",
        serial_format=(4, (0, 1), 2, 3),
        spelled="CQCER-DEMO-{first}-{last}",
    ),
    Kind(
        code="VCU",
        credit_class="removal",
        home="VCS",
        serial_format=(12, (0,), 1, 2),
        spelled="0-{first}-{last}-VCU-000-DEMO-CN-1-0-0101{year}-3112{year}-0",
    ),
)


def kind_of(row: Row) -> Kind:
    """The kind of credit that the inventory supplies for a row: in turn, by its number.

    Of two rows the press has told the kind, and the turn gives it: 30 is CCER, 31 is CDCER.
    """
    return KINDS[row.number % len(KINDS)]


def monitoring_period(rows: Sequence[Row]) -> tuple[str, str]:
    """The monitoring period of inventory for `rows`: the year but one before the first of them was retired."""
    year = date.fromisoformat(f"{min(row.month for row in rows)}-01").year - 2
    return f"{year}-01-01", f"{year}-12-31"


def units_for(rows: Sequence[Row]) -> int:
    """How many units a batch has to hold for `rows`, with some to spare."""
    return -(-sum(row.amount_g for row in rows) // UNIT_G) + SPARE_UNITS


def invented_document(name: str) -> bytes:
    """The hash that stands where a real document's would: of a text that says what it is."""
    return sha256(f"{INVENTED}: {name}".encode()).digest()


def recognised(kind: Kind) -> Happening:
    """The recognition of a kind of credit, for every purpose but restoration, which an order must ask for."""
    return (
        "standard.recognised.v1",
        {
            "credit_class": kind.credit_class,
            "home": kind.home,
            "unit_g": UNIT_G,
            "claims": sorted(PURPOSES - {"restoration"}),
            "serial_format": kind.serial_format,
        },
    )


def boundary_of(project: str) -> bytes:
    """The hash that stands for the boundary of an invented project."""
    return invented_document(f"boundary of {project}")


def listed(project: str, owner: str, kind: Kind, period: tuple[str, str]) -> Happening:
    """The invented project `project` whose crediting period is the monitoring period."""
    return (
        "project.listed.v1",
        {
            "owner": owner,
            "standard": kind.code,
            "method": f"{kind.code}-DEMO",
            "place": "510000",
            "crediting": period,
            "boundary": boundary_of(project),
            "excluded": EXCLUDED,
            "name": Hidden(value=f"{kind.code} 项目（{INVENTED}）"),
        },
    )


def bought(row: Row, *, holder: str, giver: str) -> Happening:
    """The purchase that a row's retirement presupposes; where it was made is not published."""
    return (
        "batch.transferred.v1",
        {
            "giver": giver,
            "taker": holder,
            "amount_g": row.amount_g,
            "standard": kind_of(row).code,
            "range": None,
            "venue": None,
            "trade": None,
        },
    )


def retired(row: Row, *, holder: str, source: bytes) -> Happening:
    """The retirement of a row, as an officer and the holder attest it."""
    return (
        "batch.retirement_imported.v1",
        {
            "holder": holder,
            "amount_g": row.amount_g,
            "standard": kind_of(row).code,
            "range": None,
            "source": source,
            "row": row.number,
            "month": row.month,
        },
    )


def certified(row: Row) -> Happening:
    """What a row says that its retirement was for."""
    return (
        "certificate.issued.v1",
        {
            "purpose": row.purpose,
            "period": row.period,
            "place": None,
            "ground": "voluntary",
            "public": True,
            "activity": Hidden(value=row.activity),
            "organisers": Hidden(value=[row.organiser]),
            "beneficiary": None,
            "purchaser": None,
            "agent": None,
        },
    )
