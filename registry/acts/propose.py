"""An act in the making: parts and texts in, an intent and the openings of its commitments out.

Nothing here signs, stores or asks the time. A dry run and the real thing make the same intent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from unicodedata import normalize

from registry.ledger import ids, intent
from registry.ledger.commitment import Opening, commitment, field_name
from registry.ledger.intent import Intent, Part, Signer


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


Happening = tuple[str, Mapping[str, Any]]
"""A kind and a body, in which values may be Hidden."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """An intent ready to be signed, its bytes, and the openings to be stored before it is recorded."""

    intent: Intent
    data: bytes
    openings: tuple[Opening, ...]


def propose(setting: Setting, parts: Sequence[tuple[str, Sequence[Happening]]]) -> Proposal:
    """The intent that does `parts`, (stream, happenings) each, in `setting`."""
    openings: list[Opening] = []
    made = []
    for number, (stream, happenings) in enumerate(parts):
        events = []
        for place, (kind, body) in enumerate(happenings):
            shown = {}
            for name, value in body.items():
                if isinstance(value, Hidden):
                    openings.append(_opening(setting, field_name(number, place, name), value))
                    value = commitment(
                        setting.log, setting.signers[0].account, setting.nonce, openings[-1]
                    )
                shown[name] = value
            events.append((kind, shown))
        made.append(Part(stream=stream, events=tuple(events)))
    asked = Intent(
        log=setting.log,
        signers=setting.signers,
        parts=tuple(made),
        nonce=setting.nonce,
        not_after_us=setting.not_after_us,
    )
    return Proposal(intent=asked, data=intent.encode(asked), openings=tuple(openings))


def _opening(setting: Setting, field: str, hidden: Hidden) -> Opening:
    salt = sha256(setting.entropy + field.encode()).digest()
    value = hidden.value
    several = isinstance(value, list)
    shown = [normalised(text) for text in value] if several else normalised(value)
    return Opening(field=field, salt=salt, value=shown)


def normalised(text: str) -> str:
    """`text` in the one Unicode form in which it is committed to (NFC), so that equal names are equal."""
    return normalize("NFC", text)
