"""`registry`: the log itself, roles, policies."""

import re
from typing import Any

from tests.model.plain import Act, say

DOINGS = {"give", "issue", "list", "receive", "retire", "send"}
FORMS = {"company", "event", "person", "public_body", "social_organisation", "unstated"}
ROLES = {
    "authority",
    "buffer",
    "court",
    "exchange",
    "officer",
    "operator",
    "procuratorate",
    "validator",
    "verifier",
}
VERDICT = re.compile(r"[A-Z0-9][A-Z0-9:.-]{0,31}/(claim|credits)/(flag|undecidable)")


def created(m: Any, act: Act, _stream: str, body: Any, _place: Any) -> None:
    say(not m.leaves, "begun twice")
    log, *officers = act.signers
    say(log == ("registry", tuple(body["log_key"])), "the log signs first")
    named = [(account, tuple(key)) for account, key in body["officers"]]
    opened = [(stream, tuple(own["key"])) for stream, own in act.told("account.opened")]
    say(sorted(officers) == named == sorted(opened), "officers")
    for account, _ in named:
        m.roles[account, "officer"] = 0
    m.accounts["registry"] = {"keys": {tuple(body["log_key"]): [0, None]}, "over": "registry"}


def log_key_replaced(m: Any, act: Act, stream: str, body: Any, _place: Any) -> None:
    keys, key = m.accounts[stream]["keys"], tuple(body["key"])
    say(key not in keys, "key known")
    for life in keys.values():
        life[1] = act.index if life[1] is None else life[1]
    keys[key] = [act.index, None]
    say(len(keys) <= 65, "more keys than a proof can explain")


def role_granted(m: Any, act: Act, _stream: str, body: Any, _place: Any) -> Any:
    account, role = body["account"], body["role"]
    say(m.accounts.get(account, {}).get("closed", 0) is None, "no open account")
    say((account, role) not in m.roles, "role held")
    m.roles[account, role] = act.index
    return {"controller": m.accounts[account]["over"]}


def role_withdrawn(m: Any, _act: Act, _stream: str, body: Any, _place: Any) -> None:
    named = body["account"], body["role"]
    say(m.roles.get(named) == body["means"][0], "another grant meant")
    del m.roles[named]
    left = {m.accounts[account]["over"] for account, role in m.roles if role == "officer"}
    say(len(left) >= 2 or body["role"] != "officer", "too few officers")


def policy_set(m: Any, act: Act, _stream: str, body: Any, _place: Any) -> None:
    policy, subject, number, codes = (
        body[name] for name in ("policy", "subject", "number", "codes")
    )
    say((subject is not None) == (policy == "buffer_share"), "subject")
    numbered = {"buffer_share": 1_000, "green_least": 2**63 - 1, "second_person_over": 2**63 - 1}
    say((number is not None) == (policy in numbered), "number")
    say(number is None or number <= numbered[policy], "number too large")
    allowed = {
        "allowance_holders": FORMS | ROLES,
        "blacklist_forbids": DOINGS,
        "breach_forbids": DOINGS,
        "second_person_over": {"give", "retire", "send"},
    }
    for code in codes:
        named = code in allowed.get(policy, set())
        say(named or (policy == "verdicts_forbidden" and VERDICT.fullmatch(code)), "code")
    m.policies[policy, subject or ""] = {"index": act.index, "codes": codes, "number": number}


def codes_of(m: Any, policy: str) -> list[str]:
    """What a policy names; nothing where it was never set."""
    return list(m.policies.get((policy, ""), {"codes": []})["codes"])
