"""What is asked of each act of offers, at the least: the fields of the path and of the body together."""

from typing import Any

OFFER = {
    "amount": "12.5",
    "giver": "account/uscc-91510100MA61RXYZ17",
    "taker": "account/uscc-91350100M000100Y43",
    "until": "2999-12-31",
}

EXAMPLES: dict[str, dict[str, Any]] = {
    "/offers": OFFER,
    "/offers/donate": OFFER,
    "/offers/{offer}/accept": {"offer": 7},
    "/offers/{offer}/decline": {"offer": 7},
    "/offers/{offer}/withdraw": {"offer": 7},
    "/offers/{offer}/lapse": {"offer": 7},
}
