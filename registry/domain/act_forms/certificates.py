"""The forms of what is said of a certificate after it was issued."""

from registry.domain.form import OFFICER_SIGNS, Form, one

FORMS: tuple[Form, ...] = (
    Form(
        name="show home cancellation",
        parts=(one("certificate.home_cancelled.v1"),),
        signers=(OFFICER_SIGNS,),
    ),
)
