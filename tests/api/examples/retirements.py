"""What is asked of retirements, at the least."""

from typing import Any

HOLDER = "account/uscc-91510100MA61RXYW17"

EXAMPLES: dict[str, dict[str, Any]] = {
    "/retirements": {"amount": "12.5", "holder": HOLDER, "purpose": "meeting"},
    "/retirements/for-many": {
        "holder": HOLDER,
        "purpose": "individual",
        "rows": [{"name": "王一", "amount": "27g"}, {"name": "李二", "amount": "0.5"}],
    },
}
