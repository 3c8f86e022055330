"""What each code says to a person: what was wrong, where, and what to do; Chinese first, English second.

{name} is a fact of the error; what stands in [square brackets] is left out where one of its facts is missing.
"""

Text = tuple[str, str]

_FORM: dict[str, Text] = {
    "malformed": (
        "形式不符[，字段 {field}][，第 {row} 行][：{why}]。请按 docs/format.md（HTTP 接口按 /docs）改正后再试。",
        (
            "Not of the right form[, in the field {field}][, row {row}][: {why}]. See docs/format.md (over HTTP: /docs)"
            " and try again."
        ),
    ),
    "not_canonical": (
        "不是规范编码[（{why}）]。文件可能损坏或被改动：请从登记机构重新取得。",
        "Not canonical bytes[ ({why})]. The file may be damaged or altered: get it from the registry again.",
    ),
    "too_long": (
        "过长[：{bytes} 字节，上限 {bytes_max}]。请拆成几次。",
        "Too long[: {bytes} bytes, of at most {bytes_max}]. Divide it into several.",
    ),
    "unknown_kind": (
        "不认识的事件种类[：{kind}][（{why}）]。请用更新版本的 registry 再试。",
        "An unknown kind of event[: {kind}][ ({why})]. Try again with a newer version of registry.",
    ),
    "unknown_form": (
        "这些事件不能同在一条记录里[：{kinds}][：{kind}][（{why}）]。请按 docs/format.md 的行为形式表组合。",
        (
            "These events do not stand together in one act[: {kinds}][: {kind}][ ({why})]. See the act forms in"
            " docs/format.md."
        ),
    ),
    "unknown_suite": (
        "不认识的签名算法[：{suite}]。只接受 ed25519-sha256。",
        "An unknown signature suite[: {suite}]. Only ed25519-sha256 is accepted.",
    ),
    "wrong_stream": (
        "{kind} 不能记入流 {stream}。请核对流名。",
        "{kind} does not belong in the stream {stream}. Check the stream's name.",
    ),
    "wrong_id": (
        "编号不是由这条记录导出的那个[：{stream}，应为 {expected}]。编号不能自选。",
        "The id is not the one that this act derives[: {stream}, {expected} expected]. Ids are never chosen.",
    ),
    "parts_differ": (
        "一条记录的各部分互相矛盾[：{fields}]。请改成一致。",
        "The parts of the act contradict each other[: {fields}]. Make them agree.",
    ),
    "not_utf8": (
        "文件不是 UTF-8 文本[（第 {at_byte} 字节）]。请另存为 UTF-8 编码的 CSV。",
        "The file is not UTF-8[ (at byte {at_byte})]. Save it as CSV in UTF-8.",
    ),
    "bad_header": (
        "清单的表头不对，或其下没有内容[：{why}][；表头应为 {expected}]。请改正首行，或补上各行。",
        (
            "The header of the list is wrong, or there is nothing below it[: {why}][; the header should be {expected}]."
            " Correct the first line, or add rows."
        ),
    ),
    "bad_rows": (
        "清单中有问题行，什么都没有写入[：{rows}]。请改正全部问题行后再导入。",
        "Rows of the list are bad, and nothing was written[: {rows}]. Correct all of them and import again.",
    ),
    "unreadable_workbook": (
        "无法读取这个工作簿[：{why}]。请只在一张工作表中填写，另存为 .xlsx，或另存为 UTF-8 编码的 CSV。",
        "The workbook cannot be read[: {why}]. Fill in one sheet only and save it as .xlsx, or as CSV in UTF-8.",
    ),
}

_SIGNING: dict[str, Text] = {
    "bad_signature": (
        "签名不成立[（密钥 {key}）][（{why}）]。内容在签名后被改动，或不是该密钥所签：请向签署人重新取得。",
        (
            "A signature does not hold[ (key {key})][ ({why})]. What was signed was altered, or another key signed:"
            " ask the signer again."
        ),
    ),
    "bad_possession": (
        "没有证明新密钥在 {account} 手中。请用新密钥重新签署持有证明。",
        "Nothing shows that the new key is in the hands of {account}. Sign the proof of possession with the new key.",
    ),
    "wrong_signatures": (
        "签名数不对[：{signatures} 个签名，{signers} 个签署人]。每个签署人恰好签一次。",
        "The number of signatures is wrong[: {signatures} for {signers} signers]. Each signer signs exactly once.",
    ),
    "wrong_signers": (
        (
            "签署人不对[（身份 {capacity}）][：应为 {expected}][，实为 {signers}][，实为 {signer}]。"
            "请由规定的人按次序签署。"
        ),
        (
            "The signers are wrong[ (as {capacity})][: {expected} expected][, found {signers}][, found {signer}]."
            " Let those sign whom the act's form names, in its order."
        ),
    ),
    "key_not_valid": (
        "签署所用密钥当时不代表 {account}。请用该账户现行有效的密钥。",
        "The key did not speak for {account} at that point. Sign with a key that is valid for it.",
    ),
    "role_missing": (
        "{account} 没有角色“{role}”。请由两名登记官先行授予。",
        "{account} does not have the role “{role}”. Two officers can grant it first.",
    ),
    "not_distinct": (
        "签署人由同一人控制[：{accounts}]。此事须由控制人不同的两方签署。",
        "The signers have the same controller[: {accounts}]. This takes two who are controlled by different persons.",
    ),
    "weak_key": (
        "这个公钥不安全，不能登记或采信[（{suite}）]。请生成新的密钥。",
        "This public key is unsafe and cannot be registered or trusted[ ({suite})]. Generate another.",
    ),
    "key_known": (
        "{account} 已登记过这个密钥。请换一个新密钥。",
        "{account} has had this key before. Use a new one.",
    ),
    "key_unknown": (
        "{account} 现在没有这个密钥。请核对密钥。",
        "{account} does not have this key now. Check which key is meant.",
    ),
    "last_key": (
        "这是 {account} 的最后一个密钥，不能终止。请先登记新的。",
        "This is the last key of {account} and cannot end. Add another first.",
    ),
    "own_account": (
        "{officer} 与账户 {account} 由同一人控制，不能办理此事。请由与其无关的人办理。",
        (
            "{officer} has the same controller as the account {account} and cannot do this in its affairs. Somebody"
            " else has to."
        ),
    ),
    "recovery_announced": (
        "账户 {account} 已公告找回（记录 {announced}）。请先完成、撤回或中止它。",
        "A recovery of {account} is announced already (entry {announced}). Complete, withdraw or stop that one first.",
    ),
    "no_recovery": (
        "账户 {account} 没有公告中的找回。请先由两名登记官公告。",
        "No recovery of {account} is announced. Two officers have to announce it first.",
    ),
    "too_early": (
        "[账户 {account}：][须待 {not_before} 起方可][须在 {after} 之后方可][，所填日期为 {day}]，今天是 {today}。",
        "[{account}: ]possible [from {not_before} on][after {after}][, and {day} was typed]; today is {today}.",
    ),
    "too_many_keys": (
        "日志的密钥已换过 {keys} 个，达到上限 {most}，不能再换。请另立日志。",
        "The log has had {keys} keys, of at most {most}, and cannot have another. Begin another log.",
    ),
    "no_private_key": (
        "这里没有保管所需的私钥[（账户 {account}）][（密钥 {key}）]。请由持有人自行签署。",
        "The private key needed is not kept here[ (account {account})][ (key {key})]. Its holder has to sign.",
    ),
    "our_fault": (
        "程序出错，请连同上面的内容报告。这不是对所查内容的结论。",
        "The program failed; please report what stands above. This is no verdict on what was checked.",
    ),
    "seems_imported": (
        "这些行看来已由另一份清单录入：{rows}。请从文件中删去，只录入新行。",
        "These rows seem to have been entered from another list: {rows}. Import the others only.",
    ),
    "clock_behind": (
        "本机时钟（{now_us}）早于最后一条记录（{head_us}）两秒以上。请校准时钟后再试；什么都没有写入。",
        (
            "The clock ({now_us}) is more than two seconds behind the last entry ({head_us}). Set it and try again;"
            " nothing was written."
        ),
    ),
    "document_used": (
        "该文件（{document}）已被项目 {project} 使用。同一边界或报告只能用于一个项目一次。",
        "That document ({document}) already serves project {project}. A boundary or report serves one project, once.",
    ),
    "document_differs": (
        "登记的文件（{entered}）不是所声明的文件（{expected}）。请登记同一份。",
        "The document entered ({entered}) is not the one declared ({expected}). Enter that one.",
    ),
    "no_keyring": (
        "私钥文件不在：{file}。没有它不能写入；请恢复该文件。查验和审计不需要它。",
        "The file of private keys is not there: {file}. Nothing can be written without it: restore it.",
    ),
    "clock_stepped": (
        (
            "本机时钟自程序启动以来自行走动了 {stepped_us} 微秒（现在 {now_us}）。"
            "请校准时钟；若启动时的时钟才是错的，请重启程序。什么都没有写入。"
        ),
        (
            "The clock has moved by {stepped_us} microseconds by itself since the program began (now {now_us}). Set it;"
            " if it was wrong when the program began, start the program again. Nothing was written."
        ),
    ),
    "database_moved": (
        "数据库文件不在原处，或被换过：{file}。请放回原文件，或停下程序后恢复备份；没有得到确认的写入请用同一请求重试。",
        (
            "The database is not in its place, or another file is: {file}. Put it back, or stop the program and restore"
            " a backup; ask again for what was not acknowledged, with the same request."
        ),
    ),
    "not_signed": (
        "已入账，但日志头无法签名（{why}），因此尚未确认（{size} 条）。请恢复日志的私钥，再用同一请求重试。",
        (
            "It is recorded, and not acknowledged: the head of {size} entries cannot be signed ({why}). Restore the"
            " log's private key and ask again, with the same request."
        ),
    ),
    "locked_elsewhere": (
        "另一进程占用已久：{file}。可用 lslocks 查看是谁；停下它或等它结束，再用同一请求重试。什么都没有写入。",
        (
            "Another process has held {file} for long. lslocks shows which; end it or wait for it, and try again with"
            " the same request. Nothing was written."
        ),
    ),
    "busy": (
        "等候的请求太多（共 {waiting} 件[，本账户 {own} 件]；上限 {most}）。请稍后用同一请求重试。",
        "Too many requests are waiting ({waiting}[, {own} of this account]; at most {most}). Try again, with the same.",
    ),
    "checker_died": (
        "检查签名的辅助进程（{process}）中途停止了。这不是对日志的判定：请再运行一次审计。",
        "A process that checks signatures ({process}) stopped. This is no verdict on the log: run the audit again.",
    ),
    "server_unavailable": (
        (
            "数据库服务器 {server} 眼下不能用[（{why}）][（系统报告“{said}”）]。请求和日志本身都未因此被判有错："
            "查明服务器、网络或权限的问题后，用同一请求重试。"
        ),
        (
            "The database server {server} cannot be used now[ ({why})][ (“{said}”)]. This is no verdict on what was"
            " asked, nor on the log: see to the server, the network or the permissions, and try again, with the same"
            " request."
        ),
    ),
    "closing": (
        "登记系统正在停止，不再接收请求。请稍后用同一请求重试。",
        "The registry is stopping and takes no more requests. Try again later, with the same one.",
    ),
    "too_many": (
        "一次提交 {requests} 件，超过上限 {most}。请分几次提交。",
        "{requests} requests in one commit, of at most {most}. Submit them in several.",
    ),
    "unknown_schema": (
        (
            "数据库的表是第 {found} 版，本程序只认识第 {known} 版。请改用相应版本的程序；服务器上较旧的表，"
            "请由其所有者运行 registry migrate。"
        ),
        (
            "The tables are of version {found}; this program knows version {known}. Use the program that goes with"
            " them; where those on a server are older, have their owner run registry migrate."
        ),
    ),
    "no_passphrase": (
        "找不到私钥的口令：{file} 不在、读不出，或首行为空。请恢复该文件，或用 CARBON_REGISTRY_PASSPHRASE_FILE 指明。",
        (
            "The passphrase of the private keys is not there: {file} is missing, cannot be read, or begins with an"
            " empty line. Restore that file, or name another in CARBON_REGISTRY_PASSPHRASE_FILE."
        ),
    ),
    "exposed_file": (
        "{file} 的权限是 {mode}：本机上任何人都能读，或他人能改，因此不予使用。请先 chmod 600 {file}，并考虑更换密钥。",
        (
            "{file} has the mode {mode}: everybody on this machine can read it, or others write it, so it is not used."
            " Run chmod 600 {file}, and consider rotating the keys."
        ),
    ),
    "wrong_passphrase": (
        "口令打不开 {file} 里的私钥。请换用正确的口令文件。",
        "The passphrase does not open the private keys in {file}. Use the right passphrase file.",
    ),
}

