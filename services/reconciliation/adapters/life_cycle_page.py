"""Draws docs/life-cycle.md from the table that decides: a state diagram, and every stage with every message.

`python -m services.reconciliation.adapters.life_cycle_page` writes it; with `--check` it only compares, and exits 1 on
a difference.
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from services.core.messages import Stage
from services.reconciliation.domain.life import TRANSITIONS, Event, Order, Step

PAGE: Final = Path(__file__).parents[3] / "docs" / "life-cycle.md"

HEAD: Final = """\
# The life of a shipment

Drawn by `python -m services.reconciliation.adapters.life_cycle_page` from the table in
`services/reconciliation/domain/life.py`, by which the stage of every shipment is decided. Change that, never this page.

The stage follows from the *set* of an MRN's facts: they are put in order by the day they happened, within a day as
things naturally happen, and taken along the table. So neither late, repeated nor swapped messages change the outcome,
and a message that is merely missing contradicts nothing: the next one passes. `GET /v1/customs/declarations/{mrn}`
shows the stage.
"""

NOTES: Final = """\
Empty: nothing changes. **!**: `shipment.out-of-sequence`, once for the message, when it happened a day or more after
what set the stage (some messages state a day without a time). **!!**: the same whatever the time between. The message
is kept either way. Goods that left have left: exit outranks everything, and the finding is critical.

- A declaration that is *pre-lodged* holds nothing of a licence. It is answered early, and judged anew with an amount
  once its goods are presented: acceptance is that moment.
- *Retrospective*, *supplementary* and *paper* declarations come after what they declare: they stand first in the order.
  A retrospective one is judged by the licence as it stood when the goods left.
- A *supplementary* declaration stands in for the simplified ones it completes
  ([decision 0012](decisions/0012-supplementary-declarations.md)).
- *Part left*: `final` is false, and amounts are totals so far; without any nothing counts as gone yet. Only the last
  part makes the shipment exited. Of goods that arrived in parts (CC507C) the exit notification (CC590C) tells of a
  part, and only customs (CC518C, CC599C) of the end.
- *Left* covers a proof other than the exit's own confirmation; *did not leave* is result B1.
- Another office of exit than the declared one is a diversion, and no contradiction: the declaration shows the offices.
- Amendments change no stage: the declaration is judged again as it then stands. A lower version that comes late is
  kept and changes nothing.
"""

SAID_BY: Final[Mapping[Event, str]] = {
    Event.LODGED: "CC515C + CC528C (type D); JSON `declaration` with `pre_lodged`",
    Event.ACCEPTED: "CC515C + CC528C, DMSACC; CC570C; JSON `declaration`",
    Event.PRESENTED: "CC511C",
    Event.AMENDED: "CC513C + CC504C, a WCO amendment; JSON `declaration` of a higher version",
    Event.OVERRIDDEN: "a decision of customs against the answer (Impl. Reg. (EU) 2024/2145 art. 8)",
    Event.NOT_RELEASED: "CC551C; JSON `no-release`",
    Event.RELEASED: "CC529C, DMSROG; JSON `release`",
    Event.ARRIVED: "CC507C",
    Event.EXIT_STOPPED: "CC522C",
    Event.EXIT_RELEASED: "CC525C",
    Event.PART_LEFT: "CC518C, CC590C, CC599C of a part; CC590C after CC507C of one; JSON `exit` that is not final",
    Event.NOT_LEFT: "CC599C, CC518C, JSON `exit` with result B1",
    Event.LEFT: "CC599C, DMSEOG; JSON `exit`; alternative proof",
    Event.INVALIDATED: "CC509C, DMSINV; JSON `invalidation`",
}


def words(stage: Stage) -> str:
    return stage.value.lower().replace("_", " ")


def _arrows() -> Iterator[str]:
    """An arrow for each pair of stages, with the events that lead from one to the other in sequence."""
    yield f"    [*] --> {Stage.UNDECLARED.value}"
    for stage, row in TRANSITIONS.items():
        leads: dict[Stage, list[Event]] = {}
        for event, step in row.items():
            if step.to is not None and step.order is Order.IN_SEQUENCE:
                leads.setdefault(step.to, []).append(event)
        for to, events in leads.items():
            yield f"    {stage.value} --> {to.value}: {', '.join(events)}"


def diagram() -> str:
    """The transitions in sequence, in Mermaid."""
    names = (f"    {stage.value}: {words(stage)}" for stage in TRANSITIONS)
    return "\n".join(("```mermaid", "stateDiagram-v2", *names, *_arrows(), "```"))


def _cell(step: Step) -> str:
    return " ".join(
        filter(None, ("" if step.to is None else words(step.to), f"**{step.order}**" if step.order else ""))
    )


def table() -> str:
    """Every event in every stage."""
    heads = [words(stage) for stage in TRANSITIONS]
    rows = ([_cell(row[event]) for row in TRANSITIONS.values()] for event in Event)
    lines = (f"| {event} | {' | '.join(cells)} |" for event, cells in zip(Event, rows, strict=True))
    return "\n".join((f"| message | {' | '.join(heads)} |", f"|---|{'---|' * len(heads)}", *lines))


def page() -> str:
    """The whole page."""
    said = "\n".join(f"| {event} | {by} |" for event, by in SAID_BY.items())
    said = f"| message | said by |\n|---|---|\n{said}"
    return f"{HEAD}\n{diagram()}\n\nWhat each message does in each stage:\n\n{table()}\n\n{NOTES}\n{said}\n"


def main(arguments: list[str]) -> int:
    if "--check" not in arguments:
        PAGE.write_text(page(), encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page():
        sys.stderr.write(
            f"{PAGE} is not what the table gives: run `python -m services.reconciliation.adapters.life_cycle_page`\n"
        )
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
