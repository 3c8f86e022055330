"""The tables of docs/format.md, read as a stranger reads them: which forms there are, and what each kind looks at."""

import re
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parents[2] / "docs" / "format.md"
QUOTED = re.compile(r"`([^`]+)`")
# A signer goes on after a comma that another capacity does not follow.
GOES_ON = re.compile(r", (?=or whoever has role|unless it signs already|each)")


def table(name: str) -> list[list[str]]:
    """The cells of the generated table `name`, without its head."""
    text = PAGE.read_text("utf-8")
    _, _, rest = text.partition(f"<!-- {name}: generated -->")
    inside, _, _ = rest.partition(f"<!-- {name}: end -->")
    rows = [line for line in inside.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows[1:]]


@cache
def consulted() -> dict[str, list[tuple[str, str]]]:
    """By kind, the prefixes and fields of the streams that it looks at."""
    return {
        kind.strip("`"): re.findall(r"`([a-z]+)/` of `([a-z_]+)`", looked)
        for kind, _, looked in table("kinds")
        if "of" in looked
    }


@cache
def forms() -> list[dict[str, Any]]:
    """Every form: its parts with how often each may stand, its signers, what is equal in it, and who is distinct."""
    return [
        {
            "name": name,
            "parts": [_part(told) for told in parts.split(" · ")],
            "signers": [_signer(told) for told in _signers(signers)],
            "equal": [] if equal == "—" else [QUOTED.findall(one) for one in equal.split("; ")],
            "distinct": controllers == "distinct",
        }
        for name, parts, signers, equal, controllers in table("forms")
    ]


def _part(told: str) -> tuple[list[str], int, int]:
    kinds = QUOTED.findall(told)
    times = re.search(r"\((\d+) to (\d+) parts\)", told)
    return (kinds, int(times[1]), int(times[2])) if times else (kinds, 1, 1)


def _signers(told: str) -> list[str]:
    return GOES_ON.sub(" // ", told).split(", ")


def _signer(told: str) -> dict[str, Any]:
    """One capacity: the field that names it, the roles it must have, who may sign instead, and when it signs not."""
    first, *more = told.split(" // ")
    field = re.search(r"`([^`]+:[^`]+)`", first)
    _, _, roles = first.partition("with role ")
    return {
        "field": field[1] if field else None,
        "roles": QUOTED.findall(roles),
        "instead": any(one.startswith("or whoever") for one in more),
        "once": "unless it signs already" in more,
        "each": "each" in more,
    }


def form_of(kinds: list[list[str]]) -> dict[str, Any] | None:
    """The form whose parts these are."""
    for form in forms():
        counts = [range(least, most + 1) for _, least, most in form["parts"]]
        for times in product(*counts):
            if sum(times) == len(kinds):
                wanted = zip(form["parts"], times, strict=True)
                if [own for (own, _, _), n in wanted for _ in range(n)] == kinds:
                    return form
    return None
