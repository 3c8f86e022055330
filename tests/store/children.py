"""What other processes do in the store's tests; kept apart so that a spawned child imports little."""

import sys
from pathlib import Path
from typing import Any

from registry.errors import RefusedError
from registry.store.committer import Receipt
from registry.store.operator import Operator


def transfer(operator: Operator, batch: str, giver: str, taker: str) -> Any:
    """A request that moves one gram."""
    body = {
        "giver": giver,
        "taker": taker,
        "amount_g": 1,
        "standard": "SCFG",
        "range": None,
        "venue": None,
        "trade": None,
    }
    return operator.request(operator.setting(giver), [(batch, [("batch.transferred.v1", body)])])


def transfers(directory: str, batch: str, giver: str, taker: str, count: int) -> list[int]:
    """The indexes that `count` transfers got, one commit each."""
    operator = Operator(Path(directory))
    made = []
    for _ in range(count):
        (answer,) = operator.committer.commit([transfer(operator, batch, giver, taker)])
        assert isinstance(answer, Receipt)
        made.append(answer.index)
    operator.close()
    return made


def commits(directory: str, request: Any) -> tuple[str, int | str]:
    """How one request ends: ("recorded", index) or ("refused", code)."""
    operator = Operator(Path(directory))
    (answer,) = operator.committer.commit([request])
    operator.close()
    if isinstance(answer, RefusedError):
        return "refused", answer.code
    return "recorded", answer.index


def main() -> None:
    """Wait for a word, then write until killed; every receipt is told as soon as it is there."""
    directory, batch, giver, taker = sys.argv[1:]
    sys.stdin.readline()
    operator = Operator(Path(directory))
    while True:
        requests = [transfer(operator, batch, giver, taker) for _ in range(3)]
        for answer in operator.committer.commit(requests):
            assert isinstance(answer, Receipt)
            sys.stdout.write(f"{answer.index} {answer.leaf.hex()}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
