"""The answers to acts, and what is sent to submit one: their JSON, as OpenAPI describes it."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, FailFast, Field

from registry.acts.propose import Proposal
from registry.api.values import shown, shown_map, time
from registry.desk.made import Made, entry_object
from registry.errors import UsageError
from registry.ledger.commitment import Opening
from registry.ledger.intent import Signer
from registry.ledger.rows import Beside

Base64 = Annotated[str, Field(json_schema_extra={"contentEncoding": "base64"})]
Hex = Annotated[str, Field(pattern="^([0-9a-f]{2})*$")]
Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


class Shape(BaseModel):
    """(A base class: the library reads fields of classes.)"""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Event(Shape):
    """What happened in one stream: docs/format.md has every kind's body and outcome."""

    stream: str
    position: int
    """Of the entry in the stream, from 1."""
    kind: str
    body: dict[str, Any]
    opened: dict[str, Any]
    """What the commitments in the body stand for, as far as whoever asks may know."""
    outcome: dict[str, Any] | None
    """What the rules made of it."""


class EntryMade(Shape):
    """An entry of the log. What only recording decides is null in a rehearsal."""

    index: int
    time: Time | None
    leaf: Hex | None
    signers: list[str]
    new: list[str]
    """The streams that begin with it."""
    events: list[Event]


class Told(Shape):
    origin: str
    """The log's name."""
    demonstration: bool
    """Whether nothing here is genuine."""


class Recorded(Told):
    """What was recorded, durably, and the signed checkpoint that covers it."""

    mode: Literal["record"] = "record"
    entries: list[EntryMade]
    checkpoint: str
    """A signed note: docs/format.md 3."""
    replayed: bool = False
    """Whether this was recorded before, under the same Idempotency-Key."""


class Rehearsed(Told):
    """What would be recorded now; nothing was."""

    mode: Literal["dry-run"] = "dry-run"
    entries: list[EntryMade]


class KeyShape(Shape):
    """A public key."""

    suite: str
    public: Hex


class SignerShape(Shape):
    """Who is to sign, with which key."""

    account: str
    key: KeyShape
    custodial: bool
    """Whether the key is kept here, so that POST /v1/signatures can sign with it."""


class OpeningShape(Shape):
    """What a commitment stands for."""

    field: str
    salt: Base64
    value: str | list[str]


class RowsShape(Shape):
    """Rows that stand beside an event of the intent."""

    part: Annotated[int, Field(ge=0, le=2**31)]
    event: Annotated[int, Field(ge=0, le=2**31)]
    rows: Annotated[list[Base64], FailFast()]


class PreparedIntent(Shape):
    """An intent to be signed: what is signed is `carbon-registry/intent-signature/v1`, a zero byte, and its bytes."""

    intent: Base64
    digest: Hex
    """SHA-256 of the bytes."""
    nonce: Hex
    not_after: Time
    signers: list[SignerShape]
    """In the order of their signatures."""
    openings: list[OpeningShape]
    rows: list[RowsShape]
    entry: EntryMade
    """What it would make now."""


class Prepared(Told):
    """Acts that would be allowed now, to be signed by whoever they name, and submitted."""

    mode: Literal["prepare"] = "prepare"
    intents: list[PreparedIntent]


class Submission(Shape):
    """A signed intent."""

    intent: Base64
    signatures: Annotated[list[Base64], Field(max_length=16)]
    """Of author and cosigners, in order of key id."""
    openings: Annotated[list[OpeningShape], FailFast(), Field(max_length=400_000)] = []
    rows: Annotated[list[RowsShape], Field(max_length=256)] = []
    withheld: bool = False
    """Whether openings are left out on purpose: then nobody will ever read here what was committed to."""


class ToSign(Shape):
    """An intent that the caller has read, and wants signed for their accounts."""

    intent: Base64


class Receipt(Shape):
    """What is acknowledged: the entry, and the signed checkpoint that covers it."""

    index: int
    leaf: Hex
    checkpoint: str
    kept: list[str]
    """The fields, of the openings that were sent, whose names are kept here now. One is not if the intent had been
    recorded before without it, or the name was erased since."""


def entry_made(made: Made) -> dict[str, Any]:
    """An entry as `EntryMade` has it."""
    told = entry_object(made)
    at_us = told.pop("at_us")
    events = [
        {**shown_map({**event, "body": {}, "outcome": None, "opened": {}}), **_inside(event)}
        for event in told["events"]
    ]
    time_said = None if at_us is None else time(at_us)
    return {**shown_map(told), "time": time_said, "leaf": shown(told["leaf"]), "events": events}


def _inside(event: Mapping[str, Any]) -> dict[str, Any]:
    outcome = event["outcome"]
    return {
        "body": shown_map(event["body"]),
        "opened": shown_map(event["opened"]),
        "outcome": None if outcome is None else shown_map(outcome),
    }


def prepared_intent(
    proposal: Proposal, signers: Sequence[tuple[Signer, bool]], digest: bytes, made: Made
) -> dict[str, Any]:
    """A proposal as `PreparedIntent` has it; `signers` in the order of their signatures, with who is custodial."""
    return {
        "intent": coded(proposal.data),
        "digest": digest.hex(),
        "nonce": proposal.intent.nonce.hex(),
        "not_after": time(proposal.intent.not_after_us),
        "signers": [
            {
                "account": signer.account,
                "key": {"suite": signer.key[0], "public": signer.key[1].hex()},
                "custodial": custodial,
            }
            for signer, custodial in signers
        ],
        "openings": [
            {"field": one.field, "salt": coded(one.salt), "value": one.value}
            for one in proposal.openings
        ],
        "rows": [
            {"part": part, "event": event, "rows": [coded(row) for row in rows]}
            for (part, event), rows in proposal.rows.items()
        ],
        "entry": entry_made(made),
    }


def coded(data: bytes) -> str:
    """Bytes in base64, as RFC 4648 has it, with padding."""
    return base64.b64encode(data).decode()


def decoded(text: str, field: str) -> bytes:
    """The bytes that `text` says in base64: in the one form that there is for them.

    Raises:
        UsageError: `malformed`.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        data = b""
    if coded(data) != text:
        raise UsageError("malformed", field=field, why="base64_expected")
    return data


def openings_of(said: Iterable[OpeningShape]) -> list[Opening]:
    """The openings that were sent. Raises: UsageError, `malformed`."""
    return [
        Opening(field=one.field, salt=decoded(one.salt, "openings"), value=one.value)
        for one in said
    ]


def rows_of(said: Iterable[RowsShape]) -> Beside:
    """The rows that were sent, by part and event.

    Raises:
        UsageError: `malformed`, also of two lists for one event.
    """
    found: dict[tuple[int, int], tuple[bytes, ...]] = {}
    for one in said:
        place = one.part, one.event
        if place in found:
            raise UsageError("malformed", field="rows", why="event_twice")
        found[place] = tuple(decoded(row, "rows") for row in one.rows)
    return found
