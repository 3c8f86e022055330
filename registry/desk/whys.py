"""Why something cannot be taken: the names that the fact `why` may have, and what each says to a person.

A name is stable, and stands in a sentence of registry/desk/codes.py, after a colon or in brackets; {name} there is
another fact of the same error. What a disk, a database or a library said itself is the fact `said` instead, and quoted.
"""

import errno
import os
from collections.abc import Mapping
from typing import Any

from registry.desk.codes import Text

_FORM: dict[str, Text] = {
    "array_between": (
        "应为 {least} 至 {most} 项的数组",
        "an array of {least} to {most} is expected",
    ),
    "array_expected": ("应为 {length} 项的数组", "an array of {length} is expected"),
    "base64_expected": (
        "应为带填充、不换行的规范 base64",
        "canonical base64 with padding, in one line, is expected",
    ),
    "beyond_64_bits": ("有超出 64 位的整数", "an integer is beyond 64 bits"),
    "bytes_expected": ("应为 {length} 字节", "{length} bytes are expected"),
    "bytes_too_many": ("字节太多", "it has too many bytes"),
    "bytes_within_limit_expected": (
        "应为不超过上限的字节串",
        "a byte string within its limit is expected",
    ),
    "control_character": ("含有控制字符", "there is a control character in it"),
    "hashes_expected": ("应由 32 字节的哈希组成", "hashes of 32 bytes are expected"),
    "hex_expected": (
        "应为十六进制数[，{length} 字节]",
        "hexadecimal digits are expected[, {length} bytes of them]",
    ),
    "integer_between": (
        "应为 {least} 至 {most} 的整数",
        "an integer from {least} to {most} is expected",
    ),
    "integer_from_expected": (
        "应为不小于 {least} 的整数",
        "an integer of {least} or more is expected",
    ),
    "json_expected": ("应为 UTF-8 编码的 JSON", "JSON in UTF-8 is expected"),
    "map_expected": ("应为映射", "a map is expected"),
    "map_key": ("映射的键不是字符串", "a key of a map is no string"),
    "more_than_one": ("不能多于一个", "there is more than one"),
    "no_canonical_form": ("{type} 没有规范编码", "{type} has no canonical form"),
    "not_messagepack": ("不是 MessagePack，或不完整", "it is no MessagePack, or cut short"),
    "not_rising": ("没有按序排列，或有重复", "it is not in order, or something is there twice"),
    "object_expected": ("应为 JSON 对象", "a JSON object is expected"),
    "octets_expected": ("应为字节串", "a byte string is expected"),
    "one_of": ("应为 {choices} 之一", "one of {choices} is expected"),
    "one_twice": ("有重复", "one of them is there twice"),
    "other_bytes": (
        "同样的内容有另一种编码",
        "other bytes than these would say the same",
    ),
    "other_fields": ("多了或少了这个字段", "this field is one too many, or missing"),
    "range_expected": ("应为非空的区间", "a range that is not empty is expected"),
    "tag_expected": ("应为 {expected}", "{expected} is expected"),
    "texts_expected": ("应为一段或几段文字", "a text or several are expected"),
    "too_deep": ("嵌套超过 {most} 层", "it has more than {most} levels"),
    "utf8_expected": ("不是 UTF-8", "it is not UTF-8"),
}

