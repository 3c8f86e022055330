"""The forms of restoration orders (替代性生态修复)."""

from registry.domain.act_forms.batches import BATCHES_PER_RETIREMENT_MAX, CERTIFICATE
from registry.domain.form import (
    AUTHORITY_SIGNS,
    OFFICER_SIGNS,
    Capacity,
    Form,
    PartForm,
    named,
    one,
    seconded,
)
from registry.domain.order import COURTS
from registry.domain.roles import OFFICER

_LOTS = PartForm(kinds=("batch.lock_retired.v1",), most=BATCHES_PER_RETIREMENT_MAX)


def _court(kind: str) -> Capacity:
    return named("court", f"{kind}:court", *COURTS)


def _decided(name: str, kind: str) -> Form:
    return Form(name=name, parts=(one(kind),), signers=(_court(kind),))


def _performed(name: str, kind: str, signer: Capacity) -> Form:
    """What was locked is retired, and the order told; the certificate stands last, as in every retirement."""
    return Form(
        name=name,
        parts=(_LOTS, one(kind), CERTIFICATE),
        signers=(signer,),
        equal=(
            ("batch.lock_retired.v1:owner", f"{kind}:account"),
            ("certificate.issued.v1:@stream", f"{kind}:certificate"),
        ),
    )


BUY = Form(
    name="buy for order",
    parts=(one("batch.locked.v1"), one("order.bought.v1")),
    signers=(
        named("seller", "order.bought.v1:seller"),
        Capacity(name="buyer", field="order.bought.v1:buyer", once=True),
    ),
    equal=(
        ("batch.locked.v1:@stream", "order.bought.v1:batch"),
        ("batch.locked.v1:holder", "order.bought.v1:seller"),
        ("batch.locked.v1:owner", "order.bought.v1:account"),
        ("batch.locked.v1:standard", "order.bought.v1:standard"),
        ("batch.locked.v1:amount_g", "order.bought.v1:amount_g"),
    ),
)

FORMS: tuple[Form, ...] = (
    Form(
        name="register order",
        parts=(one("order.registered.v1"), one("account.bound.v1")),
        signers=(_court("order.registered.v1"),),
        equal=(
            ("order.registered.v1:@stream", "account.bound.v1:to"),
            ("order.registered.v1:account", "account.bound.v1:@stream"),
        ),
    ),
    BUY,
    seconded(BUY, "order.bought.v1:seller"),
    _performed(
        "perform order",
        "order.performed.v1",
        named("account", "order.performed.v1:account"),
    ),
    _performed("enforce order", "order.enforced.v1", _court("order.enforced.v1")),
    _decided("amend order", "order.amended.v1"),
    _decided("substitute obligor", "order.substituted.v1"),
    _decided("find default", "order.defaulted.v1"),
    _decided("withdraw order", "order.withdrawn.v1"),
    _decided("confirm order", "order.confirmed.v1"),
    Form(
        name="release from order",
        parts=(one("batch.released.v1"), one("order.released.v1")),
        signers=(
            Capacity(name="court", field="order.released.v1:court", roles=COURTS, instead=OFFICER),
        ),
        equal=(
            ("batch.released.v1:@stream", "order.released.v1:batch"),
            ("batch.released.v1:means", "order.released.v1:means"),
            ("batch.released.v1:amount_g", "order.released.v1:amount_g"),
            ("batch.released.v1:owner", "batch.released.v1:taker", "order.released.v1:account"),
        ),
    ),
    Form(
        name="cancel for order",
        parts=(one("batch.cancelled.v1"), one("order.lost.v1")),
        signers=(AUTHORITY_SIGNS, OFFICER_SIGNS),
        equal=(
            ("batch.cancelled.v1:@stream", "order.lost.v1:batch"),
            ("batch.cancelled.v1:means", "order.lost.v1:means"),
            ("batch.cancelled.v1:holder", "order.lost.v1:account"),
            ("batch.cancelled.v1:amount_g", "order.lost.v1:amount_g"),
        ),
        distinct=True,
    ),
    Form(
        name="close order",
        parts=(one("order.closed.v1"), one("account.unbound.v1")),
        signers=(
            Capacity(name="court", field="order.closed.v1:court", roles=COURTS, instead=OFFICER),
        ),
        equal=(
            ("order.closed.v1:@stream", "account.unbound.v1:to"),
            ("order.closed.v1:account", "account.unbound.v1:@stream"),
        ),
    ),
)
