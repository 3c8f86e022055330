"""Lists that follow from several tables: what is open, overdue, in force, or earned, on the day that is asked for.

balances    what everybody holds and has retired, by kind of credit and monitoring period
offers      what waits for its taker
overdue     restoration orders of which more should have been performed
breaches, blacklist   who is on the platform's own record, or on a list of an authority, and by which entries
green       who retired enough in twelve months, with nothing upheld against them and no order overdue
board       who gave how much to an event (特别贡献榜)
untold      who is affected by an entry, did not sign it, and was not told of it yet
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from registry.desk.asking import Question
from registry.domain.conduct import BLACKLIST, BREACH
from registry.names import ACCOUNT
from registry.projections.conduct import in_force, upheld
from registry.projections.orders import overdue, performed
from registry.store.views_tables import Condition

Row = dict[str, Any]
_TWELVE_MONTHS_DAYS = 365
_NOTHING = {"held_g": 0, "locked_g": 0, "retired_g": 0}
_OF_BATCH = ("standard", "period_from", "period_to")
_BALANCES = ("account", *_OF_BATCH, *_NOTHING)
_CASES = ("account", "rule", "legal_basis", "first_day", "expires", "found", "published")
_OFFERS = ("account", "entry", "other", "ground", "batch", "standard", "amount_g", "expires")
_OVERDUE = (
    *("order_stream", "court", "account", "deadline", "unit", "performed", "overdue"),
    "defaulted",
)


def _grouped(rows: list[Row], column: str) -> dict[Any, list[Row]]:
    found: dict[Any, list[Row]] = {}
    for row in rows:
        found.setdefault(row[column], []).append(row)
    return found


def offers(question: Question) -> list[Row]:
    """The offers and donations that are open, by giver."""
    rows = question.rows("ties", ("ground", "<>", "pledge"), state="open")
    return [
        {name: row[name] for name in _OFFERS}
        for row in rows
        if row["ground"] in {"donation", "offer"}
    ]


def late_orders(question: Question) -> list[Row]:
    """The orders that are overdue, and by how much, in the unit of their terms."""
    instalments = _grouped(question.rows("instalments"), "order_stream")
    lots = _grouped(question.rows("lots"), "order_stream")
    found = []
    for own in question.rows("orders", state="registered"):
        name = own["order_stream"]
        bought = lots.get(name, [])
        missing = overdue(own, instalments.get(name, []), bought, question.day)
        if missing:
            found.append(
                {
                    "order_stream": name,
                    "court": own["court"],
                    "account": own["account"],
                    "deadline": own["deadline"],
                    "unit": "g" if own["amount_fen"] is None else "fen",
                    "performed": performed(own, bought),
                    "overdue": missing,
                    "defaulted": own["defaulted"],
                }
            )
    return found


def _listed(level: str) -> Callable[[Question], list[Row]]:
    def found(question: Question) -> list[Row]:
        cases = in_force(question.rows("cases", level=level), level, question.day)
        return [{name: case[name] for name in _CASES} for case in cases]

    return found


def green(question: Question) -> list[Row]:
    """Who retired at least what policy asks for, of their own will, in the twelve months before the day."""
    (least_g,) = [row["number"] for row in question.rows("policies", policy="green_least")] or [1]
    since = date.fromordinal(date.fromisoformat(question.day).toordinal() - _TWELVE_MONTHS_DAYS)
    totals = question.totals(
        "retirements",
        ("holder",),
        ("day", ">", since.isoformat()),
        ("purpose", "<>", "restoration"),
        counted=1,
    )
    against = {case["account"] for case in upheld(question.rows("cases"))}
    late = {row["account"] for row in late_orders(question)}
    annulled = _annulled_g(question, since.isoformat())
    found = []
    for (holder,), (count, amount_g) in totals.items():
        retired_g = amount_g - annulled.get(holder, 0)
        if retired_g >= least_g and holder not in against | late and holder.startswith(ACCOUNT):
            found.append({"account": holder, "retirements": count, "retired_g": retired_g})
    return sorted(found, key=lambda row: (-row["retired_g"], row["account"]))


def _annulled_g(question: Question, since: str) -> Mapping[str, int]:
    """What was retired since then under certificates that were annulled: it earns nobody anything."""
    numbers = {row["number"] for row in question.rows("certificates", state="annulled")}
    found: dict[str, int] = {}
    for row in question.rows("retirements", ("day", ">", since), counted=1) if numbers else []:
        if row["number"] in numbers:
            found[row["holder"]] = found.get(row["holder"], 0) + row["amount_g"]
    return found


def board(question: Question) -> list[Row]:
    """Who gave to each event, the largest first."""
    annulled = {row["number"] for row in question.rows("certificates", state="annulled")}
    totals: dict[tuple[str, str], list[int]] = {}
    for row in question.rows("honours"):
        if row["number"] not in annulled:
            totals.setdefault((row["event_account"], row["donor"]), []).append(row["amount_g"])
    rows = [
        {"event_account": event, "donor": donor, "gifts": len(given), "amount_g": sum(given)}
        for (event, donor), given in totals.items()
    ]
    return sorted(rows, key=lambda row: (row["event_account"], -row["amount_g"], row["donor"]))


def untold(question: Question) -> list[Row]:
    """Whom entries affect who neither signed them nor were told since, oldest first."""
    told = {(row["account"], row["told"]) for row in question.rows("notified")}
    owners = _Owners(question)
    found: dict[tuple[int, str], Row] = {}
    for row in question.rows("notices"):
        entry, signers = row["entry"], row["signers"].split(" ")
        for account in owners.of(row["party"], entry):
            if account not in signers and (account, entry) not in told:
                named = {"entry": entry, "at_us": row["at_us"], "kind": row["kind"]}
                found.setdefault((entry, account), {**named, "account": account})
    return [found[key] for key in sorted(found)]


class _Owners:
    """Who stands behind the parties of notices."""

    def __init__(self, question: Question) -> None:
        self._question = question
        self._holders = {row["number"]: row["holder"] for row in question.rows("certificates")}
        self._owners = {row["project"]: row["owner"] for row in question.rows("projects")}

    def of(self, party: str, entry: int) -> list[str]:
        """The accounts: itself; a certificate's holder; a project's owner; who had grams of a batch at that entry."""
        kind, _, name = party.partition("/")
        if kind == "batch":
            held = self._question.views.rows("holdings", as_of=entry, batch=party)
            having = [row["account"] for row in held if row["held_g"] or row["locked_g"]]
        elif kind == "certificate":
            having = [self._holders[name]]
        elif kind == "project":
            having = [self._owners[party]]
        else:
            having = [party]
        return [account for account in having if account.startswith(ACCOUNT)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A list: its columns, and who finds its rows."""

    columns: tuple[str, ...]
    rows: Callable[[Question], list[Row]]


