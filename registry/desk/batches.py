"""`registry batch`: who decides on a batch, what a suspension was, and under which mandate an exchange trades."""

from datetime import datetime

from registry.acts import batches as acts
from registry.acts.plan import Plan, seconded
from registry.desk import movements
from registry.desk.desk import Desk
from registry.desk.words import CHINA
from registry.domain.batch import Batch
from registry.errors import RefusedError


def deciding(desk: Desk, authority: str | None) -> tuple[str, str]:
    """The authority that was named, or the only one, and an officer whom another controls.

    Raises:
        RefusedError: `nobody_in_role`, `several_in_role`, `no_account`, `several_accounts`.
    """
    own = desk.body("authority", authority)
    (officer,) = desk.officers(1, own)
    return own, officer


def reinstates(desk: Desk, batch: Batch, authority: str | None, document: bytes) -> Plan:
    """The plan that ends the suspension of `batch`.

    Raises:
        RefusedError: `out_of_order`.
    """
    if batch.suspended is None:
        kind = "batch.reinstated.v1"
        raise RefusedError("out_of_order", stream=batch.name, status=batch.status, kind=kind)
    means = desk.means(batch.suspended)
    return acts.reinstate(batch, *deciding(desk, authority), means=means, document=document)


def trades(
    desk: Desk,
    asked: movements.Asked,
    *,
    giver: str,
    taker: str,
    venue: str | None,
    number: str | None,
) -> list[Plan]:
    """The plans of a trade: by the exchange, under the last mandate of the giver that fits.

    Raises:
        RefusedError: `no_account`, `no_mandate`, what `movements.shares` says.
    """
    own, to, through = desk.account(giver), desk.account(taker), desk.body("exchange", venue)
    today = f"{datetime.now(CHINA):%Y-%m-%d}"
    plans = []
    for share in movements.shares(desk, own, asked, transferable=True):
        mandate = acts.mandate_for(desk.state(own), through, share[0].standard, today)
        plan = acts.trade(
            share,
            giver=own,
            taker=to,
            venue=through,
            means=desk.means(mandate),
            number=number,
        )
        plans.append(seconded(plan, own, desk.second("send", share[1], through, own)))
    return plans
