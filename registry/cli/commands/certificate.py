"""`registry certificate`: certificates listed, exported, and what is said of them after their issue."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from registry.cli.commands.movement import (
    Activity,
    Agent,
    Beneficiary,
    Claimed,
    Organisers,
    Purchaser,
    Where,
)
from registry.cli.options import (
    Directory,
    Document,
    DryRun,
    Json,
    Language,
    Replica,
    State,
    place_of,
    read_from,
)
from registry.cli.voice import Voice
from registry.errors import UsageError

SHOW = "show"

Number = Annotated[str, typer.Argument(metavar="NO", help="A certificate's number. / 证明编号。")]
Court = Annotated[str, typer.Option("--court", metavar="ACCOUNT", help="Which. / 法院或机关。")]
Consent = Annotated[
    Path | None, typer.Option("--old-consent", help="Of who was named, a file. / 原受益人同意书。")
]
NewConsent = Annotated[
    Path | None, typer.Option("--new-consent", help="Of who is named now. / 新受益人同意书。")
]


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
            raise UsageError("number_or_list")
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
    from registry.cli import acting
    from registry.desk import certificates, given
    from registry.desk.ask import asked

    ask = asked(
        certificates.ShowHomeCancellation,
        certificate=number,
        standard=standard,
        reference=reference,
        day=day,
        document=given.digest(document),
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("replace")
def replace(
    number: Number,
    *,
    document: Document,
    period: Claimed = None,
    where: Where = None,
    public: Annotated[
        bool | None, typer.Option("--public/--private", help="Whether names are. / 是否公开。")
    ] = None,
    activity: Activity = None,
    organisers: Organisers = None,
    beneficiary: Beneficiary = None,
    purchaser: Purchaser = None,
    agent: Agent = None,
    old_consent: Consent = None,
    new_consent: NewConsent = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """State it otherwise, under a new number / 更换证明"""
    from registry.cli import acting
    from registry.desk import certificates, given
    from registry.desk.ask import asked

    ask = asked(
        certificates.Replace,
        certificate=number,
        document=given.digest(document),
        period=period,
        place=where,
        public=public,
        activity=activity,
        organisers=organisers,
        beneficiary=beneficiary,
        purchaser=purchaser,
        agent=agent,
        old_consent=given.maybe_digest(old_consent),
        new_consent=given.maybe_digest(new_consent),
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("annul")
def annul(
    number: Number,
    *,
    document: Document,
    reason: Annotated[str, typer.Option("--reason", help="fraud, error … / 事由。")] = "judgment",
    court: Annotated[
        str | None, typer.Option("--court", metavar="ACCOUNT", help="By judgment. / 依判决。")
    ] = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Annul it, by two officers or a court / 撤销证明"""
    from registry.cli import acting
    from registry.desk import certificates, given
    from registry.desk.ask import asked

    ask = asked(
        certificates.Annul,
        certificate=number,
        document=given.digest(document),
        reason=reason,
        court=court,
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("witness")
def witness(
    number: Number,
    *,
    exchange: Annotated[
        str | None, typer.Option("--exchange", metavar="ACCOUNT", help="Which. / 交易机构。")
    ] = None,
    own: Annotated[str, typer.Option("--number", metavar="CODE", help="Its own. / 见证编号。")],
    other: Annotated[
        str | None, typer.Option("--other", metavar="ACCOUNT", help="Jointly. / 联合见证机构。")
    ] = None,
    other_number: Annotated[
        str | None, typer.Option("--other-number", metavar="CODE", help="The other's. / 其编号。")
    ] = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """An exchange witnesses it, or two jointly / 见证，或联合见证"""
    from registry.cli import acting
    from registry.desk import certificates
    from registry.desk.ask import asked

    ask = asked(
        certificates.Witness,
        certificate=number,
        exchange=exchange,
        number=own,
        other=other,
        other_number=other_number,
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("confirm")
def confirm(
    number: Number,
    *,
    court: Court,
    document: Document,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """A court confirms what was retired for its order / 法院确认履行"""
    from registry.cli import acting
    from registry.desk import certificates, given
    from registry.desk.ask import asked

    ask = asked(
        certificates.Confirm, certificate=number, court=court, document=given.digest(document)
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("adopt")
def adopt(
    number: Number,
    *,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Let one of a group stand by itself / 使批量证明中的一张单列"""
    from registry.cli import acting
    from registry.desk import certificates
    from registry.desk.ask import asked

    ask = asked(certificates.Adopt, certificate=number)
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("numbered-before")
def numbered_before(
    number: Number,
    *,
    former: Annotated[
        str, typer.Option("--number", metavar="CODE", help="What it was. / 原编号。")
    ],
    source: Annotated[Path, typer.Option("--source", help="What says so, a file. / 出处文件。")],
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Keep the number that it had elsewhere / 载明原编号"""
    from registry.cli import acting
    from registry.desk import certificates, given
    from registry.desk.ask import asked

    ask = asked(
        certificates.NumberBefore, certificate=number, number=former, source=given.digest(source)
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)
