"""The official papers, compiled from the log for whoever asks: 清单, 年度表, 勾稽表, 登记表.

    GET  /v1/papers/list | summary | reconcile | form    ?format=json | csv | xlsx, and what the paper is to be about
    POST /v1/papers/reconcile                            the same; in the body figures that were published, JSON

No login: only names that are public stand in them. Each takes all that the tables have: few at a time, the others are
told to ask again.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from registry.api.conditional import JSON, tag_of, told_bytes, told_once
from registry.api.conventions import check_json, problems
from registry.api.problems import language
from registry.api.runtime import Runtime
from registry.api.values import shown_map
from registry.desk import papers, papers_words
from registry.desk.opened import Opened
from registry.desk.papers import Paper, Wanted
from registry.desk.words import Lang
from registry.errors import UnavailableError
from registry.projections.papers import published
from registry.projections.papers.claims import TYPES

AT_ONCE_MAX = 2
"""So many papers are compiled at a time: each takes memory in proportion to the registry."""
CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class _Asked(BaseModel):
    """What every paper can be asked for; what nobody knows is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    as_of: Annotated[str | None, Field(max_length=40)] = None
    """As it was after that entry, day or time (RFC 3339); else as it is now."""
    format: Literal["json", "csv", "xlsx"] = "json"
    lang: Literal["zh", "en"] | None = None
    """Of headings, words and notes; else as Accept-Language has it."""

    def wanted(self) -> Wanted:
        """Which days and area the paper is to be about, and as of when."""
        return Wanted(as_of=self.as_of)


class OfPeriod(_Asked):
    """A paper about the days and the area that were asked for; about all, where none were."""

    first: Annotated[str | None, Field(alias="from", json_schema_extra={"format": "date"})] = None
    """The first day, YYYY-MM-DD."""
    last: Annotated[str | None, Field(alias="to", json_schema_extra={"format": "date"})] = None
    """The last day, YYYY-MM-DD."""
    area: Annotated[str | None, Field(pattern="^[0-9]{6}$", examples=["510100"])] = None
    """GB/T 2260."""
    report: Annotated[str | None, Field(max_length=40)] = None
    """As that report has it, `report/…` or its id: its days, area and entries."""

    def wanted(self) -> Wanted:
        """Which days and area the paper is to be about, and as of when."""
        return Wanted(
            first=self.first,
            last=self.last,
            area=self.area,
            as_of=self.as_of,
            report=self.report,
        )


class OfList(OfPeriod):
    """The list, or its annex."""

    annex: bool = False
    """As the province's annex has it."""


class OfPublication(_Asked):
    """A paper about the days of a publication."""

    area: Annotated[str | None, Field(pattern="^[0-9]{6}$", examples=["510100"])] = None
    """GB/T 2260."""

    def wanted(self) -> Wanted:
        """Which area the paper is to be about, and as of when; its days are the publication's."""
        return Wanted(area=self.area, as_of=self.as_of)


class OfActivity(_Asked):
    """The form of one activity."""

    activity: Annotated[str, Field(max_length=40)]
    """`activity/…` or its id."""


class SheetShown(BaseModel):
    """A table of a paper."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    sheet: str
    rows: list[dict[str, Any]]
    """Each column by its name: text, words by their keys, days, counts; a mass is `{"amount_g": "12500000"}`, a
    share `{"hundredths_of_percent": 5000}`, a name that is not public `{"not_public": NUMBER}`."""
    totals: dict[str, Any] | None
    notes: list[dict[str, Any]]
    """What is to be said of it: `note`, and the values that it is made of."""


class FiguresShown(BaseModel):
    """What a paper comes to: 场次, 笔数, and grams."""

    activities: int
    retirements: int
    total_g: str


class PaperShown(BaseModel):
    """An official paper, compiled from the log."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    paper: Literal["list", "summary", "reconcile", "form"]
    sheets: list[SheetShown]
    figures: FiguresShown
    as_of_size: int
    """So many entries of the log it counts."""
    log_size: int
    origin: str
    demonstration: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """How a paper is to be said."""

    paper: str
    asked: _Asked
    request: Request

    @property
    def lang(self) -> Lang:
        return self.asked.lang or language(self.request.headers.get("accept-language"))


def router(runtime: Runtime) -> APIRouter:
    """The routes of the papers."""
    made = APIRouter(prefix="/v1/papers", tags=["papers"])
    office = _Office(runtime)
    for path, endpoint in (
        ("/list", office.listing),
        ("/summary", office.summary),
        ("/reconcile", office.reconcile),
        ("/form", office.form),
    ):
        made.add_api_route(
            path,
            endpoint,
            operation_id=f"paper_{path[1:]}",
            response_model=PaperShown,
            responses=_answers(),
        )
    _add_published(made, office)
    return made


def _add_published(made: APIRouter, office: "_Office") -> None:
    @made.post(
        "/reconcile",
        operation_id="paper_reconcile_published",
        response_model=PaperShown,
        responses={200: _answers()[200], **problems(404, 413, 415, 422)},
        openapi_extra={
            "requestBody": {"required": True, "content": {JSON: {"schema": _publication()}}}
        },
    )
    async def reconcile_published(
        request: Request, asked: Annotated[OfPublication, Query()]
    ) -> Response:
        """What is behind each figure, and where published figures cannot all be true / 与公布数据核对

        The body is the file of `registry report reconcile --against FILE` (docs/reports.md); nothing of it is kept.
        """
        check_json(request)
        return await run_in_threadpool(office.published, request, asked, await request.body())