_NAMES: dict[str, Text] = {
    "account_expected": (
        "应为账户，写作 account/ 加编号",
        "an account is expected, written as account/ and its id",
    ),
    "certificate_number_expected": ("应为证明编号", "a certificate's number is expected"),
    "day_expected": (
        "应为真实存在的日期，如 2025-01-31",
        "a day of the calendar is expected, such as 2025-01-31",
    ),
    "event_id_expected": (
        "应写作“记录序号.事件序号”，如 12.0",
        "an entry and an event are expected, such as 12.0",
    ),
    "field_name_expected": ("应为字段名", "the name of a field is expected"),
    "grammar": ("不合规定的写法", "it is not written as it has to be"),
    "holder_expected": (
        "应为账户（account/ 加编号）或持有密钥者（bearer/ 加密钥标识）",
        "an account is expected (account/ and its id), or who has a key (bearer/ and the key's id)",
    ),
    "key_expected": (
        "应为签名算法和公钥两项",
        "a suite and a public key are expected",
    ),
    "mechanism_expected": (
        "应为 2 至 8 个大写字母的机制代码",
        "a mechanism's code of 2 to 8 capitals is expected",
    ),
    "method_expected": ("应为方法学代码", "the code of a method is expected"),
    "month_expected": ("应为月份，如 2025-01", "a month such as 2025-01 is expected"),
    "name_expected": ("名称不合规", "the name is none"),
    "origin_expected": (
        "应为由小写字母、数字和 . / - 组成的名称",
        "a name of small letters, digits and . / - is expected",
    ),
    "period_reversed": ("起始日晚于截止日", "the first day is after the last"),
    "place_expected": (
        "应为六位行政区划代码，如 510100",
        "a GB/T 2260 code of six digits is expected, such as 510100",
    ),
    "policy_code_expected": ("应为制度中的代码", "a code of a policy is expected"),
    "public_key_expected": ("应为 32 字节的公钥", "a public key of 32 bytes is expected"),
    "reference_expected": (
        "应为由大写字母、数字和 . / - 组成的编号",
        "a reference of capitals, digits and . / - is expected",
    ),
    "salt_expected": ("应为 32 字节的盐", "a salt of 32 bytes is expected"),
    "serial_field_twice": (
        "序列号的同一段用了两次",
        "one field of a serial number is used twice",
    ),
    "serial_fields_expected": (
        "应为段数、区块段、起、止四项",
        "how many fields, the fields of the block, the first and the last are expected",
    ),
    "serials_spelled_expected": (
        "应为 1 至 96 个 ASCII 字符的序列号区间",
        "a serial range of 1 to 96 ASCII characters is expected",
    ),
    "standard_code_expected": (
        "应为 2 至 12 个大写字母或数字的代码",
        "a code of 2 to 12 capitals and digits is expected",
    ),
    "stream_expected": ("应为流名", "the name of a stream is expected"),
    "stream_of_kind": ("应写作 {choices}", "{choices} is expected"),
    "suite_expected": ("应为签名算法", "a signature suite is expected"),
    "time_too_late": ("时间太晚", "the time is too late"),
    "year_expected": ("应为四位年份", "a year of four digits is expected"),
}

_ROWS: dict[str, Text] = {
    "entry_is_here": ("这条记录已在文件中", "the entry is here already"),
    "entry_missing": ("所属的记录不在文件中", "the entry that they belong to is not here"),
    "grams_differ": ("克数不符", "the grams do not fit"),
    "grams_of_row_expected": (
        "应为克数和此前各行的克数",
        "grams, and the grams of the rows before, are expected",
    ),
    "no_rows": ("它没有明细行", "it has no rows"),
    "ranges_counted": (
        "序列号区间太多，不能写在记录里",
        "there are not as many serial ranges as stand in an entry",
    ),
    "ranges_not_rising": ("序列号区间没有递增", "the serial ranges do not rise"),
    "row_expected": ("应为明细行", "a row is expected"),
    "row_missing": ("文件里没有那一行", "there is no row in the file"),
    "row_of_expected": (
        "应为 {tag}、给谁、克数、此前克数四项",
        "{tag}, whom it is for, the grams and those before are expected",
    ),
    "row_summary_expected": ("应为明细行的汇总", "a summary of rows is expected"),
    "rows_counted": (
        "明细行的数量与记录不符",
        "there are not as many rows as stand beside an entry",
    ),
    "rows_most": ("有 {rows} 行，上限 {most} 行", "there are {rows} rows, of at most {most}"),
    "rows_no_certificates": ("它的明细行不是证明", "its rows are no certificates"),
    "rows_no_gifts": ("它的明细行不是赠碳", "its rows are no gifts"),
    "rows_not_joined": (
        "与前面各行的合计对不上",
        "it does not begin where the rows before end",
    ),
    "rows_of_no_event": ("这些行不属于任何事件", "the rows belong to no event of the act"),
    "stream_not_followed": (
        "有记录不属于所跟随的流",
        "an entry belongs to no stream that is followed",
    ),
    "stream_of_its_own": ("它有自己的流", "it has a stream of its own"),
}

