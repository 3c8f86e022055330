"""What is asked of a transfer, at the least."""

from typing import Any

EXAMPLES: dict[str, dict[str, Any]] = {
    "/transfers": {
        "amount": "12.5",
        "giver": "account/uscc-91510100MA61RXYW17",
        "taker": "account/nbswy3dpeb3w64tm",
    },
}
