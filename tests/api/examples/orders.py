"""What is asked of each act of restoration orders, at the least: the fields of the path and of the body together."""

from typing import Any

ORDER = {"order": "order/a7sd4b2q6zj3k5mn"}
COURT = "account/uscc-11510000MB1509001T"
ACCOUNT = "account/uscc-91510100MA61RXYZ17"
DOCUMENT = {"document": "ab" * 32}
TERMS = {"deadline": "2999-12-31", "amount": "10"}

EXAMPLES: dict[str, dict[str, Any]] = {
    "/orders": {
        "number": "（2026）川0000刑初0号",
        "court": COURT,
        "basis": "judgment",
        "obligor": "某人",
        "account": ACCOUNT,
        "standards": ["SCFG"],
        **DOCUMENT,
        **TERMS,
    },
    "/orders/{order}/buy": {**ORDER, "amount": "12.5", "seller": ACCOUNT},
    "/orders/{order}/perform": ORDER,
    "/orders/{order}/enforce": {**ORDER, **DOCUMENT},
    "/orders/{order}/amend": {**ORDER, **DOCUMENT, **TERMS},
    "/orders/{order}/substitute": {**ORDER, **DOCUMENT, "obligor": "他人"},
    "/orders/{order}/default": {**ORDER, **DOCUMENT},
    "/orders/{order}/withdraw": {**ORDER, **DOCUMENT},
    "/orders/{order}/confirm": {**ORDER, **DOCUMENT},
    "/orders/{order}/release": ORDER,
    "/orders/{order}/close": ORDER,
}