_PROOF: dict[str, Text] = {
    "gift_not_bare": (
        "赠碳的证明不带后续记录和公开内容",
        "a gift has neither later leaves nor openings",
    ),
    "key_never_pinned": (
        "日志从未有过所采信的密钥",
        "the log never had the key that you trust",
    ),
    "leaves_not_rising": (
        "叶没有递增，或不在树里",
        "the leaves do not rise, or are not in the tree",
    ),
    "no_line_by_key": ("没有这个密钥的签名行", "there is no line by this key"),
    "not_ed25519": ("不是 Ed25519 密钥", "it is no Ed25519 key"),
    "not_under_the_root": ("不在合并证明的根之下", "it is not under the group's root"),
    "nothing_leads_to_signer": (
        "没有从所采信的密钥到签署密钥的换钥记录",
        "nothing leads from the key that you trust to the one that signed",
    ),
    "origin_no_name": ("日志名称不合规", "the origin is no name"),
    "other_key_id": ("密钥标识与密钥不符", "the key id does not belong to the key"),
    "root_expected": ("根不是 32 字节", "the root is not 32 bytes"),
    "signature_empty": ("有空的签名", "a signature is empty"),
    "signature_line_expected": ("有一行不是签名行", "a line is no signature line"),
    "signatures_missing": (
        "空行之后没有签名行",
        "there are no signature lines after a blank line",
    ),
    "signatures_too_many": ("签名太多", "there are too many signatures"),
    "size_expected": (
        "条数不是小于 2^63 的十进制数",
        "the size is no decimal number below 2^63",
    ),
    "three_lines_expected": ("应有三行", "three lines are expected"),
    "vkey_expected": (
        "应写作“名称+标识+密钥”",
        "a name, an id and a key are expected, joined by +",
    ),
}

_RULES: dict[str, Text] = {
    "agent_is_the_case": (
        "案件账户被列为自己的代理人",
        "the case's own account is named as its agent",
    ),
    "idle_fields": ("在这里用不到：{found}", "{found} says nothing here"),
    "instalment_late": ("有一期晚于期限", "an instalment is after the deadline"),
    "instalments_of_another_sum": ("各期之和与总量不符", "the instalments come to another sum"),
    "instalments_one_day": ("同一天有两期", "two instalments are on one day"),
    "number_too_great": ("{number} 太大", "{number} is too much"),
    "officer_twice": ("同一登记官列了两次", "one officer is named twice"),
    "other_log_key": (
        "所列的日志密钥不是签署用的那个",
        "the log's key that is named is not the one that signs",
    ),
    "policy_fields": (
        "缺少信用种类或数值，或填了用不到的",
        "a standard or a number is missing, or there is one that has no use",
    ),
    "range_is_frozen": ("冻结的是一段序列号", "what is frozen is a range"),
    "too_many_grams": ("超过 2^63 克", "it is more than 2^63 grams"),
    "unit_changed": ("修复令的计量单位不能改变", "an order keeps its unit"),
    "unit_no_number": ("单位号不是数字", "the number of a unit is none"),
    "units_reversed": ("首个单位在末个之后", "the first unit is after the last"),
}

