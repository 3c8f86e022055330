"""A registry to measure on: the published list, and signed transfers ready to be recorded."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from registry.acts import published_list
from registry.store.beginning import create
from registry.store.committer import Request
from registry.store.importer import STOCK, Importer, account_names
from registry.store.log import Moment
from registry.store.operator import Operator

LIST = Path(__file__).parents[1] / "registry" / "data" / "neutrality-list-2024.csv"


@dataclass(frozen=True)
class Shop:
    """An operator, the account that holds the stock, a taker, and the batch."""

    directory: Path
    operator: Operator
    stock: str
    taker: str
    batch: str

    def transfers(self, count: int) -> list[Request]:
        """So many transfers of one gram, signed by their author and checked."""
        body = {
            "giver": self.stock,
            "taker": self.taker,
            "amount_g": 1,
            "standard": "SCFG",
            "range": None,
            "venue": None,
            "trade": None,
        }
        parts = [(self.batch, [("batch.transferred.v1", body)])]
        operator = self.operator
        return [operator.request(operator.setting(self.stock), parts) for _ in range(count)]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    for variable in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable.lower()))
    directory = tmp_path / "registry"
    create(directory, origin="demo.bench.invalid")
    operator = Operator(directory)
    rows = Importer(operator, published_list.read(LIST.read_bytes(), until="2026-11")).run()
    with operator.log.recorder.reading() as cursor:
        moment = Moment(cursor)
        names = account_names(moment, operator.log.openings)
        scfg = next(row for row in rows if row.standard == "SCFG")
        batch = moment.placed(scfg.index).entry.intent.parts[0].stream
    yield Shop(directory, operator, names[STOCK], names[scfg.row.organiser], batch)
    operator.close()
