"""`tolbrug stop`: engines that a killed process left running."""

from services.cli.console import AsJson, show
from services.runtime.settings import RuntimeSettings


def stop(*, as_json: AsJson = False) -> None:
    """Stop the embedded engines that a killed process left running; the next `up` would have adopted them.

    Exits with 1, and stops nothing, when a living process still uses them.
    """
    from services.embedded.engines import stop_left_over

    stopped = stop_left_over(RuntimeSettings().state)
    words = f"Stopped: {', '.join(stopped)}" if stopped else "Nothing was left running"
    show({"stopped": stopped}, words, as_json=as_json)
