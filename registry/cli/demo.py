"""`registry demo`: the province's published list through an honest ledger, checked, and attacked.

The rows are real and public; kinds of credit and serial numbers are not published and are invented here.
"""

import os
import secrets
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from registry.acts.published_list import PublishedList
from registry.cli.import_list import category_rows, flagged, tell_flagged
from registry.cli.voice import WHERE, Voice
from registry.desk import importing
from registry.desk.words import tonnes, typed
from registry.errors import BrokenHistoryError
from registry.ledger.note import VerifierKey
from registry.place import Place
from registry.store.backup import back_up
from registry.store.beginning import create
from registry.store.importer import BODIES, ImportedRow, import_list
from registry.store.log import DATABASE, Log
from registry.store.operator import Operator, home_of
from registry.store.proofs import certificate_proof
from registry.store.recorder import row_number
from registry.store.views import views
from registry.verifier.audit import Audited, audit
from registry.verifier.certificate import Verified, verify

ORIGIN = "demo.registry.invalid/sichuan-2024"
LIST = "neutrality-list-2024.csv"
SHOWN_ROW = 31
"""The row whose certificate is exported: 857 t for a bank, of a kind that the press has told."""

ALTERED_ROW = 60
"""The row whose entry is altered in the copy: 300,000 t, the largest."""


