"""What an act form is: which events stand together in one act, what must be equal between them, and who signs.

The forms themselves stand in `act_forms`, by what they are about, and together in `forms`. A field is named
"kind:field"; "@stream" stands for the stream's name and "@id" for what follows its slash.
"""

from dataclasses import dataclass

from registry.domain.roles import OFFICER


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """In which capacity one signer signs: named by a field, or whoever has a role, or both."""

    name: str
    field: str = ""
    roles: tuple[str, ...] = ()
    """The signer has one of these; none is asked for where there are none."""
    instead: str = ""
    """Whoever has this role may sign in place of the account that the field names."""
    many: bool = False
    """One signer for each event that has the field, instead of one for all."""
    elsewhere: bool = False
    """No signer where the field names a stream of this very act."""
    once: bool = False
    """No signer where the field names an account that signs in an earlier capacity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartForm:
    """The kinds, in order, of one part; and how often such a part may stand in a row."""

    kinds: tuple[str, ...]
    least: int = 1
    most: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form of act. Signers stand in the order of `signers`, the author first."""

    name: str
    parts: tuple[PartForm, ...]
    signers: tuple[Capacity, ...]
    equal: tuple[tuple[str, ...], ...] = ()
    distinct: bool = False
    """The signers have different controllers, each from each."""
    once: bool = False
    """Ids derive from the nonce alone, as of `registry` and part 0: no author can do it a second time."""


OFFICER_SIGNS = Capacity(name="officer", roles=(OFFICER,))
SECOND_OFFICER = Capacity(name="second officer", roles=(OFFICER,))
AUTHORITY_SIGNS = Capacity(name="authority", roles=("authority",))


def one(*kinds: str) -> PartForm:
    """A part of exactly these kinds."""
    return PartForm(kinds=kinds)


def own(kind: str, name: str = "account") -> Capacity:
    """The capacity of the account in whose stream `kind` happens."""
    return Capacity(name=name, field=f"{kind}:@stream")


def named(name: str, field: str, *roles: str) -> Capacity:
    """The capacity of the account that `field` names, which has one of `roles`, if there are any."""
    return Capacity(name=name, field=field, roles=roles)


def seconded(form: Form, whose: str) -> Form:
    """`form` as two persons do it: an officer, of another controller than each signer, seconds it in their own stream.

    Args:
        form: the form without them.
        whose: the field, "kind:field", that names whose act it is.
    """
    kind = "account.seconded.v1"
    return Form(
        name=f"{form.name} with a second person",
        parts=(*form.parts, one(kind)),
        signers=(*form.signers, named("second person", f"{kind}:@stream", OFFICER)),
        equal=(*form.equal, (whose, f"{kind}:account")),
        distinct=True,
        once=form.once,
    )