_TYPED: dict[str, Text] = {
    "above_zero_expected": (
        "数值应大于 0、不超过 {most}",
        "a number above 0, and at most {most}, is expected",
    ),
    "account_to_claim_into": (
        "缺少要领取到的账户",
        "the account to claim into is missing",
    ),
    "accounts_between": (
        "应为 {least} 至 {most} 个不重复的账户，写作 account/ 加编号",
        "{least} to {most} accounts are expected, each once, written as account/ and its id",
    ),
    "all_or_none": ("{choices} 须一并给出", "{choices} go together"),
    "amount_expected": (
        "应为大于 0 的吨数，如 12.5，或克数，如 27g",
        "tonnes above 0 are expected, such as 12.5, or grams, such as 27g",
    ),
    "batch_missing": ("缺少批次", "the batch is missing"),
    "batch_unnamed": ("须指明所付的是哪一批次", "name the batch that it was paid for"),
    "character_unknown": (
        "领取码里没有字符 {character}",
        "there is no {character} in a claim code",
    ),
    "character_wrong": ("有一个字符不对", "a character is wrong"),
    "characters_between": (
        "应为 {least} 至 {most} 个可显示的字符",
        "{least} to {most} characters that can be shown are expected",
    ),
    "characters_counted": (
        "有 {found} 个字符，应为 {expected} 个",
        "it has {found} characters, and should have {expected}",
    ),
    "days_between": ("应为 {least} 至 {most} 天", "{least} to {most} days are expected"),
    "each_or_all": (
        "数量要么由活动统一规定，要么逐人写明",
        "either the campaign says how much everybody gets, or each gift does",
    ),
    "exactly_one": ("须恰好给出 {choices} 之一", "exactly one of {choices} is expected"),
    "first_character": ("首字符应为 0 至 7", "the first character is 0 to 7"),
    "instalment_expected": (
        "应写作“日期:数量”，如 2026-12-31:12.5",
        "a day and an amount are expected, such as 2026-12-31:12.5",
    ),
    "leg_expected": (
        "应写作 rail:300km 或 hotel:2night 这样",
        "such as rail:300km or hotel:2night is expected",
    ),
    "legs_most": ("最多 {most} 段", "at most {most} legs are expected"),
    "moment_expected": (
        "应为日期、时间或记录序号，如 2026-09-21T10:00+08:00",
        "a day, a time or an entry is expected, such as 2026-09-21T10:00+08:00",
    ),
    "name_between": (
        "应为 1 至 {most} 个字符的名称，不含控制字符",
        "a name of 1 to {most} characters, none of them a control character, is expected",
    ),
    "needs_option": ("须同时给出 {other}", "it takes {other}, too"),
    "none_of": ("不能与 {choices} 同用", "it does not go with {choices}"),
    "none_or_twice": ("一项也没有，或有重复", "there is none, or one is there twice"),
    "nothing_to_offset": ("没有要抵消的排放", "there is nothing to offset"),
    "one_at_most": ("只能给出 {choices} 之一", "only one of {choices} can be given"),
    "other_characters": (
        "含有领取码没有的字符",
        "there are characters in it that no claim code has",
    ),
    "per_mille_expected": ("应为 0 至 1000 的千分数", "per mille are expected, from 0 to 1000"),
    "period_expected": (
        "应为起止日期，如 2025-01-01..2025-12-31",
        "the first and the last day are expected, such as 2025-01-01..2025-12-31",
    ),
    "published_expected": (
        "应为所公布报告的 JSON，如 registry/data/annual-report-2024.json",
        "JSON of a published report is expected, as registry/data/annual-report-2024.json has it",
    ),
    "serial_format_expected": (
        "应写作“段数:区块段:起:止”，如 12:0:1:2",
        "fields, block, first and last are expected, such as 12:0:1:2",
    ),
    "serials_expected": (
        "应为起止序列号，如 0..999",
        "the first and the last serial number are expected, such as 0..999",
    ),
    "several_files": (
        "有几份赠碳，就有几份证明，不能写进一个文件",
        "several gifts come to several certificates, which are not one file",
    ),
    "unit_expected": ("应以 {unit} 计", "it is counted in {unit}"),
    "yuan_expected": (
        "应为大于 0 的元数，如 1000.50",
        "yuan above 0 are expected, such as 1000.50",
    ),
}

_USAGE: dict[str, Text] = {
    "bad_parameter": (
        "{parameter} 的值不能用[，应为 {choices} 之一]",
        "the value of {parameter} cannot be used[; it is one of {choices}]",
    ),
    "missing_command": ("缺少命令", "a command is missing"),
    "missing_parameter": ("缺少 {parameter}", "{parameter} is missing"),
    "no_such_command": ("没有命令 {command}", "there is no command {command}"),
    "no_such_option": ("没有选项 {option}", "there is no option {option}"),
    "option_value": (
        "选项 {option} 缺少值，或不带值",
        "the option {option} lacks a value, or takes none",
    ),
    "unexpected_arguments": ("多了参数 {found}", "there are arguments too many: {found}"),
}

