"""How an act is carried out for somebody who asks over HTTP: recorded, prepared for other keys, or rehearsed.

    record     every signer is the caller's, and their keys are kept here   -> signed, judged, durable
    prepare    one of them is the caller's                                  -> judged unsigned; to be signed elsewhere
    dry-run    the same, and nothing is handed out that could be signed

An Idempotency-Key decides the nonces of its acts: asked again, what was recorded under them is the answer.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from registry.acts.plan import Plan
from registry.acts.propose import Proposal
from registry.api.principals import Principal, require_login, require_scope
from registry.api.runtime import Runtime
from registry.api.shapes import entry_made, prepared_intent
from registry.desk.ask import Ask
from registry.desk.desk import Desk, names_in
from registry.desk.made import Made
from registry.errors import RefusedError, require
from registry.history import SignedIntent, commitments
from registry.ledger.intent import NONCE_BYTES, Intent, Signer, in_key_order
from registry.ledger.keys import SUITE
from registry.names import BEARER
from registry.store.access import Claim
from registry.store.clock import wall_us
from registry.store.committer import Receipt, Request
from registry.store.log import Moment, Placed

KEY_CHARACTERS_MAX = 200
CLOCKS_APART_US = 60 * 1_000_000
"""So much earlier than a key's claim an entry may seem to be that was made after it, by another machine's clock."""
_NONCE_TAG = b"carbon-registry/http-nonce/v1\x00"
_UNSIGNED = bytes(64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody asks for: the ask, who they are, and what tells this request from any other."""

    ask: Ask
    area: str
    principal: Principal
    fingerprint: bytes
    key: str | None = None
    """The Idempotency-Key."""
    signing_key: bytes | None = None
    """The public key with which the caller will sign; None for the one that was added last."""