def _publication() -> dict[str, Any]:
    """What was published, for OpenAPI; `published.read` has the last word."""
    text, count = {"type": "string"}, {"type": "integer", "minimum": 0}
    decimal = {"type": "string", "description": "As printed.", "examples": ["62.75"]}
    day = {"type": "string", "format": "date"}
    sort = {"type": "string", "enum": sorted(TYPES.values())}

    def lines(**fields: dict[str, Any]) -> dict[str, Any]:
        return {"type": "array", "maxItems": published.LINES_MAX, "items": _object(fields)}

    shares = {"scenes_share": decimal, "tonnes": decimal, "tonnes_share": decimal}
    tonnes = {"type": "array", "items": decimal}
    return _object(
        {
            "title": text,
            "first": day,
            "last": day,
            "text": _object({"scenes": count, "ten_thousand_tonnes": decimal}),
            "table": lines(type=sort, scenes=count, **shares),
            "restated": lines(type=sort, where=text, tonnes=tonnes),
            "growth": lines(figure=text, now=count, before=count, said_times=decimal),
            "largest": lines(name=text, organiser=text, tonnes=decimal),
            "largest_count": count,
            "months": lines(name=text, activity=text, month=text, tonnes=decimal),
        }
    )


def _object(fields: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": [*fields]}


class _Office:
    """Compiles papers for whoever asks, in threads."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._few = _Few(AT_ONCE_MAX)

    def listing(self, request: Request, asked: Annotated[OfList, Query()]) -> Response:
        """The list of what was neutralised / 清单"""
        wish = _Wish(paper="list", asked=asked, request=request)
        wanted, annex = asked.wanted(), asked.annex
        return self._answer(wish, lambda source: papers.listing(source, wanted, is_annex=annex))

    def summary(self, request: Request, asked: Annotated[OfPeriod, Query()]) -> Response:
        """The annual table / 年度表"""
        wish = _Wish(paper="summary", asked=asked, request=request)
        return self._answer(wish, lambda source: papers.summary(source, asked.wanted()))

    def reconcile(self, request: Request, asked: Annotated[OfPeriod, Query()]) -> Response:
        """What is behind each figure / 勾稽表"""
        wish = _Wish(paper="reconcile", asked=asked, request=request)
        return self._answer(wish, lambda source: papers.reconciliation(source, asked.wanted()))

    def published(self, request: Request, asked: OfPublication, data: bytes) -> Response:
        """What is behind each figure, and of those that were published"""
        wish = _Wish(paper="reconcile", asked=asked, request=request)
        wanted, said = asked.wanted(), published.read(data)
        return self._answer(
            wish, lambda source: papers.reconciliation(source, wanted, against=said)
        )

    def form(self, request: Request, asked: Annotated[OfActivity, Query()]) -> Response:
        """The registration form of an activity / 登记表"""
        wish = _Wish(paper="form", asked=asked, request=request)
        activity, wanted = asked.activity, asked.wanted()
        return self._answer(wish, lambda source: papers.form(source, activity, wanted))

    def _answer(self, wish: _Wish, compiled: Callable[[Opened], Paper]) -> Response:
        with self._few.one():
            return _answer(compiled(self._runtime.source()), wish)


class _Few:
    """Lets so many in at a time, and tells the others to ask again. Threads wait for nothing here."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._free = threading.BoundedSemaphore(most)

    @contextmanager
    def one(self) -> Iterator[None]:
        """One of them, until the end of the block.

        Raises:
            UnavailableError: `busy`.
        """
        if not self._free.acquire(blocking=False):
            raise UnavailableError("busy", waiting=self._most, most=self._most)
        try:
            yield
        finally:
            self._free.release()


def _answers() -> dict[int | str, dict[str, Any]]:
    """What a paper's route may answer, for OpenAPI."""
    files = {
        CSV.partition(";")[0]: {"schema": {"type": "string"}},
        XLSX: {"schema": {"type": "string", "format": "binary"}},
    }
    headers = {
        "ETag": {"schema": {"type": "string"}},
        "Content-Disposition": {
            "schema": {"type": "string"},
            "description": "What the file is called; only with csv and xlsx.",
        },
    }
    return {
        200: {"description": "The paper.", "content": files, "headers": headers},
        304: {"description": "It is as If-None-Match says."},
        **problems(404, 413, 422),
    }


def _answer(paper: Paper, wish: _Wish) -> Response:
    """The paper as it was asked for; 304 to who has it."""
    if wish.asked.format == "json":
        return told_once(wish.request, _shown(wish.paper, paper))
    csv = wish.asked.format == "csv"
    data = paper.csv(wish.lang) if csv else paper.xlsx(wish.lang)
    more = {
        "content-disposition": _named(wish, paper),
        "content-language": wish.lang,
        "vary": "Authorization, Accept-Language",
    }
    media_type = CSV if csv else XLSX
    return told_bytes(wish.request, data, media_type, tag=tag_of(data), more=more)


def _named(wish: _Wish, paper: Paper) -> str:
    """What the file is called: in letters that every system has, and in the reader's language (RFC 6266, RFC 5987)."""
    about = "-".join(
        str(note.facts[name])
        for note in paper.notes
        if note.key == "scope"
        for name in ("area", "first", "last")
        if name in note.facts
    )
    kind = wish.asked.format
    plain, own = (
        f"{'-'.join(filter(None, (name, about)))}.{kind}"
        for name in (wish.paper, papers_words.title(paper.sheets[0], wish.lang))
    )
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(own, safe='')}"


def _shown(name: str, paper: Paper) -> dict[str, Any]:
    """The paper as plain values; masses in grams, exactly."""
    figures = {
        "activities": paper.figures.scenes,
        "retirements": paper.figures.retirements,
        "total_g": paper.figures.total_g,
    }
    sheets = [papers.as_object(sheet, mass="amount_g") for sheet in paper.sheets]
    return shown_map({"paper": name, "sheets": sheets, "figures": figures, **paper.true_of})
