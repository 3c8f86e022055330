"""Turn bench/results.json, which `make bench` writes, into the table of docs/benchmarks.md.

python bench/report.py          print the table
python bench/report.py --write  put it between the markers in docs/benchmarks.md
"""

import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
START, END = "<!-- results: generated -->\n", "<!-- results: end -->"
REFERENCE = "test_reference_verifications"


def table(results: dict[str, Any]) -> str:
    """A line for each benchmark: how many a second, and the ratio to the reference of the same run."""
    found = {item["name"]: item for item in results["benchmarks"]}
    reference = _rate(found[REFERENCE])
    lines = ["| benchmark | a second (median) | ms each | to the reference |", "|---|---|---|---|"]
    for name, item in found.items():
        rate = _rate(item)
        told = name.removeprefix("test_").replace("_", " ")
        lines.append(f"| {told} | {rate:,.0f} | {1000 / rate:,.3f} | {rate / reference:.3f} |")
    sizes = {
        key: value
        for item in found.values()
        for key, value in item["extra_info"].items()
        if key != "operations"
    }
    lines += ["", "| size | |", "|---|---|"]
    for key, value in sizes.items():
        shown = f"{value:.2f}" if isinstance(value, float) else f"{value:,}"
        lines.append(f"| {key.replace('_', ' ')} | {shown} |")
    return "\n".join(lines) + "\n"


def _rate(item: dict[str, Any]) -> float:
    return float(item["extra_info"]["operations"]) / float(item["stats"]["median"])


def main() -> None:
    """Print or write the table."""
    made = table(json.loads((HERE / "results.json").read_text("utf-8")))
    if "--write" not in sys.argv[1:]:
        sys.stdout.write(made)
        return
    before, _, rest = PAGE.read_text("utf-8").partition(START)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{START}{made}{END}{after}", "utf-8")


if __name__ == "__main__":
    main()
