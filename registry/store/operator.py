"""A registry, opened by its operator: the log, the keys that are kept for others, and the way to write.

    HOME/registry.db  the log             HOME/openings.db  names and texts, erasable       (or both on a server)
    HOME/keys.db      private keys        HOME/passphrase   what unseals them, unless kept elsewhere
    HOME/snapshots.db a cache

HOME is the registry's directory or, with a server, the local state directory, where the mark is, too.
"""

import secrets
from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from registry.acts.propose import Happening, Proposal, Setting, propose
from registry.domain.account import Account, RecoveryAnnounced
from registry.domain.roles import OFFICER, Registry
from registry.errors import BrokenHistoryError, RefusedError, RegistryError, require
from registry.history import POSSESSION_PURPOSE, check_intent
from registry.ledger import ids, intent, keys
from registry.ledger.intent import Intent, Signer, in_key_order
from registry.ledger.keys import Key
from registry.ledger.note import Checkpoint, VerifierKey, signature_line
from registry.names import BEARER
from registry.place import Place, Server
from registry.store.committer import Committer, Receipt, Request
from registry.store.keyring import Keyring
from registry.store.log import BLANK, LOG_ACCOUNT, Log, Moment, Placed, Tip, placed_of
from registry.store.logs import asked_for
from registry.store.mark import Mark, Seen
from registry.store.observer import NOBODY, Everybody, Observer
from registry.store.recorder import confirm
from registry.store.snapshots import Snapshots

SNAPSHOTS_PURPOSE = b"carbon-registry/snapshots/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What a log's id is made of, before its first entry."""

    origin: str
    key: Key
    random: bytes

    @property
    def id(self) -> bytes:
        """The log's id."""
        return ids.log_id(self.origin, self.key, self.random)


PATIENCE_US = 3600 * 1_000_000
"""How long an intent made here may wait to be recorded."""
PENDING_US = intent.LIFE_US_MAX + 24 * 3600 * 1_000_000
"""So long, by the log's own time, a key is kept for an act that is not recorded: longer than any intent can wait."""
FORGOTTEN_MOST = 8
"""So many keys that nobody needs any more go, at the most, with each one that comes."""
SPEAKING_CACHED_MAX = 20_000


