"""What is asked of each act of accounts, at the least: the fields of the path and of the body together."""

from typing import Any

ACCOUNT = {"account": "account/uscc-91510100MA61RXYZ17"}
OTHER = "account/uscc-91350100M000100Y43"
DOCUMENT = {"document": "ab" * 32}
UNTIL = {"until": "2999-12-31"}
SOME = {**ACCOUNT, "amount": "12.5"}

EXAMPLES: dict[str, dict[str, Any]] = {
    "/accounts": {"name": "四川某某有限公司", "legal_form": "company"},
    "/accounts/{account}/keys/add": ACCOUNT,
    "/accounts/{account}/keys/rotate": ACCOUNT,
    "/accounts/{account}/keys/{key_id}/end": {**ACCOUNT, "key_id": "cd" * 32},
    "/accounts/{account}/recover/announce": {
        **ACCOUNT,
        "identity": "12" * 32,
        "notice": "34" * 32,
    },
    "/accounts/{account}/recover/stop": ACCOUNT,
    "/accounts/{account}/recover/withdraw": ACCOUNT,
    "/accounts/{account}/recover/complete": ACCOUNT,
    "/accounts/{account}/accept-first": ACCOUNT,
    "/accounts/{account}/close": ACCOUNT,
    "/accounts/{account}/merge": {**ACCOUNT, "into": OTHER, **DOCUMENT},
    "/accounts/{account}/succeed": {
        **ACCOUNT,
        "successor": OTHER,
        "reason": "inheritance",
        **DOCUMENT,
    },
    "/accounts/{account}/notify": {**ACCOUNT, "entry": 7, "channel": "email", **DOCUMENT},
    "/accounts/notify-all": {"entry": 7, "channel": "app", **DOCUMENT},
    "/accounts/{account}/freeze": {**ACCOUNT, "authority": OTHER, **UNTIL, **DOCUMENT},
    "/accounts/{account}/freeze/range": {**SOME, "authority": OTHER, **UNTIL, **DOCUMENT},
    "/accounts/{account}/seize": {**SOME, "taker": OTHER, **DOCUMENT},
    "/accounts/{account}/devolve": {
        **SOME,
        "taker": OTHER,
        "reason": "inheritance",
        **DOCUMENT,
    },
    "/locks/{lock}/seize": {"lock": 7, "amount": "27g", "taker": OTHER, **DOCUMENT},
    "/locks/{lock}/queue": {"lock": 7, "authority": OTHER, **UNTIL, **DOCUMENT},
    "/freezes/{freeze}/renew": {"freeze": 7, **UNTIL, **DOCUMENT},
    "/freezes/{freeze}/consent": {"freeze": 7, "order": "order/a7sd4b2q6zj3k5mn"},
    "/freezes/{freeze}/lift": {"freeze": 7, **DOCUMENT},
    "/freezes/{freeze}/end": {"freeze": 7},
    "/mandates": {**ACCOUNT, **UNTIL},
    "/mandates/{mandate}/end": {"mandate": 7},
    "/pledges": {**SOME, "pledgee": OTHER, **DOCUMENT},
    "/pledges/{pledge}/release": {"pledge": 7},
    "/reserves": {**SOME, "mandate": 7},
    "/reserves/{reserve}/settle": {"reserve": 7, "amount": "12.5", "taker": OTHER},
    "/reserves/{reserve}/end": {"reserve": 7},
}
