"""How much memory a process takes that has opened a registry and recorded a group of transfers in each of some batches.

python -m bench.resident DIRECTORY GIVER TAKER BATCH...     a line of KiB for each batch
"""

import re
import sys
from pathlib import Path

from registry.store.committer import Receipt
from registry.store.operator import Operator

TRANSFERS = 100


def resident_kib() -> int:
    """What of this process is in memory now, in KiB."""
    told = re.search(r"VmRSS:\s+([0-9]+) kB", Path("/proc/self/status").read_text("ascii"))
    assert told is not None
    return int(told[1])


def main() -> None:
    """Work in each batch, and tell."""
    directory, giver, taker, *batches = sys.argv[1:]
    operator = Operator(Path(directory))
    body = {
        "giver": giver,
        "taker": taker,
        "amount_g": 1,
        "standard": "VCU",
        "range": None,
        "venue": None,
        "trade": None,
    }
    for batch in batches:
        parts = [(batch, [("batch.transferred.v1", body)])]
        requests = [operator.request(operator.setting(giver), parts) for _ in range(TRANSFERS)]
        answers = operator.committer.commit(requests)
        assert all(isinstance(answer, Receipt) for answer in answers)
        sys.stdout.write(f"{resident_kib()}\n")
    operator.close()


if __name__ == "__main__":
    main()
