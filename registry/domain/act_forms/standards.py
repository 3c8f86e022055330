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
    Form(
        name="recognise standard across",
        parts=(one("standard.cross_recognised.v1"),),
        signers=(
            AUTHORITY_SIGNS,
            named("partner", "standard.cross_recognised.v1:partner", "authority"),
        ),
        distinct=True,
    ),
    Form(
        name="withdraw standard",
        parts=(one("standard.withdrawn.v1"),),
        signers=(AUTHORITY_SIGNS, OFFICER_SIGNS),
        distinct=True,
    ),
    Form(
        name="deposit allowances",
        parts=(one("standard.allowances_deposited.v1"), one("batch.allowances_deposited.v1")),
        signers=(
            named("custodian", "batch.allowances_deposited.v1:custodian", "exchange"),
            OFFICER_SIGNS,
        ),
        equal=(
            ("standard.allowances_deposited.v1:@id", "batch.allowances_deposited.v1:standard"),
            ("standard.allowances_deposited.v1:batch", "batch.allowances_deposited.v1:@stream"),
            ("standard.allowances_deposited.v1:year", "batch.allowances_deposited.v1:year"),
        ),
        distinct=True,
    ),
)