_ORDER: dict[str, Text] = {
    "wrong_log": (
        "签的是另一个日志[：{log}，应为 {expected}][（{why}）]。请针对本日志重新签署。",
        "It was signed for another log[: {log}, {expected} expected][ ({why})]. Sign it for this log.",
    ),
    "nonce_used": (
        "{account} 已用过这个随机数 {nonce}。请换新的随机数重新签署。",
        "{account} has used the nonce {nonce} before. Sign again with a fresh one.",
    ),
    "wrong_nonce": (
        "导入第 {row} 行须用由清单导出的随机数。请用 registry import-list 导入。",
        "Row {row} has to be imported under the nonce that its list derives. Use registry import-list.",
    ),
    "clock_back": (
        "时钟倒退：{at_us}，而最后一条记录是 {head_us}。请校正系统时钟。",
        "The clock went back: {at_us}, while the last entry is of {head_us}. Set the system's clock right.",
    ),
    "expired": (
        "已过期：有效至 {not_after_us}，现为 {at_us}。请重新签署。",
        "It has expired: valid until {not_after_us}, and it is {at_us}. Sign again.",
    ),
    "too_far_ahead": (
        "有效期过长：至 {not_after_us}，现为 {at_us}；最长七天。请缩短后重新签署。",
        "It is valid for too long: until {not_after_us}, and it is {at_us}; at most seven days. Sign again.",
    ),
    "out_of_order": (
        "在流 {stream} 里，此时不能发生 {kind}[（状态：{status}）]。请先完成前一步。",
        "In the stream {stream}, {kind} may not happen now[ (status: {status})]. Do what comes before it first.",
    ),
    "not_begun": (
        "日志还没有开始，不能先做“{form}”。请先 registry init。",
        "The log has not begun, so “{form}” cannot come first. Begin it with registry init.",
    ),
    "already_begun": (
        "日志 {origin} 已经开始，不能再次开始。",
        "The log {origin} has begun already and cannot begin again.",
    ),
    "officers_differ": (
        "所列登记官与签署或开户的人不一致[（{why}）]。请使三者一致。",
        "The officers named are not those who sign and whose accounts open[ ({why})]. Make them agree.",
    ),
    "role_held": (
        "{account} 已有角色“{role}”，无须再授。",
        "{account} has the role “{role}” already; nothing to grant.",
    ),
    "role_not_held": (
        "{account} 没有角色“{role}”，无可撤销。",
        "{account} does not have the role “{role}”; nothing to withdraw.",
    ),
    "last_officers": (
        "登记官只剩 {officers} 名，不能再减。请先授予新的登记官。",
        "Only {officers} officers are left, too few to lose one. Grant the role to another first.",
    ),
    "wrong_entry_meant": (
        "所指的记录不是那一条[：{meant}，应为 {expected}][（日志共 {size} 条）][（{why}）]。请核对序号和叶哈希。",
        (
            "The entry meant is not that one[: {meant}, {expected} expected][ (of {size})][ ({why})]. Check its index"
            " and leaf hash."
        ),
    ),
    "already_open": (
        "账户 {account} 已经开立。",
        "The account {account} is open already.",
    ),
    "account_not_open": (
        "账户 {account} 没有开立。请核对账号，或先开户。",
        "The account {account} is not open. Check its id, or open it first.",
    ),
    "bad_uscc": (
        "{account} 里的统一社会信用代码校验不符。请核对代码。",
        "The unified social credit code in {account} fails its own check. Look it up again.",
    ),
    "not_a_controller": (
        "{controller} 不能作控制人：须是自行控制的已开立账户。",
        "{controller} cannot be a controller: it takes an open account that controls itself.",
    ),
}

