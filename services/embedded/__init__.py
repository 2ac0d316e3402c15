"""Real Kafka and PostgreSQL for one machine: the quick start and the tests, without Docker, root or anything installed.

consumes    Kafka's jars (`kafka.lock`, fetched once into a cache), Java and PostgreSQL from Python wheels
publishes   addresses: `async with engines(state) as running: running.bootstrap_servers, running.database_url`
owns        the state directory (default `.tolbrug/`): data, logs, and `engines.json`, the record of the two processes
guarantees  engines outlive Ctrl-C and `kill -9` of the process that started them; the next start adopts or stops them
"""
