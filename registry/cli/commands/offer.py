"""`registry offer`: grams offered to somebody, or donated to an event, and what becomes of the offer."""

from typing import TYPE_CHECKING, Annotated

import typer

from registry.cli.commands.movement import Batch, Serials, Standard
from registry.cli.options import (
    Amount,
    Directory,
    DryRun,
    Entry,
    Json,
    Language,
    State,
    Until,
    place_of,
)
from registry.cli.voice import Voice

if TYPE_CHECKING:
    from registry.acts.plan import Plan
    from registry.desk.desk import Desk

app = typer.Typer(no_args_is_help=True, help="Offer, donate, accept … / 要约、捐赠、接受……")

Giver = Annotated[str, typer.Option("--from", metavar="ACCOUNT", help="Whose. / 转出账户。")]
Taker = Annotated[str, typer.Option("--to", metavar="ACCOUNT", help="To whom. / 转入账户。")]


@app.command("make")
def make_offer(
    amount: Amount,
    *,
    giver: Giver,
    taker: Taker,
    until: Until,
    standard: Standard = None,
    batch: Batch = None,
    serials: Serials = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Offer grams, which wait until they are taken / 发出划转要约"""
    from registry.acts import ties as acts
    from registry.cli import acting
    from registry.desk import movements

    def make(desk: "Desk") -> "list[Plan]":
        holder, to = desk.account(giver), desk.account(taker)
        asked = movements.Asked(amount=amount, standard=standard, batch=batch, serials=serials)
        return [
            acts.offer(
                share,
                holder,
                to,
                until=until,
                donation=False,
                second=desk.second("send", share[1], holder, to),
            )
            for share in movements.shares(desk, holder, asked, transferable=True)
        ]

    acting.act(
        place_of(directory, state), make, dry_run=dry_run, voice=Voice(lang, as_json=as_json)
    )


@app.command("donate")
def donate(
    amount: Amount,
    *,
    giver: Giver,
    taker: Taker,
    until: Until,
    standard: Standard = None,
    batch: Batch = None,
    serials: Serials = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Donate grams to an event / 向活动账户捐赠"""
    from registry.acts import ties as acts
    from registry.cli import acting
    from registry.desk import movements

    def make(desk: "Desk") -> "list[Plan]":
        holder, to = desk.account(giver), desk.account(taker)
        asked = movements.Asked(amount=amount, standard=standard, batch=batch, serials=serials)
        return [
            acts.offer(
                share,
                holder,
                to,
                until=until,
                donation=True,
                second=desk.second("send", share[1], holder, to),
            )
            for share in movements.shares(desk, holder, asked, transferable=True)
        ]

    acting.act(
        place_of(directory, state), make, dry_run=dry_run, voice=Voice(lang, as_json=as_json)
    )


@app.command("accept")
def accept(
    offer: Entry,
    *,
    donor: Annotated[
        str | None, typer.Option("--donor", help="Its name, for the honour. / 捐赠人名称。")
    ] = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Take what was offered, as the taker / 接受

    A donation with its certificate of honour. / 接受捐赠并出具荣誉证书。
    """
    from registry.acts import ties as acts
    from registry.cli import acting
    from registry.desk.tied import tied

    def make(desk: "Desk") -> "list[Plan]":
        return [acts.accept(tied(desk, offer, "offer", "donation"), donor=donor)]

    acting.act(
        place_of(directory, state), make, dry_run=dry_run, voice=Voice(lang, as_json=as_json)
    )


@app.command("decline")
def decline(
    offer: Entry,
    *,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Decline an offer, as the taker / 谢绝"""
    from registry.acts import ties as acts
    from registry.cli import acting
    from registry.desk.tied import tied

    def make(desk: "Desk") -> "list[Plan]":
        return [acts.decline(tied(desk, offer, "offer", "donation"))]

    acting.act(
        place_of(directory, state), make, dry_run=dry_run, voice=Voice(lang, as_json=as_json)
    )


@app.command("withdraw")
def withdraw(
    offer: Entry,
    *,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Take an offer back, as the giver / 撤回"""
    from registry.acts import ties as acts
    from registry.cli import acting
    from registry.desk.tied import tied

    def make(desk: "Desk") -> "list[Plan]":
        return [acts.withdraw(tied(desk, offer, "offer", "donation"))]

    acting.act(
        place_of(directory, state), make, dry_run=dry_run, voice=Voice(lang, as_json=as_json)
    )


@app.command("lapse")
def lapse(
    offer: Entry,
    *,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Record that the day of an offer has passed / 记录要约到期

    By the giver, or else an officer. / 由出让人，或由登记官。
    """
    from registry.acts import ties as acts
    from registry.cli import acting
    from registry.desk.tied import tied

    def make(desk: "Desk") -> "list[Plan]":
        found = tied(desk, offer, "offer", "donation")
        giver_signs = desk.operator.kept(found.owner)
        signer = found.owner if giver_signs else desk.officers(1)[0]
        return [acts.lapse(found, signer)]

    acting.act(
        place_of(directory, state), make, dry_run=dry_run, voice=Voice(lang, as_json=as_json)
    )
