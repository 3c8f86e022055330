"""A small registry in memory: people with keys, and acts that go through the real judgement."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from nacl.signing import SigningKey

from registry import history
from registry.acts.propose import Hidden, Proposal, Setting, propose
from registry.domain.batch import import_nonce
from registry.domain.project import EXCLUDED
from registry.domain.standard import PURPOSES
from registry.errors import BrokenHistoryError, IncompleteError, RefusedError
from registry.history import Addition, check_entry
from registry.ledger import entry as entries
from registry.ledger import ids, intent, keys, note, proof, tree
from registry.ledger.entry import NO_PREVIOUS, Place
from registry.ledger.intent import Signer, in_key_order
from registry.verifier.replay import Replay

START_US = 1_790_000_000_000_000  # a day in September 2026
HOUR_US = 3_600_000_000
GRAMS = 1_000_000
PERIOD = ("2025-01-01", "2025-12-31")
CREDITING = ("2020-01-01", "2040-12-31")
ORIGIN = "registry.example/test"


class Person:
    """Somebody with a key and, once opened, an account."""

    def __init__(self, name: str, account: str = "") -> None:
        self.name = name
        self.account = account
        self.signing = SigningKey(sha256(name.encode()).digest())
        self.key = (keys.SUITE, bytes(self.signing.verify_key))

    @property
    def signer(self) -> Signer:
        return Signer(account=self.account, key=self.key)

    def sign(self, message: bytes) -> bytes:
        return self.signing.sign(message).signature


def digest(text: str) -> bytes:
    return sha256(text.encode()).digest()


class World:
    """A log that begins with two officers; methods are acts, and give back what was added."""

    def __init__(self) -> None:
        self.replay = Replay()
        self.entries: list[bytes] = []
        self.additions: list[Addition] = []
        self.proposals: list[Proposal] = []
        self.people: dict[str, Person] = {}
        self.asked: history.SignedIntent | None = None
        self.now_us = START_US
        self.log = digest("no log yet")
        self._nonces = 0

    def begun(self, *, opening: Any = None, **changed: Any) -> "World":
        """The first entry; `changed` is what creates the log, `opening` how the second officer's account opens."""
        log, one, two = Person("log", "registry"), Person("officer one"), Person("officer two")
        made = {"origin": ORIGIN, "random": digest("random"), "log_key": log.key, **changed}
        self.log = self.replay.log or ids.log_id(made["origin"], made["log_key"], made["random"])
        setting = self.setting(log, one, two)
        for part, officer in ((1, one), (2, two)):
            officer.account = setting.new("account", part)
        setting = self.setting(log, one, two, nonce=setting.nonce)
        officers = sorted([[one.account, one.key], [two.account, two.key]])
        created = {"officers": officers, **made}
        opened = [
            (person.account, [("account.opened.v1", self.opening(person, person.account, **more))])
            for person, more in ((one, {}), (two, opening or {}))
        ]
        self.submit(setting, [("registry", [("registry.created.v1", created)]), *opened])
        self.people |= {"log": log, "one": one, "two": two}
        return self

    def __getitem__(self, name: str) -> Person:
        return self.people[name]

    def setting(self, *people: Person, nonce: bytes | None = None) -> Setting:
        self._nonces += 1
        fresh = self._nonces.to_bytes(16, "big")
        return Setting(
            log=self.log,
            signers=tuple(person.signer for person in people),
            nonce=fresh if nonce is None else nonce,
            not_after_us=self.now_us + HOUR_US,
            entropy=digest(f"entropy {fresh!r}"),
        )

    def signed(self, setting: Setting, parts: Any, *people: Person) -> history.SignedIntent:
        proposal = propose(setting, parts)
        self.proposals.append(proposal)
        by_key = {person.key: person for person in people or self.signing(setting)}
        signatures = [
            by_key[signer.key].sign(intent.SIGNED_PREFIX + proposal.data)
            for signer in in_key_order(setting.signers)
        ]
        return history.check_intent(proposal.data, signatures, proposal.rows)

    def signing(self, setting: Setting) -> list[Person]:
        known = {person.key: person for person in self.everyone}
        return [known[signer.key] for signer in setting.signers]

    @property
    def everyone(self) -> list[Person]:
        base = [Person("log", "registry"), Person("officer one"), Person("officer two")]
        return [*base, *self.people.values()]

    def submit(self, setting: Setting, parts: Any) -> Addition:
        """Judge, record and read back: what was written is followed by an auditor's code, too."""
        self.asked = self.signed(setting, parts)
        addition = history.append(self.replay, self.asked, at_us=self.now_us)
        followed = history.follow(self.replay, check_entry(addition.data), self.asked.rows)
        assert followed.streams == addition.streams
        self.replay.take(addition)
        self.entries.append(addition.data)
        self.additions.append(addition)
        return addition

    def do(self, *people: str, parts: Any, nonce: bytes | None = None) -> Addition:
        return self.submit(self.setting(*(self[name] for name in people), nonce=nonce), parts)

    def state(self, stream: str) -> Any:
        return self.replay.stream(stream).state

    def opening(self, person: Person, account: str, **changed: Any) -> dict[str, Any]:
        message = keys.possession_message(self.log, account, person.key, "act")
        return {
            "legal_form": "company",
            "controller": account,
            "key": person.key,
            "custodial": False,
            "possession": person.sign(message),
            "name": Hidden(value=person.name),
            **changed,
        }

    def opens(self, name: str, *, role: str = "", **changed: Any) -> Person:
        person = Person(name)
        over = [
            other for other in self.people.values() if other.account == changed.get("controller")
        ]
        # Nobody signs twice: an account that an officer controls is opened by the other.
        officer = self["two" if over and over[-1] is self["one"] else "one"]
        setting = self.setting(officer, *over[-1:])
        person.account = setting.new("account", 0)
        body = self.opening(person, person.account, **changed)
        self.submit(setting, [(person.account, [("account.opened.v1", body)])])
        self.people[name] = person
        if role:
            body = {"account": person.account, "role": role}
            self.do("one", "two", parts=[("registry", [("registry.role_granted.v1", body)])])
        return person

    def staffed(self) -> "World":
        """Bodies with roles, holders, and two standards: SCFG born here, VCU elsewhere."""
        self.begun()
        for name, role in (
            ("authority", "authority"),
            ("validator", "validator"),
            ("verifier", "verifier"),
            ("exchange", "exchange"),
        ):
            self.opens(name, role=role)
        for name in ("owner", "alice", "bob"):
            self.opens(name)
        self.recognises("SCFG", home=None, serial_format=None)
        self.recognises("VCU", home="VCS", serial_format=(3, (0,), 1, 2))
        return self

    def recognises(self, code: str, **changed: Any) -> Addition:
        body = {
            "credit_class": "reduction",
            "home": None,
            "unit_g": GRAMS,
            "claims": tuple(sorted(PURPOSES - {"restoration"})),
            "serial_format": None,
            **changed,
        }
        parts = [(f"standard/{code}", [("standard.recognised.v1", body)])]
        return self.do("authority", "one", parts=parts)

    def lists(self, **changed: Any) -> str:
        setting = self.setting(self["owner"])
        project = setting.new("project", 0)
        body = {
            "owner": self["owner"].account,
            "standard": "SCFG",
            "method": "SCFG-001",
            "place": "510100",
            "crediting": CREDITING,
            "boundary": digest(f"boundary {project}"),
            "excluded": EXCLUDED,
            "name": Hidden(value="a forest"),
            **changed,
        }
        self.submit(setting, [(project, [("project.listed.v1", body)])])
        return project

    def registers(self) -> str:
        """A project as far as registered."""
        project = self.lists()
        papers = {"document": digest("papers")}
        self.do("validator", parts=[(project, [("project.validated.v1", papers)])])
        self.registers_project(project)
        return project

    def registers_project(self, project: str, boundary: bytes | None = None) -> Addition:
        entered = self.entered(project, boundary or digest(f"boundary {project}"))
        papers = {"document": digest("papers")}
        return self.do("one", parts=[(project, [("project.registered.v1", papers)]), entered])

    def entered(self, project: str, document: bytes, standard: str = "") -> Any:
        """The part that enters a document in the project's standard, where it serves once."""
        body = {"document": document, "project": project}
        code = standard or self.state(project).standard or "SCFG"
        return (f"standard/{code}", [("standard.document_entered.v1", body)])

    def verifies(self, project: str, amount_g: int, **changed: Any) -> Addition:
        body = {
            "period": PERIOD,
            "amount_g": amount_g,
            "report": digest(f"report {project} {changed}"),
            **changed,
        }
        return self.verified_by("verifier", project, body)

    def verified_by(self, name: str, project: str, body: dict[str, Any]) -> Addition:
        entered = self.entered(project, body["report"])
        return self.do(name, parts=[(project, [("project.verified.v1", body)]), entered])

    def issues(self, amount_g: int = 1_000, *, project: str = "", **changed: Any) -> str:
        """A batch of `amount_g`, held by the owner."""
        if not project:
            project = self.registers()
            self.verifies(project, amount_g)
        setting = self.setting(self["verifier"], self["authority"])
        batch = setting.new("batch", 1)
        body = {
            "project": project,
            "standard": "SCFG",
            "period": PERIOD,
            "amount_g": amount_g,
            "holder": self["owner"].account,
            **changed,
        }
        against = {"batch": batch, "period": body["period"], "amount_g": body["amount_g"]}
        self.submit(
            setting,
            [
                (project, [("project.issued.v1", against)]),
                (batch, [("batch.issued.v1", body)]),
            ],
        )
        return batch

    def deposits(self, home_serials: str, amount_g: int, **changed: Any) -> str:
        setting = self.setting(self["exchange"], self["one"])
        batch = setting.new("batch", 1)
        body = {
            "standard": "VCU",
            "period": PERIOD,
            "amount_g": amount_g,
            "holder": self["owner"].account,
            "custodian": self["exchange"].account,
            "document": digest(home_serials),
            "retired_at_home": False,
            **changed,
        }
        units = {"batch": batch, "home_serials": home_serials}
        self.submit(
            setting,
            [
                (f"standard/{body['standard']}", [("standard.deposited.v1", units)]),
                (batch, [("batch.deposited.v1", body)]),
            ],
        )
        return batch

    def transferred(self, giver: str, taker: str, amount_g: int, **changed: Any) -> Any:
        body = {
            "giver": self[giver].account,
            "taker": self[taker].account,
            "amount_g": amount_g,
            "standard": "SCFG",
            "range": None,
            "venue": None,
            "trade": None,
            **changed,
        }
        return ("batch.transferred.v1", body)

    def transfers(
        self, batch: str, giver: str, taker: str, amount_g: int, **changed: Any
    ) -> Addition:
        made = self.transferred(giver, taker, amount_g, **changed)
        return self.do(giver, parts=[(batch, [made])])

    def retired(self, holder: str, amount_g: int, **changed: Any) -> Any:
        body = {
            "holder": self[holder].account,
            "amount_g": amount_g,
            "standard": "SCFG",
            "range": None,
            **changed,
        }
        return ("batch.retired.v1", body)

    def certificate(self, **changed: Any) -> Any:
        body = {
            "purpose": "enterprise",
            "period": ("2025-01-01", "2025-12-31"),
            "place": "510100",
            "ground": "voluntary",
            "public": True,
            "activity": Hidden(value="an activity"),
            "organisers": Hidden(value=["an organiser"]),
            "beneficiary": None,
            "purchaser": None,
            "agent": None,
            **changed,
        }
        return ("certificate.issued.v1", body)

    def retires(
        self,
        batch: str,
        holder: str,
        amount_g: int,
        *,
        statement: dict[str, Any] | None = None,
        **changed: Any,
    ) -> str:
        setting = self.setting(self[holder])
        number = setting.new("certificate", 1)
        self.submit(
            setting,
            [
                (batch, [self.retired(holder, amount_g, **changed)]),
                (number, [self.certificate(**(statement or {}))]),
            ],
        )
        return number

    def imports(
        self,
        batch: str,
        holder: str,
        amount_g: int,
        *,
        row: int = 1,
        month: str = "2026-01",
        statement: dict[str, Any] | None = None,
        **changed: Any,
    ) -> str:
        nonce = changed.pop("nonce", import_nonce(digest("list"), row))
        setting = self.setting(self["one"], self[holder], nonce=nonce)
        number = f"certificate/{ids.derived_id(self.log, 'registry', nonce, 0)}"
        _, body = self.retired(holder, amount_g)
        body |= {"source": digest("list"), "row": row, "month": month, **changed}
        self.submit(
            setting,
            [
                (batch, [("batch.retirement_imported.v1", body)]),
                (number, [self.certificate(**(statement or {}))]),
            ],
        )
        return number

    def grants(self, account: str, role: str, *officers: str) -> Addition:
        body = {"account": account, "role": role}
        parts = [("registry", [("registry.role_granted.v1", body)])]
        return self.do(*(officers or ("one", "two")), parts=parts)

    def withdraws(self, account: str, role: str, means: tuple[int, bytes]) -> Addition:
        body = {"account": account, "role": role, "means": means}
        return self.do("one", "two", parts=[("registry", [("registry.role_withdrawn.v1", body)])])

    def adds_key(self, name: str, by: str, **changed: Any) -> Person:
        """A further key for the account of `by`; from then on, `name` signs for it, too."""
        person = Person(name, self[by].account)
        message = keys.possession_message(self.log, person.account, person.key, "act")
        body = {
            "key": person.key,
            "custodial": False,
            "possession": person.sign(message),
            **changed,
        }
        self.do(by, parts=[(person.account, [("account.key_added.v1", body)])])
        self.people[name] = person
        return person

    def ends_key(self, name: str, by: str) -> Addition:
        body = {"key": self[name].key}
        return self.do(by, parts=[(self[by].account, [("account.key_ended.v1", body)])])

    def replaces_log_key(self, name: str, *officers: str, **changed: Any) -> Addition:
        """The key of `name` signs for the log from then on."""
        person = Person(name, "registry")
        message = keys.possession_message(self.log, "registry", person.key, "act")
        body = {"key": person.key, "possession": person.sign(message), **changed}
        replaced = ("registry.log_key_replaced.v1", body)
        by = officers or ("one", "two")
        made = self.do("log", *by, parts=[("registry", [replaced])])
        self.people["log"] = person
        return made

    def announces(self, name: str, of: str, *officers: str, **changed: Any) -> tuple[int, bytes]:
        """The recovery of the account of `of` is announced, with the key of `name`; returns the announcement meant."""
        person = Person(name, self[of].account)
        message = keys.possession_message(self.log, person.account, person.key, "act")
        body = {
            "key": person.key,
            "custodial": False,
            "possession": person.sign(message),
            "identity": digest(f"identity of {of}"),
            "notice": digest(f"notice to {of}"),
            **changed,
        }
        announced = ("account.recovery_announced.v1", body)
        made = self.do(*(officers or ("one", "two")), parts=[(person.account, [announced])])
        self.people[name] = person
        return made.index, made.leaf

    def ends_recovery(self, how: str, of: str, means: tuple[int, bytes], *signers: str) -> Addition:
        """A recovery of the account of `of` is "recovery_stopped", "recovery_withdrawn" or "recovered"."""
        ended = (f"account.{how}.v1", {"means": means})
        return self.do(*(signers or ("one", "two")), parts=[(self[of].account, [ended])])

    def recovers(self, name: str, of: str, **changed: Any) -> Addition:
        """The account of `of` is recovered, with the key of `name`, after a week."""
        means = self.announces(name, of, **changed)
        self.now_us += 7 * 24 * HOUR_US
        return self.ends_recovery("recovered", of, means)

    def issuing(self, number: str) -> tuple[int, bytes]:
        """The index and leaf hash of the entry that issued a certificate."""
        (made,) = [
            added
            for added in self.additions
            if number in added.streams and added.streams[number].length == 1
        ]
        return made.index, made.leaf

    def cancels_at_home(self, number: str, **changed: Any) -> Addition:
        body = {
            "standard": "VCU",
            "reference": "VCS-2026-1",
            "day": "2026-09-01",
            "document": digest("cancelled"),
            "means": changed["means"] if "means" in changed else self.issuing(number),
            **changed,
        }
        return self.do("one", parts=[(number, [("certificate.home_cancelled.v1", body)])])

    def snapshot(self) -> tuple[Any, ...]:
        """All that the log is, to be compared."""
        replay = self.replay
        streams = dict(replay.streams)
        return replay.size, replay.at_us, replay.root_at(replay.size), streams, replay.unexpired()

    def note(self, *signers: Person) -> bytes:
        """The log's checkpoint as a note, signed by the key that signs for it now, or by `signers`."""
        checkpoint = note.Checkpoint(
            origin=ORIGIN, size=self.replay.size, root=self.replay.root_at(self.replay.size)
        )
        return signed_note(checkpoint, *(signers or (self.people["log"],)))

    def leaf(self, index: int) -> proof.Leaf:
        """An entry with its inclusion path."""
        path = tree.inclusion_path(index, len(self.entries), subtrees(self.entries))
        return proof.Leaf(index=index, entry=self.entries[index], path=tuple(path))

    def openings(self, index: int) -> tuple[tuple[int, Any], ...]:
        """The openings of an entry, as a proof whose first leaf it is shows them."""
        (made,) = [
            proposal
            for proposal in self.proposals
            if proposal.data == self.additions[index].intent_bytes
        ]
        return tuple((0, opening) for opening in made.openings)

    def rotations(self) -> tuple[proof.Leaf, ...]:
        """The entries that replaced the log's key."""
        _, *since = [index for index, _ in self.state("registry").log_keys]
        return tuple(self.leaf(index) for index in since)

    def proof(self, number: str, **changed: Any) -> proof.Proof:
        """The compact proof of a certificate: its entries, their paths, the signed checkpoint, all openings."""
        first, *later = [made.index for made in self.additions if number in made.streams]
        shown = {
            "random": digest("random"),
            "note": self.note(),
            "leaf": self.leaf(first),
            "later": tuple(self.leaf(index) for index in later),
            "rotations": self.rotations(),
            "openings": self.openings(first),
            **changed,
        }
        return proof.Proof(**shown)


