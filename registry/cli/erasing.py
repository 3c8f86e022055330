"""`registry erase`: finds what is to be forgotten, forgets it, and says what that does not reach."""

import sys
import unicodedata
from collections.abc import Callable
from contextlib import closing

from registry.acts.conduct import stream_of
from registry.cli.voice import Voice, is_demonstration
from registry.desk import accounts, handing
from registry.desk.certificates import read_number
from registry.desk.opened import Opened
from registry.errors import UsageError, require
from registry.names import CERTIFICATE
from registry.place import Place
from registry.store import erasure
from registry.store.erasure import Kept
from registry.store.log import BLANK, Log, Moment
from registry.store.operator import home_of, log_key
from registry.store.views import views

Find = Callable[[Opened], list[Kept]]


def account(typed: str, place: Place, *, dry_run: bool, voice: Voice) -> None:
    """Forget what an account's own stream hides, and the stream of its conduct.

    Raises:
        RefusedError: `no_registry`, `no_account`, `several_accounts`, `not_permitted`.
    """

    def find(source: Opened) -> list[Kept]:
        own = accounts.find(typed, source)
        return erasure.in_streams(source.log, [own, stream_of(own)])

    _erase(find, place, dry_run=dry_run, voice=voice)


def certificate(typed: str, place: Place, *, dry_run: bool, voice: Voice) -> None:
    """Forget what a certificate hides; of one that was issued for many with others, whom it is for.

    Raises:
        RefusedError: `no_registry`, `no_certificate`, `not_permitted`.
    """
    number = read_number(typed)

    def find(source: Opened) -> list[Kept]:
        stream = f"{CERTIFICATE}{number}"
        with views(source.log) as tables:
            shares = tables.rows("shares", number=number)
        with source.log.recorder.reading() as cursor:
            begun = Moment(cursor).tip(stream) != BLANK
        require(begun or bool(shares), "no_certificate", number=number)
        own = erasure.of_commitments(source.log, [row["beneficiary"] for row in shares])
        return [*erasure.in_streams(source.log, [stream]), *own]

    _erase(find, place, dry_run=dry_run, voice=voice)


def name(place: Place, *, dry_run: bool, voice: Voice) -> None:
    """Forget the name in the first line of standard input, wherever it stands.

    Raises:
        UsageError: `name_missing`.
        RefusedError: `no_registry`, `not_permitted`.
    """
    if sys.stdin.isatty():
        voice.warn("erase.ask")
    # As writers have it: docs/format.md, "Intent".
    typed = unicodedata.normalize("NFC", sys.stdin.readline().strip())
    if not typed:
        raise UsageError("name_missing")

    def find(source: Opened) -> list[Kept]:
        return erasure.that_say(source.log, typed)

    _erase(find, place, typed=typed, dry_run=dry_run, voice=voice)


def _erase(
    find: Find, place: Place, *, dry_run: bool, voice: Voice, typed: str | None = None
) -> None:
    with closing(Log(place, writes=not dry_run)) as log:
        source = Opened(log=log, origin=log_key(log).name)
        kept = find(source)
        names = handing.texts_of(source.shown([one.commitment for one in kept]).values())
        names |= set() if typed is None else {typed}
        # First: what cannot be reached now is found by the same command again.
        handed = handing.forget_names(home_of(place), names, dry_run=dry_run)
        whole = dry_run or erasure.erase(log.openings, kept)
    if voice.is_json:
        voice.json(
            {
                "dry_run": dry_run,
                "openings": [{"entry": one.entry, "field": one.field} for one in kept],
                "handed_out": handed,
                "rewritten": None if dry_run else whole,
                "origin": source.origin,
                "demonstration": is_demonstration(source.origin),
            }
        )
        return
    voice.demonstration(source.origin)
    for one in kept:
        voice.say("erase.opening", entry=one.entry, field=one.field)
    voice.say("erase.would" if dry_run else "erase.done", count=len(kept))
    if handed:
        voice.say("erase.handed_out", count=handed)
    if not whole:
        voice.warn("erase.owner")
    if not dry_run:
        voice.say("erase.elsewhere")
