"""The log over HTTP: all that an offline verifier needs to replay everything, and no name.

    GET /v1/log                          which log this is, its keys, how far it goes
    GET /v1/log/checkpoint               the signed note, as it is
    GET /v1/log/entries?after&limit      entries, their bytes and what they say
    GET /v1/log/entries/{index}          one; its bytes alone to who accepts application/octet-stream
    GET /v1/log/entries/{index}/proof    what leads from it to the checkpoint
    GET /v1/log/entries/{index}/rows     the rows that stand beside it
    GET /v1/log/consistency?from&to      what leads from one size to another
    GET /v1/streams?prefix, /v1/streams/{stream}

Only what is under the signed checkpoint is shown. An auditor's copy (docs/format.md) is the entries, their rows, and
the checkpoint.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from registry.api import cursors
from registry.api.conditional import UNCHANGED, tag_of, told_bytes, told_once
from registry.api.conventions import problems
from registry.api.cursors import Cursor
from registry.api.questions import Paged
from registry.api.resources import TEXT, TEXT_MAX, Page, Paging, Unsaid
from registry.api.runtime import Runtime
from registry.api.shapes import Base64, EntryMade, Hex, Shape, coded, entry_made
from registry.api.values import shown_map
from registry.desk.asking import question_to
from registry.desk.figures import figures
from registry.desk.made import Made
from registry.domain.roles import Registry
from registry.errors import RefusedError, UsageError, require
from registry.ledger import tree
from registry.ledger.note import VerifierKey, read_checkpoint, split_note
from registry.projections.table import Column, integer
from registry.store.log import Moment, Placed

OCTETS = "application/octet-stream"
NOTE = "text/plain; charset=utf-8"
PAGE_BYTES_MAX = 4 << 20
"""So many bytes of entries a page has at most, though fewer entries were asked for; one entry at least."""
INDEX_MAX = 2**63 - 1

_ROWS_BY: Sequence[Column] = (integer("part"), integer("event"), integer("number"))
_STREAMS_BY: Sequence[Column] = (integer("entry"), integer("part"))
_ENTRIES_BY: Sequence[Column] = (integer("position"),)

Index = Annotated[int, Path(ge=0, le=INDEX_MAX, description="Of the entry in the log, from 0.")]


class LogTold(Shape):
    """What every answer about the log says of itself."""

    log_size: int
    """So many entries are under the signed checkpoint."""
    origin: str
    """The log's name."""
    demonstration: bool
    """Whether nothing here is genuine."""


class LogKey(Shape):
    """A key that signs checkpoints, or did."""

    vkey: str
    """As verifiers pin it."""
    fingerprint: Hex
    """SHA-256 of the public key, for two people to compare."""
    since: int
    """The entry that named it."""


class LogHead(LogTold):
    """Which log this is."""

    id: Hex
    root: Hex
    """Of the tree of its signed entries."""
    checkpoint: str
    """A signed note: docs/format.md 3."""
    keys: list[LogKey]
    """The oldest first; the last one signs now."""


class RowsBeside(Shape):
    """How many rows stand beside an event of an entry."""

    part: int
    event: int
    count: int


class LoggedEntry(EntryMade):
    """An entry as it stands in the log. Nothing that it commits to is opened."""

    entry: Base64
    """Its bytes: what the leaf is the hash of."""
    rows: list[RowsBeside]


class Entries(LogTold):
    """Entries of the log, in order."""

    entries: list[LoggedEntry]
    after: int | None
    """Ask with this as `after` for what follows; null if nothing does."""


class OneEntry(LogTold):
    """One entry of the log."""

    entry: LoggedEntry


class Inclusion(LogTold):
    """What leads from an entry to the root of a signed checkpoint (RFC 9162, 2.1.3)."""

    index: int
    size: int
    leaf: Hex
    path: list[Hex]
    checkpoint: str


class Consistency(LogTold):
    """What leads from the root at one size to the root at another (RFC 9162, 2.1.4)."""

    from_size: int
    from_root: Hex
    to_size: int
    to_root: Hex
    path: list[Hex]
    checkpoint: str


class Row(Shape):
    """A row beside an entry."""

    part: int
    event: int
    number: int
    """Of the row among those of its event, from 0."""
    row: Base64


class Rows(Paged):
    """The rows beside an entry, in order."""

    rows: list[Row]


class Streams(Paged):
    """Streams, in the order in which they began."""

    streams: list[str]