def log_key(signer: Person | None = None) -> note.VerifierKey:
    """What a stranger pins: the key with which the log began, or that of `signer`."""
    return note.VerifierKey(name=ORIGIN, public=(signer or Person("log")).key[1])


def signed_note(checkpoint: note.Checkpoint, *signers: Person) -> bytes:
    """A checkpoint as a note with one line by each of `signers`, under the log's name."""
    text = checkpoint.text()
    lines = [
        note.signature_line(
            note.VerifierKey(name=checkpoint.origin, public=signer.key[1]),
            signer.sign(text.encode()),
        )
        for signer in signers
    ]
    return f"{text}\n{''.join(lines)}".encode()


def subtrees(data: list[bytes]) -> tree.Node:
    """The complete subtrees over entries, from a dict of nodes."""
    frontier = tree.Frontier()
    nodes = {
        (level, number): made
        for entry in data
        for level, number, made in frontier.append(tree.leaf_hash(entry))
    }
    return lambda level, number: nodes[level, number]


def table(names: str, *rows: tuple[Any, ...]) -> pytest.MarkDecorator:
    """A test for every row; what a row expects stands last, and names it, with its number.

    Every worker has to find the same names; bytes may hold the second in which they were made.
    """
    assert not any(isinstance(row[-1], bytes) for row in rows), f"a row of {names} ends in bytes"
    ids = [f"{number}-{row[-1]}" for number, row in enumerate(rows)]
    return pytest.mark.parametrize(names, rows, ids=ids)


def refused(world: World, act: Callable[[], object]) -> RefusedError:
    """Why `act` is refused: the log is as it was, and who reads it in an entry stops for the same reason."""
    before, world.asked = world.snapshot(), None

    with pytest.raises(RefusedError) as caught:
        act()

    assert world.snapshot() == before
    if world.asked is not None:
        made = check_entry(forged(world.asked, world.now_us))
        with pytest.raises((BrokenHistoryError, IncompleteError)) as broken:
            history.follow(world.replay, made, world.asked.rows)
        assert broken.value.code == caught.value.code
        assert world.snapshot() == before
    return caught.value


def forged(asked: history.SignedIntent, at_us: int) -> bytes:
    """The entry of an operator who asks no rules."""
    places = [
        Place(position=1, previous=NO_PREVIOUS, outcomes=(None,) * len(part.events))
        for part in asked.intent.parts
    ]
    return entries.encode(
        at_us=at_us,
        intent_bytes=asked.data,
        signatures=asked.signatures,
        consulted=(),
        places=places,
    )


__all__ = ["GRAMS", "HOUR_US", "PERIOD", "START_US", "Person", "World", "digest"]
