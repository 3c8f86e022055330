"""`registry list` and `registry views`: the tables that say what is true now, or was."""

from typing import Annotated

import typer

from registry.cli.options import (
    AsOf,
    Directory,
    Json,
    Language,
    Replica,
    State,
    place_of,
    read_from,
)
from registry.cli.voice import Voice

app = typer.Typer(no_args_is_help=True, help="The tables that answer questions / 回答查询的数据表")

Csv = Annotated[bool, typer.Option("--csv", help="Print CSV, all columns. / 输出 CSV，全部列。")]


def show_list(
    table: Annotated[
        str,
        typer.Argument(metavar="TABLE", help="Such as batches, retirements. / 表名。"),
    ],
    *,
    directory: Directory,
    state: State = None,
    read_url: Replica = None,
    where: Annotated[
        list[str] | None,
        typer.Option("--where", metavar="COLUMN=VALUE", help="Those alone; also < >. / 条件。"),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option("--by", metavar="COLUMN", help="Totals by this column. / 按列合计。"),
    ] = None,
    as_of: AsOf = None,
    as_csv: Csv = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """List what is true now, or was then / 列出现在或当时的情况

    `registry views show` names the tables. / `registry views show` 列出全部表名。
    """
    from registry.cli import listing

    listing.show(
        table,
        read_from(directory, state, read_url),
        where=where or (),
        by=by or (),
        as_of=as_of,
        as_csv=as_csv,
        voice=Voice(lang, as_json=as_json),
    )


@app.command("show")
def show(
    *,
    directory: Directory,
    state: State = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Catch up, and say which tables there are / 更新并列出数据表"""
    from registry.cli import keeping_views

    keeping_views.show(place_of(directory, state), voice=Voice(lang, as_json=as_json))


@app.command("rebuild")
def rebuild(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="One alone. / 仅重建其一。")
    ] = None,
    *,
    directory: Directory,
    state: State = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Make the tables anew from the entries / 由记录重建数据表"""
    from registry.cli import keeping_views

    keeping_views.make_anew(name, place_of(directory, state), voice=Voice(lang, as_json=as_json))
