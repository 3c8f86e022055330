"""Official papers as files: read back by another library than wrote them, and equal to what was published."""

import csv
import hashlib
import io
import json
import re
import stat
import zipfile
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from registry.acts import published_list
from registry.acts.propose import Hidden
from registry.desk import papers_xlsx
from registry.errors import RefusedError
from registry.place import Server
from registry.projections.papers.paper import Mass, Share, Sheet
from registry.store.beginning import create
from registry.store.importer import import_list
from registry.store.operator import Operator
from tests.books import Book, Clerk, book, digest, home, live_at, shelf
from tests.grounds import ground, place, schemas
from tests.pages import ROOT, blocks, shell_in
from tests.servers import server
from tests.test_cli import Ended, Shell, english, shell

__all__ = ["book", "english", "ground", "home", "place", "schemas", "server", "shelf", "shell"]

DATA = ROOT / "registry/data"
PUBLISHED = DATA / "annual-report-2024.json"
WHOLE = (DATA / "neutrality-list-2024.csv").read_bytes()
BOM = b"\xef\xbb\xbf"
DEMONSTRATION = "演示，非真实凭证"
YEAR = ("--from", "2023-05-01", "--to", "2024-04-30")
PAGE = "docs/reports.md"


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry for demonstration that has imported the published list, and nothing else; not to be changed."""
    base = tmp_path_factory.mktemp("imported")
    with pytest.MonkeyPatch.context() as patch:
        live_at(base, patch)
        create(base / "registry", origin="demo.registry.invalid/papers")
        operator = Operator(base / "registry")
        import_list(operator, published_list.read(WHOLE, until="2026-11"))
        operator.close()
    return base / "registry"


class Office:
    """Asks one registry for papers."""

    def __init__(self, shell: Shell, place: Path, folder: Path) -> None:
        self._shell, self._place, self._folder = shell, place, folder

    def __call__(self, *typed: object) -> Ended:
        return self._shell("report", *typed, "--dir", self._place)

    def json(self, *typed: object) -> Any:
        ended = self(*typed, "--json")
        assert ended.code == 0, ended.out
        return ended.json

    def file(self, *typed: object, form: str = "xlsx", lang: str = "zh") -> Path:
        """The file of a paper."""
        output = self._folder / f"paper.{form}"
        output.unlink(missing_ok=True)
        ended = self(*typed, f"--{form}", "-o", output, "--lang", lang)
        assert ended.code == 0, ended.err
        return output

    def table(self, *typed: object, lang: str = "zh") -> list[list[str]]:
        """What stands in the CSV of a paper."""
        data = self.file(*typed, form="csv", lang=lang).read_bytes()
        assert data.startswith(BOM)
        return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))

    def refused(self, *typed: object, code: int) -> str:
        """The code of a refusal; no file is left behind."""
        output = self._folder / "refused"
        before = sorted(self._folder.iterdir())
        ended = self(*(output if one == "FILE" else one for one in typed), "--json")
        assert ended.code == code, ended.out
        assert sorted(self._folder.iterdir()) == before
        return str(ended.json["error"])


@pytest.fixture
def papers(shell: Shell, imported: Path, home: Path, tmp_path: Path) -> Office:
    folder = tmp_path / "papers"
    folder.mkdir()
    assert home == tmp_path
    return Office(shell, imported, folder)


@pytest.fixture
def bureau(shell: Shell, book: Book, tmp_path: Path) -> Office:
    """Papers of a registry with private certificates, and others; not for demonstration."""
    folder = tmp_path / "papers"
    folder.mkdir()
    return Office(shell, book.directory, folder)


def sheets_of(file: Path) -> dict[str, list[list[Any]]]:
    book = CalamineWorkbook.from_path(str(file))
    return {
        name: book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        for name in book.sheet_names
    }


def below(sheet: list[list[Any]], first: str) -> list[list[Any]]:
    """The header that begins with `first`, and all that stands below."""
    start = next(number for number, row in enumerate(sheet) if row[0] == first)
    return sheet[start:]


def inside(file: Path, part: str = "xl/worksheets/sheet1.xml") -> str:
    with zipfile.ZipFile(file) as archive:
        return archive.read(part).decode()


# The list that was published.


def test_the_published_list_comes_out_as_it_went_in_byte_by_byte(papers: Office):
    file = papers.file("list", "--annex", form="csv")

    assert file.read_bytes().startswith(BOM + WHOLE)
    assert len(WHOLE.splitlines()) == 133


def test_the_annex_is_the_same_in_any_language_and_of_any_days_that_hold_it(papers: Office):
    chinese, english_one = (
        papers.table("list", "--annex", *YEAR, lang=lang) for lang in ("zh", "en")
    )

    assert chinese[:133] == english_one[:133] == list(csv.reader(io.StringIO(WHOLE.decode())))


def test_the_list_as_a_workbook_has_its_rows_its_total_and_its_marks(papers: Office):
    (sheet,) = sheets_of(papers.file("list", *YEAR)).values()

    header, *rows = below(sheet, "序号")
    published = list(csv.DictReader(io.StringIO(WHOLE.decode())))
    assert header == [
        *(
            "序号",
            "活动名称",
            "组织方",
            "举办时间",
            "举办地点",
            "碳中和类型",
            "抵消方式",
            "抵消时间",
        ),
        "抵消量（吨CO2e）",
    ]
    assert [[row[1], row[2], row[7]] for row in rows[:132]] == [
        [own["activity"], own["organiser"], own["month"]] for own in published
    ]
    assert [Decimal(str(row[8])) for row in rows[:132]] == [
        Decimal(own["tonnes"]) for own in published
    ]
    assert rows[132][0] == "合计"
    assert rows[132][8] == pytest.approx(616_921.203)
    assert [row[0] for row in sheet[:3]] == [
        "各类社会活动碳中和清单",
        DEMONSTRATION,
        "2023-05-01 至 2024-04-30",
    ]
    assert re.match(r"截至日志 demo\.registry\.invalid/papers 的第 \d+ 条记录", sheet[3][0])


def test_the_rows_against_the_timing_rules_are_named_in_the_notes(papers: Office):
    rows = papers.table("list", *YEAR)

    flagged = [row[0] for row in rows[133:] if row and row[0].startswith("序号")]
    early = [
        f"序号 {number}：不符：在所称期间结束之前注销" for number in (69, 72, 74, 87, 88, 103, 110)
    ]
    assert [note.partition("（")[0] for note in flagged] == [
        *early,
        "序号 131：不符：所称期间结束十二个月之后才注销",
    ]


def test_the_figures_of_the_year_are_those_of_the_list(papers: Office):
    told = papers.json("summary", *YEAR)

    (sheet,) = told["sheets"]
    found = {
        row["type"]: (row["scenes"], row["retirements"], row["tonnes"]["grams"])
        for row in sheet["rows"]
    }
    assert found == {
        "enterprise": (48, 51, 211_961_199_000),
        "meeting": (50, 54, 5_656_593_000),
        "activity": (6, 14, 397_861_145_000),
        "scene": (13, 13, 1_442_266_000),
    }
    assert (sheet["totals"]["scenes"], sheet["totals"]["retirements"]) == (117, 132)
    assert sheet["totals"]["tonnes"] == {"grams": 616_921_203_000}
    shares = [row["tonnes_share"]["hundredths_of_percent"] for row in sheet["rows"]]
    assert sum(shares) == 10_000


def test_the_reconciliation_adds_up_and_shows_where_the_publication_does_not(papers: Office):
    sheets = sheets_of(papers.file("reconcile", "--against", PUBLISHED))

    assert list(sheets) == ["数字", "三种加总", "从批次到清单", "逐笔依据", "公布数据"]
    for sheet in sheets.values():
        assert sheet[1][0] == DEMONSTRATION
        assert sheet[3][0].startswith("截至日志")
    steps = {row[0]: row[2] for row in below(sheets["从批次到清单"], "步骤")}
    assert steps["各批次累计注销"] == steps["清单合计"] == pytest.approx(616_921.203)
    assert any(row[0] == "各步相符，一克不差。" for row in sheets["从批次到清单"])
    assert any(str(row[0]).startswith("三种加总相同") for row in sheets["三种加总"])
    checks = below(sheets["公布数据"], "核对")
    bad = [row for row in checks if row[7] == "矛盾"]
    assert ["最大的几家", "一汽丰田汽车（成都）", 42_014, "最大的几家", 23_885] in [
        row[:5] for row in bad
    ]
    assert ["同比增长", "场次", 130, "正文", 30.09] in [row[:5] for row in bad]
    assert len(bad) == 16
    assert sum(row[7] == "一致" for row in checks) == 13


@pytest.mark.parametrize("backend", ["postgres"])
def test_a_registry_on_a_server_has_the_same_papers(place: Server, shell: Shell, tmp_path: Path):
    create(place, origin="demo.registry.invalid/papers")
    with closing(Operator(place)) as operator:
        import_list(operator, published_list.read(WHOLE, until="2026-11"))
    file = tmp_path / "annex.csv"

    where = ("--dir", place.url, "--state", place.state)
    done = shell("report", "list", "--annex", "--csv", "-o", file, *where)

    assert done.code == 0, done.err
    assert file.read_bytes().startswith(BOM + WHOLE)


# What is true when.


def test_a_paper_as_of_an_entry_is_the_same_bytes_whatever_was_recorded_since(
    bureau: Office, book: Book
):
    size = bureau.json("list")["log_size"]
    before = [
        bureau.file("list", "--as-of", size - 1, form=form).read_bytes() for form in ("csv", "xlsx")
    ]
    with book.clerk() as clerk:
        clerk.retires("alice", [(book.streams["foreign"], 5)], standard="VCU")

    after = [
        bureau.file("list", "--as-of", size - 1, form=form).read_bytes() for form in ("csv", "xlsx")
    ]

    assert after == before
    assert bureau.file("list", form="csv").read_bytes() != before[0]


def test_a_paper_has_what_had_been_retired_by_then(papers: Office):
    whole = papers.json("list")
    (cut,) = {row["no"] for row in whole["sheets"][0]["rows"] if row["no"] == 50}

    entry = papers.json("reconcile")["sheets"][3]["rows"]
    index = sorted(row["entry"] for row in entry)[cut - 1]
    then = papers.json("list", "--as-of", index)

    assert then["as_of_size"] == index + 1
    assert then["sheets"][0]["rows"] == whole["sheets"][0]["rows"][:50]


DAYS = ("--from", "2026-01-01", "--to", "2099-12-31", "--area", "510100")
OF_DAYS = ("--sort", "list", "--area", "510100", "--period", "2026-01-01..2099-12-31")


def test_the_file_of_a_recorded_report_is_made_again_and_has_its_digest(
    bureau: Office, book: Book, tmp_path: Path
):
    file = tmp_path / "list.xlsx"
    told = bureau.json("list", *DAYS, "--xlsx", "-o", file)
    (entry,) = bureau.json("compile", file, *OF_DAYS)["entries"]
    with book.clerk() as clerk:
        clerk.retires("alice", [(book.streams["foreign"], 5)], standard="VCU")

    again = bureau.json("list", "--report", entry["new"][-1], "--xlsx", "-o", file)

    data = file.read_bytes()
    assert again["sha256"] == told["sha256"] == hashlib.sha256(data).hexdigest()
    assert bureau.json("list", *DAYS, "--csv", "-o", file)["retirements"] == told["retirements"] + 1


def test_a_report_records_the_figures_of_the_log_as_of_the_entries_that_it_counts(
    bureau: Office, book: Book, tmp_path: Path
):
    file = tmp_path / "list.csv"
    told = bureau.json("list", *DAYS, "--csv", "-o", file)
    with book.clerk() as clerk:
        clerk.retires("alice", [(book.streams["foreign"], 5)], standard="VCU")
    figures = ("activities", "retirements", "total_g")

    typed = ("compile", file, *OF_DAYS, "--size", told["as_of_size"])
    (entry,) = bureau.json(*typed)["entries"]
    first = entry["events"][0]["body"]
    (anew,) = bureau.json("amend", entry["new"][-1], file)["entries"]

    assert [first[name] for name in figures] == [told[name] for name in figures]
    assert first["file"] == told["sha256"]
    body = anew["events"][0]["body"]
    assert body["retirements"] == told["retirements"] + 1
    assert body["total_g"] == told["total_g"] + 5
    assert bureau("compile", file, *OF_DAYS, "--size", "999999").code == 1


# What is private.


def activity_of(clerk: Clerk, **changed: Any) -> str:
    """An activity that alice registers."""
    setting = clerk.setting("alice")
    activity = setting.new("activity", 0)
    body = {
        "organiser": clerk.accounts["alice"],
        "form": digest("form"),
        "name": Hidden(value="SECRET forum"),
        "organisers": Hidden(value=["=SECRET(host)"]),
        "category": "meeting",
        "begins": "2026-09-25",
        "ends": "2026-09-27",
        "place": "510100",
        "scale": None,
        "boundary": ("closing", "holding", "preparation"),
        "expected_g": 1_234_567,
        "method": "institution",
        "neutrality": "both",
        "offsets": ("SCFG", "VCU"),
        "planned_g": 1_000_000,
        "due": "2027-09-27",
        "contact": Hidden(value="SECRET 028-1234"),
        "confirmation": "platform",
        "plan": digest("plan"),
        **changed,
    }
    return clerk.begins(setting, activity, [(activity, [("activity.filed.v1", body)])])


def test_no_paper_shows_a_name_that_is_not_public(bureau: Office, book: Book):
    with book.clerk() as clerk:
        secret = {"activity": Hidden(value="SECRET"), "organisers": Hidden(value=["SECRET"])}
        used = [(book.streams["foreign"], 5)]
        hidden = clerk.retires("alice", used, standard="VCU", public=False, **secret)
        activity = activity_of(clerk)

    written = [
        bureau.file(*typed, form="csv").read_text("utf-8-sig")
        for typed in (
            ("list",),
            ("list", "--annex"),
            ("summary",),
            ("reconcile",),
            ("form", activity),
        )
    ]

    told = bureau.json("list")["sheets"][0]["rows"]
    assert not any("SECRET" in text for text in (*written, json.dumps(told)))
    assert {"not_public": hidden.removeprefix("certificate/")} in [row["activity"] for row in told]
    assert all("不公开（" in text for text in (written[0], written[1], written[4]))


def test_the_form_with_names_is_for_its_owners_eyes(bureau: Office, book: Book):
    with book.clerk() as clerk:
        activity = activity_of(clerk)

    file = bureau.file("form", activity, "--private")

    form = {row[0]: row[1] for row in sheets_of(file)["登记表"] if len(row) > 1}
    assert form["活动名称"] == "SECRET forum"
    assert form["组织者"] == "=SECRET(host)"
    assert form["碳中和责任部门及联系方式"] == "SECRET 028-1234"
    assert form["预估温室气体排放量（吨CO2e）"] == pytest.approx(1.234567)
    assert form["温室气体排放核算边界范围"] == "收尾阶段、举办阶段、筹备阶段"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


# How a workbook is made.


def test_a_workbook_prints_and_computes_nothing_by_itself(papers: Office):
    file = papers.file("list")

    sheet = inside(file)

    assert 'orientation="landscape"' in sheet
    assert 'paperSize="9"' in sheet
    assert 'state="frozen"' in sheet
    assert "<v>616921.203</v>" in sheet
    assert "<f>" not in sheet
    assert "<f>" not in inside(papers.file("reconcile"))
    assert "黑体" in inside(file, "xl/styles.xml")
    assert "2026" in inside(file, "docProps/core.xml")


def test_numbers_too_long_for_a_spreadsheet_are_text_and_formulas_are_words(tmp_path: Path):
    rows = (
        ("=1+1", Mass(grams=999_999_999_999_999), Share(hundredths=-1)),
        ("@x", Mass(grams=1_000_000_000_000_001), Share(hundredths=10_000)),
    )
    sheet = Sheet(name="grams", columns=("step", "retirements", "tonnes"), rows=rows)
    heading = papers_xlsx.Heading(lines=("of a log",), is_marked=False, at_us=0)
    file = tmp_path / "paper.xlsx"

    file.write_bytes(papers_xlsx.written([sheet], heading, "en"))

    (found,) = sheets_of(file).values()
    assert below(found, "step")[1:3] == [
        ["=1+1", 999_999_999.999999, -0.01],
        ["@x", "1000000000.000001", 100.0],
    ]
    assert "<v>999999999.999999</v>" in inside(file)


def test_a_table_longer_than_a_sheet_is_refused_and_not_cut(monkeypatch: pytest.MonkeyPatch):
    sheet = Sheet(name="grams", columns=("step",), rows=(("one",), ("two",)))
    heading = papers_xlsx.Heading(lines=(), is_marked=False, at_us=0)
    whole = papers_xlsx.written([sheet], heading, "en")
    monkeypatch.setattr(papers_xlsx, "ROWS_MAX", 1)

    with pytest.raises(RefusedError) as refusal:
        papers_xlsx.written([sheet], heading, "en")

    assert whole
    assert (refusal.value.code, refusal.value.facts["rows"]) == ("too_long", 2)


def test_a_registry_that_is_not_for_demonstration_is_not_marked_as_one(bureau: Office):
    for sheet in sheets_of(bureau.file("reconcile")).values():
        assert DEMONSTRATION not in repr(sheet)
        assert sheet[1][0].startswith("截至日志 registry.example/books")


# The command.


def test_a_paper_is_shown_on_the_screen_in_both_languages(papers: Office):
    chinese, plain = papers("summary", *YEAR, "--lang", "zh"), papers("summary", *YEAR)

    assert "零碳场景" in chinese.out
    assert DEMONSTRATION in chinese.out
    assert "zero-carbon scenes" in plain.out
    assert "616921.203" in plain.out
    assert "True up to entry" in plain.out


@pytest.mark.parametrize(
    ("typed", "code", "error"),
    [
        (("list", "--csv"), 2, "malformed"),
        (("list", "-o", "FILE"), 2, "malformed"),
        (("list", "--csv", "--xlsx", "-o", "FILE"), 2, "malformed"),
        (("list", "--from", "2024-04-31"), 2, "malformed"),
        (("summary", "--to", "20240430"), 2, "malformed"),
        (("list", "--area", "51"), 2, "malformed"),
        (("list", "--as-of", "999999"), 1, "no_such_entry"),
        (("list", "--report", "report/aaaaaaaaaaaaaaaa"), 1, "no_stream"),
        (("form", "aaaaaaaaaaaaaaaa"), 1, "no_stream"),
        (("reconcile", "--against", "nowhere.json", "--csv", "-o", "FILE"), 2, "no_file"),
        (("reconcile", "--against", DATA / "neutrality-list-2024.csv"), 1, "malformed"),
    ],
    ids=[
        *("no file", "no format", "two formats", "no day", "not ISO", "no area", "no entry"),
        *("no report", "no activity", "no publication", "not a publication"),
    ],
)
def test_what_makes_no_sense_is_refused_and_writes_nothing(
    papers: Office, typed: tuple[object, ...], code: int, error: str
):
    assert papers.refused(*typed, code=code) == error


def test_the_publication_says_what_was_printed_and_no_conclusions():
    said = json.loads(PUBLISHED.read_text("utf-8"))

    assert set(said) == {
        *("title", "first", "last", "table", "text", "restated", "growth", "largest"),
        *("largest_count", "months"),
    }
    assert len(said["table"]) == 6


def test_every_command_of_the_page_runs_as_written(tmp_path: Path):
    run = shell_in(tmp_path)
    commands = [command for block in blocks(PAGE) for command in block]

    failed = {
        command: done.stderr for command in commands if (done := run(command)).returncode != 0
    }

    assert not failed
    assert len(commands) == 7
    assert (tmp_path / "annex.csv").read_bytes().startswith(BOM + WHOLE)
    assert CalamineWorkbook.from_path(str(tmp_path / "checked.xlsx")).sheet_names[-1] == "published"
