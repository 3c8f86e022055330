"""The hinge: rules meet bytes. Writing and reading back go through the same judgement.

    a writer     check_intent  ->  append   entry bytes, or RefusedError
    a verifier   check_entry   ->  follow   the same entry, or BrokenHistoryError
    a store      load                       a stream's state from its own entries, which were judged before

Rows that come with an intent are seen as part of their event, by all three: nothing is judged without them.

The order of checks is part of the format: docs/format.md, "Order of checks".
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import Any, Protocol

from registry.domain import forms, gate, kinds, shape
from registry.domain.act import ActPart, Hashes, Outcome
from registry.domain.form import Form
from registry.errors import (
    BrokenHistoryError,
    IncompleteError,
    RefusedError,
    RegistryError,
    require,
)
from registry.ledger import canonical, commitment, ids, intent, keys, rows, tree
from registry.ledger import entry as entries
from registry.ledger.commitment import Opening
from registry.ledger.entry import NO_PREVIOUS, Entry, Place
from registry.ledger.intent import LIFE_US_MAX, Intent, Part
from registry.ledger.rows import Beside
from registry.names import BEARER

INLINE_RANGES_MAX = 16
POSSESSION_PURPOSE = "act"
NO_ROWS: Beside = MappingProxyType({})
NOTHING_TAKEN: Mapping[str, Place] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A stream so far: its state, how many entries touch it, and the leaf hash of the last of them."""

    state: Any
    length: int = 0
    last: bytes = NO_PREVIOUS


class View(Protocol):
    """The log before an entry, as judgement sees it.

    Guarantees: all answers are of one moment, at which the log had `size` entries; nothing in them is unverified.
    """

    @property
    def log(self) -> bytes | None:
        """The log's id; None while it has no entry."""

    @property
    def size(self) -> int:
        """How many entries there are, which is the index of the next."""

    @property
    def at_us(self) -> int:
        """The time of the last entry; 0 while there is none."""

    def stream(self, name: str) -> Stream:
        """The stream `name`; of length 0 where it was never touched."""

    def leaf(self, index: int) -> bytes:
        """The leaf hash of entry `index`, which is below `size`."""

    def is_used(self, account: str, nonce: bytes, at_us: int) -> bool:
        """Whether an entry by `account` under `nonce` may still be repeated at `at_us`: its not_after is not past."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIntent:
    """An intent whose every signature holds, and the rows that come with it. Made by `check_intent` and `check_read`.

    Whether the rows are those that it says is judged with everything else.
    """

    intent: Intent
    data: bytes
    signatures: tuple[bytes, ...]
    rows: Beside = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedEntry:
    """An entry whose every signature holds. Made by `check_entry`."""

    entry: Entry
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Detached:
    """The rows that stand beside an entry: which event they belong to, and their bytes in order.

    First those that came with the intent, then those of the outcome.
    """

    part: int
    event: int
    rows: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """An entry that follows, and what it changes."""

    index: int
    at_us: int
    intent: Intent
    intent_bytes: bytes
    data: bytes
    leaf: bytes
    positions: tuple[int, ...]
    streams: Mapping[str, Stream]
    detached: tuple[Detached, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One event of a recorded entry, with what its rows say: where it stands, and what came of it, with all its serial
    ranges.
    """

    stream: str
    position: int
    event: Any
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """What judgement gives to both sides: what an entry must say, and what comes after it."""

    consulted: tuple[tuple[str, int], ...]
    places: tuple[Place, ...]
    after: Mapping[str, Any]
    detached: tuple[Detached, ...]


def check_intent(data: bytes, signatures: Sequence[bytes], rows: Beside = NO_ROWS) -> SignedIntent:
    """The intent in `data`, once every signature over it holds, and the `rows` that come with it.

    Raises:
        RefusedError: what `intent.decode` and `intent.check_signatures` say.
    """
    return check_read(intent.decode(data), data, signatures, rows)


