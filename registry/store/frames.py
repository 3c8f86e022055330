"""What the server and its writer say to each other: MessagePack, one message after another, over a socket of their own.

    server -> writer   [number, "open", {place, passphrase}]       the first, once
                       [number, "submit", request, source]         request = [data, signatures, openings, rows]
                       [number, "record", [request, ...]]          as a whole
                       [number, "measure"]
    writer -> server   [number, "made", [receipt, ...]]            receipt = [index, leaf, checkpoint]
                       [number, "text", text]
                       [number, "wrong", class, code, facts]

Both are the same program on the same machine: what one says the other believes.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgpack

from registry import errors
from registry.errors import RegistryError
from registry.ledger.canonical import INTEGER_MAX, INTEGER_MIN
from registry.ledger.commitment import Opening
from registry.ledger.rows import Beside
from registry.store.committer import Receipt, Request

MESSAGE_BYTES_MAX = 1 << 30
"""No message is near it: it only says that there is no other bound here."""
_CLASSES: dict[str, type[RegistryError]] = {
    one.__name__: one
    for one in (
        errors.RefusedError,
        errors.UsageError,
        errors.BrokenHistoryError,
        errors.IncompleteError,
        errors.StaleError,
        errors.UnavailableError,
    )
}


class Messages:
    """Takes bytes as they come, and gives the messages that are whole."""

    def __init__(self) -> None:
        self._unpacker = msgpack.Unpacker(
            max_buffer_size=MESSAGE_BYTES_MAX,
            unicode_errors="surrogatepass",
            strict_map_key=False,
        )

    def in_(self, data: bytes) -> Iterator[Any]:
        """The messages that `data` completes."""
        self._unpacker.feed(data)
        yield from self._unpacker


def packed(message: Sequence[Any]) -> bytes:
    """A message as bytes."""
    # A text that is none is refused by who judges it, not here.
    return msgpack.packb(message, unicode_errors="surrogatepass")  # type: ignore[no-any-return]  # msgpack has no stubs for packb's result


def request(
    data: bytes, signatures: Sequence[bytes], openings: Sequence[Opening], rows: Beside
) -> list[Any]:
    """An intent, and what comes with it, as plain values."""
    return [
        data,
        list(signatures),
        [[one.field, one.salt, one.value] for one in openings],
        [[part, event, list(own)] for (part, event), own in rows.items()],
    ]


def request_of(made: Request) -> list[Any]:
    """A request as plain values."""
    signed = made.signed
    return request(signed.data, signed.signatures, made.openings, signed.rows)


def requested(said: Sequence[Any]) -> tuple[bytes, list[bytes], list[Opening], Beside]:
    """What `request` said."""
    data, signatures, openings, rows = said
    return (
        data,
        signatures,
        [Opening(field=field, salt=salt, value=value) for field, salt, value in openings],
        {(part, event): own for part, event, own in rows},
    )


def made(number: int, receipts: Sequence[Receipt]) -> bytes:
    """The answer to who asked for something to be recorded."""
    return packed([number, "made", [[one.index, one.leaf, one.checkpoint] for one in receipts]])


def text(number: int, said: bytes) -> bytes:
    """The answer to who asked what was measured."""
    return packed([number, "text", said])


def wrong(number: int, error: RegistryError) -> bytes:
    """The answer to who cannot be given another one."""
    return packed([number, "wrong", type(error).__name__, error.code, _plain(error.facts)])


def receipts(said: Sequence[Sequence[Any]]) -> list[Receipt]:
    """What `made` said."""
    return [
        Receipt(index=index, leaf=leaf, checkpoint=checkpoint) for index, leaf, checkpoint in said
    ]


def error_of(kind: str, code: str, facts: dict[str, Any]) -> RegistryError:
    """What `wrong` said."""
    return _CLASSES.get(kind, RegistryError)(code, **facts)


def _plain(value: Any) -> Any:
    """A fact as a plain value: sums of grams may have more than 64 bits, and whatever else is there is said as text."""
    if isinstance(value, dict):
        return {name: _plain(own) for name, own in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(one) for one in value]
    if isinstance(value, int) and not INTEGER_MIN <= value <= INTEGER_MAX:
        return str(value)
    return value if isinstance(value, int | str | bytes | float | None) else str(value)
