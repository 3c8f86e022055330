"""`registry batch`: credits issued, or deposited from another registry."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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

if TYPE_CHECKING:
    from registry.acts.plan import Plan
    from registry.cli.acting import Desk

app = typer.Typer(no_args_is_help=True, help="Issue, deposit, show batches / 签发、托管、查看批次")


@app.command("issue")
def issue(
    project: Annotated[str, typer.Argument(metavar="PROJECT", help="project/<id>. / 项目。")],
    amount: Amount,
    *,
    period: Annotated[
        str, typer.Option("--period", metavar="FIRST..LAST", help="Monitoring period. / 核算期。")
    ],
    verifier: Annotated[
        str | None, typer.Option("--verifier", metavar="ACCOUNT", help="Who signs. / 核查机构。")
    ] = None,
    authority: Annotated[
        str | None, typer.Option("--authority", metavar="ACCOUNT", help="Who signs. / 主管部门。")
    ] = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Issue what was verified, to the owner / 签发给业主"""
    from registry.acts import batches as acts
    from registry.cli import acting, given

    def make(desk: "Desk") -> "list[Plan]":
        return [
            acts.issue(
                desk.body("verifier", verifier),
                desk.body("authority", authority),
                desk.state(desk.stream("project", project)),
                period=given.period(period, "--period"),
                amount_g=given.grams(amount),
            )
        ]

    acting.act(
        place_of(directory, state), make, dry_run=dry_run, voice=Voice(lang, as_json=as_json)
    )


@app.command("deposit")
def deposit(
    standard: Annotated[str, typer.Argument(metavar="CODE", help="Such as CCER. / 种类代码。")],
    serials: Annotated[
        str, typer.Argument(metavar="SERIALS", help="As the home registry writes. / 原序列号。")
    ],
    *,
    period: Annotated[
        str, typer.Option("--period", metavar="FIRST..LAST", help="Monitoring period. / 核算期。")
    ],
    holder: Annotated[str, typer.Option("--holder", metavar="ACCOUNT", help="To whom. / 持有人。")],
    document: Annotated[
        Path, typer.Option("--document", help="Home's proof, a file. / 证明文件。")
    ],
    retired: Annotated[
        bool, typer.Option("--retired-at-home", help="Retired there already. / 原登记系统已注销。")
    ] = False,
    custodian: Annotated[
        str | None, typer.Option("--custodian", metavar="ACCOUNT", help="Who signs. / 托管机构。")
    ] = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Deposit units immobilised at home / 托管登记

    By the custodian, an exchange, and an officer. / 由托管的交易机构和登记官。
    """
    from registry.acts import batches as acts
    from registry.cli import acting, given

    def make(desk: "Desk") -> "list[Plan]":
        keeping = desk.body("exchange", custodian)
        (officer,) = desk.officers(1, keeping)
        return [
            acts.deposit(
                keeping,
                officer,
                desk.state(desk.stream("standard", standard)),
                home_serials=serials,
                period=given.period(period, "--period"),
                holder=desk.account(holder),
                document=given.digest(document),
                retired_at_home=retired,
            )
        ]

    acting.act(
        place_of(directory, state), make, dry_run=dry_run, voice=Voice(lang, as_json=as_json)
    )


@app.command("show")
def show(
    batch: Annotated[str, typer.Argument(metavar="BATCH", help="batch/<id>. / 批次。")],
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
