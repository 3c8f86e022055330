"""What is asked of each act on projects, at the least: the fields of the path and of the body together."""

from typing import Any

PROJECT = {"project": "project/mfzwizltoq2gk3tb"}
DOCUMENT = {"document": "ab" * 32}

EXAMPLES: dict[str, dict[str, Any]] = {
    "/projects": {
        "owner": "account/uscc-91510100MA61RXYW17",
        "name": "高原风电",
        "standard": "CDCER",
        "method": "CDCER-01-001",
        "place": "510100",
        "crediting": ["2024-01-01", "2033-12-31"],
        "boundary": "cd" * 32,
    },
    "/projects/{project}/validate": {**PROJECT, **DOCUMENT},
    "/projects/{project}/register": {**PROJECT, **DOCUMENT},
    "/projects/{project}/verify": {
        **PROJECT,
        "amount": "1000",
        "period": ["2025-01-01", "2025-12-31"],
        "report": "ef" * 32,
    },
    "/projects/{project}/suspend": {**PROJECT, **DOCUMENT},
    "/projects/{project}/reinstate": {**PROJECT, **DOCUMENT},
    "/projects/{project}/cancel": {**PROJECT, **DOCUMENT},
}
