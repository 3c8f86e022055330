"""What was retired, for which purpose, and when: one record per certificate, and totals that follow from them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from registry.domain import certificate
from registry.domain.batch import Retired, RetirementImported
from registry.domain.timing import Verdict, day_of
from registry.history import Happened


@dataclass(frozen=True, slots=True, kw_only=True)
class Retirement:
    """One certificate: its number, what for, in which month, how much, and what is said of it."""

    number: str
    index: int
    holder: str
    purpose: str
    month: str
    amount_g: int
    standards: tuple[str, ...]
    public: bool
    verdicts: tuple[Verdict, ...]
    awaiting: frozenset[str]


class Retirements:
    """All certificates, by number, in the order in which they were issued."""

    def __init__(self) -> None:
        self.by_number: dict[str, Retirement] = {}

    def fold(self, index: int, at_us: int, happened: Iterable[Happened]) -> None:
        """Take what happened in one entry."""
        used: list[Retired | RetirementImported] = []
        for made in happened:
            match made.event:
                case Retired() | RetirementImported():
                    used.append(made.event)
                case certificate.Issued():
                    self._issued(index, at_us, made, used)
                case certificate.HomeCancelled():
                    number = made.stream.partition("/")[2]
                    known = self.by_number[number]
                    left = known.awaiting - {made.event.standard}
                    self.by_number[number] = replace(known, awaiting=left)
                case _:
                    pass

    def total_g(self) -> int:
        """How much was retired."""
        return sum(item.amount_g for item in self.by_number.values())

    def by_purpose(self) -> Mapping[str, tuple[int, int]]:
        """How many retirements, and how many grams, by purpose."""
        return totals((item.purpose, item.amount_g) for item in self.by_number.values())

    def by_month(self) -> Mapping[str, tuple[int, int]]:
        """How many retirements, and how many grams, by month: the claimed one for imported history."""
        return totals((item.month, item.amount_g) for item in self.by_number.values())

    def _issued(
        self, index: int, at_us: int, made: Happened, used: list[Retired | RetirementImported]
    ) -> None:
        assert made.outcome is not None
        event: certificate.Issued = made.event
        number = made.stream.partition("/")[2]
        self.by_number[number] = Retirement(
            number=number,
            index=index,
            holder=made.outcome["holder"],
            purpose=event.purpose,
            month=_month(used[0], at_us),
            amount_g=made.outcome["amount_g"],
            standards=tuple(sorted({item.standard for item in used})),
            public=event.public,
            verdicts=tuple(tuple(verdict) for verdict in made.outcome["verdicts"]),
            awaiting=frozenset(made.outcome["home"]),
        )


def _month(retired: Retired | RetirementImported, at_us: int) -> str:
    if isinstance(retired, RetirementImported):
        return retired.month
    return day_of(at_us).isoformat()[:7]


def totals(pairs: Iterable[tuple[str, int]]) -> Mapping[str, tuple[int, int]]:
    """How many, and how many grams, by name, of pairs of a name and grams; in order of the names."""
    found: dict[str, tuple[int, int]] = {}
    for name, amount_g in pairs:
        count, total_g = found.get(name, (0, 0))
        found[name] = (count + 1, total_g + amount_g)
    return dict(sorted(found.items()))
