"""`registry batch`: credits issued, deposited, carved out, traded; and what an authority does to a batch as a whole."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from registry.cli.commands.movement import Serials
from registry.cli.options import (
    Amount,
    Directory,
    DryRun,
    Json,
    Language,
    Replica,
    State,
    place_of,
    read_from,
)
from registry.cli.voice import Voice

app = typer.Typer(
    no_args_is_help=True,
    help="Issue, deposit, carve, trade, suspend, cancel / 签发、托管、分立、过户、暂停、核减",
)

Batch = Annotated[str, typer.Argument(metavar="BATCH", help="batch/<id>. / 批次。")]
OutOf = Annotated[str, typer.Option("--batch", metavar="BATCH", help="Out of this. / 批次。")]
Holder = Annotated[str, typer.Option("--holder", metavar="ACCOUNT", help="Whose. / 持有人。")]
ToWhom = Annotated[str, typer.Option("--to", metavar="ACCOUNT", help="To whom. / 转入账户。")]
Monitored = Annotated[
    str, typer.Option("--period", metavar="FIRST..LAST", help="Monitoring period. / 核算期。")
]
Authority = Annotated[
    str | None, typer.Option("--authority", metavar="ACCOUNT", help="Who signs. / 主管部门。")
]
Verifier = Annotated[
    str | None, typer.Option("--verifier", metavar="ACCOUNT", help="Who signs. / 核查机构。")
]
Custodian = Annotated[
    str | None, typer.Option("--custodian", metavar="ACCOUNT", help="Who signs. / 托管机构。")
]
Buffer = Annotated[
    str | None,
    typer.Option("--buffer", metavar="ACCOUNT", help="Whose the share is. / 缓冲账户。"),
]
Code = Annotated[str, typer.Argument(metavar="CODE", help="Such as CCER. / 种类代码。")]
HomeSerials = Annotated[
    str, typer.Argument(metavar="SERIALS", help="As the home registry writes. / 原序列号。")
]
Proof = Annotated[Path, typer.Option("--document", help="Home's proof, a file. / 证明文件。")]
Decision = Annotated[Path, typer.Option("--document", help="The decision, a file. / 决定文件。")]
Expires = Annotated[
    str, typer.Option("--expires", metavar="DAY", help="Last day of use. / 最后可用日。")
]


@app.command("issue")
def issue(
    project: Annotated[str, typer.Argument(metavar="PROJECT", help="project/<id>. / 项目。")],
    amount: Amount,
    *,
    period: Monitored,
    verifier: Verifier = None,
    authority: Authority = None,
    buffer: Buffer = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Issue what was verified, to the owner / 签发给业主

    The share that policy wants in the buffer is locked there. / 策略所定的缓冲份额同时锁入缓冲账户。
    """
    from registry.cli import acting
    from registry.desk import batches
    from registry.desk.ask import asked

    ask = asked(
        batches.Issue,
        project=project,
        amount=amount,
        period=period,
        verifier=verifier,
        authority=authority,
        buffer=buffer,
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("deposit")
def deposit(
    standard: Code,
    serials: HomeSerials,
    *,
    period: Monitored,
    holder: Holder,
    document: Proof,
    retired: Annotated[
        bool, typer.Option("--retired-at-home", help="Retired there already. / 原登记系统已注销。")
    ] = False,
    custodian: Custodian = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Deposit units immobilised at home / 托管登记

    By the custodian, an exchange, and an officer. / 由托管的交易机构和登记官。
    """
    from registry.cli import acting
    from registry.desk import batches, given
    from registry.desk.ask import asked

    ask = asked(
        batches.Deposit,
        standard=standard,
        home_serials=serials,
        period=period,
        holder=holder,
        document=given.digest(document),
        retired_at_home=retired,
        custodian=custodian,
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("deposit-allowances")
def deposit_allowances(
    standard: Code,
    serials: HomeSerials,
    *,
    year: Annotated[str, typer.Option("--year", metavar="YYYY", help="Of which. / 配额年度。")],
    expires: Expires,
    holder: Holder,
    document: Proof,
    custodian: Custodian = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Deposit allowances of a year / 托管配额"""
    from registry.cli import acting
    from registry.desk import batches, given
    from registry.desk.ask import asked

    ask = asked(
        batches.DepositAllowances,
        standard=standard,
        home_serials=serials,
        year=year,
        expires=expires,
        holder=holder,
        document=given.digest(document),
        custodian=custodian,
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("carry-over")
def carry_over(
    batch: Batch,
    *,
    expires: Expires,
    document: Decision,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Let allowances be used until a later day / 配额结转"""
    from registry.cli import acting
    from registry.desk import batches, given
    from registry.desk.ask import asked

    ask = asked(batches.CarryOver, batch=batch, expires=expires, document=given.digest(document))
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("carve")
def carve(
    amount: Amount,
    *,
    holder: Holder,
    batch: OutOf,
    serials: Serials = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Carve a batch of its own out of a batch / 分立子批次"""
    from registry.cli import acting
    from registry.desk import batches
    from registry.desk.ask import asked

    ask = asked(batches.Carve, amount=amount, holder=holder, batch=batch, serials=serials)
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("trade")
def trade(
    amount: Amount,
    *,
    giver: Annotated[str, typer.Option("--from", metavar="ACCOUNT", help="Whose. / 转出账户。")],
    taker: ToWhom,
    batch: OutOf,
    serials: Serials = None,
    venue: Annotated[
        str | None, typer.Option("--venue", metavar="ACCOUNT", help="Who signs. / 交易机构。")
    ] = None,
    number: Annotated[str | None, typer.Option("--trade", help="Its number. / 成交编号。")] = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Move credits under their holder's standing mandate / 成交过户

    Signed by the exchange alone. / 由交易机构单独签署。
    """
    from registry.cli import acting
    from registry.desk import batches
    from registry.desk.ask import asked

    ask = asked(
        batches.Trade,
        amount=amount,
        giver=giver,
        taker=taker,
        batch=batch,
        serials=serials,
        venue=venue,
        trade=number,
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("suspend")
def suspend(
    batch: Batch,
    *,
    document: Decision,
    authority: Authority = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Suspend a batch, by the authority and an officer / 暂停批次"""
    from registry.cli import acting
    from registry.desk import batches, given
    from registry.desk.ask import asked

    ask = asked(batches.Suspend, batch=batch, document=given.digest(document), authority=authority)
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("reinstate")
def reinstate(
    batch: Batch,
    *,
    document: Decision,
    authority: Authority = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Reinstate a suspended batch / 恢复批次"""
    from registry.cli import acting
    from registry.desk import batches, given
    from registry.desk.ask import asked

    ask = asked(
        batches.Reinstate, batch=batch, document=given.digest(document), authority=authority
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("cancel")
def cancel(
    amount: Amount,
    *,
    holder: Holder,
    batch: OutOf,
    reason: Annotated[
        Literal["erroneous", "expired", "over_issuance", "reversal"],
        typer.Option("--reason", help="Why. / 事由。"),
    ],
    document: Decision,
    serials: Serials = None,
    lock: Annotated[
        int | None, typer.Option("--lock", metavar="ENTRY", help="Out of that lock. / 锁定的记录。")
    ] = None,
    authority: Authority = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Cancel grams for nobody's benefit / 核减"""
    from registry.cli import acting
    from registry.desk import batches, given
    from registry.desk.ask import asked

    ask = asked(
        batches.Cancel,
        amount=amount,
        holder=holder,
        batch=batch,
        reason=reason,
        document=given.digest(document),
        serials=serials,
        lock=lock,
        authority=authority,
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("release-buffer")
def release_buffer(
    amount: Amount,
    *,
    batch: OutOf,
    taker: ToWhom,
    authority: Authority = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Release grams from the buffer / 释放缓冲"""
    from registry.cli import acting
    from registry.desk import batches
    from registry.desk.ask import asked

    ask = asked(batches.ReleaseBuffer, amount=amount, batch=batch, taker=taker, authority=authority)
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("import-books")
def import_books(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV, xlsx or jsonl. / 旧账册文件。")
    ],
    *,
    authority: Authority = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Enter the history of another system / 补录旧系统的账册

    Columns: row, what (issued, transferred or retired), batch, standard, period, holder, taker, tonnes,
    day, purpose, activity, certificate; what a row has no use for is empty. / 列名如上，无关的格留空。

    Begun again after a crash, it goes on where it was. / 中断后重新运行即可续录。
    """
    from registry.cli import import_books as importing

    importing.run(
        file,
        place_of(directory, state),
        authority=authority,
        dry_run=dry_run,
        voice=Voice(lang, as_json=as_json),
    )


@app.command("show")
def show(
    batch: Batch,
    *,
    directory: Directory,
    state: State = None,
    read_url: Replica = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Show what became of a batch / 查看批次"""
    from registry.cli import overview

    place = read_from(directory, state, read_url)
    overview.stream("batch", batch, place, voice=Voice(lang, as_json=as_json))