def check_read(
    asked: Intent, data: bytes, signatures: Sequence[bytes], rows: Beside = NO_ROWS
) -> SignedIntent:
    """The intent `asked`, which was read from `data`, once every signature over it holds, and its `rows`.

    Raises:
        RefusedError: what `intent.check_signatures` says.
    """
    intent.check_signatures(asked, data, signatures)
    return SignedIntent(intent=asked, data=data, signatures=tuple(signatures), rows=rows)


def check_entry(data: bytes) -> SignedEntry:
    """The entry in `data`, once every signature in it holds.

    Raises:
        RefusedError: what `entry.decode` and `intent.check_signatures` say.
    """
    read = entries.decode(data)
    intent.check_signatures(read.intent, read.intent_bytes, read.signatures)
    return SignedEntry(entry=read, data=data)


def check_opening(asked: Intent, opening: Opening, beside: Beside = NO_ROWS) -> None:
    """Return if `opening` opens a commitment in `asked`: a field that is one, to a text or to several.

    Raises:
        RefusedError: `wrong_opening`; what `commitments` says.
    """
    check_openings(asked, [opening], dict(commitments(asked, beside)))


def check_openings(
    asked: Intent, openings: Iterable[Opening], committed: Mapping[str, bytes]
) -> None:
    """Return if each of `openings` opens what is `committed` to in `asked`, by field.

    Raises:
        RefusedError: `wrong_opening`.
    """
    for opening in openings:
        require(opening.field in committed, "wrong_opening", field=opening.field)
        commitment.check_form(opening)
        opened = commitment.commitment(asked.log, asked.author, asked.nonce, opening)
        same = committed[opening.field] == opened
        require(same, "wrong_opening", field=opening.field)


def commitments(asked: Intent, beside: Beside = NO_ROWS) -> Iterator[tuple[str, bytes]]:
    """The commitments in `asked`, and in the rows beside it that are at hand: the field that each stands in, its bytes.

    Raises:
        RefusedError: what `kinds.read` says; `wrong_rows` and others of rows that are not its own.
    """
    for number, part in enumerate(asked.parts):
        for order, (kind, body) in enumerate(part.events):
            event = kinds.read(part.stream, kind, body)
            for name in shape.commitments(type(event)):
                if body[name] is not None:
                    yield commitment.field_name(number, order, name), body[name]
            own = shape.rows_field(type(event))
            if own and own[1].is_commitment and (number, order) in beside:
                said = getattr(with_rows(event, beside[number, order]), own[0])
                for row, (committed, _, _) in enumerate(said.items):
                    yield commitment.field_name(number, order, f"rows/{row}"), committed


def committed_fields(asked: Intent) -> Iterator[str]:
    """The fields in which commitments stand in `asked`, and in the rows that belong beside it, at hand or not.

    Raises:
        RefusedError: what `kinds.read` says.
    """
    yield from (name for name, _ in commitments(asked))
    for (part, event), count in rows_wanted(asked).items():
        kind, _ = asked.parts[part].events[event]
        if _rows_commit(kinds.EVENTS[kind]):
            yield from (commitment.field_name(part, event, f"rows/{row}") for row in range(count))


def may_commit(data: bytes) -> bool:
    """Whether a commitment may stand in the intent whose bytes are `data`, or in rows beside it; without reading it.

    False only where none does: in canonical bytes a field stands right before its value.
    """
    return any(mark in data for mark in _COMMITTING)


def _rows_commit(event: type) -> bool:
    own = shape.rows_field(event)
    return own is not None and own[1].is_commitment


_COMMITTING = tuple(
    {
        canonical.encode(name) + canonical.encode(bytes(commitment.BYTES))[: -commitment.BYTES]
        for event in kinds.EVENTS.values()
        for name in shape.commitments(event)
    }
    | {canonical.encode(kind) for kind, event in kinds.EVENTS.items() if _rows_commit(event)}
)


