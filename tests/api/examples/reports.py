"""What is asked of each act of a report, at the least: the fields of the path and of the body together."""

from typing import Any

WHICH = {"report": "report/abcdefghijklmnop"}

EXAMPLES: dict[str, dict[str, Any]] = {
    "/reports": {
        "file": "ab" * 32,
        "sort": "list",
        "area": "510100",
        "period": ["2025-05-01", "2026-04-30"],
    },
    "/reports/{report}/submit": {**WHICH, "to": "account/qrstuvwxyz234567"},
    "/reports/{report}/return": {**WHICH, "document": "ab" * 32},
    "/reports/{report}/accept": WHICH,
    "/reports/{report}/amend": {**WHICH, "file": "cd" * 32, "total": "0"},
}
