"""Jobs: one for what is asked for twice, seen while it runs, given up at a stop; and audits, which are jobs."""

import os
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from registry.api import audits
from registry.api.jobs import OWN_MAX, Jobs, Progress, Wanted, about
from registry.api.measures import Measures
from registry.errors import RefusedError, UnavailableError
from registry.store import access_jobs
from registry.store.access import Access
from registry.store.access_jobs import RESULT_CHARACTERS_MAX
from registry.store.clock import wall_us
from registry.store.logs import ENVIRONMENT
from tests.api.conftest import Api

WANTED = Wanted(kind="count", subject="key/1", about={"account": "account/a"})
SOON_S = 30


@pytest.fixture
def access(tmp_path: Path) -> Iterator[Access]:
    with closing(Access(tmp_path)) as made:
        yield made


@pytest.fixture
def jobs(access: Access) -> Iterator[Jobs]:
    with closing(Jobs(access.jobs, Measures().job_failed)) as made:
        yield made


class Gate:
    """Work that waits until it may go on."""

    def __init__(self) -> None:
        self.begun, self.opened = threading.Event(), threading.Event()

    def __call__(self, progress: Progress) -> dict[str, Any]:
        progress(3)
        self.begun.set()
        while not self.opened.wait(0.01):
            progress(3)
        progress(10)
        return {"counted": 10}


def other(number: int, **more: Any) -> Wanted:
    said = {"kind": "count", "subject": "key/1", "about": {"no": str(number)}, **more}
    return Wanted(**said)


def refusal_of(call: Any) -> str:
    with pytest.raises((RefusedError, UnavailableError)) as caught:
        call()
    return caught.value.code


def test_a_job_says_how_far_it_is_and_what_came_of_it(jobs: Jobs):
    gate = Gate()

    job = jobs.start(WANTED, 10, gate)
    assert gate.begun.wait(SOON_S)
    under_way = jobs.find(job.id)
    gate.opened.set()
    jobs.wait(job.id)

    assert (under_way.state, under_way.done, under_way.total) == ("running", 3, 10)
    done = jobs.find(job.id)
    assert (done.state, done.done, done.result) == ("done", 10, '{"counted": 10}')
    assert about(done) == {"account": "account/a"}
    assert [one.id for one in jobs.of("key/1", "", 10)] == [job.id]


def test_the_same_asked_for_again_is_the_same_job(jobs: Jobs):
    gate = Gate()
    first = jobs.start(WANTED, 10, gate)
    running = jobs.start(WANTED, 10, Gate())
    gate.opened.set()
    jobs.wait(first.id)

    done = jobs.start(WANTED, 10, Gate())
    anew = jobs.start(other(1, about=WANTED.about, anew=True), 10, gate)

    assert {running.id, done.id} == {first.id}
    assert anew.id != first.id


def test_what_was_wrong_is_told(jobs: Jobs):
    def refuses(_: Progress) -> dict[str, Any]:
        raise RefusedError("insufficient_holding", held_g=1, root=b"\x01")

    def fails(_: Progress) -> dict[str, Any]:
        raise ZeroDivisionError("a name that nobody is to see")

    refused, failed = jobs.start(other(1), 0, refuses), jobs.start(other(2), 0, fails)
    for job in (refused, failed):
        jobs.wait(job.id)
    again = jobs.start(other(1), 0, refuses)

    told = '{"code": "insufficient_holding", "facts": {"held_g": 1, "root": "01"}}'
    assert (jobs.find(refused.id).state, jobs.find(refused.id).error) == ("failed", told)
    assert jobs.find(failed.id).error == '{"code": "our_fault", "facts": {}}'
    assert again.id != refused.id


def test_a_log_that_cannot_be_written_keeps_no_job_from_ending(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path / "there" / "is" / "none"))

    def fails(_: Progress) -> dict[str, Any]:
        raise ZeroDivisionError

    job = jobs.start(other(1), 0, fails)
    jobs.wait(job.id)

    assert jobs.find(job.id).state == "failed"


@pytest.mark.parametrize("why", ["\ud800", "x" * RESULT_CHARACTERS_MAX], ids=["no text", "long"])
def test_a_job_of_which_it_cannot_be_told_what_was_wrong_fails_all_the_same(jobs: Jobs, why: str):
    def refuses(_: Progress) -> dict[str, Any]:
        raise RefusedError("insufficient_holding", why=why)

    job = jobs.start(other(1), 0, refuses)
    jobs.wait(job.id)

    failed = jobs.find(job.id)
    assert (failed.state, failed.error) == ("failed", '{"code": "our_fault", "facts": {}}')


def test_a_stop_gives_up_what_runs_and_it_goes_on_when_asked_for_again(access: Access):
    gate = Gate()
    stopped = Jobs(access.jobs, Measures().job_failed)
    job = stopped.start(WANTED, 10, gate)
    assert gate.begun.wait(SOON_S)

    stopped.close()
    refused = refusal_of(lambda: stopped.start(other(1), 0, gate))

    with closing(Jobs(access.jobs, Measures().job_failed)) as after:
        after.open()
        assert after.find(job.id).state == "interrupted"
        gate.opened.set()
        again = after.start(WANTED, 10, gate)
        after.wait(again.id)
        assert after.find(again.id).state == "done"
    assert refused == "closing"


