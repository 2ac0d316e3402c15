"""Topics as declared against topics as they are: create what is missing, refuse what does not fit."""

from collections.abc import Iterable
from dataclasses import dataclass

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from services.core.errors import Fatal, Transient
from services.runtime.kafka.producer import HEADROOM, LARGEST
from services.runtime.settings import KafkaSettings

DEAD_LETTER_SUFFIX = ".dlq"


@dataclass(frozen=True, slots=True)
class TopicPlan:
    """What to do about one topic: `create`, `keep`, or a reason why it does not fit."""

    topic: str
    partitions: int
    action: str


def with_dead_letters(topics: Iterable[str]) -> tuple[str, ...]:
    """The topics and a dead-letter topic beside each that is not one itself, sorted."""
    given = set(topics)
    return tuple(sorted(given | {t + DEAD_LETTER_SUFFIX for t in given if not t.endswith(DEAD_LETTER_SUFFIX)}))


async def plan(settings: KafkaSettings, topics: Iterable[str]) -> list[TopicPlan]:
    """What `apply` would do. All topics must have one partition count: folds read them side by side."""
    admin = await _connect(settings)
    try:
        names = {settings.topic_prefix + t: t for t in topics}
        found = await admin.list_topics()
        described = await admin.describe_topics([n for n in names if n in found]) if names else []
        counts = {names[d["topic"]]: len(d["partitions"]) for d in described if d["topic"] in names}
        wanted = max(counts.values(), default=settings.partitions)
        return [_one(t, counts.get(t), wanted) for t in sorted(names.values())]
    except KafkaError as error:
        raise Transient(f"Kafka does not answer at {settings.bootstrap_servers}: {error!r}") from error
    finally:
        await admin.close()


def _one(topic: str, count: int | None, wanted: int) -> TopicPlan:
    if count is None:
        return TopicPlan(topic, wanted, "create")
    if count != wanted:
        return TopicPlan(topic, count, f"has {count} partitions, {wanted} are needed")
    return TopicPlan(topic, count, "keep")


async def apply(settings: KafkaSettings, topics: Iterable[str]) -> int:
    """Create what is missing; the common partition count. Fatal when a topic does not fit or may not be created."""
    plans = await plan(settings, topics)
    wrong = [p for p in plans if p.action not in {"create", "keep"}]
    if wrong:
        raise Fatal("; ".join(f"topic {p.topic} {p.action}" for p in wrong) + ": the count is fixed at the first start")
    missing = [p for p in plans if p.action == "create"]
    if missing and not settings.create_topics:
        raise Fatal(f"topics are missing: {', '.join(p.topic for p in missing)}; run `tolbrug topics apply`")
    if missing:
        await _create(settings, missing)
    return plans[0].partitions if plans else settings.partitions


async def broker_settings(settings: KafkaSettings, names: Iterable[str]) -> dict[str, str | None]:
    """What one of the brokers is set to, by the names of Kafka's documentation."""
    admin = await _connect(settings)
    try:
        cluster = await admin.describe_cluster()
        broker = ConfigResource(ConfigResourceType.BROKER, str(cluster["brokers"][0]["node_id"]), dict.fromkeys(names))
        answers = await admin.describe_configs([broker])
        return {config[0]: config[1] for answer in answers for found in answer.resources for config in found[4]}
    finally:
        await admin.close()


async def _create(settings: KafkaSettings, missing: list[TopicPlan]) -> None:
    # Kept for ever, never compacted: what a ledger was computed from must stay readable.
    # A record has the time of its cause, by whatever clock: a broker that stands behind must not refuse it for that.
    configs = {
        "retention.ms": "-1",
        "cleanup.policy": "delete",
        "max.message.bytes": str(LARGEST + HEADROOM),
        "message.timestamp.after.max.ms": str(2**63 - 1),
    }
    new = [
        NewTopic(settings.topic_prefix + p.topic, p.partitions, settings.replication_factor, topic_configs=configs)
        for p in missing
    ]
    admin = await _connect(settings)
    try:
        answer = await admin.create_topics(new, timeout_ms=15_000)
        for topic, code, *_ in answer.topic_errors:
            error = for_code(code)
            if code and error is not TopicAlreadyExistsError:
                raise Fatal(f"topic {topic} cannot be created: {error.__name__}")
    finally:
        await admin.close()


async def _connect(settings: KafkaSettings) -> AIOKafkaAdminClient:
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap_servers, request_timeout_ms=15_000)
    try:
        await admin.start()
    except KafkaError as error:
        await admin.close()
        raise Transient(f"Kafka does not answer at {settings.bootstrap_servers}: {error!r}") from error
    return admin