def balances(question: Question, account: str | None = None) -> list[Row]:
    """What every account has, and had used up, of each kind and monitoring period; or one account."""
    batches = {row["batch"]: row for row in question.rows("batches")}
    meant: list[Condition] = [] if account is None else [("account", "=", account)]
    found: dict[tuple[str, ...], Row] = {}
    for own in question.rows("holdings", *meant):
        batch = batches[own["batch"]]
        key = (own["account"], *(batch[name] for name in _OF_BATCH))
        row = found.setdefault(key, {**dict(zip(_BALANCES, key, strict=False)), **_NOTHING})
        for name in _NOTHING:
            row[name] += own[name]
    return [found[key] for key in sorted(found)]


LISTS: Mapping[str, Answer] = {
    "balances": Answer(columns=_BALANCES, rows=balances),
    "blacklist": Answer(columns=_CASES, rows=_listed(BLACKLIST)),
    "board": Answer(columns=("event_account", "donor", "gifts", "amount_g"), rows=board),
    "breaches": Answer(columns=_CASES, rows=_listed(BREACH)),
    "green": Answer(columns=("account", "retirements", "retired_g"), rows=green),
    "offers": Answer(columns=_OFFERS, rows=offers),
    "overdue": Answer(columns=_OVERDUE, rows=late_orders),
    "untold": Answer(columns=("entry", "at_us", "account", "kind"), rows=untold),
}