_CELLS: dict[str, Text] = {
    "account_unknown": ("没有这个账户，或不止一个", "there is no such account, or more than one"),
    "activity_cell": (
        "应为 1 至 200 字的活动名称，其中的日期应真实且先后有序",
        "an activity of 1 to 200 characters is expected, with real dates in order",
    ),
    "batch_begun": ("这个批次已在前面签发", "the batch was issued before"),
    "batch_cell": (
        "应为 1 至 64 个字母、数字或 . - 的批次号",
        "a batch of 1 to 64 letters, digits and . - is expected",
    ),
    "batch_not_begun": ("这个批次在前面没有签发", "the batch was not issued before"),
    "category_unknown": ("没有这个类别", "there is no such category"),
    "cell_unsaid": (
        "是错误值，或公式还没有结果",
        "it is an error, or a formula that came to nothing yet",
    ),
    "cell_unused": (
        "这种行不用这一列，应为空",
        "such a row does not use this column: leave it empty",
    ),
    "cells_counted": (
        "有 {found} 个单元格，与表头不同",
        "it has {found} cells, and the header another number of them",
    ),
    "columns_most": ("最多 {most} 列", "at most {most} columns are expected"),
    "csv_expected": (
        "不是 CSV：引号不成对，或单元格太长",
        "it is no CSV: quotes do not close, or a cell is too long",
    ),
    "gift_name_cell": (
        "应为不超过 200 字的称呼，不以电子表格的公式符号开头",
        "a name of up to 200 characters is expected that does not begin like a formula",
    ),
    "grams_cell": ("应为大于 0 的整数克", "whole grams above 0 are expected"),
    "guest_number_cell": (
        "应为 1 至 32 个字母、数字或 - 的编号",
        "a number of 1 to 32 letters, digits and - is expected",
    ),
    "month_ahead": ("晚于本月", "it is later than this month"),
    "month_cell": (
        "应为 2000-01 以后的月份，如 2025-01",
        "a month from 2000-01 on is expected, such as 2025-01",
    ),
    "name_cell": (
        "应为 1 至 200 字的名称，不含控制字符",
        "a name of 1 to 200 characters, none of them a control character, is expected",
    ),
    "names_expected": (
        "各列须有名称，且不重复",
        "each column needs a name, and each another one",
    ),
    "number_cell": ("应为自 1 起的整数", "a number from 1 is expected"),
    "number_not_shown": (
        "数值与所显示的不同，或小数超过六位",
        "the number is another than is shown, or has more than six decimals",
    ),
    "period_cell": (
        "应为先后有序的起止日期，如 2025-01-01..2025-12-31",
        "the first and the last day are expected, in order, such as 2025-01-01..2025-12-31",
    ),
    "purpose_unknown": ("没有这种用途", "there is no such purpose"),
    "repeated": ("与前面的行重复", "it stands in a row before"),
    "row_not_rising": ("行号没有比前一行大", "it is not greater than in the row before"),
    "row_object_expected": (
        "应为文字和数字组成的 JSON 对象，每个名称一次",
        "a JSON object of texts and numbers is expected, each name once",
    ),
    "tonnes_cell": (
        "应为大于 0、最多六位小数的吨数",
        "tonnes above 0 with up to six decimals are expected",
    ),
    "what_unknown": (
        "应为 issued、transferred、retired 之一",
        "issued, transferred or retired is expected",
    ),
}

_WORKBOOK: dict[str, Text] = {
    "cell_without_place": ("有单元格没有位置", "a cell is without its place"),
    "compression_unknown": ("用了不认识的压缩方式", "it is compressed in an unknown way"),
    "document_type": ("其中声明了文档类型", "there is a document type in it"),
    "members_too_many": ("其中的文件太多", "there are too many files in it"),
    "several_sheets": ("不止一张工作表中有内容", "there are rows in several sheets"),
    "workbook_expected": (
        "不是 .xlsx 工作簿，或已损坏，或有密码",
        "it is no .xlsx workbook, or damaged, or has a password",
    ),
}

_HTTP: dict[str, Text] = {
    "event_twice": ("同一事件出现两次", "one event is there twice"),
    "file_expected": ("应为文件", "a file is expected"),
    "from_after_to": ("from 大于 to", "`from` is more than `to`"),
    "https_expected": ("应以 https:// 开头", "it has to begin with https://"),
    "items_between": (
        "应为 {least} 至 {most} 项，不重复",
        "{least} to {most} of them are expected, each once",
    ),
    "longer_log": ("属于一份更长的日志", "it is of a longer log"),
    "no_topics": (
        "没有这些主题：{found}；有 retirements、account、事件种类如 batch.retired.v1、一族种类如 order.*",
        (
            "there are no such topics: {found}; there are retirements, account, kinds such as batch.retired.v1, and"
            " families such as order.*"
        ),
    ),
    "other_cursor": ("不是这个查询的游标", "it is no cursor of this question"),
    "parts_too_many": (
        "有 {found} 处读不懂",
        "{found} parts of it cannot be read",
    ),
    "private_address": ("{host} 不是公网地址", "{host} is a private address"),
    "time_until_expected": (
        "应晚于现在，不晚于 {until}",
        "a time after now is expected, and until {until}",
    ),
    "url_expected": ("不是网址", "it is no URL"),
    "url_shape_expected": (
        "应写作 https://主机/路径，可带端口",
        "https://HOST/PATH is expected, perhaps with a port",
    ),
}

