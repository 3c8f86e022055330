"""The words of the official papers, in Chinese and English: titles, headings, terms, notes, and how a cell is spelled.

The annex keeps the headings and categories of the province's own list in any language: it is read by programs.
"""

from collections.abc import Mapping
from typing import Any, assert_never

from registry.acts.published_list import CATEGORIES
from registry.desk import words
from registry.desk.words import GRAMS_PER_TONNE, Lang, Text
from registry.projections.papers.paper import (
    Cell,
    Cells,
    Days,
    Mass,
    Note,
    Share,
    Sheet,
    Term,
    Withheld,
)

TITLES: dict[str, Text] = {
    "list": ("各类社会活动碳中和清单", "List of activities neutralised (清单)"),
    "annex": ("大型活动碳中和清单（附件格式）", "List of activities neutralised (as the annex)"),
    "summary": ("碳中和年度表", "Annual table of neutralised activities (年度表)"),
    "form": ("大型活动碳中和登记表", "Registration of a large event (登记表)"),
    "offsets": ("抵消明细", "What offsets it"),
    "figures": ("勾稽表：各项数字", "Reconciliation: the figures"),
    "ways": ("勾稽表：三种加总", "Reconciliation: added up three ways"),
    "grams": ("勾稽表：从批次到清单", "Reconciliation: from the batches to the list"),
    "behind": ("勾稽表：逐笔依据", "Reconciliation: what is behind the figures"),
    "published": ("与公布数据核对", "Checked against what was published"),
}
TABS: dict[str, Text] = {
    "list": ("清单", "list"),
    "annex": ("清单", "annex"),
    "summary": ("年度表", "summary"),
    "form": ("登记表", "form"),
    "offsets": ("抵消明细", "offsets"),
    "figures": ("数字", "figures"),
    "ways": ("三种加总", "three ways"),
    "grams": ("从批次到清单", "grams"),
    "behind": ("逐笔依据", "behind"),
    "published": ("公布数据", "published"),
}
COLUMNS: dict[str, Text] = {
    "no": ("序号", "no."),
    "activity": ("活动名称", "activity"),
    "organisers": ("组织方", "organisers"),
    "held": ("举办时间", "held"),
    "place": ("举办地点", "place"),
    "neutrality": ("碳中和类型", "neutralised by"),
    "offset_by": ("抵消方式", "offset by"),
    "offset_day": ("抵消时间", "offset on"),
    "offset_tonnes": ("抵消量（吨CO2e）", "offset (t CO2e)"),
    "type": ("类型", "type"),
    "scenes": ("场次", "activities"),
    "scenes_share": ("场次占比（%）", "of activities (%)"),
    "retirements": ("笔数", "retirements"),
    "tonnes": ("抵消量（吨CO2e）", "offset (t CO2e)"),
    "tonnes_share": ("抵消量占比（%）", "of tonnes (%)"),
    "scenes_before": ("上年场次", "activities, year before"),
    "retirements_before": ("上年笔数", "retirements, year before"),
    "tonnes_before": ("上年抵消量（吨CO2e）", "offset, year before (t CO2e)"),
    "scenes_growth": ("场次同比增长（%）", "growth of activities (%)"),
    "tonnes_growth": ("抵消量同比增长（%）", "growth of tonnes (%)"),
    "field": ("项目", "field"),
    "value": ("内容", "value"),
    "number": ("证明编号", "certificate"),
    "entry": ("日志记录", "entry of the log"),
    "state": ("状态", "state"),
    "line": ("行", "line"),
    "scene": ("场次序号", "activity no."),
    "first_line": ("依据首行", "first line behind it"),
    "last_line": ("依据末行", "last line behind it"),
    "way": ("加总方式", "added up by"),
    "item": ("项目", "item"),
    "step": ("步骤", "step"),
    "check": ("核对", "check"),
    "subject": ("对象", "of"),
    "said": ("公布", "said"),
    "said_in": ("出处", "where"),
    "found": ("对照", "found"),
    "found_in": ("对照出处", "where"),
    "difference": ("差", "difference"),
    "verdict": ("结论", "verdict"),
    "why": ("说明", "why"),
}
_CATEGORY_NAMES = {purpose: (name, name) for name, purpose in CATEGORIES.items()}
TERMS: Mapping[str, Mapping[str, Text]] = {
    "purposes": words.PURPOSES,
    "categories": {name: (zh, zh) for name, (zh, _) in words.PURPOSES.items()} | _CATEGORY_NAMES,
    "types": {
        "enterprise": ("企业", "enterprises"),
        "public_body": ("机关单位", "public bodies"),
        "meeting": ("会议", "meetings"),
        "activity": ("活动", "activities"),
        "scene": ("零碳场景", "zero-carbon scenes"),
        "restoration": ("替代性生态修复", "restoration in place of what was destroyed"),
        "individual": ("个人", "individuals"),
    },
    "credits": {
        "CEA": ("国家碳排放配额（CEA）", "national allowances (CEA)"),
        "CCER": ("国家核证自愿减排量（CCER）", "national certified reductions (CCER)"),
        "CDCER": ("区域核证碳减排量（CDCER 碳惠天府）", "regional certified reductions (CDCER)"),
        "CQCER": ("区域核证碳减排量（CQCER 重庆）", "regional certified reductions (CQCER)"),
        "SCFG": ("林草碳普惠等碳汇项目（SCFG）", "forest and grassland sinks (SCFG)"),
    },
    "neutrality": {
        "organiser": ("组织者集中碳中和", "the organiser"),
        "participants": ("参与者自愿碳抵消", "the participants"),
        "both": ("前两者均有", "both"),
    },
    "phases": {
        "preparation": ("筹备阶段", "preparation"),
        "holding": ("举办阶段", "holding"),
        "closing": ("收尾阶段", "closing"),
    },
    "methods": {
        "own": ("自行核算", "by itself"),
        "platform": ("创新服务平台核算", "by the platform"),
        "institution": ("委托独立机构核算", "by an independent institution"),
    },
    "modes": {
        "self": ("自我承诺", "its own undertaking"),
        "platform": ("创新服务平台", "the platform"),
        "institution": ("委托独立机构", "an independent institution"),
    },
    "late": {
        "late": ("迟报：活动开始后才登记", "late: filed after it had begun"),
        "in_time": ("按时", "in time"),
    },
    "conclusions": {
        "neutral": ("碳中和", "carbon neutral"),
        "partial": ("部分抵消", "offset in part"),
        "none": ("尚未确认", "not confirmed yet"),
    },
    "states": {
        "valid": ("有效", "valid"),
        "annulled": ("已撤销", "annulled"),
    },
    "fields": {
        "name": ("活动名称", "activity"),
        "organisers": ("组织者", "organisers"),
        "organiser_account": ("组织者账户", "organiser's account"),
        "held": ("活动时间", "held"),
        "place": ("活动地点（GB/T 2260）", "place (GB/T 2260)"),
        "category": ("活动类型", "kind of activity"),
        "scale": ("活动规模（人）", "scale (people)"),
        "content": ("活动内容（登记表文件摘要）", "content (digest of the form)"),
        "boundary": ("温室气体排放核算边界范围", "boundary of the emissions"),
        "expected": ("预估温室气体排放量（吨CO2e）", "emissions expected (t CO2e)"),
        "method": ("核算方式", "how accounted"),
        "measures": ("减排措施（文件摘要）", "measures (digest of the paper)"),
        "neutrality": ("碳中和类型", "neutralised by"),
        "offset_by": ("抵消方式", "offset by"),
        "planned": ("预计温室气体抵消量（吨CO2e）", "offset planned (t CO2e)"),
        "due": ("实现碳中和日期", "neutral by"),
        "contact": ("碳中和责任部门及联系方式", "department and contact"),
        "confirmation": ("碳中和确认方式", "to be confirmed by"),
        "plan": ("附：碳中和计划或实施方案（文件摘要）", "plan (digest of the paper)"),
        "filed_in": ("登记的日志记录", "filed in entry"),
        "late": ("是否按时登记", "filed in time"),
        "authority": ("受理部门", "received by"),
        "receipt": ("受理编号", "receipt"),
        "emissions": ("核算的排放量（吨CO2e）", "emissions accounted (t CO2e)"),
        "retired": ("已抵消（吨CO2e）", "offset (t CO2e)"),
        "confirmer": ("确认者", "confirmed by"),
        "conclusion": ("结论", "conclusion"),
        "percent": ("抵消比例（%）", "part offset (%)"),
        "surplus": ("超出（吨CO2e，不得另用）", "surplus (t CO2e, serves nothing else)"),
        "certificate": ("证书编号", "certificate"),
        "report": ("载入的清单", "published in"),
    },
    "ways": {
        "type": ("按类型", "type"),
        "month": ("按月份", "month"),
        "credits": ("按信用种类", "kind of credit"),
    },
    "steps": {
        "batches": ("各批次累计注销", "retired by all batches"),
        "claims": ("各证明累计注销", "retired under all certificates"),
        "outside": ("减：期间或地区之外", "less: other days or places"),
        "annulled": ("减：证明已撤销", "less: certificates annulled"),
        "summary": ("年度表合计", "annual table"),
        "restoration": ("减：替代性生态修复", "less: restoration"),
        "list": ("清单合计", "list"),
        "total": ("合计", "total"),
    },
    "figures": {
        "scenes": ("场次", "activities"),
        "tonnes": ("抵消量", "tonnes"),
    },
    "checks": {
        "total_scenes": ("合计场次", "activities in all"),
        "total": ("合计抵消量", "tonnes in all"),
        "scenes_share": ("场次占比", "share of activities"),
        "tonnes_share": ("抵消量占比", "share of tonnes"),
        "restated": ("同一数字的不同说法", "one figure, said more than once"),
        "growth": ("同比增长", "growth over the year before"),
        "list_scenes": ("年度表与清单：场次", "annual table and list: activities"),
        "list": ("年度表与清单：抵消量", "annual table and list: tonnes"),
        "list_type": ("年度表与清单：分类型", "annual table and list: by type"),
        "largest": ("最大的几家", "the largest"),
        "largest_there": ("最大的几家，见于清单的有几家", "the largest, how many the list has"),
        "month": ("注销月份", "month of a retirement"),
    },
    "sources": {
        "text": ("正文", "text"),
        "parts": ("正文分项之和", "parts in the text, added up"),
        "table": ("年度表", "table"),
        "table_sum": ("年度表各行之和", "lines of the table, added up"),
        "largest": ("最大的几家", "the largest"),
        "list": ("清单", "list"),
        "computed": ("计算", "computed"),
    },
    "verdicts": {
        "agrees": ("一致", "agrees"),
        "contradicts": ("矛盾", "CONTRADICTS"),
        "short": ("清单较少", "the list has less"),
    },
    "whys": {
        "ratio": ("这是两年之比，不是增长", "the ratio of the two years, not growth"),
        "more_than_all": ("清单多于公布的全部", "the list has more than all that was published"),
    },
}
NOTES: dict[str, Text] = {
    "counted": (
        (
            "{retirements} 笔，{scenes} 场次（按登记的活动或案件计 {filed}，按公开的活动名称计 {named}，"
            "名称不公开而按笔计 {alone}）。"
        ),
        (
            "{retirements} retirements for {scenes} activities ({filed} by the form or case filed, {named} by a"
            " public name, {alone} by the retirement alone, whose name is not public)."
        ),
    ),
    "imported": (
        (
            "{count} 笔是补录的既往注销：由登记官和持有人具名证实，并非由账本证明；"
            "信用种类和序列号未公布，系录入者提供。"
        ),
        (
            "{count} retirements are imported history: attested by those who signed, not proven; kind and serial"
            " numbers were not published, the importer supplied them."
        ),
    ),
    "left_out_restoration": (
        "未列入替代性生态修复 {count} 笔，{amount_g}。",
        "Not in it: {count} retirements for restoration, {amount_g}.",
    ),
    "left_out_annulled": (
        "未列入已撤销的证明 {count} 张，{amount_g}；其注销不可恢复。",
        "Not in it: {count} certificates annulled, {amount_g}; the grams stay retired.",
    ),
    "left_out_nowhere": (
        "未列入没有写明地点的 {count} 笔，{amount_g}。",
        "Not in it: {count} retirements that state no place, {amount_g}.",
    ),
    "withheld": (
        "{count} 笔的名称不公开，以证明编号代之。",
        "The names of {count} retirements are not public: the certificate's number stands there.",
    ),
    "withheld_here": ("部分名称不公开。", "Some names are not public."),
    "group": (
        "序号 {no}：集体注销 {number}，含 {shares} 张证明。",
        "No. {no}: one retirement for many, {number}, with {shares} certificates.",
    ),
    "flagged": ("序号 {no}：{verdict}", "No. {no}: {verdict}"),
    "replaced": (
        "更正 {report}：证明 {number}（{amount_g}）已由 {replaced_by} 替换（记录 {entry}）。",
        "Correction to {report}: certificate {number} ({amount_g}) was replaced by {replaced_by} (entry {entry}).",
    ),
    "annulled": (
        "更正 {report}：证明 {number}（{amount_g}）已撤销（记录 {entry}）。",
        "Correction to {report}: certificate {number} ({amount_g}) was annulled (entry {entry}).",
    ),
    "late": (
        "补充 {report}：其期间内的证明 {number}（{amount_g}）在上报之后才入账（记录 {entry}）。",
        (
            "Addition to {report}: certificate {number} ({amount_g}) of its days was recorded after it was filed"
            " (entry {entry})."
        ),
    ),
    "ways_agree": ("三种加总相同：{total_g}。", "All three come to the same: {total_g}."),
    "ways_differ": ("三种加总不同，应为 {total_g}。", "They DIFFER; it should be {total_g}."),
    "grams_agree": ("各步相符，一克不差。", "Every step adds up, to the gram."),
    "grams_differ": ("各步不符，差 {difference_g}。", "The steps DIFFER by {difference_g}."),
    "papers": (
        "活动内容、减排措施和方案以所交文件为准；摘要为其 SHA-256。",
        "Content, measures and plan are as in the papers filed; a digest is their SHA-256.",
    ),
    "demonstration": (
        "演示，非真实凭证",
        "DEMONSTRATION, NOT A GENUINE DOCUMENT (演示，非真实凭证)",
    ),
    "true_of": (
        "截至日志 {origin} 的第 {last} 条记录（共 {size} 条），根 {root}",
        "True up to entry {last} of the log {origin} ({size} entries), root {root}",
    ),
    "scope": (
        "[地区 {area}，][{first} ]至[ {last}]",
        "[Area {area}, ][{first} ]to[ {last}]",
    ),
    "total": ("合计", "total"),
    "published": ("核对的公布数据：{title}", "Published figures: {title}"),
}


