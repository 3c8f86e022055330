"""The words on the screen, in Chinese and English: terms, sentences, and how quantities and times are written.

Tonnes exist only here: 1 t = 1,000,000 g, written exactly. In a text {name} is a fact; what stands in [square brackets]
is left out where one of its facts is missing or empty, and any other missing fact becomes an ellipsis.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Literal

from registry.acts.sheet import WHOLE_LINE, Problem
from registry.desk.codes import CODES
from registry.desk.whys import SYSTEM, WHYS
from registry.place import Place, Server

Lang = Literal["zh", "en"]
Text = tuple[str, str]
"""Chinese, English."""

GRAMS_PER_TONNE = 1_000_000
FACT_CHARACTERS_MAX = 400
UNKNOWN = "…"

CHINA = timezone(timedelta(hours=8))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")
_FACT = re.compile(r"\{(\w+)\}")
_UNSAID = frozenset({("rows", "bytes"), ("rows", "root")})
_DATED = re.compile(r"[0-9]{4}-", re.ASCII)

PURPOSES: dict[str, Text] = {
    "activity": ("活动", "activity"),
    "competition": ("赛事", "competition"),
    "enterprise": ("企业", "enterprise"),
    "exhibition": ("会展", "exhibition"),
    "individual": ("个人", "individual"),
    "meeting": ("会议", "meeting"),
    "product_footprint": ("产品碳足迹", "product footprint"),
    "public_body": ("机关单位", "public body"),
    "restoration": ("替代性生态修复", "restoration in place of what was destroyed"),
    "scenic_area": ("景区", "scenic area"),
    "zero_carbon_branch": ("零碳金融网点", "zero-carbon branch"),
    "zero_carbon_meeting_room": ("零碳会议室", "zero-carbon meeting room"),
    "zero_carbon_scene": ("零碳场景", "zero-carbon scene"),
}
LEGAL_FORMS: dict[str, Text] = {
    "company": ("企业", "company"),
    "event": ("活动", "event"),
    "person": ("个人", "person"),
    "public_body": ("机关", "public body"),
    "social_organisation": ("社会组织", "social organisation"),
    "unstated": ("未载明", "not stated"),
}
ROLES: dict[str, Text] = {
    "officer": ("登记官", "registry officer"),
    "authority": ("主管部门", "competent authority"),
    "buffer": ("缓冲账户", "buffer account"),
    "court": ("法院", "court"),
    "exchange": ("交易机构", "exchange"),
    "operator": ("平台运营方", "platform operator"),
    "procuratorate": ("检察院", "procuratorate"),
    "validator": ("审定机构", "validation body"),
    "verifier": ("核查机构", "verification body"),
}
GROUNDS: dict[str, Text] = {
    "administrative_order": ("行政决定", "administrative order"),
    "court_order": ("法院裁判", "court order"),
    "tree_planting": ("义务植树", "tree-planting duty"),
    "voluntary": ("自愿", "voluntary"),
}
ORIGINS: dict[str, Text] = {
    "native": ("本系统签发", "issued here"),
    "deposited": ("托管登记", "deposited"),
    "deposited_retired": ("托管登记，原登记系统已注销", "deposited, retired at home already"),
    "imported": ("据旧账册补录", "imported from the books of before"),
}
LOCK_GROUNDS: dict[str, Text] = {
    "buffer": ("缓冲", "buffer"),
    "campaign": ("赠碳活动", "gift campaign"),
    "donation": ("捐赠", "donation"),
    "freeze": ("冻结", "freeze"),
    "offer": ("要约", "offer"),
    "order": ("修复令", "restoration order"),
    "pledge": ("质押", "pledge"),
    "settlement": ("交收", "settlement"),
}
STATUSES: dict[str, Text] = {
    "accepted": ("已接收", "accepted"),
    "active": ("正常", "active"),
    "annulled": ("已撤销", "annulled"),
    "blank": ("尚无", "not there yet"),
    "cancelled": ("已取消", "cancelled"),
    "closed": ("已结束", "closed"),
    "compiled": ("已编制", "compiled"),
    "conclusion": ("碳中和结论", "conclusion"),
    "confirmed": ("已确认", "confirmed"),
    "filed": ("已报备", "filed"),
    "group": ("多人共用", "for many"),
    "honour": ("荣誉证书", "certificate of honour"),
    "issued": ("已出具", "issued"),
    "listed": ("已申报", "proposed"),
    "open": ("进行中", "open"),
    "published": ("已公布", "published"),
    "registered": ("已登记", "registered"),
    "replaced": ("已更换", "replaced"),
    "returned": ("已退回", "returned"),
    "submitted": ("已报送", "submitted"),
    "suspended": ("已暂停", "suspended"),
    "validated": ("已审定", "validated"),
    "withdrawn": ("已撤回", "withdrawn"),
}
CANCEL_REASONS: dict[str, Text] = {
    "erroneous": ("录入错误", "entered in error"),
    "expired": ("到期", "expired"),
    "over_issuance": ("超额签发", "over-issuance"),
    "reversal": ("逆转", "reversal"),
}
BASES: dict[str, Text] = {
    "administrative_decision": ("行政决定", "administrative decision"),
    "judgment": ("判决", "judgment"),
    "low_carbon_order": ("低碳行为令", "low-carbon order"),
    "mediation": ("调解", "mediation"),
}
CLASSES: dict[str, Text] = {
    "allowance": ("配额", "allowance"),
    "reduction": ("减排量", "reduction"),
    "removal": ("清除量", "removal"),
}
RESULTS: dict[str, Text] = {
    "pass": ("符合", "pass"),
    "flag": ("不符", "flag"),
    "undecidable": ("无法判定", "undecidable"),
}
REASONS: dict[str, Text] = {
    "": ("在期限之内", "within the time allowed"),
    "early": ("在所称期间结束之前注销", "retired before the period claimed was over"),
    "late": (
        "所称期间结束十二个月之后才注销",
        "retired more than twelve months after the period claimed",
    ),
    "month_too_coarse": ("只知月份，不足以判定", "the month alone does not decide it"),
    "no_period": ("没有写明期间", "no period is stated"),
    "not_yet_happened": ("减排量当时尚未产生", "the reductions had not happened yet"),
    "pre_offset": ("预抵消：活动结束之前注销", "offset in advance, before the event was over"),
    "too_old": (
        "核算期在注销前五年以前结束",
        "the monitoring period ended more than five years before",
    ),
}
RULES: dict[str, Text] = {
    "claim": ("所称期间", "period claimed"),
    "credits": ("信用的核算期", "monitoring period of the credits"),
}
POLICIES: dict[str, Text] = {
    "allowance_holders": ("可持有配额者", "who may hold allowances"),
    "blacklist_forbids": ("黑名单禁止", "what the black list forbids"),
    "breach_forbids": ("平台违规记录禁止", "what a breach on record forbids"),
    "buffer_share": ("缓冲比例", "share of an issue for the buffer"),
    "green_least": ("绿名单门槛", "least for the green list"),
    "second_person_over": ("须第二人的数量", "what takes two persons"),
    "verdicts_forbidden": ("不许的时间判定", "timing verdicts that block"),
}
SUCCESSIONS: dict[str, Text] = {
    "dissolution": ("解散", "dissolution"),
    "division": ("分立", "division"),
    "inheritance": ("继承", "inheritance"),
    "liquidation": ("清算", "liquidation"),
    "merger": ("合并", "merger"),
}
CHANNELS: dict[str, Text] = {
    "app": ("应用内消息", "in the app"),
    "email": ("电子邮件", "by e-mail"),
    "in_person": ("当面", "in person"),
    "post": ("邮寄", "by post"),
    "sms": ("短信", "by text message"),
}
LEVELS: dict[str, Text] = {
    "clear": ("无不良记录", "clear"),
    "breach": ("平台违规记录", "breach record"),
    "blacklist": ("黑名单", "black list"),
}
OUTCOMES: dict[str, Text] = {
    "upheld": ("成立", "upheld"),
    "dismissed": ("不成立", "dismissed"),
    "revoked": ("撤销", "revoked"),
}
STAGES: dict[str, Text] = {
    "found": ("已认定", "found"),
    "notified": ("已告知", "notified"),
    "heard": ("已陈述", "heard"),
    "in_force": ("有效", "in force"),
    "repaired": ("已修复", "repaired"),
    "ended": ("期满", "ended"),
    **OUTCOMES,
}
ANNULLED: dict[str, Text] = {
    "error": ("差错", "error"),
    "fraud": ("欺诈", "fraud"),
    "judgment": ("判决", "judgment"),
}
CAPACITIES: dict[str, Text] = {
    "account": ("账户", "account"),
    "authority": ("机关", "authority"),
    "buyer": ("购入签署人", "buyer"),
    "compiler": ("编制方", "compiler"),
    "confirmer": ("确认方", "confirmer"),
    "controller": ("控制账户", "controller"),
    "court": ("法院或机关", "court or agency"),
    "custodian": ("托管机构", "custodian"),
    "decider": ("决定人", "decider"),
    "exchange": ("交易机构", "exchange"),
    "finder": ("认定人", "finder"),
    "giver": ("转出方", "giver"),
    "holder": ("持有人", "holder"),
    "into": ("并入的账户", "account that it merges into"),
    "officer": ("登记官", "registry officer"),
    "organiser": ("主办方", "organiser"),
    "other exchange": ("另一交易机构", "other exchange"),
    "owner": ("所有人", "owner"),
    "partner": ("对方主管部门", "other side's authority"),
    "pledgee": ("质权人", "pledgee"),
    "registry": ("登记系统", "registry"),
    "reviewer": ("复核人", "reviewer"),
    "second officer": ("第二名登记官", "second officer"),
    "second person": ("第二人", "second person"),
    "seller": ("出售方", "seller"),
    "submitter": ("报送方", "submitter"),
    "successor": ("承继人", "successor"),
    "taker": ("受让方", "taker"),
    "validator": ("审定机构", "validation body"),
    "venue": ("交易场所", "venue"),
    "verifier": ("核查机构", "verification body"),
}
DOINGS: dict[str, Text] = {
    "give": ("赠予", "give"),
    "issue": ("获签发", "be issued credits"),
    "list": ("申报项目", "put projects forward"),
    "receive": ("受让", "receive"),
    "retire": ("注销", "retire"),
    "send": ("转出", "send"),
}
PHASES: dict[str, Text] = {
    "preparation": ("筹备阶段", "preparation"),
    "holding": ("举办阶段", "holding"),
    "closing": ("收尾阶段", "closing"),
}
MODES: dict[str, Text] = {
    "self": ("自我承诺", "the organiser itself"),
    "platform": ("创新服务平台", "the platform"),
    "institution": ("独立机构", "an independent body"),
}
METHODS: dict[str, Text] = {
    "own": ("自行核算", "the organiser itself"),
    "platform": ("创新服务平台核算", "the platform"),
    "institution": ("委托独立机构核算", "an independent body"),
}
NEUTRALITIES: dict[str, Text] = {
    "organiser": ("组织者集中碳中和", "the organiser"),
    "participants": ("参与者自愿碳抵消", "those who take part"),
    "both": ("两者均有", "both"),
}
CONCLUSIONS: dict[str, Text] = {
    "neutral": ("碳中和", "carbon neutral"),
    "partial": ("部分抵消", "offset in part"),
}
SORTS: dict[str, Text] = {
    "registration": ("登记表", "registration form"),
    "list": ("清单", "list"),
    "annual": ("年度表", "annual table"),
}
KINDS: dict[str, Text] = {
    "account.acceptance_set.v1": ("设定是否须先接受", "acceptance set"),
    "account.bound.v1": ("与活动或案件相连", "bound"),
    "account.closed.v1": ("关闭账户", "account closed"),
    "account.devolved.v1": ("依法承继", "devolved"),
    "account.freeze_consented.v1": ("同意冻结中履行", "performance under freeze consented to"),
    "account.freeze_ended.v1": ("冻结到期", "freeze ended"),
    "account.freeze_queued.v1": ("轮候冻结", "freeze waiting"),
    "account.freeze_renewed.v1": ("续冻", "freeze renewed"),
    "account.frozen.v1": ("冻结账户", "account frozen"),
    "account.key_added.v1": ("登记密钥", "key added"),
    "account.key_ended.v1": ("终止密钥", "key ended"),
    "account.lock_seized.v1": ("扣划已锁定的", "seized out of a lock"),
    "account.mandate_ended.v1": ("撤回授权", "mandate ended"),
    "account.mandate_given.v1": ("授权交易机构", "mandate given"),
    "account.merged.v1": ("合并账户", "account merged"),
    "account.notified.v1": ("已告知", "notified"),
    "account.offer_accepted.v1": ("接受", "offer accepted"),
    "account.offer_declined.v1": ("谢绝", "offer declined"),
    "account.offer_lapsed.v1": ("要约到期", "offer lapsed"),
    "account.offer_withdrawn.v1": ("撤回要约", "offer withdrawn"),
    "account.offered.v1": ("要约", "offered"),
    "account.opened.v1": ("开立账户", "account opened"),
    "account.pledge_released.v1": ("解除质押", "pledge released"),
    "account.pledged.v1": ("质押", "pledged"),
    "account.range_frozen.v1": ("冻结部分持有", "range frozen"),
    "account.recovered.v1": ("完成找回", "account recovered"),
    "account.recovery_announced.v1": ("公告找回", "recovery announced"),
    "account.recovery_stopped.v1": ("中止找回", "recovery stopped"),
    "account.recovery_withdrawn.v1": ("撤回找回", "recovery withdrawn"),
    "account.reserve_ended.v1": ("解除交收锁定", "reservation ended"),
    "account.reserved.v1": ("交收锁定", "reserved for settlement"),
    "account.seconded.v1": ("第二人同签", "seconded"),
    "account.seized.v1": ("司法扣划", "seized"),
    "account.settled.v1": ("交收", "settled"),
    "account.succeeded.v1": ("登记承继", "succeeded"),
    "account.unbound.v1": ("与活动或案件脱离", "unbound"),
    "account.unfrozen.v1": ("解除冻结", "unfrozen"),
    "activity.accounted.v1": ("核算排放", "emissions accounted"),
    "activity.confirmed.v1": ("确认", "confirmed"),
    "activity.filed.v1": ("登记活动", "activity filed"),
    "activity.measures_stated.v1": ("说明减排措施", "measures stated"),
    "activity.offset.v1": ("用于抵消", "offset"),
    "activity.offset_lost.v1": ("失去抵消", "offset lost"),
    "activity.published.v1": ("公布", "published"),
    "activity.received.v1": ("收讫登记表", "form received"),
    "batch.allowances_deposited.v1": ("托管配额", "allowances deposited"),
    "batch.assigned.v1": ("依法过户", "assigned by law"),
    "batch.cancelled.v1": ("核减", "cancelled"),
    "batch.carried_over.v1": ("配额结转", "allowances carried over"),
    "batch.carved.v1": ("分出子批次", "carved"),
    "batch.carved_out.v1": ("子批次设立", "carved out"),
    "batch.claim_retired.v1": ("领取赠碳并注销", "gift claimed and retired"),
    "batch.claimed.v1": ("领取赠碳", "gift claimed"),
    "batch.deposited.v1": ("托管登记", "deposited"),
    "batch.given.v1": ("赠碳", "given"),
    "batch.issued.v1": ("签发", "issued"),
    "batch.issued_elsewhere.v1": ("补录签发", "issue imported"),
    "batch.lock_retired.v1": ("注销所锁定的", "retired out of a lock"),
    "batch.locked.v1": ("锁定", "locked"),
    "batch.reinstated.v1": ("恢复批次", "batch reinstated"),
    "batch.released.v1": ("解除锁定", "released"),
    "batch.retired.v1": ("注销", "retired"),
    "batch.retirement_imported.v1": ("补录注销", "retirement imported"),
    "batch.returned.v1": ("退回赠碳", "gifts returned"),
    "batch.suspended.v1": ("暂停批次", "batch suspended"),
    "batch.traded.v1": ("成交过户", "traded"),
    "batch.transferred.v1": ("划转", "transferred"),
    "batch.transferred_elsewhere.v1": ("补录划转", "transfer imported"),
    "campaign.closed.v1": ("活动结束", "campaign closed"),
    "campaign.funded.v1": ("拨入活动", "campaign funded"),
    "campaign.given.v1": ("赠出", "gifts given"),
    "campaign.opened.v1": ("发起赠碳活动", "gift campaign opened"),
    "campaign.returned.v1": ("退回余量", "what was left returned"),
    "certificate.adopted.v1": ("单列一证", "row on its own"),
    "certificate.annulled.v1": ("撤销证明", "annulled"),
    "certificate.annulled_by_court.v1": ("法院撤销证明", "annulled by court"),
    "certificate.assigned.v1": ("证明用于活动", "certificate assigned"),
    "certificate.beneficiary_replaced.v1": ("更换受益人", "beneficiary replaced"),
    "certificate.concluded.v1": ("碳中和或部分抵消证书", "certificate of what it came to"),
    "certificate.confirmed.v1": ("确认履行", "performance confirmed"),
    "certificate.home_cancelled.v1": ("原登记系统已注销", "cancelled at home"),
    "certificate.honoured.v1": ("荣誉证书", "certificate of honour"),
    "certificate.issued.v1": ("出具证明", "certificate issued"),
    "certificate.jointly_witnessed.v1": ("联合见证", "jointly witnessed"),
    "certificate.numbered_before.v1": ("载明原编号", "former number kept"),
    "certificate.reissued.v1": ("换发", "issued in its place"),
    "certificate.replaced.v1": ("更换", "replaced"),
    "certificate.row_shown.v1": ("出示一行", "row shown"),
    "certificate.shared.v1": ("为多人出具证明", "certificates for many issued"),
    "certificate.witnessed.v1": ("见证", "witnessed"),
    "conduct.commended.v1": ("表彰", "commended"),
    "conduct.decided.v1": ("决定", "decided"),
    "conduct.ended.v1": ("期满", "ended"),
    "conduct.found.v1": ("认定", "found"),
    "conduct.heard.v1": ("陈述申辩", "heard"),
    "conduct.hearing_waived.v1": ("逾期未陈述", "hearing waived"),
    "conduct.notified.v1": ("事先告知", "notified beforehand"),
    "conduct.objected.v1": ("提出异议", "objected"),
    "conduct.published.v1": ("公布生效", "published, in force"),
    "conduct.repaired.v1": ("信用修复", "repaired"),
    "conduct.reviewed.v1": ("复核", "reviewed"),
    "conduct.revoked.v1": ("撤销", "revoked"),
    "order.amended.v1": ("改判", "order amended"),
    "order.bought.v1": ("为修复令购入", "bought for an order"),
    "order.closed.v1": ("结案", "case closed"),
    "order.confirmed.v1": ("法院确认履行", "performance confirmed"),
    "order.defaulted.v1": ("认定逾期", "default found"),
    "order.enforced.v1": ("强制执行", "order enforced"),
    "order.lost.v1": ("所购被核减", "what was bought cancelled"),
    "order.performed.v1": ("履行修复令", "order performed"),
    "order.registered.v1": ("登记修复令", "restoration order registered"),
    "order.released.v1": ("释放所购", "what was bought released"),
    "order.substituted.v1": ("变更义务人", "obligor substituted"),
    "order.withdrawn.v1": ("撤回修复令", "order withdrawn"),
    "project.cancelled.v1": ("注销项目登记", "project cancelled"),
    "project.issued.v1": ("据以签发", "issued against"),
    "project.listed.v1": ("申报项目", "project proposed"),
    "project.registered.v1": ("登记项目", "project registered"),
    "project.reinstated.v1": ("恢复项目", "project reinstated"),
    "project.suspended.v1": ("暂停项目", "project suspended"),
    "project.validated.v1": ("审定", "project validated"),
    "project.verified.v1": ("核查", "reductions verified"),
    "registry.created.v1": ("日志创立", "log created"),
    "registry.log_key_replaced.v1": ("更换日志密钥", "log key replaced"),
    "registry.policy_set.v1": ("设定制度", "policy set"),
    "registry.role_granted.v1": ("授予角色", "role granted"),
    "registry.role_withdrawn.v1": ("撤回角色", "role withdrawn"),
    "report.accepted.v1": ("接受", "accepted"),
    "report.amended.v1": ("修订", "amended"),
    "report.compiled.v1": ("编制", "compiled"),
    "report.returned.v1": ("退回", "returned"),
    "report.submitted.v1": ("报送", "submitted"),
    "standard.allowances_deposited.v1": ("托管的原配额", "allowances deposited"),
    "standard.cross_recognised.v1": ("互认种类", "kind recognised by both sides"),
    "standard.deposited.v1": ("托管的原单位", "units deposited"),
    "standard.document_entered.v1": ("文件入账", "document entered"),
    "standard.recognised.v1": ("认可种类", "kind recognised"),
    "standard.withdrawn.v1": ("撤销认可", "recognition withdrawn"),
}
FIELDS: dict[str, Text] = {
    "accepts_first": ("须先接受", "accepts first"),
    "account": ("账户", "account"),
    "activities": ("场次", "activities"),
    "activity": ("活动", "activity"),
    "agent": ("代理人", "agent"),
    "agreement": ("协议（摘要）", "agreement (digest)"),
    "amount": ("应履行", "owed"),
    "amount_fen": ("金额", "amount in money"),
    "amount_g": ("数量", "amount"),
    "area": ("地区", "area"),
    "assigned": ("所抵消的活动", "offsets"),
    "author": ("作者", "author"),
    "authority": ("机关", "authority"),
    "basis": ("文书类型", "basis"),
    "batch": ("批次", "batch"),
    "batches": ("批次", "batches"),
    "begins": ("开始日", "begins"),
    "beneficiary": ("受益人", "beneficiary"),
    "block": ("号段", "block"),
    "body": ("机构", "body"),
    "bonds": ("未结活动和案件", "bound to"),
    "boundary": ("边界", "boundary"),
    "buyer": ("购入签署人", "buyer"),
    "campaign": ("活动", "campaign"),
    "cancelled_g": ("已核减", "cancelled"),
    "carved_g": ("已分出", "carved out"),
    "cases": ("案件", "cases"),
    "category": ("活动类型", "type of activity"),
    "certificate": ("证明", "certificate"),
    "channel": ("送达方式", "channel"),
    "child": ("子批次", "child batch"),
    "claims": ("可用于", "may serve"),
    "closed_in": ("关闭于记录", "closed in entry"),
    "codes": ("所列代码", "codes"),
    "columns": ("列数", "columns"),
    "commended": ("表彰记录", "commended in entries"),
    "compiler": ("编制方", "compiler"),
    "conclusion": ("结论", "conclusion"),
    "confirmation": ("拟用确认方式", "to be confirmed by"),
    "confirmed": ("确认于记录", "confirmed in entry"),
    "confirmer": ("确认方", "confirmer"),
    "contact": ("联系方式", "contact"),
    "controller": ("控制账户", "controller"),
    "cost_fen": ("价款", "cost"),
    "count": ("份数", "gifts"),
    "court": ("法院或机关", "court or agency"),
    "credit_class": ("类别", "class"),
    "credit_origin": ("来源", "origin"),
    "crediting": ("计入期", "crediting period"),
    "custodial": ("代管", "custodial"),
    "custodian": ("托管机构", "custodian"),
    "day": ("日期", "day"),
    "deadline": ("截止日", "deadline"),
    "decider": ("决定人", "decider"),
    "defaulted_in": ("逾期认定于记录", "default found by entry"),
    "deposited_units": ("已托管单位", "units deposited"),
    "depth": ("分立层数", "carvings deep"),
    "details": ("情节", "details"),
    "document": ("文件（摘要）", "document (digest)"),
    "donation": ("捐赠", "donation"),
    "donor": ("捐赠方", "donor"),
    "due": ("拟实现碳中和日期", "to be neutral by"),
    "each_g": ("每份", "each"),
    "emissions_g": ("排放量", "emissions"),
    "ends": ("结束日", "ends"),
    "entry": ("记录", "entry"),
    "event": ("活动", "event"),
    "exchange": ("交易机构", "exchange"),
    "excluded": ("声明未参与", "declared not in"),
    "expected_g": ("预估排放量", "expected emissions"),
    "expires": ("到期日", "expires"),
    "field": ("列", "column"),
    "file": ("文件（摘要）", "file (digest)"),
    "filed_in": ("登记于记录", "filed in entry"),
    "finder": ("认定人", "finder"),
    "first": ("自", "from"),
    "form": ("登记表（摘要）", "form (digest)"),
    "former": ("原编号", "former number"),
    "found": ("内容", "stands there"),
    "freezes": ("冻结", "freezes"),
    "funded_g": ("拨入", "funded"),
    "gifts": ("份数", "gifts"),
    "gifts_g": ("赠出", "given"),
    "given_g": ("其中未领取的赠量", "of these given and not claimed"),
    "giver": ("转出", "from"),
    "ground": ("依据", "ground"),
    "group": ("所属批量证明", "of the group"),
    "held_g": ("持有", "held"),
    "holder": ("持有人", "holder"),
    "holders": ("持有人数", "holders"),
    "home": ("原登记系统", "home registry"),
    "home_serials": ("原序列号", "home serial numbers"),
    "identity": ("身份核验（摘要）", "identity check (digest)"),
    "in_force": ("生效", "in force"),
    "instalments": ("分期", "instalments"),
    "into": ("并入", "merged into"),
    "issued_g": ("已签发", "issued"),
    "issued_in": ("出具于记录", "issued in entry"),
    "key": ("密钥", "key"),
    "keys": ("密钥数", "keys"),
    "keys_valid": ("有效密钥", "valid keys"),
    "kind": ("结论", "conclusion"),
    "last": ("至", "to"),
    "late": ("逾期登记", "filed late"),
    "left_g": ("剩余", "left"),
    "legal_basis": ("法律依据", "legal basis"),
    "legal_form": ("主体类型", "legal form"),
    "level": ("名单", "list"),
    "line": ("行", "line"),
    "lock": ("锁定记录", "locked by entry"),
    "locked_g": ("锁定", "locked"),
    "locks": ("各项锁定", "locks"),
    "log_key": ("日志密钥", "log key"),
    "log_keys": ("日志密钥", "log keys"),
    "lots": ("所用批次（锁定记录、数量）", "lots (batch, lock, amount)"),
    "mandates": ("授权", "mandates"),
    "means": ("所指记录", "entry meant"),
    "measures": ("减排措施", "measures"),
    "method": ("方法", "method"),
    "mode": ("确认方式", "confirmed by"),
    "monitored": ("已核查", "monitored"),
    "month": ("月份", "month"),
    "name": ("名称", "name"),
    "neutrality": ("碳中和类型", "neutralised by"),
    "new_consent": ("新受益人同意书（摘要）", "new consent (digest)"),
    "nonce": ("随机标识", "nonce"),
    "not_before": ("最早完成日", "not before"),
    "notice": ("通知（摘要）", "notice (digest)"),
    "notices": ("已告知次数", "notices given"),
    "number": ("编号或数值", "number"),
    "objection": ("异议", "objection"),
    "obligor": ("义务人", "obligor"),
    "occasion": ("事由", "occasion"),
    "officers": ("登记官", "officers"),
    "offsets": ("抵消方式", "offset with"),
    "old_consent": ("原受益人同意书（摘要）", "old consent (digest)"),
    "order": ("修复令", "order"),
    "orders": ("同意履行的案件", "orders allowed"),
    "organiser": ("主办方", "organiser"),
    "organisers": ("主办单位", "organisers"),
    "origin": ("来源", "origin"),
    "other": ("另一交易机构", "other exchange"),
    "other_number": ("另一编号", "other number"),
    "overdue": ("逾期", "overdue"),
    "owner": ("所有人", "owner"),
    "parent": ("母批次", "parent batch"),
    "part": ("部分", "part"),
    "partner": ("对方主管部门", "other side"),
    "path": ("路径", "path"),
    "per_mille": ("千分之", "per mille"),
    "percent_hundredths": ("抵消比例", "share offset"),
    "performed": ("已履行", "performed"),
    "performed_fen": ("已履行", "performed"),
    "performed_g": ("已履行", "performed"),
    "performed_in": ("最近履行于记录", "last performed by entry"),
    "period": ("期间", "period"),
    "place": ("地点", "place"),
    "plan": ("方案（摘要）", "plan (digest)"),
    "planned_g": ("预计抵消量", "planned offset"),
    "pledgee": ("质权人", "pledgee"),
    "policies": ("制度", "policies"),
    "policy": ("制度", "policy"),
    "possession": ("持有证明", "possession"),
    "project": ("项目", "project"),
    "public": ("公开", "public"),
    "published_in": ("公布于记录", "published in entry"),
    "purchaser": ("购买人", "purchaser"),
    "purpose": ("用途", "purpose"),
    "random": ("随机数", "random"),
    "range": ("指定序列号", "serial numbers asked for"),
    "ranges": ("序列号", "serial numbers"),
    "reason": ("事由", "reason"),
    "receipt": ("收讫编号", "receipt"),
    "received": ("收讫于记录", "received in entry"),
    "received_g": ("入账", "received"),
    "recovered": ("找回", "recovered"),
    "recovery_announced": ("找回公告于记录", "recovery announced in entry"),
    "recovery_not_before": ("找回最早完成日", "recovery not before"),
    "reference": ("编号", "reference"),
    "regions": ("限定地区", "regions"),
    "replaced_by": ("已更换为", "replaced by"),
    "replaces": ("替换的证明", "in the place of"),
    "reply_by": ("陈述期限", "reply by"),
    "report": ("报告（摘要）", "report (digest)"),
    "required": ("须先接受", "acceptance required"),
    "result": ("结果", "result"),
    "retire_only": ("只可注销", "retire only"),
    "retired": ("注销日", "retired on"),
    "retired_at_home": ("原登记系统已注销", "retired at home"),
    "retired_g": ("已注销", "retired"),
    "retirements": ("笔数", "retirements"),
    "returned_g": ("退回", "returned"),
    "reviewer": ("复核人", "reviewer"),
    "role": ("角色", "role"),
    "roles": ("角色", "roles"),
    "root": ("根批次", "root batch"),
    "row": ("行", "row"),
    "rows": ("明细", "rows"),
    "rule": ("所违规定", "rule broken"),
    "scale": ("规模（人）", "people"),
    "seller": ("出售方", "seller"),
    "serial_format": ("原序列号格式", "format of home serials"),
    "since": ("始于记录", "since entry"),
    "size": ("所据记录数", "entries counted"),
    "sort": ("报表", "report"),
    "source": ("清单（摘要）", "list (digest)"),
    "stage": ("阶段", "stage"),
    "standard": ("种类", "kind"),
    "standards": ("可用种类", "kinds allowed"),
    "standing": ("信用状况", "standing"),
    "status": ("状态", "status"),
    "subject": ("所涉种类", "about"),
    "submitter": ("报送方", "submitted by"),
    "successor": ("承继人", "successor"),
    "surplus_g": ("超出", "surplus"),
    "suspended_in": ("暂停于记录", "suspended in entry"),
    "taker": ("转入", "to"),
    "terms": ("条款（摘要）", "terms (digest)"),
    "terms_set_in": ("要求定于记录", "terms set by entry"),
    "ties": ("锁定", "tied"),
    "to": ("对象", "to"),
    "tonnes": ("吨数", "tonnes"),
    "total_g": ("合计", "total"),
    "trade": ("成交编号", "trade"),
    "unit_g": ("每单位质量", "unit"),
    "units": ("单位号", "units"),
    "unsettled": ("未结清批次", "not settled yet"),
    "until": ("至", "until"),
    "validator": ("审定机构", "validation body"),
    "venue": ("交易机构", "venue"),
    "verdicts": ("时间规则", "timing"),
    "verified_g": ("核查量", "verified"),
    "verifier": ("核查机构", "verification body"),
    "waiting_g": ("待领取", "waiting to be claimed"),
    "what": ("事项", "what happened"),
    "withdrawn_in": ("撤销于记录", "withdrawn in entry"),
    "witnesses": ("见证机构", "witnessed by"),
    "year": ("年度", "year"),
}

_TERMS: Mapping[str, Mapping[str, Text]] = {
    "purpose": PURPOSES,
    "legal_form": LEGAL_FORMS,
    "role": ROLES,
    "ground": GROUNDS | LOCK_GROUNDS,
    "basis": BASES,
    "credit_origin": ORIGINS,
    "credit_class": CLASSES,
    "claims": PURPOSES,
    "origin": ORIGINS,
    "reason": CANCEL_REASONS | SUCCESSIONS | ANNULLED,
    "policy": POLICIES,
    "channel": CHANNELS,
    "level": LEVELS,
    "standing": LEVELS,
    "result": OUTCOMES,
    "stage": STAGES,
    "status": STATUSES,
    "boundary": PHASES,
    "capacity": CAPACITIES,
    "doing": DOINGS,
    "method": METHODS,
    "mode": MODES,
    "confirmation": MODES,
    "neutrality": NEUTRALITIES,
    "kind": CONCLUSIONS,
    "conclusion": CONCLUSIONS,
    "sort": SORTS,
    "category": PURPOSES,
    "roles": ROLES,
    "said": SYSTEM,
}

SCREEN: dict[str, Text] = {
    "demonstration": (
        "【演示，非真实凭证】",
        "*** DEMONSTRATION, NOT A GENUINE CERTIFICATE ***",
    ),
    # init, key, trust, accept-mark
    "init.done": ("登记系统已建立：{directory}", "A registry has begun in {directory}"),
    "key.vkey": ("公钥（vkey）：{vkey}", "Public key (vkey): {vkey}"),
    "key.fingerprint": ("指纹：{fingerprint}", "Fingerprint: {fingerprint}"),
    "init.next": (
        (
            "接下来：\n"
            "  公布上面的公钥和指纹；查验的人各自运行   registry trust '{vkey}'\n"
            "  导入清单                               registry import-list FILE --dir {directory}\n"
            "  审计                                   registry audit {directory}"
        ),
        (
            "Next:\n"
            "  publish the key and its fingerprint; whoever checks runs   registry trust '{vkey}'\n"
            "  import a list                                              registry import-list FILE --dir"
            " {directory}\n  audit                                                      registry audit {directory}"
        ),
    ),
    "init.passphrase": (
        "  私钥的口令在 {directory}/passphrase：请移到别处，用 CARBON_REGISTRY_PASSPHRASE_FILE 指明。",
        (
            "  The passphrase of the private keys is in {directory}/passphrase: keep it elsewhere and name it in"
            " CARBON_REGISTRY_PASSPHRASE_FILE."
        ),
    ),
    "trust.done": (
        (
            "已采信 {name} 的公钥。请经另一渠道（电话、公报、当面）核对上面的指纹；"
            "不符就不要相信，并在 {file} 中删去该行。"
        ),
        (
            "The key of {name} is pinned. Compare the fingerprint over another channel (by phone, in a gazette, in"
            " person); if it differs, do not believe it: delete its line in {file}."
        ),
    ),
    "mark.accepted": (
        "已把现有的 {size} 条记录认作所见的最高处（根 {root}）。此举已留下记录。",
        "The {size} entries that are here are now the highest seen (root {root}). That was put on record.",
    ),
    # backup, restore, migrate
    "backup.done": (
        "已备份 {size} 条记录到 {folder}。",
        "{size} entries were copied to {folder}.",
    ),
    "backup.private": (
        "含名称和加密的私钥，不含口令：口令另行备份。用 registry audit {folder} 核验。",
        (
            "With names and sealed private keys, without the passphrase, which is kept elsewhere. Check it with"
            " registry audit {folder}."
        ),
    ),
    "backup.public": (
        "只含日志，没有名称和密钥，可以公布；任何人都可用 registry audit {folder} 审计。",
        "The log alone, without names and keys: it may be published, and audited with registry audit {folder}.",
    ),
    "backup.progress": ("备份", "copying"),
    "restore.done": (
        "已找回 {count} 条记录（第 {first} 至 {last} 条）：逐条重新核验，所得的根由日志密钥或标记证实。",
        (
            "{count} entries came back ({first} to {last}): each was judged again, and they come to a root that the"
            " log's key or the mark vouches for."
        ),
    ),
    "restore.log": ("日志：{origin}", "Log: {origin}"),
    "restore.names": (
        "其中的名称：有 {names} 个，缺 {lost} 个（副本没有的无法找回）。",
        "Names in them: {names} are here, {lost} are not (what the copy lacks is lost until another has it).",
    ),
    "restore.behind": (
        "仍落后于标记：还缺第 {first} 至 {last} 条。这份副本是否与标记所见的同出一史，要等这些记录找回后才知道。",
        (
            "Still behind the mark: entries {first} to {last} are missing. Whether the mark saw this same past is known"
            " only once they are back."
        ),
    ),
    "restore.ready": (
        "可以继续写入：{directory}",
        "The registry can be written to again: {directory}",
    ),
    "restore.not_ready": (
        "已找回的记录已经保存，但还不能写入：",
        "What came back is kept, but the registry cannot be written to yet:",
    ),
    "restore.progress": ("找回", "restoring"),
    "migrate.done": (
        "数据表已从版本 {before} 升到版本 {after}。",
        "The tables went from version {before} to version {after}.",
    ),
    "migrate.same": (
        "数据表已是版本 {after}，没有改动。",
        "The tables are at version {after} already.",
    ),
    "migrate.role": (
        "角色 {role} 可以读写，但不能更改或删除记录。如需口令，请由数据库管理员设定。",
        (
            "The role {role} may read and write, but neither change nor delete entries. If it needs a password, the"
            " database's owner gives it one."
        ),
    ),
    "migrate.reader": (
        "角色 {reader} 可以审计，看不到名称。",
        "The role {reader} may audit, and sees no names.",
    ),
    # certificates
    "certificates.title": ("证明（{count} 张）", "certificates ({count})"),
    "certificate.number": ("编号", "number"),
    "certificate.amount": ("数量", "amount"),
    "certificate.purpose": ("用途", "purpose"),
    "certificate.holder": ("持有人", "holder"),
    "certificate.names": ("名称", "names"),
    "certificate.state": ("状态", "state"),
    "certificate.annulled": ("已撤销", "annulled"),
    "certificate.replaced": ("已更换为 {number}", "replaced by {number}"),
    "certificate.handed_out": (
        "已将 {count} 份证明写入 {directory}，并附 certificates.csv：内含姓名，只应交给本人。",
        "Wrote {count} proofs to {directory}, and certificates.csv: they hold names, each for its own person only.",
    ),
    "certificate.final": ("已终局", "final"),
    "certificate.awaiting": (
        "待原登记系统注销：{awaiting}",
        "awaits home cancellation: {awaiting}",
    ),
    "certificate.private": ("（不公开）", "(not public)"),
    "report.written": (
        "已写入 {file}：{activities} 场次，{retirements} 笔，{total_g}。SHA-256：{sha256}",
        "{file} was written: {activities} activities, {retirements} retirements, {total_g}. SHA-256: {sha256}",
    ),
    "certificate.written": (
        "证明 {number} 已写入 {file}（{bytes} 字节）。任何人都可用采信的公钥查验：registry verify {file}",
        (
            "Certificate {number} was written to {file} ({bytes} bytes). Anybody with a pinned key can check it:"
            " registry verify {file}"
        ),
    ),
    "certificate.written_dossier": (
        (
            "证明 {number} 的档案已写入 {file}（{bytes} 字节）。任何人都可用采信的公钥逐条重放："
            "registry verify {file}"
        ),
        (
            "The dossier of certificate {number} was written to {file} ({bytes} bytes). Anybody with a pinned key can"
            " replay it: registry verify {file}"
        ),
    ),
    "erase.ask": ("请输入要删除的名称，一行：", "The name to be forgotten, on one line:"),
    "erase.opening": ("  记录 {entry}：{field}", "  entry {entry}: {field}"),
    "erase.would": (
        "未作改动：将删除 {count} 处名称。",
        "Nothing was changed: {count} openings would be erased.",
    ),
    "erase.done": (
        "已删除 {count} 处名称。记录、根和证明都不变；名称无法再从登记系统得知。",
        (
            "{count} openings were erased. Entries, root and proofs are what they were; from this registry nobody can"
            " tell these names any more."
        ),
    ),
    "erase.handed_out": (
        "另有待发放的文件 {count} 处。",
        "And {count} places in what a server hands out.",
    ),
    "erase.owner": (
        "此角色无权重写数据表：在所有者执行 VACUUM FULL openings 之前，已删除的内容仍在表的文件里。",
        (
            "This role may not rewrite the table: what was erased is in its file until its owner runs VACUUM FULL"
            " openings."
        ),
    ),
    "erase.elsewhere": (
        "不在此列、须另行删除：此前的备份、归档日志和转储，已交出的证明文件和档案，来宾名单和领取码文件。",
        (
            "Elsewhere, and yours to delete: backups, archived WAL and dumps made before; proof files and dossiers that"
            " were handed out; lists of guests and files of claim codes."
        ),
    ),
    "certificate.written_private": (
        "文件内有不公开的名称：只交给所涉之人。",
        "The file shows names that are not public: give it to those whom they concern only.",
    ),
    # account key, account recover
    "keylist.title": (
        "账户 {account}[（{name}）]的密钥",
        "keys of the account {account}[ ({name})]",
    ),
    "keylist.id": ("密钥标识", "key id"),
    "keylist.since": ("始于记录", "since entry"),
    "keylist.until": ("终于记录", "until entry"),
    "keylist.custodial": ("代管", "custodial"),
    "keylist.recovered": ("找回", "recovered"),
    "keylist.recovery": (
        "已公告找回（记录 {announced}）：新密钥 {key_id}，{not_before} 起可完成；此前持有人可中止。",
        (
            "A recovery is announced (entry {announced}): the key {key_id}, from {not_before} on; until then the holder"
            " can stop it."
        ),
    ),
    "keys.rehearsed": (
        "什么都没有写入：这将是第 {index} 条记录[，账户 {account}]。",
        "Nothing was written: this would be entry {index}[, of {account}].",
    ),
    "keys.added": (
        "账户 {account} 已登记密钥 {key_id}（记录 {index}），自下一条记录起有效。",
        "The account {account} has the key {key_id}, which speaks for it from the entry after {index} on.",
    ),
    "keys.ended": (
        "账户 {account} 的密钥 {key_id} 已终止（记录 {index}）。",
        "The key {key_id} of the account {account} ended with entry {index}.",
    ),
    "keys.rotated": (
        "账户 {account} 在此代管的密钥已换成 {key_id}（记录 {index}）；旧密钥均已终止。",
        "The account {account} now signs here with the key {key_id} (entry {index}); those before it ended.",
    ),
    "log_key.replaced": (
        (
            "日志密钥已更换（记录 {index}），此后的检查点由新密钥签署。\n"
            "公钥（vkey）：{vkey}\n指纹：{fingerprint}\n"
            "请公布新公钥。已采信旧公钥的人仍可查验以后导出的证明；新采信的人要查验更换前导出的证明，请重新导出。\n"
            "若旧密钥已泄露，请通知所有人改用 registry trust --replace：采信旧公钥的人仍会相信用它另签的检查点。"
        ),
        (
            "The log's key was replaced (entry {index}); the new one signs every checkpoint from now on.\n"
            "Public key (vkey): {vkey}\nFingerprint: {fingerprint}\n"
            "Publish it. Whoever pinned the old key can go on checking proofs that are exported from now on; for"
            " whoever pins the new one, export again what was exported before.\n"
            "If the old key leaked, tell everybody to run registry trust --replace: who pinned it still believes"
            " checkpoints that a thief signs with it."
        ),
    ),
    "recovery.announced": (
        (
            "已公告找回账户 {account}（记录 {index}）：新密钥 {key_id}。{not_before} 起可用 registry account recover"
            " complete 完成；此前持有人可用任一现有密钥中止。节假日不在账本之内，请自行顺延。"
        ),
        (
            "The recovery of the account {account} is announced (entry {index}) with the key {key_id}. From"
            " {not_before} on registry account recover complete completes it; until then any key of the holder stops"
            " it. The log knows no public holidays: wait longer over them."
        ),
    ),
    "recovery.stopped": (
        "账户 {account} 的找回已由持有人中止（记录 {index}）。",
        "The holder stopped the recovery of the account {account} (entry {index}).",
    ),
    "recovery.withdrawn": (
        "账户 {account} 的找回已由登记官撤回（记录 {index}）。",
        "The recovery of the account {account} was withdrawn by officers (entry {index}).",
    ),
    "recovery.completed": (
        "账户 {account} 已找回（记录 {index}）：自此只有密钥 {key_id} 有效；以后的证明都会注明。",
        (
            "The account {account} is recovered (entry {index}): only the key {key_id} speaks for it now, and every"
            " certificate from now on says so."
        ),
    ),
    # balance, show, trace
    "balance.title": ("账户 {account}[（{name}）]", "account {account}[ ({name})]"),
    "balance.batch": ("批次", "batch"),
    "balance.standard": ("种类", "kind"),
    "balance.period": ("核算期", "monitoring period"),
    "balance.held": ("持有", "held"),
    "balance.locked": ("锁定", "locked"),
    "balance.retired": ("已注销", "retired"),
    "balance.total": ("合计", "total"),
    "balance.none": ("没有持有，也没有注销过。", "Holds nothing, and retired nothing."),
    "show.title": ("流 {stream}：{count} 条记录", "stream {stream}: {count} entries"),
    "show.entry": (
        "记录 {index} · 位置 {position} · {time} · {form}",
        "entry {index} · position {position} · {time} · {form}",
    ),
    "show.signers": ("签署：{signers}", "signed by {signers}"),
    "show.together": ("同一记录另涉：{streams}", "in the same entry: {streams}"),
    "show.outcome": ("结果", "outcome"),
    "show.hidden": ("（只有承诺）", "(commitment only)"),
    "show.state": ("现状", "state now"),
    "list.title": ("{table}：{count} 行", "{table}: {count} rows"),
    "list.hidden": ("（已隐去）", "(hidden)"),
    "views.title": ("数据表", "tables"),
    "views.projection": ("投影", "projection"),
    "views.tables": ("数据表", "tables"),
    "views.rebuilt": ("已由全部 {size} 条记录重建。", "Made anew from all {size} entries."),
    "problem.not_now": (
        "现在办不到。请稍后以同样的请求再试；若一直如此，请把请求编号告诉登记机构。",
        "Not now. Ask again later, the same; if it goes on, tell the registry the request's id.",
    ),
    "problem.stopped": (
        "登记系统发现自己的记录有问题，在有人查明之前不再写入。请把请求编号告诉登记机构。",
        (
            "The registry found something wrong with its own records, and writes nothing until somebody has looked."
            " Tell it the request's id."
        ),
    ),
    "serve.listening": (
        "正在监听 {address}；按 Ctrl+C 停止。",
        "Listening at {address}; Ctrl+C stops it.",
    ),
    "answer.true_of": (
        "截至第 {last} 条记录；日志现有 {size} 条。",
        "True up to entry {last}; the log has {size} entries.",
    ),
    "trace.title": ("{batch} 的序列号 {serial}", "serial number {serial} of {batch}"),
    "trace.index": ("记录", "entry"),
    "trace.time": ("时间", "time"),
    "trace.kind": ("事由", "what"),
    "trace.holder": ("此后持有人", "held then by"),
    "trace.cancelled": (
        "已核减，原持有人 {holder}。",
        "It was cancelled; {holder} held it.",
    ),
    "trace.locked": ("为 {holder} 锁定。", "It is locked for {holder}."),
    "trace.waiting": ("已赠给 {holder}，待领取。", "It was given to {holder}, who may claim it."),
    "trace.held": ("现由 {holder} 持有。", "It is held by {holder} now."),
    "trace.retired": (
        "已由 {holder} 注销，证明 {number}。",
        "It was retired by {holder}, with certificate {number}.",
    ),
    # acts, and what there is in short
    "act.recorded": (
        "已入账：记录 {index}，{time}。签署：{signers}",
        "Recorded as entry {index}, {time}. Signed by {signers}",
    ),
    "act.rehearsed": (
        "预览，什么都没有写入：将成为记录 {index}。签署：{signers}",
        "Nothing was written: this would be entry {index}. Signed by {signers}",
    ),
    "act.event": ("  {happened} · {stream}", "  {happened} · {stream}"),
    "books.entered": (
        "录入 {count} 行，先前已有 {already} 行。",
        "Entered {count} rows; {already} were there already.",
    ),
    "books.rehearsed": (
        "将录入 {count} 行（已有 {already} 行）。什么都没有写入。",
        "Would enter {count} rows ({already} are there already). Nothing was written.",
    ),
    "books.batch": ("  旧批次 {before} → {batch}", "  batch {before} of before is {batch}"),
    "rows.bad": ("有问题的行", "bad rows"),
    "rows.why": ("原因", "reason"),
    "row.cell": (
        "第 {line} 行“{column}”为“{found}”（{why}）",
        "line {line}, {column}, “{found}” ({why})",
    ),
    "row.line": ("第 {line} 行“{found}”（{why}）", "line {line}, “{found}” ({why})"),
    "act.certificate": ("    证明编号：{number}", "    certificate number: {number}"),
    "overview.accounts": ("账户（{count} 个）", "accounts ({count})"),
    "overview.policies": ("制度（{count} 项）", "policies ({count})"),
    "overview.roles": ("角色（{count} 项）", "roles ({count})"),
    "overview.activities": ("{count} 场活动", "{count} activities"),
    "overview.campaigns": ("赠碳活动（{count} 个）", "gift campaigns ({count})"),
    "overview.orders": ("修复令（{count} 件）", "restoration orders ({count})"),
    "campaign.handed_out": (
        "在 {directory}：领取码 {codes} 个（codes.csv，仅本人可读，请分发后妥善删除）；证明 {proofs} 份（proofs/）。",
        (
            "In {directory}: {codes} claim codes (codes.csv, readable by you alone; hand them out, then delete it) and"
            " {proofs} proofs (proofs/)."
        ),
    ),
    "gift.left": (
        "还余 {left_g}，截止日前仍可凭同一领取码（或账户）领取或注销。",
        "{left_g} is left, and can be claimed or used up by the same code (or account) until the deadline.",
    ),
    "gift.short": (
        "行程合 {wanted_g}，赠量只够 {used_g}。",
        "The journey comes to {wanted_g}; the gift was enough for {used_g}.",
    ),
    "overview.standards": ("种类（{count} 个）", "kinds of credit ({count})"),
    # verify
    "verdict.valid": ("有效", "VALID"),
    "verdict.invalid": ("无效", "INVALID"),
    "verdict.incomplete": ("无法判定", "INCOMPLETE"),
    "verdict.stale": ("过时", "STALE"),
    "verdict.line": ("{verdict}[ — {subject}]", "{verdict}[ — {subject}]"),
    "verdict.reason": ("原因（{code}）：{message}", "Reason ({code}): {message}"),
    "where": (
        "位置：[记录 {index}][，流 {stream}][，位置 {position}]",
        "Where: [entry {index}][, stream {stream}][, position {position}]",
    ),
    "verify.subject": ("证明 {number}", "certificate {number}"),
    "verify.gift": ("赠碳 {number}", "gift {number}"),
    "verify.given": ("{giver} 赠予 {taker}", "Given by {giver} to {taker}"),
    "verify.given_of": (
        "批次：{batch}（{standard}）[，活动 {campaign}][，序列号 {ranges}]",
        "Of {batch} ({standard})[, campaign {campaign}][, serial numbers {ranges}]",
    ),
    "verify.retire_only": (
        "只可注销，不可转让。",
        "It may be used up, and not passed on.",
    ),
    "verify.given_not": (
        "文件不说明：此后是否已领取、注销或退回。",
        "Not shown: whether it was claimed, used up or has gone back since.",
    ),
    "verify.log": ("日志：{origin}", "Log: {origin}"),
    "verify.amount": ("数量：{amount_g}", "Amount: {amount_g}"),
    "verify.purpose": ("用途：{purpose}；依据：{ground}", "Purpose: {purpose}; ground: {ground}"),
    "verify.period": ("所称期间：{period}", "Period claimed: {period}"),
    "verify.place": ("地点（GB/T 2260）：{place}", "Place (GB/T 2260): {place}"),
    "verify.holder": ("持有人：{holder}", "Holder: {holder}"),
    "verify.name": ("{field}：{value}", "{field}: {value}"),
    "verify.private": (
        "不公开的证明：文件内不含名称。",
        "A certificate that is not public: its names are not in the file.",
    ),
    "verify.retired": (
        "注销：{batch}（{standard}，核算期 {period}）{amount_g}，序列号 {ranges}",
        "Retired: {batch} ({standard}, monitoring period {period}) {amount_g}, serial numbers {ranges}",
    ),
    "verify.ranges_beside": (
        "{count} 段，列于记录之外",
        "in {count} ranges that stand beside the entry",
    ),
    "verify.signed": (
        "时间：{time}；签署：{signers}",
        "Time: {time}; signed by {signers}",
    ),
    "verify.recorded": (
        (
            "截至 {size} 条记录，它确已入账（记录 {index}），密钥指纹 {fingerprint}。只查了入账：此前的规则没有重放，"
            "签署密钥属于哪些账户没有追溯；要重放请 registry audit。"
        ),
        (
            "As of {size} entries it was recorded (entry {index}), under the key {fingerprint}. Recorded, not"
            " replayed: the rules before it were not gone through again, nor was it traced that the signing keys"
            " belong to these accounts; registry audit replays."
        ),
    ),
    "verify.replayed": (
        (
            "截至 {size} 条记录，下列各流已据档案内的 {entries} 条记录逐条重放："
            "每条都合乎规则，签署密钥属于所列账户，克数有其来源。密钥指纹 {fingerprint}。"
        ),
        (
            "As of {size} entries these streams were replayed, from the {entries} entries in the dossier: each follows"
            " from the rules, the keys are those of the accounts, and the grams were there. Key {fingerprint}."
        ),
    ),
    "verify.stream": ("  {stream}（{count} 条）", "  {stream} ({count})"),
    "verify.replayed_not": (
        "未能表明：日志里没有这些流的其他记录（此后的，或与之并存的）；整部日志也未审计，要审计请 registry audit。",
        (
            "Not shown: that the log has no other entry of these streams, after these or beside them. The log was not"
            " audited; registry audit does that."
        ),
    ),
    "verify.status": ("证明状态：{status}", "The certificate is: {status}"),
    "verify.rotated": (
        "日志公钥已更换：检查点由指纹为 {fingerprint} 的后继密钥签署，文件内的更换记录由采信的公钥一路签署而来。",
        (
            "The log's key was replaced: the checkpoint is signed by a later one, of the fingerprint {fingerprint}; the"
            " entries in the file that replaced it lead there from the pinned key."
        ),
    ),
    "verify.final": (
        "终局：不待任何原登记系统注销。",
        "Final: nothing is awaited from a home registry.",
    ),
    "verify.awaiting": (
        "尚未终局：待 {awaiting} 的原登记系统注销。",
        "Not final: awaits cancellation by the home registry of {awaiting}.",
    ),
    "verify.concluded": (
        (
            "活动 {activity}：{conclusion}。排放 {emissions_g}，注销 {retired_g}，"
            "抵消比例 {percent_hundredths}，超出 {surplus_g}。"
        ),
        (
            "The activity {activity}: {conclusion}. It emitted {emissions_g}; {retired_g} were retired, which is"
            " {percent_hundredths}; {surplus_g} more than that."
        ),
    ),
    "verify.honoured": (
        "荣誉证书：{donor} 捐赠 {amount_g}（{standard}，{batch}）予 {event}；捐赠方不得据此主张自身碳中和。",
        (
            "Certificate of honour: {donor} gave {amount_g} ({standard}, {batch}) to {event}; not to be claimed as the"
            " donor's own neutrality."
        ),
    ),
    "verify.former": (
        "替换原证明 {number}：同一批克数，只计一次。",
        "In the place of the certificate {number}: the same grams, counted once.",
    ),
    "verify.share": (
        "为多人注销中的第 {row} 份。",
        "Number {row} of a retirement for many.",
    ),
    "verify.own": (
        "其中本证明：{amount_g}，批次 {batch}[，序列号 {ranges}]。",
        "Of these its own: {amount_g} of {batch}[, serial numbers {ranges}].",
    ),
    "verify.said": (
        "其后：{happened}[（{number}）]，记录 {index}，{time}，签署人 {signers}。",
        "Since: {happened}[ ({number})], entry {index}, {time}, signed by {signers}.",
    ),
    "verify.home": (
        "原登记系统已注销：{standard}，{reference}，{day}。",
        "Cancelled at home: {standard}, {reference}, {day}.",
    ),
    "verify.attested": (
        (
            "补录的既往注销（清单第 {row} 行，所称月份 {month}）：由登记官和持有人具名证实，并非由账本证明；"
            "清单未公布信用种类和序列号，系录入者提供。"
        ),
        (
            "Imported history (row {row} of its list, month claimed {month}): attested by those who signed, not proven;"
            " kind and serial numbers are not in the list, the importer supplied them."
        ),
    ),
    "verify.custodial": (
        "持有人的密钥由运营方代管：签署是运营方代持有人作出的。",
        "Custodial: signed by the operator for the holder.",
    ),
    "verify.recovered": (
        "持有人的密钥是找回的：由两名登记官在等待期后给予，不是由原有密钥登记的。",
        "Recovered key: two officers gave it to the holder after a waiting time; no key that the holder had added it.",
    ),
    "verify.verdict": ("时间规则：{verdict}", "Timing: {verdict}"),
    "verify.advice": (
        "不要依赖这份文件。请保存它，并直接向登记机构查询。",
        "Do not rely on this file. Keep it, and ask the registry itself.",
    ),
    "verify.not_remembered": (
        "注意：未能记住所见的检查点（系统报告“{said}”），下次无法据此发现分叉。",
        "Note: the checkpoint could not be remembered (“{said}”), so a fork could not be told by it next time.",
    ),
    # audit
    "audit.subject": ("日志 {origin}", "log {origin}"),
    "audit.replayed": (
        "{entries} 条记录全部重放，规则、签名、链和树都成立。",
        "All {entries} entries were replayed: rules, signatures, chains and tree hold.",
    ),
    "audit.root": ("根：{root}", "Root: {root}"),
    "audit.balance": (
        (
            "签发与托管 {issued_g}（签发 {native_g}，托管 {deposited_g}）= 持有 {held_g} + 锁定 {locked_g}"
            " + 注销 {retired_g} + 核减 {cancelled_g}"
        ),
        (
            "Issued and deposited {issued_g} (native {native_g}, deposited {deposited_g}) = held {held_g} + locked"
            " {locked_g} + retired {retired_g} + cancelled {cancelled_g}"
        ),
    ),
    "audit.certificates": (
        "证明 {certificates} 张，其中 {awaiting} 张待原登记系统注销。",
        "{certificates} certificates, of which {awaiting} await cancellation by a home registry.",
    ),
    "audit.recovered": (
        "{recovered} 个账户现用的密钥是找回的：由两名登记官在等待期后给予。",
        "{recovered} accounts sign with recovered keys, which two officers gave them after a waiting time.",
    ),
    "audit.stands": (
        "此前的 {stands} 条记录仍然成立。",
        "The first {stands} entries still stand.",
    ),
    "audit.unconfirmed": (
        "以下数字由记录重放得出，但不能据此采信：",
        "The figures below follow from the entries, but cannot be relied upon:",
    ),
    "audit.progress": ("审计", "auditing"),
    # status
    "status.well": ("{place}：一切正常", "{place}: all is well"),
    "status.unwell": ("{place}：有问题", "{place}: something is the matter"),
    "status.database": (
        "数据库：{software}，表结构版本 {version}",
        "Database: {software}, tables of version {version}",
    ),
    "status.replica": (
        "只读副本：与主库相连：{receives}[；所示内容最多落后 {seconds} 秒]",
        "A replica: connected to its primary: {receives}[; what it shows may be {seconds} s old]",
    ),
    "status.log": (
        "日志 {origin}：{size} 条记录，根 {root}",
        "Log {origin}: {size} entries, root {root}",
    ),
    "status.signed": ("日志头已签名至第 {signed} 条", "The head is signed up to {signed} entries"),
    "status.mark": (
        "高水位标记：{mark} 条，{seconds} 秒前更新",
        "Mark: {mark} entries, last advanced {seconds} s ago",
    ),
    "status.openings": ("名称和文字可读：{openings}", "Names and texts can be read: {openings}"),
    "status.keys": ("私钥可用：{keys}", "Private keys are ready: {keys}"),
    # follow
    "follow.lost": (
        "数据库暂时没有应答（{code}）：会不断重试，恢复后接着读。",
        "The database does not answer ({code}): it is asked again and again, and read on when it does.",
    ),
    "follow.back": ("数据库已恢复应答。", "The database answers again."),
    # access
    "access.key.made": (
        "已生成 API 密钥 {id}：代表 {accounts}，权限 {scopes}，有效至 {expires_us}。",
        "The API key {id} speaks for {accounts}, with the scopes {scopes}, until {expires_us}.",
    ),
    "access.key.once": (
        "请立即交给使用者并妥善保存：登记系统只留下散列值，不会再次显示。",
        "Hand it over now, and keep it safe: the registry keeps a hash of it alone, and never shows it again.",
    ),
    "access.key.revoked": (
        "API 密钥 {id}（{accounts}）已撤销，立即失效；由它生成的 {count} 个密钥一并撤销。",
        "The API key {id} ({accounts}) speaks for nobody from now on; nor do {count} key(s) that it made.",
    ),
    "access.key.title": ("API 密钥", "API keys"),
    "access.key.none": ("没有 API 密钥。", "There are no API keys."),
    "access.bound": (
        "{issuer} 的用户 {subject} 现可代表 {account}，权限 {scopes}。",
        "The subject {subject} of {issuer} speaks for {account}, with the scopes {scopes}.",
    ),
    "access.unbound": (
        "{issuer} 的用户 {subject} 已解除 {count} 个绑定；其生成的 {keys} 个 API 密钥一并撤销。",
        "The subject {subject} of {issuer} is unbound: {count} binding(s) ended, and {keys} API key(s) that they made.",
    ),
    "access.binding.title": ("登录绑定", "logins that are bound"),
    "access.binding.none": ("没有登录绑定。", "No login is bound to an account."),
    "access.column.id": ("密钥标识", "id"),
    "access.column.accounts": ("账户", "accounts"),
    "access.column.account": ("账户", "account"),
    "access.column.scopes": ("权限", "scopes"),
    "access.column.label": ("用途", "label"),
    "access.column.made": ("生成于", "made"),
    "access.column.expires": ("有效至", "expires"),
    "access.column.used": ("最近使用日", "last used"),
    "access.column.state": ("状态", "state"),
    "access.column.issuer": ("签发方", "issuer"),
    "access.column.subject": ("用户", "subject"),
    "access.state.active": ("有效", "active"),
    "access.state.ended": ("已随账户找回或承继失效", "ended with a recovery or succession"),
    "access.state.expired": ("已过期", "expired"),
    "access.state.revoked": ("已撤销", "revoked"),
    # errors
    "error": ("错误（{code}）：{message}", "Error ({code}): {message}"),
    "error.unknown": (
        "{message}。请查 docs/format.md 中的这个代码。",
        "{message}. See docs/format.md for this code.",
    ),
}


def typed(place: Place) -> str:
    """`place`, as it is typed where a directory is expected."""
    if isinstance(place, Server) and place.state is not None:
        return f"'{place}' --state {place.state}"
    return str(place)


def pick(text: Text, lang: Lang) -> str:
    """One language of a text."""
    return text[0] if lang == "zh" else text[1]


def tonnes(grams: int) -> str:
    """A mass in tonnes, exactly, such as "616,921.203 t"."""
    whole, rest = divmod(abs(grams), GRAMS_PER_TONNE)
    decimals = f".{rest:06d}".rstrip("0") if rest else ""
    return f"{'-' if grams < 0 else ''}{whole:,}{decimals} t"


def yuan(fen: int) -> str:
    """Money in yuan, exactly: 123456 is 1234.56 元."""
    return f"{fen // 100}.{fen % 100:02} 元"


def measured(amount: int, unit: str) -> str:
    """What is owed or done under an order that counts in "g" or in "fen"."""
    return tonnes(amount) if unit == "g" else yuan(amount)


def local_time(at_us: int) -> str:
    """A time in microseconds since 1970 UTC as it is written in China, such as "2026-09-21 10:00:00 +08:00"."""
    at = _moment(at_us)
    return f"{at_us} µs" if at is None else f"{at.astimezone(CHINA):%Y-%m-%d %H:%M:%S} +08:00"


def utc_time(at_us: int) -> str | None:
    """A time in microseconds since 1970 UTC as RFC 3339 has it; None beyond the calendar."""
    at = _moment(at_us)
    return None if at is None else f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond:06d}Z"


def grouped(number: str) -> str:
    """A certificate's number as it is printed, in groups of four."""
    return "-".join(number[start : start + 4] for start in range(0, len(number), 4))


