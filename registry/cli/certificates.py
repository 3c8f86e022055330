"""`registry certificate`: all certificates of a registry, or the proof file of one."""

import os
from pathlib import Path
from typing import Any

from registry.cli.voice import Voice, is_demonstration
from registry.desk import words
from registry.desk.asking import asked
from registry.desk.certificates import read_number, share_of
from registry.desk.certified import listed
from registry.desk.opened import Opened, opened
from registry.errors import UsageError
from registry.place import Place


def export(
    typed: str,
    place: Place,
    *,
    output: Path | None,
    private: bool,
    dossier: bool = False,
    voice: Voice,
) -> None:
    """Write the proof file of a certificate, or its dossier, to `output`.

    Raises:
        UsageError: `output_missing`.
        RefusedError: `no_registry`, `no_certificate`, `head_not_signed`, `dossier_too_long`.
    """
    if output is None:
        raise UsageError("output_missing")
    number = read_number(typed)
    with opened(place) as source:
        write = write_dossier if dossier else write_proof
        size = write(source, number, output, private=private)
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
    voice.say("certificate.written_dossier" if dossier else "certificate.written", **facts)
    if private:
        voice.say("certificate.written_private")


def write_proof(source: Opened, number: str, output: Path, *, private: bool) -> int:
    """Write the proof file of the certificate `number`; returns its size in bytes.

    Raises:
        RefusedError: `no_certificate`, `head_not_signed`.
    """
    from registry.store.proofs import certificate_proof

    share = share_of(source, number)
    proof = certificate_proof(source.log, source.log.openings, number, private=private, share=share)
    _write(output, proof, private=private)
    return len(proof)


def write_dossier(source: Opened, number: str, output: Path, *, private: bool) -> int:
    """Write the dossier of the certificate `number`; returns its size in bytes.

    Raises:
        RefusedError: `no_certificate`, `head_not_signed`, `dossier_too_long`.
    """
    from registry.store.dossiers import certificate_dossier

    share = share_of(source, number)
    found = certificate_dossier(
        source.log, source.log.openings, number, private=private, share=share
    )
    _write(output, found, private=private)
    return len(found)


def show_all(place: Place, *, voice: Voice) -> None:
    """Say all certificates, in the order in which they were issued.

    Raises:
        RefusedError: `no_registry`.
    """
    with asked(place) as question:
        source = question.source
        found = listed(question)
        if voice.is_json:
            voice.json(
                [{**item, "demonstration": is_demonstration(source.origin)} for item in found]
            )
            return
        voice.demonstration(source.origin)
        columns = ("number", "amount", "purpose", "holder", "names", "state")
        voice.table(
            voice.text("certificates.title", count=len(found)),
            [voice.text(f"certificate.{column}") for column in columns],
            [_cells(item, voice) for item in found],
        )
        voice.true_of(question)


def _cells(item: dict[str, Any], voice: Voice) -> list[str]:
    activity = item["names"].get("activity", "")
    state = voice.text("certificate.final")
    if item["awaiting"]:
        state = voice.text("certificate.awaiting", awaiting=sorted(item["awaiting"]))
    if item["state"] != "valid":
        replaced_by = item["replaced_by"] and words.grouped(item["replaced_by"])
        state = voice.text(f"certificate.{item['state']}", number=replaced_by)
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
