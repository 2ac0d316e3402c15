"""A fold that registers: what a door does with a request, done with a record that a partner wrote.

    1 read      its inputs, side by side
    2 judge     each record by itself: what is to be registered, or why it is refused
    5 commit    one transaction: what is registered, the dead letters of what is refused, compare-and-set of the row
    6 publish   the dead letters, while the next batch runs

So a message is in the register exactly when the position is behind its record, whatever dies when. What several
records refuse only together is found out one by one, as the group commit of a door does it.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from json import dumps
from typing import Any, Final

from services.core.errors import Corrupt, Fatal, Fenced, Refused, Rejected, Transient
from services.runtime.crash import crash_point
from services.runtime.database import AWAY, Connection
from services.runtime.fold import FoldSpec
from services.runtime.http import problem_document
from services.runtime.kafka.reader import Incoming
from services.runtime.output_table import Output
from services.runtime.partition import Session
from services.runtime.registers import Registers
from services.runtime.telemetry import BATCH_SECONDS, COMMITS, RECORDS_IN, follow_trace, log

MOST: Final = 200
"""Records of one transaction, as in the group commit of a door: each may lock rows that requests wait for."""
PROBLEM_BYTES: Final = 4096

NOT_OURS = (Transient, Fenced, Corrupt, Fatal, *AWAY)
"""What ends a session: no record is to blame."""


def registering(service: str, name: str, inputs: tuple[str, ...], registers: Registers[Any]) -> FoldSpec[None]:
    """The fold: it has a position in each input, and nothing else of its own."""
    return FoldSpec(service, name, inputs, {}, str, _nothing, _NoStore(), registers=registers)


class RegisteringSession(Session[None]):
    """Works on one partition of such a fold."""

    async def _work(self, records: Sequence[Incoming]) -> None:
        started = time.perf_counter()
        for begin in range(0, len(records), MOST):
            part = records[begin : begin + MOST]
            judged = [await self._judge(record) for record in part]  # 2
            outputs = await self._commit_or_split(part, judged)  # 5
            await self._publication.put(outputs)  # 6
        BATCH_SECONDS.labels(self._spec.title).observe(time.perf_counter() - started)
        RECORDS_IN.labels(self._spec.title).inc(len(records))

    @property
    def _registers(self) -> Registers[Any]:
        assert self._spec.registers is not None  # noqa: S101 - made for such a fold only
        return self._spec.registers

    async def _judge(self, record: Incoming) -> Any:
        """What is to be registered, or the error that says why not."""
        await asyncio.sleep(0)  # between two records those who wait for an answer have their turn
        follow_trace(record.trace)
        try:
            await self._engines.codec.resolve([record.value or b""])
            return await self._registers.judge(record)
        except (Rejected, Refused) as error:
            return error
        except NOT_OURS:
            raise
        except Exception as error:
            raise _bug(record, error) from error

    async def _commit_or_split(self, records: Sequence[Incoming], judged: Sequence[Any]) -> Sequence[Output]:
        try:
            return await self._register(records, judged)
        except NOT_OURS:
            raise
        except Exception as error:
            if len(records) == 1 and isinstance(error, Rejected | Refused):
                return await self._register(records, [error])
            if len(records) == 1:
                raise _bug(records[0], error) from error
            outputs: list[Output] = []
            for record, one in zip(records, judged, strict=True):
                outputs += await self._commit_or_split([record], [one])
            return outputs

    async def _register(self, records: Sequence[Incoming], judged: Sequence[Any]) -> Sequence[Output]:
        """One transaction: all of these, and the position behind them."""
        good = [place for place, one in enumerate(judged) if not isinstance(one, Exception)]
        results = list(judged)
        async with self._engines.database.transaction() as connection:
            if good:
                traces = [records[place].trace for place in good]
                made = await self._registers.register(connection, [judged[place] for place in good], traces)
                for place, result in zip(good, made, strict=True):
                    results[place] = result
            outputs = self._dead_letters(records, results)
            after = self._after(self._behind(records), outputs)
            if not await self._table.advance(connection, self._row, after):
                await self._lost(connection)
            if outputs:
                await self._outputs.append(connection, self._partition, outputs)
            crash_point("fold-before-commit", self._spec.title)
        crash_point("fold-after-commit", self._spec.title)
        COMMITS.labels(self._spec.title, "committed").inc()
        self._row = after
        taken = [(judged[place], results[place]) for place in good if not isinstance(results[place], Exception)]
        self._registers.registered(taken)
        return outputs

    def _dead_letters(self, records: Sequence[Incoming], results: Sequence[Any]) -> list[Output]:
        outputs: list[Output] = []
        for record, result in zip(records, results, strict=True):
            seq = self._row.last_output + len(outputs) + 1
            if isinstance(result, Refused):
                outputs += self._dead(record, "handle", sentence(result), seq, problem_text(result))
            elif isinstance(result, Exception):
                outputs += self._dead(record, "decode", str(result), seq)
        return outputs


def sentence(refused: Refused) -> str:
    """A refusal in one sentence: its title and each fault with its path."""
    faults = "; ".join(f"{fault.path}: {fault.detail}" if fault.path else fault.detail for fault in refused.faults)
    text = f"{refused.status} {refused.title}" + (f" ({faults})" if faults else "")
    return text.encode(errors="replace").decode()


def problem_text(refused: Refused) -> str:
    """Its problem document, with as many of its faults as a header holds."""
    for most in (len(refused.faults), 10, 1):
        text = dumps(problem_document(refused.status, refused.title, refused.faults[:most]), ensure_ascii=False)
        if len(encoded := text.encode(errors="replace")) <= PROBLEM_BYTES:
            return encoded.decode()
    return dumps(problem_document(refused.status, refused.title[:500]))


def _bug(record: Incoming, error: Exception) -> Corrupt:
    log.exception("registering.failed", topic=record.topic, offset=record.offset)
    return Corrupt(f"registering failed on {record.topic}/{record.partition}/{record.offset}: {error!r}")


class _NoStore:
    """There are no aggregates."""

    async def load(self, connection: Connection, ids: Sequence[str]) -> Mapping[str, None]:
        del connection, ids
        return {}

    async def save(self, connection: Connection, partition: int, states: Mapping[str, None]) -> None:
        del connection, partition, states


def _nothing(_: str) -> None:
    return
