"""Print the tables of docs/api.md that follow from the code, or put them there.

python tools/api_page.py            print them
python tools/api_page.py --write    replace what stands between their markers in docs/api.md
"""

import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

from registry.api.acts.every import ACTS
from registry.api.app import create_app
from registry.api.problems import STATUS_OF, STATUS_OF_CODE
from registry.api.resources import LISTED, RESOURCES
from registry.api.settings import read_settings
from registry.desk.ask import Ask
from registry.desk.codes import ACCESS, HTTP
from registry.errors import RefusedError, UnavailableError

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "api.md"
ANYBODY = "anybody"
OWN = "`read`, of one's own"
LOGIN = "who has a login"
OTHERS = {
    "audit": "`audit`",
    "audits": "`audit`",
    "begin_audits": "`audit`",
    "forget_handout": "who asked for it, or may act for the account",
    "get_certificate": ANYBODY,
    "get_certificate_dossier": ANYBODY,
    "get_certificate_proof": ANYBODY,
    "get_entry": ANYBODY,
    "get_log": ANYBODY,
    "get_checkpoint": ANYBODY,
    "get_stream": ANYBODY,
    "give_to_list": "`act:campaigns`",
    "health": ANYBODY,
    "import_books": "`act:batches`",
    "job": "who asked for it, or `read` of the account",
    "job_certificates": "who asked for it, or may act for the account",
    "job_codes": "who asked for it, or may act for the account",
    "job_proof": "who asked for it, or may act for the account",
    "job_proofs": "who asked for it, or may act for the account",
    "jobs": LOGIN,
    "list_accounts_balances": OWN,
    "list_accounts_keys": OWN,
    "list_entries": ANYBODY,
    "list_rows": ANYBODY,
    "list_streams": ANYBODY,
    "me": LOGIN,
    "metrics": "who has `metrics_token`, if one is set",
    "paper_form": ANYBODY,
    "paper_list": ANYBODY,
    "paper_reconcile": ANYBODY,
    "paper_reconcile_published": ANYBODY,
    "paper_summary": ANYBODY,
    "prove_consistency": ANYBODY,
    "prove_entry": ANYBODY,
    "ready": ANYBODY,
    "retire_for_list": "`act:retirements`",
    "sign_intent": "`sign`",
    "stream_account": OWN,
    "stream_retirements": ANYBODY,
    "submit_intent": "who has the signatures",
    "trace_gram": ANYBODY,
    "verify_certificate": ANYBODY,
}
"""Who may ask, of the routes that are neither acts nor tables."""
AREAS = {"keys": "`keys`", "webhooks": "`webhooks`"}
"""The same, of whole areas."""
COMMANDS = frozenset({"address_in_use", "asserts_off", "bad_setting", "not_bound"})
"""What only a command says that somebody typed."""


@cache
def operations() -> tuple[tuple[str, str, Mapping[str, Any]], ...]:
    """Every method, path and operation that OpenAPI has, by path."""
    nothing = MagicMock()
    # Only what there is to ask is made of it: nothing is asked.
    nothing.settings = read_settings()
    told = create_app(nothing).openapi()
    found = [
        (method.upper(), path, operation)
        for path, methods in told["paths"].items()
        for method, operation in methods.items()
    ]
    return tuple(sorted(found, key=lambda one: (one[1].replace("{", " "), one[0])))


def who(path: str, operation: Mapping[str, Any]) -> str:
    """Who may ask.

    Raises:
        KeyError: nobody said so of this operation.
    """
    name, (area, *_) = operation["operationId"], operation["tags"]
    for act in ACTS:
        if name == act.operation:
            bears = act.ask.borne_by is not Ask.borne_by
            return f"`act:{act.area}`" + (", or who has the code" if bears else "")
    if name in OTHERS:
        return OTHERS[name]
    if area in AREAS:
        return AREAS[area]
    return OWN if dict(_tables())[path] else ANYBODY


def _tables() -> Iterator[tuple[str, bool]]:
    """The path of every table and list, and whether it is for those whom it concerns."""
    for resource in RESOURCES:
        for path in (resource.path, *resource.under, f"{resource.path}/{{{resource.item}}}"):
            yield f"/v1{path}", resource.login
    for listed in LISTED:
        yield f"/v1/lists/{listed.name}", listed.login
        if listed.name == "offers":
            yield "/v1/offers", listed.login


def tables() -> dict[str, str]:
    """Every generated table, by name, each line ended."""
    return {"routes": _routes(), "codes": _codes()}


def put(text: str) -> str:
    """`text` with every generated table between its markers."""
    for name, table in tables().items():
        start, end = f"<!-- {name}: generated -->\n", f"<!-- {name}: end -->"
        before, _, rest = text.partition(start)
        _, _, after = rest.partition(end)
        text = f"{before}{start}{table}{end}{after}"
    return text


def _routes() -> str:
    lines = ["| | path | who | |", "|---|---|---|---|"]
    for method, path, operation in operations():
        about = operation["description"].splitlines()[0].partition(" / ")[0].rstrip(".")
        lines.append(f"| {method} | `{path}` | {who(path, operation)} | {about} |")
    return "\n".join(lines) + "\n"


def _codes() -> str:
    lines = ["| code | status | says |", "|---|---|---|"]
    for code, (_, english) in sorted({**HTTP, **ACCESS}.items()):
        status = "—" if code in COMMANDS else str(_status(code))
        lines.append(f"| `{code}` | {status} | {_plain(english)} |")
    return "\n".join(lines) + "\n"


def _status(code: str) -> int:
    otherwise = UnavailableError if code in _unavailable() else RefusedError
    return STATUS_OF_CODE.get(code, STATUS_OF[otherwise])


@cache
def _unavailable() -> frozenset[str]:
    """The codes that pass by themselves."""
    said = re.compile(rf'{UnavailableError.__name__}\(\s*"(\w+)"')
    files = [ROOT / "registry/api", ROOT / "registry/store"]
    return frozenset(
        code
        for folder in files
        for file in folder.rglob("*.py")
        for code in said.findall(file.read_text("utf-8"))
    )


def _plain(text: str) -> str:
    """The text of a code without its facts."""
    return re.sub(r"\{\w+\}", "…", re.sub(r"\[[^\]]*\]", "", text)).replace("|", "\\|")


if __name__ == "__main__":
    if "--write" in sys.argv[1:]:
        PAGE.write_text(put(PAGE.read_text("utf-8")), "utf-8")
    else:
        print("\n".join(tables().values()))
