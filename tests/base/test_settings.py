"""Settings: arguments over environment over Jupyter config over defaults, and each tells where it came from."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.base.errors import InvalidInput
from workbench.base.settings import Settings


def source_of(settings, name):
    [origin] = [o for o in settings.origins() if o.name == name]
    return origin.source


def test_defaults_hold_when_nothing_is_set():
    settings = Settings.load(environ={})
    assert (settings.runs_per_workspace, settings.rate_preset, settings.body_limit) == (64, "off", 10 * 1024 * 1024)
    assert {o.source for o in settings.origins()} == {"default"}


def test_arguments_win_over_the_environment_and_that_over_jupyter_config():
    jupyter = {"home": "/j", "workers": "jupyter", "rate_preset": "strict"}
    environ = {"WORKBENCH_HOME": "/e", "WORKBENCH_WORKERS": "environment", "HOME": "/root"}
    settings = Settings.load(jupyter, environ, home="/a")
    assert (settings.home, settings.workers, settings.rate_preset) == (Path("/a"), "environment", "strict")
    assert source_of(settings, "home") == "argument"
    assert source_of(settings, "workers") == "environment WORKBENCH_WORKERS"
    assert source_of(settings, "rate_preset") == "Jupyter config c.Workbench.rate_preset"
    assert source_of(settings, "root") == "default"


def test_lists_are_comma_separated_text_or_sequences():
    environ = {"WORKBENCH_HTTP_ALLOW": "10.0.0.0/8, localhost,"}
    assert Settings.load(environ=environ).http_allow == ("10.0.0.0/8", "localhost")
    assert Settings.load(environ={}, http_allow=["a"]).http_allow == ("a",)
    assert Settings.load(environ={"WORKBENCH_HTTP_ALLOW": ""}).http_allow == ()


def test_folders_are_absolute_and_know_the_users_home():
    settings = Settings.load(environ={}, home="~/w", root="data")
    assert settings.home == Path.home() / "w"
    assert settings.root == Path.cwd() / "data"


def test_an_argument_that_is_none_counts_as_not_given():
    assert source_of(Settings.load(environ={}, home=None), "home") == "default"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"home": ""}, "home"),
        ({"environ": {"WORKBENCH_RUNS_PER_WORKSPACE": "many"}}, "runs_per_workspace"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_setting_is_named_with_where_it_came_from(given, field):
    with pytest.raises(InvalidInput) as caught:
        Settings.load(**{"environ": {}} | given)
    [issue] = caught.value.details
    assert issue.field == field
    assert "(from " in issue.issue
