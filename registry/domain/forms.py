"""The act forms: which events stand together in one act, what must be equal between them, and who signs.

The table is closed: what is no form is no act, so a certificate without its retirement cannot be written down. A field
is named "kind:field"; "@stream" stands for the stream's name and "@id" for what follows its slash.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from registry.domain.act import ActPart
from registry.domain.roles import OFFICER
from registry.errors import RefusedError, require


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """In which capacity one signer signs: named by a field, or whoever has a role, or both."""

    name: str
    field: str = ""
    role: str = ""
    many: bool = False
    """One signer for each event that has the field, instead of one for all."""
    elsewhere: bool = False
    """No signer where the field names a stream of this very act."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartForm:
    """The kinds, in order, of one part; and how often such a part may stand in a row."""

    kinds: tuple[str, ...]
    least: int = 1
    most: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form of act. Signers stand in the order of `signers`, the author first."""

    name: str
    parts: tuple[PartForm, ...]
    signers: tuple[Capacity, ...]
    equal: tuple[tuple[str, ...], ...] = ()
    distinct: bool = False
    """The signers have different controllers, each from each."""
    once: bool = False
    """Ids derive from the nonce alone, as of `registry` and part 0: no author can do it a second time."""


BATCHES_PER_RETIREMENT_MAX = 16
SHAPES_CACHED_MAX = 4_096

_OFFICER = Capacity(name="officer", role=OFFICER)
_SECOND = Capacity(name="second officer", role=OFFICER)
_SELF_ADD = Capacity(name="account", field="account.key_added.v1:@stream")
_SELF_END = Capacity(name="account", field="account.key_ended.v1:@stream")
_SELF_STOP = Capacity(name="account", field="account.recovery_stopped.v1:@stream")
_LOG = Capacity(name="registry", field="registry.log_key_replaced.v1:@stream")
_GIVER = Capacity(name="giver", field="batch.transferred.v1:giver")
_VENUE = Capacity(name="venue", field="batch.transferred.v1:venue", role="exchange")
_RETIREES = PartForm(kinds=("batch.retired.v1",), most=BATCHES_PER_RETIREMENT_MAX)
_IMPORTER = Capacity(name="holder", field="batch.retirement_imported.v1:holder")
_DOCUMENT = PartForm(kinds=("standard.document_entered.v1",))
_CERTIFICATE = PartForm(kinds=("certificate.issued.v1",))

FORMS: tuple[Form, ...] = (
    Form(
        name="genesis",
        parts=(
            PartForm(kinds=("registry.created.v1",)),
            PartForm(kinds=("account.opened.v1",), least=2, most=8),
        ),
        signers=(
            Capacity(name="registry", field="registry.created.v1:@stream"),
            Capacity(name="officer", field="account.opened.v1:@stream", many=True),
        ),
    ),
    Form(
        name="grant role",
        parts=(PartForm(kinds=("registry.role_granted.v1",)),),
        signers=(_OFFICER, _SECOND),
        distinct=True,
    ),
    Form(
        name="withdraw role",
        parts=(PartForm(kinds=("registry.role_withdrawn.v1",)),),
        signers=(_OFFICER, _SECOND),
        distinct=True,
    ),
    Form(
        name="replace log key",
        parts=(PartForm(kinds=("registry.log_key_replaced.v1",)),),
        signers=(_LOG, _OFFICER, _SECOND),
        distinct=True,
    ),
    Form(
        name="open account",
        parts=(PartForm(kinds=("account.opened.v1",)),),
        signers=(
            _OFFICER,
            Capacity(name="controller", field="account.opened.v1:controller", elsewhere=True),
        ),
    ),
    Form(
        name="add key",
        parts=(PartForm(kinds=("account.key_added.v1",)),),
        signers=(_SELF_ADD,),
    ),
    Form(
        name="end key",
        parts=(PartForm(kinds=("account.key_ended.v1",)),),
        signers=(_SELF_END,),
    ),
    Form(
        name="announce recovery",
        parts=(PartForm(kinds=("account.recovery_announced.v1",)),),
        signers=(_OFFICER, _SECOND),
        distinct=True,
    ),
    Form(
        name="stop recovery",
        parts=(PartForm(kinds=("account.recovery_stopped.v1",)),),
        signers=(_SELF_STOP,),
    ),
    Form(
        name="withdraw recovery",
        parts=(PartForm(kinds=("account.recovery_withdrawn.v1",)),),
        signers=(_OFFICER, _SECOND),
        distinct=True,
    ),
    Form(
        name="recover account",
        parts=(PartForm(kinds=("account.recovered.v1",)),),
        signers=(_OFFICER, _SECOND),
        distinct=True,
    ),
    Form(
        name="recognise standard",
        parts=(PartForm(kinds=("standard.recognised.v1",)),),
        signers=(Capacity(name="authority", role="authority"), _OFFICER),
        distinct=True,
    ),
    Form(
        name="list project",
        parts=(PartForm(kinds=("project.listed.v1",)),),
        signers=(Capacity(name="owner", field="project.listed.v1:owner"),),
    ),
    Form(
        name="validate project",
        parts=(PartForm(kinds=("project.validated.v1",)),),
        signers=(Capacity(name="validator", role="validator"),),
    ),
    Form(
        name="register project",
        parts=(PartForm(kinds=("project.registered.v1",)), _DOCUMENT),
        signers=(_OFFICER,),
        equal=(("project.registered.v1:@stream", "standard.document_entered.v1:project"),),
    ),
    Form(
        name="verify reductions",
        parts=(PartForm(kinds=("project.verified.v1",)), _DOCUMENT),
        signers=(Capacity(name="verifier", role="verifier"),),
        equal=(
            ("project.verified.v1:@stream", "standard.document_entered.v1:project"),
            ("project.verified.v1:report", "standard.document_entered.v1:document"),
        ),
    ),
    Form(
        name="issue",
        parts=(PartForm(kinds=("project.issued.v1",)), PartForm(kinds=("batch.issued.v1",))),
        signers=(
            Capacity(name="verifier", role="verifier"),
            Capacity(name="authority", role="authority"),
        ),
        equal=(
            ("project.issued.v1:@stream", "batch.issued.v1:project"),
            ("project.issued.v1:batch", "batch.issued.v1:@stream"),
            ("project.issued.v1:period", "batch.issued.v1:period"),
            ("project.issued.v1:amount_g", "batch.issued.v1:amount_g"),
        ),
        distinct=True,
    ),
    Form(
        name="deposit",
        parts=(PartForm(kinds=("standard.deposited.v1",)), PartForm(kinds=("batch.deposited.v1",))),
        signers=(
            Capacity(name="custodian", field="batch.deposited.v1:custodian", role="exchange"),
            _OFFICER,
        ),
        equal=(
            ("standard.deposited.v1:@id", "batch.deposited.v1:standard"),
            ("standard.deposited.v1:batch", "batch.deposited.v1:@stream"),
        ),
        distinct=True,
    ),
    Form(
        name="transfer",
        parts=(PartForm(kinds=("batch.transferred.v1",)),),
        signers=(_GIVER, _VENUE),
    ),
    Form(
        name="retire",
        parts=(_RETIREES, _CERTIFICATE),
        signers=(Capacity(name="holder", field="batch.retired.v1:holder"),),
        equal=(("batch.retired.v1:holder",),),
    ),
    Form(
        name="import retirement",
        parts=(PartForm(kinds=("batch.retirement_imported.v1",)), _CERTIFICATE),
        signers=(_OFFICER, _IMPORTER),
        once=True,
    ),
    Form(
        name="show home cancellation",
        parts=(PartForm(kinds=("certificate.home_cancelled.v1",)),),
        signers=(_OFFICER,),
    ),
)


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
        expected += [(capacity, account) for account in (named if capacity.many else named[:1])]
    return expected


def consults(parts: Sequence[ActPart], signers: Sequence[str]) -> list[str]:
    """The streams, in order, that the rules look at without touching them, for an act of `parts` by `signers`.

    Always `registry` and the accounts that sign; per kind, what its `consults` says: a kind of stream and the field
    that names it.
    """
    wanted = {"registry", *signers}
    for part in parts:
        for event in part.events:
            for prefix, field in _rules(event.consults):
                wanted.add(prefix + str(getattr(event, field)).rpartition("/")[2])
    return sorted(wanted.difference(part.stream for part in parts))


@lru_cache(maxsize=SHAPES_CACHED_MAX)
def _rules(consults: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """What a kind consults, as (prefix with its slash, field)."""
    return tuple((f"{prefix}/", field) for prefix, field in map(str.split, consults))


def _value(stream: str, event: object, name: str) -> object:
    if name == "@stream":
        return stream
    if name == "@id":
        return stream.partition("/")[2]
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
