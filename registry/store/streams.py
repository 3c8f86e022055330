"""The streams that this process has at hand, so that an act costs what it changes and not what came before it.

States are immutable and small beside what made them: what is kept is bounded by the entries that it stands for, least
used out first. What another process wrote is folded when it is next asked for; what is not at hand comes from its
snapshot and the entries since, or from all its entries.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping

from registry.history import Stream
from registry.store.log import Moment
from registry.store.snapshots import SNAPSHOT_ENTRIES_MIN, Snapshots

ENTRIES_HELD_MAX = 1_000_000
STREAMS_HELD_MAX = 50_000


class Streams:
    """Streams as of the last entry that this process knows of."""

    def __init__(self, snapshots: Snapshots | None = None) -> None:
        self._snapshots = snapshots
        self._held: OrderedDict[str, Stream] = OrderedDict()
        self._entries = 0
        self._behind: set[str] = set()

    def stream(self, name: str, moment: Moment) -> Stream:
        """The stream `name` as of `moment`."""
        held = self._held.get(name)
        if held is not None and name not in self._behind:
            return held
        if held is None and self._snapshots and moment.tip(name)[0] >= SNAPSHOT_ENTRIES_MIN:
            held = _snapshot(self._snapshots, name, moment)
        return moment.stream(name, held)

    def missing(self, names: Iterable[str]) -> list[str]:
        """Those of `names` that are not at hand, each once."""
        return [name for name in dict.fromkeys(names) if name not in self._held]

    def others_wrote(self, names: Iterable[str]) -> None:
        """Note that another process wrote to streams."""
        self._behind.update(name for name in names if name in self._held)

    def forget(self) -> None:
        """Hold nothing any more: the log is not the one that it was."""
        self._held.clear()
        self._behind.clear()
        self._entries = 0

    def keep(self, streams: Mapping[str, Stream]) -> None:
        """Hold `streams`, which are as of the last entry, and let go of what was not used for long."""
        for name, stream in streams.items():
            before = self._held.pop(name, None)
            self._entries += stream.length - (before.length if before else 0)
            self._held[name] = stream
            self._behind.discard(name)
        spare = len(self._held) - len(streams)
        while spare and (self._entries > ENTRIES_HELD_MAX or len(self._held) > STREAMS_HELD_MAX):
            name, stream = self._held.popitem(last=False)
            self._behind.discard(name)
            self._entries -= stream.length
            spare -= 1


def _snapshot(snapshots: Snapshots, name: str, moment: Moment) -> Stream | None:
    """The stream as it was when it was last put aside, if that is where this log has been."""
    found = snapshots.load(name)
    if found is None:
        return None
    if moment.stands(name, found.stream):
        return found.stream
    snapshots.drop(name)
    return None
