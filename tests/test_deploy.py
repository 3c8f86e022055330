"""What is in deploy/ fits the server: every setting is in the example, every limit around it leaves it its time.

Neither systemd nor a container engine is needed here: the files are read as what they are.
"""

import configparser
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from registry.api.app import FILES, kind_of
from registry.api.settings import Issuer, Settings, read_settings
from registry.cli import exits
from registry.store.logs import ENVIRONMENT
from tests.pages import ROOT
from tests.test_tidy import MACHINE_PATH

DEPLOY = ROOT / "deploy"
EXAMPLE = (DEPLOY / "carbon-registry.toml").read_text("utf-8")
UNIT = (DEPLOY / "carbon-registry.service").read_text("utf-8")
NGINX = (DEPLOY / "nginx.conf").read_text("utf-8")
DOCKERFILE = (DEPLOY / "Dockerfile").read_text("utf-8")
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
DEFAULTS = Settings(typed={}, file={})  # type: ignore[call-arg]  # see Settings
SETTING = re.compile(r"#(\[\[[a-z]+\]\]|[a-z_]+ = .*)")
NOT_SET = {"public_url", "metrics_token", "oidc"}
"""What has no default: the example has an invented value."""


def seconds(text: str) -> int:
    """A duration as compose, nginx and systemd write it."""
    number, unit = re.fullmatch(r"(\d+)([smh]?)", text).groups()
    return int(number) * {"": 1, "s": 1, "m": 60, "h": 3600}[unit]


def pins(lock: str) -> dict[str, str]:
    """What a lock says of each package."""
    lines = (ROOT / lock).read_text("utf-8").replace("\\\n", "").splitlines()
    return {line.split("==")[0]: line for line in lines if line and not line.startswith("#")}


@pytest.fixture
def uncommented(tmp_path: Path) -> Path:
    """The example, with every setting in force."""
    lines = [
        line[1:] if SETTING.fullmatch(line) else line
        for line in EXAMPLE.splitlines()
        if line.startswith("#")
    ]
    file = tmp_path / "all.toml"
    file.write_text("\n".join(lines), "utf-8")
    return file


# Settings.


def test_the_example_sets_nothing_as_it_stands():
    assert tomllib.loads(EXAMPLE) == {}


def test_the_example_has_every_setting_and_no_other(uncommented: Path):
    said = tomllib.loads(uncommented.read_text("utf-8"))

    assert set(said) == set(Settings.model_fields)
    assert set(said["oidc"][0]) == set(Issuer.model_fields)


def test_the_example_shows_what_holds_where_nothing_is_set(uncommented: Path):
    read = read_settings(uncommented).redacted()
    defaults = DEFAULTS.redacted()

    assert {name for name in read if read[name] != defaults[name]} == NOT_SET
    named = {"issuer": read["oidc"][0]["issuer"], "audience": "x"}
    assert {**read["oidc"][0], "audience": "x"} == Issuer(**named).model_dump(mode="json")


def test_every_setting_of_the_example_is_explained():
    blocks = EXAMPLE.split("\n\n")[1:]

    assert len(blocks) >= 5
    for block in blocks:
        first = block.splitlines()[0]
        assert first.startswith("# "), first


# systemd.


def unit() -> configparser.ConfigParser:
    """The unit, in which a key that comes again has all its values."""
    text = re.sub(r"^(\w+)=", lambda key: f"{key[1]}:{key.start()}=", UNIT, flags=re.MULTILINE)
    parser = configparser.ConfigParser(interpolation=None, delimiters="=", comment_prefixes="#")
    parser.optionxform = str
    parser.read_string(text)
    return parser


def said(section: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, value in unit()[section].items():
        found.setdefault(key.partition(":")[0], []).append(value)
    return found


def test_the_unit_starts_what_there_is():
    service = said("Service")
    (start,) = service["ExecStart"]

    assert unit().sections() == ["Unit", "Service", "Install"]
    assert start.split()[1] == "serve"
    assert f"{ENVIRONMENT}=stderr" in service["Environment"]
    assert "XDG_STATE_HOME=/var/lib/carbon-registry/mark" in service["Environment"]
    assert service["StateDirectory"] == ["carbon-registry"]
    assert start.split()[2].startswith("/var/lib/carbon-registry/")


def test_the_unit_gives_a_stop_its_time_and_a_refusal_to_somebody():
    service = said("Service")

    assert service["KillSignal"] == ["SIGTERM"]
    assert service["KillMode"] == ["mixed"]
    assert int(service["TimeoutStopSec"][0]) > DEFAULTS.stop_seconds_max
    assert service["Restart"] == ["on-failure"]
    never = {int(one) for one in service["RestartPreventExitStatus"][0].split()}
    assert never == {exits.REFUSED, exits.USAGE}
    assert int(service["LimitNOFILE"][0]) > 2 * DEFAULTS.connections_max


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("NoNewPrivileges", "yes"),
        ("ProtectSystem", "strict"),
        ("ProtectHome", "yes"),
        ("PrivateTmp", "yes"),
        ("CapabilityBoundingSet", ""),
        ("RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6"),
        ("SystemCallArchitectures", "native"),
        ("MemoryDenyWriteExecute", "yes"),
        ("UMask", "0077"),
        ("StateDirectoryMode", "0700"),
    ],
)
def test_the_unit_may_do_little(key: str, value: str):
    assert said("Service")[key] == [value]


