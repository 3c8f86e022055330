"""`registry certificate`: certificates listed, exported, and what is said of them after their issue."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from registry.cli import exits
from registry.cli.options import (
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

SHOW = "show"


class NumberOrCommand(TyperGroup):
    """The commands about certificates; what is none of them is a number, or asks for the list.

    typer has no other way to let `registry certificate NO` stand beside `registry certificate home-cancelled NO`.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The arguments, after the name of the command that was meant if none was typed."""
        named = bool(args) and (args[0] in self.commands or args[0] == "--help")
        return super().parse_args(ctx, args if named or not args else [SHOW, *args])


app = typer.Typer(
    cls=NumberOrCommand,
    no_args_is_help=True,
    help="List certificates, or export one by its number / 列出证明，或按编号导出",
)


@app.command(SHOW)
def show(
    number: Annotated[
        str | None, typer.Argument(metavar="NO", help="A certificate's number. / 证明编号。")
    ] = None,
    *,
    directory: Directory,
    state: State = None,
    read_url: Replica = None,
    show_all: Annotated[bool, typer.Option("--list", help="Show all. / 列出全部。")] = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The proof file to write. / 证明文件。")
    ] = None,
    private: Annotated[
        bool,
        typer.Option("--private", help="With names that are not public. / 含不公开的名称。"),
    ] = False,
    dossier: Annotated[
        bool,
        typer.Option("--dossier", help="With all that it comes from. / 含其来源的全部记录。"),
    ] = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """List certificates, or export one / 列出证明，或导出一张"""
    from registry.cli import certificates

    place = read_from(directory, state, read_url)
    voice = Voice(lang, as_json=as_json)
    if show_all or number is None:
        if number is not None or not show_all:
            raise exits.UsageError("number_or_list")
        certificates.show_all(place, voice=voice)
    else:
        certificates.export(
            number, place, output=output, private=private, dossier=dossier, voice=voice
        )


@app.command("home-cancelled")
def home_cancelled(
    number: Annotated[
        str, typer.Argument(metavar="NO", help="A certificate's number. / 证明编号。")
    ],
    *,
    standard: Annotated[
        str, typer.Option("--standard", metavar="CODE", help="Of which kind. / 种类。")
    ],
    reference: Annotated[
        str,
        typer.Option(
            "--reference", help="The home registry's number of it. / 原登记系统注销编号。"
        ),
    ],
    day: Annotated[
        str, typer.Option("--day", metavar="DAY", help="When, YYYY-MM-DD. / 注销日期。")
    ],
    document: Annotated[Path, typer.Option("--document", help="Its proof, a file. / 证明文件。")],
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Show that units are cancelled at home, too / 登记原登记系统已注销"""
    from registry.acts import certificates as acts
    from registry.cli import acting, given
    from registry.cli.certificates import read_number

    def make(desk: "Desk") -> "list[Plan]":
        certificate = desk.stream("certificate", read_number(number))
        (officer,) = desk.officers(1)
        return [
            acts.show_home_cancellation(
                officer,
                certificate,
                standard=standard,
                reference=reference,
                day=day,
                document=given.digest(document),
                means=desk.means(desk.state(certificate).issued),
            )
        ]

    acting.act(
        place_of(directory, state), make, dry_run=dry_run, voice=Voice(lang, as_json=as_json)
    )