class Operator:
    """Signs with the keys that are kept here, and records."""

    def __init__(
        self,
        place: Place,
        *,
        beginning: "Beginning | None" = None,
        passphrase: bytes | None = None,
        observer: Observer = NOBODY,
    ) -> None:
        """Open it.

        Args:
            place: the registry.
            beginning: what it begins with, if its first entry is still to be written.
            passphrase: of its keys, if it was read before: what it is read from may say it once.
            observer: told what happens, beside the log that the environment asks for.
        """
        home = home_of(place)
        self._observer = Everybody(asked_for(), observer)
        self.log = Log(place, writes=True, begun=beginning is None)
        self._speaking: dict[str, tuple[Tip, list[Key]]] = {}
        try:
            self._open(home, beginning, passphrase)
        except BaseException as error:
            if isinstance(error, RegistryError):
                self._observer.failed(error.code)
            # A server keeps a connection until it is told, or the process ends.
            self.log.close()
            raise

    def _open(self, home: Path, beginning: "Beginning | None", passphrase: bytes | None) -> None:
        self.keyring = Keyring(home, passphrase)
        with self.log.recorder.reading() as cursor:
            moment = Moment(cursor)
            origin = moment.stream(LOG_ACCOUNT).state.origin
            self.id = beginning.id if beginning else moment.log_id() or b""
            log_key = self._signer(LOG_ACCOUNT, moment).key
        self.committer = Committer(
            self.log,
            origin=beginning.origin if beginning else origin,
            mark=mark_of(self.log.place, self.id),
            openings=self.log.openings,
            snapshots=Snapshots(home, log=self.id, secret=self.keyring.secret(SNAPSHOTS_PURPOSE)),
            sign=self._sign_checkpoint,
            observer=self._observer,
        )
        # Now, not when the first entry is durable and cannot be signed.
        self.keyring.unseal(log_key)
        if not beginning:
            self.committer.start()

    def close(self) -> None:
        """Give the files back, with what is worth keeping for the next time."""
        self.committer.put_aside()
        self.log.close()
        self._observer.stopped()

    def vkey(self) -> VerifierKey:
        """The log's public key, as strangers pin it now."""
        return log_key(self.log)

    def registry(self) -> Registry:
        """Who has which role now."""
        with self.log.recorder.reading() as cursor:
            state: Registry = Moment(cursor).stream(LOG_ACCOUNT).state
        return state

    def officers(self) -> list[str]:
        """The accounts that are officers now, in order."""
        return sorted(name for name, role in self.registry().roles if role == OFFICER)

    def kept(self, account: str) -> list[Key]:
        """The keys kept here that speak for `account` now, in the order in which they were added.

        Of an account that is still to be opened: the keys that are kept for it.
        """
        with self.log.recorder.reading() as cursor:
            return self._kept(account, Moment(cursor))

    def setting(
        self, *signing: str | Signer, nonce: bytes | None = None, kept: bool = True
    ) -> Setting:
        """The surroundings of a new act by those who sign, author first.

        Of an account that is named, the key kept here that was added last signs; a Signer signs with its own, which is
        in hand (`Keyring.hold`). Unless it is to be `kept`, another key that speaks for the account will do: then
        somebody else is to sign.

        Raises:
            RefusedError: `no_private_key` if none is kept that speaks for one of them, or there is none at all.
        """
        with self.log.recorder.reading() as cursor:
            moment = Moment(cursor)
            signers = tuple(
                one if isinstance(one, Signer) else self._signer(one, moment, kept=kept)
                for one in signing
            )
        return Setting(
            log=self.id,
            signers=signers,
            nonce=secrets.token_bytes(intent.NONCE_BYTES) if nonce is None else nonce,
            not_after_us=self.committer.clock.now_us() + PATIENCE_US,
            entropy=secrets.token_bytes(32),
        )

    def request(
        self, setting: Setting, parts: Sequence[tuple[str, Sequence[Happening]]]
    ) -> Request:
        """The act `parts` in `setting`, signed with the keys that are kept here."""
        return self.sign(propose(setting, parts))

    def sign(self, proposal: Proposal) -> Request:
        """`proposal`, signed by everybody whom it names; all their keys are kept here.

        Raises:
            RefusedError: `no_private_key`, `wrong_passphrase`.
        """
        signers = in_key_order(proposal.intent.signers)
        message = intent.SIGNED_PREFIX + proposal.data
        signatures = [self.keyring.sign(signer.key, message) for signer in signers]
        signed = check_intent(proposal.data, signatures, proposal.rows)
        return Request(signed=signed, openings=proposal.openings)

    def signatures(self, asked: Intent, data: bytes, accounts: Collection[str]) -> dict[Key, bytes]:
        """The signatures over the intent `asked`, whose bytes are `data`, of those of `accounts` that are to sign it
        with a key that is kept here.

        Raises:
            RefusedError: `no_private_key` for a key that is not kept here, or does not speak now for the account that
                it is to sign for; `wrong_passphrase`.
        """
        message = intent.SIGNED_PREFIX + data
        signing = [signer for signer in asked.signers if signer.account in accounts]
        for signer in signing:
            # Anybody's key may stand beside the account, and the log's own: those sign for nobody else. Nor does one
            # that is announced: whom the account is recovered from would have acts signed now, for when it speaks.
            own = signer.key in self.kept(signer.account)
            require(own, "no_private_key", account=signer.account)
        return {signer.key: self.keyring.sign(signer.key, message) for signer in signing}

    def record(self, requests: Sequence[Request]) -> list[Receipt]:
        """The receipts of `requests`, recorded as a whole in one commit.

        Raises:
            RefusedError: one of them is refused; nothing was recorded.
        """
        answers = self.committer.commit(requests, whole=True)
        return [answer for answer in answers if isinstance(answer, Receipt)]

    def rehearse(self, requests: Sequence[Request]) -> list[Placed]:
        """The entries that `record` would make of `requests` now; nothing is recorded.

        Raises:
            RefusedError: one of them would be refused.
        """
        return [placed_of(addition) for addition in self.committer.rehearse(requests)]

    def keep(self, key: Key, account: str) -> None:
        """Have `key`, which the keyring holds, durable on return: it is to speak for `account` once the log says so.

        Such as were kept long ago for acts that never were recorded are forgotten.

        Raises:
            RefusedError: `too_many_pending_keys` for the account.
        """
        with self.log.recorder.reading() as cursor:
            moment = Moment(cursor)
            last_us = moment.placed(moment.head().size - 1).entry.at_us
            # A key of the log itself is too much to lose.
            since_us = (
                max(last_us, self.committer.clock.now_us()) if account != LOG_ACCOUNT else None
            )
            self.keyring.keep(key, account, pending_us=since_us)
            # By the log's time: no intent that was made with a key so long ago can be recorded any more.
            for old, owner in self.keyring.pending(last_us - PENDING_US, FORGOTTEN_MOST):
                if self._is_told(old, owner, moment):
                    self.keyring.settle(old)
                else:
                    self.keyring.forget(old)

    def _is_told(self, key: Key, account: str, moment: Moment) -> bool:
        """Whether the log names `key` as one of `account`: one that speaks or spoke, or that was announced."""
        state = self.committer.state(account)
        if not isinstance(state, Account) or key in state.keys:
            return True
        announced = moment.did(account, (RecoveryAnnounced.kind,))
        return any(key[1] in placed.data for placed in moment.all_placed(announced))

    def possession(self, account: str, key: Key) -> bytes:
        """The signature that shows that `key`, to be registered for `account`, is kept here."""
        message = keys.possession_message(self.id, account, key, POSSESSION_PURPOSE)
        return self.keyring.sign(key, message)

    def _signer(self, account: str, moment: Moment, *, kept: bool = True) -> Signer:
        # The key of who bears a code is nowhere but in the code.
        own = [] if account.startswith(BEARER) else self._kept(account, moment)
        if own or kept:
            require(bool(own), "no_private_key", account=account)
            return Signer(account=account, key=own[-1])
        state = moment.stream(account).state
        speaking = _speaking(state, list(state.keys)) if isinstance(state, Account) else []
        require(bool(speaking), "no_private_key", account=account)
        return Signer(account=account, key=speaking[-1])

    def _kept(self, account: str, moment: Moment) -> list[Key]:
        """As `kept`; asked for every act that is made here, and worked out when the account's stream has moved."""
        tip = moment.tip(account)
        known, found = self._speaking.get(account, (BLANK, []))
        if tip == BLANK or known != tip:
            found = _speaking(moment.stream(account).state, self.keyring.keys_of(account))
            if len(self._speaking) >= SPEAKING_CACHED_MAX:
                self._speaking.clear()
            self._speaking[account] = tip, found
        return found

    def _sign_checkpoint(self, checkpoint: Checkpoint, registry: Registry) -> bytes:
        """The note of `checkpoint`, by the key that its entries say: the same bytes from every process."""
        key = registry.log_key_at(checkpoint.size)
        text = checkpoint.text()
        line = signature_line(
            VerifierKey(name=checkpoint.origin, public=key[1]),
            self.keyring.sign(key, text.encode()),
        )
        return f"{text}\n{line}".encode()


