"""The forms of the log itself: how it begins, who has which role, which key signs."""

from registry.domain.form import (
    OFFICER_SIGNS,
    SECOND_OFFICER,
    Capacity,
    Form,
    PartForm,
    named,
    one,
    own,
)

FORMS: tuple[Form, ...] = (
    Form(
        name="genesis",
        parts=(
            one("registry.created.v1"),
            PartForm(kinds=("account.opened.v1",), least=2, most=8),
        ),
        signers=(
            named("registry", "registry.created.v1:@stream"),
            Capacity(name="officer", field="account.opened.v1:@stream", many=True),
        ),
    ),
    Form(
        name="grant role",
        parts=(one("registry.role_granted.v1"),),
        signers=(OFFICER_SIGNS, SECOND_OFFICER),
        distinct=True,
    ),
    Form(
        name="withdraw role",
        parts=(one("registry.role_withdrawn.v1"),),
        signers=(OFFICER_SIGNS, SECOND_OFFICER),
        distinct=True,
    ),
    Form(
        name="replace log key",
        parts=(one("registry.log_key_replaced.v1"),),
        signers=(
            own("registry.log_key_replaced.v1", "registry"),
            OFFICER_SIGNS,
            SECOND_OFFICER,
        ),
        distinct=True,
    ),
    Form(
        name="set policy",
        parts=(one("registry.policy_set.v1"),),
        signers=(OFFICER_SIGNS, SECOND_OFFICER),
        distinct=True,
    ),
)
