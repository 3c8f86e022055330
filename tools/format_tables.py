"""Print the tables of docs/format.md that follow from the code, or put them there.

python tools/format_tables.py            print them
python tools/format_tables.py --write    replace what stands between their markers in docs/format.md
"""

import sys
from pathlib import Path
from typing import Any

from registry.domain import (
    account_freezes,
    account_life,
    account_ties,
    activity,
    batch,
    campaign,
    certificate,
    conduct,
    order,
    project,
    report,
    roles,
    shape,
    standard,
)
from registry.domain.account import LEGAL_FORMS
from registry.domain.form import Capacity, Form, PartForm
from registry.domain.forms import FORMS
from registry.domain.kinds import EVENTS

FORMAT = Path(__file__).parents[1] / "docs" / "format.md"


def _of(hint: Any) -> int:
    """Which check an annotated type has."""
    return id(hint.__metadata__[0])


# What the document calls the checks that are no alias in `shape`.
_OTHERS = {
    id(roles.Created.__annotations__["officers"].__metadata__[0]): "[[Account, Key], …], 2 to 8",
    id(roles.RoleGranted.__annotations__["role"].__metadata__[0]): "Role",
    id(standard.Recognised.__annotations__["credit_class"].__metadata__[0]): "Class",
    id(standard.Recognised.__annotations__["claims"].__metadata__[0]): "[Purpose, …]",
    id(standard.Recognised.__annotations__["serial_format"].__metadata__[0]): "SerialFormat?",
    id(standard.Deposited.__annotations__["home_serials"].__metadata__[0]): "Spelled",
    id(project.Listed.__annotations__["method"].__metadata__[0]): "Method",
    id(project.Listed.__annotations__["excluded"].__metadata__[0]): "[Mechanism, …]",
    _of(batch.Year): "Year",
    _of(batch.BatchName): "Batch",
    _of(batch.LockGround): "LockGround",
    _of(batch.CancelReason): "CancelReason",
    _of(batch.Left): "Grams, or 0",
    _of(batch.OptionalMeans): "Means?",
    id(campaign.Given.__annotations__["count"].__metadata__[0]): "integer from 1 to 131,072",
    _of(campaign.Left): "Grams, or 0",
    _of(order.Basis): "Basis",
    _of(order.OptionalFen): "Fen?",
    _of(order.Standards): "[Code, …], sorted, 1 to 16",
    _of(order.Regions): "[Place, …], sorted, 0 to 16",
    _of(order.Instalments): "[[Day, integer], …], rising by day, 0 to 24",
    id(order.Bought.__annotations__["project"].__metadata__[0]): "Project?",
    id(roles.PolicySet.__annotations__["policy"].__metadata__[0]): "PolicyName",
    id(roles.PolicySet.__annotations__["codes"].__metadata__[0]): "[PolicyCode, …]",
    id(roles.PolicySet.__annotations__["number"].__metadata__[0]): "Number?",
    id(standard.CrossRecognised.__annotations__["serial_format"].__metadata__[0]): "SerialFormat",
    id(standard.AllowancesDeposited.__annotations__["year"].__metadata__[0]): "Year",
    id(account_freezes.FreezeConsented.__annotations__["order"].__metadata__[0]): "Order",
    id(account_life.Bound.__annotations__["to"].__metadata__[0]): "Binding",
    id(account_life.MandateGiven.__annotations__["standards"].__metadata__[0]): (
        "[Code, …], sorted, 0 to 16"
    ),
    id(account_life.Notified.__annotations__["channel"].__metadata__[0]): "Channel",
    id(account_ties.Devolved.__annotations__["reason"].__metadata__[0]): "Succession",
    _of(certificate.Reason): "Reason",
    _of(certificate.Number): "Certificate",
    _of(certificate.Row): "DetachedRow",
    _of(certificate.RowPath): "RowPath",
    _of(certificate.RowNumber): "RowNumber",
    _of(activity.Phases): "[Phase, …], sorted, 1 to 3",
    _of(activity.Method): "AccountingMethod",
    _of(activity.Neutrality): "Neutrality",
    _of(activity.Mode): "Mode",
    _of(activity.Codes): "[Code, …], sorted, 0 to 16",
    _of(activity.Scale): "integer from 1 to 1,000,000,000?",
    _of(activity.Number): "Certificate",
    id(activity.Published.__annotations__["report"].__metadata__[0]): "Report",
    _of(conduct.Level): "Level",
    _of(conduct.Decision): "Decision",
    _of(conduct.Review): "Review",
    _of(report.Sort): "Sort",
    _of(report.Count): "Count",
}
_OPTIONAL = "Optional"


