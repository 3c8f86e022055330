"""The registry as somebody who acts sees it: what was said becomes plans, which are rehearsed or recorded.

    registry/desk/<area>.py   what was said: names to accounts, states  ->  plans of registry/acts/<area>.py
    Desk.perform              signed with the keys that are kept here, rehearsed or recorded as a whole

A rehearsal is the same up to the recording.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

from registry.acts.plan import Plan
from registry.acts.propose import Proposal, propose
from registry.desk import accounts
from registry.desk.made import Made
from registry.desk.opened import Opened
from registry.domain.batch import Batch
from registry.errors import RefusedError, require
from registry.history import commitments
from registry.ledger import ids
from registry.ledger.intent import Signer
from registry.ledger.keys import Key
from registry.names import BEARER
from registry.place import Place
from registry.store import custody
from registry.store.committer import Receipt, Request
from registry.store.log import BLANK, Moment, Placed
from registry.store.operator import Operator
from registry.store.views import views


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The registry as somebody who acts sees it: who is meant, what stands where, and whose keys are kept here."""

    operator: Operator
    source: Opened
    dry_run: bool

    mine: frozenset[str] | None = None
    """The accounts of whoever asks, who are taken first where somebody in a role is to sign; None for the operator, who
    asks for everybody whose keys are kept here. Only the operator calls accounts by their names."""

    record: Callable[[Sequence[Request]], list[Receipt]] | None = None
    """Records acts as a whole, as `Operator.record` does; None for the operator itself."""

    in_hand: set[Key] = field(default_factory=set)
    """The keys that were made here, and those of bearers who showed their codes here; `let_go` ends it."""

    def account(self, typed: str) -> str:
        """The account that is meant by an id, or by its exact name.

        Raises:
            RefusedError: `no_account`, `several_accounts`.
        """
        if self.mine is None:
            return accounts.find(typed, self.source)
        try:
            return self.stream("account", typed)
        except RefusedError as refusal:
            raise RefusedError("no_account", account=typed) from refusal

    def maybe_account(self, typed: str | None) -> str | None:
        """As `account`, where one was named."""
        return None if typed is None else self.account(typed)

    def stream(self, prefix: str, typed: str) -> str:
        """The stream that is meant by its name, or by what follows `prefix` and a slash in it.

        Raises:
            RefusedError: `no_stream` if it has no entry.
        """
        name = typed if typed.startswith(f"{prefix}/") else f"{prefix}/{typed}"
        with self.operator.log.recorder.reading() as cursor:
            # What cannot be printed names nothing, and not every database can look for it.
            there = name.isprintable() and Moment(cursor).tip(name) != BLANK
            require(there, "no_stream", stream=name)
        return name

    def state(self, stream: str) -> Any:
        """What `stream` has come to."""
        return self.operator.committer.state(stream)

    def batches_of(self, holder: str) -> list[Batch]:
        """The batches of which `holder` holds something.

        The tables only say where to look; how much it is, the batches themselves say.
        """
        with views(self.source.log) as tables:
            names = [row["batch"] for row in tables.rows("holdings", account=holder)]
        batches: list[Batch] = [self.state(name) for name in names]
        return [batch for batch in batches if batch.holding(holder).total_g]

    def entry(self, index: int) -> Placed:
        """Entry `index`.

        Raises:
            RefusedError: `no_such_entry`.
        """
        with self.operator.log.recorder.reading() as cursor:
            moment = Moment(cursor)
            size = moment.head().size
            require(0 <= index < size, "no_such_entry", index=index, size=size)
            return moment.placed(index)

    def means(self, index: int) -> tuple[int, bytes]:
        """Entry `index` as acts name it: with its leaf hash.

        Raises:
            RefusedError: `no_such_entry`.
        """
        return index, self.entry(index).leaf

    def officers(self, count: int, *strangers_to: str) -> list[str]:
        """As `custody.officers`."""
        return custody.officers(self.operator, count, *strangers_to, first=self.mine or ())

    def itself_or_officer(self, account: str) -> str:
        """`account`, if it is of whoever asks, or its key is kept here where the operator asks; else an officer."""
        own = self.operator.kept(account) if self.mine is None else account in self.mine
        return account if own else self.officers(1)[0]

    def second(self, doing: str, amount_g: int, *strangers_to: str) -> str | None:
        """The officer who seconds an act, where policy wants two persons for so many grams; None where it does not."""
        policy = self.operator.registry().policy("second_person_over")
        over = policy is not None and doing in policy.codes and amount_g > (policy.number or 0)
        officers = self.officers(1, *strangers_to) if over else []
        return officers[0] if officers else None

    def streams(self, prefix: str) -> list[str]:
        """All streams of a kind, such as "campaign", in the order in which they began."""
        with self.operator.log.recorder.reading() as cursor:
            return Moment(cursor).streams(f"{prefix}/")

    def body(self, role: str, typed: str | None) -> str:
        """The account that was named to act in `role`; if none was, the one whose key is kept here.

        Raises:
            RefusedError: `nobody_in_role`, `several_in_role`, `no_account`, `several_accounts`.
        """
        if typed is not None:
            return self.account(typed)
        held = sorted(account for account, has in self.operator.registry().roles if has == role)
        require(bool(held), "nobody_in_role", role=role)
        own = [account for account in held if account in (self.mine or ())]
        suited = own or [account for account in held if self.operator.kept(account)] or held
        require(len(suited) == 1, "several_in_role", role=role, accounts=suited)
        return suited[0]

    def new_key(self) -> Key:
        """A key made here, which signs here until it is let go."""
        key = self.operator.keyring.make()
        self.in_hand.add(key)
        return key

    def possession(self, account: str, key: Key) -> bytes:
        """The signature that shows a `new_key` of `account` to be here; it is kept here from now on, unless this is a
        rehearsal.
        """
        if not self.dry_run:
            self.operator.keep(key, account)
        return self.operator.possession(account, key)

    def bearer(self, seed: bytes) -> Signer:
        """The bearer of a code that was shown, from whose seed the key is, which signs here until it is let go."""
        key = self.operator.keyring.hold(seed)
        if key in self.in_hand:
            self.operator.keyring.let_go(key)
        self.in_hand.add(key)
        return Signer(account=ids.bearer(key), key=key)

    def check_bearers(self, plans: Sequence[Plan]) -> None:
        """Return if every bearer who is to sign showed their code at this desk: nobody signs with another's.

        Raises:
            RefusedError: `no_private_key`.
        """
        for plan in plans:
            for signer in plan.signers:
                if isinstance(signer, Signer) and signer.account.startswith(BEARER):
                    shown = signer.key in self.in_hand
                    require(shown, "no_private_key", account=signer.account)

    def _check_signers(self, plans: Sequence[Plan]) -> None:
        """Return if everybody who is to sign is one of `mine`, or a bearer, who were checked before."""
        if self.mine is None:
            return
        named = {
            one if isinstance(one, str) else one.account for plan in plans for one in plan.signers
        }
        missing = {one for one in named - self.mine if not one.startswith(BEARER)}
        require(not missing, "signature_missing", accounts=sorted(missing))

    def let_go(self) -> None:
        """Forget the keys of bearers, and those that were made here and are not kept."""
        for key in self.in_hand:
            self.operator.keyring.let_go(key)
        self.in_hand.clear()

    def perform(self, plans: Sequence[Plan]) -> list[Made]:
        """What `plans` made, or would make, all of them together or nothing.

        Raises:
            RefusedError: `no_private_key`; `signature_missing` if somebody is to sign who is none of `mine`; what the
                rules say. Nothing was recorded.
        """
        self.check_bearers(plans)
        self._check_signers(plans)
        requests = [self.operator.sign(self.proposed(plan)) for plan in plans]
        if self.dry_run:
            entries = self.operator.rehearse(requests)
        else:
            receipts = (self.record or self.operator.record)(requests)
            with self.operator.log.recorder.reading() as cursor:
                moment = Moment(cursor)
                entries = [moment.placed(receipt.index) for receipt in receipts]
        return [
            Made(placed=placed, names=names_in(request), rehearsed=self.dry_run)
            for placed, request in zip(entries, requests, strict=True)
        ]

    def proposed(self, plan: Plan, *, nonce: bytes | None = None, kept: bool = True) -> Proposal:
        """The intent of `plan`, to be signed; by keys that are kept here, unless somebody else is to sign.

        Raises:
            RefusedError: `no_private_key`.
        """
        setting = self.operator.setting(*plan.signers, nonce=plan.nonce or nonce, kept=kept)
        return propose(setting, plan.parts(setting))


@contextmanager
def at_desk(place: Place, *, dry_run: bool) -> Iterator[Desk]:
    """The registry at `place`, opened for acting, until the end of the block.

    Raises:
        RefusedError: `no_registry`, `no_private_key` of the log, and what else `Operator` says.
    """
    with closing(Operator(place)) as operator:
        source = Opened(log=operator.log, origin=operator.vkey().name)
        yield Desk(operator=operator, source=source, dry_run=dry_run, record=operator.record)


def names_in(request: Request) -> dict[bytes, Any]:
    """What the commitments of a request stand for."""
    opened = {opening.field: opening.value for opening in request.openings}
    asked = request.signed.intent
    return {made: opened[field] for field, made in commitments(asked) if field in opened}
