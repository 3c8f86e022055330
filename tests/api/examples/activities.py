"""What is asked of each act of an activity, at the least: the fields of the path and of the body together."""

from typing import Any

WHICH = {"activity": "activity/abcdefghijklmnop"}
DOCUMENT = {"document": "ab" * 32}

EXAMPLES: dict[str, dict[str, Any]] = {
    "/activities": {
        "organiser": "account/uscc-91510100MA61RXYZ17",
        "form": "ab" * 32,
        "name": "低碳论坛",
        "category": "meeting",
        "days": ["2026-12-01", "2026-12-03"],
        "place": "510100",
        "scale": 300,
        "boundary": ["holding", "preparation"],
        "expected": "12.5",
        "planned": "12.5",
        "due": "2027-06-30",
    },
    "/activities/{activity}/receive": {**WHICH, **DOCUMENT, "receipt": "CD-1"},
    "/activities/{activity}/account": {**WHICH, "emissions": "11.25", "report": "cd" * 32},
    "/activities/{activity}/measures": {**WHICH, **DOCUMENT},
    "/activities/{activity}/offset": {**WHICH, "certificates": ["abcd-efgh-ijkl-mnop"]},
    "/activities/{activity}/confirm": {**WHICH, **DOCUMENT, "mode": "self"},
    "/activities/{activity}/publish": {**WHICH, "report": "report/abcdefghijklmnop"},
}
