"""What the rules see of an act: who, when, what stands together, and the states consulted."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from registry.errors import require

Key = tuple[str, bytes]
Event = TypeVar("Event")
State = TypeVar("State")
Outcome = Mapping[str, Any] | None
"""What the rules derived from one event: nothing, or a map as docs/format.md has it for the kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActPart:
    """What an act does in one stream. `new_id` works out the only id that a stream begun here may have."""

    stream: str
    new_id: Callable[[], str]
    events: tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hashes:
    """What the rules need of the ledger, and only of its hashes.

    `row_id` is the id of what detached row `row` of a part brings into being, of (author, nonce, part, row);
    `row_root` the root to which a path leads, of (row, its number, how many there are, path); `row_says` what a row
    says, read strictly.
    """

    row_id: Callable[[str, bytes, int, int], str]
    row_root: Callable[[bytes, int, int, bytes], bytes]
    row_says: Callable[[bytes], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One act, as the rules see it.

    `by` says which account signs in which capacity, `keys` with which key; `consulted` are the states, before the
    act, of streams that it does not touch; `outcomes` grows as the events are judged in their order.
    """

    index: int
    at_us: int
    nonce: bytes
    parts: Sequence[ActPart]
    by: Mapping[str, str]
    keys: Mapping[str, Key]
    author: str
    hashes: Hashes
    consulted: Mapping[str, Any]
    outcomes: list[tuple[Any, Outcome]]

    def only(self, kind: type[Event]) -> Event:
        """The one event of `kind` that stands in this act."""
        (found,) = self.each(kind)
        return found

    def each(self, kind: type[Event]) -> list[Event]:
        """The events of `kind` that stand in this act, in order."""
        return [event for part in self.parts for event in part.events if isinstance(event, kind)]

    def of_kind(self, kind: str) -> list[Any]:
        """The events of `kind` that stand in this act, in order, for rules that must not know its class."""
        return [event for part in self.parts for event in part.events if event.kind == kind]

    def outcomes_of(self, *kinds: type) -> Iterator[tuple[Any, Mapping[str, Any]]]:
        """The events of `kinds` judged so far, with their outcomes, where they have one."""
        for event, outcome in self.outcomes:
            if isinstance(event, kinds) and outcome is not None:
                yield event, outcome

    def stream_of(self, kind: type) -> str:
        """The stream in which the one event of `kind` in this act happens."""
        (found,) = [
            part.stream
            for part in self.parts
            if any(isinstance(event, kind) for event in part.events)
        ]
        return found

    def new_id_of(self, stream: str) -> str:
        """The id that a stream begun by the part that touches `stream` must have."""
        (found,) = [part.new_id() for part in self.parts if part.stream == stream]
        return found

    def state(self, stream: str, kind: type[State]) -> State:
        """The consulted state of `stream`."""
        state = self.consulted[stream]
        assert isinstance(state, kind)
        return state


def require_new(act: Act, stream: str) -> None:
    """Return if the id of `stream` is the one that this act derives.

    Raises:
        RefusedError: `wrong_id`.
    """
    expected = act.new_id_of(stream)
    require(stream.split("/", 1)[1] == expected, "wrong_id", stream=stream, expected=expected)
