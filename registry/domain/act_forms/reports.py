"""The forms of the official lists and tables."""

from registry.domain.form import Form, named, one

_COMPILING = ("authority", "officer", "operator")

FORMS: tuple[Form, ...] = (
    Form(
        name="compile report",
        parts=(one("report.compiled.v1"),),
        signers=(named("compiler", "report.compiled.v1:compiler", *_COMPILING),),
    ),
    Form(
        name="submit report",
        parts=(one("report.submitted.v1"),),
        signers=(named("submitter", "report.submitted.v1:submitter", *_COMPILING),),
    ),
    Form(
        name="return report",
        parts=(one("report.returned.v1"),),
        signers=(named("authority", "report.returned.v1:authority", "authority"),),
    ),
    Form(
        name="accept report",
        parts=(one("report.accepted.v1"),),
        signers=(named("authority", "report.accepted.v1:authority", "authority"),),
    ),
    Form(
        name="amend report",
        parts=(one("report.amended.v1"),),
        signers=(named("compiler", "report.amended.v1:compiler", *_COMPILING),),
    ),
)
