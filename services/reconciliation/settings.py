"""This service's knobs: `TOLBRUG_RECONCILIATION__<KEY>`."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.reconciliation.domain.deadlines import LEAD


class ReconciliationSettings(BaseSettings):
    """How often, in seconds, changed ledgers are checked against their entries, and how long one check may take.

    What a check does not get to waits for the next one: under load the invariants are looked at later, not less. One
    that took long, because a ledger is large, is followed by a longer pause.

    `answer_lead`: the part of the time to answer customs that must be left when `shipment.unanswered` is raised.
    """

    model_config = SettingsConfigDict(env_prefix="TOLBRUG_RECONCILIATION__", extra="ignore")

    invariants_every_s: float = Field(default=5.0, gt=0)
    invariants_budget_s: float = Field(default=0.25, gt=0)
    answer_lead: float = Field(default=LEAD, gt=0, lt=1)
