"""The table of act forms, and what it says of an act: its form, what must be equal in it, who signs, what is consulted.

The table is closed: what is no form is no act, so a certificate without its retirement cannot be written down.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain

from registry.domain.act import ActPart
from registry.domain.act_forms import (
    accounts,
    activities,
    batches,
    campaigns,
    certificates,
    conduct,
    orders,
    projects,
    registry,
    reports,
    standards,
)
from registry.domain.form import Capacity, Form, PartForm
from registry.errors import RefusedError, require
from registry.names import BEARER, id_of

SHAPES_CACHED_MAX = 4_096

_TABLES = (
    registry,
    accounts,
    standards,
    projects,
    batches,
    campaigns,
    orders,
    certificates,
    activities,
    conduct,
    reports,
)
FORMS: tuple[Form, ...] = tuple(chain.from_iterable(table.FORMS for table in _TABLES))


@lru_cache(maxsize=SHAPES_CACHED_MAX)
def form_of(kinds: tuple[tuple[str, ...], ...]) -> Form:
    """The form of an act whose parts have events of `kinds`.

    Raises:
        RefusedError: `unknown_form`.
    """
    for form in FORMS:
        if _matches(form.parts, kinds):
            return form
    raise RefusedError("unknown_form", kinds=[list(part) for part in kinds])


def check_equal(form: Form, parts: Sequence[ActPart]) -> None:
    """Return if all is equal in `parts` that must be.

    Raises:
        RefusedError: `parts_differ`, naming the fields.
    """
    for fields in form.equal:
        values = {value for field in fields for value in values_of(field, parts)}
        require(len(values) == 1, "parts_differ", form=form.name, fields=fields)


def values_of(field: str, parts: Sequence[ActPart]) -> Iterator[object]:
    """The values of `field`, "kind:field", in an act."""
    kind, name = _split(field)
    for part in parts:
        for event in part.events:
            if event.kind == kind:
                yield _value(part.stream, event, name)


@lru_cache(maxsize=SHAPES_CACHED_MAX)
def _split(field: str) -> tuple[str, str]:
    kind, _, name = field.partition(":")
    return kind, name


def signers_of(form: Form, parts: Sequence[ActPart]) -> list[tuple[Capacity, str | None]]:
    """Who must sign, in order: the capacity, and the account where a field names it."""
    expected: list[tuple[Capacity, str | None]] = []
    here = {part.stream for part in parts}
    for capacity in form.signers:
        if not capacity.field:
            expected.append((capacity, None))
            continue
        named = [str(value) for value in values_of(capacity.field, parts) if value is not None]
        if capacity.elsewhere:
            named = [account for account in named if account not in here]
        if capacity.once:
            before = {account for _, account in expected}
            named = [account for account in named if account not in before]
        expected += [(capacity, account) for account in (named if capacity.many else named[:1])]
    return expected


def may_sign(capacity: Capacity, named: str | None, account: str) -> bool:
    """Whether `account` may be the signer where `named` is expected; what roles it needs is another question."""
    return named in (None, account) or bool(capacity.instead)


def consults(parts: Sequence[ActPart], signers: Sequence[str]) -> list[str]:
    """The streams, in order, that the rules look at without touching them, for an act of `parts` by `signers`.

    Always `registry` and the accounts that sign; per kind, what its `consults` says: a kind of stream and the field
    that names it, if it is not nil. Bearers have no stream, and no conduct.
    """
    wanted = {"registry", *(account for account in signers if not account.startswith(BEARER))}
    for part in parts:
        for event in part.events:
            for prefix, field in _rules(event.consults):
                value = getattr(event, field)
                if value is not None and not str(value).startswith(BEARER):
                    wanted.add(prefix + str(value).rpartition("/")[2])
    return sorted(wanted.difference(part.stream for part in parts))


@lru_cache(maxsize=SHAPES_CACHED_MAX)
def _rules(consults: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """What a kind consults, as (prefix with its slash, field)."""
    return tuple((f"{prefix}/", field) for prefix, field in map(str.split, consults))


def _value(stream: str, event: object, name: str) -> object:
    if name == "@stream":
        return stream
    if name == "@id":
        return id_of(stream)
    value: object = getattr(event, name)
    return value


def _matches(parts: Sequence[PartForm], shape: Sequence[tuple[str, ...]]) -> bool:
    """Whether `shape` is `parts`, each as often as it may stand; greedy, since no two neighbours are alike."""
    place = 0
    for part in parts:
        count = 0
        while place < len(shape) and shape[place] == part.kinds and count < part.most:
            place, count = place + 1, count + 1
        if count < part.least:
            return False
    return place == len(shape)
