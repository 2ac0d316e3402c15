"""The scenario of a seed: the register, the refusals and all stories, always the same for the same seed."""

from services.simulator.desk import Desk
from services.simulator.dossiers import Dossier
from services.simulator.keys import keys_of
from services.simulator.refusals import denials, load_refusals
from services.simulator.steps import Scenario
from services.simulator.stories_balance import balance
from services.simulator.stories_disorder import disorder
from services.simulator.stories_keys import TWO_KEYS, keys
from services.simulator.stories_lines import lines
from services.simulator.stories_months import months
from services.simulator.stories_rules import rules
from services.simulator.stories_shadow import shadows
from services.simulator.stories_traffic import traffic

DEFAULT_SEED = 2026


def build_scenario(seed: int = DEFAULT_SEED) -> Scenario:
    """Everything that is played, in the order it is started."""
    desk = Desk(seed)
    # Stories that wait for answers start first, so that they do not make the end long.
    stories = [*balance(desk), *rules(desk), *lines(desk), *disorder(desk), *traffic(desk)]
    stories = [*keys(desk), *stories, *shadows(desk)]
    # Planned last, so that the numbers of the others stay theirs; started first, for it waits.
    stories = [*months(desk), *stories]
    register = desk.register
    return Scenario(
        seed=seed,
        licences=tuple(register.issued.values()),
        keys=tuple(key for name in register.issued if name != TWO_KEYS for key in keys_of(register.issued[name])),
        late=tuple(register.late.values()),
        statuses=register.statuses,
        refusals=tuple(load_refusals()),
        denials=tuple(denials()),
        stories=tuple(stories),
        dossiers=(Dossier(register.issued[TWO_KEYS]),),
    )
