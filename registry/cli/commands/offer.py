"""`registry offer`: grams offered to somebody, or donated to an event, and what becomes of the offer."""

from typing import Annotated

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
    from registry.cli import acting
    from registry.desk import offers
    from registry.desk.ask import asked

    ask = asked(
        offers.Make,
        amount=amount,
        standard=standard,
        batch=batch,
        serials=serials,
        giver=giver,
        taker=taker,
        until=until,
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


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
    from registry.cli import acting
    from registry.desk import offers
    from registry.desk.ask import asked

    ask = asked(
        offers.Donate,
        amount=amount,
        standard=standard,
        batch=batch,
        serials=serials,
        giver=giver,
        taker=taker,
        until=until,
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


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
    from registry.cli import acting
    from registry.desk import offers
    from registry.desk.ask import asked

    ask = asked(offers.Accept, offer=offer, donor=donor)
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


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
    from registry.cli import acting
    from registry.desk import offers
    from registry.desk.ask import asked

    ask = asked(offers.Decline, offer=offer)
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


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
    from registry.cli import acting
    from registry.desk import offers
    from registry.desk.ask import asked

    ask = asked(offers.Withdraw, offer=offer)
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


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
    from registry.cli import acting
    from registry.desk import offers
    from registry.desk.ask import asked

    ask = asked(offers.Lapse, offer=offer)
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)
