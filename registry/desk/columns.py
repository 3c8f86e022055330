"""What the columns of the tables are called, and which of them a person is shown; JSON and CSV have all."""

from registry.desk.words import FIELDS, Lang, Text, pick

COLUMNS: dict[str, Text] = {
    "acceptance": ("须经接收", "must accept"),
    "amendments": ("更正次数", "amended"),
    "at_us": ("时间", "time"),
    "awaiting": ("待注销", "awaited"),
    "before_g": ("此前", "before"),
    "bought_g": ("已购", "bought"),
    "bound": ("绑定于记录", "bound by entry"),
    "boundary": ("核算边界", "boundary"),
    "claimed_g": ("已领取", "claimed"),
    "counted": ("计入", "counted"),
    "count": ("行数", "rows"),
    "crediting_from": ("计入期自", "crediting from"),
    "crediting_to": ("计入期至", "crediting to"),
    "defaulted": ("违约认定", "found in default"),
    "emissions_report": ("核算报告（摘要）", "emissions report (digest)"),
    "ended": ("终止于记录", "ended by entry"),
    "enforced": ("强制执行", "enforced"),
    "event_account": ("受赠活动", "event"),
    "first_day": ("起始日", "first day"),
    "found": ("认定于记录", "found by entry"),
    "frozen": ("冻结记录", "frozen by entry"),
    "given_g": ("已赠", "given"),
    "granted": ("授予于记录", "granted by entry"),
    "group_number": ("合并证明", "group"),
    "held": ("现有", "held now"),
    "imported": ("补录", "imported"),
    "kind": ("事由", "what"),
    "last_day": ("截止日", "last day"),
    "last_entry": ("最近记录", "last entry"),
    "lost": ("失效于记录", "lost by entry"),
    "meant": ("所指记录", "entry meant"),
    "norm": ("规范", "norm"),
    "order_stream": ("修复令", "order"),
    "other": ("对方", "other side"),
    "party": ("所涉", "party"),
    "period_from": ("期间自", "period from"),
    "period_to": ("期间至", "period to"),
    "published": ("公布于记录", "published by entry"),
    "range_end": ("序列号止", "serial end"),
    "range_start": ("序列号起", "serial start"),
    "released_g": ("已释放", "released"),
    "row_number": ("行", "row"),
    "shares": ("份数", "certificates in it"),
    "signers": ("签署人", "signers"),
    "sort": ("类别", "sort"),
    "standing": ("状态", "standing"),
    "state": ("状态", "state"),
    "stream": ("流", "stream"),
    "terms": ("条款记录", "terms of entry"),
    "told": ("告知的记录", "told of entry"),
    "unit": ("单位", "unit"),
}
"""Those that are no fields of bodies, or mean something else in a table."""

SHOWN: dict[str, tuple[str, ...]] = {
    "accounts": ("account", "legal_form", "standing", "name"),
    "batches": (
        *("batch", "standard", "period_from", "period_to", "origin", "received_g", "held_g"),
        *("locked_g", "waiting_g", "retired_g", "cancelled_g", "carved_g"),
    ),
    "campaigns": ("campaign", "standard", "deadline", "state", "funded_g", "given_g", "gifts"),
    "cases": ("account", "found", "level", "rule", "stage", "first_day", "last_day"),
    "certificates": ("number", "sort", "state", "amount_g", "holder"),
    "orders": ("order_stream", "court", "amount_g", "deadline", "state", "performed_g"),
}
"""The columns of a table that people are shown; of others all but times and hashes."""


def label(column: str, lang: Lang) -> str:
    """What `column` is called on the screen."""
    return pick(COLUMNS.get(column) or FIELDS.get(column, (column, column)), lang)
