"""Messages that trusted nodes put on the topic of their party: judged by the code that judges requests.

A record is an envelope (`customs.v1.IntakeMessage`) around the exact bytes; its key and its headers say nothing here.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.core.errors import Fault, Refused
from services.core.messages import IntakeMessage
from services.customs.adapters.intake import Intake, Submission, check_key
from services.customs.adapters.register import Receipt, Register, count
from services.runtime.codec import Codec
from services.runtime.kafka.reader import Incoming
from services.runtime.outbox import Outbox
from services.runtime.registers import Registers

_WORD = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True, slots=True)
class PartyTopic:
    """Takes the records of all parties' topics. `parties`: whose each topic is."""

    parties: Mapping[str, str]
    codec: Codec
    intake: Intake
    register: Register
    outbox: Outbox

    def registers(self) -> Registers[Submission]:
        return Registers(self.judge, self.register.receive, self.registered)

    async def judge(self, record: Incoming) -> Submission:
        """The message in a record. Rejected when it is no envelope, Refused as by HTTP."""
        envelope = self.codec.decode_as(IntakeMessage, record.value or b"")
        for field in ("media_type", "charset"):
            word = getattr(envelope, field)
            if word is not None and not _WORD.fullmatch(word):
                fault = Fault(field, "word.invalid", "1 to 255 visible ASCII characters are expected")
                raise Refused(415, "The envelope does not say what is in it", (fault,))
        if envelope.idempotency_key is not None:
            check_key(envelope.idempotency_key)
        return await self.intake.submission(
            self.parties[record.topic],
            envelope.body,
            envelope.media_type.lower(),
            envelope.charset,
            envelope.idempotency_key,
        )

    def registered(self, taken: Sequence[tuple[Submission, Receipt]]) -> None:
        """Their facts can be published, and they count."""
        self.outbox.wake()
        for submission, receipt in taken:
            count(submission, receipt)
