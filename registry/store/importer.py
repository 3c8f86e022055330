"""Importing a published list: all of it in one commit, or nothing; a second time without a second effect."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from registry.acts import importing
from registry.acts.importing import KINDS, Kind, kind_of, monitoring_period, units_for
from registry.acts.propose import Happening, Hidden
from registry.acts.published_list import PublishedList, Row
from registry.domain import account, batch, certificate
from registry.domain.batch import Batch, import_nonce
from registry.domain.roles import Registry
from registry.domain.standard import Standard
from registry.domain.timing import Verdict, days_of_month, verdicts
from registry.errors import RefusedError
from registry.ledger import ids
from registry.names import ACCOUNT, BATCH, CERTIFICATE, STANDARD
from registry.store.committer import Request
from registry.store.log import Log, Moment, Placed
from registry.store.openings import Openings
from registry.store.operator import Operator

Parts = Sequence[tuple[str, Sequence[Happening]]]

STOCK = "演示库存（虚构）/ demonstration stock (invented)"
BODIES = {
    "authority": "签发主管部门（虚构）/ issuing authority (invented)",
    "validator": "审定机构（虚构）/ validation body (invented)",
    "verifier": "核查机构（虚构）/ verification body (invented)",
    "exchange": "交易机构（虚构）/ exchange (invented)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedRow:
    """A row as it stands in the log now."""

    row: Row
    number: str
    standard: str
    index: int
    verdicts: tuple[Verdict, ...]
    is_new: bool
    """Whether this import entered it; false if it was there before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What importing a list would do: rows to enter, rows that are there, accounts to open, batches to invent."""

    to_enter: tuple[Row, ...]
    entered: tuple[Row, ...]
    to_open: tuple[str, ...]
    to_invent: tuple[tuple[str, int], ...]
    """Standard and grams of each batch."""
    foreseen: tuple[tuple[Row, tuple[Verdict, ...]], ...]


@dataclass(slots=True, kw_only=True)
class _Known:
    """What the log holds already that an import needs."""

    accounts: dict[str, str] = field(default_factory=dict)
    """Accounts by their name, as far as it is kept."""
    bodies: dict[str, str] = field(default_factory=dict)
    """One account for each role."""
    standards: dict[str, Standard] = field(default_factory=dict)
    stock: dict[str, tuple[str, int]] = field(default_factory=dict)
    """The batch of each kind of which the stock holds most, and how much."""
    periods: dict[str, tuple[str, str]] = field(default_factory=dict)
    """The monitoring periods of those batches."""


class Importer:
    """Enters the rows of one list into one log."""

    def __init__(self, operator: Operator, published: PublishedList) -> None:
        self._operator = operator
        self._list = published
        self._officers = operator.officers()
        self._known = _read_known(operator)
        entered = _certificates_there(operator.log, [self._number(row) for row in published.rows])
        self._missing = [row for row in published.rows if self._number(row) not in entered]
        self._check_other_lists()

    def plan(self) -> Plan:
        """What `run` would do now."""
        missing = self._missing
        numbers = {row.number for row in missing}
        hosts = dict.fromkeys(row.organiser for row in missing)
        periods = self._periods()
        return Plan(
            to_enter=tuple(missing),
            entered=tuple(row for row in self._list.rows if row.number not in numbers),
            to_open=tuple(name for name in hosts if name not in self._known.accounts),
            to_invent=tuple(
                (kind.code, units_for(rows) * importing.UNIT_G) for kind, rows in self._short()
            ),
            foreseen=tuple(
                (row, verdicts(row.purpose, row.period, periods[kind_of(row).code], window))
                for row in missing
                for window in [days_of_month(row.month)]
            ),
        )

    def run(self) -> list[ImportedRow]:
        """Enter the rows that are not there yet; returns all rows of the list as they stand.

        Raises:
            RefusedError: the rules say no to one of the acts; nothing was recorded.
        """
        if self._missing:
            self._operator.record(self._requests())
        return self._rows()

    def _rows(self) -> list[ImportedRow]:
        """The rows of the list as they stand in the log, in the list's order."""
        new = {row.number for row in self._missing}
        found = []
        with self._operator.log.recorder.reading() as cursor:
            moment = Moment(cursor)
            for row in self._list.rows:
                (index, *_) = moment.indexes(f"{CERTIFICATE}{self._number(row)}")
                placed = moment.placed(index)
                found.append(_imported(row, self._number(row), placed, is_new=row.number in new))
        return found

    def _check_other_lists(self) -> None:
        """No row to be entered stands in the log already, from another list, such as an earlier edition.

        Raises:
            RefusedError: `seems_imported`, naming the rows.
        """
        wanted = {(row.number, row.month, row.amount_g): row for row in self._missing}
        seeming = []
        for placed in self._operator.log.entries() if wanted else ():
            made = {type(happened.event): happened.event for happened in placed.happened()}
            known = made.get(batch.RetirementImported)
            row = known and wanted.get((known.row, known.month, known.amount_g))
            if row is not None and self._may_be(row, made[certificate.Issued]):
                seeming.append(row.number)
        if seeming:
            raise RefusedError("seems_imported", rows=sorted(seeming))

    def _may_be(self, row: Row, statement: certificate.Issued) -> bool:
        """Whether a certificate may be that of `row`, as far as its activity is kept."""
        if statement.activity is None:
            return False
        opened = self._operator.log.openings.find([statement.activity])
        return all(opening.value == row.activity for opening in opened.values())

    def _requests(self) -> list[Request]:
        """Every act of the import, in order: each builds on those before it."""
        writer = _Writer(self._operator, self._officers)
        roles = [role for role in BODIES if role not in self._known.bodies]
        hosts = [STOCK, *dict.fromkeys(row.organiser for row in self._missing)]
        names = [name for name in hosts if name not in self._known.accounts]
        opened = writer.opens([*(BODIES[role] for role in roles), *names])
        for role, name in zip(roles, opened, strict=False):
            self._known.bodies[role] = name
            writer.grants(name, role)
        self._known.accounts |= dict(zip(names, opened[len(roles) :], strict=True))
        stock = self._known.accounts[STOCK]
        supply = _Supply(writer, self._known.bodies, stock)
        for kind, rows in self._short():
            if not self._known.standards[kind.code].is_recognised:
                supply.recognises(kind)
            made = supply.invents(kind, monitoring_period(rows), units_for(rows), self._next(kind))
            self._known.stock[kind.code] = (made, units_for(rows) * importing.UNIT_G)
        for row in self._missing:
            batch_name, _ = self._known.stock[kind_of(row).code]
            writer.imports(
                row, batch_name, self._list.source, self._known.accounts[row.organiser], stock
            )
        return writer.requests

    def _short(self) -> list[tuple[Kind, list[Row]]]:
        """The kinds of which the stock does not hold enough for the missing rows, with those rows."""
        found = []
        for kind in KINDS:
            rows = [row for row in self._missing if kind_of(row) == kind]
            _, held_g = self._known.stock.get(kind.code, ("", 0))
            if sum(row.amount_g for row in rows) > held_g:
                found.append((kind, rows))
        return found

    def _periods(self) -> dict[str, tuple[str, str]]:
        """The monitoring period of the credits of each kind that the missing rows would use."""
        invented = {kind.code: monitoring_period(rows) for kind, rows in self._short()}
        return {**self._known.periods, **invented}

    def _next(self, kind: Kind) -> int:
        """The first unit of a kind's home registry that was never deposited."""
        deposited = self._known.standards[kind.code].deposited
        return max((end for units in deposited.values() for _, end in units), default=1)

    def _number(self, row: Row) -> str:
        return certificate_number(self._operator.id, self._list.source, row)


