"""How often, how much and for how long anybody may ask."""

import asyncio
import threading

import pytest
from anyio import to_thread

from registry.api import limits
from registry.api.rates import Rates, source_of
from registry.api.settings import read_settings
from registry.errors import RefusedError
from tests.api.asking import KEY, NEVER, TOKEN, StubDoorkeeper, around, ask, asked, echo, reply


class Clock:
    now_s = 6_000.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


def rates(clock, **settings):
    return Rates(read_settings(**settings), clock=clock)


def spent(rates, times, caller="one", name="read"):
    """How many of so many requests are let through."""
    through, seconds = 0, []
    for _ in range(times):
        try:
            rates.spend(name, caller)
            through += 1
        except RefusedError as refusal:
            seconds.append(refusal.facts["retry_after_s"])
    assert all(1 <= one <= 61 for one in seconds)
    return through


# How often.


@pytest.mark.parametrize("ahead_s", range(0, 120, 7))
def test_who_asks_again_when_they_are_told_to_is_let_through(clock, ahead_s):
    limited = rates(clock, rate_read="7/minute")
    spent(limited, 5)
    clock.now_s += ahead_s
    spent(limited, 20)

    with pytest.raises(RefusedError) as refusal:
        limited.spend("read", "one")
    clock.now_s += refusal.value.facts["retry_after_s"]

    assert spent(limited, 1) == 1


def test_who_asks_more_often_than_they_may_is_refused(clock):
    limited = rates(clock, rate_read="5/minute")

    assert spent(limited, 20) == 5
    assert spent(limited, 20, caller="another") == 5
    assert spent(limited, 20, name="write") == 20


def test_what_was_asked_in_the_last_window_counts_for_as_much_as_it_reaches(clock):
    limited = rates(clock, rate_read="10/minute")
    assert spent(limited, 20) == 10

    clock.now_s += 60
    assert spent(limited, 20) == 0
    clock.now_s += 30
    assert spent(limited, 20) == 5
    clock.now_s += 180
    assert spent(limited, 20) == 10


def test_over_any_time_no_more_comes_through_than_twice_the_rate(clock):
    limited = rates(clock, rate_read="10/minute")
    through = []
    for _ in range(600):
        clock.now_s += 1
        through.append(spent(limited, 1))

    assert max(sum(through[second : second + 60]) for second in range(540)) <= 20
    assert 80 <= sum(through) <= 110


def test_off_lets_everything_through(clock):
    limited = rates(clock, rate_read="off")

    assert spent(limited, 5_000) == 5_000
    assert limited.spend("read", "one") == []


def test_callers_without_end_do_not_fill_the_memory(clock):
    limited = rates(clock, rate_callers_max=100)
    for number in range(1_000):
        limited.spend("read", f"caller {number}")

    assert len(limited._rates["read"]) == 100


def test_what_is_left_is_said(clock):
    limited = rates(clock, rate_read="5/minute")
    clock.now_s += 45

    told = dict(limited.spend("read", "one"))

    assert told == {
        b"ratelimit-policy": b'"read";q=5;w=60',
        b"ratelimit": b'"read";r=4;t=15',
    }


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("no address", "-"),
    ],
)
def test_where_a_request_comes_from(host, expected):
    assert source_of({"client": (host, 1)}) == expected
    assert source_of({"client": None}) == "-"


def test_who_asks_too_often_is_told_when_to_ask_again():
    app = around(echo, rate_read="2/minute")

    async def several():
        return [await asked(app) for _ in range(3)]

    first, _, third = asyncio.run(several())

    assert first.status == 200
    assert first["ratelimit"].startswith('"read";r=1;')
    assert third.status == 429
    assert third.code == "too_often"
    assert 1 <= int(third["retry-after"]) <= 61


def test_reads_and_writes_and_those_with_a_login_are_counted_apart():
    app = around(echo, rate_read="1/minute", rate_write="2/minute", rate_write_login="3/minute")
    login = [("authorization", "Bearer key")]

    async def through(**named):
        return [(await asked(app, **named)).status for _ in range(5)].count(200)

    async def each():
        return [
            await through(),
            await through(method="POST"),
            await through(method="POST", headers=login),
            await through(method="POST", headers=[("authorization", "Bearer token")]),
            await through(client=("192.0.2.2", 1)),
            await through(method="POST", headers=login, client=("192.0.2.3", 1)),
        ]

    assert asyncio.run(each()) == [1, 2, 3, 3, 1, 0]


def test_what_machines_ask_for_every_few_seconds_is_not_counted():
    doorkeeper = StubDoorkeeper()
    app = around(echo, doorkeeper=doorkeeper, rate_read="1/minute")

    for path in ("/health", "/ready", "/metrics") * 3:
        assert ask(app, path=path, headers=[("authorization", "Bearer nobody's")]).status == 200
    assert doorkeeper.asked == 0


