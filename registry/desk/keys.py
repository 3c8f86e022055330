"""Keys as somebody asks for them to change: an account's, added, ended, replaced, recovered; and the log's own.

A key that is made here is kept here, and is custodial; one that its holder brings is not.
"""

from typing import Annotated

from pydantic import Field

from registry.acts import keys as acts
from registry.acts.keys import NewKey, Shown
from registry.acts.plan import Plan
from registry.acts.ties import Means
from registry.desk.ask import Account, Ask, Digest, PublicKey, octets
from registry.desk.desk import Desk
from registry.domain.account import Account as State
from registry.errors import RefusedError, UsageError, require
from registry.history import POSSESSION_PURPOSE
from registry.ledger.keys import SIGNATURE_BYTES, SUITE, Key, key_id, possession_message

Possession = Annotated[
    bytes,
    octets(SIGNATURE_BYTES, "The key's signature over what a request without it is told."),
]


class Keyed(Ask):
    """What brings a key with it, or has one made and kept here."""

    public: PublicKey | None = None
    """The key that the holder brings; else one is made and kept here."""
    possession: Possession | None = None

    def new_key(self, desk: Desk, account: str) -> Shown:
        """The key that the holder of `account` brings; else one that is made once it is known who signs.

        Raises:
            UsageError: `malformed`; `no_possession`, with the bytes that the key has to sign.
        """
        if self.public is None:
            if self.possession is not None:
                raise UsageError("malformed", field="public", why="missing")
            return made_here(desk)
        key = SUITE, self.public
        if self.possession is None:
            to_sign = possession_message(desk.operator.id, account, key, POSSESSION_PURPOSE)
            raise UsageError("no_possession", account=account, to_sign=to_sign)
        theirs = NewKey(key=key, custodial=False, possession=self.possession)
        return lambda _: theirs


class AddKey(Keyed):
    """Add a key / 登记一个密钥"""

    account: Account

    def plans(self, desk: Desk) -> list[Plan]:
        account = desk.account(self.account)
        return [acts.add(account, self.new_key(desk, account))]


class EndKey(Ask):
    """End a key / 终止一个密钥"""

    account: Account
    key_id: Annotated[str, Field(description="The key's id, in hex.")]

    def plans(self, desk: Desk) -> list[Plan]:
        account = desk.account(self.account)
        return [acts.end(account, account, _meant(desk, account, self.key_id))]


class RotateKeys(Ask):
    """Replace the keys kept here by a new one / 更换代管的密钥"""

    account: Account

    def plans(self, desk: Desk) -> list[Plan]:
        account = desk.account(self.account)
        old = desk.operator.kept(account)
        require(bool(old), "no_private_key", account=account)
        key = desk.new_key()
        return acts.rotate(account, key, lambda _: _shown(desk, account, key), old)


class AnnounceRecovery(Keyed):
    """Announce a new key, by two officers / 由两名登记官公告新密钥"""

    account: Account
    identity: Digest
    """Of the identity check's document."""
    notice: Digest
    """Of the notice that was given on every channel."""

    def plans(self, desk: Desk) -> list[Plan]:
        account = desk.account(self.account)
        return [
            acts.announce_recovery(
                desk.officers(2, account),
                account,
                self.new_key(desk, account),
                identity=self.identity,
                notice=self.notice,
            )
        ]


class StopRecovery(Ask):
    """Stop a recovery, as the holder / 持有人中止找回"""

    account: Account

    def plans(self, desk: Desk) -> list[Plan]:
        account, means = _announced(desk, self.account)
        return [acts.stop_recovery(account, means)]


class WithdrawRecovery(Ask):
    """Withdraw a recovery, by two officers / 由两名登记官撤回找回"""

    account: Account

    def plans(self, desk: Desk) -> list[Plan]:
        account, means = _announced(desk, self.account)
        return [acts.withdraw_recovery(desk.officers(2, account), account, means)]


class CompleteRecovery(Ask):
    """Complete it after the waiting time / 等待期满后完成找回"""

    account: Account

    def plans(self, desk: Desk) -> list[Plan]:
        account, means = _announced(desk, self.account)
        return [acts.complete_recovery(desk.officers(2, account), account, means)]


class RotateLogKey(Ask):
    """Replace the log's key, by itself and two officers / 由旧密钥和两名登记官更换"""

    def plans(self, desk: Desk) -> list[Plan]:
        return [acts.replace_log_key(desk.officers(2), made_here(desk))]


def made_here(desk: Desk) -> Shown:
    """A key that is made and kept here, once it is known who signs for it."""
    return lambda account: _shown(desk, account, desk.new_key())


def _shown(desk: Desk, account: str, key: Key) -> NewKey:
    """A key that was made here: durable before anybody hears of it, unless this is a rehearsal."""
    return NewKey(key=key, custodial=True, possession=desk.possession(account, key))


def _meant(desk: Desk, account: str, typed: str) -> Key:
    """The key of an account that has the id that was said; the rules say whether it may end."""
    state: State = desk.state(account)
    for key in state.keys:
        if key_id(key).hex() == typed.strip().lower():
            return key
    raise RefusedError("key_unknown", account=account)


def _announced(desk: Desk, typed: str) -> tuple[str, Means]:
    """Whose recovery is meant, and the entry that announced it.

    Raises:
        RefusedError: `no_account`, `several_accounts`, `no_recovery`.
    """
    account = desk.account(typed)
    state: State = desk.state(account)
    if state.recovery is None:
        raise RefusedError("no_recovery", account=account)
    return account, desk.means(state.recovery.announced)
