"""The forms in which grams move, are used up, or come from elsewhere."""

from registry.domain.form import OFFICER_SIGNS, Form, PartForm, named, one

BATCHES_PER_RETIREMENT_MAX = 16

CERTIFICATE = one("certificate.issued.v1")

FORMS: tuple[Form, ...] = (
    Form(
        name="transfer",
        parts=(one("batch.transferred.v1"),),
        signers=(
            named("giver", "batch.transferred.v1:giver"),
            named("venue", "batch.transferred.v1:venue", "exchange"),
        ),
    ),
    Form(
        name="retire",
        parts=(
            PartForm(kinds=("batch.retired.v1",), most=BATCHES_PER_RETIREMENT_MAX),
            CERTIFICATE,
        ),
        signers=(named("holder", "batch.retired.v1:holder"),),
        equal=(("batch.retired.v1:holder",),),
    ),
    Form(
        name="import retirement",
        parts=(one("batch.retirement_imported.v1"), CERTIFICATE),
        signers=(OFFICER_SIGNS, named("holder", "batch.retirement_imported.v1:holder")),
        once=True,
    ),
)
