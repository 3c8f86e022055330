"""A registry in a directory, opened by its operator: the log, the keys that are kept for others, and the way to write.

DIR/registry.db   the log             DIR/openings.db  names and texts, erasable
DIR/keys.db       private keys        DIR/passphrase   what unseals them, unless kept elsewhere
"""

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from registry.acts.propose import Happening, Hidden, Proposal, Setting, propose
from registry.domain import shape
from registry.domain.account import Account
from registry.domain.roles import OFFICER, Registry
from registry.errors import BrokenHistoryError, RefusedError, require
from registry.history import POSSESSION_PURPOSE, check_intent
from registry.ledger import ids, intent, keys
from registry.ledger.intent import Signer, in_key_order
from registry.ledger.keys import Key
from registry.ledger.note import Checkpoint, VerifierKey, signature_line
from registry.store.committer import Committer, Receipt, Request
from registry.store.keyring import FILE as KEYS_FILE
from registry.store.keyring import PASSPHRASE_FILE, Keyring
from registry.store.log import BLANK, DATABASE, Log, Moment, Tip
from registry.store.mark import Mark, Seen
from registry.store.openings import FILE as OPENINGS_FILE
from registry.store.openings import Openings
from registry.store.recorder import Datastore, LogRecorder
from registry.store.snapshots import Snapshots

LOG_ACCOUNT = "registry"
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


BEGINNING = ".beginning"
MOVED_FIRST = (KEYS_FILE, PASSPHRASE_FILE, OPENINGS_FILE)
"""What a beginning moves up before the database, besides what SQLite keeps beside each."""
PATIENCE_US = 3600 * 1_000_000
"""How long an intent made here may wait to be recorded."""
SPEAKING_CACHED_MAX = 20_000


class Operator:
    """Signs with the keys that are kept here, and records."""

    def __init__(self, directory: Path, *, beginning: "Beginning | None" = None) -> None:
        """Open the registry in `directory`; `beginning` if its first entry is still to be written."""
        self.log = Log(directory)
        self.keyring = Keyring(directory)
        self.openings = Openings(directory)
        self._speaking: dict[str, tuple[Tip, list[Key]]] = {}
        self._registry: tuple[Tip, Registry] = BLANK, Registry()
        with self.log.recorder.reading() as cursor:
            moment = Moment(cursor)
            origin = moment.stream(LOG_ACCOUNT).state.origin
            self.id = beginning.id if beginning else moment.log_id() or b""
            log_key = self._signer(LOG_ACCOUNT, moment).key
        self.committer = Committer(
            self.log,
            origin=beginning.origin if beginning else origin,
            mark=Mark(self.id),
            openings=self.openings,
            snapshots=Snapshots(
                directory, log=self.id, secret=self.keyring.secret(SNAPSHOTS_PURPOSE)
            ),
            sign=self._sign_checkpoint,
        )
        # Now, not when the first entry is durable and cannot be signed.
        self.keyring.unseal(log_key)
        if not beginning:
            self.committer.start()

    def close(self) -> None:
        """Give the files back, with what is worth keeping for the next time."""
        self.committer.put_aside()
        self.openings.close()
        self.log.close()

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

    def setting(self, *accounts: str, nonce: bytes | None = None) -> Setting:
        """The surroundings of a new act by `accounts`, author first; of each the key kept here that was added last.

        Raises:
            RefusedError: `no_private_key` if none is kept that speaks for one of them.
        """
        with self.log.recorder.reading() as cursor:
            moment = Moment(cursor)
            signers = tuple(self._signer(account, moment) for account in accounts)
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
        return Request(signed=check_intent(proposal.data, signatures), openings=proposal.openings)

    def record(self, requests: Sequence[Request]) -> list[Receipt]:
        """The receipts of `requests`, recorded as a whole in one commit.

        Raises:
            RefusedError: one of them is refused; nothing was recorded.
        """
        answers = self.committer.commit(requests, whole=True)
        return [answer for answer in answers if isinstance(answer, Receipt)]

    def possession(self, account: str, key: Key) -> bytes:
        """The signature that shows that `key`, to be registered for `account`, is kept here."""
        message = keys.possession_message(self.id, account, key, POSSESSION_PURPOSE)
        return self.keyring.sign(key, message)

    def _signer(self, account: str, moment: Moment) -> Signer:
        kept = self._kept(account, moment)
        require(bool(kept), "no_private_key", account=account)
        return Signer(account=account, key=kept[-1])

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

    def _sign_checkpoint(self, checkpoint: Checkpoint) -> bytes:
        """The note of `checkpoint`, by the key that its entries say: the same bytes from every process."""
        with self.log.recorder.reading() as cursor:
            key = self._log_key_at(checkpoint.size, Moment(cursor))
        text = checkpoint.text()
        line = signature_line(
            VerifierKey(name=checkpoint.origin, public=key[1]),
            self.keyring.sign(key, text.encode()),
        )
        return f"{text}\n{line}".encode()

    def _log_key_at(self, size: int, moment: Moment) -> Key:
        """The key that signs the checkpoint of `size` entries; read again when the log's own stream has moved."""
        tip = moment.tip(LOG_ACCOUNT)
        if tip != self._registry[0]:
            self._registry = tip, moment.stream(LOG_ACCOUNT).state
        return self._registry[1].log_key_at(size)