def _speaking(state: Account | Registry, kept: Sequence[Key]) -> list[Key]:
    """Those of `kept` that speak for an account, or for the log itself, the one added last at the end."""
    begun = bool(state.origin) if isinstance(state, Registry) else state.is_begun
    if not begun:
        return list(kept)
    if isinstance(state, Registry):
        return list(filter(state.speaks, kept))
    return sorted(filter(state.speaks, kept), key=lambda key: state.keys[key].added)


def log_key(log: Log) -> VerifierKey:
    """The log's public key now: the one that its first entry names, or the last that replaced it.

    Raises:
        BrokenHistoryError: `entry_missing` if it has no first entry.
    """
    with log.recorder.reading() as cursor:
        registry: Registry = Moment(cursor).stream(LOG_ACCOUNT).state
    if not registry.log_keys:
        raise BrokenHistoryError("entry_missing", index=0)
    return VerifierKey(name=registry.origin, public=registry.log_key[1])


def home_of(place: Place) -> Path:
    """The directory of what is kept here and nowhere else: keys, caches and, with a server, the mark.

    Raises:
        RefusedError: `no_state` if a server was named without one.
    """
    if isinstance(place, Path):
        return place
    if place.state is None:
        raise RefusedError("no_state", server=str(place))
    return place.state


def mark_of(place: Place, log: bytes) -> Mark:
    """The mark of the log with id `log`, which is at `place`."""
    return Mark(log, home_of(place) if isinstance(place, Server) else None)


def accept_mark(place: Place, at_us: int) -> Seen:
    """Take the log as it is for the highest that was seen, because a person decided so; kept on record."""
    observer = asked_for()
    # As a writer: not what a replica has that lags, nor what no replica has yet.
    with closing(Log(place, writes=True)) as log:
        with log.recorder.reading() as cursor:
            mark = mark_of(place, Moment(cursor).log_id() or b"")
        # The head as of now, when nobody else can advance the mark any more.
        with log.recorder.trouble(), mark.locked():
            with log.recorder.writing() as cursor:
                head = Moment(cursor).head()
                confirm(cursor)
            seen = Seen(size=head.size, root=head.root)
            mark.accept(seen, at_us)
    observer.mark_accepted(seen.size)
    return seen
