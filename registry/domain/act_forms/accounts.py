"""The forms of accounts: opened, keys changed, lost ones recovered."""

from registry.domain.form import OFFICER_SIGNS, SECOND_OFFICER, Capacity, Form, one, own

FORMS: tuple[Form, ...] = (
    Form(
        name="open account",
        parts=(one("account.opened.v1"),),
        signers=(
            OFFICER_SIGNS,
            Capacity(name="controller", field="account.opened.v1:controller", elsewhere=True),
        ),
    ),
    Form(
        name="add key",
        parts=(one("account.key_added.v1"),),
        signers=(own("account.key_added.v1"),),
    ),
    Form(
        name="end key",
        parts=(one("account.key_ended.v1"),),
        signers=(own("account.key_ended.v1"),),
    ),
    Form(
        name="announce recovery",
        parts=(one("account.recovery_announced.v1"),),
        signers=(OFFICER_SIGNS, SECOND_OFFICER),
        distinct=True,
    ),
    Form(
        name="stop recovery",
        parts=(one("account.recovery_stopped.v1"),),
        signers=(own("account.recovery_stopped.v1"),),
    ),
    Form(
        name="withdraw recovery",
        parts=(one("account.recovery_withdrawn.v1"),),
        signers=(OFFICER_SIGNS, SECOND_OFFICER),
        distinct=True,
    ),
    Form(
        name="recover account",
        parts=(one("account.recovered.v1"),),
        signers=(OFFICER_SIGNS, SECOND_OFFICER),
        distinct=True,
    ),
)
