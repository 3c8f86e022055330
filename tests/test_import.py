"""A published list enters as it is, all of it or nothing, and once, however the file is spelled."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from registry.acts import published_list
from registry.acts.published_list import read
from registry.domain.batch import Batch
from registry.errors import RefusedError
from registry.store.beginning import create
from registry.store.importer import Importer, import_list
from registry.store.log import Moment
from registry.store.operator import Operator
from registry.store.views import views
from registry.verifier.audit import audit
from tests.books import home
from tests.grounds import BACKENDS, ground, place, schemas
from tests.servers import server

LIST = Path(published_list.__file__).parents[1] / "data" / "neutrality-list-2024.csv"
WHOLE = LIST.read_bytes()
UNTIL = "2026-11"
HEADER = "no,activity,organiser,category,tonnes,month\n"

__all__ = ["ground", "home", "place", "schemas", "server"]


def spelled(**options):
    """The list, written again by another program."""
    rows = list(csv.reader(io.StringIO(WHOLE.decode())))
    out = io.StringIO()
    csv.writer(out, **options).writerows(rows)
    return out.getvalue().encode()


@pytest.fixture(params=BACKENDS)
def backend(request):
    return request.param


@pytest.fixture
def operator(place):
    create(place, origin="demo.registry.example/list")
    opened = Operator(place)
    yield opened
    opened.close()


def retired(operator, *by):
    with views(operator.log) as tables:
        return tables.totals("retirements", by)


def test_the_published_list_enters_gram_by_gram(operator):
    rows = import_list(operator, read(WHOLE, until=UNTIL))

    assert retired(operator) == {(): (len(rows), 616_921_203_000)}
    assert len(rows) == 132
    assert len(retired(operator, "purpose")) == 8
    assert retired(operator, "month")["2023-09",] == (20, 453_901_033_000)
    flagged = {
        item.row.number: verdict[3]
        for item in rows
        for verdict in item.verdicts
        if verdict[2] == "flag"
    }
    assert flagged == dict.fromkeys((69, 72, 74, 87, 88, 103, 110), "early") | {131: "late"}
    assert audit(operator.log.place, operator.vkey()).retired_g == 616_921_203_000


@pytest.mark.parametrize(
    ("backend", "again"),
    [
        ("postgres", WHOLE),
        ("sqlite", WHOLE),
        ("sqlite", b"\xef\xbb\xbf" + WHOLE),
        ("sqlite", WHOLE + b"\n\n"),
        ("sqlite", spelled(quoting=csv.QUOTE_ALL)),
        ("sqlite", spelled(lineterminator="\r")),
        ("sqlite", spelled(lineterminator="\r\n").rstrip()),
    ],
    ids=[
        *("on a server", "the same", "byte order mark", "blank lines", "quotes", "CR"),
        "CRLF, no last line end",
    ],
    indirect=["backend"],
)
def test_a_second_time_has_no_second_effect_however_it_is_spelled(operator, again):
    import_list(operator, read(WHOLE, until=UNTIL))
    before = sum(1 for _ in operator.log.entries())

    rows = import_list(operator, read(again, until=UNTIL))

    assert len(rows) == 132
    assert sum(1 for _ in operator.log.entries()) == before


def test_rows_that_another_edition_entered_are_refused_by_number(operator):
    import_list(operator, read(WHOLE, until=UNTIL))
    before = sum(1 for _ in operator.log.entries())
    grown = WHOLE + "133,新活动,某主办,会议,5,2024-04\n".encode()

    with pytest.raises(RefusedError) as refusal:
        import_list(operator, read(grown, until=UNTIL))

    assert refusal.value.code == "seems_imported"
    assert refusal.value.facts["rows"] == list(range(1, 133))
    assert sum(1 for _ in operator.log.entries()) == before


def test_the_new_rows_alone_enter_from_the_stock_that_is_left(operator):
    import_list(operator, read(WHOLE, until=UNTIL))
    batches = len(list(states(operator)))
    only_new = (HEADER + "133,新活动,四川省循环经济协会,会议,5,2024-04\n").encode()

    (row,) = import_list(operator, read(only_new, until=UNTIL))

    assert retired(operator, "number")[row.number,] == (1, 5_000_000)
    assert len(list(states(operator))) == batches


def states(operator):
    with operator.log.recorder.reading() as cursor:
        moment = Moment(cursor)
        for name in moment.streams("batch/"):
            state = moment.stream(name).state
            assert isinstance(state, Batch)
            yield state


def test_a_dry_run_foresees_what_the_run_records(operator):
    published = read(WHOLE, until=UNTIL)
    plan = Importer(operator, published).plan()

    rows = import_list(operator, published)

    assert [(item.row, item.verdicts) for item in rows] == list(plan.foreseen)
    assert len(plan.to_open) == 97


BAD = """no,activity,organiser,category,tonnes,month
1,活动,主办,会议,0,2023-13
x,活动2023-02-30至2023-03-01,,开会,-1,2023-05
2,活动,主办,会议,1.0000001,1999-01
3,活动,主办,会议,1,2026-12
3,活动,主办,会议,"1,000",2023-05
3,活动,主办,会议,1
4,活动,主办,会议,１,2023-05
5,活动,主办,会议,1,2023-05
5,活动,主办,会议,2,2023-06
"""


def test_everything_bad_is_named_by_line_and_field_at_once(operator):
    before = sum(1 for _ in operator.log.entries())

    with pytest.raises(RefusedError) as refusal:
        import_list(operator, read(BAD.encode(), until=UNTIL))

    assert refusal.value.code == "bad_rows"
    named = [(line, field) for line, field, _, _ in refusal.value.facts["rows"]]
    assert named == [
        (2, "tonnes"),
        (2, "month"),
        (3, "no"),
        (3, "activity"),
        (3, "organiser"),
        (3, "category"),
        (3, "tonnes"),
        (4, "tonnes"),
        (4, "month"),
        (5, "month"),
        (6, "tonnes"),
        (7, "columns"),
        (8, "tonnes"),
        (10, "no"),
    ]
    assert sum(1 for _ in operator.log.entries()) == before


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "bad_header"),
        (HEADER.encode(), "bad_header"),
        (WHOLE.partition(b"\n")[2], "bad_header"),
        (WHOLE.decode().encode("gbk", "replace"), "not_utf8"),
        (HEADER.encode() + b'1,"open,b,c,1,2023-05\n', "bad_rows"),
    ],
)
def test_what_is_no_list_is_refused(data, code):
    with pytest.raises(RefusedError) as refusal:
        read(data, until=UNTIL)

    assert refusal.value.code == code


def test_two_who_import_at_once_both_succeed_and_every_row_enters_once(place):
    create(place, origin="demo.registry.example/list")
    named = [place] if isinstance(place, Path) else [place.url, "--state", place.state]
    command = [sys.executable, "-m", "registry.cli.main", "import-list", LIST, "--dir", *named]

    started = [
        subprocess.Popen([*map(str, command), "--json"], stdout=subprocess.PIPE) for _ in range(2)
    ]
    said = [json.loads(process.communicate()[0]) for process in started]

    assert [process.returncode for process in started] == [0, 0]
    assert sorted(one["rows"] for one in said) == [0, 132]
    opened = Operator(place)
    found = audit(place, opened.vkey())
    opened.close()
    assert (found.certificates, found.retired_g) == (132, 616_921_203_000)