# Who asks.


def test_the_application_is_told_who_asks():
    seen = []

    async def app(scope, receive, send):  # noqa: ARG001  # as ASGI has it
        seen.append(scope["state"]["principal"].how)
        await reply(send)

    for headers in ([], [("authorization", "Bearer key")], [("authorization", "Bearer token")]):
        ask(around(app), headers=headers)

    assert seen == ["nobody", "key", "token"]


def test_who_is_not_let_in_hears_it_before_anything_is_read():
    doorkeeper = StubDoorkeeper()
    app = around(echo, doorkeeper=doorkeeper)

    answer = ask(app, "POST", headers=[("authorization", "Bearer bad")], body=[b"x", NEVER])

    assert (answer.status, answer.code) == (401, "bad_key")
    assert answer["www-authenticate"] == "Bearer"
    assert ask(app, headers=[("authorization", "Bearer stranger")]).status == 403
    assert ask(app).status == 200
    assert doorkeeper.asked == 2


def test_two_credentials_are_none():
    headers = [("authorization", "Bearer key"), ("authorization", "Bearer token")]

    assert ask(around(echo), headers=headers).code == "bad_credentials"


def test_who_guesses_credentials_is_soon_not_listened_to():
    doorkeeper = StubDoorkeeper()
    app = around(echo, doorkeeper=doorkeeper, rate_bad_credentials="3/minute")

    async def several(token, times, **named):
        headers = [("authorization", f"Bearer {token}")]
        return [(await asked(app, headers=headers, **named)).status for _ in range(times)]

    async def each():
        return [
            await several("key", 5),
            await several("bad", 5),
            # Those who share the address go on; who is new there waits.
            await several("key", 2),
            await several("token", 1),
            await several("token", 1, client=("192.0.2.2", 1)),
        ]

    assert asyncio.run(each()) == [[200] * 5, [401] * 3 + [429] * 2, [200] * 2, [429], [200]]
    assert doorkeeper.asked == 11


def test_credentials_that_are_good_no_more_are_like_any_others():
    doorkeeper = StubDoorkeeper()
    app = around(echo, doorkeeper=doorkeeper, rate_bad_credentials="2/minute")
    headers = [("authorization", "Bearer key")]

    async def each():
        first = await asked(app, headers=headers)
        doorkeeper.revoked = True
        return [first.status, *[(await asked(app, headers=headers)).status for _ in range(4)]]

    assert asyncio.run(each()) == [200, 401, 401, 429, 429]


async def ignoring(_scope, receive, send):
    """Answers when the body is over, however it ended, and waits for more."""
    while (await receive()).get("more_body"):
        pass
    await reply(send, b"done")
    message = await receive()
    assert message["type"] == "http.disconnect", message


@pytest.mark.parametrize("again_s", [0.0, 60.0])
@pytest.mark.parametrize("reads", [echo, ignoring])
def test_who_is_revoked_while_a_long_body_comes_is_not_listened_to(monkeypatch, again_s, reads):
    """Whatever the application makes of a body that breaks off, or would have answered."""
    monkeypatch.setattr(limits, "AGAIN_S", again_s)
    doorkeeper = StubDoorkeeper()

    async def app(scope, receive, send):
        doorkeeper.revoked = True
        await reads(scope, receive, send)

    headers = [("authorization", "Bearer key")]
    answer = ask(around(app, doorkeeper=doorkeeper), "POST", headers=headers, body=[b"x", b"y"])

    if again_s:
        assert (answer.status, doorkeeper.asked) == (200, 1)
    else:
        assert (answer.status, answer.code, doorkeeper.asked) == (401, "bad_key", 2)
        assert answer["www-authenticate"] == "Bearer"


def test_who_is_known_still_is_told_to_the_application_anew(monkeypatch):
    monkeypatch.setattr(limits, "AGAIN_S", 0.0)
    doorkeeper, seen = StubDoorkeeper(), []

    async def app(scope, receive, send):
        seen.append(scope["state"]["principal"])
        doorkeeper.identify = lambda _: TOKEN
        await echo(scope, receive, send)
        seen.append(scope["state"]["principal"])

    answer = ask(
        around(app, doorkeeper=doorkeeper),
        "POST",
        headers=[("authorization", "Bearer key")],
        body=[b"x", b"y"],
    )

    assert (answer.status, answer.body, seen) == (200, b"xy", [KEY, TOKEN])


# How much.


def test_a_body_that_says_it_is_too_long_is_not_read():
    answer = ask(
        around(echo, body_bytes_max=1_024),
        "POST",
        headers=[("content-length", "1025")],
        body=[NEVER],
    )

    assert (answer.status, answer.code) == (413, "too_long")
    assert answer.problem["facts"]["bytes_max"] in (1_024, "1024")


