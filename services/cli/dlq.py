"""`tolbrug dlq list|show|redrive`: what could not be read or handled, and the way back."""

import asyncio
import getpass
from collections import Counter
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from services.cli.addresses import found
from services.cli.codec import codec_of
from services.cli.console import AsJson, show
from services.core.errors import Rejected, Transient
from services.runtime.codec import Codec
from services.runtime.dead_letter_office import DeadLetter, find, letters, redrive
from services.runtime.settings import RuntimeSettings

commands = typer.Typer(no_args_is_help=True, help="Look at dead letters, and send them back.")

REASONS = 20
MOST = 100
Place = Annotated[str, typer.Argument(metavar="PLACE", help="topic/partition/offset, as `dlq list` shows it.")]
Topic = Annotated[str | None, typer.Option(help="Only dead letters of this topic.")]
Reason = Annotated[str, typer.Option(help="Why it is sent back; kept with the record.")]
By = Annotated[str | None, typer.Option(help="Who sends it back. [default: the user of this system]")]


@commands.command("list")
def list_dead_letters(*, topic: Topic = None, as_json: AsJson = False) -> None:
    """Count dead letters by topic, with their age and their reasons, and list the latest of each topic."""
    from services.cli.services import all_topics

    settings = found(RuntimeSettings(), kafka=True)
    known = all_topics()
    if topic is not None and topic not in known:
        raise typer.BadParameter(f"{topic} is none of {', '.join(known)}", param_hint="--topic")

    async def collected() -> dict[str, _Tally]:
        tallies: dict[str, _Tally] = {}
        async for letter in letters(settings.kafka, [topic] if topic else known):
            tallies.setdefault(letter.topic, _Tally()).add(letter)
        return tallies

    now = datetime.now(UTC)
    topics = [{"topic": name, **tally.shown(now)} for name, tally in sorted(asyncio.run(collected()).items())]
    total = sum(one["count"] for one in topics)
    table = Table("topic", "count", "oldest", "latest, or times and reason", title=f"{total} dead letters")
    for one in topics:
        table.add_row(one["topic"], str(one["count"]), f"{one['oldest_seconds']} s ago", "", style="bold")
        for reason in one["reasons"]:
            table.add_row("", str(reason["count"]), "", reason["reason"])
        for place in one["places"]:
            table.add_row("", "", "", place)
    show({"count": total, "topics": topics}, table, as_json=as_json)


@commands.command("show")
def show_dead_letter(*, place: Place, as_json: AsJson = False) -> None:
    """Show one dead letter: why it is one, the original headers, its content when it can be read, its bytes."""
    settings = found(RuntimeSettings(), kafka=True)

    async def read() -> dict[str, Any]:
        letter, codec = await find(settings.kafka, place), codec_of(settings)
        try:
            return _shown(letter) | await _content(codec, letter)
        finally:
            await codec.close()

    body = asyncio.run(read())
    table = Table("", body["place"], show_lines=True)
    for name, value in body.items():
        table.add_row(name, "\n".join(f"{k}: {v}" for k, v in value.items()) if isinstance(value, dict) else str(value))
    show(body, table, as_json=as_json)


@commands.command("redrive")
def redrive_dead_letter(*, place: Place, reason: Reason, by: By = None, as_json: AsJson = False) -> None:
    """Send one dead letter back to the topic it came from, as it was, with who, why and when beside it.

    It keeps its key, value, headers and id. What was handled before is known by its content and changes nothing.
    """
    settings = found(RuntimeSettings(), kafka=True)
    who = by or getpass.getuser()
    if not reason.strip() or not who.strip():
        raise typer.BadParameter("say why, so that whoever reads the record later knows", param_hint="--reason")

    async def send() -> DeadLetter:
        letter = await find(settings.kafka, place)
        await redrive(settings.kafka, letter, who, reason, datetime.now(UTC))
        return letter

    letter = asyncio.run(send())
    body = {"place": letter.place, "topic": letter.topic, "ce_id": _text(dict(letter.headers).get("ce_id"))}
    body |= {"by": who, "reason": reason}
    show(body, f"{letter.place} was sent back to {letter.topic}", as_json=as_json)


class _Tally:
    """The dead letters of one topic, counted."""

    def __init__(self) -> None:
        self._oldest: datetime | None = None
        self._count = 0
        self._reasons: Counter[str] = Counter()
        self._places: list[str] = []

    def add(self, letter: DeadLetter) -> None:
        at = letter.record.at
        self._oldest = at if self._oldest is None else min(self._oldest, at)
        self._count += 1
        # Reasons may name the record; too many different ones are one.
        known = len(self._reasons) < REASONS or letter.reason in self._reasons
        self._reasons[letter.reason if known else "other reasons"] += 1
        self._places = [*self._places[-MOST + 1 :], letter.place]

    def shown(self, now: datetime) -> dict[str, Any]:
        return {
            "count": self._count,
            "oldest_seconds": 0 if self._oldest is None else round((now - self._oldest).total_seconds()),
            "reasons": [{"reason": reason, "count": count} for reason, count in self._reasons.most_common()],
            "places": self._places,
        }


def _shown(letter: DeadLetter) -> dict[str, Any]:
    return {
        "place": letter.place,
        "origin": letter.origin,
        "headers": {name: _text(value) for name, value in letter.headers},
        "key": _text(letter.record.key),
    }


async def _content(codec: Codec, letter: DeadLetter) -> dict[str, Any]:
    value = letter.record.value or b""
    try:
        await codec.prepare()
        await codec.resolve([value])
        message = codec.decode(value)
    except (Rejected, Transient) as error:
        return {"unreadable": str(error), "bytes": value.hex()}
    return {"type": message.SCHEMA, "identity": message.identity, "content": _plain(message), "bytes": value.hex()}


def _plain(value: Any) -> Any:
    """A message as JSON's own types; amounts and times as text."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, bool | int) else str(value)


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode(errors="replace")