def rows_wanted(asked: Intent) -> dict[rows.Place, int]:
    """Beside which events of `asked` rows must stand, and how many; nothing of events that are not in form."""
    wanted = {}
    for number, part in enumerate(asked.parts):
        for order, (kind, body) in enumerate(part.events):
            event = kinds.EVENTS.get(kind)
            own = None if event is None else shape.rows_field(event)
            if own is not None:
                with suppress(RefusedError):
                    wanted[number, order] = own[1](body.get(own[0])).count
    return wanted


def has_rows(entry: Entry) -> bool:
    """Whether rows stand beside an entry that was judged: such as came with its intent, or of its outcomes."""
    return bool(rows_wanted(entry.intent)) or any(
        outcome is not None and isinstance(outcome.get("ranges"), dict)
        for place in entry.places
        for outcome in place.outcomes
    )


def came_with(entry: Entry, detached: Beside) -> Beside:
    """Of the rows beside an entry those that came with its intent."""
    counts = rows_wanted(entry.intent)
    return {place: detached.get(place, ())[:count] for place, count in counts.items()}


def with_rows(event: Any, given: Sequence[bytes]) -> Any:
    """`event` with what its rows say, once they are those that its body sums up, and in form.

    Raises:
        RefusedError: `rows_missing`; `wrong_rows` for others than the author signed, or where none belong; `too_long`,
            `not_canonical`, `malformed`.
    """
    own = shape.rows_field(type(event))
    if own is None:
        require(not given, "wrong_rows", kind=event.kind, expected=0, found=len(given))
        return event
    name, check = own
    said: shape.Rows = getattr(event, name)
    enough = len(given) >= said.count
    require(enough, "rows_missing", kind=event.kind, expected=said.count, found=len(given))
    same = (sum(map(len, given)), len(given)) == (said.row_bytes, said.count)
    same = same and rows.RowTree(given).root() == said.root
    require(same, "wrong_rows", kind=event.kind, expected=said.count, found=len(given))
    items = check.items(rows.values(given))
    _, amount_g, before_g = items[-1]
    total_g = before_g + amount_g
    require(total_g == said.total_g, "wrong_rows", kind=event.kind, total_g=total_g)
    return replace(event, **{name: replace(said, items=items)})


def read_parts(asked: Intent, beside: Beside | None = None) -> tuple[list[ActPart], Form]:
    """The events that the bodies say, in their form, with the ids that they may make.

    Args:
        asked: the intent.
        beside: the rows that come with it; without them nothing is said of what they hold.

    Raises:
        RefusedError: `unknown_kind`, `wrong_stream`, `malformed`, what `with_rows` says, `unknown_form`,
            `parts_differ`.
    """
    read = [
        (part.stream, _read_events(part, number, beside)) for number, part in enumerate(asked.parts)
    ]
    if beside:
        places = {
            (number, order)
            for number, part in enumerate(asked.parts)
            for order in range(len(part.events))
        }
        require(beside.keys() <= places, "wrong_rows", why="rows_of_no_event")
    form = forms.form_of(tuple([tuple([event.kind for event in made]) for _, made in read]))
    parts = [
        ActPart(stream=name, new_id=partial(_new_id, asked, form, number), events=made)
        for number, (name, made) in enumerate(read)
    ]
    forms.check_equal(form, parts)
    return parts, form


def _read_events(part: Part, number: int, beside: Beside | None) -> tuple[Any, ...]:
    events = []
    for order, (kind, body) in enumerate(part.events):
        event = kinds.read(part.stream, kind, body)
        if beside is not None:
            event = with_rows(event, beside.get((number, order), ()))
        events.append(event)
    return tuple(events)


def _new_id(asked: Intent, form: Form, part: int) -> str:
    if form.once:
        return ids.once_id(asked.log, asked.nonce)
    return ids.derived_id(asked.log, asked.author, asked.nonce, part)