_ACCOUNTS: dict[str, Text] = {
    "day_passed": (
        "日期 {until} 已过，今天是 {today}。请改用今天或以后的日期。",
        "The day {until} has passed: it is {today}. Name today or a later day.",
    ),
    "account_frozen": (
        "账户 {account} 已被冻结（记录 {entries}），不能转出。请向冻结机关申请解冻，或取得其对该案履行的同意。",
        (
            "The account {account} is frozen (entries {entries}): nothing leaves it. Ask the authority to lift the"
            " freeze, or to consent to the performance of an order."
        ),
    ),
    "account_bound": (
        "账户 {account} 还有未了事项，不能关闭：锁定 {ties}，活动或案件 {bonds}。请先了结。",
        "The account {account} cannot close yet: locked by entries {ties}, bound to {bonds}. Settle these first.",
    ),
    "already_succeeded": (
        "账户 {account} 已有承继人 {successor}。",
        "The account {account} has a successor already: {successor}.",
    ),
    "not_the_successor": (
        "{account} 不是登记的承继人[（承继人是 {expected}）]。请先登记合并或继承。",
        "{account} is not the successor on record[ ({expected} is)]. Record the merger or the succession first.",
    ),
    "no_mandate": (
        "账户 {account} 没有这样的有效授权[（{venue}，{standard}）][（所指记录 {meant}）]。请由持有人先行授权。",
        (
            "The account {account} has given no mandate for this[ ({venue}, {standard})][ (entry {meant} is meant)]."
            " Its holder can give one."
        ),
    ),
    "not_tied": (
        "账户 {account} 在记录 {meant} 没有这样的未了锁定。请核对序号；它可能已经了结。",
        "Nothing of that kind is tied in entry {meant} of {account}. Check the index; it may have ended already.",
    ),
    "not_the_party": (
        "{party} 不是那一方，应为 {expected}。",
        "{party} is not the party to it: {expected} is.",
    ),
    "not_frozen": (
        "账户 {account} 没有由记录 {meant} 作出的冻结。请核对序号；它可能已经结束。",
        "No freeze of {account} stands that entry {meant} made. Check the index; it may have ended already.",
    ),
    "not_the_authority": (
        "作出冻结的是 {expected}，不是 {authority}。请由原机关办理。",
        "{expected} made the freeze, not {authority}. It is for that authority to act.",
    ),
    "not_later": (
        "日期 {until} 须晚于原来的 {before}[，且不早于今天 {today}]。请改用更晚的日期。",
        "{until} must be later than {before}[, and not before today, {today}]. Name a later day.",
    ),
    "freeze_waiting": (
        "账户 {account} 的这段克数还有其他冻结（记录 {entries}），不能随本次解除释放。",
        "Other freezes stand on this range of {account} (entries {entries}): it is not released with this one.",
    ),
    "lock_not_released": (
        "须在同一条记录里全部释放锁定 {lock}[（账户 {account}）][，还差 {left_g}]。",
        "The lock of entry {lock} is released in the same act, and whole[ ({account})][: {left_g} are missing].",
    ),
    "wrong_ground": (
        "事由不符：{ground}[，应为 {expected}]。",
        "The ground is wrong: {ground}[, {expected} expected].",
    ),
    "not_an_event": (
        "捐赠只能给活动账户；{account} 是 {legal_form}。请改用划转要约。",
        "Donations are made to the accounts of events; {account} is of the form {legal_form}. Make it an offer.",
    ),
    "honour_missing": (
        "接受捐赠须在同一条记录里出具荣誉证书（账户 {account}，记录 {meant}）。",
        "A donation is accepted together with its certificate of honour ({account}, entry {meant}).",
    ),
    "acceptance_needed": (
        "账户 {account} 要求先行接受。请改用要约，由其接受。",
        "The account {account} wants to accept first. Make an offer, which it accepts.",
    ),
    "second_person_needed": (
        "{amount_g} 超过一人可办的 {over_g}（制度见记录 {policy}）：须由第二人（登记官）同签。",
        (
            "{amount_g} is more than the {over_g} that one person may do alone (policy of entry {policy}): an officer"
            " signs as the second person."
        ),
    ),
    "bad_policy": (
        "制度 {policy} 的写法不对（{why}）。请按 docs/format.md 改正。",
        "The policy {policy} is not of its form ({why}). Correct it as docs/format.md has it.",
    ),
}

_CREDITS: dict[str, Text] = {
    "standard_withdrawn": (
        "信用种类 {standard} 的认可已撤销（记录 {entry}）：不再新增，已有的可以流转和注销。",
        (
            "The recognition of {standard} was withdrawn (entry {entry}): nothing new of it comes to be; what is there"
            " moves and retires."
        ),
    ),
    "not_an_allowance": (
        "{standard} 不是配额。请按减排量托管登记。",
        "{standard} is no allowance. Deposit it as a credit.",
    ),
    "already_recognised": (
        "信用种类 {standard} 已经认可。",
        "The kind of credit {standard} is recognised already.",
    ),
    "not_recognised": (
        "信用种类 {standard} 未被认可。请由主管部门和登记官先行认可。",
        "The kind of credit {standard} is not recognised. The authority and an officer can recognise it first.",
    ),
    "serial_format_missing": (
        "信用种类 {standard}：境外或外部登记系统的种类须写明序列号格式，本系统的则不写。",
        (
            "The kind of credit {standard}: one of another registry states how its serials are written, one of this"
            " does not."
        ),
    ),
    "native_standard": (
        "{standard} 由本系统签发，不能托管登记。请走签发。",
        "{standard} is issued here and cannot be deposited. Issue it.",
    ),
    "foreign_standard": (
        "{standard} 由别的登记系统签发，不能在此签发。请走托管登记。",
        "{standard} is issued by another registry and cannot be issued here. Deposit it.",
    ),
    "allowances_need_a_year": (
        "{standard} 是配额，须有配额年度；尚不支持。",
        "{standard} is an allowance and needs a year; that is not supported yet.",
    ),
    "bad_home_serials": (
        "看不懂的序列号区间[：{spelled}][（{why}）][（{fields} 段，应为 {expected} 段）]。请照原登记系统的写法填写。",
        (
            "The serial range cannot be read[: {spelled}][ ({why})][ ({fields} fields, {expected} expected)]. Write"
            " it as its home registry does."
        ),
    ),
    "deposited_before": (
        "{home_serials} 与已托管的单位重叠[（{overlap}）]。同一单位只能托管一次。",
        "{home_serials} overlaps units that were deposited before[ ({overlap})]. A unit is deposited once.",
    ),
    "not_excluded": (
        "业主须声明不在其他机制中[：已声明 {declared}，应为 {expected}]。",
        (
            "The owner has to declare that the project is in no other mechanism[: {declared} declared, {expected}"
            " expected]."
        ),
    ),
    "same_body": (
        "核查机构 {verifier} 与审定机构 {validator} 相同或同受一方控制。请另择核查机构。",
        "The verification body {verifier} is the validation body {validator}, or has its controller. Take another.",
    ),
    "outside_crediting": (
        "核算期 {period} 不在计入期 {crediting} 之内。",
        "The monitoring period {period} is not inside the crediting period {crediting}.",
    ),
    "not_yet_happened": (
        "尚未发生[：核算期 {period} 未结束][：{month}][：{day}][（今天是 {today}）]。请待其发生后再办。",
        (
            "This has not happened yet[: the period {period} is not over][: {month}][: {day}][ (today is {today})]."
            " Wait for it."
        ),
    ),
    "period_overlaps": (
        "核算期 {period} 与已核查的 {known} 重叠。",
        "The monitoring period {period} overlaps {known}, which was verified before.",
    ),
    "not_verified": (
        "核算期 {period} 没有核查记录。请先核查。",
        "Nothing was verified for the monitoring period {period}. Verify it first.",
    ),
    "not_the_verifier": (
        "签发须由核查该期的机构 {expected} 签署，不是 {verifier}。",
        "The body that verified the period, {expected}, has to sign its issue, not {verifier}.",
    ),
    "exceeds_verified": (
        "签发 {amount_g} 超过核查余量 {left_g}。同一份核查量只签发一次。",
        "Issuing {amount_g} exceeds the {left_g} that are left of what was verified. It is issued once.",
    ),
    "not_the_owner": (
        "这些信用属于 {owner}，不属于 {holder}。签发的信用须归项目业主；锁定的须由其所有人处理。",
        (
            "These belong to {owner}, not to {holder}: what is issued goes to the project's owner, what is locked is"
            " its owner's."
        ),
    ),
    "wrong_standard": (
        "信用种类不符：写的是 {standard}，批次或项目是 {expected}。",
        "The kind of credit is wrong: {standard} is written, the batch or project is {expected}.",
    ),
    "wrong_amount": (
        "数量不符：{amount_g}[，区间为 {range_g}][，单位合计 {units_g}]。请使两者一致。",
        (
            "The amount is wrong: {amount_g}[, the range holds {range_g}][, the units come to {units_g}]. Make them"
            " agree."
        ),
    ),
    "allowance_expired": (
        "配额已于 {expires} 到期（今天是 {today}），不能划转、锁定或注销，只能核减或结转。",
        (
            "The allowances expired on {expires} (today is {today}): they are not moved, locked or retired, only"
            " cancelled, or carried over."
        ),
    ),
    "not_an_allowance_holder": (
        "账户 {account}（{legal_form}）不在可持有配额的范围内（策略见记录 {policy}）。",
        "The account {account} ({legal_form}) is not among those who may hold allowances (policy: entry {policy}).",
    ),
    "not_the_custodian": (
        "托管机构是 {expected}，不是 {custodian}。",
        "The custodian is {expected}, not {custodian}.",
    ),
    "batch_suspended": (
        "批次 {batch} 已暂停（记录 {entry}），持有人不能动用。请待主管部门恢复。",
        "The batch {batch} is suspended (entry {entry}): nothing of it moves. The authority can reinstate it.",
    ),
    "buffer_share_missing": (
        "{standard} 的签发须留缓冲：至少 {least_g}，现为 {buffered_g}（策略见记录 {policy}）。请在签发时锁入缓冲账户。",
        (
            "An issue of {standard} leaves at least {least_g} to the buffer, not {buffered_g} (policy: entry {policy})."
            " Lock them in the same act."
        ),
    ),
    "nothing_buffered": (
        "批次 {batch} 没有锁在缓冲里的信用。",
        "Nothing of {batch} is locked in the buffer.",
    ),
    "gift_retire_only": (
        "批次 {batch} 中获赠的信用只能注销，不能转让[（{gifted}）][（{holder}）]。",
        "What was given out of {batch} may only be retired, never moved on[ ({gifted})][ ({holder})].",
    ),
    "too_deep": (
        "批次 {batch} 已分立 {depth} 层，上限 {depth_max}，不能再分。",
        "The batch {batch} was carved {depth} times over, of at most {depth_max}: it is carved no further.",
    ),
    "not_importing": (
        "批次 {batch} 不在补录这份账册的历史：历史须在任何新业务之前、按同一账册补录。",
        (
            "The history in these books is not being entered into {batch}: it comes from the books that began the"
            " batch, before anything else happens to it."
        ),
    ),
    "row_imported": (
        "第 {row} 行不晚于已补录的第 {last} 行。每行只补录一次，按行号递增。",
        "Row {row} does not come after row {last}, which is entered already. Each is entered once, in order.",
    ),
    "to_itself": (
        "不能划转给自己：{account}。",
        "Nothing can be transferred to its own holder: {account}.",
    ),
    "retired_at_home": (
        "{batch} 的单位已在原登记系统注销，只能注销给受益人，不能再划转。",
        "The units of {batch} were retired in their home registry: they may be allotted, never moved again.",
    ),
    "insufficient_holding": (
        "持有不足：持有 {held_g}，需要 {amount_g}。",
        "Not enough is held: {held_g}, and {amount_g} are needed.",
    ),
    "too_fragmented": (
        "持有过于零碎：一次最多 {ranges_max} 段，合 {possible_g}。请分几次。",
        (
            "The holding is too fragmented: at most {ranges_max} ranges at once, which is {possible_g}. Do it in"
            " several acts."
        ),
    ),
    "too_many_batches": (
        "涉及 {batches} 个批次，一次最多 {most} 个，合 {possible_g}。请分几次。",
        "This takes {batches} batches, of at most {most} at once, which is {possible_g}. Do it in several acts.",
    ),
    "range_not_held": (
        "{holder} 不全部持有序列号 {start} 至 {end}（不含）。",
        "{holder} does not hold all of the serial numbers {start} up to {end}.",
    ),
    "certificate_exists": (
        "证明 {certificate} 已经存在。",
        "The certificate {certificate} exists already.",
    ),
    "wrong_account": (
        "此流是关于 {expected} 的，不是 {account}。请核对账户。",
        "This stream is about {expected}, not about {account}. Check the account.",
    ),
    "forbidden_by_standing": (
        "账户 {account} 在{standing}上（记录 {entries}），按政策（记录 {policy}）不得{doing}。",
        (
            "The account {account} is on the list “{standing}” (entries {entries}), which by the policy of entry"
            " {policy} forbids it to {doing}."
        ),
    ),
    "legal_basis_needed": (
        "列入黑名单须写明法律依据（国办发〔2020〕49号）。请注明依据，或记入平台违规记录。",
        "A black list needs its legal basis. Name it, or enter the finding in the platform's breach record.",
    ),
    "order_needed": (
        "依据“{ground}”、用途“{purpose}”的注销须凭已登记的生态修复令办理：请用 registry order perform。",
        "Retiring by “{ground}”, for “{purpose}”, takes an order on the log: use registry order perform.",
    ),
    "claim_not_accepted": (
        "信用种类 {standard} 不可用于“{purpose}”。请换用可用的种类。",
        "The kind of credit {standard} is not accepted for “{purpose}”. Use a kind that is.",
    ),
    "not_awaited": (
        "没有在等 {standard} 的原登记系统注销[（在等：{awaited}）]。",
        "No home cancellation of {standard} is awaited[ (awaited: {awaited})].",
    ),
}

