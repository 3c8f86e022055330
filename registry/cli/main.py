"""The command line: what there is to ask, and how each command ends. All work is done in the modules beside it.

Heavy libraries, and all that only a server has, are imported inside the commands that need them.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from registry.cli import exits
from registry.cli.voice import Voice
from registry.cli.words import Lang
from registry.errors import RegistryError
from registry.place import Place, Server, is_mistyped, read_place, redacted

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
account_app = typer.Typer(no_args_is_help=True, help="An account's keys / 账户的密钥")
key_app = typer.Typer(
    no_args_is_help=True, help="Show, add, rotate, end keys / 查看、登记、更换、终止"
)
recover_app = typer.Typer(no_args_is_help=True, help="Replace a lost key / 找回遗失的密钥")
app.add_typer(account_app, name="account")
account_app.add_typer(key_app, name="key")
account_app.add_typer(recover_app, name="recover")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON value. / 输出 JSON。")]
Language = Annotated[
    Literal["zh", "en"] | None,
    typer.Option("--lang", help="Language; by default the locale's. / 语言，默认随系统。"),
]
Directory = Annotated[
    str,
    typer.Option("--dir", metavar="DIR|URL", help="The registry. / 登记系统：目录或数据库地址。"),
]
New = Annotated[
    str, typer.Argument(metavar="DIR|URL", help="A new directory or database. / 新目录或数据库。")
]
State = Annotated[
    Path | None,
    typer.Option("--state", help="With a URL: where keys and mark are. / 密钥和标记的目录。"),
]
Replica = Annotated[
    str | None,
    typer.Option("--read-url", metavar="URL", help="Read there instead. / 改从此只读副本读取。"),
]
Account = Annotated[
    str, typer.Argument(metavar="ACCOUNT", help="An id, or the exact name. / 账号或全名。")
]
Public = Annotated[
    str | None,
    typer.Option(
        "--public", help="The holder's own key, hex; else one is made. / 持有人自带公钥。"
    ),
]
Possession = Annotated[
    str | None,
    typer.Option("--possession", help="That key's signature, hex. / 该密钥的持有签名。"),
]
Key = Annotated[
    str | None,
    typer.Option("--key", help="The log's public key, instead of a pinned one. / 指定公钥。"),
]


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

    keeping.init(_place(directory, state), origin=origin, voice=Voice(lang, as_json=as_json))


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

    demonstration.run(_place(directory, state), Voice(lang, as_json=as_json))


@app.command("import-list")
def import_list(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The list, CSV. / 清单（CSV）。")],
    *,
    directory: Directory,
    state: State = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write nothing, say what would be. / 只预览。")
    ] = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Import a published list, all or nothing / 导入公布的清单"""
    from registry.cli import import_list as importing

    voice = Voice(lang, as_json=as_json)
    importing.run(file, _place(directory, state), dry_run=dry_run, voice=voice)


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

    place = _read_from(directory, state, read_url)
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
def certificate(
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
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """List certificates, or export one / 列出证明，或导出一张"""
    from registry.cli import certificates

    place = _read_from(directory, state, read_url)
    voice = Voice(lang, as_json=as_json)
    if show_all or number is None:
        if number is not None or not show_all:
            raise exits.UsageError("number_or_list")
        certificates.show_all(place, voice=voice)
    else:
        certificates.export(number, place, output=output, private=private, voice=voice)


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
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Replay and check a whole log / 重放并审计整个日志

    Exit code: 0 valid, 1 invalid, 2 usage, 3 incomplete, 4 stale.
    / 退出码：0 有效，1 无效，2 用法，3 无法判定，4 过时。
    """
    from registry.cli import auditing

    voice = Voice(lang, as_json=as_json)
    raise typer.Exit(auditing.audit(_read_from(path, state, read_url), vkey=vkey, voice=voice))


@app.command()
def balance(
    account: Account,
    *,
    directory: Directory,
    state: State = None,
    read_url: Replica = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Show what an account holds / 查看账户持有"""
    from registry.cli import accounts

    accounts.balance(
        account, _read_from(directory, state, read_url), voice=Voice(lang, as_json=as_json)
    )


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

    streams.show(stream, _read_from(directory, state, read_url), voice=Voice(lang, as_json=as_json))


@app.command()
def trace(
    gram: Annotated[
        str, typer.Argument(metavar="BATCH:SERIAL", help="One gram. / 一克：批次:序列号。")
    ],
    *,
    directory: Directory,
    state: State = None,
    read_url: Replica = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Show every holder that a gram had / 追溯一克的历任持有人"""
    from registry.cli import grams

    grams.trace(gram, _read_from(directory, state, read_url), voice=Voice(lang, as_json=as_json))


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

    place = _read_from(directory, state, read_url)
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
    raise typer.Exit(copying.restore(_place(source), _place(directory, state), voice=voice))


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
    copying.migrate(_server(url), role=role, reader=reader, as_sql=as_sql, voice=voice)


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

    keeping.accept_mark(_place(directory, state), yes=yes, voice=Voice(lang, as_json=as_json))


@log_key_app.command("rotate")
def log_key_rotate(
    *, directory: Directory, state: State = None, as_json: Json = False, lang: Language = None
) -> None:
    """Replace it, by itself and two officers / 由旧密钥和两名登记官更换"""
    from registry.cli import keys

    keys.replace_log_key(_place(directory, state), voice=Voice(lang, as_json=as_json))


@key_app.command("list")
def key_list(
    account: Account,
    *,
    directory: Directory,
    state: State = None,
    read_url: Replica = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Show every key that an account had / 查看账户的全部密钥"""
    from registry.cli import keys

    keys.show_all(
        account, _read_from(directory, state, read_url), voice=Voice(lang, as_json=as_json)
    )


@key_app.command("add")
def key_add(
    account: Account,
    *,
    directory: Directory,
    state: State = None,
    public: Public = None,
    possession: Possession = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Add a key / 登记一个密钥"""
    from registry.cli import keys

    voice = Voice(lang, as_json=as_json)
    keys.add(account, _place(directory, state), public=public, possession=possession, voice=voice)


@key_app.command("rotate")
def key_rotate(
    account: Account,
    *,
    directory: Directory,
    state: State = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Replace the keys kept here by a new one / 更换代管的密钥"""
    from registry.cli import keys

    keys.rotate(account, _place(directory, state), voice=Voice(lang, as_json=as_json))


@key_app.command("end")
def key_end(
    account: Account,
    ended: Annotated[str, typer.Argument(metavar="KEY", help="The key's id, hex. / 密钥标识。")],
    *,
    directory: Directory,
    state: State = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """End a key / 终止一个密钥"""
    from registry.cli import keys

    keys.end(account, ended, _place(directory, state), voice=Voice(lang, as_json=as_json))


@recover_app.command("announce")
def recover_announce(
    account: Account,
    *,
    directory: Directory,
    state: State = None,
    identity: Annotated[
        Path, typer.Option("--identity", help="The identity check's document. / 身份核验文件。")
    ],
    notice: Annotated[Path, typer.Option("--notice", help="The notice given. / 已发出的通知。")],
    public: Public = None,
    possession: Possession = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Announce a new key, by two officers / 由两名登记官公告新密钥"""
    from registry.cli import keys

    keys.announce(
        account,
        _place(directory, state),
        identity=identity,
        notice=notice,
        public=public,
        possession=possession,
        voice=Voice(lang, as_json=as_json),
    )


@recover_app.command("stop")
def recover_stop(
    account: Account,
    *,
    directory: Directory,
    state: State = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Stop a recovery, as the holder / 持有人中止找回"""
    from registry.cli import keys

    keys.stop(account, _place(directory, state), voice=Voice(lang, as_json=as_json))


@recover_app.command("withdraw")
def recover_withdraw(
    account: Account,
    *,
    directory: Directory,
    state: State = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Withdraw a recovery, by two officers / 由两名登记官撤回找回"""
    from registry.cli import keys

    keys.withdraw(account, _place(directory, state), voice=Voice(lang, as_json=as_json))


@recover_app.command("complete")
def recover_complete(
    account: Account,
    *,
    directory: Directory,
    state: State = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Complete it after the waiting time / 等待期满后完成找回"""
    from registry.cli import keys

    keys.complete(account, _place(directory, state), voice=Voice(lang, as_json=as_json))


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

    place = _read_from(directory, state, read_url)
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
    lang: Language = None,
) -> None:
    """Print entries as they come, as JSON lines / 随到随印每条记录"""
    from registry.cli import following

    place = _read_from(directory, state, read_url)
    following.run(place, position=position, voice=Voice(lang))


def _place(typed: str, state: Path | None = None) -> Place:
    """What was typed for a registry.

    Raises:
        UsageError: `bad_address`; `state_without_server`.
    """
    if is_mistyped(typed):
        raise exits.UsageError("bad_address", server=redacted(typed))
    place = read_place(typed, state)
    if state is not None and not isinstance(place, Server):
        raise exits.UsageError("state_without_server", directory=typed)
    return place


def _server(typed: str, state: Path | None = None) -> Server:
    """The server that was typed.

    Raises:
        UsageError: `bad_address`.
    """
    place = read_place(typed, state)
    if not isinstance(place, Server):
        raise exits.UsageError("bad_address", server=redacted(typed))
    return place


def _read_from(directory: str, state: Path | None, read_url: str | None) -> Place:
    """Where a command reads that changes nothing: at the replica, if one was named."""
    return _place(directory, state) if read_url is None else _server(read_url, state)


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
        ended = app(args=list(arguments), prog_name="registry", standalone_mode=False)
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


def _wrong_usage(error: typer.TyperException, voice: Voice) -> int:
    why = error.format_message()
    if "\n" in why:
        # No command at all: the message is the help.
        typer.echo(why, err=True)
        return exits.USAGE
    return exits.wrong_usage(why, voice)


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
