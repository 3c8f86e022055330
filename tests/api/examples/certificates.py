"""What is asked of each act on a certificate, at the least: the fields of the path and of the body together."""

from typing import Any

WHICH = {"certificate": "abcd-efgh-ijkl-mnop"}
COURT = {"court": "account/qrstuvwxyz234567"}
DOCUMENT = {"document": "ab" * 32}

EXAMPLES: dict[str, dict[str, Any]] = {
    "/certificates/{certificate}/home-cancelled": {
        **WHICH,
        **DOCUMENT,
        "standard": "VCS",
        "reference": "VCS-2026-17",
        "day": "2026-10-01",
    },
    "/certificates/{certificate}/replace": {
        **WHICH,
        **DOCUMENT,
        "period": ["2025-01-01", "2025-12-31"],
        "activity": "更正后的活动",
        "organisers": ["甲", "乙"],
    },
    "/certificates/{certificate}/annul": {**WHICH, **DOCUMENT, **COURT},
    "/certificates/{certificate}/witness": {**WHICH, "number": "W-2026-1"},
    "/certificates/{certificate}/confirm": {**WHICH, **DOCUMENT, **COURT},
    "/certificates/{certificate}/adopt": WHICH,
    "/certificates/{certificate}/numbered-before": {
        **WHICH,
        "number": "SCFG-0001",
        "source": "cd" * 32,
    },
}