def append(view: View, signed: SignedIntent, *, at_us: int) -> Addition:
    """The entry that `signed` makes at the end of the log, if the rules allow it.

    Args:
        view: the log now.
        signed: the intent.
        at_us: the time to record, not before the last entry's.

    Raises:
        RefusedError: the rules say no; nothing has changed.
    """
    judged = _judge(view, signed.intent, signed.rows, at_us)
    data = entries.encode(
        at_us=at_us,
        intent_bytes=signed.data,
        signatures=signed.signatures,
        consulted=judged.consulted,
        places=judged.places,
    )
    return _addition(view, judged, signed, data, at_us)


def follow(
    view: View,
    signed: SignedEntry,
    beside: Beside = NO_ROWS,
    apart: Collection[str] = frozenset(),
) -> Addition:
    """The entry, read back as the next one of the log, once it is what `append` would have written.

    Args:
        view: the log before it.
        signed: the entry.
        beside: of the rows that are said to stand beside it those that came with the intent, as `rows_wanted` counts.
        apart: streams that it touches and of which `view` knows nothing: their parts are not judged, and their places
            are taken as they are recorded.

    Raises:
        BrokenHistoryError: it cannot have been written by this log's rules; facts say where.
        IncompleteError: `rows_missing`: whether it can is not known.
    """
    entry = signed.entry
    try:
        taken = {
            part.stream: place
            for part, place in zip(entry.intent.parts, entry.places, strict=True)
            if part.stream in apart
        }
        judged = _judge(view, entry.intent, beside, entry.at_us, taken)
        _check_places(entry, judged)
    except RefusedError as refusal:
        part = entry.intent.parts[0]
        place = entry.places[0]
        where = {"stream": part.stream, "position": place.position, "index": view.size}
        raise _blame(refusal, where) from refusal
    asked = SignedIntent(intent=entry.intent, data=entry.intent_bytes, signatures=entry.signatures)
    return _addition(view, judged, asked, signed.data, entry.at_us)


def _blame(refusal: RefusedError, where: Mapping[str, object]) -> RegistryError:
    """What a refusal means to whoever reads what is recorded."""
    facts = {**refusal.facts, **where}
    if refusal.code == "rows_missing":
        return IncompleteError(refusal.code, **facts)
    return BrokenHistoryError(refusal.code, **facts)


def happened(entry: Entry, detached: Beside) -> Iterator[Happened]:
    """What a recorded entry did, event by event.

    Args:
        entry: an entry that was judged before.
        detached: the rows beside it, by part and event.

    Raises:
        IncompleteError: `rows_missing`.
        BrokenHistoryError: `wrong_rows`, `derived.detached`: they are not those that were recorded.
    """
    for number, (part, place) in enumerate(zip(entry.intent.parts, entry.places, strict=True)):
        for order, (kind, body) in enumerate(part.events):
            beside = detached.get((number, order), ())
            event = kinds.read(part.stream, kind, body)
            own = shape.rows_field(type(event))
            count = getattr(event, own[0]).count if own else 0
            try:
                event = with_rows(event, beside[:count])
            except RefusedError as refusal:
                raise _blame(refusal, {"stream": part.stream}) from refusal
            yield Happened(
                stream=part.stream,
                position=place.position,
                event=event,
                outcome=_read_outcome(place.outcomes[order], beside[count:]),
            )


def blank(stream: str) -> Stream:
    """The stream of this name before its first entry."""
    return Stream(state=kinds.blank(stream))


def load(
    stream: str,
    own: Iterable[tuple[int, bytes, Iterable[Happened]]],
    known: Stream | None = None,
) -> Stream:
    """The stream, folded from its own entries, which were judged when they were written.

    Args:
        stream: its name.
        own: for every entry that touches it, in order: index, leaf hash, and what happened in it.
        known: the stream as of some entry, if only the entries after that are given.

    Raises:
        BrokenHistoryError: `derived.rows` if an entry of the stream is missing, or one is not its own.
    """
    held = known or blank(stream)
    state, length, last = held.state, held.length, held.last
    for index, leaf, happenings in own:
        here = [made for made in happenings if made.stream == stream]
        if {made.position for made in here} != {length + 1}:
            raise BrokenHistoryError(
                "derived.rows", stream=stream, position=length + 1, index=index
            )
        for made in here:
            state = kinds.evolve(stream, state, made.event, made.outcome, index)
        length, last = length + 1, leaf
    return Stream(state=state, length=length, last=last)


