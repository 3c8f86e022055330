"""An act in the making: parts and texts in, an intent and the openings of its commitments out.

Nothing here signs, stores or asks the time. A dry run and the real thing make the same intent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from unicodedata import normalize

from registry.ledger import canonical, ids, intent
from registry.ledger import rows as detached
from registry.ledger.commitment import Opening, commitment, field_name
from registry.ledger.intent import Intent, Part, Signer
from registry.ledger.rows import Beside


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What surrounds an act: the log, who signs (author first), the nonce, how long it may wait, and fresh entropy.

    `entropy` is 32 random bytes that are used for this act and forgotten; the salts are made of it.
    """

    log: bytes
    signers: tuple[Signer, ...]
    nonce: bytes
    not_after_us: int
    entropy: bytes

    def new(self, prefix: str, part: int) -> str:
        """The name of the stream that part `part` of this act may begin, such as "batch/<id>"."""
        author = self.signers[0].account
        return f"{prefix}/{ids.derived_id(self.log, author, self.nonce, part)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """A value that the log shall hold as a commitment only."""

    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Detached:
    """Rows that shall stand beside the act: the body holds what sums them up.

    `rows` are pairs of whom a row is about, who may be Hidden, and grams; the tag is that of the field's check.
    """

    tag: str
    rows: Sequence[tuple[Any, int]]


Happening = tuple[str, Mapping[str, Any]]
"""A kind and a body, in which values may be Hidden, or Detached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """An intent ready to be signed, its bytes, the rows that go with it, and the openings to be stored before it is
    recorded.
    """

    intent: Intent
    data: bytes
    openings: tuple[Opening, ...]
    rows: Beside = field(default_factory=dict)


def propose(setting: Setting, parts: Sequence[tuple[str, Sequence[Happening]]]) -> Proposal:
    """The intent that does `parts`, (stream, happenings) each, in `setting`."""
    making = _Making(setting)
    made = [
        Part(
            stream=stream,
            events=tuple(
                (kind, making.body(number, place, body))
                for place, (kind, body) in enumerate(happenings)
            ),
        )
        for number, (stream, happenings) in enumerate(parts)
    ]
    asked = Intent(
        log=setting.log,
        signers=setting.signers,
        parts=tuple(made),
        nonce=setting.nonce,
        not_after_us=setting.not_after_us,
    )
    return Proposal(
        intent=asked,
        data=intent.encode(asked),
        openings=tuple(making.openings),
        rows=making.rows,
    )


class _Making:
    """What an act hides and what stands beside it, collected while its bodies are made."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self.openings: list[Opening] = []
        self.rows: dict[detached.Place, tuple[bytes, ...]] = {}

    def body(self, part: int, place: int, body: Mapping[str, Any]) -> dict[str, Any]:
        """A body as it is signed."""
        shown = {}
        for name, value in body.items():
            if isinstance(value, Detached):
                self.rows[part, place], total_g = self._rows(part, place, value)
                value = {**detached.summary(self.rows[part, place]), "total_g": total_g}
            else:
                value = self._shown(field_name(part, place, name), value)
            shown[name] = value
        return shown

    def _rows(self, part: int, place: int, listed: Detached) -> tuple[tuple[bytes, ...], int]:
        """The rows of an event, each beginning where the one before it ends, and their grams."""
        made, before_g = [], 0
        for number, (whom, amount_g) in enumerate(listed.rows):
            said = self._shown(field_name(part, place, f"rows/{number}"), whom)
            made.append(canonical.encode([listed.tag, said, amount_g, before_g]))
            before_g += amount_g
        return tuple(made), before_g

    def _shown(self, name: str, value: Any) -> Any:
        """`value` as the log may show it under the field `name`: itself, or a commitment."""
        if not isinstance(value, Hidden):
            return value
        setting = self._setting
        opening = _opening(setting, name, value)
        self.openings.append(opening)
        return commitment(setting.log, setting.signers[0].account, setting.nonce, opening)


def _opening(setting: Setting, name: str, hidden: Hidden) -> Opening:
    salt = sha256(setting.entropy + name.encode()).digest()
    value = hidden.value
    several = isinstance(value, list)
    shown = [normalised(text) for text in value] if several else normalised(value)
    return Opening(field=name, salt=salt, value=shown)


def normalised(text: str) -> str:
    """`text` in the one Unicode form in which it is committed to (NFC), so that equal names are equal."""
    return normalize("NFC", text)