class StreamTold(Paged):
    """What a stream has come to, and the entries that touch it."""

    stream: str
    length: int
    """So many entries touch it."""
    state: dict[str, Any]
    """Its key figures, which differ from kind to kind: docs/format.md."""
    entries: list[LoggedEntry]


class _Entries(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    after: Annotated[int, Field(ge=-1, le=INDEX_MAX)] = -1
    """Entries with a higher index."""
    limit: Annotated[int, Field(ge=1, le=1_000)] = 100
    """So many at most."""


class _Sizes(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    from_: Annotated[int, Field(alias="from", ge=0, le=INDEX_MAX)]
    """The smaller size."""
    to: Annotated[int, Field(ge=0, le=INDEX_MAX)] | Unsaid = None
    """The larger size; that of the checkpoint where it is not said."""


class _Prefix(Page):
    prefix: Annotated[str, Field(max_length=TEXT_MAX, pattern=TEXT)] = ""
    """What their names begin with, such as `batch/`."""


class Signed:
    """A moment of the log, up to its signed checkpoint."""

    def __init__(self, runtime: Runtime, moment: Moment) -> None:
        head = moment.head()
        if head.checkpoint is None:
            raise RefusedError("head_not_signed", directory="")
        self.moment = moment
        self.note = head.checkpoint
        self.checkpoint = read_checkpoint(split_note(head.checkpoint)[0])
        self.size = self.checkpoint.size
        self._told = runtime.true_of()

    def told(self) -> dict[str, Any]:
        """What every answer says of itself."""
        return {"log_size": self.size, **self._told}

    def check(self, index: int) -> None:
        """Return if entry `index` is under the checkpoint.

        Raises:
            RefusedError: `no_such_entry`.
        """
        require(index < self.size, "no_such_entry", index=index, size=self.size)


@contextmanager
def signed(runtime: Runtime) -> Iterator[Signed]:
    """The log, in one moment."""
    recorder = runtime.operator.log.recorder
    with recorder.trouble(), recorder.reading() as cursor:
        yield Signed(runtime, Moment(cursor))


def entry_told(placed: Placed) -> dict[str, Any]:
    """An entry as `LoggedEntry` has it."""
    rows = [
        {"part": part, "event": event, "count": len(rows)}
        for (part, event), rows in sorted(placed.detached.items())
    ]
    made = Made(placed=placed, names={}, rehearsed=False)
    return {**entry_made(made), "entry": coded(placed.data), "rows": rows}


def vkeys(registry: Registry) -> list[tuple[int, VerifierKey]]:
    """The keys of the log, the oldest first, and the entry that named each."""
    return [
        (index, VerifierKey(name=registry.origin, public=key[1]))
        for index, key in registry.log_keys
    ]


def router(runtime: Runtime) -> APIRouter:
    """The routes."""
    made = APIRouter(prefix="/v1")
    _add_head(made, runtime)
    _add_entries(made, runtime)
    _add_proofs(made, runtime)
    _add_rows(made, runtime)
    _add_streams(made, runtime)
    _add_stream(made, runtime)
    return made


def _add_head(made: APIRouter, runtime: Runtime) -> None:
    @made.get(
        "/log",
        operation_id="get_log",
        tags=["log"],
        response_model=LogHead,
        responses={**UNCHANGED, **problems(409)},
    )
    def head(request: Request) -> Response:
        """Which log this is, the keys that sign for it, and its signed checkpoint."""
        with signed(runtime) as log:
            told = {
                **log.told(),
                "id": runtime.operator.id.hex(),
                "root": log.checkpoint.root.hex(),
                "checkpoint": log.note.decode(),
            }
        told["keys"] = [
            {"vkey": str(key), "fingerprint": key.fingerprint, "since": index}
            for index, key in vkeys(runtime.registry())
            if index < log.size
        ]
        return told_once(request, told)

    @made.get(
        "/log/checkpoint",
        operation_id="get_checkpoint",
        tags=["log"],
        response_class=Response,
        responses={200: _bytes_of("text/plain"), **UNCHANGED, **problems(409)},
    )
    def checkpoint(request: Request) -> Response:
        """The signed checkpoint, as verifiers and witnesses read it: a note of C2SP."""
        with signed(runtime) as log:
            note = log.note
        return told_bytes(request, note, NOTE, tag=tag_of(note))


def _add_entries(made: APIRouter, runtime: Runtime) -> None:
    @made.get(
        "/log/entries",
        operation_id="list_entries",
        tags=["log"],
        response_model=Entries,
        responses={**UNCHANGED, **problems(409, 422)},
    )
    def entries(request: Request, asked: Annotated[_Entries, Query()]) -> Response:
        """Entries of the log, in order."""
        with signed(runtime) as log:
            found, after = [], None
            end = min(log.size, asked.after + 1 + asked.limit)
            length = 0
            for placed in log.moment.all_placed(range(asked.after + 1, end)):
                found.append(entry_told(placed))
                length += len(placed.data)
                if length >= PAGE_BYTES_MAX:
                    break
            if found and found[-1]["index"] + 1 < log.size:
                after = found[-1]["index"]
            told = {"entries": found, "after": after, **log.told()}
        links = [] if after is None else [cursors.link(request, after)]
        return told_once(request, told, links=links)

    @made.get(
        "/log/entries/{index}",
        operation_id="get_entry",
        tags=["log"],
        response_model=OneEntry,
        responses={200: _bytes_of(OCTETS), **UNCHANGED, **problems(404, 409, 422)},
    )
    def entry(request: Request, index: Index) -> Response:
        """One entry; to who accepts application/octet-stream, the bytes that its leaf is the hash of, alone."""
        with signed(runtime) as log:
            log.check(index)
            placed = log.moment.placed(index)
            told = log.told()
        if OCTETS in request.headers.get("accept", ""):
            tag = f'"{placed.leaf.hex()}"'
            return told_bytes(request, placed.data, OCTETS, tag=tag, changes="never")
        return told_once(request, {"entry": entry_told(placed), **told})


def _add_proofs(made: APIRouter, runtime: Runtime) -> None:
    @made.get(
        "/log/entries/{index}/proof",
        operation_id="prove_entry",
        tags=["log"],
        response_model=Inclusion,
        responses={**UNCHANGED, **problems(404, 409, 422)},
    )
    def inclusion(request: Request, index: Index) -> Response:
        """What leads from an entry to the root of the signed checkpoint."""
        with signed(runtime) as log:
            log.check(index)
            path = tree.inclusion_path(index, log.size, log.moment.node)
            told = {
                "index": index,
                "size": log.size,
                "leaf": log.moment.node(0, index).hex(),
                "path": [item.hex() for item in path],
                "checkpoint": log.note.decode(),
                **log.told(),
            }
        return told_once(request, told)

    @made.get(
        "/log/consistency",
        operation_id="prove_consistency",
        tags=["log"],
        response_model=Consistency,
        responses={**UNCHANGED, **problems(404, 409, 422)},
    )
    def consistency(request: Request, asked: Annotated[_Sizes, Query()]) -> Response:
        """What leads from the root that the log had at one size to the root at another."""
        with signed(runtime) as log:
            size = log.size if asked.to is None else asked.to
            require(size <= log.size, "no_such_entry", index=size - 1, size=log.size)
            if asked.from_ > size:
                raise UsageError("malformed", field="from", why="from_after_to")
            old, new = log.moment.frontiers(asked.from_, size)
            path = tree.consistency_path(asked.from_, size, log.moment.node)
            told = {
                "from_size": asked.from_,
                "from_root": old.root().hex(),
                "to_size": size,
                "to_root": new.root().hex(),
                "path": [item.hex() for item in path],
                "checkpoint": log.note.decode(),
                **log.told(),
            }
        return told_once(request, told)


def _add_rows(made: APIRouter, runtime: Runtime) -> None:
    @made.get(
        "/log/entries/{index}/rows",
        operation_id="list_rows",
        tags=["log"],
        response_model=Rows,
        responses={**UNCHANGED, **problems(404, 409, 422)},
    )
    def rows(request: Request, index: Index, asked: Annotated[Paging, Query()]) -> Response:
        """The rows that stand beside an entry, in order: gifts to many, certificates of a group, many serial ranges."""
        own, after = _after(request, asked, _ROWS_BY)
        with signed(runtime) as log:
            log.check(index)
            place = (-1, 0, 0) if after is None else after.key
            found = log.moment.rows_after(index, place, asked.limit + 1)  # type: ignore[arg-type]  # as _ROWS_BY has it
            size = log.size
        page = found[: asked.limit]
        told = {
            "rows": [
                {"part": part, "event": event, "number": number, "row": coded(row)}
                for part, event, number, row in page
            ]
        }
        last = page[-1][:3] if len(found) > len(page) else None
        return _page(runtime, request, told, (size, size), _cursor(own, size, last))


def _add_streams(made: APIRouter, runtime: Runtime) -> None:
    @made.get(
        "/streams",
        operation_id="list_streams",
        tags=["streams"],
        response_model=Streams,
        responses={**UNCHANGED, **problems(404, 409, 422)},
    )
    def streams(request: Request, asked: Annotated[_Prefix, Query()]) -> Response:
        """The streams whose names begin with a prefix, in the order in which they began."""
        own, after = _after(request, asked, _STREAMS_BY)
        size, log_size = _size(runtime, asked.as_of, after)
        entry, part = (0, -1) if after is None else after.key
        with signed(runtime) as log:
            found = log.moment.streams_after(
                asked.prefix,
                entry,  # type: ignore[arg-type]  # as _STREAMS_BY has it
                part,  # type: ignore[arg-type]  # as _STREAMS_BY has it
                size=size,
                limit=asked.limit + 1,
            )
        page = found[: asked.limit]
        last = page[-1][:2] if len(found) > len(page) else None
        told = {"streams": [name for *_, name in page]}
        return _page(runtime, request, told, (size, log_size), _cursor(own, size, last))


def _add_stream(made: APIRouter, runtime: Runtime) -> None:
    @made.get(
        "/streams/{stream:path}",
        operation_id="get_stream",
        tags=["streams"],
        response_model=StreamTold,
        responses={**UNCHANGED, **problems(404, 409, 422)},
    )
    def stream(
        request: Request,
        stream: Annotated[str, Path(max_length=TEXT_MAX, pattern=TEXT, description="Its name.")],
        asked: Annotated[Page, Query()],
    ) -> Response:
        """What a stream has come to, and the entries that touch it, in order."""
        own, after = _after(request, asked, _ENTRIES_BY)
        size, log_size = _size(runtime, asked.as_of, after)
        with signed(runtime) as log:
            indexes = [index for index in log.moment.indexes(stream) if index < size]
            require(bool(indexes), "no_stream", stream=stream)
            first = 0 if after is None else int(after.key[0] or 0)
            page = _some(log.moment, indexes[first : first + asked.limit])
        now = size == log_size
        state = (
            runtime.operator.committer.state(stream)
            if now
            else runtime.source().state(stream, size)
        )
        last = (first + len(page),) if first + len(page) < len(indexes) else None
        told = {
            "stream": stream,
            "length": len(indexes),
            "state": shown_map(figures(state)),
            "entries": page,
        }
        return _page(runtime, request, told, (size, log_size), _cursor(own, size, last))


def _some(moment: Moment, indexes: Sequence[int]) -> list[dict[str, Any]]:
    """The entries `indexes`, as far as a page has room for their bytes."""
    found: list[dict[str, Any]] = []
    length = 0
    for placed in moment.all_placed(indexes):
        found.append(entry_told(placed))
        length += len(placed.data)
        if length >= PAGE_BYTES_MAX:
            break
    return found


def _after(request: Request, asked: Paging, by: Sequence[Column]) -> tuple[bytes, Cursor | None]:
    """What cursors of a question say, and the one that came with it.

    Raises:
        UsageError: `malformed`.
    """
    parameters = {
        name: value
        for name, value in request.query_params.items()
        if name not in {"after", "limit"}
    }
    own = cursors.fingerprint(request.url.path, parameters)
    return own, None if asked.after is None else cursors.read(asked.after, own, by)


def _cursor(own: bytes, size: int, last: tuple[int, ...] | None) -> Cursor | None:
    return None if last is None else Cursor(asked=own, size=size, key=last)


def _size(runtime: Runtime, as_of: str | None, after: Cursor | None) -> tuple[int, int]:
    """The size of the log as of which is asked, and how large it is."""
    with question_to(runtime.source(), as_of) as question:
        log_size = question.views.size
        size = question.size if after is None else after.size
    if size > log_size:
        raise UsageError("malformed", field="after", why="longer_log")
    return size, log_size


def _page(
    runtime: Runtime,
    request: Request,
    told: dict[str, Any],
    sizes: tuple[int, int],
    after: Cursor | None,
) -> Response:
    as_of_size, log_size = sizes
    links = [] if after is None else [cursors.link(request, str(after))]
    about = {"as_of_size": as_of_size, "log_size": log_size, **runtime.true_of()}
    more = {"after": None if after is None else str(after)}
    return told_once(request, {**told, **more, **about}, links=links)


def _bytes_of(media_type: str) -> dict[str, Any]:
    """What OpenAPI is to say of an answer that is sent as it is."""
    kind = (
        {"type": "string"}
        if media_type.startswith("text/")
        else {"type": "string", "format": "binary"}
    )
    return {"content": {media_type: {"schema": kind}}, "description": "The bytes, as they are."}
