"""The vectors of proofs from the life of a credit: certificates with a past, rows, gifts; whole and broken."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from registry.ledger import entry as entries
from registry.ledger import proof
from registry.ledger.proof import Leaf, Proof, Row
from registry.ledger.rows import RowTree
from registry.verifier.award import verify_award
from registry.verifier.certificate import verify
from registry.verifier.gift import verify_gift
from tests.world import Person, World, digest, log_key
from tools.vectors.life import lived
from tools.vectors.telling import Told, code_of, spans


def vectors() -> dict[str, Any]:
    """What `life_proofs.json` holds."""
    told = lived()
    return {
        "vkey": str(log_key()),
        "certificates": [_certificate(name, made) for name, made in _whole(told)],
        "gifts": [_gift(name, made) for name, made in _gifts(told)],
        "awards": [
            _award(name, paper(told.world, told.shelf[name], names=True))
            for name in ("honour", "conclusion")
        ],
        "broken_awards": [
            {
                "name": name,
                "file": proof.encode(made).hex(),
                "code": code_of(partial(verify_award, proof.encode(made), log_key())),
            }
            for name, made in _broken_awards(told)
        ],
        "broken": [
            {
                "name": name,
                "file": proof.encode(made).hex(),
                "code": code_of(partial(verify, proof.encode(made), log_key())),
            }
            for name, made in _broken(told)
        ],
        "broken_gifts": [
            {
                "name": name,
                "file": proof.encode(made).hex(),
                "code": code_of(partial(verify_gift, proof.encode(made), log_key())),
            }
            for name, made in _broken_gifts(told)
        ],
    }


def _certificate(name: str, made: Proof) -> dict[str, Any]:
    data = proof.encode(made)
    seen = verify(data, log_key())
    return {
        "name": name,
        "file": data.hex(),
        "number": seen.number,
        "former": list(seen.former),
        "size": seen.size,
        "index": seen.index,
        "holder": seen.holder,
        "amount_g": str(seen.amount_g),
        "row": None if seen.share is None else seen.share.number,
        "said": [said.event.kind for said in seen.said],
        "verdicts": [list(verdict) for verdict in seen.verdicts],
        "names": dict(seen.opened),
    }


def _gift(name: str, made: Proof) -> dict[str, Any]:
    data = proof.encode(made)
    seen = verify_gift(data, log_key())
    return {
        "name": name,
        "file": data.hex(),
        "giver": seen.giver,
        "taker": seen.gift.whom,
        "amount_g": str(seen.gift.amount_g),
        "campaign": seen.campaign,
        "ranges": None if seen.ranges is None else spans(seen.ranges),
    }


def _award(name: str, made: Proof) -> dict[str, Any]:
    data = proof.encode(made)
    seen = verify_award(data, log_key())
    return {
        "name": name,
        "file": data.hex(),
        "number": seen.number,
        "kind": seen.event.kind,
        "stream": seen.stream,
        "names": dict(seen.opened),
    }


def _broken_awards(told: Told) -> Iterator[tuple[str, Proof]]:
    for name in ("honour", "conclusion"):
        made = paper(told.world, told.shelf[name])
        yield (
            f"another outcome of a certificate: {name}",
            replace(made, leaf=_altered(made.leaf, {})),
        )
        yield f"meant for another log: {name}", replace(made, random=digest("another log"))
    yield "a retirement", paper(told.world, told.shelf["numbered"])


def _whole(told: Told) -> Iterator[tuple[str, Proof]]:
    world, shelf = told.world, told.shelf
    group = shelf["group"]
    yield "a group", paper(world, group)
    for number in (0, 2):
        yield f"row {number} of a group", paper(world, group, row=number)
    yield "a row under a number of its own, witnessed", paper(world, group, shelf["row"], row=1)
    yield "replaced twice", paper(world, *shelf["replaced"], names=True)
    yield "a former number", paper(world, shelf["numbered"])
    yield "of a guest without an account", paper(world, shelf["guest"], names=True)
    yield "of an order, confirmed", paper(world, shelf["order"])
    yield "of an enforced order", paper(world, shelf["enforced"])


def _gifts(told: Told) -> Iterator[tuple[str, Proof]]:
    for number, name in enumerate(("to an account", "to a guest", "to another guest")):
        yield name, _paper_of_gift(told, number)


def _paper_of_gift(told: Told, number: int, index: int | None = None) -> Proof:
    world = told.world
    given = told.shelf["gifts"] if index is None else index
    return _shown(world, world.leaf(given), row=_row(world, given, 0, number))


def _broken(told: Told) -> Iterator[tuple[str, Proof]]:
    world, shelf = told.world, told.shelf
    number, first, second = shelf["replaced"]
    group = paper(world, shelf["group"], row=1)
    assert group.row is not None
    another = paper(world, shelf["group"], row=2).row
    whole = paper(world, number, first, second)
    yield "annulled", paper(world, shelf["annulled"])
    yield "a row of an annulled group", paper(world, shelf["annulled group"], row=0)
    yield "a row under another row's number", replace(group, row=replace(group.row, number=0))
    yield "a row cut short", replace(group, row=replace(group.row, path=()))
    yield "a row of a certificate that has none", replace(whole, row=another)
    yield "a replacement left out", replace(whole, later=whole.later[1:])
    yield "a replacement by an entry of another", replace(whole, later=(group.leaf,))
    yield "another outcome of a replacement", replace(whole, later=(_altered(whole.later[0]),))
    yield "a certificate of honour", paper(world, shelf["honour"])
    yield "a conclusion", paper(world, shelf["conclusion"])
    yield "a gift for a certificate", _paper_of_gift(told, 0)


def _broken_gifts(told: Told) -> Iterator[tuple[str, Proof]]:
    world = told.world
    made = _paper_of_gift(told, 1)
    other = _paper_of_gift(told, 0).row
    assert made.row is not None
    assert other is not None
    yield "no row", replace(made, row=None)
    yield "another guest's row under this number", replace(made, row=replace(other, number=1))
    yield "a path too short", replace(made, row=replace(made.row, path=made.row.path[:-1]))
    yield "another part", replace(made, row=replace(made.row, part=1))
    yield "something said later", replace(made, later=(made.leaf,))
    yield "a checkpoint by another key", replace(made, note=world.note(Person("mallory")))
    yield "meant for another log", replace(made, random=digest("another log"))
    yield "a share for a gift", paper(world, told.shelf["group"], row=1)


def _altered(leaf: Leaf, came: dict[str, Any] | None = None) -> Leaf:
    """A leaf in which `came` is said to have come of its last part."""
    read = entries.decode(leaf.entry)
    data = entries.encode(
        at_us=read.at_us,
        intent_bytes=read.intent_bytes,
        signatures=read.signatures,
        consulted=read.consulted,
        places=[*read.places[:-1], replace(read.places[-1], outcomes=(came,))],
    )
    return replace(leaf, entry=data)


def paper(world: World, *streams: str, row: int | None = None, names: bool = False) -> Proof:
    """The proof of the certificate that has these streams, one after the other, and of a row if one is named."""
    touched = [made.index for made in world.additions if set(streams) & set(made.streams)]
    shown = None
    if row is not None:
        part = len(world.additions[touched[0]].positions) - 1
        shown = _row(world, touched[0], part, row)
    return _shown(
        world,
        world.leaf(touched[0]),
        later=tuple(map(world.leaf, touched[1:])),
        row=shown,
        openings=world.openings(touched[0]) if names else (),
    )


def _shown(world: World, leaf: Leaf, **shown: Any) -> Proof:
    return Proof(random=digest("random"), note=world.note(), leaf=leaf, **shown)


def _row(world: World, index: int, part: int, number: int) -> Row:
    """A row beside the first event of a part."""
    (beside,) = [rows for rows in world.additions[index].detached if rows.part == part]
    count = world.additions[index].intent.parts[part].events[0][1]["rows"]["count"]
    rows = beside.rows[:count]
    path = tuple(RowTree(rows).path(number))
    return Row(part=part, event=0, row=rows[number], number=number, path=path)
