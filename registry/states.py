"""States of streams as bytes and back, driven by the type hints of their classes. A private format, for whoever keeps
states for itself: a store its snapshots, an auditor how far it got.

state    MessagePack of the columns of its fields, in order, each with one value
column   all values of one type at once, which costs least for what comes by the hundred thousand:

str, int, bool, bytes, None    the values
T | None                       [whether each is there], column of those that are
dataclass, tuple[A, B]         one column per field or place
tuple[T, ...], frozenset[T]    [count of each], column of all their items
HashTrieMap[K, V]              [count of each], column of all keys, column of all values
Ranges                         [count of each], differences between one bound and the next, over all of them
"""

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from hashlib import sha256
from itertools import accumulate, chain, pairwise
from operator import attrgetter, itemgetter, sub
from types import NoneType, UnionType
from typing import Any, Protocol, Union, get_args, get_origin, get_type_hints

import msgpack
from rpds import HashTrieMap

from registry.domain.ranges import Ranges

_SCALARS = (str, int, bool, bytes, NoneType)
# At run time the class takes no type arguments, so its annotations are read as those of a mapping.
_STANDS_FOR = {"HashTrieMap": Mapping}
_MAPPING = get_origin(Mapping[str, str])


class NotAStateError(Exception):
    """Bytes that are no state of the class asked for."""


def encode(state: Any) -> bytes:
    """The bytes of `state`, an instance of one of the domain's state classes."""
    return encode_all(type(state), [state])


def encode_all(kind: type, states: Sequence[Any]) -> bytes:
    """The bytes of `states`, instances of `kind`."""
    with _no_collection():
        packed: bytes = msgpack.packb(_column(kind).pack(states), use_bin_type=True)
    return packed


def decode(kind: type, data: bytes) -> Any:
    """The state of class `kind` that `data` says.

    Raises:
        NotAStateError: it says anything else.
    """
    found = decode_all(kind, data)
    if len(found) != 1:
        raise NotAStateError(kind.__name__)
    return found[0]


def decode_all(kind: type, data: bytes) -> list[Any]:
    """The states of class `kind` that `data` says.

    Raises:
        NotAStateError: it says anything else.
    """
    try:
        with _no_collection():
            plain = msgpack.unpackb(data, raw=False, max_ext_len=0)
            return _column(kind).read(plain)
    except (ValueError, TypeError, msgpack.UnpackException) as error:
        raise NotAStateError(kind.__name__) from error


def fingerprint(kind: type) -> bytes:
    """What changes with the names, the order or the types of the fields of `kind` and of all that it holds, 32 bytes.

    What the fields mean cannot change below them: entries of long ago are judged against these states, so another
    meaning is another kind of event.
    """
    return sha256(_column(kind).told.encode()).digest()


class _Column(Protocol):
    """How values of one type are packed."""

    @property
    def told(self) -> str:
        """The type, spelled out to its last field."""

    def pack(self, values: Sequence[Any]) -> Any:
        """The values, as MessagePack knows them."""

    def read(self, plain: Any) -> list[Any]:
        """The values again. Raises: ValueError or TypeError if `plain` is anything else."""


@dataclass(frozen=True, slots=True)
class _Scalars:
    kind: type

    @property
    def told(self) -> str:
        return self.kind.__name__

    def pack(self, values: Sequence[Any]) -> Any:
        return values

    def read(self, plain: Any) -> list[Any]:
        # Exactly this type: in Python True is an int, too.
        _require(type(plain) is list and set(map(type, plain)) <= {self.kind})
        found: list[Any] = plain
        return found


@dataclass(frozen=True, slots=True)
class _Optionals:
    inner: _Column

    @property
    def told(self) -> str:
        return f"{self.inner.told}|None"

    def pack(self, values: Sequence[Any]) -> Any:
        there = [value is not None for value in values]
        return there, self.inner.pack([value for value in values if value is not None])

    def read(self, plain: Any) -> list[Any]:
        there, packed = plain
        present = self.inner.read(packed)
        _require(sum(_Scalars(bool).read(there)) == len(present))
        following = iter(present)
        return [next(following) if here else None for here in there]


@dataclass(frozen=True, slots=True)
class _Records:
    """Of what has a fixed number of parts, each with a type of its own."""

    name: str
    parts: tuple[tuple[str, Callable[[Any], Any], _Column], ...]
    make: Callable[[tuple[Any, ...]], Any]

    @property
    def told(self) -> str:
        inside = ",".join(f"{name}:{column.told}" for name, _, column in self.parts)
        return f"{self.name}({inside})"

    def pack(self, values: Sequence[Any]) -> Any:
        return [column.pack(list(map(part, values))) for _, part, column in self.parts]

    def read(self, plain: Any) -> list[Any]:
        pairs = zip(self.parts, plain, strict=True)
        columns = [column.read(packed) for (_, _, column), packed in pairs]
        return list(map(self.make, zip(*columns, strict=True)))


