"""Secrets on the canvas: made, named, missed by an import. Their values stay nowhere in the page or the flow."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.browser import flows
from tests.browser.lab import Lab
from tests.browser.stage import Canvas, Stage

DROP = """([text, root]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], "asks.bundle.json", { type: "application/json" }));
  for (const type of ["dragenter", "dragover", "drop"]) {
    root.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
  }
}"""

Draw = Callable[..., tuple[Canvas, str]]
VALUE = "hunter2-of-the-browser"


def open_call(draw: Draw) -> tuple[Canvas, str]:
    """A block that takes a secret, open in the inspector; and its function."""
    flow = flows.chain(0)
    auth = {"type": "bearer"}
    flow["blocks"].append(flows.block("call", "http_request", "call", (200, 24), url="https://example.org", auth=auth))
    flow["edges"] = [flows.wire("start", "call")]
    canvas, function_id = draw(flow)
    canvas.click("call")
    canvas.press("Enter")
    return canvas, function_id


def test_a_new_secret_is_typed_once_and_named_in_its_field(draw: Draw, stage: Stage, lab: Lab) -> None:
    canvas, function_id = open_call(draw)
    field = canvas.inspector.locator('[data-field="auth.token"]')
    field.get_by_test_id("secret-open").click()
    menu = field.get_by_test_id("secret-menu")
    expect(menu).to_contain_text("no secrets yet")
    menu.get_by_test_id("secret-new").click()
    menu.get_by_test_id("secret-name").fill("shop_token")
    menu.get_by_test_id("secret-value").fill(VALUE)
    stage.shoot_both("secret-new")
    menu.get_by_test_id("secret-save").click()
    expect(menu).to_have_count(0)
    expect(field.locator(".cm-content")).to_contain_text("secrets.shop_token")
    expect(canvas.root).to_contain_text("v2")
    canvas.expect_saved()
    saved = lab.call("GET", f"/functions/{function_id}")
    assert saved["flow"]["blocks"][1]["config"]["auth"]["token"] == "{{ secrets.shop_token }}"
    assert VALUE not in str(saved)
    assert VALUE not in stage.page.content()
    assert lab.call("GET", "/secrets/shop_token")["usedBy"][0]["functionId"] == function_id
    field.get_by_test_id("secret-open").click()
    expect(menu.get_by_role("button", name="shop_token")).to_be_visible()
    stage.shoot_both("secret-menu")
    lab.call("DELETE", "/secrets/shop_token")


def test_an_import_warns_of_a_secret_that_is_not_here_and_still_goes_on(draw: Draw, stage: Stage, lab: Lab) -> None:
    flow = flows.chain(0)
    auth = {"type": "bearer", "token": "{{ secrets.prices_token }}"}
    flow["blocks"].append(
        flows.block("call", "http_request", "prices", (200, 24), url="https://example.org", auth=auth)
    )
    asks = lab.make_function("asks with a secret", flow)
    bundle = json.dumps(lab.call("GET", f"/export/{asks}"))
    lab.call("DELETE", f"/functions/{asks}")
    canvas, _ = draw(flows.chain(1))
    stage.page.evaluate(DROP, [bundle, canvas.root.element_handle()])
    issue = canvas.root.locator('[data-testid=import-item][data-kind="function"]').get_by_test_id("import-issue")
    expect(issue).to_contain_text("“prices” needs the secret prices_token, which is not here")
    expect(issue).to_contain_text("PUT /secrets/prices_token")
    stage.shoot_both("import-secret")
    canvas.part("import-go").click()
    expect(canvas.part("notice")).to_contain_text("1 created")


@pytest.fixture
def secrets(lab: Lab) -> Iterator[None]:
    names = ("shop_token", "shop_password", "weather_key")
    for secret in names:
        lab.call("PUT", f"/secrets/{secret}", {"value": VALUE, "description": f"For the {secret.partition('_')[0]}"})
    yield
    for secret in names:
        lab.call("DELETE", f"/secrets/{secret}")


@pytest.fixture
def asking(draw: Draw, secrets: None) -> tuple[Canvas, str]:
    """The same, where there are secrets."""
    del secrets
    return open_call(draw)


def token(lab: Lab, canvas: Canvas, function_id: str) -> str:
    canvas.expect_saved()
    return lab.call("GET", f"/functions/{function_id}")["flow"]["blocks"][1]["config"]["auth"]["token"]


def test_the_name_of_a_secret_is_completed_by_keys_and_by_mouse(
    asking: tuple[Canvas, str], stage: Stage, lab: Lab
) -> None:
    canvas, function_id = asking
    typed = stage.page.keyboard.type
    editor = canvas.inspector.locator('[data-field="auth.token"] .cm-content')
    offered = canvas.root.locator(".cm-tooltip-autocomplete li")

    def take(*keys: str) -> None:
        stage.page.wait_for_timeout(150)  # what has only just been offered takes no key, lest it is not what was meant
        canvas.press(*keys)

    editor.click()
    typed("{{ sec")
    expect(offered.first).to_contain_text("secrets")
    take("Enter")
    expect(editor).to_have_text("{{ secrets }}")
    typed(".sh")
    expect(offered.filter(has_text="shop_")).to_have_count(2)
    stage.shoot_both("secret-completion")
    take("ArrowDown", "Enter")
    expect(offered).to_have_count(0)
    expect(editor).to_have_text("{{ secrets.shop_token }}")
    canvas.press("Tab")
    assert token(lab, canvas, function_id) == "{{ secrets.shop_token }}"

    editor.click()
    canvas.press("Control+a")
    typed("{{ secrets.")
    expect(offered).to_have_count(3)
    offered.filter(has_text="weather_key").click()
    expect(editor).to_have_text("{{ secrets.weather_key }}")
    canvas.press("Tab")
    assert token(lab, canvas, function_id) == "{{ secrets.weather_key }}"


def test_a_secret_is_picked_by_keys(asking: tuple[Canvas, str], lab: Lab) -> None:
    canvas, function_id = asking
    field = canvas.inspector.locator('[data-field="auth.token"]')
    button = field.get_by_test_id("secret-open")
    button.focus()
    canvas.press("Enter")
    menu = field.get_by_test_id("secret-menu")
    expect(menu.get_by_role("button", name="shop_password")).to_be_focused()
    canvas.press("Escape")
    expect(menu).to_have_count(0)
    expect(button).to_be_focused()
    canvas.press("Enter")
    expect(menu.get_by_role("button", name="shop_password")).to_be_focused()
    canvas.press("ArrowDown")
    expect(menu.get_by_role("button", name="shop_token")).to_be_focused()
    canvas.press("Enter")
    expect(menu).to_have_count(0)
    expect(button).to_be_focused()
    assert token(lab, canvas, function_id) == "{{ secrets.shop_token }}"