def test_what_a_process_left_that_died_is_done_by_another(
    access: Access, monkeypatch: pytest.MonkeyPatch, jobs: Jobs
):
    gate = Gate()
    gate.opened.set()
    with monkeypatch.context() as patch:
        machine = access_jobs.this_process().rpartition(" ")[0].rpartition(" ")[0]
        patch.setattr(access_jobs, "this_process", lambda: f"{machine} {2**22 + 1} 7")
        left = access.jobs.begin(WANTED.spelled, WANTED.subject, now_us=wall_us())

    again = jobs.start(WANTED, 10, gate)
    jobs.wait(again.id)

    assert jobs.find(left.id).state == "interrupted"
    assert (jobs.find(again.id).state, again.id == left.id) == ("done", False)


def test_a_subject_has_so_many_at_a_time(jobs: Jobs):
    gate = Gate()
    for number in range(OWN_MAX):
        jobs.start(other(number), 0, gate)

    busy = refusal_of(lambda: jobs.start(other(OWN_MAX), 0, gate))
    of_another = jobs.start(other(OWN_MAX, subject="key/2"), 0, gate)
    gate.opened.set()

    assert busy == "busy"
    assert of_another.subject == "key/2"


def test_an_account_with_many_keys_has_no_more_at_a_time(jobs: Jobs):
    gate = Gate()
    for number in range(OWN_MAX):
        about = {"account": "account/a", "no": str(number)}
        jobs.start(other(number, subject=f"key/{number}", about=about), 0, gate)

    busy = refusal_of(lambda: jobs.start(other(9, subject="key/9", about=WANTED.about), 0, gate))
    of_another = jobs.start(other(9, subject="key/9", about={"account": "account/b"}), 0, gate)
    gate.opened.set()

    assert busy == "busy"
    assert of_another.subject == "key/9"


def test_there_is_no_job_that_nobody_asked_for(jobs: Jobs):
    assert refusal_of(lambda: jobs.find("a" * 16)) == "no_job"


# ---- audits


def test_an_audit_replays_the_log_in_a_process_of_its_own(api: Api):
    who = api.key("owner", scopes=("audit",))

    begun = api.client.post("/v1/audits", headers=who)
    assert begun.status_code == 202, begun.text
    api.runtime.jobs.wait(begun.json()["audit"]["id"])
    told = api.get(begun.headers["location"], headers=who).json()["audit"]
    listed = api.get("/v1/audits", headers=who).json()["audits"]

    assert told["error"] is None, told
    assert (told["state"], told["found"]["verdict"]) == ("done", "valid")
    assert told["done"] == told["total"] == told["found"]["figures"]["entries"]
    assert told["found"]["figures"]["held_g"] == "100000000"
    assert listed[0]["id"] == told["id"]


def test_an_audit_is_for_who_may_audit(api: Api):
    refused = [
        api.client.post("/v1/audits"),
        api.client.post("/v1/audits", headers=api.key("owner", scopes=("act",))),
        api.get("/v1/audits/aaaaaaaaaaaaaaaa", headers=api.key("owner", scopes=("audit",))),
    ]

    assert [(one.status_code, one.json()["code"]) for one in refused] == [
        (401, "credentials_missing"),
        (403, "scope_missing"),
        (404, "no_job"),
    ]


def test_an_audit_is_ended_when_the_server_stops(
    api: Api, access: Access, monkeypatch: pytest.MonkeyPatch
):
    """A process that would never end is ended, and nothing of it is left."""
    asleep = (
        "import os, sys, time; print(os.getpid(), file=sys.stderr, flush=True); time.sleep(600)"
    )
    monkeypatch.setattr(audits, "_PROGRAM", asleep)
    seen: list[int] = []
    real = audits._lines

    def watched(source: Any, progress: Progress) -> Iterator[bytes]:
        for line in real(source, progress):
            seen.append(int(line))
            threading.Thread(target=jobs.close).start()
            yield line

    monkeypatch.setattr(audits, "_lines", watched)
    jobs = Jobs(access.jobs, Measures().job_failed)
    wanted = Wanted(kind="audit", subject="audits", about={}, anew=True, alone=True)
    job = jobs.start(wanted, 0, lambda progress: audits.audited(api.runtime, progress))
    jobs.wait(job.id)
    jobs.close()

    assert access.jobs.find(job.id).state == "interrupted"
    with pytest.raises(ProcessLookupError):
        os.kill(seen[0], 0)


def test_an_audit_whose_process_died_says_so(api: Api, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(audits, "_PROGRAM", "import os; os.abort()")
    who = api.key("owner", scopes=("audit",))

    begun = api.client.post("/v1/audits", headers=who).json()["audit"]
    api.runtime.jobs.wait(begun["id"])

    told = api.get(f"/v1/audits/{begun['id']}", headers=who).json()["audit"]
    assert (told["state"], told["found"]) == ("failed", None)
    assert told["error"]["code"] == "checker_died"
