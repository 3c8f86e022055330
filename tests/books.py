"""A real registry, small but with every kind of act that has code, and copies of it to spoil.

Used by conftest files: `from tests.books import book, shelf`. The directory is made once a session; every test gets its
own copy, and a user's home of its own with the mark that belongs to it. `tests.grounds` has copies on a server, too.
"""

# ruff: noqa: S608  # every statement is put together from names in this file

import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
import pytest

from registry.acts.propose import Hidden, Setting
from registry.desk import keys
from registry.domain.batch import import_nonce
from registry.domain.project import EXCLUDED
from registry.domain.standard import PURPOSES
from registry.errors import RegistryError
from registry.ledger import ids, tree
from registry.ledger.keys import SUITE
from registry.ledger.note import Checkpoint, VerifierKey, signature_line
from registry.place import Place, Server
from registry.store import keyring
from registry.store.beginning import create
from registry.store.committer import Receipt, Request
from registry.store.keyring import Keyring
from registry.store.mark import Mark
from registry.store.operator import Operator, home_of, mark_of
from registry.verifier.audit import Audited, audit
from registry.verifier.trust import Memory
from tests.desks import does

ORIGIN = "registry.example/books"
GRAMS = 1_000_000
RECOVERY_NS = 10 * 24 * 3600 * 1_000_000_000
"""So long ago recoveries were announced, that they can be completed today."""
PERIOD = ("2025-01-01", "2025-12-31")
CREDITING = ("2020-01-01", "2040-12-31")
FRAGMENTS = 17
"""One more serial range than an entry holds inline."""
SOURCE = sha256(b"a published list").digest()
CLAIMS = tuple(sorted(PURPOSES - {"restoration"}))

Parts = Sequence[tuple[str, Sequence[tuple[str, dict[str, Any]]]]]


def digest(text: str) -> bytes:
    return sha256(text.encode()).digest()


def live_at(base: Path, patch: pytest.MonkeyPatch) -> None:
    """From now on the user's home is under `base`, and a passphrase is not stretched for long."""
    patch.setattr(keyring, "_SCRYPT_N", 2)
    patch.setenv("XDG_STATE_HOME", str(base / "state"))
    patch.setenv("XDG_CONFIG_HOME", str(base / "config"))
    patch.delenv("CARBON_REGISTRY_PASSPHRASE_FILE", raising=False)