_GIFTS_AND_ORDERS: dict[str, Text] = {
    "allowances_not_given": (
        "{standard} 是配额，不能用于赠碳。请改用减排量或清除量的信用种类。",
        "{standard} are allowances, which are not given away. Take credits of another kind.",
    ),
    "deadline_passed": (
        "活动截止日 {deadline} 已过，今天是 {today}。截止之后只能退回余量。",
        "The deadline of the campaign, {deadline}, has passed: it is {today}. From now on only what is left goes back.",
    ),
    "deadline_too_late": (
        "活动截止日 {deadline} 太远，最迟为 {latest}。请选较近的日期。",
        "The deadline {deadline} is too far away: the latest is {latest}. Choose an earlier day.",
    ),
    "before_deadline": (
        "活动截止日 {deadline} 未过，今天是 {today}。来宾仍可领取，截止之后方可退回余量。",
        "The campaign runs until {deadline}, and it is {today}: guests may still claim. What is left goes back later.",
    ),
    "bad_claim_code": (
        "领取码有误：{why}。请照原样再输一次；字母不分大小写，I、L 当作 1，O 当作 0。",
        "The claim code is wrong: {why}. Type it again as it was given; case does not matter, I and L are 1, O is 0.",
    ),
    "bad_journey": (
        "行程“{leg}”读不懂：{why}。",
        "The journey “{leg}” cannot be read: {why}.",
    ),
    "no_such_table": (
        "没有名为 {table} 的表。清单有 {lists}；其余各表见 registry views show。",
        "There is no table called {table}. Lists are {lists}; registry views show names the other tables.",
    ),
    "no_gift": (
        "没有等待领取的赠碳[：{holder}]：领取码不属于本登记系统，或已领取、已注销、已退回。",
        "No gift waits[ for {holder}]: the code is of another registry, or it was claimed, retired or has gone back.",
    ),
    "other_codes": (
        "这份名单已用另一批领取码赠出[（记录 {index}）]，或领取码不全[：{directory}]。请用当时的目录再次运行。",
        (
            "This list was given with other claim codes[ (entry {index})], or some are missing[ in {directory}]. Run it"
            " again with the directory that was used then."
        ),
    ),
    "not_funded": (
        "{batch} 不是为本活动拨入的批次。请核对批次，或先拨入（registry campaign fund）。",
        "{batch} was not funded for this campaign. Check the batch, or fund it first (registry campaign fund).",
    ),
    "terms_differ": (
        "与活动条款不符：是否只可注销，写的是 {retire_only}，条款是 {expected}。",
        "This differs from the campaign's terms: retire-only is said to be {retire_only}, the terms say {expected}.",
    ),
    "wrong_gift": (
        "第 {row} 行（自 0 起）赠 {amount_g}，而活动条款是每份 {each_g}。",
        "Row {row}, counted from 0, gives {amount_g}, and the campaign's terms are {each_g} each.",
    ),
    "nothing_left": (
        "{batch} 已无余量：全部领取或退回。",
        "Nothing is left of {batch}: all of it was claimed or has gone back.",
    ),
    "gifts_left": (
        "还有批次可能有余量，不能结束：{batches}。请在截止日后逐一退回（registry campaign return）。",
        (
            "Something may be left of these batches, so the campaign cannot be closed: {batches}. Return them after the"
            " deadline (registry campaign return)."
        ),
    ),
    "bad_terms": (
        "修复令的要求不自洽：{why}[（应为 {amount}，合计 {due}）]。请按文书改正。",
        "The terms of the order do not fit together: {why}[ ({amount}, {due} together)]. Correct them by its document.",
    ),
    "not_the_court": (
        "此修复令由 {expected} 登记，不是 {court}。",
        "This order was registered by {expected}, not by {court}.",
    ),
    "not_the_case_account": (
        "此修复令的案件专户是 {expected}，不是 {account}。",
        "The account of this order's case is {expected}, not {account}.",
    ),
    "not_the_buyer": (
        "购入须由案件专户 {account}[ 或代理人 {agent}] 签署，不是 {buyer}。",
        "What is bought is signed for by the case's account {account}[ or the agent {agent}], not by {buyer}.",
    ),
    "outside_regions": (
        "不在修复令限定的地区 {regions}[：项目 {project}，所在地 {place}]。请选用当地项目签发的信用。",
        (
            "This is outside the regions of the order, {regions}[: the project {project} is in {place}]. Take credits"
            " issued to a project there, and name it."
        ),
    ),
    "wrong_project": (
        "批次不出自项目 {project}[，而是 {expected}]。",
        "The batch does not come from the project {project}[, but from {expected}].",
    ),
    "cost_missing": (
        "修复令 {order} 以金额计，购入须写明价款。",
        "The order {order} counts in yuan: say what was paid.",
    ),
    "not_bought": (
        "{batch} 由记录 {lock} 锁定的部分不是为此修复令购入的。",
        "What entry {lock} locked in {batch} was not bought for this order.",
    ),
    "beneficiary_named": (
        "履行修复令[ {order}]，受益人是公众，证明[ {certificate}]上不得另写受益人。",
        "Where an order[, {order},] is performed, the public benefits: [{certificate}: ]no other beneficiary is named.",
    ),
    "not_overdue": (
        "修复令 {order} 没有逾期未履行的部分：截止日 {deadline}，今天是 {today}。",
        "Nothing of the order {order} is overdue: its deadline is {deadline}, and it is {today}.",
    ),
    "not_defaulted": (
        "修复令 {order} 未被认定逾期，不能强制执行。请先认定（registry order default）。",
        "The order {order} was not found in default, so it is not enforced. Find that first (registry order default).",
    ),
    "not_performed": (
        "尚未履行完毕[：已履行 {performed_g}，应为 {amount_g}][：已履行 {performed_fen}，应为 {amount_fen}]。",
        "Not all was performed[: {performed_g} of {amount_g}][: {performed_fen} of {amount_fen}].",
    ),
    "nothing_locked": (
        "没有为修复令 {order} 锁定的余量。",
        "Nothing is locked for the order {order}.",
    ),
    "grams_locked": (
        "还有 {locked_g} 为此修复令锁定，不能结案。请先释放（registry order release）。",
        "{locked_g} are still locked for this order, so it cannot be closed: registry order release releases them.",
    ),
}

