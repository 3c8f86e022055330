"""`registry certificate`: all certificates of a registry, or the proof file of one."""

import os
from pathlib import Path
from typing import Any

from registry.cli import words
from registry.cli.exits import UsageError
from registry.cli.opened import Opened, opened
from registry.cli.paper import verdict_object
from registry.cli.voice import Voice, is_demonstration
from registry.domain import certificate, shape
from registry.history import Happened
from registry.place import Place
from registry.projections.retirements import Retirement, Retirements

_PREFIX = "certificate/"


def read_number(typed: str) -> str:
    """A certificate's number as people write it: in any case, with dashes and spaces."""
    return typed.strip().removeprefix(_PREFIX).translate({ord(mark): None for mark in "- "}).lower()


def export(typed: str, place: Place, *, output: Path | None, private: bool, voice: Voice) -> None:
    """Write the proof file of a certificate to `output`.

    Raises:
        UsageError: `output_missing`.
        RefusedError: `no_registry`, `no_certificate`, `head_not_signed`.
    """
    if output is None:
        raise UsageError("output_missing")
    number = read_number(typed)
    with opened(place) as source:
        size = write_proof(source, number, output, private=private)
        if voice.is_json:
            voice.json(
                {
                    "number": number,
                    "file": str(output),
                    "bytes": size,
                    "private": private,
                    "origin": source.origin,
                    "demonstration": is_demonstration(source.origin),
                }
            )
            return
        voice.demonstration(source.origin)
    facts = {"number": words.grouped(number), "file": output, "bytes": size}
    voice.say("certificate.written", **facts)
    if private:
        voice.say("certificate.written_private")


def write_proof(source: Opened, number: str, output: Path, *, private: bool) -> int:
    """Write the proof file of the certificate `number`; returns its size in bytes.

    Raises:
        RefusedError: `no_certificate`, `head_not_signed`.
    """
    from registry.store.proofs import certificate_proof

    proof = certificate_proof(source.log, source.log.openings, number, private=private)
    _write(output, proof, private=private)
    return len(proof)


def show_all(place: Place, *, voice: Voice) -> None:
    """Say all certificates, in the order in which they were issued.

    Raises:
        RefusedError: `no_registry`.
    """
    with opened(place) as source:
        retirements, hidden = _folded(source)
        listed = [
            _listed(item, hidden[item.number], source) for item in retirements.by_number.values()
        ]
        if voice.is_json:
            voice.json(
                [{**item, "demonstration": is_demonstration(source.origin)} for item in listed]
            )
            return
        voice.demonstration(source.origin)
    columns = ("number", "amount", "purpose", "holder", "names", "state")
    voice.table(
        voice.text("certificates.title", count=len(listed)),
        [voice.text(f"certificate.{column}") for column in columns],
        [_cells(item, voice) for item in listed],
    )


def _folded(source: Opened) -> tuple[Retirements, dict[str, dict[str, bytes]]]:
    """The retirements, and for each number what its statement commits to, by field."""
    retirements = Retirements()
    hidden: dict[str, dict[str, bytes]] = {}
    for placed in source.log.entries():
        happened = list(placed.happened())
        retirements.fold(placed.index, placed.entry.at_us, happened)
        for made in happened:
            if isinstance(made.event, certificate.Issued):
                hidden[made.stream.removeprefix(_PREFIX)] = _commitments(made)
    return retirements, hidden


def _commitments(made: Happened) -> dict[str, bytes]:
    names = shape.commitments(certificate.Issued)
    found = {name: getattr(made.event, name) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def _listed(item: Retirement, hidden: dict[str, bytes], source: Opened) -> dict[str, Any]:
    """One certificate, for JSON; names only where it is public."""
    shown = source.shown(list(hidden.values())) if item.public else {}
    return {
        "number": item.number,
        "index": item.index,
        "amount_g": item.amount_g,
        "purpose": item.purpose,
        "month": item.month,
        "standards": item.standards,
        "holder": item.holder,
        "holder_name": source.name_of(item.holder) if item.public else None,
        "public": item.public,
        "final": not item.awaiting,
        "awaiting": item.awaiting,
        "names": {name: shown[one].value for name, one in hidden.items() if one in shown},
        "verdicts": [verdict_object(verdict) for verdict in item.verdicts],
    }


def _cells(item: dict[str, Any], voice: Voice) -> list[str]:
    activity = item["names"].get("activity", "")
    state = voice.text("certificate.final")
    if item["awaiting"]:
        state = voice.text("certificate.awaiting", awaiting=sorted(item["awaiting"]))
    return [
        words.grouped(item["number"]),
        words.tonnes(item["amount_g"]),
        words.purpose_word(item["purpose"], voice.lang),
        item["holder_name"] or item["holder"],
        activity if item["public"] else voice.text("certificate.private"),
        state,
    ]


def _write(output: Path, proof: bytes, *, private: bool) -> None:
    """Write the file; one with names that are not public is for its owner's eyes from the first byte."""
    mode = 0o600 if private else 0o666
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    with os.fdopen(os.open(output, flags, mode), "wb") as file:
        if private:
            os.fchmod(file.fileno(), mode)
        file.write(proof)
