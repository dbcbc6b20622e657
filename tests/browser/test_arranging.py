"""Reading and reshaping a function: notes, groups, locks, search, extraction, bundles in and out."""

from __future__ import annotations

import json
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser import flows
from tests.browser.lab import Lab
from tests.browser.stage import Canvas, Stage

Draw = Callable[..., tuple[Canvas, str]]


def test_notes_and_groups_are_written_kept_and_locked(draw: Draw, stage: Stage, lab: Lab) -> None:
    canvas, function_id = draw(flows.chain(3))
    typed = stage.page.keyboard.type
    canvas.focus()
    canvas.press("n")
    expect(canvas.part("note-field")).to_be_focused()
    typed("# Delays\n\n- **worst** first\n\n<b>no markup</b>")
    canvas.press("Escape")
    note = canvas.part("note")
    expect(note.get_by_role("heading")).to_have_text("Delays")
    expect(note.locator("li strong")).to_have_text("worst")
    expect(note).to_contain_text("<b>no markup</b>")

    canvas.click("step 1")
    canvas.block("step 2").click(modifiers=["Shift"])
    canvas.press("g")
    typed("the end")
    canvas.press("Enter")
    expect(canvas.part("group")).to_contain_text("the end")
    canvas.part("group-title").click()
    canvas.part("group-lock").click()
    expect(canvas.part("group")).to_have_attribute("data-locked", "true")
    canvas.click("step 1")
    canvas.press("Delete")
    expect(canvas.part("notice")).to_contain_text("“the end” is locked")
    expect(canvas.block("step 1")).to_be_visible()
    canvas.press("Escape")
    canvas.show_whole()
    stage.shoot_both("notes-and-groups")
    canvas.expect_saved()
    flow = lab.call("GET", f"/functions/{function_id}")["flow"]
    assert flow["groups"] == [{"id": "group_1", "title": "the end", "blockIds": ["step1", "step2"], "locked": True}]
    assert flow["notes"][0]["text"].startswith("# Delays")

    canvas.press("Control+z", "Control+z")
    expect(canvas.part("group")).to_contain_text("group")
    canvas.press("Shift+L")
    canvas.click("step 0")
    canvas.press("Delete")
    expect(canvas.part("notice")).to_contain_text("canvas is locked")
    canvas.part("tool-lock").click()
    canvas.press("Delete")
    expect(canvas.block("step 0")).to_have_count(0)


def test_what_is_written_lasts_when_its_field_goes_without_a_word(draw: Draw, stage: Stage, lab: Lab) -> None:
    canvas, function_id = draw(flows.chain(3))
    mouse, typed = stage.page.mouse, stage.page.keyboard.type

    def texts() -> list[str]:
        return [note["text"] for note in lab.call("GET", f"/functions/{function_id}")["flow"]["notes"]]

    canvas.focus()
    canvas.press("n")
    typed("scrolled away")
    box = canvas.root.bounding_box()
    assert box is not None
    mouse.move(box["x"] + box["width"] / 2, box["y"] + 120)
    mouse.wheel(0, 4000)
    expect(canvas.part("note-field")).to_have_count(0)
    canvas.expect_saved()
    assert texts() == ["scrolled away"]

    canvas.show_whole()
    canvas.part("note").dblclick()
    typed(", hidden for a moment")
    canvas.part("note-field").evaluate("""async (field) => {
        field.style.display = "none";
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        field.style.display = "";
    }""")  # as a change of the theme does: the focus is gone, and no blur says so
    canvas.focus()
    canvas.press("n")
    expect(canvas.part("note-field")).to_be_focused()
    typed("another")
    canvas.press("Escape")
    canvas.expect_saved()
    assert texts() == ["scrolled away, hidden for a moment", "another"]


def test_what_is_typed_before_a_new_notes_field_is_there_does_nothing_else(draw: Draw, stage: Stage, lab: Lab) -> None:
    canvas, function_id = draw(flows.grid(220))
    canvas.click("b 1")
    canvas.press("n")
    stage.page.keyboard.type("one end")
    expect(canvas.part("note-field")).to_be_focused()
    canvas.press("Escape")
    expect(canvas.part("note")).to_have_count(1)
    expect(canvas.part("extract")).to_have_count(0)
    canvas.expect_saved()
    assert len(lab.call("GET", f"/functions/{function_id}")["flow"]["notes"]) == 1