def _read_outcome(recorded: Outcome, detached: Sequence[bytes]) -> Outcome:
    """A recorded outcome as the rules know it: with its serial ranges, even where they stand in detached rows."""
    if recorded is None or not isinstance(recorded.get("ranges"), dict):
        return recorded
    total_g = recorded["ranges"].get("total_g")
    if {**rows.summary(detached), "total_g": total_g} != recorded["ranges"]:
        raise BrokenHistoryError("derived.detached", rows=len(detached))
    ranges = [(start, end) for _, start, end in rows.values(detached)]
    return {**recorded, "ranges": tuple(ranges)}


def _judge(
    view: View,
    asked: Intent,
    beside: Beside,
    at_us: int,
    taken: Mapping[str, Place] = NOTHING_TAKEN,
) -> _Judged:
    """What `asked` comes to at `at_us`; of the streams in `taken`, which are not known, what stands there."""
    require(at_us >= view.at_us, "clock_back", at_us=at_us, head_us=view.at_us)
    check_life(asked, at_us)
    if view.log is not None and view.log != asked.log:
        raise RefusedError("wrong_log", log=asked.log.hex(), expected=view.log.hex())
    if view.is_used(asked.author, asked.nonce, at_us):
        raise RefusedError("nonce_used", account=asked.author, nonce=asked.nonce.hex())
    parts, form = read_parts(asked, beside)
    if view.log is None:
        _check_beginning(asked, parts)
    check_keys(asked, parts)
    check_bearers(asked)
    _check_meant(view, parts)
    consulted = forms.consults(parts, [signer.account for signer in asked.signers])
    touched = [part.stream for part in parts if part.stream not in taken]
    streams = {name: view.stream(name) for name in (*consulted, *touched)}
    passed = gate.judge(
        gate.Asked(
            index=view.size,
            at_us=at_us,
            nonce=asked.nonce,
            signers=[(signer.account, signer.key) for signer in asked.signers],
            parts=parts,
            hashes=Hashes(
                row_id=partial(ids.row_id, asked.log),
                row_root=rows.row_root,
                row_says=rows.row_says,
            ),
        ),
        form,
        {name: stream.state for name, stream in streams.items()},
        taken,
    )
    places, detached = _places(parts, beside, passed.outcomes, streams, taken)
    return _Judged(
        consulted=tuple([(name, streams[name].length) for name in consulted]),
        places=places,
        after=passed.after,
        detached=detached,
    )


def _places(
    parts: Sequence[ActPart],
    beside: Beside,
    outcomes: Sequence[Sequence[Outcome]],
    streams: Mapping[str, Stream],
    taken: Mapping[str, Place],
) -> tuple[tuple[Place, ...], tuple[Detached, ...]]:
    """Where an act stands in its streams, with what came of it there, and the rows beside it."""
    places, detached = [], []
    for number, part in enumerate(parts):
        if part.stream in taken:
            places.append(taken[part.stream])
            continue
        came = []
        for order, outcome in enumerate(outcomes[number]):
            said, moved = _wire(outcome)
            came.append(said)
            standing = (*beside.get((number, order), ()), *moved)
            if standing:
                detached.append(Detached(part=number, event=order, rows=standing))
        before = streams[part.stream]
        places.append(Place(position=before.length + 1, previous=before.last, outcomes=tuple(came)))
    return tuple(places), tuple(detached)


def check_life(asked: Intent, at_us: int) -> None:
    """Return if an intent could be recorded at `at_us`, as far as it says itself.

    Raises:
        RefusedError: `expired`, `too_far_ahead`.
    """
    if at_us > asked.not_after_us:
        raise RefusedError("expired", at_us=at_us, not_after_us=asked.not_after_us)
    if asked.not_after_us > at_us + LIFE_US_MAX:
        raise RefusedError("too_far_ahead", at_us=at_us, not_after_us=asked.not_after_us)


