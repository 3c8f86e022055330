"""What the environment, a file and options say of a server, and what nobody may say."""

import pytest
from pydantic import ValidationError

from registry.api.settings import CONFIG, HIDDEN, Issuer, Settings, is_loopback, read_settings
from registry.errors import RefusedError


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch):
    monkeypatch.delenv(CONFIG, raising=False)


@pytest.fixture
def say(monkeypatch):
    """Have the environment say something."""

    def said(name, value):
        monkeypatch.setenv(f"CARBON_REGISTRY_{name}", value)

    return said


@pytest.fixture
def file(tmp_path):
    """A file that says something."""

    def written(text):
        path = tmp_path / "registry.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return written


def refused(config=None, **typed):
    """Which setting is refused, and why, or what the system said of it."""
    with pytest.raises(RefusedError) as refusal:
        read_settings(config, **typed)
    assert refusal.value.code == "bad_setting"
    facts = refusal.value.facts
    return facts["name"], facts.get("why", facts.get("said"))


def test_who_says_nothing_is_served_on_this_machine_alone():
    settings = read_settings()

    assert (settings.host, settings.port) == ("127.0.0.1", 8080)
    assert settings.trusted_proxies == settings.cors_origins == settings.oidc == ()
    assert settings.webhook_networks == ()
    assert not settings.webhook_http


def test_what_is_typed_goes_before_the_environment_and_that_before_the_file(say, file):
    config = file('port = 1\nhost = "0.0.0.0"\nroot_path = "/r"')
    say("PORT", "2")
    say("HOST", "::1")

    settings = read_settings(config, port=3, host=None)

    assert (settings.port, settings.host, settings.root_path) == (3, "::1", "/r")


def test_the_environment_names_the_file(say, file):
    say("CONFIG", str(file("port = 17")))

    assert read_settings().port == 17


def test_lists_are_separated_by_commas_and_arrays_in_the_file(say, file):
    config = file('cors_origins = ["https://a.example", "https://b.example:8443"]')
    say("TRUSTED_PROXIES", "10.0.0.0/8, ::1")

    settings = read_settings(config)

    assert settings.trusted_proxies == ("10.0.0.0/8", "::1/128")
    assert settings.cors_origins == ("https://a.example", "https://b.example:8443")


def test_issuers_are_tables_in_the_file_and_json_in_the_environment(say, file):
    config = file(
        '[[oidc]]\nissuer = "https://id.example/realm"\naudience = "registry"\nalgorithms = ["ES256"]'
    )
    assert read_settings(config).oidc[0].algorithms == ("ES256",)

    say("OIDC", '[{"issuer": "http://localhost:9/", "audience": "registry"}]')

    assert [issuer.issuer for issuer in read_settings(config).oidc] == ["http://localhost:9/"]


def test_off_is_no_limit(say):
    say("RATE_READ", "off")

    assert read_settings().rate_read is None
    assert read_settings().rate_write == "120/minute"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("PORT", "x"),
        ("ROOT_PATH", "r"),
        ("ROOT_PATH", "/r/"),
        ("PUBLIC_URL", "http://registry.example"),
        ("PUBLIC_URL", "https://registry.example/"),
        ("PUBLIC_URL", "https://me:secret@registry.example"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "https://*"),
        ("TRUSTED_PROXIES", "*"),
        ("TRUSTED_PROXIES", "10.0.0.1/8"),
        ("BODY_BYTES_MAX", "0"),
        ("BODY_SECONDS_MAX", "0"),
        ("BODY_SECONDS_MAX", "nan"),
        ("BODY_SECONDS_MAX", "inf"),
        ("RATE_READ", "0/minute"),
        ("RATE_READ", "many"),
        ("RATE_READ", "10/fortnight"),
        ("RATE_READ", "10/minute;5/second"),
        ("OIDC", "[{"),
        ("OIDC", '[{"issuer": "https://id.example"}]'),
        ("OIDC", '[{"issuer": "http://id.example", "audience": "a"}]'),
        ("OIDC", '[{"issuer": "https://id.example?a", "audience": "a"}]'),
        ("OIDC", '[{"issuer": "https://id.example", "audience": ""}]'),
        ("OIDC", '[{"issuer": "https://id.example", "audience": "a", "algorithms": ["HS256"]}]'),
        ("OIDC", '[{"issuer": "https://id.example", "audience": "a", "algorithms": ["none"]}]'),
        ("OIDC", '[{"issuer": "https://id.example", "audience": "a", "algorithms": []}]'),
        ("OIDC", '[{"issuer": "https://id.example", "audience": "a", "audiences": "b"}]'),
    ],
)
def test_what_does_not_fit_is_refused_by_name(say, name, value):
    say(name, value)

    refused_name, why = refused()

    assert refused_name.split(".")[0] == name.lower()
    assert why


