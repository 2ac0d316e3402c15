"""docker-compose.yml and deploy/ against what they refer to. No Docker engine is needed; the commands in the file are
run by tests/integration/test_compose_commands.py.
"""

import json
import re
from importlib.resources import files

import jsonschema
import pytest
import yaml

from services.cli.services import SERVICES
from tests.compose import ROOT, VARIABLE, demo_variables, environment, own_services, raw, services

SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|_KEY$")


def test_the_file_is_valid_by_the_compose_specification() -> None:
    schema = json.loads(files("check_jsonschema").joinpath("builtin_schemas/vendor/compose-spec.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    validator.validate(raw())
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({"services": {"kafka": {"imagee": "apache/kafka:4.3.1"}}})


def test_every_service_has_its_container_and_the_engines_their_versions() -> None:
    assert set(SERVICES) <= set(own_services())
    assert {service["image"] for service in services().values()} >= {
        "apache/kafka:4.3.1",
        "postgres:18",
        "apicurio/apicurio-registry:3.3.3",
    }
    for service in services().values():
        assert not service["image"].endswith(":latest")
        assert ":" in service["image"]


def test_no_secret_has_a_default() -> None:
    for name, service in services().items():
        for key, value in service.get("environment", {}).items():
            if SECRET.search(key):
                match = VARIABLE.fullmatch(value)
                assert match is not None, f"{name}: {key} is written into the file"
                assert match[2] == "?" or not match[3], f"{name}: {key} has a default"
        assert not re.search(r"://[^/\s]*:[^/\s]*@", str(service.get("environment", {}))), (
            f"{name}: a password in a URL"
        )


def test_the_demo_gives_every_variable_that_must_be_set() -> None:
    for service in services().values():
        environment(service, demo_variables())
    with pytest.raises(KeyError, match="password"):
        environment(services()["postgres"], {})


def test_a_service_that_is_waited_for_can_tell_that_it_is_there() -> None:
    for service in services().values():
        for awaited, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert "healthcheck" in services()[awaited]
            else:
                assert how["condition"] == "service_completed_successfully"
                assert services()[awaited]["restart"] == "no"


def test_containers_of_ours_are_asked_with_our_own_command_and_get_time_to_stop() -> None:
    for name, service in own_services().items():
        if service["restart"] == "no" and "profiles" not in service:
            continue
        assert service["healthcheck"]["test"][:3] == ["CMD", "tolbrug", "health"], name
        assert service["stop_grace_period"] == "30s", name


def test_no_port_is_open_to_the_network_or_taken_twice() -> None:
    ports = [port for service in services().values() for port in service.get("ports", [])]
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert len({port.split(":")[1] for port in ports}) == len(ports)


def test_what_is_mounted_and_built_exists() -> None:
    for service in services().values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (ROOT / source).exists() if source.startswith(".") else source in raw()["volumes"]
        if "build" in service:
            assert (ROOT / service["build"]["dockerfile"]).is_file()


def test_the_image_gets_everything_it_copies_and_stops_on_sigterm() -> None:
    dockerfile = (ROOT / "deploy/Dockerfile").read_text()
    allowed = (ROOT / "deploy/Dockerfile.dockerignore").read_text()
    for line in re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.MULTILINE):
        for source in line.split():
            assert (ROOT / source).exists()
            assert f"!{source}\n" in allowed
    assert "STOPSIGNAL SIGTERM" in dockerfile
    assert 'ENTRYPOINT ["tolbrug"]' in dockerfile


def test_prometheus_asks_every_service_and_its_rules_name_metrics_that_exist() -> None:
    config = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())
    targets = {
        target.split(":")[0] for job in config["scrape_configs"] for target in job["static_configs"][0]["targets"]
    }
    assert targets == set(SERVICES)
    rules = (ROOT / "deploy/prometheus/rules.yml").read_text()
    sources = "".join(path.read_text() for path in (ROOT / "services").rglob("*.py"))
    named = set(re.findall(r"\btolbrug_\w+", rules))
    assert named
    for metric in named:
        assert f'"{metric}"' in sources, f"{metric} is nobody's metric"
    assert all(rule["annotations"]["summary"] for group in yaml.safe_load(rules)["groups"] for rule in group["rules"])
