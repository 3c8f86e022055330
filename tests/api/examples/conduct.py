"""What is asked of each act of conduct, at the least: the fields of the path and of the body together."""

from typing import Any

CASE = {"account": "account/uscc-91510100MA61RXYZ17", "case": 7}
DOCUMENT = {"document": "ab" * 32}

EXAMPLES: dict[str, dict[str, Any]] = {
    "/conduct/{account}/find": {
        "account": CASE["account"],
        "level": "breach",
        "rule": "R-7",
        **DOCUMENT,
    },
    "/conduct/{account}/notify": {**CASE, **DOCUMENT, "reply_by": "2026-12-31"},
    "/conduct/{account}/hear": {**CASE, **DOCUMENT},
    "/conduct/{account}/waive": CASE,
    "/conduct/{account}/decide": {**CASE, **DOCUMENT, "result": "upheld", "until": "2027-12-31"},
    "/conduct/{account}/publish": CASE,
    "/conduct/{account}/object": {**CASE, **DOCUMENT},
    "/conduct/{account}/review": {**CASE, **DOCUMENT, "result": "revoked"},
    "/conduct/{account}/repair": {**CASE, **DOCUMENT},
    "/conduct/{account}/revoke": {**CASE, **DOCUMENT},
    "/conduct/{account}/end": {**CASE, "itself": True},
    "/conduct/{account}/commend": {"account": CASE["account"], **DOCUMENT},
}
