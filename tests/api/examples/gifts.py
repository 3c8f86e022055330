"""What a guest asks, at the least: a gift is named by its code, the code's key, or an account."""

from typing import Any

EXAMPLES: dict[str, dict[str, Any]] = {
    "/gifts/claim": {"bearer": "ab" * 32, "to": "account/qrstuvwxyz234567"},
    "/gifts/retire": {
        "code": "00041-06105-0R3GG-28A1C-60T3G-FW8JH",
        "journey": ["rail:300km", "hotel:1night"],
    },
}
