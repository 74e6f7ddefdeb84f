"""The rules of the house that no linter knows."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib import admin
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.urls import get_resolver
from pytest_django import Settings

from config.core import policy
from config.safety import checks, starting

ROOT = Path(__file__).resolve().parent.parent
LEFT_TO_RIGHT = ["core", "patients", "scheduling", "booking", "nurses"]


def test_it_has_no_foreign_key_that_points_right() -> None:
    for place, label in enumerate(LEFT_TO_RIGHT):
        for model in apps.get_app_config(label).get_models():
            for field in model._meta.get_fields():
                if field.concrete and field.is_relation and field.related_model:
                    target = field.related_model._meta.app_label
                    is_left = target not in LEFT_TO_RIGHT[place + 1 :]
                    assert is_left, f"{model.__name__}.{field.name} points at {target}"


def test_it_documents_every_setting() -> None:
    settings = ("settings", "account_settings", "api_settings", "environment")
    code = "".join((ROOT / "config" / f"{name}.py").read_text() for name in settings)
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', code))
    documented = set(re.findall(r"^\| `([A-Z_]+)`", (ROOT / "docs/settings.md").read_text(), re.M))
    assert read == documented
    assert len(read) > 30


def test_its_example_of_a_real_instance_names_settings_that_exist() -> None:
    named = re.findall(r"^(?:# )?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.M)
    documented = (ROOT / "docs" / "settings.md").read_text()
    assert len(named) > 10
    assert [name for name in named if f"| `{name}`" not in documented] == ["POSTGRES_PASSWORD"]


def test_it_explains_every_dependency() -> None:
    block = (ROOT / "pyproject.toml").read_text().split("[tool.")[0]
    wanted = re.findall(r'^    "([a-z0-9-]+)', block, re.M)
    explained = (ROOT / "docs" / "dependencies.md").read_text()
    assert not [name for name in wanted if name not in explained and name != "dev"]


def test_it_names_no_registry_in_its_locks() -> None:
    for lock in ("requirements.lock", "requirements-dev.lock", "requirements-vroom.lock"):
        text = (ROOT / lock).read_text()
        assert "--hash=sha256:" in text
        assert not re.search(r"https?://|file://", text)


@pytest.mark.parametrize(("name", "floor"), policy.FLOORS.items())
def test_it_refuses_a_policy_below_its_floor(settings: Settings, name: str, floor: int) -> None:
    setattr(settings, name, floor - 1)
    assert any(name in error.msg for error in run_checks())


def test_it_starts_on_its_defaults() -> None:
    assert not run_checks()


def test_it_finds_nothing_wrong_with_the_admin() -> None:
    # Checks are asked in no order: those of the admin see what the addresses have loaded.
    get_resolver().url_patterns  # noqa: B018  loads them
    assert len(admin.site._registry) > 20
    assert not admin.site.check(None)


def test_it_refuses_to_start_in_production_on_the_demo_s_values(settings: Settings) -> None:
    settings.PRODUCTION = True
    settings.EMAIL_URL = ""
    with pytest.raises(ImproperlyConfigured) as refused:
        starting.Safe(None)  # as a worker begins
    for word in ("SECRET_KEY", "EMAIL_URL", "SITE_URL", "ON_CALL_EMAILS"):
        assert word in str(refused.value)


def test_it_refuses_to_serve_in_production_on_the_demo_s_values() -> None:
    # In a process of its own, where nothing has read the checks in before they are asked for.
    served = subprocess.run(
        [sys.executable, "-c", "import config.wsgi"],
        cwd=ROOT,
        env={**os.environ, "STILLWATER_ENV": "production"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert served.returncode == 1
    assert "- SECRET_KEY is the development key" in served.stderr


@pytest.mark.parametrize(("tls", "is_refused"), [(False, True), (True, False)])
def test_it_refuses_to_sign_in_to_a_mail_server_in_clear(
    settings: Settings, tls: bool, is_refused: bool
) -> None:
    settings.PRODUCTION = True
    settings.EMAIL_URL, settings.EMAIL_HOST_USER = "smtp://care:secret@mail.example.com", "care"
    settings.EMAIL_USE_TLS = tls
    told = " ".join(error.msg for error in checks.production_is_safe())
    assert ("without TLS" in told) is is_refused