_TOKENS: dict[str, Text] = {
    "algorithm": ("签名算法不在所允许的之内", "it is signed by an algorithm that is not allowed"),
    "claims": ("缺少所需的声明，或其值不符", "a claim is missing, or not as it has to be"),
    "expired": ("已过期", "it has expired"),
    "form": ("形式不是令牌", "it has not the form of a token"),
    "issuer": ("不认识签发方", "its issuer is unknown"),
    "key": ("没有找到签名所用的公钥", "the key that it is signed with was not found"),
    "signature": ("签名不成立", "its signature does not hold"),
    "size": ("太长", "it is too long"),
    "type": ("不是访问令牌", "it is no access token"),
}

_SERVER: dict[str, Text] = {
    "makes_roles": ("可以创建角色", "it may make roles"),
    "named_twice": ("列了两次", "it is named twice"),
    "no_name": ("没有名称", "it has no name"),
    "owner": ("拥有这些表", "it owns the tables"),
    "read_only": ("事务只读", "transactions there are read-only"),
    "role_made_elsewhere": (
        "别人正在另一个数据库里创建同一角色",
        "somebody makes the same role in another database",
    ),
    "superuser": ("是超级用户", "it is a superuser"),
    "table_not_ours": (
        "表 {table} 的内容不是登记系统的",
        "the table {table} is not the registry's",
    ),
    "views_unmade": (
        "投影数据表不能写，或还没有建立",
        "the tables of projections may not be written, or are not there",
    ),
}

_SETTINGS: dict[str, Text] = {
    "body_more_than_upload": (
        "upload_bytes_max 小于 body_bytes_max",
        "upload_bytes_max is less than body_bytes_max",
    ),
    "issuer_twice": ("同一签发方出现两次", "an issuer is there twice"),
    "issuer_url_expected": (
        "签发方的网址不带查询和片段",
        "an issuer has neither query nor fragment",
    ),
    "network_expected": (
        "应为网段，如 10.0.0.0/8",
        "a network is expected, such as 10.0.0.0/8",
    ),
    "origin_url_expected": (
        "应写作 https://主机，可带端口，没有别的",
        "https://HOST is expected, perhaps with a port, and nothing else",
    ),
    "rate_expected": (
        "应为 off，或 600/minute 这样的频率",
        "off is expected, or a rate such as 600/minute",
    ),
    "root_path_expected": (
        "应为 /registry 这样的路径，末尾没有斜线",
        "a path such as /registry is expected, without a slash at its end",
    ),
    "toml_expected": (
        "不是 TOML[（第 {line} 行第 {column} 列）]",
        "it is no TOML[ (line {line}, column {column})]",
    ),
    "unknown_setting": ("没有这项设置", "there is no such setting"),
}

