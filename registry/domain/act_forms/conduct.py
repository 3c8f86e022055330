"""The forms of conduct: findings, due process, listings, commendations."""

from registry.domain.form import Capacity, Form, named, one

_IN_OFFICE = ("authority", "officer")
_OFFICE_SIGNS = Capacity(name="officer", roles=_IN_OFFICE)


def _form(name: str, kind: str, signer: Capacity = _OFFICE_SIGNS) -> Form:
    return Form(name=name, parts=(one(kind),), signers=(signer,))


FORMS: tuple[Form, ...] = (
    _form("find", "conduct.found.v1", named("finder", "conduct.found.v1:finder", *_IN_OFFICE)),
    _form("notify of finding", "conduct.notified.v1"),
    _form("hear", "conduct.heard.v1", named("account", "conduct.heard.v1:account")),
    _form("waive hearing", "conduct.hearing_waived.v1"),
    _form(
        "decide",
        "conduct.decided.v1",
        named("decider", "conduct.decided.v1:decider", *_IN_OFFICE),
    ),
    _form("publish decision", "conduct.published.v1"),
    _form("object", "conduct.objected.v1", named("account", "conduct.objected.v1:account")),
    _form(
        "review",
        "conduct.reviewed.v1",
        named("reviewer", "conduct.reviewed.v1:reviewer", *_IN_OFFICE),
    ),
    _form("repair", "conduct.repaired.v1"),
    _form("revoke decision", "conduct.revoked.v1"),
    _form(
        "end listing",
        "conduct.ended.v1",
        Capacity(name="account", field="conduct.ended.v1:account", instead="officer"),
    ),
    _form("commend", "conduct.commended.v1"),
)