_CERTIFICATES: dict[str, Text] = {
    "verdict_forbidden": (
        "时间判定“{verdict}”为政策（记录 {policy}）所禁止。请更正声明期间，或换用合适的减排量。",
        "Policy (entry {policy}) forbids the timing verdict “{verdict}”. Correct the period, or use other credits.",
    ),
    "no_case": (
        "账户 {account} 没有[由记录 {entry} 认定的]在办案件。请用 registry standing 或 registry show 查看。",
        "The account {account} has no case[ that entry {entry} found] to go on with. See registry show.",
    ),
    "several_cases": (
        "账户 {account} 有几个在办案件（{entries}）。请用 --case 指明。",
        "The account {account} has several cases ({entries}). Name one with --case.",
    ),
    "name_not_kept": (
        "证明中的“{field}”已无留存，不能照原样写入。请重新写明。",
        "What the certificate says as “{field}” is not kept here any more. Say it again.",
    ),
    "annulled": (
        "此证明已被撤销（记录 {index}）：不再有效。其减排量仍为已注销。",
        "This certificate was annulled (entry {index}) and is not valid any more. Its grams stay retired.",
    ),
    "not_the_holder": (
        "证明的持有人是 {holder}，不是 {account}。须由持有人签署。",
        "The certificate's holder is {holder}, not {account}. The holder has to sign.",
    ),
    "statement_fixed": (
        "更换证明不能改变“{field}”（原为 {expected}）。",
        "A certificate in the place of another cannot state “{field}” differently (it was {expected}).",
    ),
    "wrong_dates": (
        "注销日期 {retired} 与原证明不符[：应为 {expected}]。请照原记录填写。",
        "The days of the retirement, {retired}, are not those of the first certificate[: {expected} expected].",
    ),
    "offset_stands": (
        "证明 {certificate} 已用于抵消活动（{offsets}）：撤销须同时在该活动中记明。",
        "The certificate {certificate} offsets an activity ({offsets}), which has to lose that in the same act.",
    ),
    "already_assigned": (
        "证明 {certificate} 已用于抵消活动（{assigned}），不能再用。",
        "The certificate {certificate} offsets an activity already ({assigned}), and cannot offset another.",
    ),
    "not_an_offset": (
        "证明 {certificate} 不能（或没有）用于抵消此活动：替代性生态修复的注销不作抵消。",
        "The certificate {certificate} cannot offset, or does not: what was retired for an order offsets nothing else.",
    ),
    "already_witnessed": (
        "交易机构 {exchange} 已见证过证明 {certificate}。",
        "The exchange {exchange} has witnessed the certificate {certificate} already.",
    ),
    "no_order": (
        "证明 {certificate} 不是依生态修复令注销的，无履行可确认。",
        "The certificate {certificate} was not retired for an order: there is no performance to confirm.",
    ),
    "already_confirmed": (
        "证明 {certificate} 的履行已确认（记录 {confirmed}）。",
        "What the certificate {certificate} performs is confirmed already (entry {confirmed}).",
    ),
    "already_numbered": (
        "证明 {certificate} 已载明原编号 {number}。",
        "The certificate {certificate} has its former number already: {number}.",
    ),
    "not_the_organiser": (
        "活动的组织者是 {organiser}，不是 {account}。",
        "The organiser of the activity is {organiser}, not {account}.",
    ),
    "already_received": (
        "活动 {activity} 的登记表已收讫（记录 {received}）。",
        "The form of the activity {activity} was received already (entry {received}).",
    ),
    "ends_before_it_begins": (
        "活动结束日 {ends} 早于开始日 {begins}。请改正。",
        "The activity ends on {ends}, before it begins on {begins}. Correct the days.",
    ),
    "not_accounted": (
        "活动 {activity} 的排放量尚未核算。请先用 registry activity account。",
        "What the activity {activity} emitted is not accounted. Use registry activity account first.",
    ),
    "nothing_retired": (
        "活动 {activity} 尚无注销用于抵消。请先用 registry activity offset。",
        "Nothing retired offsets the activity {activity} yet. Use registry activity offset first.",
    ),
    "report_not_accepted": (
        "清单 {report} 尚未被主管部门接受。",
        "The report {report} has not been accepted.",
    ),
    "wrong_period": (
        "期间不成立：{first} 至 {last}。",
        "Not a period: {first} to {last}.",
    ),
    "wrong_size": (
        "报表所依据的记录数 {size} 不对：应在 {least} 与 {entries} 之间。",
        "A report as of {size} entries cannot be: it counts from {least} to {entries}.",
    ),
}