def title(sheet: Sheet, lang: Lang) -> str:
    """What stands above a table."""
    return words.pick(TITLES[sheet.name], lang)


def tab(sheet: Sheet, lang: Lang) -> str:
    """What a sheet of a workbook is called."""
    return words.pick(TABS[sheet.name], lang)


def header(sheet: Sheet, lang: Lang) -> list[str]:
    """The headings of a table; those of the annex are its own."""
    if sheet.name == "annex":
        return list(sheet.columns)
    return [words.pick(COLUMNS[column], lang) for column in sheet.columns]


def with_total(totals: Cells, lang: Lang) -> Cells:
    """The last row of a table, with the word for it in its first cell if nothing stands there."""
    first, *rest = totals
    return (words.pick(NOTES["total"], lang) if first is None else first, *rest)


def note(said: Note, lang: Lang) -> str:
    """A note, as a sentence."""
    facts = {name: _fact(name, value, lang) for name, value in said.facts.items()}
    return words.fill(words.pick(NOTES[said.key], lang), lang, facts)


def spelled(cell: Cell, lang: Lang) -> str:
    """What stands in a cell, as text; numbers exactly, and plain."""
    match cell:
        case None:
            said = ""
        case bytes():
            said = cell.hex()
        case tuple():
            said = words.pick(("、", ", "), lang).join(spelled(one, lang) for one in cell)
        case Mass() | Share():
            said = _decimal(cell)
        case Days() | Term() | Withheld():
            said = _worded(cell, lang)
        case str() | int():
            said = str(cell)
        case _:
            assert_never(cell)
    return said


