"""What somebody asks the registry to do, read strictly: the same from a command's options and from a request's body.

    registry/desk/<area>.py   one Ask for each thing that can be asked; its fields say what can be said
    Ask.plans(desk)           names to accounts, states                       -> plans of registry/acts/<area>.py

Amounts are tonnes ("12.5"), or grams ("27g"), and grams from here on. Whether a value is allowed the rules say:
here only what cannot be read is refused.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from annotated_types import GroupedMetadata
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    FailFast,
    Field,
    Strict,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from registry.acts.plan import Plan
from registry.desk import given
from registry.desk.desk import Desk
from registry.desk.whys import OWN, of_fault
from registry.errors import RefusedError, UsageError
from registry.ledger.keys import PUBLIC_BYTES

TEXT_CHARACTERS_MAX = 20_000
ITEMS_MAX = 1_000
MEMBERS_MAX = 100
"""So many members has what can be asked for at most, and far fewer."""


def faulty(why: object, **facts: object) -> PydanticCustomError:
    """What a validator raises, so that it is said `why`, with `facts`, and where."""
    return PydanticCustomError(OWN, OWN, {"why": why, **facts})


class FirstFault(FailFast):
    """Of a list in which many cannot be read, the first is told: a short request may have a million."""

    def __hash__(self) -> int:
        # Else no type that has it may be left out.
        return hash(type(self))


class Few(BaseModel):
    """Has so few members that each that nobody knows can be told. (A base class, as `Ask` is.)"""

    @model_validator(mode="before")
    @classmethod
    def _are_few(cls, said: Any) -> Any:
        if isinstance(said, dict) and len(said) > MEMBERS_MAX:
            raise faulty("members_most", most=MEMBERS_MAX)
        return said


class Ask(Few):
    """One thing that is asked for. (A base class: the library reads fields of classes.)"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        str_max_length=TEXT_CHARACTERS_MAX,
    )

    def plans(self, desk: Desk) -> Sequence[Plan]:
        """The acts that it takes, which are done together or not at all.

        Raises:
            UsageError: `malformed`.
            RefusedError: what is meant is not there, or more than one thing.
        """
        raise NotImplementedError

    def borne_by(self, desk: Desk) -> str | None:  # noqa: ARG002  # of an act by somebody who has an account
        """Who acts by a key that only they have, and needs no account: the bearer of a code; as a rule nobody."""
        return None


Asked = TypeVar("Asked", bound=Ask)


def asked(kind: type[Asked], **said: object) -> Asked:
    """The ask of this kind that was `said`, by the names of its fields.

    Raises:
        UsageError: `malformed`, with the field and why.
    """
    try:
        return kind.model_validate(said)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(step) for step in first["loc"])
        raise UsageError("malformed", **{**of_fault(first), "field": field}) from error


def _read(parse: Callable[[Any], Any], *, kept: type | tuple[type, ...] = ()) -> BeforeValidator:
    """Reads what was said with `parse`; a value of a type that is `kept` is read already."""

    def read(said: Any) -> Any:
        if kept and isinstance(said, kept) and not isinstance(said, bool):
            return said
        try:
            return parse(said)
        except RefusedError as refusal:
            raise faulty(**{"why": None, **refusal.facts}) from refusal

    return BeforeValidator(read)


def _text(said: Any) -> str:
    if not isinstance(said, str):
        raise UsageError("malformed", why="string_type")
    return said


def _pair(said: Any, why: str) -> tuple[str, str]:
    if not isinstance(said, list | tuple) or len(said) != 2:
        raise UsageError("malformed", why=why)
    return _text(said[0]), _text(said[1])


def _period(said: Any) -> tuple[str, str]:
    if isinstance(said, str):
        return given.period(said, "")
    return _pair(said, "two_days_expected")


def _serials(said: Any) -> tuple[int, int]:
    if isinstance(said, str):
        return given.serials(said, "")
    return given.serials("..".join(_pair(said, "two_serials_expected")), "")


Account = Annotated[
    str,
    Field(
        description="An account: `account/…` or its id.", examples=["account/91510100MA61RXYZ17"]
    ),
]
Several = Annotated[tuple[str, ...], FirstFault(), Field(max_length=ITEMS_MAX)]
Grams = Annotated[
    int,
    _read(lambda said: given.grams(_text(said), "")),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^((0|[1-9][0-9]{0,12})(\.[0-9]{1,6})?t?|[1-9][0-9]{0,18}g)$",
            "description": "Tonnes of CO2e above 0, with up to six decimals; or grams, with a `g` after them.",
            "examples": ["12.5", "27g"],
        }
    ),
]
Total = Annotated[
    int,
    _read(lambda said: 0 if said in ("0", "0g") else given.grams(_text(said), "")),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^((0|[1-9][0-9]{0,12})(\.[0-9]{1,6})?t?|[1-9][0-9]{0,18}g|0g)$",
            "description": "Tonnes of CO2e or, with a `g` after them, grams; it may be 0.",
            "examples": ["12.5", "0"],
        }
    ),
]
Fen = Annotated[
    int,
    _read(lambda said: given.fen(_text(said), "")),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^(0|[1-9][0-9]{0,14})(\.[0-9]{1,2})?$",
            "description": "Yuan above 0.",
            "examples": ["1000.50"],
        }
    ),
]
Day = Annotated[
    str, Field(description="A day in China, YYYY-MM-DD.", json_schema_extra={"format": "date"})
]
Period = Annotated[
    tuple[str, str],
    _read(_period),
    WithJsonSchema(
        {
            "type": "array",
            "prefixItems": [{"type": "string", "format": "date"}] * 2,
            "minItems": 2,
            "maxItems": 2,
            "description": "The first and the last day.",
            "examples": [["2025-01-01", "2025-12-31"]],
        }
    ),
]
Serials = Annotated[
    tuple[int, int],
    _read(_serials),
    WithJsonSchema(
        {
            "type": "array",
            "prefixItems": [{"type": "string", "pattern": "^(0|[1-9][0-9]{0,18})$"}] * 2,
            "minItems": 2,
            "maxItems": 2,
            "description": "The first and the last serial number of a batch's grams, both included.",
            "examples": [["0", "999999"]],
        }
    ),
]
"""Half open from here on: the number after the last."""
Flag = Annotated[bool, Strict()]
"""Neither 1 nor "yes" is true."""
Count = Annotated[int, Strict(), Field(ge=0, le=2**53 - 1)]
Entry = Annotated[int, Strict(), Field(ge=0, le=2**53 - 1, description="An entry's index.")]


@dataclass(frozen=True, slots=True)
class _Together(GroupedMetadata):
    """Several things that are said of one type."""

    said: tuple[object, ...]

    def __iter__(self) -> Iterator[object]:
        return iter(self.said)


def octets(size: int, about: str) -> GroupedMetadata:
    """Of a field of bytes: `size` of them, said in hex."""
    schema = {"type": "string", "pattern": f"^[0-9a-fA-F]{{{2 * size}}}$", "description": about}
    read = _read(lambda said: given.octets(_text(said), "", size), kept=bytes)
    return _Together((read, WithJsonSchema(schema)))


def one_of(values: Iterable[str]) -> Any:
    """Of a field of text: one of `values`, as the rules have it, who refuse others."""
    return Field(json_schema_extra={"enum": [*sorted(values)]})


Digest = Annotated[
    bytes, octets(32, "The SHA-256 of a paper, in hex: only that goes into the log.")
]
PublicKey = Annotated[bytes, octets(PUBLIC_BYTES, "An Ed25519 public key, in hex.")]
