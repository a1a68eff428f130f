"""Where workflows are done by hand: the far side is a function, and what is handed over waits."""

import asyncio
import io

import httpx
from PIL import Image
from upstream import answer, picture

from connector.engine.sources import Sources
from connector.runs.service.durable_runs import DurableRuns
from connector.runs.worker.advance_workflow import WorkflowAdvance
from connector.runs.workflow import load
from connector.storage.runs.model import RunSpec
from runs.desk import Desk, work

HEAD = """\
id: test
title: Test
description: A workflow for these tests alone.
inputs:
  type: object
  properties:
    words: {type: array, description: What is drawn., items: {type: string}, default: [a boat]}
"""
PICTURE = """\
    picture: {type: string, format: binary, description: A picture.}
"""
DRAW = """\
  - id: draw
    action: stable-image-core
    for_each: "{{ inputs.words }}"
    inputs: {prompt: "{{ item }}"}
    on_failed: %s
    on_filtered: %s
"""
ENLARGE = """\
  - id: enlarge
    action: conservative
    for_each: "{{ steps.draw.items }}"
    inputs: {image: "{{ item.file }}", prompt: "{{ item.item }}"}
"""
ENLARGE_GIVEN = """\
  - id: up
    action: conservative
    when: "{{ inputs.picture is defined }}"
    inputs: {image: "{{ inputs.picture }}", prompt: "{{ inputs.words | first }}"}
"""
SHEET = """\
  - id: sheet
    make: sheet
    inputs:
      columns: 2
      title: "{{ inputs.words | length }} pictures"
      tiles:
        - for_each: "{{ steps.draw.items }}"
          picture: "{{ item.file }}"
          title: "{{ item.item }}"
          facts: "{{ item.message }}"
"""
OUTPUTS = """\
outputs: {sheet: "{{ steps.sheet.file }}", files: "{{ steps.draw.files }}", failed: "{{ steps.draw.failed }}"}
"""
STOP, SKIP, CONTINUE = (DRAW % (policy, policy) for policy in ("stop", "skip", "continue"))


def text(*steps, outputs=OUTPUTS):
    """A workflow of these steps."""
    said = "steps:\n" + "".join(steps) + outputs
    return HEAD + (PICTURE if "inputs.picture" in said else "") + said


def far_side(request):
    """Pictures, but for the words that ask for something else; a conservative upscale gives a larger one."""
    body = request.content
    for word, given in ANSWERS.items():
        if word in body:
            return given()
    return httpx.Response(200, content=LARGE, headers={"content-type": "image/png", "seed": "5"})


def _large():
    written = io.BytesIO()
    Image.new("RGB", (96, 64), (20, 90, 160)).save(written, "PNG")
    return written.getvalue()


LARGE = _large()


def refused():
    said = {"id": "x", "name": "content_moderation", "errors": ["not that"]}
    return answer(403, said)


ANSWERS = {
    b"forbidden": refused,
    b"blurred": lambda: picture(finish_reason="CONTENT_FILTERED"),
    b"poor": lambda: answer(402, {"id": "x", "name": "payment_required", "errors": ["no credits"]}),
    b"lost": lambda: httpx.ReadError("the line went dead"),
}


class Handed:
    """Takes what is handed to the durable engine, for the test to do by hand."""

    client = None

    def __init__(self):
        self.runs = []

    def add(self, run, priority=None):
        self.runs.append(run)

    again = add

    def take_back(self, run_id):
        """It is not come back to."""


class Same(list):
    """One answer, however often."""

    def __init__(self, answer):
        super().__init__([answer])

    def pop(self, at=0):
        return self[0]


class Atelier(Desk):
    """A desk where workflows are done too."""

    def __init__(self, home, far=far_side):
        super().__init__(home)
        self.upstream.answers = Same(far)
        self.runs = DurableRuns(
            [self.connector], self.files, sources=Sources(), clock=self.clock, sleep=self.clock.sleep
        )
        self.runs.queues = self.handed = Handed()

    @property
    def integration(self):
        return self.connector.integration

    def begin(self, *steps, given=None, outputs=OUTPUTS, limit=None, **options):
        """A run of a workflow that is written down, and that nobody has begun."""
        workflow = load.from_text(text(*steps, outputs=outputs), self.integration)
        spec = RunSpec(workflow.id, given or {}, limit_credits=limit)
        run = self.runs.submit_workflow(workflow, spec, **options)
        self.handed.runs.clear()
        return run

    def course(self, run):
        return WorkflowAdvance(run, self.integration, self.history, self.files, self.runs)

    def work(self):
        """All that was handed over is done."""
        waiting, self.handed.runs = self.handed.runs, []
        for child in waiting:
            if child.kind == "action":
                asyncio.run(work(self.actions(), child))
        return bool(waiting)

    def follow(self, run, course=None):
        """The run as it ends."""
        course = course or self.course(run)
        while (ended := course.look()) is None:
            assert self.work(), "nothing is under way, and it has not ended"
        return ended

    def posts(self):
        return [request.url.path.rpartition("/")[2] for request in self.upstream.requests]

    def children(self, run):
        return {child.place: child.state for child in self.history.children(run.id)}
