"""A kind of credit: what it is, where its units were born, and which of them were deposited here.

What is withdrawn stays what it is: it moves and is retired; nothing of the kind comes to be any more.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, assert_never

from rpds import HashTrieMap

from registry.domain import shape
from registry.domain.act import Act, Outcome
from registry.domain.changed import changed
from registry.domain.ranges import Range, Ranges
from registry.domain.shape import integer, listed, one_of, optional
from registry.errors import RefusedError, require

CLASSES = frozenset({"allowance", "reduction", "removal"})
PURPOSES = frozenset(
    {
        "activity",
        "competition",
        "enterprise",
        "exhibition",
        "individual",
        "meeting",
        "product_footprint",
        "public_body",
        "restoration",
        "scenic_area",
        "zero_carbon_branch",
        "zero_carbon_meeting_room",
        "zero_carbon_scene",
    }
)
SERIAL_FIELDS_MAX = 24

_PIECES = re.compile(r"[^0-9A-Za-z]+", re.ASCII)
_SPELLED = re.compile(r"[ -~]{1,96}", re.ASCII)
_YEAR = re.compile(r"[12][0-9]{3}", re.ASCII)
_COUNT = re.compile(r"[0-9]{1,15}", re.ASCII)


def _serial_format(value: object) -> tuple[int, tuple[int, ...], int, int]:
    """[number of fields, fields that name the block, field of the first unit, field of the last]."""
    fits = isinstance(value, list | tuple) and len(value) == 4
    require(fits, "malformed", why="serial_fields_expected")
    assert isinstance(value, list | tuple)
    count = integer(2, SERIAL_FIELDS_MAX)(value[0])
    inside = integer(0, count - 1)
    block = listed(inside, 0, count - 2)(value[1])
    first, last = inside(value[2]), inside(value[3])
    apart = first != last and first not in block and last not in block
    require(apart, "malformed", why="serial_field_twice")
    return count, block, first, last


Class = Annotated[str, one_of(CLASSES)]
Purpose = Annotated[str, one_of(PURPOSES)]
Claims = Annotated[tuple[str, ...], listed(one_of(PURPOSES), 1, len(PURPOSES))]
SerialFormat = Annotated[
    tuple[int, tuple[int, ...], int, int] | None,
    optional(_serial_format),
]
HomeSerialFormat = Annotated[tuple[int, tuple[int, ...], int, int], _serial_format]
Spelled = Annotated[str, shape.matching(_SPELLED, "serials_spelled_expected")]
Year = Annotated[str, shape.matching(_YEAR, "year_expected")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """A kind of credit is recognised, by the competent authority and an officer.

    `home` is the registry that issues it, nil for this one; a foreign one states how its serial ranges are written
    (see `home_range`). `unit_g` is the mass of one unit of the home registry.
    """

    kind: ClassVar = "standard.recognised.v1"
    consults: ClassVar = ()
    credit_class: Class
    home: shape.OptionalCode
    unit_g: shape.Grams
    claims: Claims
    serial_format: SerialFormat


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossRecognised:
    """A kind of credit is recognised by the authorities of both sides, under an agreement (川渝).

    `partner` is the other side's authority, `agreement` the SHA-256 of what both signed.
    """

    kind: ClassVar = "standard.cross_recognised.v1"
    consults: ClassVar = ()
    credit_class: Class
    home: shape.Code
    unit_g: shape.Grams
    claims: Claims
    serial_format: HomeSerialFormat
    partner: shape.Account
    agreement: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """The kind is recognised no more: nothing new is listed, issued or deposited. What is there moves and retires."""

    kind: ClassVar = "standard.withdrawn.v1"
    consults: ClassVar = ()
    document: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowancesDeposited:
    """Allowances of one year, immobilised in their home registry, become the batch `batch` here."""

    kind: ClassVar = "standard.allowances_deposited.v1"
    consults: ClassVar = ()
    batch: Annotated[str, shape.stream_of("batch")]
    home_serials: Spelled
    year: Year


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposited:
    """Units of the home registry, immobilised there, become the batch `batch` here."""

    kind: ClassVar = "standard.deposited.v1"
    consults: ClassVar = ()
    batch: Annotated[str, shape.stream_of("batch")]
    home_serials: Spelled


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentEntered:
    """A project's boundary, or a report on it, is used here; a document serves one project, once.

    `document` is its SHA-256. It stands in the act that uses it.
    """

    kind: ClassVar = "standard.document_entered.v1"
    consults: ClassVar = ()
    document: shape.Digest
    project: Annotated[str, shape.stream_of("project")]


Recognition = Recognised | CrossRecognised
DepositOf = Deposited | AllowancesDeposited
Event = Recognition | DepositOf | DocumentEntered | Withdrawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """A kind of credit; `deposited` are the unit numbers that were, by block."""

    code: str = ""
    credit_class: str = ""
    home: str | None = None
    unit_g: int = 0
    claims: tuple[str, ...] = ()
    serial_format: tuple[int, tuple[int, ...], int, int] | None = None
    documents: "HashTrieMap[bytes, str]" = HashTrieMap()
    """The documents used, each with its project."""
    deposited: "HashTrieMap[str, Ranges]" = HashTrieMap()
    withdrawn: int | None = None
    """The index of the entry that withdrew it."""

    @property
    def is_recognised(self) -> bool:
        """Whether credits of this kind may be here."""
        return bool(self.credit_class)


def judge(state: Standard, event: Event, _act: Act) -> Outcome:
    """What comes of `event`; of a deposit, the range that it names: block, first and last unit, grams.

    Raises:
        RefusedError: `already_recognised`, `not_recognised`, `serial_format_missing`, `native_standard`,
            `allowances_need_a_year`, `not_an_allowance`, `bad_home_serials`, `deposited_before`, `document_used`,
            `standard_withdrawn`.
    """
    match event:
        case Recognised():
            require(not state.is_recognised, "already_recognised", standard=state.code)
            fits = (event.home is None) == (event.serial_format is None)
            require(fits, "serial_format_missing", standard=state.code)
            return None
        case CrossRecognised():
            require(not state.is_recognised, "already_recognised", standard=state.code)
            return None
        case Deposited() | AllowancesDeposited():
            return _deposited(state, event)
        case DocumentEntered():
            require(state.is_recognised, "not_recognised", standard=state.code)
            used = state.documents.get(event.document)
            require(used is None, "document_used", document=event.document.hex(), project=used)
            return None
        case Withdrawn():
            require(state.is_recognised, "not_recognised", standard=state.code)
            require_not_withdrawn(state)
            return None
        case _:
            assert_never(event)


def evolve(state: Standard, event: Event, outcome: Outcome, index: int) -> Standard:
    """The state after `event`, which was judged."""
    match event:
        case Recognised() | CrossRecognised():
            return changed(
                state,
                credit_class=event.credit_class,
                home=event.home,
                unit_g=event.unit_g,
                claims=event.claims,
                serial_format=event.serial_format,
            )
        case Deposited() | AllowancesDeposited():
            assert outcome is not None
            block, (first, last) = outcome["block"], outcome["units"]
            units = state.deposited.get(block, Ranges()).with_([(first, last + 1)])
            return changed(state, deposited=state.deposited.insert(block, units))
        case DocumentEntered():
            documents = state.documents.insert(event.document, event.project)
            return changed(state, documents=documents)
        case Withdrawn():
            return changed(state, withdrawn=index)
        case _:
            assert_never(event)


def require_not_withdrawn(standard: Standard) -> None:
    """Return if new credits of `standard` may come to be here.

    Raises:
        RefusedError: `standard_withdrawn`, naming the entry.
    """
    here = standard.withdrawn is None
    require(here, "standard_withdrawn", standard=standard.code, entry=standard.withdrawn)


def home_range(
    serial_format: tuple[int, tuple[int, ...], int, int], spelled: str
) -> tuple[str, Range]:
    """The block, and the first and last unit, that a home registry's serial range says however it is spelled.

    The range is cut at whatever is neither letter nor digit; letters count as capitals, leading zeros not at all.

    Args:
        serial_format: number of fields, those that name the block, that of the first unit, that of the last; 0-based.
        spelled: such as "8040-449402-449501-VCU-034-APX-CN-1-1748-01012014-31122014-0".

    Raises:
        RefusedError: `bad_home_serials`.
    """
    count, block, first, last = serial_format
    pieces = [piece.upper().lstrip("0") or "0" for piece in _PIECES.split(spelled) if piece]
    fits = len(pieces) == count
    require(fits, "bad_home_serials", spelled=spelled, fields=len(pieces), expected=count)
    numbers = [pieces[first], pieces[last]]
    if not all(_COUNT.fullmatch(number) for number in numbers):
        raise RefusedError("bad_home_serials", spelled=spelled, why="unit_no_number")
    low, high = map(int, numbers)
    require(low <= high, "bad_home_serials", spelled=spelled, why="units_reversed")
    return "-".join(pieces[field] for field in block), (low, high)


def _deposited(state: Standard, event: DepositOf) -> Mapping[str, Any]:
    require(state.is_recognised, "not_recognised", standard=state.code)
    is_allowance = state.credit_class == "allowance"
    if isinstance(event, AllowancesDeposited):
        require(is_allowance, "not_an_allowance", standard=state.code)
    else:
        require(not is_allowance, "allowances_need_a_year", standard=state.code)
    require_not_withdrawn(state)
    if state.serial_format is None:
        raise RefusedError("native_standard", standard=state.code)
    block, (first, last) = home_range(state.serial_format, event.home_serials)
    before = state.deposited.get(block, Ranges())
    overlap = before.first_overlap(first, last + 1)
    require(overlap is None, "deposited_before", home_serials=event.home_serials, overlap=overlap)
    amount_g = (last - first + 1) * state.unit_g
    require(amount_g <= shape.GRAMS_MAX, "bad_home_serials", why="too_many_grams")
    return {"amount_g": amount_g, "block": block, "units": (first, last)}
