"""`registry order`: restoration orders (替代性生态修复), from their registration to the court's confirmation."""

from pathlib import Path
from typing import Annotated

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
from registry.errors import UsageError

app = typer.Typer(no_args_is_help=True, help="Restoration orders / 替代性修复令")

Order = Annotated[str, typer.Argument(metavar="ORDER", help="order/… or its id. / 修复令编号。")]
Document = Annotated[
    Path, typer.Option("--document", metavar="FILE", help="The ruling. / 文书文件。")
]
Deadline = Annotated[str, typer.Option("--deadline", metavar="DAY", help="By when. / 截止日。")]
Tonnes = Annotated[
    str | None, typer.Option("--amount", metavar="AMOUNT", help="In tonnes. / 吨数。")
]
Yuan = Annotated[
    str | None, typer.Option("--yuan", metavar="YUAN", help="Or in yuan, 1000.50. / 或金额。")
]
Instalments = Annotated[
    list[str] | None,
    typer.Option("--instalment", metavar="DAY:AMOUNT", help="Repeated. / 分期，可重复。"),
]
Agent = Annotated[
    str | None, typer.Option("--agent", metavar="ACCOUNT", help="Who buys. / 代理人。")
]
Obligor = Annotated[str, typer.Option("--obligor", help="Who must; hidden. / 义务人，不公开。")]
Number = Annotated[str, typer.Argument(metavar="NUMBER", help="Of the case. / 案号，不公开。")]
Court = Annotated[
    str, typer.Option("--court", metavar="ACCOUNT", help="Court or agency. / 法院或机关。")
]
Basis = Annotated[str, typer.Option("--basis", help="judgment, mediation … / 文书类型。")]
CaseAccount = Annotated[
    str, typer.Option("--account", metavar="ACCOUNT", help="The case's own. / 案件专户。")
]
Standards = Annotated[
    list[str], typer.Option("--standard", metavar="CODE", help="Repeated. / 可用种类，可重复。")
]
Regions = Annotated[
    list[str] | None, typer.Option("--region", help="GB/T 2260, repeated. / 限定地区。")
]
Where = Annotated[str | None, typer.Option("--place", help="GB/T 2260. / 地点。")]
IsPublic = Annotated[
    bool, typer.Option("--public/--private", help="The certificate. / 证明是否公开。")
]
ByOfficer = Annotated[
    bool, typer.Option("--by-officer", help="An officer signs in their place. / 由登记官代签。")
]


def _instalments(typed: list[str] | None) -> list[tuple[str, str]]:
    """What was typed as DAY:AMOUNT.

    Raises:
        UsageError: `malformed`.
    """
    parts = [one.partition(":") for one in typed or []]
    if not all(colon for _, colon, _ in parts):
        raise UsageError("malformed", field="--instalment", why="instalment_expected")
    return [(day, amount) for day, _, amount in parts]


