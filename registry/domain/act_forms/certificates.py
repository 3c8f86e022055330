"""The forms of retirements for many, and of what is said of a certificate after it was issued."""

from registry.domain.act_forms.batches import BATCHES_PER_RETIREMENT_MAX
from registry.domain.form import (
    OFFICER_SIGNS,
    SECOND_OFFICER,
    Capacity,
    Form,
    PartForm,
    named,
    one,
    seconded,
)

_ORDERING = ("authority", "court", "procuratorate")
_HOLDER = Capacity(name="holder", field="certificate.reissued.v1:holder")
_OFFSET_LOST = one("activity.offset_lost.v1")


def _in_place_of(kind: str) -> tuple[tuple[str, ...], ...]:
    """What is equal between a certificate and the one that stands in its place."""
    return (
        (f"{kind}:certificate", "certificate.reissued.v1:@stream"),
        (f"{kind}:@stream", "certificate.reissued.v1:replaces"),
    )


def _annulled(name: str, kind: str, *signers: Capacity, distinct: bool) -> tuple[Form, Form]:
    """The form that annuls a certificate, and the one for a certificate that offsets an activity, which loses it."""
    alone = Form(name=name, parts=(one(kind),), signers=signers, distinct=distinct)
    both = Form(
        name=f"{name}, an offset lost",
        parts=(one(kind), _OFFSET_LOST),
        signers=signers,
        distinct=distinct,
    )
    return alone, both


_FOR_MANY = Form(
    name="retire for many",
    parts=(
        PartForm(kinds=("batch.retired.v1",), most=BATCHES_PER_RETIREMENT_MAX),
        one("certificate.shared.v1"),
    ),
    signers=(named("holder", "batch.retired.v1:holder"),),
    equal=(("batch.retired.v1:holder",),),
)

FORMS: tuple[Form, ...] = (
    _FOR_MANY,
    seconded(_FOR_MANY, "batch.retired.v1:holder"),
    Form(
        name="adopt row",
        parts=(one("certificate.row_shown.v1"), one("certificate.adopted.v1")),
        signers=(OFFICER_SIGNS,),
        equal=(("certificate.row_shown.v1:@stream", "certificate.adopted.v1:group"),),
    ),
    Form(
        name="show home cancellation",
        parts=(one("certificate.home_cancelled.v1"),),
        signers=(OFFICER_SIGNS,),
    ),
    Form(
        name="replace certificate",
        parts=(one("certificate.replaced.v1"), one("certificate.reissued.v1")),
        signers=(_HOLDER, OFFICER_SIGNS),
        equal=_in_place_of("certificate.replaced.v1"),
        distinct=True,
    ),
    Form(
        name="replace beneficiary",
        parts=(one("certificate.beneficiary_replaced.v1"), one("certificate.reissued.v1")),
        signers=(_HOLDER, OFFICER_SIGNS, SECOND_OFFICER),
        equal=_in_place_of("certificate.beneficiary_replaced.v1"),
        distinct=True,
    ),
    *_annulled(
        "annul certificate",
        "certificate.annulled.v1",
        OFFICER_SIGNS,
        SECOND_OFFICER,
        distinct=True,
    ),
    *_annulled(
        "annul by court",
        "certificate.annulled_by_court.v1",
        named("court", "certificate.annulled_by_court.v1:court", "court"),
        distinct=False,
    ),
    Form(
        name="witness",
        parts=(one("certificate.witnessed.v1"),),
        signers=(named("exchange", "certificate.witnessed.v1:exchange", "exchange"),),
    ),
    Form(
        name="witness jointly",
        parts=(one("certificate.jointly_witnessed.v1"),),
        signers=(
            named("exchange", "certificate.jointly_witnessed.v1:exchange", "exchange"),
            named("other exchange", "certificate.jointly_witnessed.v1:other", "exchange"),
        ),
        distinct=True,
    ),
    Form(
        name="confirm certificate",
        parts=(one("certificate.confirmed.v1"),),
        signers=(named("court", "certificate.confirmed.v1:court", *_ORDERING),),
    ),
    Form(
        name="number before",
        parts=(one("certificate.numbered_before.v1"),),
        signers=(
            OFFICER_SIGNS,
            Capacity(name="holder", field="certificate.numbered_before.v1:holder", once=True),
        ),
    ),
)
