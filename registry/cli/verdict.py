"""A verdict: how it is said to a person and to a program, and which exit code it is.

valid 0    invalid 1    incomplete 3    stale 4
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import typer

from registry.cli import exits
from registry.cli.voice import WHERE, Voice, is_demonstration
from registry.errors import BrokenHistoryError, IncompleteError, RegistryError, StaleError

COLOURS = {
    "valid": typer.colors.GREEN,
    "invalid": typer.colors.RED,
    "incomplete": typer.colors.YELLOW,
    "stale": typer.colors.YELLOW,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was found: the verdict, the error that it is about, if any, and the log's name, as far as it is known."""

    name: str
    error: RegistryError | None = None
    origin: str | None = None

    @property
    def exit_code(self) -> int:
        """How the command ends."""
        return 0 if self.error is None else exits.of_error(self.error)

    @property
    def at(self) -> dict[str, Any] | None:
        """Where it breaks, as far as it is known."""
        if not isinstance(self.error, BrokenHistoryError):
            return None
        place = {name: self.error.facts.get(name) for name in WHERE}
        return place if any(value is not None for value in place.values()) else None


def of_error(error: RegistryError, origin: str | None) -> Verdict:
    """The verdict that an error of a checker is.

    Raises:
        RegistryError: the error itself, if it is none: there was nothing to check.
    """
    if isinstance(error, IncompleteError):
        return Verdict(name="incomplete", error=error, origin=origin)
    if isinstance(error, StaleError):
        return Verdict(name="stale", error=error, origin=origin)
    if isinstance(error, BrokenHistoryError):
        return Verdict(name="invalid", error=error, origin=origin)
    raise error


def say_object(verdict: Verdict, found: Mapping[str, Any], voice: Voice) -> None:
    """The verdict and what was `found`, as JSON."""
    voice.json(
        {
            "verdict": verdict.name,
            "reason": verdict.error and verdict.error.code,
            "at": verdict.at,
            "message": verdict.error and voice.refusal(verdict.error),
            "origin": verdict.origin,
            "demonstration": is_demonstration(verdict.origin),
            **found,
        }
    )


def say(verdict: Verdict, subject: str | None, voice: Voice) -> None:
    """The verdict, on what, and why."""
    said = {"verdict": voice.text(f"verdict.{verdict.name}")}
    if subject is not None:
        said["subject"] = subject
    voice.headline(voice.text("verdict.line", **said), COLOURS[verdict.name])
    voice.demonstration(verdict.origin)
    if verdict.error is not None:
        message = voice.refusal(verdict.error)
        voice.say("verdict.reason", code=verdict.error.code, message=message)


def subject_log(verdict: Verdict, voice: Voice) -> str | None:
    """The log that a verdict is on, in words."""
    return None if verdict.origin is None else voice.text("audit.subject", origin=verdict.origin)
