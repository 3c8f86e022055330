"""What is asked of each act on batches, at the least: the fields of the path and of the body together."""

from typing import Any

BATCH = {"batch": "batch/onswg4tfor4gk43u"}
DOCUMENT = {"document": "ab" * 32}
PERIOD = ["2025-01-01", "2025-12-31"]
HOLDER = "account/uscc-91510100MA61RXYW17"

EXAMPLES: dict[str, dict[str, Any]] = {
    "/batches": {
        "project": "project/mfzwizltoq2gk3tb",
        "amount": "1000",
        "period": PERIOD,
    },
    "/batches/deposit": {
        "standard": "CCER",
        "home_serials": "CCER-51-1001-2000",
        "holder": HOLDER,
        "period": PERIOD,
        **DOCUMENT,
    },
    "/batches/deposit-allowances": {
        "standard": "CEA",
        "home_serials": "CEA-2025-1-500",
        "holder": HOLDER,
        "year": "2025",
        "expires": "2027-12-31",
        **DOCUMENT,
    },
    "/batches/{batch}/carry-over": {**BATCH, "expires": "2028-12-31", **DOCUMENT},
    "/batches/{batch}/carve": {**BATCH, "amount": "12.5", "holder": HOLDER},
    "/batches/{batch}/trade": {
        **BATCH,
        "amount": "12.5",
        "giver": HOLDER,
        "taker": "account/nbswy3dpeb3w64tm",
    },
    "/batches/{batch}/suspend": {**BATCH, **DOCUMENT},
    "/batches/{batch}/reinstate": {**BATCH, **DOCUMENT},
    "/batches/{batch}/cancel": {
        **BATCH,
        "amount": "27g",
        "holder": HOLDER,
        "reason": "erroneous",
        **DOCUMENT,
    },
    "/batches/{batch}/release-buffer": {**BATCH, "amount": "1", "taker": HOLDER},
}
