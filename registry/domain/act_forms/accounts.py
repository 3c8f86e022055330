"""The forms of accounts: opened, keys changed, lost ones recovered; their life, what ties their grams, their freezes.

What locks or releases grams says so twice in one act: in the batch, first, and in the stream of whose grams they are.
"""

from registry.domain.form import (
    OFFICER_SIGNS,
    SECOND_OFFICER,
    Capacity,
    Form,
    PartForm,
    named,
    one,
    own,
    seconded,
)

_LOCKED = one("batch.locked.v1")
_RELEASED = one("batch.released.v1")
_ASSIGNED = one("batch.assigned.v1")
_FREEZERS = ("authority", "court", "procuratorate")
_Equal = tuple[tuple[str, ...], ...]


def _freezer(kind: str) -> Capacity:
    return named("authority", f"{kind}:authority", *_FREEZERS)


def _of_lock(kind: str) -> _Equal:
    """What a lock and its companion of `kind` say alike: whose grams, of which batch and standard, how many."""
    return (
        ("batch.locked.v1:holder", "batch.locked.v1:owner", f"{kind}:@stream"),
        ("batch.locked.v1:@stream", f"{kind}:batch"),
        ("batch.locked.v1:standard", f"{kind}:standard"),
        ("batch.locked.v1:amount_g", f"{kind}:amount_g"),
    )


def _back(kind: str) -> _Equal:
    """What goes back to its owner, who is whose stream `kind` happens in."""
    return (("batch.released.v1:owner", "batch.released.v1:taker", f"{kind}:@stream"),)


def _to_taker(kind: str) -> _Equal:
    """What goes to the taker that `kind` names."""
    return (
        ("batch.released.v1:owner", f"{kind}:@stream"),
        ("batch.released.v1:taker", f"{kind}:taker"),
    )


def _same_tie(kind: str) -> _Equal:
    """The release and its companion name the lock alike."""
    return (("batch.released.v1:means", f"{kind}:means"),)


def _released(name: str, kind: str, signer: Capacity, equal: _Equal, *more: PartForm) -> Form:
    """An act that releases what was tied, as `kind` says in the owner's stream."""
    parts = (_RELEASED, one(kind), *more)
    return Form(name=name, parts=parts, signers=(signer,), equal=(*equal, *_same_tie(kind)))


def _alone(name: str, kind: str, *signers: Capacity, distinct: bool = False) -> Form:
    return Form(name=name, parts=(one(kind),), signers=signers, distinct=distinct)


