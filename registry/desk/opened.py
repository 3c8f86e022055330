"""A registry in a directory, opened for reading by a command: its log, its name, and the names that are kept."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

from registry.domain import account
from registry.domain.act import Outcome
from registry.ledger.commitment import Opening
from registry.names import ACCOUNT
from registry.place import Place
from registry.store.log import Log, Moment, Placed
from registry.store.operator import log_key
from registry.store.views import Keepers


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The log, and its origin. `names` remembers account names that were looked up."""

    log: Log
    origin: str
    keepers: Keepers | None = None
    """Who keeps its tables, where many questions follow each other."""
    names: dict[str, str | None] = field(default_factory=dict)

    def stream(self, name: str) -> list[Placed]:
        """The entries that touch the stream `name`, in order."""
        with self._reading() as moment:
            return [moment.placed(index) for index in moment.indexes(name)]

    def state(self, name: str, size: int | None = None) -> Any:
        """The state of the stream `name`, now or as of the log's first `size` entries."""
        with self._reading() as moment:
            if size is None:
                return moment.stream(name).state
            return moment.stream_at(name, size).state

    def size(self) -> int:
        """How many entries the log has now."""
        with self._reading() as moment:
            return moment.head().size

    def accounts(self) -> list[str]:
        """All accounts, in the order in which they were opened."""
        with self._reading() as moment:
            return moment.streams(ACCOUNT)

    def name_of(self, name: str) -> str | None:
        """What the account `name` is called; None where that is not kept."""
        if name not in self.names:
            self.names[name] = self._name_of(name)
        return self.names[name]

    def shown(self, commitments: Sequence[bytes]) -> dict[bytes, Opening]:
        """The openings that are kept of `commitments`."""
        with self.log.recorder.trouble():
            return self.log.openings.find(commitments)

    @contextmanager
    def _reading(self) -> Iterator[Moment]:
        """The log's tables as of now. Raises: what `Recorder.trouble` says."""
        with self.log.recorder.trouble(), self.log.recorder.reading() as cursor:
            yield Moment(cursor)

    def _name_of(self, name: str) -> str | None:
        with self._reading() as moment:
            indexes = moment.indexes(name)
            if not indexes:
                return None
            first = moment.placed(indexes[0])
        for made in first.happened():
            if made.stream == name and isinstance(made.event, account.Opened):
                found = self.shown([made.event.name]).get(made.event.name)
                return None if found is None else str(found.value)
        return None


@contextmanager
def opened(place: Place) -> Iterator[Opened]:
    """The registry at `place`, until the end of the block.

    Raises:
        RefusedError: `no_registry`; what `Recorder.trouble` says.
    """
    with closing(Log(place)) as log:
        yield Opened(log=log, origin=log_key(log).name)


def outcome_object(outcome: Outcome) -> dict[str, Any] | None:
    """An outcome as a plain map."""
    return None if outcome is None else dict(outcome)
