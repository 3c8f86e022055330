"""The forms of projects, and of what is issued against their verified reductions."""

from registry.domain.form import AUTHORITY_SIGNS, OFFICER_SIGNS, Capacity, Form, named, one

_DOCUMENT = one("standard.document_entered.v1")
_VERIFIER_SIGNS = Capacity(name="verifier", roles=("verifier",))

FORMS: tuple[Form, ...] = (
    Form(
        name="list project",
        parts=(one("project.listed.v1"),),
        signers=(named("owner", "project.listed.v1:owner"),),
    ),
    Form(
        name="validate project",
        parts=(one("project.validated.v1"),),
        signers=(Capacity(name="validator", roles=("validator",)),),
    ),
    Form(
        name="register project",
        parts=(one("project.registered.v1"), _DOCUMENT),
        signers=(OFFICER_SIGNS,),
        equal=(("project.registered.v1:@stream", "standard.document_entered.v1:project"),),
    ),
    Form(
        name="verify reductions",
        parts=(one("project.verified.v1"), _DOCUMENT),
        signers=(_VERIFIER_SIGNS,),
        equal=(
            ("project.verified.v1:@stream", "standard.document_entered.v1:project"),
            ("project.verified.v1:report", "standard.document_entered.v1:document"),
        ),
    ),
    Form(
        name="issue",
        parts=(one("project.issued.v1"), one("batch.issued.v1")),
        signers=(_VERIFIER_SIGNS, AUTHORITY_SIGNS),
        equal=(
            ("project.issued.v1:@stream", "batch.issued.v1:project"),
            ("project.issued.v1:batch", "batch.issued.v1:@stream"),
            ("project.issued.v1:period", "batch.issued.v1:period"),
            ("project.issued.v1:amount_g", "batch.issued.v1:amount_g"),
        ),
        distinct=True,
    ),
    *(
        Form(
            name=f"{name} project",
            parts=(one(kind),),
            signers=(AUTHORITY_SIGNS, OFFICER_SIGNS),
            distinct=True,
        )
        for name, kind in (
            ("suspend", "project.suspended.v1"),
            ("reinstate", "project.reinstated.v1"),
            ("cancel", "project.cancelled.v1"),
        )
    ),
)