_HISTORY: dict[str, Text] = {
    "entry_altered": (
        "这条记录与入库时不同：有人改动了它[（另见：{found}）]。请保存现场，并与备份和见证人核对。",
        (
            "This entry is not what it was when it was recorded: somebody altered it[ (seen as: {found})]. Keep the"
            " file as it is, and compare with backups and witnesses."
        ),
    ),
    "entry_missing": (
        "第 {index} 条记录不见了。请从备份恢复，并查明原因。",
        "Entry {index} is missing. Restore it from a backup, and find out why.",
    ),
    "entries_missing": (
        "签过名的检查点有 {signed} 条记录，这里只有 {index} 条：末尾被截去。请从备份恢复。",
        (
            "The signed checkpoint counts {signed} entries and only {index} are here: the end was cut off. Restore"
            " it from a backup."
        ),
    ),
    "root_mismatch": (
        "前 {size} 条记录的根与签过名的检查点不同：历史被改写。",
        "The root of the first {size} entries is not the one that was signed: history was rewritten.",
    ),
    "wrong_origin": (
        "检查点属于另一个日志：{origin}，应为 {expected}。请用该日志的公钥。",
        "The checkpoint is of another log: {origin}, {expected} expected. Use the key of that log.",
    ),
    "wrong_consulted": (
        "记录所依据的状态不是当时的状态[：{recorded}，应为 {expected}]。",
        "The states that the entry says it consulted are not those of its place[: {recorded}, {expected} expected].",
    ),
    "wrong_position": (
        "记录在流里的位置不对[，应为 {expected}]。",
        "The entry's position in its stream is wrong[, {expected} expected].",
    ),
    "wrong_previous": (
        "记录没有接在该流的上一条之后。",
        "The entry does not follow the one before it in its stream.",
    ),
    "wrong_outcome": (
        "记录的结果不是规则导出的结果[（{why}）]。",
        "The recorded outcome is not what the rules derive[ ({why})].",
    ),
    "bad_note": (
        "签名文书的格式不对[（{why}）]。文件可能损坏或被改动。",
        "The signed note is not of the right form[ ({why})]. The file may be damaged or altered.",
    ),
    "bad_checkpoint": (
        "检查点的格式不对[（{why}）]。文件可能损坏或被改动。",
        "The checkpoint is not of the right form[ ({why})]. The file may be damaged or altered.",
    ),
    "bad_checkpoint_signature": (
        "检查点没有经所采信的密钥签名[（{origin}）][（{why}）]。请另经渠道核对公钥指纹；不符则为伪造。",
        (
            "The checkpoint is not signed by the key that you trust[ ({origin})][ ({why})]. Compare the key's"
            " fingerprint over another channel; if it is right, this is a forgery."
        ),
    ),
    "bad_path": (
        "树中的路径不对[（{why}）]。文件可能损坏或被改动。",
        "The path in the tree is wrong[ ({why})]. The file may be damaged or altered.",
    ),
    "not_included": (
        "这条记录不在所签的树里[（序号 {index}，共 {size} 条）]：内容被改动，或从未入账。",
        (
            "This entry is not in the tree that was signed[ (index {index}, of {size})]: it was altered, or never"
            " recorded."
        ),
    ),
    "not_consistent": (
        "{size} 条的树不是 {old_size} 条的树的延续：历史被改写。",
        "The tree of {size} entries does not continue that of {old_size}: history was rewritten.",
    ),
    "not_a_certificate": (
        "文件里的记录不是证明[，而是“{form}”][（{why}）]。请索取证明文件。",
        "The entry in the file is no certificate[ but “{form}”][ ({why})]. Ask for the certificate's file.",
    ),
    "gap_in_certificate": (
        "证明之后的记录有缺漏[（位置 {position}，应为 {expected}）]。请重新导出。",
        (
            "Something that was said of the certificate since is left"
            " out[ (position {position}, {expected} expected)]. Have it exported again."
        ),
    ),
    "gap_in_rotations": (
        "更换日志公钥的记录不相连[（记录 {rotation}）]。请向登记机构重新取得证明。",
        "The entries that replaced the log's key do not follow each other[ (entry {rotation})]. Get the proof again.",
    ),
    "left_out": (
        (
            "档案不完整：缺少[ {stream} 的第 {position} 条记录][（序号 {index} 的记录以其为据）]，"
            "无法判断。请索取完整的档案或副本。"
        ),
        (
            "The dossier is incomplete: something was left out[, entry {position} of {stream}][, on which entry {index}"
            " rests], so nothing can be said. Ask for the whole dossier, or a copy of the log."
        ),
    ),
    "rows_missing": (
        "缺少记录[ {index}] 旁的明细行[（{kind}：应有 {expected} 行，有 {found} 行）]，无法判断。请取得完整副本。",
        (
            "Rows that belong beside the entry[ {index}] are missing[ ({kind}: {expected} expected, {found} found)], so"
            " nothing can be said. Get a complete copy and try again."
        ),
    ),
    "wrong_rows": (
        "明细行不是所签的那些[（{kind}）][（{why}）]：行、行数、根或合计不符。请使用原来的明细行。",
        (
            "The rows are not those that were signed[ ({kind})][ ({why})]: a row, their number, root or total differs."
            " Use the original rows."
        ),
    ),
    "wrong_opening": (
        "所示内容与账上的承诺不符[（{field}）][（{why}）]：名称或文字被改动。",
        "What is shown does not open its commitment[ ({field})][ ({why})]: a name or text was altered.",
    ),
    "forked": (
        "同一大小 {size} 出现两个不同的根，都有签名：日志有两套历史。请保存两份文件，先前那份在 {evidence}。",
        (
            "The log has signed two different roots for its first {size} entries: it has two histories. Keep both"
            " files; the earlier evidence is in {evidence}."
        ),
    ),
    "database_unreadable": (
        "数据库读不出：{file}[（{why}）][（系统报告“{said}”）]。请从备份恢复。",
        "The database cannot be read: {file}[ ({why})][ (“{said}”)]. Restore it from a backup.",
    ),
    "derived.tree": (
        "树表与记录不符[（层 {level}，号 {number}）]；记录本身成立。请由记录重建该表。",
        (
            "The stored tree differs from the entries[ (level {level}, number {number})]; the entries themselves"
            " stand. Build the table from them again."
        ),
    ),
    "derived.rows": (
        "流的索引行与记录不符；记录本身成立。请由记录重建。",
        "The rows by stream differ from the entries; the entries themselves stand. Build them again.",
    ),
    "derived.nonces": (
        "随机数表与记录不符[（{account}）]；记录本身成立。请由记录重建该表，否则同一意向可能被重复。",
        (
            "The stored nonces differ from the entries[ ({account})]; the entries themselves stand. Build them"
            " again, or an act might be repeated."
        ),
    ),
    "derived.detached": (
        "记录之外的明细行与记录不符；记录本身成立。请由记录重建。",
        "The rows beside an entry differ from what it says; the entries themselves stand. Build them again.",
    ),
    "derived.head": (
        "存储的日志头与记录不符[（{why}）]；记录本身成立。请由记录重建。",
        "The stored head differs from the entries[ ({why})]; the entries themselves stand. Build it again.",
    ),
    "derived.views": (
        (
            "投影数据表与由记录重算的结果不同：[表 {table}，][{key} 的 ][{column}：]"
            "[现为 {found}，][应为 {expected}][：系统报告“{said}”]。"
            "记录本身成立；用 registry views rebuild 重建。"
        ),
        (
            "The tables of projections are not what the entries come to:[ table {table},][ of {key}][ the {column}]"
            "[ is {found}][ and should be {expected}][ “{said}”]. The entries themselves stand; registry views rebuild"
            " makes the tables anew."
        ),
    ),
    "derived.openings": (
        "存储的名称或文字打不开账上的承诺[（记录 {entry}，{field}）]；记录本身成立。",
        "A stored name or text does not open its commitment[ (entry {entry}, {field})]; the entries themselves stand.",
    ),
    "no_mark": (
        "找不到高水位标记 {file}：换了用户或机器，或标记被删。核对无误后，可由负责人运行 registry accept-mark。",
        (
            "The high-water mark {file} is not there: another user or machine, or it was removed. Once somebody has"
            " checked the log, run registry accept-mark."
        ),
    ),
    "bad_mark": (
        "高水位标记 {file} 已损坏。核对无误后，可由负责人运行 registry accept-mark。",
        "The high-water mark {file} is damaged. Once somebody has checked the log, run registry accept-mark.",
    ),
    "behind_mark": (
        (
            "日志只有 {size} 条，而标记 {file} 记着 {mark} 条[：缺第 {first} 至 {last} 条记录]，可能恢复了旧备份。"
            "没有写入任何内容。请从任何一份副本（公布的、只读副本、审计方或见证方保存的）找回："
            "registry restore 副本 --dir …"
        ),
        (
            "The log has {size} entries while the mark {file} has seen {mark}[: entries {first} to {last} are missing];"
            " an old backup, perhaps. Nothing is written. Bring them back from any copy (a published one, a replica,"
            " what an auditor or a witness kept): registry restore COPY --dir …"
        ),
    ),
    "differs_from_copy": (
        "副本不是这个日志的：记录已不同。没有写入任何内容。请核对副本；若确是同一日志，则有两段历史：两份都要保存。",
        (
            "The copy is not of this log: an entry differs. Nothing was written. Check which copy it is; if it is of"
            " the same log, there are two histories: keep both."
        ),
    ),
    "nothing_missing": (
        "副本能证实的有 {copy} 条，这里已有 {size} 条：没有可找回的，没有写入任何内容。",
        (
            "The copy can vouch for {copy} entries, and {size} are here: it has nothing that is missing. Nothing was"
            " written."
        ),
    ),
    "copy_not_signed": (
        "副本（{entries} 条记录）没有签过名的检查点，标记也未见过这些记录：无从采信，没有写入任何内容。",
        (
            "The copy ({entries} entries) has no signed checkpoint, and the mark has not seen what is in it: nobody"
            " vouches for it. Nothing was written."
        ),
    ),
    "differs_from_mark": (
        "日志与标记 {file} 所见的前 {mark} 条不同：历史被改写。请停止写入，与备份和见证人核对。",
        (
            "The first {mark} entries are not those that the mark {file} has seen: history was rewritten. Stop"
            " writing, and compare with backups and witnesses."
        ),
    ),
    "followed_other": (
        (
            "数据库里的日志（{size} 条）不再接续已读过的 {followed} 条：恢复了旧备份，或由落后的副本接替。请先查明，"
            "再决定从哪一条重新读起。"
        ),
        (
            "The log in the database ({size} entries) no longer continues the {followed} that were read before: an"
            " old backup was restored, or a replica that lagged took over. Find out which, then decide from where to"
            " read again."
        ),
    ),
    "no_write_ahead_log": (
        "{file} 所在的文件系统不支持 WAL[（{mode}）]。请把目录移到本地磁盘。",
        "The file system of {file} does not allow a write-ahead log[ ({mode})]. Move the directory to a local disk.",
    ),
    "too_many_later": (
        (
            "证明 {number} 之后另有 {later} 条记录，证明文件至多容纳 {most} 条。"
            "请改用档案（registry certificate {number} --dossier）。"
        ),
        (
            "{later} later entries say something of certificate {number}, and a proof file has room for {most}. Make"
            " its dossier instead (registry certificate {number} --dossier)."
        ),
    ),
    "dossier_too_long": (
        (
            "须重放的记录超过 {bytes_max} 字节，做不成一份档案。"
            "请改为提供日志的公开副本（registry backup --public），由对方整体审计（registry audit）。"
        ),
        (
            "What would have to be replayed is more than {bytes_max} bytes, too much for a dossier. Hand out a public"
            " copy of the log instead (registry backup --public): who audits it (registry audit) sees more."
        ),
    ),
    "head_not_signed": (
        "日志头还没有签名（可能刚刚中断过）：{directory}。请先以写入方式打开一次登记系统，再导出。",
        (
            "The head of the log is not signed yet, after an interruption perhaps: {directory}. Open the registry for"
            " writing once, then export."
        ),
    ),
}