def _check_beginning(asked: Intent, parts: Sequence[ActPart]) -> None:
    """A log that begins has the id that its name, key and random bytes give, and a sound key."""
    for event in parts[0].events:
        if isinstance(event, kinds.BEGINNING):
            keys.check_registrable(event.log_key)
            expected = ids.log_id(event.origin, event.log_key, event.random)
            require(
                asked.log == expected, "wrong_log", log=asked.log.hex(), expected=expected.hex()
            )


def check_keys(asked: Intent, parts: Sequence[ActPart]) -> None:
    """Return if the keys that the act registers are sound, and in the hands of those who register them.

    Raises:
        RefusedError: `unknown_suite`, `weak_key`, `bad_possession`.
    """
    for part in parts:
        for event in part.events:
            if not isinstance(event, kinds.KEYS_REGISTERED):
                continue
            keys.check_registrable(event.key)
            message = keys.possession_message(asked.log, part.stream, event.key, POSSESSION_PURPOSE)
            try:
                keys.check_signature(event.key, message, event.possession)
            except RefusedError as refusal:
                raise RefusedError("bad_possession", account=part.stream) from refusal


def check_bearers(asked: Intent) -> None:
    """Return if the signers who have no account are named after their keys.

    Raises:
        RefusedError: `key_not_valid`.
    """
    for signer in asked.signers:
        if signer.account.startswith(BEARER):
            own = signer.account == ids.bearer(signer.key)
            require(own, "key_not_valid", account=signer.account)


def _check_meant(view: View, parts: Sequence[ActPart]) -> None:
    """An entry that an act undoes or confirms is named by its index and its leaf, and is that entry."""
    for part in parts:
        for event in part.events:
            meant = getattr(event, "means", None)
            if meant is not None:
                index, leaf = meant
                known = index < view.size and view.leaf(index) == leaf
                require(known, "wrong_entry_meant", meant=index, size=view.size)


def _wire(outcome: Outcome) -> tuple[Outcome, tuple[bytes, ...]]:
    """The outcome as it is recorded, and the rows that hold what would be long in it."""
    if outcome is None or len(outcome.get("ranges", ())) <= INLINE_RANGES_MAX:
        return outcome, ()
    moved = tuple(rows.range_row(start, end) for start, end in outcome["ranges"])
    total_g = sum(end - start for start, end in outcome["ranges"])
    return {**outcome, "ranges": {**rows.summary(moved), "total_g": total_g}}, moved


def _check_places(entry: Entry, judged: _Judged) -> None:
    """The entry says what judgement says."""
    same = entry.consulted == judged.consulted
    require(same, "wrong_consulted", recorded=entry.consulted, expected=judged.consulted)
    for recorded, expected in zip(entry.places, judged.places, strict=True):
        placed = recorded.position == expected.position
        require(placed, "wrong_position", expected=expected.position)
        require(recorded.previous == expected.previous, "wrong_previous")
        # Compared as bytes: in Python 1 equals True.
        came = canonical.encode(recorded.outcomes) == canonical.encode(expected.outcomes)
        require(came, "wrong_outcome", expected=expected.outcomes)


def _addition(
    view: View, judged: _Judged, asked: SignedIntent, data: bytes, at_us: int
) -> Addition:
    leaf = tree.leaf_hash(data)
    return Addition(
        index=view.size,
        at_us=at_us,
        intent=asked.intent,
        intent_bytes=asked.data,
        data=data,
        leaf=leaf,
        positions=tuple(place.position for place in judged.places),
        streams={
            part.stream: Stream(state=judged.after[part.stream], length=place.position, last=leaf)
            for part, place in zip(asked.intent.parts, judged.places, strict=True)
            if part.stream in judged.after
        },
        detached=judged.detached,
    )
