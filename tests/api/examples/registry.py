"""What is asked of each act of the registry itself, at the least: the fields of the path and of the body together."""

from typing import Any

ROLE = {"account": "account/uscc-91510100MA61RXYZ17", "role": "exchange"}
DOCUMENT = {"document": "ab" * 32}
KIND = {"standard": "CCER", "credit_class": "reduction"}

EXAMPLES: dict[str, dict[str, Any]] = {
    "/roles/grant": ROLE,
    "/roles/withdraw": ROLE,
    "/policies/set": {"policy": "buffer_share", "standard": "CCER", "number": "50", **DOCUMENT},
    "/standards": KIND,
    "/standards/recognise-across": {
        **KIND,
        "home": "CQTF",
        "serial_format": "12:0:1:2",
        "partner": "account/uscc-91510100MA61RXYZ17",
        **DOCUMENT,
    },
    "/standards/{standard}/withdraw": {"standard": "CCER", **DOCUMENT},
}