_ASKING: dict[str, Text] = {
    "no_pinned_key": (
        (
            "没有采信过日志 {origin} 的公钥，因此无法判定。请经另一渠道（官网、公报、当面）取得公钥，核对指纹后运行"
            " registry trust VKEY，或用 --key VKEY。"
        ),
        (
            "No key of the log {origin} is pinned, so nothing can be said. Get its key over another channel (its"
            " site, a gazette, in person), compare the fingerprint, then run registry trust VKEY, or pass --key VKEY."
        ),
    ),
    "unsigned_tail": (
        "{entries} 条记录中只有 {signed} 条在签过名的检查点之内。请等日志头签名后再审计。",
        "Only {signed} of {entries} entries are under a signed checkpoint. Audit again once the head is signed.",
    ),
    "older_than_asked": (
        "证明截至第 {size} 条，早于要求的 {size_min} 条。请取得更新的证明文件。",
        "The proof is as of {size} entries, fewer than the {size_min} asked for. Get a newer one.",
    ),
    "shorter_than_seen": (
        "日志有 {entries} 条，而您先前见过 {seen} 条：这是旧的副本。请取得最新的。",
        "The log has {entries} entries and you have seen {seen} before: this is an old copy. Get the newest.",
    ),
    "bad_vkey": (
        "不是公钥行（vkey）[：{why}]。请完整复制 registry key 打印的那一行。",
        "That is no public key line (vkey)[: {why}]. Copy the whole line that registry key prints.",
    ),
    "bad_name": (
        "日志名称不合规：{name}。",
        "That is no name for a log: {name}.",
    ),
    "other_key_pinned": (
        "已为 {name} 采信了另一个公钥：{pinned}。先查明缘由；确要更换时加 --replace。",
        "Another key is pinned for {name}: {pinned}. Find out why first; to change it all the same, add --replace.",
    ),
    "pins_unreadable": (
        "采信的公钥文件读不出：{file}[（系统报告“{said}”）]。请改正或删除该文件后重新采信。",
        "The file of pinned keys cannot be read: {file}[ (“{said}”)]. Correct or remove it, and pin again.",
    ),
    "no_registry": (
        "{directory} 里没有登记系统。请核对目录，或先 registry init。",
        "There is no registry in {directory}. Check the directory, or begin one with registry init.",
    ),
    "directory_in_use": (
        "目录 {directory} 已有内容。请换一个空目录。",
        "The directory {directory} is in use. Name one that is empty or not there.",
    ),
    "no_state": (
        "登记系统在数据库 {server} 上：请用 --state 指明本机上保存密钥和标记的目录。",
        "The registry is on a server, {server}: name the local directory of its keys and mark with --state.",
    ),
    "keys_of_another_log": (
        (
            "{file} 里没有日志 {origin} 的密钥：副本属于另一个日志，或密钥文件太旧。请核对副本，"
            "或先放好最新的密钥文件。什么都没有写入。"
        ),
        (
            "{file} does not have the key of the log {origin}: the copy is of another log, or that file is too old."
            " Find out which, or put the newest file of keys there first. Nothing was written."
        ),
    ),
    "unfit_role": (
        "角色 {role} 不能用（{why}）：要有名称，不是超级用户、表的所有者或其成员，读写与审计分用两个角色。未作授权。",
        (
            "The role {role} will not do ({why}): it needs a name, and may be no superuser, nor own the tables or"
            " belong to who owns them; who writes and who audits are two roles. Nothing was granted."
        ),
    ),
    "tables_in_the_way": (
        "数据库 {server} 里已有同名的表或视图，不是登记系统的：{names}。请换一个空的数据库或 schema。什么都没有改动。",
        (
            "Something that is not a registry's has these names in {server}: {names}. Name an empty database or schema."
            " Nothing was changed."
        ),
    ),
    "state_without_server": (
        "--state 只用于数据库地址；{directory} 是目录，密钥就在其中。请去掉 --state，或改用地址。",
        "--state goes with the address of a database; {directory} is a directory, with its keys in it. Leave it out.",
    ),
    "bad_address": (
        "这不是数据库地址：{server}。应如 postgresql://用户@主机/库名；口令和参数里的 / @ ? # 要写成 %2F %40 %3F %23。",
        (
            "That is no address of a database: {server}. One looks like postgresql://user@host/database; within a"
            " password or a parameter / @ ? # are written %2F %40 %3F %23."
        ),
    ),
    "not_permitted": (
        (
            "数据库角色没有所需权限（{server}）[：缺 {lacking}][：{why}][：系统报告“{said}”]。"
            "请换用有权限的角色，或由数据库所有者运行 registry migrate --role。"
        ),
        (
            "The database role may not do that ({server})[: it lacks {lacking}][: {why}][: “{said}”]. Use one that may,"
            " or have the database's owner run registry migrate --role."
        ),
    ),
    "old_server": (
        "PostgreSQL {found} 太旧，需要 {least} 或更新的版本。",
        "PostgreSQL {found} is too old: {least} or later is needed.",
    ),
    "not_utf8_database": (
        "数据库编码是 {encoding}，需要 UTF8。请用 createdb --encoding UTF8 --template template0 新建。",
        (
            "The database's encoding is {encoding}, UTF8 is needed: createdb --encoding UTF8 --template template0 makes"
            " one."
        ),
    ),
    "not_durable": (
        (
            "数据库 {server} 的设置会丢失已提交的数据（fsync={fsync}，full_page_writes={full_page_writes}）："
            "未写入任何内容。请都设为 on。"
        ),
        (
            "The server {server} is set to lose what it has committed (fsync={fsync},"
            " full_page_writes={full_page_writes}): nothing was written. Set both to on."
        ),
    ),
    "no_file": (
        "没有这个文件：{file}。请核对路径。",
        "There is no such file: {file}. Check its path.",
    ),
    "no_certificate": (
        "没有编号为 {number} 的证明。可用 registry certificate --list 查看全部。",
        "There is no certificate {number}. registry certificate --list shows all of them.",
    ),
    "no_account": (
        "没有账号或公开名称为“{account}”的账户。名称须完全一致。",
        "There is no account with the id or name “{account}”. A name has to match exactly.",
    ),
    "several_accounts": (
        "有几个账户名为“{account}”：{accounts}。请改用账号。",
        "Several accounts are called “{account}”: {accounts}. Use the id.",
    ),
    "nobody_in_role": (
        "没有账户担任角色“{role}”。请由两名登记官用 registry role grant 授予。",
        "No account has the role “{role}”. Two officers can grant it with registry role grant.",
    ),
    "several_in_role": (
        "担任角色“{role}”的账户不止一个：{accounts}。请用相应的选项指明由谁签署。",
        "Several accounts have the role “{role}”: {accounts}. Say with the option for it which of them signs.",
    ),
    "several_standards": (
        "持有的种类不止一个：{standards}。请用 --standard 指明。",
        "Several kinds of credit are held: {standards}. Say which with --standard.",
    ),
    "nobody_to_tell": (
        "记录 {index} 没有尚未告知的当事人。",
        "Everybody whom entry {index} affects signed it, or was told.",
    ),
    "no_such_entry": (
        "没有第 {index} 条记录：日志有 {size} 条，从 0 数起。",
        "There is no entry {index}: the log has {size} entries, counted from 0.",
    ),
    "no_stream": (
        "没有流 {stream}。流名如 batch/…、account/…、certificate/…、standard/…、registry。",
        "There is no stream {stream}. Streams are called batch/…, account/…, certificate/…, standard/… or registry.",
    ),
    "no_gram": (
        "{batch} 没有序列号 {serial}[：共 {received_g}，序列号自 0 至 {last}]。",
        "{batch} has no serial number {serial}[: it received {received_g}, numbered 0 to {last}].",
    ),
    "not_a_gram": (
        "“{gram}”不是“批次:序列号”，例如 batch/abc…:1000。",
        "“{gram}” is not BATCH:SERIAL, such as batch/abc…:1000.",
    ),
    "no_possession": (
        "请先用新私钥签署以下字节（十六进制），再以 --possession 给出签名：{to_sign}",
        "Sign these bytes (in hex) with the new private key first, and give the signature as --possession: {to_sign}",
    ),
    "name_missing": (
        "标准输入的第一行没有名称。",
        "There is no name on the first line of standard input.",
    ),
    "output_missing": (
        "请用 -o 指明写入哪个文件，或用 --list 查看全部证明。",
        "Say with -o which file to write, or show all certificates with --list.",
    ),
    "number_or_list": (
        "请写明一个证明编号，或用 --list，二者择一。",
        "Name one certificate, or ask for --list: one of the two.",
    ),
    "not_confirmed": (
        (
            "未作改动。这会让系统不再记得曾见过更长或不同的历史：若数据库是旧备份或被改写，此后无人察觉，已发出的证明"
            "可能失去依据。只有查明原因的负责人才应加 --yes 运行；此举会留下记录。"
        ),
        (
            "Nothing was changed. This makes the registry forget that it ever saw a longer or another history: if the"
            " database is an old backup or was rewritten, nobody would notice from then on, and certificates"
            " already given out may lose their ground. Only somebody who knows the cause should run it, with --yes;"
            " it is kept on record."
        ),
    ),
    "server_missing": (
        "此命令需要登记系统的服务器部分（缺少 {module}）。请运行：pip install 'carbon-registry{extra}'",
        (
            "This command needs the server's part of the registry ({module} is missing). Run: pip install"
            " 'carbon-registry{extra}'"
        ),
    ),
    "storage_failed": (
        "读写失败[：{file}][（系统报告“{said}”）]。请检查磁盘空间和权限；没有得到确认的写入可能已生效：先查看结果再重做（导入可直接重做，不会重复入账）。",
        (
            "Reading or writing failed[: {file}][ (“{said}”)]. Check disk space and permissions. What was not"
            " acknowledged may have been recorded: look before you do it again (an import may be run again as it is:"
            " it records nothing twice)."
        ),
    ),
    "usage": (
        "用法错误[：{why}][：{said}]。参见 --help。",
        "Wrong usage[: {why}][: {said}]. See --help.",
    ),
}