_OFFER = Form(
    name="offer",
    parts=(_LOCKED, one("account.offered.v1")),
    signers=(own("account.offered.v1"),),
    equal=_of_lock("account.offered.v1"),
)
_PLEDGE = Form(
    name="pledge",
    parts=(_LOCKED, one("account.pledged.v1")),
    signers=(own("account.pledged.v1"), named("pledgee", "account.pledged.v1:pledgee")),
    equal=_of_lock("account.pledged.v1"),
)
_RESERVE = Form(
    name="reserve",
    parts=(_LOCKED, one("account.reserved.v1")),
    signers=(named("venue", "account.reserved.v1:venue", "exchange"),),
    equal=_of_lock("account.reserved.v1"),
)

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
    _alone("give mandate", "account.mandate_given.v1", own("account.mandate_given.v1")),
    _alone("end mandate", "account.mandate_ended.v1", own("account.mandate_ended.v1")),
    _alone("set acceptance", "account.acceptance_set.v1", own("account.acceptance_set.v1")),
    _alone("close account", "account.closed.v1", own("account.closed.v1")),
    _alone(
        "merge account",
        "account.merged.v1",
        own("account.merged.v1"),
        named("into", "account.merged.v1:into"),
        OFFICER_SIGNS,
        SECOND_OFFICER,
    ),
    _alone(
        "succeed account",
        "account.succeeded.v1",
        OFFICER_SIGNS,
        SECOND_OFFICER,
        named("successor", "account.succeeded.v1:successor"),
    ),
    _alone("notify account", "account.notified.v1", OFFICER_SIGNS),
    _alone(
        "freeze account",
        "account.frozen.v1",
        _freezer("account.frozen.v1"),
        OFFICER_SIGNS,
        distinct=True,
    ),
    Form(
        name="freeze range",
        parts=(_LOCKED, one("account.range_frozen.v1")),
        signers=(_freezer("account.range_frozen.v1"), OFFICER_SIGNS),
        equal=_of_lock("account.range_frozen.v1"),
        distinct=True,
    ),
    _alone(
        "queue freeze",
        "account.freeze_queued.v1",
        _freezer("account.freeze_queued.v1"),
        OFFICER_SIGNS,
        distinct=True,
    ),
    _alone(
        "renew freeze",
        "account.freeze_renewed.v1",
        _freezer("account.freeze_renewed.v1"),
        OFFICER_SIGNS,
        distinct=True,
    ),
    _alone(
        "consent under freeze",
        "account.freeze_consented.v1",
        _freezer("account.freeze_consented.v1"),
    ),
    _alone(
        "lift freeze",
        "account.unfrozen.v1",
        _freezer("account.unfrozen.v1"),
        OFFICER_SIGNS,
        distinct=True,
    ),
    Form(
        name="lift freeze of range",
        parts=(_RELEASED, one("account.unfrozen.v1")),
        signers=(_freezer("account.unfrozen.v1"), OFFICER_SIGNS),
        equal=_back("account.unfrozen.v1"),
        distinct=True,
    ),
    _alone("end freeze", "account.freeze_ended.v1", OFFICER_SIGNS),
    Form(
        name="end freeze of range",
        parts=(_RELEASED, one("account.freeze_ended.v1")),
        signers=(OFFICER_SIGNS,),
        equal=_back("account.freeze_ended.v1"),
    ),
    _OFFER,
    seconded(_OFFER, "account.offered.v1:@stream"),
    _released(
        "accept offer",
        "account.offer_accepted.v1",
        named("taker", "account.offer_accepted.v1:taker"),
        _to_taker("account.offer_accepted.v1"),
    ),
    _released(
        "accept donation",
        "account.offer_accepted.v1",
        named("taker", "account.offer_accepted.v1:taker"),
        (
            *_to_taker("account.offer_accepted.v1"),
            ("account.offer_accepted.v1:@stream", "certificate.honoured.v1:donor"),
            ("account.offer_accepted.v1:taker", "certificate.honoured.v1:event"),
            ("batch.released.v1:amount_g", "certificate.honoured.v1:amount_g"),
            ("batch.released.v1:standard", "certificate.honoured.v1:standard"),
        ),
        one("certificate.honoured.v1"),
    ),
    _released(
        "decline offer",
        "account.offer_declined.v1",
        named("taker", "account.offer_declined.v1:taker"),
        _back("account.offer_declined.v1"),
    ),
    _released(
        "withdraw offer",
        "account.offer_withdrawn.v1",
        own("account.offer_withdrawn.v1"),
        _back("account.offer_withdrawn.v1"),
    ),
    _released(
        "lapse offer",
        "account.offer_lapsed.v1",
        Capacity(name="account", field="account.offer_lapsed.v1:@stream", instead="officer"),
        _back("account.offer_lapsed.v1"),
    ),
    _PLEDGE,
    seconded(_PLEDGE, "account.pledged.v1:@stream"),
    _released(
        "release pledge",
        "account.pledge_released.v1",
        named("pledgee", "account.pledge_released.v1:pledgee"),
        _back("account.pledge_released.v1"),
    ),
    _RESERVE,
    seconded(_RESERVE, "account.reserved.v1:@stream"),
    _released(
        "settle",
        "account.settled.v1",
        named("venue", "account.settled.v1:venue", "exchange"),
        (
            *_to_taker("account.settled.v1"),
            ("batch.released.v1:amount_g", "account.settled.v1:amount_g"),
        ),
    ),
    _released(
        "end reserve",
        "account.reserve_ended.v1",
        Capacity(
            name="venue",
            field="account.reserve_ended.v1:venue",
            roles=("exchange",),
            instead="officer",
        ),
        _back("account.reserve_ended.v1"),
    ),
    Form(
        name="seize",
        parts=(_ASSIGNED, one("account.seized.v1")),
        signers=(named("court", "account.seized.v1:court", "court"), OFFICER_SIGNS, SECOND_OFFICER),
        equal=(("batch.assigned.v1:giver", "account.seized.v1:@stream"),),
        distinct=True,
    ),
    Form(
        name="seize what is locked",
        parts=(_RELEASED, one("account.lock_seized.v1")),
        signers=(
            named("court", "account.lock_seized.v1:court", "court"),
            OFFICER_SIGNS,
            SECOND_OFFICER,
        ),
        equal=(
            ("batch.released.v1:owner", "account.lock_seized.v1:@stream"),
            ("batch.released.v1:amount_g", "account.lock_seized.v1:amount_g"),
            *_same_tie("account.lock_seized.v1"),
        ),
        distinct=True,
    ),
    Form(
        name="devolve",
        parts=(_ASSIGNED, one("account.devolved.v1")),
        signers=(OFFICER_SIGNS, SECOND_OFFICER),
        equal=(
            ("batch.assigned.v1:giver", "account.devolved.v1:@stream"),
            ("batch.assigned.v1:taker", "account.devolved.v1:taker"),
        ),
        distinct=True,
    ),
)
