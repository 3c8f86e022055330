"""Which streams have to be replayed for a certificate, and how far: the same answer for who makes a dossier and who
checks one, from what stands in the entries and from nothing that the file says of itself.

    concerned   the certificate, what it was begun from, whole: batches, orders, an activity, another certificate; and
                what each of these was begun from, up to there: parent batches, projects, standards, campaigns
    followed    these, the log's own stream, and what the rules ask of others, up to where they ask it

docs/format.md, "Dossier".
"""

from collections.abc import Callable, Sequence

from registry.ledger.entry import Entry
from registry.ledger.tree import SIZE_MAX
from registry.names import ACCOUNT, CERTIFICATE, kind_of

WHOLE = SIZE_MAX
LOG = "registry"
_PEOPLE = frozenset({LOG, "account", "conduct"})
"""What concerns somebody, and not these grams."""
_MANY = frozenset({"batch", "certificate"})
"""What an act touches beside a stream and is a matter of its own."""
_ENDS = frozenset({"activity", "certificate"})
"""What grams end in: where they came from is shown whole, so that nothing else was made of them since."""
_HOLDERS = frozenset({"campaign", "order"})
"""What holds grams of batches: their rules ask what came of an act in the batch."""

Entries = Callable[[str, int, int], Sequence[Entry]]
"""Of a stream, the entries after so many up to so many, as far as they are there."""


def reach(number: str, entries: Entries) -> tuple[frozenset[str], frozenset[str]]:
    """The streams that are concerned by certificate `number`, and all that are followed.

    Args:
        number: the certificate's.
        entries: where entries come from; asked again for a stream when more of it turns out to be needed.
    """
    found = _Reach(number)
    while found.unread:
        for stream in sorted(found.unread):
            found.unread.discard(stream)
            after = found.read.get(stream, 0)
            more = entries(stream, after, found.wanted[stream])
            found.read[stream] = after + len(more)
            for entry in more:
                found.take(stream, entry)
    return frozenset(found.concerned), frozenset(found.wanted)


class _Reach:
    """What is known so far: how much of which stream is wanted, and how much of it was read."""

    def __init__(self, number: str) -> None:
        certificate = f"{CERTIFICATE}{number}"
        self.concerned = {certificate}
        self.wanted = {certificate: WHOLE, LOG: WHOLE}
        self.read: dict[str, int] = {}
        self.unread = set(self.wanted)
        self._touched: dict[str, int] = {}

    def take(self, stream: str, entry: Entry) -> None:
        """Take into account an entry of `stream`, which is followed."""
        touches = {
            part.stream: place.position
            for part, place in zip(entry.intent.parts, entry.places, strict=True)
        }
        for name, position in touches.items():
            self._touched[name] = max(position, self._touched.get(name, 0))
            if name in self.wanted:
                self._want(name, position)
        for name, length in entry.consulted:
            self._want(name, length)
        for signer in entry.intent.signers:
            if signer.account in touches and signer.account.startswith(ACCOUNT):
                self._want(signer.account, touches[signer.account])
        self._take_touched(stream, touches)

    def _take_touched(self, stream: str, touches: dict[str, int]) -> None:
        """What stands in the same act as something in `stream`, as far as that matters to `stream`."""
        kind, is_first = kind_of(stream), touches[stream] == 1
        concerned = stream in self.concerned
        for name, position in touches.items():
            if concerned and (is_first or kind == "activity") and kind_of(name) not in _PEOPLE:
                self._concern(name, WHOLE if kind in _ENDS else position)
            elif is_first or kind in _HOLDERS or (concerned and kind_of(name) not in _MANY):
                self._want(name, position)

    def _want(self, stream: str, length: int) -> None:
        length = max(length, self._touched.get(stream, 0))
        if length > self.wanted.get(stream, -1):
            self.wanted[stream] = length
            if length > self.read.get(stream, 0):
                self.unread.add(stream)

    def _concern(self, stream: str, length: int) -> None:
        if stream not in self.concerned:
            self.concerned.add(stream)
            # What was read of it was not read as concerned.
            self.read[stream] = 0
            self.unread.add(stream)
        self._want(stream, length)
