"""One installation of Tolbrug under test: its addresses, as a process gets them from its environment."""

from dataclasses import dataclass

from services.runtime.settings import RuntimeSettings


@dataclass(frozen=True)
class Installation:
    """A database and a topic prefix of its own on the engines of the run."""

    bootstrap_servers: str
    database_url: str
    topic_prefix: str
    state: str
    partitions: int = 4

    @classmethod
    def of(cls, settings: RuntimeSettings) -> "Installation":
        kafka, database = settings.kafka, settings.database
        return cls(kafka.bootstrap_servers, database.url, kafka.topic_prefix, str(settings.state))

    def environment(self) -> dict[str, str]:
        """The variables of a process of this installation; it takes a free port."""
        return {
            "TOLBRUG_KAFKA__BOOTSTRAP_SERVERS": self.bootstrap_servers,
            "TOLBRUG_KAFKA__TOPIC_PREFIX": self.topic_prefix,
            "TOLBRUG_KAFKA__PARTITIONS": str(self.partitions),
            "TOLBRUG_DATABASE__URL": self.database_url,
            "TOLBRUG_DATABASE__POOL_SIZE": "12",
            "TOLBRUG_FOLD__LEASE_S": "3",
            "TOLBRUG_HTTP__PORT": "0",
            "TOLBRUG_STATE": self.state,
        }
