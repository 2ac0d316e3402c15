"""The program as the shell sees it, and where it takes its addresses from."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.cli.addresses import EMBEDDED_PARTITIONS, completed, found
from services.cli.services import SERVICES, all_topics
from services.core.errors import Fatal
from services.embedded.engines import Addresses
from services.runtime.settings import DatabaseSettings, KafkaSettings, RuntimeSettings

ROOT = Path(__file__).parents[3]
EMBEDDED = Addresses("127.0.0.1:1", "postgresql://embedded/postgres")


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if none were set, also where the tests are given external engines."""
    for name in [name for name in os.environ if name.startswith("TOLBRUG_")]:
        monkeypatch.delenv(name)


def shell(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "services.cli", *arguments],
        cwd=ROOT,
        env={"PATH": "", **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def test_an_error_of_ours_is_a_sentence_and_exit_code_1(tmp_path: Path) -> None:
    done = shell("run", "customs", TOLBRUG_STATE=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith("One service needs addresses: set TOLBRUG_KAFKA__BOOTSTRAP_SERVERS")
    assert "Traceback" not in done.stderr


def test_a_setting_that_makes_no_sense_is_named_and_exits_with_2() -> None:
    done = shell("up", TOLBRUG_KAFKA__PARTITIONS="many")
    assert done.returncode == 2
    assert "Setting TOLBRUG_KAFKA__PARTITIONS: Input should be a valid integer" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_jars_and_network_up_says_what_is_missing(tmp_path: Path) -> None:
    nowhere = {
        "TOLBRUG_EMBEDDED__CACHE": str(tmp_path / "empty"),
        "TOLBRUG_EMBEDDED__MAVEN_REPOSITORY": "http://127.0.0.1:9",
    }
    given = {"TOLBRUG_DATABASE__URL": "postgresql://127.0.0.1:9/none", "TOLBRUG_STATE": str(tmp_path / "state")}
    done = shell("up", **nowhere, **given)
    assert done.returncode == 1
    assert "Missing: Apache Kafka 4.3.1: 35 jars" in done.stderr
    assert "TOLBRUG_KAFKA__BOOTSTRAP_SERVERS" in done.stderr
    assert "Traceback" not in done.stderr


def test_addresses_that_were_given_stand_and_the_others_are_filled_in() -> None:
    settings = RuntimeSettings(kafka=KafkaSettings(bootstrap_servers="kafka:9092"))
    complete = completed(settings, EMBEDDED)
    assert complete.kafka == settings.kafka
    assert complete.database.url == EMBEDDED.database_url
    given = RuntimeSettings(database=DatabaseSettings(url="postgresql://there/db"))
    assert completed(given, EMBEDDED).database.url == "postgresql://there/db"


def test_an_embedded_kafka_has_four_partitions_unless_told_otherwise() -> None:
    assert completed(RuntimeSettings(), EMBEDDED).kafka.partitions == EMBEDDED_PARTITIONS
    told = RuntimeSettings(kafka=KafkaSettings(partitions=7))
    assert completed(told, EMBEDDED).kafka.partitions == 7


def test_where_nothing_runs_the_command_says_how_to_start_it(tmp_path: Path) -> None:
    nothing = RuntimeSettings(state=tmp_path)
    with pytest.raises(Fatal, match="No Kafka"):
        found(nothing, kafka=True)
    with pytest.raises(Fatal, match="TOLBRUG_DATABASE__URL"):
        found(nothing, postgres=True)
    assert found(nothing) == nothing


def test_every_service_is_in_the_table_and_every_topic_has_a_name_of_one() -> None:
    folders = {path.parent.name for path in (ROOT / "services").glob("*/wiring.py")}
    assert set(SERVICES) == folders
    # What parties write to themselves is named after none of ours.
    assert {topic.split(".")[0] for topic in all_topics()} <= folders | {"intake"}