_VALUES: dict[str, Text] = {
    "bool_parsing": ("应为 true 或 false", "true or false is expected"),
    "bool_type": ("应为 true 或 false", "true or false is expected"),
    "bytes_type": ("应为字节串", "bytes are expected"),
    "datetime_from_date_parsing": (
        "应为时间，如 2026-09-21T10:00:00+08:00",
        "a time is expected, such as 2026-09-21T10:00:00+08:00",
    ),
    "datetime_parsing": (
        "应为时间，如 2026-09-21T10:00:00+08:00",
        "a time is expected, such as 2026-09-21T10:00:00+08:00",
    ),
    "datetime_type": (
        "应为时间，如 2026-09-21T10:00:00+08:00",
        "a time is expected, such as 2026-09-21T10:00:00+08:00",
    ),
    "dict_type": ("应为对象", "an object is expected"),
    "extra_forbidden": ("没有这一项", "nothing of this name is known"),
    "finite_number": ("应为有限的数", "a finite number is expected"),
    "float_parsing": ("应为数", "a number is expected"),
    "float_type": ("应为数", "a number is expected"),
    "greater_than": ("应大于 {gt}", "more than {gt} is expected"),
    "greater_than_equal": ("应不小于 {ge}", "{ge} or more is expected"),
    "int_from_float": ("应为整数，如 12", "an integer is expected, such as 12"),
    "int_parsing": ("应为整数，如 12", "an integer is expected, such as 12"),
    "int_parsing_size": ("整数太大", "the integer is too large"),
    "int_type": ("应为整数，如 12", "an integer is expected, such as 12"),
    "invalid_key": ("键应为字符串", "keys are strings"),
    "json_invalid": ("应为 JSON", "JSON is expected"),
    "less_than": ("应小于 {lt}", "less than {lt} is expected"),
    "less_than_equal": ("应不大于 {le}", "{le} or less is expected"),
    "list_type": ("应为数组", "an array is expected"),
    "literal_error": ("应为 {expected} 之一", "one of {expected} is expected"),
    "members_most": ("最多 {most} 项", "at most {most} members are expected"),
    "missing": ("缺少这一项", "it is missing"),
    "model_attributes_type": ("应为对象", "an object is expected"),
    "model_type": ("应为对象", "an object is expected"),
    "no_value": ("不是这里能用的值（{type}）", "it is no value that can be used here ({type})"),
    "string_pattern_mismatch": ("不合格式 {pattern}", "it does not match {pattern}"),
    "string_too_long": ("最多 {max_length} 个字符", "at most {max_length} characters are expected"),
    "string_too_short": (
        "至少 {min_length} 个字符",
        "at least {min_length} characters are expected",
    ),
    "string_type": ("应为字符串", "a string is expected"),
    "string_unicode": ("应为 Unicode 字符串", "a string of Unicode characters is expected"),
    "timezone_aware": ("应写明时区", "the time zone is missing"),
    "too_long": ("最多 {max_length} 项", "at most {max_length} of them are expected"),
    "too_short": ("至少 {min_length} 项", "at least {min_length} of them are expected"),
    "tuple_type": ("应为数组", "an array is expected"),
    "two_days_expected": (
        "应为起止两个日期",
        "two days are expected, the first and the last",
    ),
    "two_serials_expected": (
        "应为起止两个序列号",
        "two serial numbers are expected, the first and the last",
    ),
    "union_tag_invalid": ("应为 {expected} 之一", "one of {expected} is expected"),
    "union_tag_not_found": ("缺少 {discriminator}", "{discriminator} is missing"),
}
"""Most of them are types of errors of pydantic, under its own names: what reads requests, asks and settings."""

WHYS: dict[str, Text] = {
    **_FORM,
    **_NAMES,
    **_ROWS,
    **_PROOF,
    **_RULES,
    **_TYPED,
    **_USAGE,
    **_CELLS,
    **_WORKBOOK,
    **_HTTP,
    **_TOKENS,
    **_SERVER,
    **_SETTINGS,
    **_VALUES,
}

SYSTEM: dict[str, Text] = {
    os.strerror(number): (said, os.strerror(number))
    for number, said in (
        (errno.EACCES, "没有权限"),
        (errno.EADDRINUSE, "地址已被占用"),
        (errno.EADDRNOTAVAIL, "本机没有这个地址"),
        (errno.EDQUOT, "超出磁盘配额"),
        (errno.EFBIG, "文件太大"),
        (errno.EIO, "输入输出错误"),
        (errno.EISDIR, "是目录"),
        (errno.EMFILE, "打开的文件太多"),
        (errno.ENAMETOOLONG, "文件名太长"),
        (errno.ENOENT, "没有这个文件或目录"),
        (errno.ENOSPC, "磁盘空间不足"),
        (errno.ENOTDIR, "不是目录"),
        (errno.EPERM, "不允许"),
        (errno.EROFS, "文件系统只读"),
    )
}
"""What the fact `said` often is: the system's own words."""

OWN = "why"
"""The type of the errors of pydantic that we raise in it: they bring their facts along."""


def of_fault(error: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of what pydantic found wrong, `why` among them; nothing in its own words, nor what was said."""
    kind, told = error["type"], error.get("ctx", {})
    if kind == OWN:
        return dict(told)
    if kind not in WHYS:
        return {"why": "no_value", "type": kind}
    # What else it tells is an exception, or the words of one.
    facts = {name: said for name, said in told.items() if isinstance(said, int | float | str)}
    facts.pop("error", None)
    expected = facts.pop("expected", facts.pop("expected_tags", None))
    if expected is not None:
        facts["expected"] = str(expected).replace("' or '", "', '")
    return {"why": kind, **facts}
