"""The forms of kinds of credit, and of what is deposited of them."""

from registry.domain.form import AUTHORITY_SIGNS, OFFICER_SIGNS, Form, named, one

FORMS: tuple[Form, ...] = (
    Form(
        name="recognise standard",
        parts=(one("standard.recognised.v1"),),
        signers=(AUTHORITY_SIGNS, OFFICER_SIGNS),
        distinct=True,
    ),
    Form(
        name="deposit",
        parts=(one("standard.deposited.v1"), one("batch.deposited.v1")),
        signers=(
            named("custodian", "batch.deposited.v1:custodian", "exchange"),
            OFFICER_SIGNS,
        ),
        equal=(
            ("standard.deposited.v1:@id", "batch.deposited.v1:standard"),
            ("standard.deposited.v1:batch", "batch.deposited.v1:@stream"),
        ),
        distinct=True,
    ),
)
