"""`registry conduct`, `registry standing`: a case from finding to end, step by step, and how an account stands."""

from typing import Annotated

import typer

from registry.cli.options import (
    Account,
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

app = typer.Typer(no_args_is_help=True, help="Findings, due process, lists / 认定、程序、名单")

Case = Annotated[
    int | None,
    typer.Option("--case", metavar="ENTRY", help="The entry that found it. / 认定的记录。"),
]
By = Annotated[
    str | None, typer.Option("--by", metavar="ACCOUNT", help="Who signs, in office. / 签署人。")
]
Level = Annotated[str, typer.Option("--level", help="breach, blacklist. / 名单。")]
LegalBasis = Annotated[
    str | None, typer.Option("--legal-basis", metavar="CODE", help="For a black list. / 法律依据。")
]
Ends = Annotated[
    str | None, typer.Option("--until", metavar="DAY", help="The last day of it. / 期限。")
]


@app.command("find")
def find(
    account: Account,
    *,
    level: Level = "breach",
    rule: Annotated[str, typer.Option("--rule", metavar="CODE", help="Which. / 所违规定。")],
    document: Document,
    details: Annotated[str | None, typer.Option("--details", help="Kept apart. / 情节。")] = None,
    legal_basis: LegalBasis = None,
    by: By = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Find that an account broke a rule / 认定违规"""
    from registry.cli import acting
    from registry.desk import conduct, given
    from registry.desk.ask import asked

    ask = asked(
        conduct.Find,
        account=account,
        level=level,
        rule=rule,
        document=given.digest(document),
        details=details,
        legal_basis=legal_basis,
        by=by,
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("notify")
def notify(
    account: Account,
    *,
    document: Document,
    reply_by: Annotated[
        str, typer.Option("--reply-by", metavar="DAY", help="Until when. / 陈述期限。")
    ],
    case: Case = None,
    by: By = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Tell the account beforehand / 事先告知"""
    from registry.cli import acting
    from registry.desk import conduct, given
    from registry.desk.ask import asked

    ask = asked(
        conduct.Notify,
        account=account,
        document=given.digest(document),
        reply_by=reply_by,
        case=case,
        by=by,
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("hear")
def hear(
    account: Account,
    *,
    document: Document,
    case: Case = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """The account says its part / 陈述申辩"""
    from registry.cli import acting
    from registry.desk import conduct, given
    from registry.desk.ask import asked

    ask = asked(conduct.Hear, account=account, document=given.digest(document), case=case)
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("waive")
def waive(
    account: Account,
    *,
    case: Case = None,
    by: By = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Nobody replied in time / 逾期未陈述"""
    from registry.cli import acting
    from registry.desk import conduct
    from registry.desk.ask import asked

    ask = asked(conduct.Waive, account=account, case=case, by=by)
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("decide")
def decide(
    account: Account,
    *,
    result: Annotated[str, typer.Option("--result", help="upheld, dismissed. / 结果。")],
    document: Document,
    until: Ends = None,
    legal_basis: LegalBasis = None,
    case: Case = None,
    by: By = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Decide, by another than who found it / 由他人作出决定"""
    from registry.cli import acting
    from registry.desk import conduct, given
    from registry.desk.ask import asked

    ask = asked(
        conduct.Decide,
        account=account,
        result=result,
        document=given.digest(document),
        until=until,
        legal_basis=legal_basis,
        case=case,
        by=by,
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("publish")
def publish(
    account: Account,
    *,
    case: Case = None,
    by: By = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Put what was upheld in force / 公布生效"""
    from registry.cli import acting
    from registry.desk import conduct
    from registry.desk.ask import asked

    ask = asked(conduct.Publish, account=account, case=case, by=by)
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("object")
def object_to(
    account: Account,
    *,
    document: Document,
    case: Case = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """The account objects / 提出异议"""
    from registry.cli import acting
    from registry.desk import conduct, given
    from registry.desk.ask import asked

    ask = asked(conduct.Object, account=account, document=given.digest(document), case=case)
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("review")
def review(
    account: Account,
    *,
    result: Annotated[str, typer.Option("--result", help="upheld, revoked. / 结果。")],
    document: Document,
    case: Case = None,
    by: By = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Answer an objection, by another than who decided / 由他人复核"""
    from registry.cli import acting
    from registry.desk import conduct, given
    from registry.desk.ask import asked

    ask = asked(
        conduct.Review,
        account=account,
        result=result,
        document=given.digest(document),
        case=case,
        by=by,
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("repair")
def repair(
    account: Account,
    *,
    document: Document,
    case: Case = None,
    by: By = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """The account has made good / 信用修复"""
    from registry.cli import acting
    from registry.desk import conduct, given
    from registry.desk.ask import asked

    ask = asked(conduct.Repair, account=account, document=given.digest(document), case=case, by=by)
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("revoke")
def revoke(
    account: Account,
    *,
    document: Document,
    case: Case = None,
    by: By = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Take a case back / 撤销"""
    from registry.cli import acting
    from registry.desk import conduct, given
    from registry.desk.ask import asked

    ask = asked(conduct.Revoke, account=account, document=given.digest(document), case=case, by=by)
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("end")
def end(
    account: Account,
    *,
    itself: Annotated[
        bool, typer.Option("--itself", help="Signed by the account. / 由账户自行签署。")
    ] = False,
    case: Case = None,
    by: By = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """The term has passed / 期满"""
    from registry.cli import acting
    from registry.desk import conduct
    from registry.desk.ask import asked

    ask = asked(conduct.End, account=account, itself=itself, case=case, by=by)
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("commend")
def commend(
    account: Account,
    *,
    document: Document,
    by: By = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Commend an account / 表彰"""
    from registry.cli import acting
    from registry.desk import conduct, given
    from registry.desk.ask import asked

    ask = asked(conduct.Commend, account=account, document=given.digest(document), by=by)
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


def standing(
    account: Account,
    *,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DAY", help="At its end. / 截至某日终。")
    ] = None,
    directory: Directory,
    state: State = None,
    read_url: Replica = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """How an account stands, and why / 账户的信用状况及原因"""
    from registry.cli import conducting

    place = read_from(directory, state, read_url)
    conducting.standing(account, as_of, place, voice=Voice(lang, as_json=as_json))
