"""Making dossiers, which the verifier replays; public material only, no private key needed.

docs/format.md, "Dossier".
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from registry import history
from registry.domain import certificate, kinds
from registry.errors import require
from registry.ledger import dossier, tree
from registry.ledger.commitment import Opening
from registry.ledger.dossier import DOSSIER_BYTES_MAX, Dossier, RowsAt
from registry.ledger.entry import Entry
from registry.ledger.reach import reach
from registry.names import CERTIFICATE
from registry.store.log import Log, Moment, Placed
from registry.store.openings import Openings
from registry.store.proofs import Share, signed_head

_HASHES_BYTES = 64
"""So many bytes an entry adds beside its own, at most, as a rule: an index, and two hashes."""


def certificate_dossier(
    log: Log, openings: Openings, number: str, *, private: bool = False, share: Share | None = None
) -> bytes:
    """The dossier of certificate `number`, a file's bytes.

    The names behind it are shown if the certificate is public, or if `private` says that the file is for those whom
    they concern.

    Args:
        log: the log.
        openings: what is kept of the names.
        number: the certificate's number.
        private: whether names are shown that are not public.
        share: the row that has this number, where it is of a group and nothing was said of it by itself.

    Raises:
        RefusedError: `no_certificate`; `head_not_signed` if a crash left the head without its signature;
            `dossier_too_long`.
    """
    with log.recorder.reading() as cursor:
        moment = Moment(cursor)
        indexes, row = moment.indexes(f"{CERTIFICATE}{number}"), None
        if not indexes and share is not None:
            number, row = share
            indexes = moment.indexes(f"{CERTIFICATE}{number}")
        require(bool(indexes), "no_certificate", number=number)
        note, size = signed_head(moment, indexes[-1], log)
        gathered = gather(moment, number, size)
    shown = tuple(_openings(gathered.placed, number, row, openings, private=private))
    return written(gathered, number, note, shown, row=row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What a dossier is made of: entries in order, leaves of others that they mean, and what leads to the root."""

    placed: tuple[Placed, ...]
    meant: tuple[tuple[int, bytes], ...]
    hashes: tuple[bytes, ...]


def gather(moment: Moment, number: str, size: int) -> Gathered:
    """All that has to be replayed for the certificate `number`, of the first `size` entries of the log.

    Raises:
        RefusedError: `dossier_too_long`.
    """
    asked = _Asked(moment, size)
    reach(number, asked.entries_of)
    placed = asked.placed()
    meant = _meant(placed, moment)
    known = sorted({*(one.index for one in placed), *(index for index, _ in meant)})
    hashes = tree.inclusion_hashes(known, size, moment.node)
    return Gathered(placed=placed, meant=meant, hashes=tuple(hashes))


def written(
    gathered: Gathered,
    number: str,
    note: bytes,
    openings: Sequence[tuple[int, Opening]],
    *,
    row: int | None = None,
) -> bytes:
    """The bytes of the dossier that `gathered` makes.

    Raises:
        RefusedError: `dossier_too_long`.
    """
    found = dossier.encode(
        Dossier(
            number=number,
            row=row,
            note=note,
            entries=tuple((one.index, one.data) for one in gathered.placed),
            meant=gathered.meant,
            hashes=gathered.hashes,
            rows=tuple(row for one in gathered.placed for row in _rows(one)),
            openings=tuple(openings),
        )
    )
    _check_length(len(found))
    return found


class _Asked:
    """Entries that were asked for, of the log as of a moment."""

    def __init__(self, moment: Moment, size: int) -> None:
        self._moment = moment
        self._size = size
        self._placed: dict[int, Placed] = {}
        self._length = 0

    def entries_of(self, stream: str, after: int, upto: int) -> Sequence[Entry]:
        """The entries of `stream` after so many up to so many, below the size."""
        indexes = [index for index in self._moment.indexes(stream, after) if index < self._size]
        wanted = indexes[: upto - after]
        for placed in self._moment.all_placed([one for one in wanted if one not in self._placed]):
            self._placed[placed.index] = placed
            self._length += len(placed.data) + _HASHES_BYTES
            self._length += sum(
                len(row) for beside in placed.came_with().values() for row in beside
            )
            _check_length(self._length)
        return [self._placed[index].entry for index in wanted]

    def placed(self) -> tuple[Placed, ...]:
        """All of them, rising by index."""
        return tuple(self._placed[index] for index in sorted(self._placed))


def _check_length(length: int) -> None:
    fits = length <= DOSSIER_BYTES_MAX
    require(fits, "dossier_too_long", bytes_max=DOSSIER_BYTES_MAX)


def _meant(placed: Sequence[Placed], moment: Moment) -> tuple[tuple[int, bytes], ...]:
    """The entries that these mean and that are not among them: index and leaf hash."""
    here = {one.index for one in placed}
    meant = {
        body["means"][0]
        for one in placed
        for part in one.entry.intent.parts
        for _, body in part.events
        if body.get("means") is not None
    }
    return tuple((index, moment.node(0, index)) for index in sorted(meant - here))


def _rows(placed: Placed) -> Iterator[RowsAt]:
    for (part, event), rows in sorted(placed.came_with().items()):
        yield placed.index, part, event, tuple(rows)


def _openings(
    placed: Sequence[Placed], number: str, row: int | None, openings: Openings, *, private: bool
) -> Iterator[tuple[int, Opening]]:
    """What is hidden behind the certificate, and, where it is a row of a group, behind the group's statement."""
    own = f"{CERTIFICATE}{number}"
    (group, row), *_ = [*_shown_rows(placed, own), (own, row)]
    for one in placed:
        asked = one.entry.intent
        states = {
            part.stream: kinds.read(part.stream, *part.events[0])
            for part in asked.parts
            if part.stream in (own, group)
        }
        if not any(private or getattr(event, "public", False) for event in states.values()):
            continue
        fields = {
            committed: field
            for field, committed in history.commitments(asked, one.came_with())
            if asked.parts[int(field.partition("/")[0])].stream in states
            and ("/rows/" not in field or field.endswith(f"/rows/{row}"))
        }
        found = openings.find(list(fields))
        yield from ((one.index, found[committed]) for committed in fields if committed in found)


def _shown_rows(placed: Sequence[Placed], own: str) -> Iterator[tuple[str, int]]:
    """The group that the certificate `own` was shown out of, and which row it was; nothing without one."""
    for one in placed:
        parts = one.entry.intent.parts
        kind, body = parts[-1].events[0]
        if parts[-1].stream == own and kind == certificate.Adopted.kind:
            _, shown = parts[0].events[0]
            yield body["group"], shown["number"]
