"""The page knows the actions of the liveness protocol from their one table."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from google.protobuf.descriptor import Descriptor
from songreel.identity.v1 import identity_service_pb2 as pb
from songreel_gateway.web.site import PAGE
from songreel_identity.liveness.actions import Action
from songreel_identity.liveness.protocol import Prompt
from songreel_identity.messages import enrollment_message


def test_every_action_has_a_drawing_and_no_drawing_is_left_over():
    drawings = {path.stem: path for path in (PAGE / "actions").iterdir()}
    assert drawings.keys() == {action.value for action in Action}
    for path in drawings.values():
        assert ElementTree.parse(path).getroot().tag == "{http://www.w3.org/2000/svg}svg"


@pytest.mark.parametrize("script", sorted(PAGE.glob("*.js")), ids=lambda path: path.name)
def test_no_script_lists_actions_of_its_own(script: Path):
    text = script.read_text()
    named = {action for action in Action if "-" in action and f'"{action}"' in text}
    assert named == set()


def test_the_style_sheet_names_actions_of_the_table_only():
    named = re.findall(r'data-action="([^"]*)"', (PAGE / "enroll.css").read_text())
    assert named
    assert {Action(name) for name in named} <= set(Action)


@pytest.mark.parametrize("action", Action)
def test_a_prompt_carries_all_that_the_page_says_of_its_action(action: Action):
    prompt = enrollment_message(Prompt(action, 7.0, 1, 2)).prompt
    assert prompt.text == action.text
    assert [hint.text for hint in prompt.hints] == [hint.text for hint in action.hints]
    starts = [hint.from_progress for hint in prompt.hints]
    assert starts == sorted(set(starts))
    assert all(0 <= start <= 1 for start in starts)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Prompt", pb.ActionPrompt),
        ("ProgressHint", pb.ProgressHint),
        ("Guidance", pb.Guidance),
    ],
)
def test_the_page_knows_the_fields_of_the_messages(name: str, message: type):
    script = (PAGE / "enrollment_session.js").read_text()
    definition = script.partition(f"@typedef {{object}} {name}\n")[2].partition("@typedef")[0]
    descriptor: Descriptor = message.DESCRIPTOR
    fields = set(re.findall(r"@property {[^}]*} \[?(\w+)", definition))
    assert fields == {field.json_name for field in descriptor.fields}