def test_the_unit_filters_system_calls_but_lets_tables_be_nice():
    filters = said("Service")["SystemCallFilter"]

    assert filters == ["@system-service", "~@privileged"]


# Containers.


def test_services_name_secrets_volumes_and_networks_that_there_are():
    assert set(COMPOSE["services"]) == {"database", "migrate", "registry"}
    for service in COMPOSE["services"].values():
        assert set(service.get("secrets", ())) <= set(COMPOSE["secrets"])
        assert set(service["networks"]) <= set(COMPOSE["networks"])
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            known = (DEPLOY / source).is_file() if source.startswith("./") else source
            assert known is True or known in COMPOSE["volumes"]
        assert set(service.get("depends_on", ())) <= set(COMPOSE["services"])
    assert all(one["file"].startswith("secrets/") for one in COMPOSE["secrets"].values())
    assert "/deploy/secrets/" in (ROOT / ".gitignore").read_text("utf-8")


def test_the_registry_starts_after_the_tables_are_made_and_is_asked_whether_it_is_ready():
    registry = COMPOSE["services"]["registry"]

    assert registry["depends_on"] == {
        "database": {"condition": "service_healthy"},
        "migrate": {"condition": "service_completed_successfully"},
    }
    compile(registry["healthcheck"]["test"][-1], "healthcheck", "exec")
    assert "/ready" in registry["healthcheck"]["test"][-1]
    assert "pg_isready" in COMPOSE["services"]["database"]["healthcheck"]["test"]
    assert seconds(registry["stop_grace_period"]) > DEFAULTS.stop_seconds_max


def test_who_owns_the_tables_does_not_serve_and_no_secret_stands_in_the_file():
    services = COMPOSE["services"]
    owners = [name for name, one in services.items() if "owner_pgpass" in one.get("secrets", ())]
    addresses = re.findall(r"postgresql://[^\s\"]+", (DEPLOY / "compose.yaml").read_text("utf-8"))

    assert owners == ["migrate"]
    assert addresses
    assert not [one for one in addresses if re.search("//[^@]*:", one)]
    for name, value in services["database"]["environment"].items():
        assert "PASSWORD" not in name or (name.endswith("_FILE") and value.startswith("/run/"))
    assert all(port.startswith("127.0.0.1:") for port in services["registry"]["ports"])


@pytest.mark.parametrize("name", ["migrate", "registry"])
def test_our_containers_write_to_nothing_but_their_volume(name: str):
    service = COMPOSE["services"][name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"] == "10001:10001"
    assert service["build"] == {"context": "..", "dockerfile": "deploy/Dockerfile"}


def test_the_image_is_made_of_hashed_packages_and_does_not_run_as_root():
    installs = [line for line in DOCKERFILE.splitlines() if "pip install" in line]

    assert len(installs) == 3
    assert all("--require-hashes" in line or "--no-deps" in line for line in installs)
    assert re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE) == ["10001:10001"]
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE)
    sources = {source for line in copied for source in line.split()}
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    assert sources == {line[1:] for line in ignored if line.startswith("!")}
    assert all((ROOT / source).exists() for source in sources)


def test_the_server_has_the_versions_that_were_tested():
    tested, served = pins("requirements.lock"), pins("requirements-server.lock")

    assert {name: tested[name] for name in served} == served
    assert {"fastapi", "uvicorn", "psycopg", "cryptography"} <= set(served)
    assert "pytest" not in served


# The proxy.


def test_the_proxy_lets_through_what_the_server_takes():
    (size,) = re.findall(r"client_max_body_size (\d+)m;", NGINX)
    (files,) = re.findall(r"location ~ \((.*?)\)\$ \{", NGINX)

    assert int(size) << 20 == DEFAULTS.upload_bytes_max
    assert {one.replace("\\", "") for one in files.split("|")} == set(FILES)
    assert "location ~ /stream$ {" in NGINX
    assert kind_of("/v1/retirements/stream") == "stream"


def test_the_proxy_waits_longer_than_the_server_works():
    waits = [seconds(one) for one in re.findall(r"proxy_read_timeout (\w+);", NGINX)]

    assert waits[0] > DEFAULTS.request_seconds_max
    assert waits[2] > DEFAULTS.upload_seconds_max


def test_the_proxy_says_who_asks_and_streams_without_a_buffer():
    assert "X-Forwarded-For $remote_addr;" in NGINX
    assert "X-Forwarded-Proto $scheme;" in NGINX
    stream = NGINX.partition("location ~ /stream$ {")[2].partition("}")[0]
    assert "proxy_buffering off;" in stream
    assert "$args" not in NGINX
    assert "$request " not in NGINX


def test_no_file_is_of_one_machine():
    files = [file for file in DEPLOY.iterdir() if file.is_file()]

    assert len(files) >= 8
    assert not [file.name for file in files if MACHINE_PATH.search(file.read_bytes())]