class _Writer:
    """Collects signed acts by the officers and by accounts whose keys are kept here."""

    def __init__(self, operator: Operator, officers: Sequence[str]) -> None:
        self._operator = operator
        self.officer, self._second = officers[:2]
        self.requests: list[Request] = []

    def does(self, *accounts: str, parts: Parts) -> None:
        setting = self._operator.setting(*accounts)
        self.requests.append(self._operator.request(setting, parts))

    def begins(self, *accounts: str, stream: tuple[str, int], parts: Callable[[str], Parts]) -> str:
        """An act that begins a stream: its prefix, the part that it is in, and the parts once it has its name."""
        setting = self._operator.setting(*accounts)
        name = setting.new(*stream)
        self.requests.append(self._operator.request(setting, parts(name)))
        return name

    def opens(self, names: Sequence[str]) -> list[str]:
        """Accounts of these names, whose keys are kept here."""
        operator = self._operator
        keys = operator.keyring.generate(len(names))
        settings = [operator.setting(self.officer) for _ in names]
        accounts = [setting.new("account", 0) for setting in settings]
        operator.keyring.assign(dict(zip(keys, accounts, strict=True)))
        for name, key, setting, opened in zip(names, keys, settings, accounts, strict=True):
            body = {
                "legal_form": "unstated",
                "controller": opened,
                "key": key,
                "custodial": True,
                "possession": operator.possession(opened, key),
                "name": Hidden(value=name),
            }
            parts = [(opened, [("account.opened.v1", body)])]
            self.requests.append(operator.request(setting, parts))
        return accounts

    def grants(self, to: str, role: str) -> None:
        body = {"account": to, "role": role}
        parts = [("registry", [("registry.role_granted.v1", body)])]
        self.does(self.officer, self._second, parts=parts)

    def imports(self, row: Row, batch_name: str, source: bytes, holder: str, giver: str) -> None:
        """A row bought, and retired with its certificate."""
        purchase = importing.bought(row, holder=holder, giver=giver)
        self.does(giver, parts=[(batch_name, [purchase])])
        nonce = import_nonce(source, row.number)
        setting = self._operator.setting(self.officer, holder, nonce=nonce)
        number = certificate_number(self._operator.id, source, row)
        parts = [
            (batch_name, [importing.retired(row, holder=holder, source=source)]),
            (f"{CERTIFICATE}{number}", [importing.certified(row)]),
        ]
        self.requests.append(self._operator.request(setting, parts))


