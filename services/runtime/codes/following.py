"""The versions of code lists as a reader of their topic knows them: those bundled, and every one imported since."""

import asyncio
from collections.abc import Iterable, Mapping

from services.core.codes import SHAPES
from services.core.errors import Rejected, Transient
from services.core.messages import CodeList
from services.runtime.codec import Codec
from services.runtime.codes.bundled import bundled
from services.runtime.kafka.whole_topic import WholeTopic
from services.runtime.settings import KafkaSettings
from services.runtime.telemetry import log

_PAUSE_S = 1.0


class FollowedCodes:
    """Each list with its versions by revision. A process reads the topic to its end before it decides anything."""

    def __init__(self, kafka: KafkaSettings, codec: Codec) -> None:
        self._kafka = kafka
        self._codec = codec
        self._topic: WholeTopic | None = None
        self._versions: dict[str, dict[int, CodeList]] = {name: {0: bundled(name)} for name in SHAPES}

    def current(self, name: str) -> CodeList:
        """The newest version of a list."""
        versions = self._versions[name]
        return versions[max(versions)]

    def versions(self, name: str) -> Mapping[int, CodeList]:
        """All versions of a list, the bundled one under 0."""
        return self._versions[name]

    async def start(self) -> None:
        """Know all that was imported until now. Transient when Kafka does not answer."""
        topic = WholeTopic(self._kafka, CodeList.TOPIC)
        try:
            await self._take(await topic.start())
        except BaseException:
            await topic.stop()
            raise
        self._topic = topic

    async def run(self) -> None:
        """Take in what is imported, until cancelled. While Kafka is away the lists stay as they are."""
        try:
            while True:
                try:
                    if self._topic is None:
                        await self.start()
                    else:
                        await self._take(await self._topic.more())
                except Transient as error:
                    log.warning("codes.waiting", reason=str(error))
                    await self.stop()
                    await asyncio.sleep(_PAUSE_S)
        finally:
            await self.stop()

    async def stop(self) -> None:
        topic, self._topic = self._topic, None
        if topic is not None:
            await topic.stop()

    async def _take(self, values: Iterable[bytes]) -> None:
        found = list(values)
        await self._codec.resolve(found)
        for value in found:
            try:
                message = self._codec.decode(value)
            except Rejected as error:
                log.error("codes.unreadable", reason=str(error))
                continue
            if isinstance(message, CodeList) and message.name in self._versions:
                # A repeat is the same; what came first under a revision stays.
                self._versions[message.name].setdefault(message.revision, message)