def tables() -> dict[str, str]:
    """The generated tables, by the name of their markers."""
    return {"forms": _forms(), "kinds": _kinds(), "choices": _choices()}


def put(text: str) -> str:
    """`text` with every generated table between its markers."""
    for name, table in tables().items():
        start, end = f"<!-- {name}: generated -->\n", f"<!-- {name}: end -->"
        before, _, rest = text.partition(start)
        _, _, after = rest.partition(end)
        text = f"{before}{start}{table}{end}{after}"
    return text


def _forms() -> str:
    lines = ["| form | parts, in order | signers, author first | equal | controllers |"]
    lines.append("|---|---|---|---|---|")
    for form in FORMS:
        equal = "; ".join(" = ".join(f"`{field}`" for field in group) for group in form.equal)
        lines.append(
            f"| {form.name} | {_parts(form)} | {_signers(form)} | {equal or '—'} |"
            f" {'distinct' if form.distinct else '—'} |"
        )
    return "\n".join(lines) + "\n"


def _parts(form: Form) -> str:
    return " · ".join(_part(part) for part in form.parts)


def _part(part: PartForm) -> str:
    kinds = " + ".join(f"`{kind}`" for kind in part.kinds)
    return kinds if part.most == 1 else f"{kinds} ({part.least} to {part.most} parts)"


def _signers(form: Form) -> str:
    return ", ".join(_capacity(capacity) for capacity in form.signers)


def _capacity(capacity: Capacity) -> str:
    told = capacity.name
    if capacity.field:
        told += f" `{capacity.field}`"
    if capacity.roles:
        told += " with role " + " or ".join(f"`{role}`" for role in capacity.roles)
    if capacity.instead:
        told += f", or whoever has role `{capacity.instead}`"
    if capacity.once:
        told += ", unless it signs already"
    return f"{told}, each" if capacity.many else told


def _kinds() -> str:
    lines = ["| kind | fields | consults besides |", "|---|---|---|"]
    for kind, event in EVENTS.items():
        fields = ", ".join(f"`{name}` {_type(kind, name)}" for name in shape.schema(event))
        consults = ", ".join(
            f"`{prefix}/` of `{field}`"
            for prefix, _, field in (rule.partition(" ") for rule in vars(event)["consults"])
        )
        lines.append(f"| `{kind}` | {fields} | {consults or '—'} |")
    return "\n".join(lines) + "\n"


def _type(kind: str, name: str) -> str:
    check = shape.schema(EVENTS[kind])[name]
    for alias, hint in vars(shape).items():
        metadata = getattr(hint, "__metadata__", ())
        if metadata and metadata[0] is check:
            plain = alias.removeprefix(_OPTIONAL)
            return f"{plain}?" if plain != alias or alias == "Serials" else plain
    if id(check) in _OTHERS:
        return _OTHERS[id(check)]
    return _by_example(name)


def _by_example(name: str) -> str:
    """The type of a field whose check is made where it is declared."""
    named = {
        "activity": "Activity",
        "batch": "Batch",
        "certificate": "Certificate",
        "ground": "Ground",
        "legal_form": "LegalForm",
        "project": "Project",
        "row": "Row",
    }
    return named.get(name, "Purpose")


def _choices() -> str:
    rows = {
        "Role": roles.ROLES,
        "Class": standard.CLASSES,
        "Purpose": standard.PURPOSES,
        "LegalForm": LEGAL_FORMS,
        "PolicyName": roles.POLICIES.keys(),
        "Channel": account_life.CHANNELS,
        "Succession": account_ties.REASONS,
        "Ground": certificate.GROUNDS,
        "LockGround": batch.LOCK_GROUNDS,
        "CancelReason": batch.CANCEL_REASONS,
        "Reason": certificate.REASONS,
        "Phase": activity.PHASES,
        "AccountingMethod": activity.METHODS,
        "Neutrality": activity.NEUTRALITIES,
        "Mode": activity.MODES,
        "Level": conduct.LEVELS,
        "Decision": conduct.DECISIONS,
        "Review": conduct.REVIEWS,
        "Sort": report.SORTS,
        "Basis": order.ISSUERS,
    }
    lines = ["| type | one of |", "|---|---|"]
    for name, choices in rows.items():
        lines.append(f"| {name} | {', '.join(f'`{choice}`' for choice in sorted(choices))} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if "--write" in sys.argv[1:]:
        FORMAT.write_text(put(FORMAT.read_text("utf-8")), "utf-8")
    else:
        print("\n".join(tables().values()))