class _Supply:
    """Makes the invented inventory, through every step that a real one takes."""

    def __init__(self, writer: _Writer, bodies: dict[str, str], stock: str) -> None:
        self._writer = writer
        self._bodies = bodies
        self._stock = stock

    def recognises(self, kind: Kind) -> None:
        parts = [(f"{STANDARD}{kind.code}", [importing.recognised(kind)])]
        self._writer.does(self._bodies["authority"], self._writer.officer, parts=parts)

    def invents(self, kind: Kind, period: tuple[str, str], units: int, first: int) -> str:
        """A batch of `units`; of a foreign kind they begin at unit `first` of its home registry."""
        if kind.home is None:
            return self._issues(kind, period, units * importing.UNIT_G)
        return self._deposits(kind, period, units, first)

    def _issues(self, kind: Kind, period: tuple[str, str], amount_g: int) -> str:
        writer, bodies = self._writer, self._bodies
        project = writer.begins(
            self._stock,
            stream=("project", 0),
            parts=lambda name: [(name, [importing.listed(name, self._stock, kind, period)])],
        )
        document = importing.invented_document(f"papers of {project}")
        seen = {"document": document}
        writer.does(bodies["validator"], parts=[(project, [("project.validated.v1", seen)])])
        boundary = {"document": importing.boundary_of(project), "project": project}
        report = {"document": document, "project": project}
        verified = {"period": period, "amount_g": amount_g, "report": document}
        standard = f"{STANDARD}{kind.code}"
        writer.does(
            writer.officer,
            parts=[
                (project, [("project.registered.v1", seen)]),
                (standard, [("standard.document_entered.v1", boundary)]),
            ],
        )
        writer.does(
            bodies["verifier"],
            parts=[
                (project, [("project.verified.v1", verified)]),
                (standard, [("standard.document_entered.v1", report)]),
            ],
        )
        issued = {
            "project": project,
            "standard": kind.code,
            "period": period,
            "amount_g": amount_g,
            "holder": self._stock,
        }
        against = {"period": period, "amount_g": amount_g}
        return writer.begins(
            bodies["verifier"],
            bodies["authority"],
            stream=("batch", 1),
            parts=lambda name: [
                (project, [("project.issued.v1", {**against, "batch": name})]),
                (name, [("batch.issued.v1", issued)]),
            ],
        )

    def _deposits(self, kind: Kind, period: tuple[str, str], units: int, first: int) -> str:
        last = first + units - 1
        spelled = kind.spelled.format(first=first, last=last, year=period[0][:4])
        deposited = {
            "standard": kind.code,
            "period": period,
            "amount_g": units * importing.UNIT_G,
            "holder": self._stock,
            "custodian": self._bodies["exchange"],
            "document": importing.invented_document(spelled),
            "retired_at_home": False,
        }
        return self._writer.begins(
            self._bodies["exchange"],
            self._writer.officer,
            stream=("batch", 1),
            parts=lambda name: [
                (
                    f"{STANDARD}{kind.code}",
                    [("standard.deposited.v1", {"batch": name, "home_serials": spelled})],
                ),
                (name, [("batch.deposited.v1", deposited)]),
            ],
        )


