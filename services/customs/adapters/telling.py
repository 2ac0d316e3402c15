"""Who is to be told of a verdict: rows of `customs.delivery`, in the transaction that stores the verdict."""

import json
from collections.abc import Sequence

from services.core.messages import Verdict
from services.customs.adapters.http.views import final_verdict, moment
from services.runtime.columns import Texts
from services.runtime.statements import Part

# A party that wants nothing more still has its deliveries listed: should it resume, it gets them.
_TELL = b"""
INSERT INTO customs.delivery (endpoint, subject, revision, body, state, ended_at)
SELECT asked.party, told.mrn, told.revision, told.body,
    CASE WHEN e.disabled_at IS NULL THEN 'pending' ELSE 'gone' END, e.disabled_at
FROM moved, unnest(%s::text[], %s::bigint[], %s::text[]) AS told (mrn, revision, body)
CROSS JOIN unnest(%s::text[]) AS asked (party)
LEFT JOIN customs.endpoint e ON e.id = asked.party
WHERE EXISTS (
    SELECT FROM customs.said m WHERE m.shipment = told.mrn AND m.party = asked.party AND m.fact_id IS NOT NULL
)
ON CONFLICT DO NOTHING
"""


class Telling:
    """`parties`: names of those with a webhook. Each is told of the shipments that it stated something about."""

    def __init__(self, parties: Sequence[str]) -> None:
        self._parties = list(parties)

    def parts(self, verdicts: Sequence[Verdict]) -> Sequence[Part]:
        """One delivery for each verdict and party."""
        if not self._parties or not verdicts:
            return ()
        mrns, bodies = Texts(v.mrn for v in verdicts), Texts(webhook_body(v) for v in verdicts)
        return (Part(_TELL, (mrns, [v.revision for v in verdicts], bodies, Texts(self._parties))),)


def webhook_body(verdict: Verdict) -> str:
    """The payload of a webhook, kept with the delivery: every attempt signs and sends the same text.

    A higher `revision` replaces a lower one of the same MRN.
    """
    data = final_verdict(verdict) | {"revision": verdict.revision}
    document = {"type": "verdict.decided", "timestamp": moment(verdict.decided_at), "data": data}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