HTTP: dict[str, Text] = {
    "address_in_use": (
        "无法监听 {address}[（系统报告“{said}”）]。请换端口（--port）或本机地址（--host），或停掉占用它的程序。",
        "Cannot listen at {address}[ (“{said}”)]. Choose another --port or --host, or stop what has it.",
    ),
    "asserts_off": (
        "请不要用 python -O 运行服务：自检已被关闭。",
        "Do not run the server with python -O: it would not notice its own mistakes.",
    ),
    "idempotency_key_missing": (
        "缺少 Idempotency-Key。请为每个行为自选一个新的键，重试时用同一个：这样不会重复记录。",
        "The Idempotency-Key is missing. Choose one for each act, and the same to ask again: nothing is done twice.",
    ),
    "signature_missing": (
        "还缺这些账户的签名：{accounts}。请用 mode=prepare 取得意向，由他们签署后提交。",
        "Signatures of these accounts are missing: {accounts}. Prepare it (mode=prepare), have them sign, submit it.",
    ),
    "no_job": (
        "没有这个任务；任务结束后保留一周，且只有发起人可见。",
        "There is no such job: they are kept for a week after their end, and shown to who asked for them.",
    ),
    "nothing_handed_out": (
        "任务 {job} 没有可下载的材料，或尚未生成。请先查看任务的进度。",
        "The job {job} hands nothing out, or not yet. See how far it is.",
    ),
    "not_found": (
        "没有这个地址。接口见 /docs。",
        "There is nothing at this address. See /docs.",
    ),
    "method_not_allowed": (
        "这个地址不接受此方法。接口见 /docs。",
        "This cannot be asked here. See /docs.",
    ),
    "not_acceptable": (
        "没有所要求的格式。",
        "It cannot be had in the form that was asked for.",
    ),
    "unknown_media_type": (
        "不认识这种内容类型。请按 /docs 所列的 Content-Type 发送。",
        "This kind of content is not read here. Send one that /docs lists.",
    ),
    "bad_credentials": (
        "Authorization 头无法识别。请用“Bearer 加 API 密钥或访问令牌”，且只给一个。",
        "The Authorization header cannot be read. Send one: Bearer, and an API key or an access token.",
    ),
    "bad_key": (
        "API 密钥无效：不存在、已撤销或已过期。请向登记机构申请新密钥。",
        "The API key is not valid: unknown, revoked or expired. Ask the registry for another.",
    ),
    "bad_setting": (
        "设置 {name} 不可用[：{why}][：系统报告“{said}”]。各项设置见 deploy/carbon-registry.toml。",
        "The setting {name} cannot be used[: {why}][: “{said}”]. deploy/carbon-registry.toml has all of them.",
    ),
    "bad_token": (
        "访问令牌无效[（{why}）]。请向签发方重新取得，再试一次。",
        "The access token is not valid[ ({why})]. Get another from its issuer and try again.",
    ),
    "bad_request": (
        "无法解析为 HTTP 请求。请检查客户端或中间代理。",
        "This cannot be read as an HTTP request. Check the client, or what is between.",
    ),
    "credentials_ended": (
        "该 API 密钥或登录绑定早于 {accounts} 最近一次找回或承继，已随之失效。请登记机构重新生成或绑定。",
        (
            "This API key or login was given out before the last recovery or succession of {accounts}, and ended with"
            " it. Ask the registry for another: registry access key create, registry access bind."
        ),
    ),
    "credentials_missing": (
        "需要登录：请在 Authorization 头里给出 API 密钥或访问令牌。",
        "A login is needed: send an API key or an access token in the Authorization header.",
    ),
    "head_too_long": (
        "请求头过长[：上限 {bytes_max} 字节][、{headers_max} 个字段]。请缩短后再试。",
        "The request's head is too long[: at most {bytes_max} bytes][, {headers_max} fields]. Shorten it.",
    ),
    "issuer_unavailable": (
        "令牌签发方暂时没有应答，无法核对令牌。请稍后再试。",
        "The issuer of the token does not answer, so it cannot be checked. Try again later.",
    ),
    "openings_missing": (
        (
            "意向中有 {missing} 处承诺没有随附原文（{fields}）：事后无法补交，名称将永远丢失。"
            "请随意向一并提交；有意不让登记系统知晓的，请写明 withheld: true。"
        ),
        (
            "{missing} commitment(s) of the intent come without their openings ({fields}): they cannot be handed in"
            " later, and the names would be lost. Send them along; or say withheld: true if nobody is to know them."
        ),
    ),
    "server_fault": (
        "服务器出错，已记入日志。请把请求编号告诉登记机构。",
        "Something went wrong here, and is in the log. Tell the registry the request's id.",
    ),
    "role_needed": (
        "只有这些角色可以：{roles}。您的账户没有。",
        "This is for these roles only: {roles}. No account of yours has one.",
    ),
    "scope_missing": (
        "您的密钥或令牌没有 {scope} 权限。请申请带有该权限的密钥。",
        "Your key or token does not allow {scope}. Ask for one that does.",
    ),
    "subject_unbound": (
        "令牌有效，但其主体没有绑定任何账户。请登记机构用 registry access bind 绑定。",
        "The token is valid, but whom it names speaks for no account. The registry binds them: registry access bind.",
    ),
    "too_long_at_work": (
        "在规定时间内没有做完。可能已经记录：请用同一 Idempotency-Key 或同一意向再问一次。",
        (
            "It was not done in time. It may have been recorded: ask again, with the same Idempotency-Key or the same"
            " intent."
        ),
    ),
    "too_many_connections": (
        "连接过多。请关闭一些，或稍后再试。",
        "There are too many connections. Close some, or try again later.",
    ),
    "too_many_tests": (
        "正在测试的通知过多，或本账户已有一个在测。请等它结束后再试。",
        "Too many webhooks are being tested, or one of this account is. Try again when that is over.",
    ),
    "too_many_uploads": (
        "正在处理的文件过多。请稍后再试。",
        "Too many files are being taken in at the moment. Try again later.",
    ),
    "too_often": (
        "请求过于频繁[（上限 {rate}）]。请在 {retry_after_s} 秒后再试。",
        "Too many requests[ (at most {rate})]. Try again in {retry_after_s} s.",
    ),
    "writer_away": (
        (
            "负责记录的进程刚刚中断，正在重新启动；这件请求是否已记录，尚不确定。"
            "请过一秒用同一请求（同一 Idempotency-Key）重试，不会重复。"
        ),
        (
            "The process that records broke off and is being started again; it is not known whether this was recorded."
            " Ask again in a second, the same under the same Idempotency-Key: it has one effect."
        ),
    ),
    "too_slow": (
        "请求没有在 {seconds} 秒内传完。请检查网络后再试。",
        "The request did not arrive within {seconds} s. Check the network and try again.",
    ),
}

ACCESS: dict[str, Text] = {
    "unknown_scope": (
        "没有这种权限：{scope}。可用的有：{known}。",
        "There is no scope {scope}. These are known: {known}.",
    ),
    "too_many_api_keys": (
        "账户 {account} 已有 {most} 个有效的 API 密钥。请先用 registry access key revoke 撤销不用的。",
        (
            "{most} API keys speak for the account {account} already. Revoke what is not needed with registry access"
            " key revoke."
        ),
    ),
    "too_many_pending_keys": (
        (
            "一小时之内已在此为账户 {account} 生成 {most} 个密钥。请提交已准备的操作，或稍后再试；"
            "若非本人所为，请撤销相应的 API 密钥。"
        ),
        (
            "{most} keys were made here for the account {account} within an hour. Submit what was prepared, or try"
            " again later; if that was not you, revoke the API key with which it was done."
        ),
    ),
    "too_many_keys_made": (
        "账户 {account} 一天之内已生成 {most} 个 API 密钥。请明天再试；是谁生成的，见 registry access key list。",
        (
            "{most} API keys were made for the account {account} within a day. Try again tomorrow; registry access key"
            " list shows who made them."
        ),
    ),
    "no_api_key": (
        "没有标识为 {key} 的 API 密钥，或已撤销。可用 registry access key list 查看。",
        "There is no API key {key}, or it was revoked. registry access key list shows them.",
    ),
    "not_bound": (
        "{issuer} 的用户 {subject} 没有绑定[账户 {account}]。可用 registry access bindings 查看。",
        (
            "The subject {subject} of {issuer} is not bound[ to the account {account}]. registry access bindings shows"
            " who is."
        ),
    ),
    "idempotency_key_reused": (
        "这个 Idempotency-Key 已于 {made_us} 用于另一请求。重复原请求，或换一个新的键。",
        (
            "This Idempotency-Key was used for another request, at {made_us}. Repeat that request as it was, or take"
            " a new key."
        ),
    ),
    "not_yours": (
        "账户 {account} 不是您的：您的密钥或令牌不代表它。",
        "The account {account} is not yours: your key or token does not speak for it.",
    ),
    "no_webhook": (
        "没有标识为 {webhook} 的 webhook 订阅，或已结束，或不属于您的账户。",
        "There is no webhook {webhook}, or it ended, or it is of no account of yours.",
    ),
    "bad_webhook_url": (
        "不能向这个 webhook 地址发送[（{why}）]。须为公网上的 https 地址，不带用户名和片段。",
        (
            "Nothing is sent to this webhook address[ ({why})]. It has to be an https address that everybody can reach,"
            " without a user's name or a fragment."
        ),
    ),
    "too_many_listeners": (
        "正在接收实时事件的客户端已达上限[（{most}）]。请稍后再试，或逐页读取。",
        "So many follow live events already[ ({most})] that no more can. Try again later, or read page by page.",
    ),
    "too_many_subscriptions": (
        "账户 {account} 已有 {most} 个 webhook 订阅。请先结束不用的。",
        "The account {account} has {most} webhook subscriptions already. End what is not needed.",
    ),
}

CODES: dict[str, Text] = {
    **_FORM,
    **_SIGNING,
    **_ORDER,
    **_ACCOUNTS,
    **_CREDITS,
    **_CERTIFICATES,
    **_GIFTS_AND_ORDERS,
    **_HISTORY,
    **_ASKING,
    **ACCESS,
    **HTTP,
}