def import_list(operator: Operator, published: PublishedList) -> list[ImportedRow]:
    """Enter the rows of a list that are not in the log yet; returns all its rows as they stand.

    Raises:
        RefusedError: as `Importer` and `Importer.run`; nothing was recorded.
    """
    importer = Importer(operator, published)
    before = importer.plan().to_enter
    try:
        return importer.run()
    except RefusedError:
        # Another process may have imported meanwhile: what it entered is no reason to refuse what is left.
        again = Importer(operator, published)
        if again.plan().to_enter == before:
            raise
        return again.run()


def certificate_number(log: bytes, source: bytes, row: Row) -> str:
    """The number that the certificate of a row has, whoever imports it."""
    return ids.once_id(log, import_nonce(source, row.number))


def _imported(row: Row, number: str, placed: Placed, *, is_new: bool) -> ImportedRow:
    made = {type(happened.event): happened for happened in placed.happened()}
    outcome = made[certificate.Issued].outcome
    assert outcome is not None
    return ImportedRow(
        row=row,
        number=number,
        standard=made[batch.RetirementImported].event.standard,
        index=placed.index,
        verdicts=tuple(tuple(verdict) for verdict in outcome["verdicts"]),
        is_new=is_new,
    )


def _certificates_there(log: Log, numbers: Sequence[str]) -> set[str]:
    with log.recorder.reading() as cursor:
        moment = Moment(cursor)
        return {number for number in numbers if moment.indexes(f"{CERTIFICATE}{number}")}


def _read_known(operator: Operator) -> _Known:
    """What an import can build on."""
    known = _Known()
    with operator.log.recorder.reading() as cursor:
        moment = Moment(cursor)
        known.accounts = account_names(moment, operator.log.openings)
        registry: Registry = moment.stream("registry").state
        for (name, role), _ in sorted(registry.roles.items(), key=lambda held: held[1]):
            if role in BODIES and operator.kept(name):
                known.bodies.setdefault(role, name)
        for kind in KINDS:
            known.standards[kind.code] = moment.stream(f"{STANDARD}{kind.code}").state
        stock = known.accounts.get(STOCK, "")
        for name in moment.streams(BATCH):
            state: Batch = moment.stream(name).state
            held_g = state.holding(stock).total_g
            if held_g > known.stock.get(state.standard, ("", 0))[1]:
                known.stock[state.standard] = (name, held_g)
                known.periods[state.standard] = state.period
    return known


def account_names(moment: Moment, openings: Openings) -> dict[str, str]:
    """Accounts by name, as far as their names are kept; of two of one name the first."""
    committed = {}
    for name in moment.streams(ACCOUNT):
        for happened in moment.placed(moment.indexes(name)[0]).happened():
            if happened.stream == name and isinstance(happened.event, account.Opened):
                committed[happened.event.name] = name
    found: dict[str, str] = {}
    opened = openings.find(list(committed))
    for commitment, name in committed.items():
        if commitment in opened:
            found.setdefault(opened[commitment].value, name)
    return found
