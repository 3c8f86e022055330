"""`registry serve`: the HTTP API."""

from pathlib import Path
from typing import Annotated

import typer

from registry.cli.options import Json, Language, State, place_of
from registry.cli.voice import Voice

Registry = Annotated[
    str, typer.Argument(metavar="DIR|URL", help="The registry. / 登记系统：目录或数据库地址。")
]


def serve(
    path: Registry,
    *,
    state: State = None,
    host: Annotated[
        str | None, typer.Option("--host", help="Listen there; else 127.0.0.1. / 监听地址。")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", help="0 for any; else 8080. / 端口。")
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="Settings, TOML. / 设置文件。")
    ] = None,
    show_config: Annotated[
        bool, typer.Option("--show-config", help="Say how it is set up, and end. / 只显示设置。")
    ] = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Serve the HTTP API until it is stopped / 提供 HTTP 接口"""
    from registry.api.settings import read_settings

    voice = Voice(lang, as_json=as_json)
    settings = read_settings(config, host=host, port=port)
    if show_config:
        Voice(lang, as_json=True).json(settings.redacted())
        return
    from registry.api import serve as serving

    def listening(address: str) -> None:
        voice.say("serve.listening", address=address)
        if as_json:
            voice.lines([{"address": address}])

    serving.serve(place_of(path, state), settings, listening)