@dataclass
class Clerk:
    """Somebody at the operator's desk: each method is an act, recorded at once."""

    operator: Operator
    accounts: dict[str, str] = field(default_factory=dict)
    receipts: dict[str, Receipt] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.accounts |= dict(zip(("one", "two"), self.operator.officers(), strict=True))

    def setting(self, *people: str, nonce: bytes | None = None) -> Setting:
        return self.operator.setting(*(self.accounts[name] for name in people), nonce=nonce)

    def request(self, *people: str, parts: Parts, nonce: bytes | None = None) -> Request:
        return self.operator.request(self.setting(*people, nonce=nonce), parts)

    def does(self, *people: str, parts: Parts) -> Receipt:
        (receipt,) = self.operator.record([self.request(*people, parts=parts)])
        return receipt

    def begins(self, setting: Setting, stream: str, parts: Parts) -> str:
        (self.receipts[stream],) = self.operator.record([self.operator.request(setting, parts)])
        return stream

    def opens(self, name: str, *, role: str = "") -> str:
        (key,) = self.operator.keyring.generate()
        setting = self.setting("one")
        account = setting.new("account", 0)
        self.operator.keyring.assign({key: account})
        body = {
            "legal_form": "company",
            "controller": account,
            "key": key,
            "custodial": True,
            "possession": self.operator.possession(account, key),
            "name": Hidden(value=f"{name} 有限公司"),
        }
        self.accounts[name] = self.begins(
            setting, account, [(account, [("account.opened.v1", body)])]
        )
        if role:
            self.grants(account, role)
        return account

    def grants(self, account: str, role: str) -> Receipt:
        body = {"account": account, "role": role}
        return self.does("one", "two", parts=[("registry", [("registry.role_granted.v1", body)])])

    def grants_and_withdraws(self, name: str, role: str) -> None:
        granted = self.grants(self.accounts[name], role)
        body = {
            "account": self.accounts[name],
            "role": role,
            "means": (granted.index, granted.leaf),
        }
        self.does("one", "two", parts=[("registry", [("registry.role_withdrawn.v1", body)])])

    def adds_and_ends_a_key(self, name: str) -> None:
        account = self.accounts[name]
        (key,) = self.operator.keyring.generate()
        possession = self.operator.possession(account, key)
        body = {"key": key, "custodial": True, "possession": possession}
        self.does(name, parts=[(account, [("account.key_added.v1", body)])])
        self.does(name, parts=[(account, [("account.key_ended.v1", {"key": key})])])

    def announces_recoveries(self, name: str) -> None:
        """One that the holder stops, one that officers withdraw, and one that stands."""
        operator, account = self.operator, self.accounts[name]
        papers = {"identity": digest("identity"), "notice": digest("notice")}
        announced = keys.AnnounceRecovery(account=account, **papers)
        does(operator, announced)
        does(operator, keys.StopRecovery(account=account))
        does(operator, announced)
        does(operator, keys.WithdrawRecovery(account=account))
        does(operator, announced)

    def recognises(self, code: str, **changed: Any) -> None:
        body = {
            "credit_class": "reduction",
            "home": None,
            "unit_g": GRAMS,
            "claims": CLAIMS,
            "serial_format": None,
            **changed,
        }
        parts = [(f"standard/{code}", [("standard.recognised.v1", body)])]
        self.does("authority", "one", parts=parts)

    def registers_a_project(self) -> str:
        setting = self.setting("owner")
        project = setting.new("project", 0)
        body = {
            "owner": self.accounts["owner"],
            "standard": "SCFG",
            "method": "SCFG-001",
            "place": "510100",
            "crediting": CREDITING,
            "boundary": digest("boundary"),
            "excluded": EXCLUDED,
            "name": Hidden(value="一片森林 / a forest"),
        }
        self.begins(setting, project, [(project, [("project.listed.v1", body)])])
        seen = {"document": digest("papers")}
        self.does("validator", parts=[(project, [("project.validated.v1", seen)])])
        entered = self.entered(project, digest("boundary"))
        self.does("one", parts=[(project, [("project.registered.v1", seen)]), entered])
        return project

    def entered(self, project: str, document: bytes) -> Any:
        """The part that enters a document in the standard, where it serves once."""
        body = {"document": document, "project": project}
        return ("standard/SCFG", [("standard.document_entered.v1", body)])

    def issues(self, project: str, amount_g: int, period: tuple[str, str] = PERIOD) -> str:
        verified = {"period": period, "amount_g": amount_g, "report": digest(f"report {period}")}
        entered = self.entered(project, verified["report"])
        self.does("verifier", parts=[(project, [("project.verified.v1", verified)]), entered])
        setting = self.setting("verifier", "authority")
        batch = setting.new("batch", 1)
        return self.begins(setting, batch, self.issue(project, batch, amount_g, period))

    def issue(
        self, project: str, batch: str, amount_g: int, period: tuple[str, str] = PERIOD
    ) -> Parts:
        against = {"batch": batch, "period": period, "amount_g": amount_g}
        body = {
            "project": project,
            "standard": "SCFG",
            "period": period,
            "amount_g": amount_g,
            "holder": self.accounts["owner"],
        }
        return [
            (project, [("project.issued.v1", against)]),
            (batch, [("batch.issued.v1", body)]),
        ]

    def deposits(self, spelled: str, amount_g: int) -> str:
        setting = self.setting("exchange", "one")
        batch = setting.new("batch", 1)
        body = {
            "standard": "VCU",
            "period": PERIOD,
            "amount_g": amount_g,
            "holder": self.accounts["alice"],
            "custodian": self.accounts["exchange"],
            "document": digest(spelled),
            "retired_at_home": False,
        }
        units = {"batch": batch, "home_serials": spelled}
        parts = [
            ("standard/VCU", [("standard.deposited.v1", units)]),
            (batch, [("batch.deposited.v1", body)]),
        ]
        return self.begins(setting, batch, parts)

    def transfer(
        self,
        batch: str,
        giver: str,
        taker: str,
        amount_g: int,
        *,
        serials: tuple[int, int] | None = None,
        nonce: bytes | None = None,
        **changed: Any,
    ) -> Request:
        body = {
            "giver": self.accounts[giver],
            "taker": self.accounts[taker],
            "amount_g": amount_g,
            "standard": "SCFG",
            "range": serials,
            "venue": None,
            "trade": None,
            **changed,
        }
        signing = (giver,) if body["venue"] is None else (giver, "exchange")
        return self.request(
            *signing, parts=[(batch, [("batch.transferred.v1", body)])], nonce=nonce
        )

    def statement(self, **changed: Any) -> tuple[str, dict[str, Any]]:
        body = {
            "purpose": "enterprise",
            "period": PERIOD,
            "place": "510100",
            "ground": "voluntary",
            "public": True,
            "activity": Hidden(value="年度碳中和 / a year's footprint"),
            "organisers": Hidden(value=["主办方甲", "organiser two"]),
            "beneficiary": None,
            "purchaser": None,
            "agent": None,
            **changed,
        }
        return "certificate.issued.v1", body

    def retirement(
        self, holder: str, used: Sequence[tuple[str, int]], *, standard: str = "SCFG", **said: Any
    ) -> tuple[Request, str]:
        """The request that retires `used`, batches with grams, and the certificate's stream."""
        setting = self.setting(holder)
        certificate = setting.new("certificate", len(used))
        parts: list[Any] = []
        for batch, amount_g in used:
            body = {
                "holder": self.accounts[holder],
                "amount_g": amount_g,
                "standard": standard,
                "range": None,
            }
            parts.append((batch, [("batch.retired.v1", body)]))
        parts.append((certificate, [self.statement(**said)]))
        return self.operator.request(setting, parts), certificate

    def retires(
        self, holder: str, used: Sequence[tuple[str, int]], *, standard: str = "SCFG", **said: Any
    ) -> str:
        request, certificate = self.retirement(holder, used, standard=standard, **said)
        (self.receipts[certificate],) = self.operator.record([request])
        return certificate

    def imports(self, batch: str, holder: str, amount_g: int, *, row: int) -> str:
        nonce = import_nonce(SOURCE, row)
        number = ids.derived_id(self.operator.id, "registry", nonce, 0)
        certificate = f"certificate/{number}"
        body = {
            "holder": self.accounts[holder],
            "amount_g": amount_g,
            "standard": "SCFG",
            "range": None,
            "source": SOURCE,
            "row": row,
            "month": "2026-01",
        }
        parts = [
            (batch, [("batch.retirement_imported.v1", body)]),
            (certificate, [self.statement(place=None)]),
        ]
        return self.begins(self.setting("one", holder, nonce=nonce), certificate, parts)

    def cancels_at_home(self, certificate: str) -> Receipt:
        issued = self.receipts[certificate]
        body = {
            "standard": "VCU",
            "reference": "VCS-2026-0001",
            "day": "2026-02-01",
            "document": digest("cancelled at home"),
            "means": (issued.index, issued.leaf),
        }
        return self.does("one", parts=[(certificate, [("certificate.home_cancelled.v1", body)])])