def fingerprint(path: str, said: Mapping[str, Any]) -> bytes:
    """What tells a request from any other, 32 bytes: its path, and what it says in whatever order."""
    text = json.dumps([path, said], sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return sha256(text.encode()).digest()


def record(runtime: Runtime, wish: Wish) -> dict[str, Any]:
    """What `wish` asks for, recorded as a whole: as `Recorded` has it.

    Raises:
        RefusedError: `idempotency_key_missing`, `idempotency_key_reused`, `scope_missing`, `signature_missing`,
            `no_private_key`; what the plans and the rules say. Nothing was recorded.
        UnavailableError: what the committer says: asked again under the same key, it has one effect.
    """
    desk = runtime.desk(wish.principal)
    bearer = wish.ask.borne_by(desk)
    if bearer is None:
        require_scope(wish.principal, f"act:{wish.area}")
    key = wish.key or ""
    require(0 < len(key) <= KEY_CHARACTERS_MAX, "idempotency_key_missing")
    owner = bearer or wish.principal.subject
    authors = sorted({*wish.principal.accounts, *filter(None, [bearer])})
    claim = runtime.access.claim(owner, key, wish.fingerprint, wall_us())
    if not claim.is_new and (before := _made_before(runtime, owner, key, authors)):
        return _recorded_before(runtime, before)
    try:
        return _record(runtime, wish, desk, bearer, owner)
    except RefusedError:
        # The same request may have been recorded meanwhile, or before the answer to it was lost.
        before = _made_before(runtime, owner, key, authors)
        if not before:
            raise
        _check_meanwhile(claim, before[0])
        return _recorded_before(runtime, before)


def _check_meanwhile(claim: Claim, before: Placed) -> None:
    """Return if what was recorded can be what was asked for under this claim of the key.

    A claim is forgotten after a while, and an entry never: then the key may come with something else.

    Raises:
        RefusedError: `idempotency_key_reused`.
    """
    made_us = before.entry.at_us
    meanwhile = not claim.is_new or made_us >= claim.made_us - CLOCKS_APART_US
    require(meanwhile, "idempotency_key_reused", made_us=made_us)


def _record(
    runtime: Runtime, wish: Wish, desk: Desk, bearer: str | None, owner: str
) -> dict[str, Any]:
    try:
        requests = _signed(runtime, wish, desk, bearer, owner)
    finally:
        desk.let_go()
    try:
        receipts = _committed(runtime, requests, owner)
    except RefusedError:
        before = _same_before(runtime, requests)
        if not before:
            raise
        return _recorded_before(runtime, before)
    with runtime.operator.log.recorder.reading() as cursor:
        moment = Moment(cursor)
        entries = [moment.placed(receipt.index) for receipt in receipts]
    made = [
        Made(placed=placed, names=names_in(request), rehearsed=False)
        for placed, request in zip(entries, requests, strict=True)
    ]
    return _recorded(runtime, made, receipts[-1].checkpoint, replayed=False)


def _signed(
    runtime: Runtime, wish: Wish, desk: Desk, bearer: str | None, owner: str
) -> list[Request]:
    plans = wish.ask.plans(desk)
    _check_signers(plans, wish.principal, bearer)
    desk.check_bearers(plans)
    requests = []
    for number, plan in enumerate(plans):
        nonce = nonce_of(owner, wish.key or "", number)
        requests.append(runtime.operator.sign(desk.proposed(plan, nonce=nonce)))
    return requests


def _committed(runtime: Runtime, requests: Sequence[Request], owner: str) -> list[Receipt]:
    """The receipts: of one act together with whoever else acts, of several as a whole."""
    if len(requests) > 1:
        return runtime.writer.recorded(requests)
    return [runtime.writer.submitted(requests[0], source=owner)]


def rehearse(runtime: Runtime, wish: Wish) -> dict[str, Any]:
    """What `wish` asks for, as it would be recorded now: as `Rehearsed` has it.

    Raises:
        RefusedError: as `record`.
    """
    desk = runtime.desk(wish.principal, dry_run=True)
    made = [one for _, one in _judged(runtime, wish, desk)]
    return {"mode": "dry-run", "entries": [entry_made(one) for one in made], **runtime.true_of()}


def prepare(runtime: Runtime, wish: Wish) -> dict[str, Any]:
    """What `wish` asks for, to be signed by whoever it names: as `Prepared` has it.

    Raises:
        RefusedError: as `record`.
    """
    desk = runtime.desk(wish.principal)
    intents = []
    for proposal, made in _judged(runtime, wish, desk):
        signers = [
            (signer, _is_kept(runtime, signer)) for signer in in_key_order(proposal.intent.signers)
        ]
        digest = sha256(proposal.data).digest()
        intents.append(prepared_intent(proposal, signers, digest, made))
    return {"mode": "prepare", "intents": intents, **runtime.true_of()}


def _is_kept(runtime: Runtime, signer: Signer) -> bool:
    bears = signer.account.startswith(BEARER)
    return not bears and signer.key in runtime.operator.keyring.keys_of(signer.account)


def _judged(runtime: Runtime, wish: Wish, desk: Desk) -> list[tuple[Proposal, Made]]:
    """The intents, unsigned, and the entries that they would make now."""
    bearer = wish.ask.borne_by(desk)
    if bearer is None:
        require_scope(wish.principal, f"act:{wish.area}")
    try:
        proposals = _proposed(wish, desk, bearer)
    finally:
        desk.let_go()
    requests = [_unsigned(proposal) for proposal in proposals]
    entries = runtime.operator.rehearse(requests)
    return [
        (proposal, Made(placed=placed, names=names_in(request), rehearsed=True))
        for proposal, placed, request in zip(proposals, entries, requests, strict=True)
    ]


def _proposed(wish: Wish, desk: Desk, bearer: str | None) -> list[Proposal]:
    plans = [_with_key(plan, wish) for plan in wish.ask.plans(desk)]
    for plan in plans:
        _check_party(plan, wish.principal, bearer)
    owner = bearer or wish.principal.subject
    proposals = []
    for number, plan in enumerate(plans):
        nonce = None if wish.key is None else nonce_of(owner, wish.key, number)
        proposals.append(desk.proposed(plan, nonce=nonce, kept=False))
    return proposals


def _with_key(plan: Plan, wish: Wish) -> Plan:
    """`plan`, in which the caller signs with the key that was named, if one was."""
    if wish.signing_key is None:
        return plan
    key = SUITE, wish.signing_key
    signers = tuple(
        Signer(account=one, key=key)
        if isinstance(one, str) and one in wish.principal.accounts
        else one
        for one in plan.signers
    )
    return Plan(signers=signers, parts=plan.parts, nonce=plan.nonce)


def _unsigned(proposal: Proposal) -> Request:
    """A proposal as the rules judge it: they ask what was signed, and whose signatures hold was asked before."""
    signed = SignedIntent(
        intent=proposal.intent,
        data=proposal.data,
        signatures=(_UNSIGNED,) * len(proposal.intent.signers),
        rows=proposal.rows,
    )
    return Request(signed=signed, openings=proposal.openings)


def _accounts(plan: Plan) -> list[str]:
    return [one if isinstance(one, str) else one.account for one in plan.signers]


def _check_signers(plans: Sequence[Plan], principal: Principal, bearer: str | None) -> None:
    """Return if every signer is the caller's.

    Raises:
        RefusedError: `signature_missing`, naming the others.
    """
    own = {*principal.accounts, bearer}
    missing = sorted({one for plan in plans for one in _accounts(plan) if one not in own})
    require(not missing, "signature_missing", accounts=missing)


def _check_party(plan: Plan, principal: Principal, bearer: str | None) -> None:
    """Return if one of the signers is the caller's: nobody prepares the acts of others.

    Raises:
        RefusedError: `credentials_missing`, `signature_missing`.
    """
    accounts = _accounts(plan)
    if bearer is None or bearer not in accounts:
        require_login(principal)
        party = not principal.accounts.isdisjoint(accounts)
        require(party, "signature_missing", accounts=sorted(accounts))


def nonce_of(owner: str, key: str, number: int) -> bytes:
    """The nonce of act `number` of a request under an Idempotency-Key."""
    said = f"{len(owner)}:{owner}{len(key)}:{key}{number}".encode()
    return sha256(_NONCE_TAG + said).digest()[:NONCE_BYTES]


def _made_before(runtime: Runtime, owner: str, key: str, authors: Sequence[str]) -> list[Placed]:
    """The entries that the acts of a request under this key came to, in order."""
    indexes: list[int] = []
    while True:
        nonce = nonce_of(owner, key, len(indexes))
        found = runtime.operator.log.entries_of([(author, nonce) for author in authors])
        if not found:
            break
        indexes += sorted(found.values())[:1]
    with runtime.operator.log.recorder.reading() as cursor:
        moment = Moment(cursor)
        return [moment.placed(index) for index in indexes]


def _same_before(runtime: Runtime, requests: Sequence[Request]) -> list[Placed]:
    """The entries that say what `requests` say and have their nonces, if there are: of acts whose nonce is their own,
    whatever the Idempotency-Key.
    """
    intents = [request.signed.intent for request in requests]
    found = runtime.operator.log.entries_of([(one.author, one.nonce) for one in intents])
    if len(found) < len(intents):
        return []
    with runtime.operator.log.recorder.reading() as cursor:
        moment = Moment(cursor)
        before = [moment.placed(found[one.author, one.nonce]) for one in intents]
    asked = [_said(request.signed.intent, names_in(request)) for request in requests]
    known = [_said(placed.entry.intent, _names(runtime, placed)) for placed in before]
    return before if asked == known else []


def _said(asked: Intent, names: Mapping[bytes, Any]) -> list[Any]:
    """What an intent says in each stream, with what its commitments stand for."""
    return [
        (part.stream, kind, {field: _named(value, names) for field, value in body.items()})
        for part in asked.parts
        for kind, body in part.events
    ]


def _named(value: Any, names: Mapping[bytes, Any]) -> Any:
    return names.get(value, value) if isinstance(value, bytes) else value


def _names(runtime: Runtime, placed: Placed) -> dict[bytes, Any]:
    """What the commitments of an entry stand for, as far as that is kept."""
    hidden = [one for _, one in commitments(placed.entry.intent)]
    opened = runtime.source().shown(hidden)
    return {one: found.value for one, found in opened.items()}


def _recorded_before(runtime: Runtime, before: Sequence[Placed]) -> dict[str, Any]:
    made = [
        Made(placed=placed, names=_names(runtime, placed), rehearsed=False) for placed in before
    ]
    with runtime.operator.log.recorder.reading() as cursor:
        checkpoint = Moment(cursor).head().checkpoint or b""
    return _recorded(runtime, made, checkpoint, replayed=True)


def _recorded(
    runtime: Runtime, made: Sequence[Made], checkpoint: bytes, *, replayed: bool
) -> dict[str, Any]:
    return {
        "mode": "record",
        "entries": [entry_made(one) for one in made],
        "checkpoint": checkpoint.decode(),
        "replayed": replayed,
        **runtime.true_of(),
    }