def _speaking(state: Account | Registry, kept: Sequence[Key]) -> list[Key]:
    """Those of `kept` that speak for an account, or for the log itself, the one added last at the end."""
    begun = bool(state.origin) if isinstance(state, Registry) else state.is_open
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


def create(directory: Path, *, origin: str) -> None:
    """Begin a registry in `directory`: keys, two root officers, the first entry, the mark.

    Made in a folder inside it, and moved up as the last step, the database last of all: a crash leaves no registry,
    never half of one, and what it leaves is cleared away by the next beginning here. Durable on return.

    Raises:
        RefusedError: `directory_in_use`, also while another one begins here; `malformed` for an origin that is none.
    """
    made = not directory.exists()
    require(made or directory.is_dir(), "directory_in_use", directory=str(directory))
    shape.origin(origin)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone_in(directory):
        left = _abandoned(directory)
        in_use = any(file for file in directory.iterdir() if file not in left)
        require(not in_use, "directory_in_use", directory=str(directory))
        try:
            _clear(left)
            _begin_inside(directory, origin)
        except BaseException:
            _clear(sorted(directory.iterdir(), key=lambda file: file.name == BEGINNING))
            if made:
                directory.rmdir()
            raise


def _begin_inside(directory: Path, origin: str) -> None:
    beginning = directory / BEGINNING
    beginning.mkdir(mode=0o700)
    _begin(beginning, origin)
    for file in sorted(beginning.iterdir(), key=lambda file: file.name == DATABASE):
        _synchronise(file)
        file.replace(directory / file.name)
    beginning.rmdir()
    _synchronise(directory)
    _synchronise(directory.resolve().parent)


@contextmanager
def _alone_in(directory: Path) -> Iterator[None]:
    """Hold `directory` against everybody else who would begin in it; whoever dies lets go of it.

    Raises:
        RefusedError: `directory_in_use` if somebody holds it.
    """
    opened = os.open(directory, os.O_RDONLY)
    try:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RefusedError("directory_in_use", directory=str(directory)) from error
        yield
    finally:
        os.close(opened)


def _abandoned(directory: Path) -> list[Path]:
    """What a beginning that was killed left: what it had moved up, if not the database; and its folder, to go last.

    As long as the database is in the folder nobody was told of this registry; later nothing but the folder may go.
    """
    beginning = directory / BEGINNING
    if not (beginning / DATABASE).exists():
        return [beginning]
    ours = (file for file in directory.iterdir() if file.name.partition("-")[0] in MOVED_FIRST)
    return [*ours, beginning]


def _clear(files: Iterable[Path]) -> None:
    for file in files:
        if file.is_dir():
            shutil.rmtree(file, ignore_errors=True)
        else:
            file.unlink(missing_ok=True)


def _synchronise(path: Path) -> None:
    """Have what `path` names, a file or a directory, survive a power cut."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def accept_mark(directory: Path, at_us: int) -> Seen:
    """Take the log as it is for the highest that was seen, because a person decided so; kept on record."""
    with closing(Log(directory)) as log:
        with log.recorder.reading() as cursor:
            mark = Mark(Moment(cursor).log_id() or b"")
        # The head as of now, when nobody else can advance the mark any more.
        with mark.locked(), log.recorder.reading() as cursor:
            head = Moment(cursor).head()
            seen = Seen(size=head.size, root=head.root)
            mark.accept(seen, at_us)
    return seen


def _begin(directory: Path, origin: str) -> None:
    (directory / DATABASE).touch(mode=0o600)
    recorder = LogRecorder(Datastore(str(directory / DATABASE)))
    recorder.create_table()
    recorder.datastore.close()
    Openings.create(directory)
    keyring = Keyring.create(directory)
    own, *officer_keys = keyring.generate(3)
    keyring.assign({own: LOG_ACCOUNT})
    beginning = Beginning(origin=origin, key=own, random=secrets.token_bytes(32))
    operator = Operator(directory, beginning=beginning)
    operator.committer.begin(operator.sign(_genesis(operator, beginning, officer_keys)))
    operator.close()


def _genesis(operator: Operator, beginning: Beginning, officer_keys: Sequence[Key]) -> Proposal:
    """The first act: two officers, whose keys are kept here until they bring their own."""
    bare = operator.setting(LOG_ACCOUNT)
    officers = [(bare.new("account", part), key) for part, key in enumerate(officer_keys, 1)]
    operator.keyring.assign({key: account for account, key in officers})
    signers = [Signer(account=account, key=key) for account, key in officers]
    setting = replace(bare, signers=(*bare.signers, *signers))
    created = {
        "origin": beginning.origin,
        "random": beginning.random,
        "log_key": beginning.key,
        "officers": sorted(officers),
    }
    parts: list[tuple[str, list[Happening]]] = [("registry", [("registry.created.v1", created)])]
    for number, (account, key) in enumerate(officers, 1):
        opened = {
            "legal_form": "person",
            "controller": account,
            "key": key,
            "custodial": True,
            "possession": operator.possession(account, key),
            "name": Hidden(value=f"登记官 {number} / officer {number}"),
        }
        parts.append((account, [("account.opened.v1", opened)]))
    return propose(setting, parts)
