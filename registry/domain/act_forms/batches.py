"""The forms in which grams move, are used up, or come from elsewhere; and what becomes of a batch as a whole."""

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

BATCHES_PER_RETIREMENT_MAX = 16

CERTIFICATE = one("certificate.issued.v1")

_TRANSFER = Form(
    name="transfer",
    parts=(one("batch.transferred.v1"),),
    signers=(
        named("giver", "batch.transferred.v1:giver"),
        named("venue", "batch.transferred.v1:venue", "exchange"),
    ),
)
_TRADE = Form(
    name="trade",
    parts=(one("batch.traded.v1"),),
    signers=(named("venue", "batch.traded.v1:venue", "exchange"),),
)
_RETIRE = Form(
    name="retire",
    parts=(
        PartForm(kinds=("batch.retired.v1",), most=BATCHES_PER_RETIREMENT_MAX),
        CERTIFICATE,
    ),
    signers=(named("holder", "batch.retired.v1:holder"),),
    equal=(("batch.retired.v1:holder",),),
)


def _by_authority(name: str, kind: str) -> Form:
    return Form(
        name=name,
        parts=(one(kind),),
        signers=(AUTHORITY_SIGNS, OFFICER_SIGNS),
        distinct=True,
    )


FORMS: tuple[Form, ...] = (
    _TRANSFER,
    _RETIRE,
    Form(
        name="import retirement",
        parts=(one("batch.retirement_imported.v1"), CERTIFICATE),
        signers=(OFFICER_SIGNS, named("holder", "batch.retirement_imported.v1:holder")),
        once=True,
    ),
    seconded(_TRANSFER, "batch.transferred.v1:giver"),
    seconded(_RETIRE, "batch.retired.v1:holder"),
    Form(
        name="issue with buffer",
        parts=(one("project.issued.v1"), one("batch.issued.v1", "batch.locked.v1")),
        signers=(Capacity(name="verifier", roles=("verifier",)), AUTHORITY_SIGNS),
        equal=(
            ("project.issued.v1:@stream", "batch.issued.v1:project"),
            ("project.issued.v1:batch", "batch.issued.v1:@stream"),
            ("project.issued.v1:period", "batch.issued.v1:period"),
            ("project.issued.v1:amount_g", "batch.issued.v1:amount_g"),
            ("batch.issued.v1:holder", "batch.locked.v1:holder"),
            ("batch.issued.v1:standard", "batch.locked.v1:standard"),
        ),
        distinct=True,
    ),
    _TRADE,
    seconded(_TRADE, "batch.traded.v1:giver"),
    Form(
        name="carve",
        parts=(one("batch.carved.v1"), one("batch.carved_out.v1")),
        signers=(named("holder", "batch.carved.v1:holder"),),
        equal=(
            ("batch.carved.v1:@stream", "batch.carved_out.v1:parent"),
            ("batch.carved.v1:child", "batch.carved_out.v1:@stream"),
            ("batch.carved.v1:holder", "batch.carved_out.v1:holder"),
            ("batch.carved.v1:amount_g", "batch.carved_out.v1:amount_g"),
            ("batch.carved.v1:standard", "batch.carved_out.v1:standard"),
        ),
    ),
    Form(
        name="claim gift",
        parts=(one("batch.claimed.v1"),),
        signers=(named("holder", "batch.claimed.v1:holder"),),
    ),
    Form(
        name="claim and retire",
        parts=(one("batch.claim_retired.v1"), CERTIFICATE),
        signers=(named("holder", "batch.claim_retired.v1:holder"),),
    ),
    _by_authority("release buffer", "batch.released.v1"),
    _by_authority("suspend batch", "batch.suspended.v1"),
    _by_authority("reinstate batch", "batch.reinstated.v1"),
    _by_authority("cancel grams", "batch.cancelled.v1"),
    Form(
        name="carry allowances over",
        parts=(one("batch.carried_over.v1"),),
        signers=(
            named("custodian", "batch.carried_over.v1:custodian", "exchange"),
            OFFICER_SIGNS,
        ),
        distinct=True,
    ),
    Form(
        name="import issue",
        parts=(one("batch.issued_elsewhere.v1"),),
        signers=(
            AUTHORITY_SIGNS,
            OFFICER_SIGNS,
            named("holder", "batch.issued_elsewhere.v1:holder"),
        ),
        distinct=True,
        once=True,
    ),
    Form(
        name="import transfer",
        parts=(one("batch.transferred_elsewhere.v1"),),
        signers=(OFFICER_SIGNS, named("giver", "batch.transferred_elsewhere.v1:giver")),
        once=True,
    ),
)
