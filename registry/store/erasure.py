"""Which openings are to be erased when somebody is to be forgotten: found by what they are of, or by what they say.

Erasing takes away what a commitment hides, and nothing else: no entry, row, root or proof changes, and nobody can tell
the value any more. What was handed out before, and copies made before, are not here to be erased.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from registry import history
from registry.ledger import canonical
from registry.ledger.intent import INTENT_BYTES_MAX
from registry.store.log import Log, Moment
from registry.store.openings import OpeningRow, Openings


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An opening that is kept: the commitment, the entry that holds it, and the field there."""

    commitment: bytes
    entry: int
    field: str


def in_streams(log: Log, streams: Sequence[str]) -> list[Kept]:
    """The openings that are kept of what stands in `streams`, their entries' rows included, in order."""
    committed: dict[bytes, Kept] = {}
    for stream in streams:
        with log.recorder.reading() as cursor:
            moment = Moment(cursor)
            for placed in moment.all_placed(moment.indexes(stream)):
                asked = placed.entry.intent
                for field, one in history.commitments(asked, placed.came_with()):
                    if asked.parts[int(field.partition("/")[0])].stream == stream:
                        committed[one] = Kept(commitment=one, entry=placed.index, field=field)
    return _kept(log.openings, committed.values())


def of_commitments(log: Log, commitments: Collection[bytes]) -> list[Kept]:
    """The openings that are kept of `commitments`, in order."""
    wanted = frozenset(commitments)
    return _search(log.openings, lambda row: row[0] in wanted) if wanted else []


def that_say(log: Log, text: str) -> list[Kept]:
    """The openings that say `text` and nothing else, or among several texts; in order."""

    def says(row: OpeningRow) -> bool:
        value: Any = canonical.decode(row[6], bytes_max=INTENT_BYTES_MAX)
        return value == text or (isinstance(value, list) and text in value)

    return _search(log.openings, says)


def erase(openings: Openings, kept: Collection[Kept]) -> bool:
    """Forget what `kept` is; returns whether nothing of it is left in what holds the openings.

    False on a server where this role may not rewrite the table: then its owner has to.
    """
    openings.erase([one.commitment for one in kept])
    return openings.scrub()


def _kept(openings: Openings, committed: Collection[Kept]) -> list[Kept]:
    found = openings.find([one.commitment for one in committed])
    return _in_order(one for one in committed if one.commitment in found)


def _search(openings: Openings, wanted: Callable[[OpeningRow], bool]) -> list[Kept]:
    found = []
    after = b""
    while page := openings.rows(after):
        found += [
            Kept(commitment=row[0], entry=row[1], field=row[4]) for row in page if wanted(row)
        ]
        after = page[-1][0]
    return _in_order(found)


def _in_order(kept: Iterator[Kept] | Sequence[Kept]) -> list[Kept]:
    return sorted(kept, key=lambda one: (one.entry, one.field))