def audited(place: Place, key: VerifierKey) -> Audited:
    """What the audit comes to, remembered as the command remembers it."""
    found = audit(place, key)
    assert found.signer is not None
    Memory(key=found.signer).remember(found.note)
    return found


def fault(place: Place, key: VerifierKey) -> RegistryError | None:
    """What the audit says against what is there; None if it is valid."""
    try:
        audited(place, key)
    except RegistryError as error:
        # A traceback would keep the audit's cursors, and with them its read transaction.
        error.__cause__ = error.__context__ = None
        return error.with_traceback(None)
    return None


class Hands:
    """A connection to a server that takes statements as they are written for SQLite."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def execute(self, statement: str, values: Sequence[object] = ()) -> psycopg.Cursor[Any]:
        spelled = statement.replace("%", "%%").replace("?", "%s")
        return self._connection.execute(spelled.encode(), tuple(values))


LOG_FILES = ("registry.db", "openings.db")
"""What is in these beside SQLite's log is on the server, if there is one."""
SERVER_TABLES = ("stored_events", "tree", "nonces", "detached", "head", "openings")
GUARDED = ("stored_events", "tree", "detached")
"""Tables on a server with a trigger that an insider has to switch off."""


@dataclass(frozen=True)
class Book:
    """A registry: where it is, whom to trust, and what its accounts and streams are called."""

    place: Place
    id: bytes
    key: VerifierKey
    accounts: dict[str, str]
    streams: dict[str, str]
    receipts: dict[str, Receipt]

    sample: int = 60
    """How many of many cells are changed, one after the other."""

    @property
    def directory(self) -> Path:
        """Where all of it is or, with a server, what is not on it."""
        return home_of(self.place)

    @property
    def database(self) -> Path:
        return self.directory / "registry.db"

    @property
    def mark(self) -> Mark:
        return mark_of(self.place, self.id)

    @contextmanager
    def clerk(self) -> Iterator[Clerk]:
        with closing(Operator(self.place)) as operator:
            yield Clerk(operator, dict(self.accounts), dict(self.receipts))

    @contextmanager
    def tables(self, file: str = "registry.db") -> Iterator[sqlite3.Connection | Hands]:
        """The tables in an insider's hands; what was done is kept, and a file is whole by itself."""
        if isinstance(self.place, Server) and file in LOG_FILES:
            with psycopg.connect(self.place.url, autocommit=True) as connection:
                yield Hands(connection)
            return
        with closing(sqlite3.connect(self.directory / file, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous = OFF")
            yield connection
            connection.execute("PRAGMA busy_timeout = 1000")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def change(self, statement: str, *values: object, file: str = "registry.db") -> int:
        """How many rows `statement` changed."""
        with self.tables(file) as connection, unguarded(connection):
            return connection.execute(statement, values).rowcount

    def rows(self, statement: str, *values: object, file: str = "registry.db") -> list[Any]:
        with self.tables(file) as connection:
            return connection.execute(statement, values).fetchall()

    def whole(self, file: str = "registry.db") -> bytes:
        """A file as it is now, to be put back."""
        return (self.directory / file).read_bytes()

    def restore(self, whole: bytes, file: str = "registry.db") -> None:
        """Put a file back as it was, as a new one, with nothing left beside it."""
        for suffix in ("", "-wal", "-shm", "-journal"):
            self.directory.joinpath(file + suffix).unlink(missing_ok=True)
        self.directory.joinpath(file).write_bytes(whole)

    def backup(self) -> Callable[[], None]:
        """What puts the log back as it is now; mark and keys stay. In a directory names stay, too."""
        if isinstance(self.place, Path):
            whole = self.whole()
            return lambda: self.restore(whole)
        rows = {table: self.rows(f"SELECT * FROM {table}") for table in SERVER_TABLES}

        def restore() -> None:
            with self.tables() as hands, unguarded(hands):
                hands.execute("BEGIN")
                for table, kept in rows.items():
                    hands.execute(f"DELETE FROM {table}")
                    for row in kept:
                        signs = ",".join("?" * len(row))
                        hands.execute(f"INSERT INTO {table} VALUES ({signs})", row)
                hands.execute("COMMIT")

        return restore

    def audited(self) -> Audited:
        return audited(self.place, self.key)

    def fault(self) -> RegistryError | None:
        return fault(self.place, self.key)

    def signed_again(self, size: int, root: bytes) -> bytes:
        """The checkpoint that a dishonest operator signs with the log's own key."""
        text = Checkpoint(origin=ORIGIN, size=size, root=root).text()
        signature = Keyring(self.directory).sign((SUITE, self.key.public), text.encode())
        return f"{text}\n{signature_line(self.key, signature)}".encode()

    def rebuild(self, *, signed: bool = True, nonces: bool = True) -> None:
        """Make tree and head, and nonces, follow from the entries as they are now: what an insider would do.

        With the log's key the head is signed again, too.
        """
        states = self.rows(
            "SELECT state FROM stored_events WHERE (rowid - 1) % 64 = 0 ORDER BY rowid"
        )
        frontier = tree.Frontier()
        nodes = [
            (tree.stored_number(level, number), node)
            for (state,) in states
            for level, number, node in frontier.append(tree.leaf_hash(state))
        ]
        note = self.rows("SELECT checkpoint FROM head")[0][0]
        if signed:
            note = self.signed_again(frontier.size, frontier.root())
        with self.tables() as connection:
            connection.execute("DELETE FROM tree")
            connection.executemany("INSERT INTO tree VALUES (?,?)", nodes)
            connection.execute(
                "INSERT OR REPLACE INTO head VALUES (1,?,?,?)",
                (frontier.size, frontier.root(), note),
            )
            if nonces:
                connection.execute("DELETE FROM nonces WHERE entry >= ?", (frontier.size,))


@contextmanager
def unguarded(connection: sqlite3.Connection | Hands) -> Iterator[None]:
    """With the triggers of a server off, as nobody but the owner of its tables can have them."""
    guarded = GUARDED if isinstance(connection, Hands) else ()
    for table in guarded:
        connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER entries_stand")
    yield
    for table in guarded:
        connection.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER entries_stand")


@contextmanager
def days_ago() -> Iterator[None]:
    """What is recorded in the block was recorded some days ago."""
    with pytest.MonkeyPatch.context() as patch:
        now_ns = time.time_ns
        patch.setattr(time, "time_ns", lambda: now_ns() - RECOVERY_NS)
        yield


def write_book(base: Path, on: Place | None = None) -> Book:
    """The registry under `base`, or at a place with a server, through every step a real one takes."""
    place = on or base / "registry"
    with days_ago():
        create(place, origin=ORIGIN)
        operator = Operator(place)
        clerk = Clerk(operator)
        does(operator, keys.RotateLogKey())
        clerk.opens("bob")
        clerk.announces_recoveries("bob")
        operator.close()
    # A clock that stepped is not believed by those who saw it step.
    clerk.operator = operator = Operator(place)
    does(operator, keys.CompleteRecovery(account=clerk.accounts["bob"]))
    for name in ("authority", "validator", "verifier", "exchange"):
        clerk.opens(name, role=name)
    for name in ("owner", "alice"):
        clerk.opens(name)
    clerk.grants_and_withdraws("bob", "court")
    clerk.adds_and_ends_a_key("alice")
    clerk.recognises("SCFG")
    clerk.recognises("VCU", home="VCS", serial_format=(3, (0,), 1, 2))
    streams = _write_batches(clerk)
    log, key = operator.id, operator.vkey()
    operator.close()
    return Book(place, log, key, clerk.accounts, streams, clerk.receipts)


def _write_batches(clerk: Clerk) -> dict[str, str]:
    project = clerk.registers_a_project()
    native = clerk.issues(project, 1_000)
    foreign = clerk.deposits("VCS-101-110", 10 * GRAMS)
    sold = clerk.transfer(
        native,
        "owner",
        "alice",
        100,
        venue=clerk.accounts["exchange"],
        trade=Hidden(value="trade 0001"),
    )
    clerk.operator.record([sold])
    fragments = [
        clerk.transfer(native, "owner", "bob", 1, serials=(500 + 2 * at, 501 + 2 * at))
        for at in range(FRAGMENTS)
    ]
    clerk.operator.record(fragments)
    clerk.operator.record([clerk.transfer(native, "bob", "alice", FRAGMENTS)])
    return {
        "project": project,
        "native": native,
        "foreign": foreign,
        "public": clerk.retires("alice", [(native, 10)], beneficiary=Hidden(value="受益人")),
        "private": clerk.retires("alice", [(native, 20)], public=False),
        "fragmented": clerk.retires("alice", [(native, 87)]),
        "imported": clerk.imports(native, "owner", 30, row=7),
        "awaiting": clerk.retires("alice", [(foreign, GRAMS)], standard="VCU"),
        "final": (final := clerk.retires("alice", [(foreign, 2 * GRAMS)], standard="VCU")),
        "cancelled": str(clerk.cancels_at_home(final).index),
    }


def copied(source: Book, base: Path) -> Book:
    """A copy of `source` under `base`, with the user's home in which it was made."""
    copied_home(source, base)
    return replace(source, place=base / "registry", streams=dict(source.streams))


def copied_home(source: Book, base: Path) -> None:
    for name in ("registry", "state"):
        if (source.directory.parent / name).exists():
            shutil.copytree(source.directory.parent / name, base / name, dirs_exist_ok=True)


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Book:
    """The registry as it was made; not to be changed."""
    base = tmp_path_factory.mktemp("shelf")
    with pytest.MonkeyPatch.context() as patch:
        live_at(base, patch)
        return write_book(base)


@pytest.fixture
def book(shelf: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Book:
    """A copy of the registry, in a home of its own."""
    live_at(tmp_path, monkeypatch)
    return copied(shelf, tmp_path)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory that is the user's home from now on."""
    live_at(tmp_path, monkeypatch)
    return tmp_path
