"""`registry import-list`: a published list into the log, all of it or nothing."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from registry.acts import published_list
from registry.acts.published_list import Row
from registry.cli.voice import Voice
from registry.desk import importing, rows
from registry.desk.words import purpose_word, tonnes, verdict_words
from registry.domain.timing import Verdict
from registry.place import Place

if TYPE_CHECKING:
    from registry.store.importer import ImportedRow, Plan


def run(file: Path, place: Place, *, dry_run: bool, voice: Voice) -> None:
    """Import `file` into the registry in `directory`; with `dry_run`, say what would happen.

    Raises:
        RefusedError: `bad_rows` and what else `published_list.read` says; the rules' refusals. Nothing is recorded.
    """
    from registry.store.importer import Importer, import_list
    from registry.store.operator import Operator

    published = importing.published(rows.file_of(file, published_list.COLUMNS))
    operator = Operator(place)
    try:
        if dry_run:
            _tell_plan(Importer(operator, published).plan(), voice)
            return
        entered = import_list(operator, published)
    finally:
        operator.close()
    _tell_rows(entered, voice)


def flagged(
    rows: Iterable[tuple[Row, tuple[Verdict, ...]]], result: str
) -> list[tuple[Row, Verdict]]:
    """The rows whose claim came to `result`, with the verdict that says so."""
    return [
        (row, verdict)
        for row, verdicts in rows
        for verdict in verdicts
        if verdict[1] == "claim" and verdict[2] == result and verdict[3] != "no_period"
    ]


def tell_flagged(rows: list[tuple[Row, Verdict]], title: str, voice: Voice) -> None:
    """A table of rows with their verdicts and why."""
    voice.table(
        title,
        [
            voice.pick("序号", "no"),
            voice.pick("活动", "activity"),
            voice.pick("所称期间", "period claimed"),
            voice.pick("注销月份", "retired"),
            voice.pick("为何", "why"),
        ],
        [
            [
                str(row.number),
                row.activity,
                "—" if row.period is None else f"{row.period[0]} … {row.period[1]}",
                row.month,
                verdict_words(verdict, voice.lang),
            ]
            for row, verdict in rows
        ],
    )


def _tell_plan(plan: "Plan", voice: Voice) -> None:
    early_or_late = flagged(plan.foreseen, "flag")
    if voice.is_json:
        voice.json(
            {
                "dry_run": True,
                "rows": len(plan.to_enter),
                "already": len(plan.entered),
                "accounts": list(plan.to_open),
                "batches": [
                    {"standard": code, "amount_g": grams} for code, grams in plan.to_invent
                ],
                "flagged": [{"no": row.number, "reason": why[3]} for row, why in early_or_late],
            }
        )
        return
    voice.print(
        voice.pick(
            f"将录入 {len(plan.to_enter)} 行（已在账上 {len(plan.entered)} 行），"
            f"开立 {len(plan.to_open)} 个账户。什么都没有写入。",
            f"Would enter {len(plan.to_enter)} rows ({len(plan.entered)} are there already)"
            f" and open {len(plan.to_open)} accounts. Nothing was written.",
        )
    )
    if plan.to_invent:
        voice.table(
            voice.pick("将虚构的库存", "inventory that would be invented"),
            [voice.pick("种类", "kind"), voice.pick("数量", "amount")],
            [[code, tonnes(grams)] for code, grams in plan.to_invent],
        )
    tell_flagged(
        early_or_late, voice.pick("时间规则不符的行", "rows against the timing rules"), voice
    )


def _tell_rows(rows: "list[ImportedRow]", voice: Voice) -> None:
    new = sum(1 for item in rows if item.is_new)
    already = len(rows) - new
    if voice.is_json:
        voice.json(
            {
                "dry_run": False,
                "rows": new,
                "already": already,
                "amount_g": sum(item.row.amount_g for item in rows),
                "certificates": [
                    {"no": item.row.number, "number": item.number, "index": item.index}
                    for item in rows
                ],
                "flagged": [
                    {"no": row.number, "reason": why[3]}
                    for row, why in flagged([(i.row, i.verdicts) for i in rows], "flag")
                ],
            }
        )
        return
    total_g = sum(item.row.amount_g for item in rows)
    voice.print(
        voice.pick(
            f"录入 {new} 行，先前已有 {already} 行；清单合计 {tonnes(total_g)}。",
            f"Entered {new} rows, {already} were there already;"
            f" the list comes to {tonnes(total_g)}.",
        )
    )
    if new:
        voice.print(
            voice.pick(
                "清单未公布信用种类和序列号：这里的是虚构的。",
                "The list does not say which kind of credit was retired, nor its serial numbers:"
                " those here are invented.",
            )
        )


def category_rows(totals: dict[str, tuple[int, int]], voice: Voice) -> list[list[str]]:
    """Table rows of totals by purpose."""
    return [
        [purpose_word(name, voice.lang), str(count), tonnes(grams)]
        for name, (count, grams) in totals.items()
    ]
