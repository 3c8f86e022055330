"""The arguments and options that commands share, and where a command reads or writes.

Nothing here is heavy: `--help` imports it.
"""

from pathlib import Path
from typing import Annotated, Literal

import typer

from registry.errors import UsageError
from registry.place import Place, Server, is_mistyped, read_place, redacted

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
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Write nothing, say what would be. / 只预览。")
]
AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="ENTRY|DAY|TIME",
        help="As it was after that entry, day or time. / 某条记录、某日或某时为止。",
    ),
]
Account = Annotated[
    str, typer.Argument(metavar="ACCOUNT", help="An id, or the exact name. / 账号或全名。")
]
Amount = Annotated[
    str,
    typer.Argument(metavar="AMOUNT", help="Tonnes, such as 12.5; or grams: 27g. / 吨，或克。"),
]
Entry = Annotated[int, typer.Argument(metavar="ENTRY", help="An entry's index. / 记录序号。")]
Document = Annotated[Path, typer.Option("--document", help="The paper, a file. / 文件。")]
Until = Annotated[
    str, typer.Option("--until", metavar="DAY", help="The last day of it. / 截止日，含当日。")
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


def place_of(typed: str, state: Path | None = None) -> Place:
    """What was typed for a registry.

    Raises:
        UsageError: `bad_address`; `state_without_server`.
    """
    if is_mistyped(typed):
        raise UsageError("bad_address", server=redacted(typed))
    place = read_place(typed, state)
    if state is not None and not isinstance(place, Server):
        raise UsageError("state_without_server", directory=typed)
    return place


def server_of(typed: str, state: Path | None = None) -> Server:
    """The server that was typed.

    Raises:
        UsageError: `bad_address`.
    """
    place = read_place(typed, state)
    if not isinstance(place, Server):
        raise UsageError("bad_address", server=redacted(typed))
    return place


def read_from(directory: str, state: Path | None, read_url: str | None) -> Place:
    """Where a command reads that changes nothing: at the replica, if one was named."""
    return place_of(directory, state) if read_url is None else server_of(read_url, state)