@app.command("register")
def register(
    number: Number,
    *,
    court: Court,
    basis: Basis,
    obligor: Obligor,
    account: CaseAccount,
    document: Document,
    deadline: Deadline,
    standards: Standards,
    regions: Regions = None,
    amount: Tonnes = None,
    yuan: Yuan = None,
    instalments: Instalments = None,
    agent: Agent = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Enter an order, by the court or agency / 登记修复令"""
    from registry.cli import acting
    from registry.desk import given, orders
    from registry.desk.ask import asked

    ask = asked(
        orders.Register,
        number=number,
        court=court,
        basis=basis,
        obligor=obligor,
        account=account,
        document=given.digest(document),
        deadline=deadline,
        standards=standards,
        regions=regions or (),
        amount=amount,
        yuan=yuan,
        instalments=_instalments(instalments),
        agent=agent,
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("buy")
def buy(
    order: Order,
    amount: Amount,
    *,
    seller: Annotated[
        str, typer.Option("--from", metavar="ACCOUNT", help="Who sells. / 出售账户。")
    ],
    by_agent: Annotated[
        bool, typer.Option("--by-agent", help="The agent signs. / 由代理人签署。")
    ] = False,
    yuan: Annotated[
        str | None, typer.Option("--yuan", metavar="YUAN", help="What was paid. / 价款。")
    ] = None,
    standard: Annotated[
        str | None, typer.Option("--standard", metavar="CODE", help="Of which kind. / 种类。")
    ] = None,
    batch: Annotated[
        str | None, typer.Option("--batch", metavar="BATCH", help="Out of this. / 指定批次。")
    ] = None,
    serials: Annotated[
        str | None, typer.Option("--range", metavar="FIRST..LAST", help="These. / 指定序列号。")
    ] = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Buy credits for the order; they are locked at once / 为修复令购入并锁定"""
    from registry.cli import acting
    from registry.desk import orders
    from registry.desk.ask import asked

    ask = asked(
        orders.Buy,
        order=order,
        amount=amount,
        seller=seller,
        by_agent=by_agent,
        yuan=yuan,
        standard=standard,
        batch=batch,
        serials=serials,
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("perform")
def perform(
    order: Order,
    amount: Annotated[
        str | None, typer.Argument(metavar="[AMOUNT]", help="Else all bought. / 默认全部。")
    ] = None,
    *,
    where: Where = None,
    public: IsPublic = True,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Retire what was bought, with a certificate / 履行：注销所购"""
    from registry.cli import acting
    from registry.desk import orders
    from registry.desk.ask import asked

    ask = asked(orders.Perform, order=order, amount=amount, place=where, public=public)
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("enforce")
def enforce(
    order: Order,
    amount: Annotated[
        str | None, typer.Argument(metavar="[AMOUNT]", help="Else all bought. / 默认全部。")
    ] = None,
    *,
    document: Document,
    where: Where = None,
    public: IsPublic = True,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """After default, the court retires what was bought / 强制执行"""
    from registry.cli import acting
    from registry.desk import given, orders
    from registry.desk.ask import asked

    ask = asked(
        orders.Enforce,
        order=order,
        amount=amount,
        document=given.digest(document),
        place=where,
        public=public,
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("amend")
def amend(
    order: Order,
    *,
    document: Document,
    deadline: Deadline,
    amount: Tonnes = None,
    yuan: Yuan = None,
    instalments: Instalments = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Set other terms, by the court / 改判"""
    from registry.cli import acting
    from registry.desk import given, orders
    from registry.desk.ask import asked

    ask = asked(
        orders.Amend,
        order=order,
        document=given.digest(document),
        deadline=deadline,
        amount=amount,
        yuan=yuan,
        instalments=_instalments(instalments),
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("substitute")
def substitute(
    order: Order,
    *,
    obligor: Obligor,
    agent: Agent = None,
    document: Document,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Name another obligor, by the court / 变更义务人"""
    from registry.cli import acting
    from registry.desk import given, orders
    from registry.desk.ask import asked

    ask = asked(
        orders.Substitute,
        order=order,
        obligor=obligor,
        agent=agent,
        document=given.digest(document),
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("default")
def default(
    order: Order,
    *,
    document: Document,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Find that the terms were not kept, by the court / 认定逾期"""
    from registry.cli import acting
    from registry.desk import given, orders
    from registry.desk.ask import asked

    ask = asked(orders.Default, order=order, document=given.digest(document))
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("withdraw")
def withdraw(
    order: Order,
    *,
    document: Document,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Take the order back, by the court / 撤回"""
    from registry.cli import acting
    from registry.desk import given, orders
    from registry.desk.ask import asked

    ask = asked(orders.Withdraw, order=order, document=given.digest(document))
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("confirm")
def confirm(
    order: Order,
    *,
    document: Document,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Confirm that all was performed, by the court / 确认履行完毕"""
    from registry.cli import acting
    from registry.desk import given, orders
    from registry.desk.ask import asked

    ask = asked(orders.Confirm, order=order, document=given.digest(document))
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("release")
def release(
    order: Order,
    *,
    by_officer: ByOfficer = False,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Once it is over, let go of what is still locked / 释放余量"""
    from registry.cli import acting
    from registry.desk import orders
    from registry.desk.ask import asked

    ask = asked(orders.Release, order=order, by_officer=by_officer)
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("close")
def close(
    order: Order,
    *,
    by_officer: ByOfficer = False,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Close the case / 结案"""
    from registry.cli import acting
    from registry.desk import orders
    from registry.desk.ask import asked

    ask = asked(orders.Close, order=order, by_officer=by_officer)
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("show")
def show(
    order: Order,
    *,
    directory: Directory,
    state: State = None,
    read_url: Replica = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """What an order asks, and what was done / 查看修复令"""
    from registry.cli import overview

    place = read_from(directory, state, read_url)
    overview.stream("order", order, place, voice=Voice(lang, as_json=as_json))


@app.command("list")
def list_(
    *,
    directory: Directory,
    state: State = None,
    read_url: Replica = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """All orders, with what is overdue today / 列出全部修复令及逾期"""
    from registry.cli import overview
    from registry.desk import given

    place = read_from(directory, state, read_url)
    overview.orders(place, given.today(), voice=Voice(lang, as_json=as_json))