def test_a_mistyped_setting_is_no_setting(say, file):
    assert refused(file("body_byte_max = 5"))[0].endswith("body_byte_max")
    assert refused(file(""), body_byte_max=5)[0].endswith("body_byte_max")

    say("BODY_BYTE_MAX", "5")

    assert refused()[0] == "CARBON_REGISTRY_BODY_BYTE_MAX"


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("port = ", {}),
        ("\x00", {"line": "1", "column": "1"}),
        ('port = 1\nport = 2\nsecret = "s"', {"line": "2", "column": "9"}),
    ],
)
def test_a_file_that_is_no_toml_is_refused_without_showing_it(file, text, where):
    config = file(text)

    with pytest.raises(RefusedError) as refusal:
        read_settings(config)

    told = {"name": str(config), "why": "toml_expected", **where}
    assert (refusal.value.code, refusal.value.facts) == ("bad_setting", told)


def test_a_setting_that_nobody_knows_is_called_so_wherever_it_stands(say, file):
    assert refused(file("porr = 1")) == ("porr", "unknown_setting")
    say("PORR", "1")
    assert refused() == ("CARBON_REGISTRY_PORR", "unknown_setting")


def test_a_file_that_is_not_there_or_too_long_is_refused(tmp_path, file):
    assert refused(tmp_path / "none.toml")[0] == str(tmp_path / "none.toml")
    assert refused(file("#" * (1 << 20) + "\n"))[1] == "bytes_too_many"


def test_uploads_are_no_shorter_than_bodies():
    assert refused(body_bytes_max=2_048, upload_bytes_max=1_024)[1] == "body_more_than_upload"


def test_an_issuer_is_named_once(file):
    one = '[[oidc]]\nissuer = "https://id.example"\naudience = "a"\n'

    assert "twice" in refused(file(one + one))[1]


def test_what_is_shown_has_no_secrets(say):
    say("METRICS_TOKEN", "very secret")
    say("OIDC", '[{"issuer": "https://id.example", "audience": "a"}]')

    settings = read_settings()

    assert settings.redacted()["metrics_token"] == HIDDEN
    assert settings.redacted()["oidc"][0]["issuer"] == "https://id.example"
    assert "very secret" not in f"{settings} {settings!r} {settings.redacted()}"
    assert settings.metrics_token.get_secret_value() == "very secret"


def test_a_refusal_does_not_show_what_was_set(say):
    say("METRICS_TOKEN", "very secret")
    say("PORT", "very secret")

    assert "very secret" not in str(refused())


def test_settings_do_not_change():
    settings = read_settings()

    with pytest.raises(ValidationError):
        settings.port = 1
    with pytest.raises(ValidationError):
        Issuer(issuer="https://a.example", audience="a").audience = "b"


def test_every_setting_can_be_shown():
    assert read_settings().redacted().keys() == Settings.model_fields.keys()


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("127.0.0.9", True),
        ("::1", True),
        ("localhost.example", False),
        ("10.0.0.1", False),
        ("", False),
    ],
)
def test_what_is_on_this_machine(host, expected):
    assert is_loopback(host) == expected