@pytest.mark.parametrize("said", ["9" * 18, "9" * 400, "99999999999999999999"])
def test_a_length_beyond_all_measure_is_too_long(said):
    assert ask(around(echo), "POST", headers=[("content-length", said)], body=[NEVER]).status == 413


def test_a_body_is_counted_while_it_comes():
    app = around(echo, body_bytes_max=1_024)
    most = [b"x" * 512, b"y" * 512]

    assert ask(app, "POST", body=most).body == b"".join(most)
    answer = ask(app, "POST", body=[*most, b"z", NEVER])

    assert (answer.status, answer.code) == (413, "too_long")


def test_an_application_cannot_answer_otherwise_when_a_body_was_too_long():
    async def stubborn(scope, receive, send):
        try:
            await echo(scope, receive, send)
        except Exception:  # noqa: BLE001  # as frameworks do
            await reply(send, b"bad body", 400)

    answer = ask(around(stubborn, body_bytes_max=1_024), "POST", body=[b"x" * 2_000, b""])

    assert answer.status == 413


def test_files_may_be_longer():
    app = around(echo, kind="upload", body_bytes_max=1_024, upload_bytes_max=2_048)

    login = [("authorization", "Bearer key")]

    assert ask(app, "POST", headers=login, body=[b"x" * 2_048]).status == 200
    assert ask(app, "POST", headers=login, body=[b"x" * 2_049]).status == 413
    # Of nobody in particular no file is taken.
    assert ask(app, "POST", body=[b"x" * 2_048]).status == 413


def test_only_so_many_files_are_taken_at_a_time():
    app = around(echo, kind="upload", uploads_max=2, body_seconds_max=0.05, upload_seconds_max=0.1)
    login = [("authorization", "Bearer key")]

    async def several():
        slow = {"method": "POST", "body": [b"x", NEVER]}
        logins = login, [("authorization", "Bearer token")]
        waiting = [asyncio.create_task(asked(app, headers=one, **slow)) for one in logins]
        await asyncio.sleep(0)
        third = await asked(app, "POST", headers=login)
        return third, await asyncio.gather(*waiting), await asked(app, "POST", headers=login)

    third, waiting, after = asyncio.run(several())

    assert (third.status, third.code) == (503, "too_many_uploads")
    assert [one.status for one in waiting] == [408, 408]
    assert after.status == 200


# For how long.


def test_a_body_that_does_not_come_is_not_waited_for():
    answer = ask(around(echo, body_seconds_max=0.05), "POST", body=[b"x", NEVER])

    assert (answer.status, answer.code) == (408, "too_slow")


def test_a_request_that_takes_too_long_is_answered_for():
    async def forever(scope, receive, send):  # noqa: ARG001  # as ASGI has it
        await asyncio.Event().wait()

    app = around(forever, body_seconds_max=0.02, request_seconds_max=0.05)
    answer = ask(app, "POST")

    assert (answer.status, answer.code) == (504, "too_long_at_work")


def test_a_thread_at_work_is_answered_for_and_left_to_finish():
    done, answered = threading.Event(), threading.Event()

    def work():
        assert answered.wait(10)
        done.set()

    async def app(scope, receive, send):  # noqa: ARG001  # as ASGI has it
        await to_thread.run_sync(work)
        await reply(send)

    async def once():
        said = []

        async def send(message):
            said.append(message)
            if message["type"] == "http.response.body":
                answered.set()

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        scope = {"type": "http", "method": "POST", "path": "/", "headers": [], "client": None}
        await around(app, request_seconds_max=0.05)({**scope, "scheme": "http"}, receive, send)
        return [message.get("status") for message in said]

    assert asyncio.run(once()) == [504, None]
    assert done.wait(10)


def test_an_answer_without_end_goes_on_but_its_request_may_not():
    async def app(scope, receive, send):
        await echo(scope, receive, send)

    kind = {"kind": "stream", "body_seconds_max": 0.02, "request_seconds_max": 0.02}
    over = asyncio.Event()

    async def patient(scope, receive, send):  # noqa: ARG001  # as ASGI has it
        await receive()
        asyncio.get_running_loop().call_later(0.1, over.set)
        await over.wait()
        await reply(send, b"still here")

    assert ask(around(patient, **kind)).body == b"still here"
    assert ask(around(app, **kind), "POST", body=[NEVER]).status == 408


def test_an_answer_that_breaks_off_is_not_begun_anew():
    async def half(scope, receive, send):  # noqa: ARG001  # as ASGI has it
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.Event().wait()

    answer = ask(around(half, request_seconds_max=0.05, body_seconds_max=0.02))

    assert (answer.status, answer.body) == (200, b"")


def test_a_stop_of_the_server_is_no_deadline():
    async def forever(scope, receive, send):  # noqa: ARG001  # as ASGI has it
        await asyncio.Event().wait()

    async def stopped():
        task = asyncio.create_task(asked(around(forever)))
        await asyncio.sleep(0)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(stopped())
