"""A batch of credits: one issuance, deposit or carving, and everything that can happen to its grams.

    conserved:  received_g == held_g + locked_g + retired_g + cancelled_g + carved_g

    held     moves, is retired or carved out by its holder
    locked   waits on a ground, which says what may follow; or is given, and waits for its taker

Holdings live here and nowhere else. The grams of a batch have the serial numbers [0, received_g), and those that were
carved out keep theirs; which grams move is never a matter of taste: the lowest that the giver holds, unless the author
names a range. Here stand the events and the state; what is allowed and what it does, in `batches`.
"""

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, ClassVar

from rpds import HashTrieMap

from registry.domain import shape
from registry.domain.ranges import Ranges
from registry.domain.shape import integer, matching, octets, one_of, optional, pair
from registry.domain.timing import day_of, days_of_month
from registry.errors import require

NATIVE = "native"
DEPOSITED = "deposited"
DEPOSITED_RETIRED = "deposited_retired"
IMPORTED = "imported"
ORIGINS = (NATIVE, DEPOSITED, DEPOSITED_RETIRED, IMPORTED)
"""Where the grams of a batch come from.

Those of DEPOSITED_RETIRED were retired in the home registry already; those of IMPORTED were issued before this log kept
the books of their kind.
"""

BUFFER = "buffer"
CAMPAIGN = "campaign"
DONATION = "donation"
FREEZE = "freeze"
OFFER = "offer"
ORDER = "order"
PLEDGE = "pledge"
SETTLEMENT = "settlement"
LOCK_GROUNDS = frozenset(
    {BUFFER, CAMPAIGN, DONATION, FREEZE, OFFER, ORDER, PLEDGE, SETTLEMENT},
)
CANCEL_REASONS = frozenset({"erroneous", "expired", "over_issuance", "reversal"})
DEPTH_MAX = 16

_NOTHING = Ranges()
_YEAR = re.compile(r"[12][0-9]{3}", re.ASCII)
_batch = shape.stream_of("batch")
_means = pair(integer(0, shape.GRAMS_MAX), octets(32))