def closed(ranges: object) -> list[str]:
    """Half-open serial ranges as they are printed, closed; none where they stand beside the entry."""
    if not isinstance(ranges, list | tuple):
        return []
    return [f"{start}–{end - 1}" for start, end in ranges]


def purpose_word(purpose: str, lang: Lang) -> str:
    """What is claimed, in words."""
    return term(PURPOSES, purpose, lang)


def verdict_words(verdict: tuple[str, str, str, str], lang: Lang) -> str:
    """A timing verdict, in words."""
    norm, rule, result, reason = verdict
    said = (term(RESULTS, result, lang), term(REASONS, reason, lang), norm, term(RULES, rule, lang))
    return pick(("{}：{}（{}，{}）", "{}: {} ({}, {})"), lang).format(*said)


def term(terms: Mapping[str, Text], name: str, lang: Lang) -> str:
    """A word out of one of the tables above; the name itself if it is not in there."""
    return pick(terms[name], lang) if name in terms else clean(name)


def clean(text: str) -> str:
    """`text` without what a terminal might obey: control and direction characters become a mark."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def screen(key: str, lang: Lang, facts: Mapping[str, object]) -> str:
    """The text `key` with its facts."""
    return fill(pick(SCREEN[key], lang), lang, facts)


def code_text(code: str, lang: Lang, facts: Mapping[str, object]) -> str:
    """What an error code says, with the facts of the error."""
    if code not in CODES:
        told = ", ".join(f"{name}={fact(name, value, lang)}" for name, value in facts.items())
        text = f"{code} ({told})" if told else code
        return screen("error.unknown", lang, {"message": text})
    return fill(pick(CODES[code], lang), lang, facts)


def fill(text: str, lang: Lang, facts: Mapping[str, object]) -> str:
    """`text` with facts in their places; it never fails for want of one."""

    def optional(found: re.Match[str]) -> str:
        there = all(facts.get(name, "") != "" for name in _FACT.findall(found[1]))
        return found[1] if there else ""

    def place(found: re.Match[str]) -> str:
        name = found[1]
        if name not in facts:
            return UNKNOWN
        return reason(facts, lang) if name == "why" else fact(name, facts[name], lang)

    return _FACT.sub(place, _OPTIONAL.sub(optional, text))


def reason(facts: Mapping[str, object], lang: Lang) -> str:
    """What the fact `why` says, with the other facts; itself, if it is none of `WHYS`."""
    why = str(facts["why"])
    return fill(pick(WHYS[why], lang), lang, facts) if why in WHYS else fact("said", why, lang)


def bad_row(row: Problem, lang: Lang) -> str:
    """What is wrong in a list that somebody sent: the line, the column, what stands there, and why it is not taken."""
    line, column, found, why = row
    stands = found or pick(("空", "nothing"), lang)
    told = {"line": line, "column": column, "found": stands, "why": why}
    return screen("row.line" if column == WHOLE_LINE else "row.cell", lang, told)


def fact(name: str, value: Any, lang: Lang) -> str:
    """A fact as people read it: grams as tonnes, times in China, periods, terms, bytes in hex."""
    if isinstance(value, list | tuple | set | frozenset):
        return _several(name, list(value), lang)
    if isinstance(value, Mapping):
        # What sums up rows beside an entry: their bytes and root mean nothing to a person.
        shown = {key: item for key, item in value.items() if (name, key) not in _UNSAID}
        told = ((term(FIELDS, key, lang), fact(key, item, lang)) for key, item in shown.items())
        return "; ".join(f"{label}: {said}" for label, said in told)
    if value is None:
        said = "—"
    elif isinstance(value, bool):
        said = pick(("是", "yes") if value else ("否", "no"), lang)
    elif isinstance(value, int):
        said = _number(name, value)
    elif isinstance(value, bytes):
        said = value.hex()
    elif name in _TERMS:
        said = term(_TERMS[name], str(value), lang)
    else:
        # A message is one of our texts, made of facts that were cleaned and cut.
        said = str(value) if name == "message" else clean(str(value))[:FACT_CHARACTERS_MAX]
    return said


def _number(name: str, value: int) -> str:
    if name.endswith("_g"):
        return tonnes(value)
    if name.endswith("_fen"):
        return yuan(value)
    if name.endswith("_hundredths"):
        return f"{value // 100}.{value % 100:02} %"
    return local_time(value) if name.endswith("_us") else str(value)


def _several(name: str, values: list[Any], lang: Lang) -> str:
    if len(values) == 2 and all(isinstance(item, str) and _DATED.match(item) for item in values):
        return f"{clean(values[0])} … {clean(values[1])}"
    said = pick(("、", ", "), lang).join(_one(name, item, lang) for item in values) or "—"
    return said if len(said) <= FACT_CHARACTERS_MAX else f"{said[:FACT_CHARACTERS_MAX]}{UNKNOWN}"


def _one(name: str, item: Any, lang: Lang) -> str:
    if name == "verdicts" and isinstance(item, list | tuple) and len(item) == 4:
        norm, rule, result, reason = item
        return verdict_words((norm, rule, result, reason), lang)
    if name == "lots" and isinstance(item, list | tuple) and len(item) == 3:
        batch, lock, grams = item
        return f"({batch}, {lock}, {tonnes(grams)})"
    if name == "rows" and isinstance(item, list | tuple) and len(item) == 4:
        line, column, found, why = item
        return bad_row((line, column, found, why), lang)
    nested = isinstance(item, list | tuple | Mapping)
    return f"({fact(name, item, lang)})" if nested else fact(name, item, lang)


def _moment(at_us: int) -> datetime | None:
    try:
        at = _EPOCH + timedelta(microseconds=at_us)
        at.astimezone(CHINA)
    except OverflowError:
        return None
    return at