@dataclass(frozen=True, slots=True)
class _Collections:
    """Of what has any number of items of one type."""

    kind: type
    inner: _Column

    @property
    def told(self) -> str:
        return f"{self.kind.__name__}[{self.inner.told}]"

    def pack(self, values: Sequence[Any]) -> Any:
        return list(map(len, values)), self.inner.pack(list(chain.from_iterable(values)))

    def read(self, plain: Any) -> list[Any]:
        counts, packed = plain
        found = [self.kind(items) for items in _cut(self.inner.read(packed), counts)]
        _require(list(map(len, found)) == counts)
        return found


@dataclass(frozen=True, slots=True)
class _Maps:
    key: _Column
    value: _Column

    @property
    def told(self) -> str:
        return f"map[{self.key.told},{self.value.told}]"

    def pack(self, values: Sequence[Any]) -> Any:
        items = [_items(value) for value in values]
        keys, held = zip(*chain.from_iterable(items), strict=True) if any(items) else ((), ())
        return list(map(len, items)), self.key.pack(keys), self.value.pack(held)

    def read(self, plain: Any) -> list[Any]:
        counts, keys, values = plain
        own = zip(
            _cut(self.key.read(keys), counts), _cut(self.value.read(values), counts), strict=True
        )
        found = [HashTrieMap(dict(zip(*columns, strict=True))) for columns in own]
        _require(list(map(len, found)) == counts)
        return found


@dataclass(frozen=True, slots=True)
class _Serials:
    told: str = "Ranges"

    def pack(self, values: Sequence[Any]) -> Any:
        chunks = [value.chunks for value in values]
        ranges = chain.from_iterable(chain.from_iterable(chunks))
        bounds = list(chain.from_iterable(ranges))
        counts = [sum(map(len, own)) for own in chunks]
        return counts, [*bounds[:1], *map(sub, bounds[1:], bounds)]

    def read(self, plain: Any) -> list[Any]:
        counts, differences = plain
        bounds = list(accumulate(_Scalars(int).read(differences)))
        ranges = tuple(zip(bounds[::2], bounds[1::2], strict=True))
        return [Ranges.of_sorted(own) for own in _cut(ranges, counts)]


@cache
def _column(hint: Any) -> _Column:
    """The column of values of a type.

    Raises:
        TypeError: a state class has a type of which nobody said how it is packed.
    """
    match get_origin(hint) or hint, get_args(hint):
        case (scalar, ()) if scalar in _SCALARS:
            found: _Column = _Scalars(scalar)
        case (serials, ()) if serials is Ranges:
            found = _Serials()
        case (kind, ()) if is_dataclass(kind):
            found = _of_dataclass(kind)
        case (either, (inner, other)) if either in (Union, UnionType) and other is NoneType:
            found = _Optionals(_column(inner))
        case (kind, (inner, other)) if kind is tuple and other is Ellipsis:
            found = _Collections(tuple, _column(inner))
        case (kind, (inner,)) if kind is frozenset:
            found = _Collections(frozenset, _column(inner))
        case (kind, (key, value)) if kind is _MAPPING:
            found = _Maps(_column(key), _column(value))
        case (kind, inners) if kind is tuple:
            places = enumerate(map(_column, inners))
            parts = tuple((str(place), itemgetter(place), column) for place, column in places)
            found = _Records("tuple", parts, lambda values: values)
        case _:
            raise TypeError(f"a state holds {hint}, which has no column")
    return found


def _of_dataclass(kind: Any) -> _Column:
    hints = get_type_hints(kind, localns=_STANDS_FOR)
    names = [field.name for field in fields(kind)]
    parts = tuple((name, attrgetter(name), _column(hints[name])) for name in names)
    return _Records(
        kind.__name__, parts, lambda values: kind(**dict(zip(names, values, strict=True)))
    )


def _items(value: "HashTrieMap[Any, Any]") -> Sequence[tuple[Any, Any]]:
    """The items of a map, as it gives them for pickling: its iterator takes seven times as long."""
    reduced: Any = value.__reduce__()
    _, (items,) = reduced
    found: Sequence[tuple[Any, Any]] = items
    return found


def _cut(items: Any, counts: Any) -> list[Any]:
    """The items of each, of which `counts` says how many they are."""
    _require(all(count >= 0 for count in _Scalars(int).read(counts)))
    places = [0, *accumulate(counts)]
    _require(places[-1] == len(items))
    return [items[start:end] for start, end in pairwise(places)]


@contextmanager
def _no_collection() -> Iterator[None]:
    """Meanwhile nobody looks for garbage: of all that is made here nothing is, and looking doubles the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _require(holds: bool) -> None:
    """Return if `holds`, and raise ValueError otherwise."""
    if not holds:
        raise ValueError("no state")