Row = Annotated[int, integer(1, 1_000_000_000)]
Year = Annotated[str, matching(_YEAR, "year_expected")]
LockGround = Annotated[str, one_of(LOCK_GROUNDS)]
CancelReason = Annotated[str, one_of(CANCEL_REASONS)]
BatchName = Annotated[str, _batch]
Left = Annotated[int, integer(0, shape.GRAMS_MAX)]
OptionalMeans = Annotated[tuple[int, bytes] | None, optional(_means)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """Verified reductions become credits, by the verification body and the competent authority."""

    kind: ClassVar = "batch.issued.v1"
    consults: ClassVar = ("account holder", "conduct holder", "standard standard")
    project: Annotated[str, shape.stream_of("project")]
    standard: shape.Code
    period: shape.Period
    amount_g: shape.Grams
    holder: shape.Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposited:
    """Units of another registry, immobilised there by the custodian, become movable here.

    `document` is the SHA-256 of the home registry's proof. What was `retired_at_home` already may only be retired here.
    """

    kind: ClassVar = "batch.deposited.v1"
    consults: ClassVar = ("account holder", "conduct holder")
    standard: shape.Code
    period: shape.Period
    amount_g: shape.Grams
    holder: shape.Account
    custodian: shape.Account
    document: shape.Digest
    retired_at_home: shape.Flag


@dataclass(frozen=True, slots=True, kw_only=True)
class Transferred:
    """Grams go from holder to holder; `venue` is the exchange that matched the trade, `trade` its number there."""

    kind: ClassVar = "batch.transferred.v1"
    consults: ClassVar = (
        "account taker",
        "conduct giver",
        "conduct taker",
        "standard standard",
    )
    giver: shape.Account
    taker: shape.Account
    amount_g: shape.Grams
    standard: shape.Code
    range: shape.Serials
    venue: shape.OptionalAccount
    trade: shape.OptionalCommitment


@dataclass(frozen=True, slots=True, kw_only=True)
class Retired:
    """Grams are used up by their holder, for the purpose that the certificate in the same act states."""

    kind: ClassVar = "batch.retired.v1"
    consults: ClassVar = ("conduct holder", "standard standard")
    holder: shape.Account
    amount_g: shape.Grams
    standard: shape.Code
    range: shape.Serials


@dataclass(frozen=True, slots=True, kw_only=True)
class RetirementImported:
    """A retirement that happened elsewhere is entered here: attested by an officer and the holder, not proven.

    `source` is the SHA-256 of what the published list says, `row` its number in it, `month` the month that it states.
    """

    kind: ClassVar = "batch.retirement_imported.v1"
    consults: ClassVar = ("standard standard",)
    holder: shape.Account
    amount_g: shape.Grams
    standard: shape.Code
    range: shape.Serials
    source: shape.Digest
    row: Row
    month: shape.Month


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowancesDeposited:
    """Allowances of one year, immobilised by the custodian, become movable here until the day `expires`."""

    kind: ClassVar = "batch.allowances_deposited.v1"
    consults: ClassVar = ("account holder", "conduct holder")
    standard: shape.Code
    year: Year
    expires: shape.Day
    amount_g: shape.Grams
    holder: shape.Account
    custodian: shape.Account
    document: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedOver:
    """The home registry lets allowances be used until a later day (结转)."""

    kind: ClassVar = "batch.carried_over.v1"
    consults: ClassVar = ()
    custodian: shape.Account
    expires: shape.Day
    document: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedElsewhere:
    """Credits that were issued before this log kept the books of their kind: attested, not proven, totalled apart.

    `source` is the SHA-256 of the books that say so, `row` the number in them, `day` the day that they state.
    """

    kind: ClassVar = "batch.issued_elsewhere.v1"
    consults: ClassVar = ("account holder", "standard standard")
    standard: shape.Code
    period: shape.Period
    amount_g: shape.Grams
    holder: shape.Account
    source: shape.Digest
    row: Row
    day: shape.Day


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferredElsewhere:
    """A transfer that the same books state, before anything happens to the batch here."""

    kind: ClassVar = "batch.transferred_elsewhere.v1"
    consults: ClassVar = ("account taker",)
    giver: shape.Account
    taker: shape.Account
    amount_g: shape.Grams
    standard: shape.Code
    range: shape.Serials
    source: shape.Digest
    row: Row
    day: shape.Day


@dataclass(frozen=True, slots=True, kw_only=True)
class Traded:
    """The exchange `venue` moves grams under the giver's standing mandate, which `means` names (成交)."""

    kind: ClassVar = "batch.traded.v1"
    consults: ClassVar = (
        "account giver",
        "account taker",
        "conduct giver",
        "conduct taker",
        "standard standard",
    )
    giver: shape.Account
    taker: shape.Account
    amount_g: shape.Grams
    standard: shape.Code
    range: shape.Serials
    venue: shape.Account
    trade: shape.OptionalCommitment
    means: shape.Means


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """Grams go to `taker` by law, not by the giver's will: what stands beside it in the act says by which."""

    kind: ClassVar = "batch.assigned.v1"
    consults: ClassVar = ("account taker",)
    giver: shape.Account
    taker: shape.Account
    amount_g: shape.Grams
    standard: shape.Code
    range: shape.Serials


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """Grams of `holder` wait, as those of `owner`, on a ground that says what may follow."""

    kind: ClassVar = "batch.locked.v1"
    consults: ClassVar = ("account owner", "conduct holder", "standard standard")
    holder: shape.Account
    owner: shape.Account
    amount_g: shape.Grams
    standard: shape.Code
    range: shape.Serials
    ground: LockGround


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """Of what entry `means` locked, the lowest grams go to `taker`."""

    kind: ClassVar = "batch.released.v1"
    consults: ClassVar = ("account taker",)
    means: shape.Means
    owner: shape.Account
    taker: shape.Account
    amount_g: shape.Grams
    standard: shape.Code


@dataclass(frozen=True, slots=True, kw_only=True)
class LockRetired:
    """Of what entry `means` locked for an order, the lowest grams are used up."""

    kind: ClassVar = "batch.lock_retired.v1"
    consults: ClassVar = ("standard standard",)
    means: shape.Means
    owner: shape.Account
    amount_g: shape.Grams
    standard: shape.Code


@dataclass(frozen=True, slots=True, kw_only=True)
class Carved:
    """Grams leave for a batch of their own, `child`, with their serial numbers."""

    kind: ClassVar = "batch.carved.v1"
    consults: ClassVar = ()
    holder: shape.Account
    amount_g: shape.Grams
    standard: shape.Code
    range: shape.Serials
    child: BatchName


@dataclass(frozen=True, slots=True, kw_only=True)
class CarvedOut:
    """A batch begins with what was carved out of `parent` in the same act."""

    kind: ClassVar = "batch.carved_out.v1"
    consults: ClassVar = ()
    parent: BatchName
    holder: shape.Account
    amount_g: shape.Grams
    standard: shape.Code


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Of what entry `means` locked for a campaign, the lowest grams are given to those whom the rows name.

    They wait for their takers. With `retire_only`, who claims them can use them up and do nothing else with them.
    """

    kind: ClassVar = "batch.given.v1"
    consults: ClassVar = ()
    organiser: shape.Account
    means: shape.Means
    standard: shape.Code
    retire_only: shape.Flag
    rows: shape.Gifts


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """`holder`, to whom grams were given, takes them into the account `taker`."""

    kind: ClassVar = "batch.claimed.v1"
    consults: ClassVar = ("account taker", "conduct taker")
    holder: shape.Holder
    taker: shape.Account
    amount_g: shape.Grams
    standard: shape.Code


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRetired:
    """`holder`, to whom grams were given, uses them up at once; no account is needed for it."""

    kind: ClassVar = "batch.claim_retired.v1"
    consults: ClassVar = ("conduct holder", "standard standard")
    holder: shape.Holder
    amount_g: shape.Grams
    standard: shape.Code


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """Of what entry `means` locked for a campaign, the lowest that nobody has go back; or nothing, if none is left."""

    kind: ClassVar = "batch.returned.v1"
    consults: ClassVar = ()
    organiser: shape.Account
    means: shape.Means
    amount_g: Left
    standard: shape.Code


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspended:
    """The authority and an officer stop everything that the holders could do with the batch."""

    kind: ClassVar = "batch.suspended.v1"
    consults: ClassVar = ()
    document: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Reinstated:
    """The suspension of entry `means` is over."""

    kind: ClassVar = "batch.reinstated.v1"
    consults: ClassVar = ()
    means: shape.Means
    document: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """Grams leave circulation for nobody's benefit (核减), held, or locked by entry `means`."""

    kind: ClassVar = "batch.cancelled.v1"
    consults: ClassVar = ()
    holder: shape.Account
    amount_g: shape.Grams
    standard: shape.Code
    range: shape.Serials
    reason: CancelReason
    document: shape.Digest
    means: OptionalMeans


Beginning = Issued | Deposited | AllowancesDeposited | IssuedElsewhere | CarvedOut
"""How a batch begins."""
Move = Transferred | Traded | TransferredElsewhere | Assigned
"""How grams go from holder to holder."""
Retirement = Retired | RetirementImported | LockRetired | ClaimRetired
"""How grams are used up."""
Gift = Given | Claimed | Returned
Standing = CarriedOver | Suspended | Reinstated
"""What concerns the batch as a whole."""
Event = Beginning | Move | Retirement | Locked | Released | Carved | Gift | Cancelled | Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """Grams that one entry locked: on which ground, whose they are, and which are left."""

    ground: str
    owner: str
    left: Ranges


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A batch: who holds which of its grams, and how many are where."""

    name: str = ""
    status: str = "blank"
    origin: str = ""
    """One of ORIGINS."""
    standard: str = ""
    period: tuple[str, str] = ("", "")
    project: str | None = None
    """Whose reductions these are, of a native batch."""
    root: str = ""
    """The batch whose serial numbers the grams have: itself, unless it was carved out."""
    depth: int = 0
    """How many carvings lie between the root and this batch."""
    custodian: str | None = None
    expires: str | None = None
    """The last day on which allowances are used; None for what is no allowance."""
    suspended: int | None = None
    """The index of the entry that suspended the batch."""
    source: bytes = b""
    """The books from which history is being entered; empty once anything happens here."""
    row: int = 0
    """The last row of those books that was entered."""
    received_g: int = 0
    held: "HashTrieMap[str, Ranges]" = HashTrieMap()
    locks: "HashTrieMap[int, Lock]" = HashTrieMap()
    """What is locked, by the index of the entry that locked it."""
    waiting: "HashTrieMap[str, Ranges]" = HashTrieMap()
    """What was given and not claimed yet, by taker: account or bearer."""
    retire_only: bool = False
    """Whether what is given may only be used up."""
    gifted: Ranges = _NOTHING
    """What was claimed so. Serial numbers never leave this set: used up, they do not come again."""
    held_g: int = 0
    locked_g: int = 0
    """What is locked, and what waits for its takers."""
    retired_g: int = 0
    cancelled_g: int = 0
    carved_g: int = 0

    @property
    def is_allowance(self) -> bool:
        """Whether these are allowances, which expire, and which not everybody may hold."""
        return self.expires is not None

    @property
    def conserved(self) -> bool:
        """Whether every gram is in exactly one state."""
        left_g = self.locked_g + self.retired_g + self.cancelled_g + self.carved_g
        return self.received_g == self.held_g + left_g

    def holding(self, holder: str) -> Ranges:
        """What `holder` holds of this batch."""
        return self.held.get(holder, _NOTHING)

    def given_to(self, taker: str) -> Ranges:
        """What waits for `taker`."""
        return self.waiting.get(taker, _NOTHING)


def import_nonce(source: bytes, row: int) -> bytes:
    """The one nonce under which row `row` of the list with SHA-256 `source` can be imported, 16 bytes."""
    return sha256(source + row.to_bytes(8, "big")).digest()[:16]


def check_imported(event: RetirementImported, *, nonce: bytes, at_us: int) -> None:
    """Return if an import has its row's nonce, and the month that it states has begun when it is recorded.

    Raises:
        RefusedError: `wrong_nonce`, `not_yet_happened`.
    """
    require(nonce == import_nonce(event.source, event.row), "wrong_nonce", row=event.row)
    begun = days_of_month(event.month)[0] <= day_of(at_us)
    require(begun, "not_yet_happened", month=event.month)