def _decimal(cell: Mass | Share) -> str:
    if isinstance(cell, Mass):
        return decimal(cell.grams, GRAMS_PER_TONNE)
    return decimal(cell.hundredths, 100, places_min=2)


def _worded(cell: Days | Term | Withheld, lang: Lang) -> str:
    match cell:
        case Days(first=first, last=last):
            said = (f"{first} 至 {last}", f"{first} to {last}")
            return first if first == last else words.pick(said, lang)
        case Term(terms=terms, name=name):
            return _term(terms, name, lang)
        case Withheld(number=number):
            number = words.grouped(number)
            return words.pick((f"不公开（{number}）", f"not public ({number})"), lang)
        case _:
            assert_never(cell)


def decimal(value: int, unit: int, *, places_min: int = 0) -> str:
    """`value` in `unit`s, a power of ten, exactly: no more decimals than it needs, and at least so many."""
    places = len(str(unit)) - 1
    whole, rest = divmod(abs(value), unit)
    decimals = f"{rest:0{places}d}".rstrip("0").ljust(places_min, "0")
    return f"{'-' if value < 0 else ''}{whole}{'.' if decimals else ''}{decimals}"


def _term(terms: str, name: str, lang: Lang) -> str:
    if terms == "credits" and name not in TERMS[terms]:
        return words.pick((f"其他（{name}）", f"other ({name})"), lang)
    return words.term(TERMS[terms], name, lang)


def _fact(name: str, value: Any, lang: Lang) -> Any:
    """A fact of a note as `words.fill` takes it."""
    if name == "verdict":
        return words.verdict_words(value, lang)
    if name in {"number", "replaced_by"} and value:
        return words.grouped(value)
    return value