Totals = Mapping[str, tuple[int, int]]
"""How many, and how many grams, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retired:
    """What was retired: in all, and by purpose and month."""

    total_g: int
    by_purpose: Totals
    by_month: Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class Altered:
    """One byte of a copy, and what the audit of that copy said."""

    index: int
    offset: int
    before: int
    after: int
    found: BrokenHistoryError


def run(place: Place, voice: Voice) -> None:
    """The demonstration, into `directory`, which must not be in use.

    Raises:
        RefusedError: `directory_in_use`.
    """
    published = importing.published(_list())
    # Each demonstration is a log of its own, with a key of its own, and so a name of its own.
    create(place, origin=f"{ORIGIN}-{secrets.token_hex(4)}")
    operator = Operator(place)
    try:
        rows = import_list(operator, published)
        key = operator.vkey()
        shown = next(item for item in rows if item.row.number == SHOWN_ROW)
        proof = certificate_proof(operator.log, operator.log.openings, shown.number)
        retired = _retired(operator.log)
    finally:
        operator.close()
    file = home_of(place) / f"certificate-{shown.number}.proof"
    file.write_bytes(proof)
    audited = audit(place, key)
    verified = verify(file.read_bytes(), key)
    altered_row = next(item for item in rows if item.row.number == ALTERED_ROW)
    altered = _alter_a_copy(place, key, altered_row.index)
    if voice.is_json:
        told = {
            "demonstration": True,
            "vkey": str(key),
            "certificate": str(file),
            "audit": {**asdict(audited), "root": audited.root.hex(), "note": audited.note.decode()},
            "altered": {
                "reason": altered.found.code,
                "at": {name: altered.found.facts.get(name) for name in WHERE},
            },
        }
        voice.json({**told, **_figures(rows, retired)})
        return
    _tell_ledger(rows, audited, voice)
    _tell_figures(published, retired, voice)
    _tell_timing(rows, voice)
    _tell_checks(audited, verified, file, altered, voice)
    _tell_next(place, key, file, voice)


def _list() -> bytes:
    return (resources.files("registry") / "data" / LIST).read_bytes()


def _retired(log: Log) -> Retired:
    """What was retired, as the tables have it that were folded from the log itself."""
    with views(log) as tables:
        ((_, total_g),) = tables.totals("retirements", (), counted=1).values()
        by_purpose, by_month = (
            {
                name: amount
                for (name,), amount in tables.totals("retirements", (column,), counted=1).items()
            }
            for column in ("purpose", "month")
        )
    return Retired(total_g=total_g, by_purpose=by_purpose, by_month=by_month)


def _alter_a_copy(place: Place, key: VerifierKey, index: int) -> Altered:
    """Change one byte of entry `index` in a copy of the database, and audit the copy.

    Raises:
        BrokenHistoryError: never; it is caught and shown. An audit that finds nothing is an assertion that fails.
    """
    with tempfile.TemporaryDirectory() as beside:
        back_up(place, Path(beside), public=True)
        copy = Path(beside) / DATABASE
        with sqlite3.connect(copy) as connection:
            rowid, entry = connection.execute(
                "SELECT rowid, state FROM stored_events WHERE rowid = ?", (row_number(index, 0),)
            ).fetchone()
            offset = len(entry) // 2
            changed = bytearray(entry)
            changed[offset] ^= 1
            connection.execute(
                "UPDATE stored_events SET state = ? WHERE rowid = ?", (bytes(changed), rowid)
            )
        connection.close()
        try:
            audit(copy, key)
        except BrokenHistoryError as broken:
            return Altered(
                index=index,
                offset=offset,
                before=entry[offset],
                after=changed[offset],
                found=broken,
            )
    raise AssertionError("an altered copy passed its audit")


def _tell_ledger(rows: Sequence[ImportedRow], audited: Audited, voice: Voice) -> None:
    voice.print(
        voice.pick(
            "演示，非真实凭证。以下各行是四川省公布的清单；信用种类和序列号未公布，系为演示而虚构。",
            "DEMONSTRATION, NOT GENUINE CERTIFICATES. The rows are those that Sichuan published; kinds of credit"
            " and serial numbers were not published and are invented for the demonstration.",
        )
    )
    voice.print(
        voice.pick(
            f"日志 {audited.origin}：{audited.entries} 条记录，每条都有签名、串成链、入树。",
            f"The log {audited.origin}: {audited.entries} entries, each signed, chained and in the tree.",
        )
    )
    staff = voice.pick("两名登记官", "two officers")
    bodies = "; ".join(_in_language(name, voice) for name in BODIES.values())
    hosts = len({item.row.organiser for item in rows})
    voice.print(
        voice.pick(
            f"参与者：{staff}；{bodies}；{hosts} 个主办单位。",
            f"Taking part: {staff}; {bodies}; {hosts} hosts.",
        )
    )
    by_standard = _totals((item.standard, item.row.amount_g) for item in rows)
    voice.table(
        voice.pick("所用库存（虚构）", "inventory used (invented)"),
        [
            voice.pick("种类", "kind"),
            voice.pick("笔数", "retirements"),
            voice.pick("注销量", "retired"),
        ],
        [[code, str(n), tonnes(grams)] for code, (n, grams) in by_standard.items()],
    )


def _tell_figures(published: PublishedList, retired: Retired, voice: Voice) -> None:
    """Figures folded from the log, beside the same figures added up from the list."""
    listed_g = sum(row.amount_g for row in published.rows)
    columns = [voice.pick("笔数", "retirements"), voice.pick("注销量", "retired")]
    voice.table(
        voice.pick("按类别", "by category"),
        [voice.pick("类别", "category"), *columns],
        category_rows(dict(retired.by_purpose), voice),
    )
    voice.table(
        voice.pick("按月份", "by month"),
        [voice.pick("月份", "month"), *columns],
        [[month, str(n), tonnes(grams)] for month, (n, grams) in retired.by_month.items()],
    )
    same = _agree(published, retired)
    voice.print(
        voice.pick(
            f"账上合计 {tonnes(retired.total_g)}；清单合计 {tonnes(listed_g)}；"
            f"逐类逐月{'一致' if same else '不一致'}。",
            f"The log comes to {tonnes(retired.total_g)}, the list to {tonnes(listed_g)};"
            f" by category and by month they {'are equal' if same else 'DIFFER'}.",
        )
    )


def _agree(published: PublishedList, retired: Retired) -> bool:
    """Whether the log's figures are the list's, by category and by month."""
    return (
        _totals([(row.purpose, row.amount_g) for row in published.rows]) == retired.by_purpose
        and _totals([(row.month, row.amount_g) for row in published.rows]) == retired.by_month
    )


def _totals(pairs: Iterable[tuple[str, int]]) -> Totals:
    """How many, and how many grams, by name, of pairs of a name and grams; in order of the names."""
    found: dict[str, tuple[int, int]] = {}
    for name, amount_g in pairs:
        count, total_g = found.get(name, (0, 0))
        found[name] = (count + 1, total_g + amount_g)
    return dict(sorted(found.items()))


def _tell_timing(rows: Sequence[ImportedRow], voice: Voice) -> None:
    found = [(item.row, item.verdicts) for item in rows]
    title = voice.pick("不符合时间规则的行", "rows that break the timing rules")
    tell_flagged(flagged(found, "flag"), title, voice)
    title = voice.pick("仅凭月份无法判定的行", "rows that the month alone cannot decide")
    tell_flagged(flagged(found, "undecidable"), title, voice)


def _tell_checks(
    audited: Audited, verified: Verified, file: Path, altered: Altered, voice: Voice
) -> None:
    voice.print(
        voice.pick(
            f"审计：{audited.entries} 条记录全部重放，规则成立。签发和托管 {tonnes(audited.issued_g)} = "
            f"持有 {tonnes(audited.held_g)} + 锁定 {tonnes(audited.locked_g)} + "
            f"注销 {tonnes(audited.retired_g)} + 核减 {tonnes(audited.cancelled_g)}。",
            f"Audit: all {audited.entries} entries were replayed and the rules held. Issued and deposited"
            f" {tonnes(audited.issued_g)} = held {tonnes(audited.held_g)} + locked {tonnes(audited.locked_g)}"
            f" + retired {tonnes(audited.retired_g)} + cancelled {tonnes(audited.cancelled_g)}.",
        )
    )
    voice.print(
        voice.pick(
            f"证明 {verified.number}（{tonnes(verified.amount_g)}）导出为 {file}，"
            f"{file.stat().st_size} 字节；只凭该文件和公钥验证：有效。",
            f"Certificate {verified.number} ({tonnes(verified.amount_g)}) was written to {file},"
            f" {file.stat().st_size} bytes; checked with that file and the public key alone: valid.",
        )
    )
    facts = altered.found.facts
    voice.print(
        voice.pick(
            f"在数据库的副本里，把第 {altered.index} 条记录的第 {altered.offset} 字节由 "
            f"{altered.before:#04x} 改为 {altered.after:#04x}。审计：无效，{altered.found.code}，"
            f"流 {facts.get('stream')}，位置 {facts.get('position')}，记录 {facts.get('index')}；"
            f"之前的 {altered.index} 条仍然成立。",
            f"In a copy of the database, byte {altered.offset} of entry {altered.index} was changed from"
            f" {altered.before:#04x} to {altered.after:#04x}. Audit: invalid, {altered.found.code},"
            f" stream {facts.get('stream')}, position {facts.get('position')}, entry {facts.get('index')};"
            f" the {altered.index} entries before it still stand.",
        )
    )


def _tell_next(place: Place, key: VerifierKey, file: Path, voice: Voice) -> None:
    voice.print(voice.pick("接下来可以试：", "What to try next:"))
    # Called by its path, as `make demo` does, the command is not on the reader's PATH.
    program = "registry" if shutil.which("registry") else os.path.relpath(sys.argv[0])
    for arguments in (f"trust '{key}'", f"verify {file}", f"audit {typed(place)}"):
        voice.print(f"    {program} {arguments}")


def _figures(rows: Sequence[ImportedRow], retired: Retired) -> dict[str, Any]:
    """The figures, for JSON."""

    def told(totals: Totals) -> dict[str, dict[str, int]]:
        return {name: {"retirements": n, "amount_g": g} for name, (n, g) in totals.items()}

    found = [(item.row, item.verdicts) for item in rows]
    return {
        "rows": len(rows),
        "retired_g": retired.total_g,
        "by_category": told(retired.by_purpose),
        "by_month": told(retired.by_month),
        "flagged": [{"no": row.number, "reason": why[3]} for row, why in flagged(found, "flag")],
        "undecidable": [row.number for row, _ in flagged(found, "undecidable")],
    }


def _in_language(name: str, voice: Voice) -> str:
    """One half of a name that is given in both languages."""
    chinese, _, english = name.partition("/ ")
    return voice.pick(chinese, english)