def test_blocks_are_found_by_config_and_by_what_they_gave_last(draw: Draw, stage: Stage) -> None:
    canvas, _ = draw(flows.delays())
    canvas.focus()
    canvas.press("Control+Enter")
    canvas.expect_run("completed")
    for query, name in {"dep_delay": "worst of month", "3,000 rows": "flights", "item.worst": "severe"}.items():
        canvas.press("Control+f")
        stage.page.keyboard.type(query)
        expect(canvas.part("find-option")).to_have_count(1)
        canvas.press("Enter")
        canvas.expect_selected(name)


def test_chosen_blocks_become_a_subflow_with_ports_and_undo_brings_them_back(draw: Draw, stage: Stage) -> None:
    canvas, _ = draw(flows.delays())
    canvas.click("severe")
    canvas.press("e")
    expect(canvas.part("extract-problem")).to_contain_text("leads out to")
    canvas.press("Escape")
    canvas.click("worst of month")
    canvas.press("e")
    expect(canvas.part("extract-inputs")).to_have_text("flights")
    expect(canvas.part("extract-outputs")).to_have_text("worst_of_month")
    canvas.part("extract-name").fill("worst days")
    stage.shoot_both("extract")
    canvas.press("Enter")
    canvas.expect_selected("worst days")
    expect(canvas.block("worst days")).to_contain_text("worst days · newest, v1")
    expect(canvas.block("each airport")).to_contain_text("worst_days")
    canvas.press("Control+Enter")
    canvas.expect_run("completed")
    canvas.expect_state("worst days", "done")
    canvas.expect_state("alarm", "done")
    canvas.press("Control+z")
    expect(canvas.block("worst of month")).to_be_visible()
    expect(canvas.block("worst days")).to_have_count(0)


DROP = """([text, root]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], "daily.bundle.json", { type: "application/json" }));
  for (const type of ["dragenter", "dragover", "drop"]) {
    root.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
  }
}"""


def test_a_bundle_goes_out_as_a_file_and_comes_in_after_a_look_at_what_it_would_do(
    draw: Draw, stage: Stage, lab: Lab
) -> None:
    canvas, function_id = draw(flows.chain(2))
    canvas.focus()
    canvas.press(".")
    with stage.page.expect_download() as download:
        canvas.part("menu-export").click()
    text = download.value.path().read_text(encoding="utf-8")
    assert download.value.suggested_filename.endswith(".bundle.json")

    config = {"language": "expression", "code": "99"}
    payload = {"functionId": function_id, "blockId": "step0", "config": config}
    lab.call("POST", "/commands/batch", {"commands": [{"type": "UPDATE_BLOCK", "payload": payload}]})
    expect(canvas.block("step 0")).to_contain_text("99")
    stage.page.evaluate(DROP, ["[1, 2]", canvas.root.element_handle()])
    expect(canvas.part("import-problem")).to_contain_text("no bundle")
    canvas.press("Escape")
    bundle = json.loads(text)
    bundle["functions"][0]["name"] = "changed by hand"
    stage.page.evaluate(DROP, [json.dumps(bundle), canvas.root.element_handle()])
    expect(canvas.part("import-problem")).to_contain_text("checksum")
    canvas.press("Escape")

    stage.page.evaluate(DROP, [text, canvas.root.element_handle()])
    item = canvas.root.locator('[data-testid=import-item][data-kind="function"]')
    expect(item).to_have_attribute("data-action", "skip")
    expect(canvas.part("import-go")).to_be_disabled()
    canvas.part("strategy-update").click()
    expect(item).to_have_attribute("data-action", "update")
    item.get_by_text("1 changed").click()
    expect(item).to_contain_text("99")
    stage.shoot_both("import-preview")
    canvas.part("import-go").click()
    expect(canvas.part("notice")).to_contain_text("1 updated")
    expect(canvas.block("step 0")).not_to_contain_text("99")
    canvas.focus()
    canvas.press("Control+z")
    expect(canvas.block("step 0")).to_contain_text("99")
