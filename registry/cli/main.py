"""The command line: what there is to ask, and how each command ends. All work is done in the modules beside it.

Heavy libraries, and all that only a server has, are imported inside the commands that need them.
"""

import os
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

from registry.cli import exits
from registry.cli.commands import (
    access,
    account,
    activity,
    batch,
    campaign,
    certificate,
    conduct,
    erase,
    gift,
    movement,
    offer,
    order,
    policy,
    project,
    report_acts,
    role,
    serve,
    standard,
    tables,
)
from registry.cli.options import (
    Account,
    AsOf,
    Directory,
    DryRun,
    Json,
    Key,
    Language,
    New,
    Replica,
    State,
    place_of,
    read_from,
    server_of,
)
from registry.cli.usage import facts_of
from registry.cli.voice import Voice
from registry.desk.words import Lang
from registry.errors import RegistryError, UsageError

app = typer.Typer(
    name="registry",
    help="A carbon credit registry whose every entry a stranger can check. / 人人可查的碳信用登记系统。",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

log_key_app = typer.Typer(no_args_is_help=True, help="The log's own key / 日志自己的密钥")
app.add_typer(log_key_app, name="log-key")
app.add_typer(account.app, name="account")
app.add_typer(role.app, name="role")
app.add_typer(standard.app, name="standard")
app.add_typer(project.app, name="project")
app.add_typer(batch.app, name="batch")
app.add_typer(certificate.app, name="certificate")
app.add_typer(activity.app, name="activity")
app.add_typer(conduct.app, name="conduct")
app.add_typer(offer.app, name="offer")
app.add_typer(policy.app, name="policy")
app.add_typer(campaign.app, name="campaign")
app.add_typer(gift.app, name="gift")
app.add_typer(order.app, name="order")
app.add_typer(report_acts.group, name="report")
app.add_typer(tables.app, name="views")
app.add_typer(erase.app, name="erase")
app.add_typer(access.app, name="access")


@app.command()
def init(
    directory: New,
    *,
    state: State = None,
    origin: Annotated[
        str | None, typer.Option("--origin", help="The log's name. / 日志名称。")
    ] = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Begin a registry / 建立登记系统"""
    from registry.cli import keeping

    keeping.init(place_of(directory, state), origin=origin, voice=Voice(lang, as_json=as_json))


@app.command()
def demo(
    directory: New,
    *,
    state: State = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Demonstrate with the published list / 用公布的清单演示"""
    from registry.cli import demo as demonstration

    demonstration.run(place_of(directory, state), Voice(lang, as_json=as_json))


@app.command("import-list")
def import_list(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, xlsx, jsonl. / 清单文件。")],
    *,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Import a published list, all or nothing / 导入公布的清单"""
    from registry.cli import import_list as importing

    voice = Voice(lang, as_json=as_json)
    importing.run(file, place_of(directory, state), dry_run=dry_run, voice=voice)


@app.command()
def key(
    *,
    directory: Directory,
    state: State = None,
    read_url: Replica = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Show the log's public key, fingerprint / 显示日志公钥和指纹"""
    from registry.cli import keeping

    place = read_from(directory, state, read_url)
    keeping.key(place, lagging=read_url is not None, voice=Voice(lang, as_json=as_json))


@app.command()
def trust(
    vkey: Annotated[str, typer.Argument(metavar="VKEY", help="The key's line. / 公钥行。")],
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="In place of another of this name. / 更换原有公钥。")
    ] = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Pin a log's key; only that is believed / 采信日志公钥"""
    from registry.cli import keeping

    keeping.trust(vkey, replace=replace, voice=Voice(lang, as_json=as_json))


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A proof file. / 证明文件。")],
    *,
    vkey: Key = None,
    size_min: Annotated[
        int, typer.Option("--min-size", min=0, help="Stale below so many entries. / 最少条数。")
    ] = 0,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Check a certificate's proof file / 查验证明文件

    Exit code: 0 valid, 1 invalid, 2 usage, 3 incomplete, 4 stale.
    / 退出码：0 有效，1 无效，2 用法，3 无法判定，4 过时。
    """
    from registry.cli import verifying

    voice = Voice(lang, as_json=as_json)
    raise typer.Exit(verifying.verify(file, vkey=vkey, size_min=size_min, voice=voice))


@app.command()
def audit(
    path: Annotated[
        str,
        typer.Argument(metavar="DIR|URL", help="A directory or database. / 目录或数据库。"),
    ],
    *,
    state: State = None,
    read_url: Replica = None,
    vkey: Key = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on where an audit of yours was cut off: what it judged is hashed again, not judged again."
            " / 从您上次中断处继续：已判过的只重算散列，不再重判。",
        ),
    ] = False,
    progress_json: Annotated[
        bool,
        typer.Option(
            "--progress-json",
            help="Say how far it is, a line of JSON at a time, on stderr. / 在标准错误上逐行输出 JSON 进度。",
        ),
    ] = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Replay and check a whole log / 重放并审计整个日志

    Exit code: 0 valid, 1 invalid, 2 usage, 3 incomplete, 4 stale.
    / 退出码：0 有效，1 无效，2 用法，3 无法判定，4 过时。
    """
    from registry.cli import auditing

    voice = Voice(lang, as_json=as_json, progress_json=progress_json)
    place = read_from(path, state, read_url)
    raise typer.Exit(auditing.audit(place, vkey=vkey, resume=resume, voice=voice))


@app.command()
def balance(
    account: Account,
    *,
    directory: Directory,
    state: State = None,
    read_url: Replica = None,
    as_of: AsOf = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Show what an account holds / 查看账户持有"""
    from registry.cli import accounts

    place = read_from(directory, state, read_url)
    accounts.balance(account, place, as_of=as_of, voice=Voice(lang, as_json=as_json))


@app.command()
def show(
    stream: Annotated[
        str, typer.Argument(metavar="STREAM", help="Such as batch/<id>. / 如 batch/<id>。")
    ],
    *,
    directory: Directory,
    state: State = None,
    read_url: Replica = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Show every entry of a stream / 查看一个流的全部记录"""
    from registry.cli import streams

    streams.show(stream, read_from(directory, state, read_url), voice=Voice(lang, as_json=as_json))


@app.command()
def trace(
    gram: Annotated[
        str, typer.Argument(metavar="BATCH:SERIAL", help="One gram. / 一克：批次:序列号。")
    ],
    *,
    directory: Directory,
    state: State = None,
    read_url: Replica = None,
    as_of: AsOf = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Show every holder that a gram had / 追溯一克的历任持有人"""
    from registry.cli import grams

    place = read_from(directory, state, read_url)
    grams.trace(gram, place, as_of=as_of, voice=Voice(lang, as_json=as_json))


@app.command()
def backup(
    *,
    directory: Directory,
    state: State = None,
    read_url: Replica = None,
    folder: Annotated[
        Path, typer.Option("-o", "--output", help="A new directory for the copy. / 副本目录。")
    ],
    public: Annotated[
        bool, typer.Option("--public", help="The log alone, for anybody. / 只含日志，可公布。")
    ] = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Copy a registry, beside whoever writes / 备份，不必停止写入"""
    from registry.cli import copying

    place = read_from(directory, state, read_url)
    copying.back_up(place, folder, public=public, voice=Voice(lang, as_json=as_json))


@app.command()
def restore(
    source: Annotated[
        str,
        typer.Argument(metavar="COPY", help="A directory, file or URL. / 副本：目录、文件或地址。"),
    ],
    *,
    directory: Directory,
    state: State = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Bring back what is missing from a copy / 从副本找回所缺的记录"""
    from registry.cli import copying

    voice = Voice(lang, as_json=as_json)
    raise typer.Exit(copying.restore(place_of(source), place_of(directory, state), voice=voice))


@app.command()
def migrate(
    url: Annotated[str, typer.Argument(metavar="URL", help="The database. / 数据库地址。")],
    *,
    role: Annotated[
        str | None, typer.Option("--role", help="Let this role write. / 授权写入的角色。")
    ] = None,
    reader: Annotated[
        str | None, typer.Option("--reader", help="Let this role audit. / 授权审计的角色。")
    ] = None,
    as_sql: Annotated[
        bool, typer.Option("--sql", help="Do nothing, print the script. / 只打印脚本。")
    ] = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Make or change the tables on a server / 在服务器上建立或升级数据表"""
    from registry.cli import copying

    voice = Voice(lang, as_json=as_json)
    copying.migrate(server_of(url), role=role, reader=reader, as_sql=as_sql, voice=voice)


@app.command("accept-mark")
def accept_mark(
    *,
    directory: Directory,
    state: State = None,
    yes: Annotated[bool, typer.Option("--yes", help="The cause is known. / 已查明原因。")] = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Reset the high-water mark; dangerous / 重设高水位标记，危险"""
    from registry.cli import keeping

    keeping.accept_mark(place_of(directory, state), yes=yes, voice=Voice(lang, as_json=as_json))


@log_key_app.command("rotate")
def log_key_rotate(
    *,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Replace it, by itself and two officers / 由旧密钥和两名登记官更换"""
    from registry.cli import keys

    voice = Voice(lang, as_json=as_json)
    keys.replace_log_key(place_of(directory, state), dry_run=dry_run, voice=voice)


@app.command()
def status(
    *,
    directory: Directory,
    state: State = None,
    read_url: Replica = None,
    prometheus: Annotated[
        bool, typer.Option("--prometheus", help="Print metrics, as text. / 输出监控指标。")
    ] = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Say whether all is well, changing nothing / 查看是否正常，不作改动

    Exit code: 0 well; else as the command that would fail.
    / 退出码：0 正常；否则与会失败的命令相同。
    """
    from registry.cli import status as standing

    place = read_from(directory, state, read_url)
    voice = Voice(lang, as_json=as_json)
    raise typer.Exit(standing.status(place, prometheus=prometheus, voice=voice))


@app.command()
def follow(
    *,
    directory: Directory,
    state: State = None,
    read_url: Replica = None,
    position: Annotated[
        int, typer.Option("--from", min=0, metavar="N", help="From this index on. / 自第 N 条起。")
    ] = 0,
    only_tables: Annotated[
        bool, typer.Option("--views", help="Keep the tables up instead. / 改为更新数据表。")
    ] = False,
    lang: Language = None,
) -> None:
    """Print entries as they come, as JSON lines / 随到随印每条记录"""
    from registry.cli import following

    place = read_from(directory, state, read_url)
    if only_tables:
        following.keep_tables(place, voice=Voice(lang))
    else:
        following.run(place, position=position, voice=Voice(lang))


app.command("list")(tables.show_list)
app.command("serve")(serve.serve)
app.command("transfer")(movement.transfer)
app.command("retire")(movement.retire)
app.command("standing")(conduct.standing)


def main() -> None:
    """Run the command that the process was started with."""
    # A closed stream is no reason to fail: what would be said there is said to nobody.
    sys.stdout = sys.stdout or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")
    sys.stderr = sys.stderr or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")
    for stream in (sys.stdout, sys.stderr):
        # A terminal that lacks a character shall not cost the answer.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # they are text streams here
    # typer reads arguments through pydantic: no plugin that happens to be installed shall run in a verifier.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """The exit code of the command that `arguments` ask for; whatever went wrong was said."""
    voice = _voice_for(arguments)
    try:
        ended = _commands()(args=list(arguments), prog_name="registry", standalone_mode=False)
    except typer.TyperException as error:
        return _wrong_usage(error, voice)
    except RegistryError as error:
        return exits.refused(error, voice)
    except ModuleNotFoundError as error:
        return exits.missing_module(error, voice) or exits.unexpected(error, voice)
    except KeyboardInterrupt:
        return exits.INTERRUPTED
    except Exception as error:  # noqa: BLE001  # the last one to hear of it: said, with a code of its own
        return exits.unexpected(error, voice)
    return ended if isinstance(ended, int) else 0


@cache
def _commands() -> TyperGroup:
    """All commands with their options, which take a while to be made of signatures."""
    return typer.main.get_group(app)


def _wrong_usage(error: typer.TyperException, voice: Voice) -> int:
    message = error.format_message()
    if "\n" in message:
        # No command at all: the message is the help.
        typer.echo(message, err=True)
        return exits.USAGE
    return exits.refused(UsageError("usage", **facts_of(message)), voice)


def _voice_for(arguments: Sequence[str]) -> Voice:
    """The voice for errors that come before a command has its own."""
    lang: Lang | None = None
    for before, argument in zip(["", *arguments], arguments, strict=False):
        asked = argument.removeprefix("--lang=") if before != "--lang" else argument
        if asked in ("zh", "en") and (before == "--lang" or asked != argument):
            lang = "zh" if asked == "zh" else "en"
    return Voice(lang, as_json="--json" in arguments)


if __name__ == "__main__":
    main()
