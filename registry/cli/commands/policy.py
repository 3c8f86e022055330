"""`registry policy`: what is policy here, on the log."""

from typing import Annotated

import typer

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

app = typer.Typer(no_args_is_help=True, help="Set, list what is policy / 制度：设定、列出")

Name = Annotated[
    str, typer.Argument(metavar="POLICY", help="buffer_share, second_person_over … / 制度名。")
]
Codes = Annotated[
    list[str] | None, typer.Option("--code", help="What it names, repeated. / 所列代码，可重复。")
]
Number = Annotated[
    str | None,
    typer.Option("--number", help="Tonnes, or grams: 27g; of a share per mille. / 数值。"),
]
Of = Annotated[
    str | None, typer.Option("--standard", metavar="CODE", help="Of which kind. / 种类。")
]


@app.command("set")
def set_policy(
    policy: Name,
    *,
    codes: Codes = None,
    number: Number = None,
    standard: Of = None,
    document: Document,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Set what is policy, by two officers / 由两名登记官设定制度"""
    from registry.cli import acting
    from registry.desk import given, policies
    from registry.desk.ask import asked

    ask = asked(
        policies.Set,
        policy=policy,
        codes=codes or (),
        number=number,
        standard=standard,
        document=given.digest(document),
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("list")
def show_all(
    *,
    directory: Directory,
    state: State = None,
    read_url: Replica = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """List what is policy / 列出现行制度"""
    from registry.cli import overview

    place = read_from(directory, state, read_url)
    overview.policies(place, voice=Voice(lang, as_json=as_json))
