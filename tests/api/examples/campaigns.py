"""What is asked of each act of a campaign, at the least: the fields of the path and of the body together."""

from typing import Any

WHICH = {"campaign": "campaign/abcdefghijklmnop"}

EXAMPLES: dict[str, dict[str, Any]] = {
    "/campaigns": {
        "organiser": "account/uscc-91510100MA61RXYZ17",
        "occasion": "绿色马拉松",
        "terms": "ab" * 32,
        "standard": "SCFG",
        "each": "0.02",
        "deadline": "2027-06-30",
    },
    "/campaigns/{campaign}/fund": {**WHICH, "amount": "12.5"},
    "/campaigns/{campaign}/gifts": {
        **WHICH,
        "gifts": [{"taker": "account/qrstuvwxyz234567"}, {"taker": "bearer/" + "a" * 52}],
    },
    "/campaigns/{campaign}/return": WHICH,
    "/campaigns/{campaign}/close": WHICH,
}
