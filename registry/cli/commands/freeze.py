"""`registry account freeze`: an authority and an officer freeze an account or a range, and what follows."""

from typing import TYPE_CHECKING, Annotated

import typer

from registry.cli.commands.movement import Batch, Serials, Standard
from registry.cli.options import (
    Account,
    Amount,
    Directory,
    Document,
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

app = typer.Typer(no_args_is_help=True, help="Freeze, renew, lift … / 冻结、续冻、解除……")

Authority = Annotated[
    str, typer.Option("--authority", metavar="ACCOUNT", help="Court or agency. / 冻结机关。")
]


@app.command("account")
def freeze_account(
    account: Account,
    *,
    authority: Authority,
    until: Until,
    document: Document,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Freeze a whole account / 冻结整个账户"""
    from registry.acts import freezes as acts
    from registry.cli import acting
    from registry.desk import given

    def make(desk: "Desk") -> "list[Plan]":
        by = desk.account(authority)
        ruling = acts.Ruling(
            authority=by,
            officer=desk.officers(1, by)[0],
            until=until,
            document=given.digest(document),
        )
        return [acts.freeze(desk.account(account), ruling)]

    acting.act(
        place_of(directory, state), make, dry_run=dry_run, voice=Voice(lang, as_json=as_json)
    )


@app.command("range")
def freeze_range(
    account: Account,
    amount: Amount,
    *,
    authority: Authority,
    until: Until,
    document: Document,
    standard: Standard = None,
    batch: Batch = None,
    serials: Serials = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Freeze some of what an account holds / 冻结部分持有"""
    from registry.acts import freezes as acts
    from registry.cli import acting
    from registry.desk import given, movements

    def make(desk: "Desk") -> "list[Plan]":
        by, holder = desk.account(authority), desk.account(account)
        ruling = acts.Ruling(
            authority=by,
            officer=desk.officers(1, by)[0],
            until=until,
            document=given.digest(document),
        )
        asked = movements.Asked(amount=amount, standard=standard, batch=batch, serials=serials)
        shares = movements.shares(desk, holder, asked)
        return [acts.freeze_range(share, holder, ruling) for share in shares]

    acting.act(
        place_of(directory, state), make, dry_run=dry_run, voice=Voice(lang, as_json=as_json)
    )


@app.command("queue")
def queue(
    lock: Entry,
    *,
    authority: Authority,
    until: Until,
    document: Document,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Wait behind the freeze of a range / 轮候冻结"""
    from registry.acts import freezes as acts
    from registry.cli import acting
    from registry.desk import given
    from registry.desk.tied import tied

    def make(desk: "Desk") -> "list[Plan]":
        by = desk.account(authority)
        ruling = acts.Ruling(
            authority=by,
            officer=desk.officers(1, by)[0],
            until=until,
            document=given.digest(document),
        )
        found = tied(desk, lock, "freeze")
        return [acts.queue(found.owner, found.means, ruling)]

    acting.act(
        place_of(directory, state), make, dry_run=dry_run, voice=Voice(lang, as_json=as_json)
    )


@app.command("renew")
def renew(
    freeze: Entry,
    *,
    until: Until,
    document: Document,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Freeze until a later day / 续冻"""
    from registry.acts import freezes as acts
    from registry.cli import acting
    from registry.desk import given
    from registry.desk.tied import frozen

    def make(desk: "Desk") -> "list[Plan]":
        account, found = frozen(desk, freeze)
        by = found.authority
        ruling = acts.Ruling(
            authority=by,
            officer=desk.officers(1, by)[0],
            until=until,
            document=given.digest(document),
        )
        return [acts.renew(account.name, desk.means(freeze), ruling)]

    acting.act(
        place_of(directory, state), make, dry_run=dry_run, voice=Voice(lang, as_json=as_json)
    )


@app.command("consent")
def consent(
    freeze: Entry,
    *,
    order: Annotated[str, typer.Option("--order", help="order/<id>. / 修复令。")],
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Let the account perform an order all the same / 同意其履行"""
    from registry.acts import freezes as acts
    from registry.cli import acting
    from registry.desk.tied import frozen

    def make(desk: "Desk") -> "list[Plan]":
        account, found = frozen(desk, freeze)
        meant = desk.stream("order", order)
        by = found.authority
        return [acts.consent(account.name, desk.means(freeze), authority=by, order=meant)]

    acting.act(
        place_of(directory, state), make, dry_run=dry_run, voice=Voice(lang, as_json=as_json)
    )


@app.command("lift")
def lift(
    freeze: Entry,
    *,
    document: Document,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Lift a freeze, by who froze / 解除冻结"""
    from registry.acts import freezes as acts
    from registry.cli import acting
    from registry.desk import given
    from registry.desk.tied import frozen, range_of

    def make(desk: "Desk") -> "list[Plan]":
        account, found = frozen(desk, freeze)
        by = found.authority
        return [
            acts.lift(
                account.name,
                desk.means(freeze),
                range_of(desk, account, found),
                authority=by,
                officer=desk.officers(1, by)[0],
                document=given.digest(document),
            )
        ]

    acting.act(
        place_of(directory, state), make, dry_run=dry_run, voice=Voice(lang, as_json=as_json)
    )


@app.command("end")
def end(
    freeze: Entry,
    *,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Record that the day of a freeze has passed / 记录冻结到期"""
    from registry.acts import freezes as acts
    from registry.cli import acting
    from registry.desk.tied import frozen, range_of

    def make(desk: "Desk") -> "list[Plan]":
        account, found = frozen(desk, freeze)
        range_ = range_of(desk, account, found)
        means = desk.means(freeze)
        return [acts.end(account.name, means, range_, officer=desk.officers(1)[0])]

    acting.act(
        place_of(directory, state), make, dry_run=dry_run, voice=Voice(lang, as_json=as_json)
    )
