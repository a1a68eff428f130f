"""From a use of an action to its result, with the far side as a function and time that does not pass."""

import asyncio

import httpx
import pytest
from upstream import JOB_ID, KEY, OTHER, PNG, World, answer, pending, picture, started

from connector import errors
from connector.engine.connector import AsyncConnector
from connector.engine.http.transport import HttpTransport
from connector.storage.connections.model import Configuration, Connection

PROMPT = {"prompt": "a cat"}
CORE = "stable-image-core"
PARCELS = {"PARCELS_CLIENT_ID": "me", "PARCELS_CLIENT_SECRET": "TOPSECRET-parcels"}


@pytest.fixture
def make(tmp_path):
    worlds = []

    def world(*answers, **options):
        worlds.append(World(tmp_path / "home", *answers, **options))
        return worlds[-1]

    yield world
    for one in worlds:
        one.connector.close()


def test_a_picture_comes_back_with_what_is_known_of_it(make):
    """Media, seed, request id, price; the request carried the key and nothing unasked."""
    world = make(picture(x_request_id="r1"))
    result = world.connector.invoke(CORE, PROMPT)
    assert (result.bytes, result.seed, result.request_id, result.credits) == (PNG, 5, "r1", 3)
    assert (result.environment, result.outcome, result.billed) == ("production", "success", "yes")
    (request,) = world.upstream.requests
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["content-type"].startswith("multipart/form-data")
    assert request.content.count(b"Content-Disposition") + request.content.count(b"content-disposition") == 1


@pytest.mark.parametrize("name", ["Stable Image Core", "stable_image_core", "STABLE-IMAGE-CORE"])
def test_an_action_is_known_by_id_and_title(make, name):
    """In whatever case."""
    assert make().connector.invoke(name, PROMPT).action == CORE


def test_an_unknown_action_names_the_nearest(make):
    """And nothing is sent."""
    world = make()
    with pytest.raises(errors.UnknownName, match="stable-image-core"):
        world.connector.invoke("stable-image-cor", PROMPT)
    assert world.sent() == []


def test_all_mistakes_are_told_at_once_and_nothing_is_sent(make, tmp_path):
    """Types, ranges, enums, unknown names and files, each at its field; nothing is written down."""
    world = make()
    (tmp_path / "note.txt").write_text("no picture")
    given = {
        "image": tmp_path / "note.txt",
        "grow_mask": 99,
        "seed": "x",
        "promt": "y",
        "mask": tmp_path / "none",
    }
    with pytest.raises(errors.InvalidArguments) as caught:
        world.connector.invoke("erase", given)
    assert {problem.path for problem in caught.value.problems} == {
        "image",
        "grow_mask",
        "seed",
        "promt",
        "mask",
    }
    assert (world.sent(), world.ledger.entries()) == ([], [])


def test_a_missing_credential_says_what_to_do(make):
    """By a connection, a variable, or the environment that needs none."""
    world = make(environ={})
    with pytest.raises(errors.MissingCredential, match=r"connections add.*STABILITY_API_KEY.*sandbox"):
        world.connector.invoke(CORE, PROMPT)


def test_none_is_absent(make):
    """A form's empty field is not sent as a text."""
    world = make()
    world.connector.invoke(CORE, PROMPT | {"seed": None})
    assert b'"seed"' not in world.upstream.requests[0].content


class TestMoney:
    def test_what_is_paid_is_written_down(self, make):
        """With its outcome and price."""
        world = make()
        world.connector.invoke(CORE, PROMPT)
        entry = world.entry()
        assert (entry.state, entry.outcome, entry.billed, entry.credits) == ("done", "success", "yes", 3)

    def test_the_row_is_there_before_the_request_leaves(self, make):
        """So that a process that dies on the way leaves a trace."""
        seen = []
        world = make(lambda request: seen.append(world.entry().state) or picture())
        world.connector.invoke(CORE, PROMPT)
        assert seen == ["sent"]

    def test_a_lost_answer_is_unknown_and_never_sent_again(self, make):
        """A person decides."""
        world = make(httpx.ReadError("reset"))
        with pytest.raises(errors.OutcomeUnknown) as caught:
            world.connector.invoke(CORE, PROMPT)
        assert caught.value.invocation_id == world.entry().id
        assert (len(world.sent()), world.entry().state, world.entry().billed) == (1, "unknown", "unknown")

    def test_a_slow_answer_is_unknown_too(self, make):
        """The upstream may have run it."""
        world = make(httpx.ReadTimeout("slow"))
        with pytest.raises(errors.OutcomeUnknown):
            world.connector.invoke(CORE, PROMPT)
        assert len(world.sent()) == 1

    def test_what_never_left_is_sent_again(self, make):
        """A refused connection ran nothing."""
        world = make(httpx.ConnectError("refused"), picture())
        assert world.connector.invoke(CORE, PROMPT).credits == 3
        assert (len(world.sent()), world.entry().state) == (2, "done")

    @pytest.mark.parametrize("status", [429, 503])
    def test_what_was_refused_unrun_is_sent_again(self, make, status):
        """429 and 503 say that it did not run."""
        world = make(answer(status, {"id": "e", "name": "n", "errors": ["x"]}), picture())
        world.connector.invoke(CORE, PROMPT)
        assert (len(world.sent()), world.entry().state) == (2, "done")

    @pytest.mark.parametrize("status", [400, 402, 403, 413, 422, 500, 502])
    def test_a_failure_is_not_sent_again(self, make, status):
        """And what it cost is as it was told."""
        world = make(answer(status, {"id": "e", "name": "n", "errors": ["x"]}))
        with pytest.raises(errors.UpstreamError) as caught:
            world.connector.invoke(CORE, PROMPT)
        assert len(world.sent()) == 1
        assert (world.entry().state, world.entry().billed) == ("failed", caught.value.billed)

    def test_an_interrupt_is_written_down(self, make):
        """Ctrl-C while the request is under way leaves an unknown outcome, not a forgotten one."""
        world = make(KeyboardInterrupt())
        world.upstream.answers = [lambda request: (_ for _ in ()).throw(KeyboardInterrupt())]
        with pytest.raises(KeyboardInterrupt):
            world.connector.invoke(CORE, PROMPT)
        assert world.entry().state == "unknown"

    def test_a_filtered_picture_is_raised_with_the_picture(self, make):
        """It may have been charged, so the caller gets it."""
        world = make(picture(finish_reason="CONTENT_FILTERED"))
        with pytest.raises(errors.Filtered) as caught:
            world.connector.invoke(CORE, PROMPT)
        result, entry = caught.value.result, world.entry()
        assert (result.bytes, result.outcome, result.environment) == (PNG, "filtered", "production")
        assert (result.credits, result.billed, result.invocation_id) == (entry.credits, "unknown", entry.id)
        assert (world.entry().outcome, world.entry().billed) == ("filtered", "unknown")

    def test_or_returned_where_that_is_asked_for(self, make):
        """Flagged."""
        world = make(picture(finish_reason="CONTENT_FILTERED"))
        result = world.connector.invoke(CORE, PROMPT, on_filtered="return")
        assert (result.outcome, result.bytes, result.billed, result.credits) == (
            "filtered",
            PNG,
            "unknown",
            3,
        )

    def test_a_cap_refuses_before_it_spends(self, make):
        """Two of three credits each fit under seven, the third does not."""
        world = make(environ={})
        _connect(world, cap=7)
        world.connector.invoke(CORE, PROMPT)
        world.connector.invoke(CORE, PROMPT)
        with pytest.raises(errors.CapReached, match="7"):
            world.connector.invoke(CORE, PROMPT)
        assert len(world.sent()) == 2
        assert "near_cap" in [event.kind for event in world.events]

    def test_the_generic_request_has_the_price_of_the_action_it_reaches(self, make):
        """A cap cannot be gone around, and a lost answer is unknown there too."""
        world = make(environ={})
        _connect(world, cap=2)
        path = "/v2beta/stable-image/generate/core"
        given = {"method": "POST", "path": path, "body": "multipart", "fields": {"prompt": "x"}}
        with pytest.raises(errors.CapReached):
            world.connector.invoke("generic-http-request", given)
        assert world.sent() == []

    def test_a_safe_request_costs_nothing(self, make):
        """And is not written down."""
        world = make(answer(200, {"credits": 12}))
        result = world.connector.invoke("generic-http-request", {"path": "/v1/user/balance"})
        assert (result.value, result.credits, world.ledger.entries()) == ({"credits": 12}, 0, [])


class TestFree:
    @pytest.mark.parametrize(
        "fault", [httpx.ReadError("reset"), httpx.ReadTimeout("slow"), answer(500), answer(502)]
    )
    def test_a_free_request_is_repeated(self, make, fault):
        """It costs nothing to ask again."""
        world = make(fault, answer(200, {"credits": 12.5}))
        assert world.connector.balance() == 12.5
        assert (len(world.sent()), len(world.clock.slept)) == (2, 1)

    def test_test_says_what_it_saw(self, make):
        """By the cheapest authenticated call."""
        world = make(answer(200, {"credits": 12.5}))
        assert world.connector.test() == "the key works; the balance is 12.5 credits"

    def test_a_refused_key_never_shows(self, make):
        """Upstreams quote keys."""
        said = {"id": "e", "name": "unauthorized", "message": f"Incorrect key {KEY}; {KEY[:7]}...{KEY[-4:]}"}
        world = make(answer(401, said))
        with pytest.raises(errors.Unauthorized) as caught:
            world.connector.test()
        shown = f"{caught.value} {caught.value.to_dict()} {caught.value!r}"
        assert KEY not in shown
        assert KEY[:7] not in shown


class TestRate:
    def test_requests_wait_for_the_limit(self, make):
        """Of the 150 that are allowed in ten seconds a tenth goes in each; the next as the first end."""
        world = make(*[answer(200, {"credits": 1}) for _ in range(301)])
        for number, waited in ((15, 0), (15, 1), (120, 9), (150, 19), (1, 20)):
            for _ in range(number):
                world.connector.balance()
            assert sum(world.clock.slept) == pytest.approx(waited, abs=1e-2)

    def test_a_429_holds_everybody_back(self, make, tmp_path):
        """Another connector with the same key waits out the lock-out too."""
        world = make(answer(429, {"id": "e", "name": "rate_limit_exceeded", "errors": ["x"]}), picture())
        world.connector.invoke(CORE, PROMPT)
        assert sum(world.clock.slept) == pytest.approx(60, abs=1)

    def test_retry_after_counts_before_the_declared_lockout(self, make):
        """Where the upstream says how long."""
        world = make(answer(429, {"errors": ["x"]}, retry_after=7), picture())
        world.connector.invoke(CORE, PROMPT)
        assert sum(world.clock.slept) == pytest.approx(7, abs=1)


class TestJobs:
    START = "start-creative-upscale"

    @pytest.fixture
    def given(self, tmp_path):
        from PIL import Image

        Image.new("RGB", (64, 64), "red").save(tmp_path / "a.png")
        return {"image": tmp_path / "a.png", "prompt": "x"}

    def test_a_job_is_waited_for_at_its_pace(self, make, given):
        """One poll each ten seconds, and the picture in the end."""
        world = make(started(), pending(), pending(), picture())
        result = world.connector.invoke(self.START, given)
        assert (result.bytes, result.action, result.job_id, result.credits) == (PNG, self.START, JOB_ID, 60)
        assert all(10 <= pause <= 10.5 for pause in world.clock.slept)
        assert len(world.clock.slept) == 3
        assert world.sent()[1:] == [("GET", f"/v2beta/results/{JOB_ID}")] * 3
        assert (world.entry().state, world.entry().credits) == ("done", 60)

    @pytest.mark.parametrize("policy", ["raise", "return"])
    def test_a_filtered_result_of_a_job_says_what_the_ledger_says(self, make, given, policy):
        """Whether it is raised or returned."""
        world = make(started(), picture(finish_reason="CONTENT_FILTERED"))
        try:
            result = world.connector.invoke(self.START, given, on_filtered=policy)
        except errors.Filtered as error:
            result = error.result
        entry = world.entry()
        assert (result.outcome, result.action, result.billed) == ("filtered", self.START, entry.billed)
        assert (result.credits, result.invocation_id) == (entry.credits, entry.id)

    def test_the_id_is_written_down_before_anything_else(self, make, given):
        """A process that dies now loses nothing."""
        seen = []
        world = make(started(), lambda request: seen.append(world.entry()) or picture())
        world.connector.invoke(self.START, given)
        assert (seen[0].state, seen[0].upstream_id, seen[0].fetch) == (
            "running",
            JOB_ID,
            "fetch-creative-upscale-result",
        )

    def test_without_waiting_the_id_comes_back(self, make, given):
        """And another connector fetches the result by it."""
        world = make(started())
        result = world.connector.invoke(self.START, given, wait=False)
        assert (result.outcome, result.job_id) == ("pending", JOB_ID)
        other = make(picture())
        other.clock.now += 100
        assert other.connector.wait(JOB_ID).bytes == PNG
        assert other.ledger.get(JOB_ID).state == "done"

    def test_a_poll_keeps_the_floor_across_processes(self, make, given):
        """Who comes too early waits."""
        make(started()).connector.submit(self.START, given)
        other = make(picture())
        other.connector.wait(JOB_ID)
        assert other.clock.slept == [10]

    @pytest.mark.parametrize("fault", [httpx.ReadError("reset"), answer(500), answer(429, {"errors": ["x"]})])
    def test_a_failed_poll_loses_nothing(self, make, given, fault):
        """The paid result is still there."""
        world = make(started(), fault, picture())
        assert world.connector.invoke(self.START, given).bytes == PNG

    def test_an_expired_job_says_so(self, make, given):
        """The upstream keeps nothing for ever."""
        gone = {"id": "e", "name": "generation_not_found", "errors": ["x"]}
        world = make(started(), answer(404, gone), answer(404, gone))
        with pytest.raises(errors.JobExpired) as caught:
            world.connector.invoke(self.START, given)
        assert (caught.value.job_id, world.entry().state) == (JOB_ID, "failed")

    def test_the_time_to_wait_can_be_bounded(self, make, given):
        """The job goes on, and its id is told."""
        world = make(started(), pending(), pending(), pending())
        with pytest.raises(errors.JobPending) as caught:
            world.connector.invoke(self.START, given, timeout=25)
        assert (caught.value.job_id, world.entry().state) == (JOB_ID, "running")
        assert sum(world.clock.slept) <= 25

    def test_another_credential_cannot_fetch_it(self, make, given):
        """The upstream would say that there is no such job."""
        make(started()).connector.submit(self.START, given)
        other = make(picture(), environ={"STABILITY_API_KEY": "sk-another-0123456789"})
        with pytest.raises(errors.CredentialError, match="another credential"):
            other.connector.wait(JOB_ID)
        assert other.sent() == []

    def test_an_unknown_job_says_where_it_was_looked_for(self, make):
        """By either of its ids."""
        with pytest.raises(errors.JobNotFound, match="nothing-like-it"):
            make().connector.wait("nothing-like-it")

    def test_the_answer_form_of_a_job_is_that_of_its_result(self, make, given):
        """It is asked for when the result is fetched."""
        world = make(started(), picture())
        world.connector.invoke(self.START, given, accept="application/json")
        assert world.upstream.requests[1].headers["accept"] == "application/json"

    @pytest.mark.parametrize("action", ["fetch-result", "fetch-creative-upscale-result"])
    def test_a_result_is_fetched_as_the_vendor_s_samples_do(self, make, action):
        """They ask for image/*, on the older path as well."""
        unknown = answer(404, {"errors": ["x"]})
        world = make(unknown, picture()) if "creative" in action else make(picture())
        assert world.connector.invoke(action, {"id": JOB_ID}, accept="image/*").bytes == PNG
        assert {request.headers["accept"] for request in world.upstream.requests} == {"image/*"}

    def test_the_older_path_is_tried_where_the_current_one_knows_nothing(self, make):
        """The creative result's fallback."""
        world = make(answer(404, {"errors": ["x"]}), picture())
        result = world.connector.invoke("fetch-creative-upscale-result", {"id": JOB_ID})
        assert result.bytes == PNG
        assert [path for _, path in world.sent()] == [
            f"/v2beta/results/{JOB_ID}",
            f"/v2beta/stable-image/upscale/creative/result/{JOB_ID}",
        ]


class TestDeprecated:
    def test_what_the_vendor_ended_warns_and_is_sent(self, make):
        """With its date and what to do."""
        world = make(picture(content_type="video/mp4"))
        world.upstream.answers = [answer(202, {"id": JOB_ID, "status": "in-progress"})]
        result = world.connector.invoke("fetch-generation-result", {"id": JOB_ID})
        assert "2025-07-24" in result.warnings[0].message
        assert len(world.sent()) == 1


def test_an_unknown_model_warns_and_is_sent(make):
    """Lists of models go stale."""
    world = make()
    result = world.connector.invoke("stable-diffusion-3", PROMPT | {"model": "sd9"})
    assert [problem.path for problem in result.warnings] == ["model"]
    assert result.credits is None


def test_a_preview_is_what_goes_out(make, tmp_path):
    """The same parts, with the secret masked, though it opens no secret."""
    world = make()
    shown = world.connector.preview("stable-image-core", PROMPT | {"seed": 0}).to_dict()
    assert shown["parts"] == [{"name": "prompt", "value": "a cat"}, {"name": "seed", "value": "0"}]
    assert (shown["method"], shown["credits"]) == ("POST", 3)
    assert shown["headers"]["authorization"] == "Bearer ********"
    assert world.sent() == []


def test_a_stream_gives_the_bytes_as_they_arrive(make):
    """And settles when it is read."""
    world = make()
    with world.connector.stream(CORE, PROMPT) as stream:
        assert stream.result.seed == 5
        assert b"".join(stream) == PNG
    assert world.entry().state == "done"


def test_a_stream_raises_before_the_first_byte(make):
    """A failure is not delivered as if it were content."""
    world = make(answer(402, {"errors": ["buy"]}))
    with pytest.raises(errors.OutOfCredits):
        world.connector.stream(CORE, PROMPT)
    assert world.entry().state == "failed"


def test_a_job_is_no_stream(make):
    """It would be paid for and its id lost."""
    world = make()
    with pytest.raises(errors.InvocationError, match="wait"):
        world.connector.stream("start-creative-upscale", {"prompt": "x", "image": PNG})
    assert world.sent() == []


def test_the_asynchronous_face_is_the_same_engine(tmp_path):
    """It awaits what the other blocks for."""

    async def main():
        transport = HttpTransport(httpx.MockTransport(lambda request: picture()))
        async with AsyncConnector(
            home=tmp_path, transport=transport, environ={"STABILITY_API_KEY": KEY}
        ) as connector:
            results = await asyncio.gather(*[connector.invoke(CORE, PROMPT) for _ in range(5)])
            stream = await connector.stream(CORE, PROMPT)
            return [result.bytes for result in results] + [b"".join([piece async for piece in stream])]

    assert asyncio.run(main()) == [PNG] * 6


class TestEnvironments:
    def test_each_environment_has_its_own_credential(self, make):
        """And its own base URL and headers."""
        world = make(environ={})
        _connect(
            world, environments=("staging",), base_url="https://staging.example", headers=(("x-team", "a"),)
        )
        world.connector.invoke(CORE, PROMPT, environment="staging")
        (request,) = world.upstream.requests
        assert (request.url.host, request.headers["x-team"]) == ("staging.example", "a")

    def test_a_credential_is_never_used_elsewhere(self, make):
        """An environment without one is told so."""
        world = make(environ={})
        _connect(world, environments=("staging",), base_url="https://staging.example")
        with pytest.raises(errors.ConnectorError, match=r"no credential is stored for .* in production"):
            world.connector.invoke(CORE, PROMPT, environment="production")
        assert world.sent() == []

    def test_an_unknown_environment_names_those_there_are(self, make):
        """With the nearest."""
        with pytest.raises(errors.UnknownName, match="sandbox"):
            make().connector.invoke(CORE, PROMPT, environment="sandbx")


class TestAnotherApi:
    """A folder with another integration is another integration."""

    def token(self, name="t1"):
        return answer(200, {"access_token": name, "expires_in": 600})

    def test_its_credential_holds_a_conversation_once(self, make):
        """OAuth 2 client credentials: a token for many requests."""
        world = make(
            self.token(),
            answer(200, {"at": 1}),
            answer(200, {"at": 2}),
            integration=OTHER,
            environ=PARCELS,
        )
        values = [world.connector.invoke("track-parcel", {"number": f"P-{n}"}).value for n in (1, 2)]
        assert values == [{"at": 1}, {"at": 2}]
        assert world.sent()[0] == ("POST", "/api/oauth/token")
        assert [request.headers["authorization"] for request in world.upstream.requests[1:]] == [
            "Bearer t1"
        ] * 2

    def test_a_refused_token_is_got_anew_once(self, make):
        """Tokens can end early."""
        world = make(
            self.token(),
            answer(401),
            self.token("t2"),
            answer(200, {"at": 1}),
            integration=OTHER,
            environ=PARCELS,
        )
        assert world.connector.invoke("track-parcel", {"number": "P-1"}).value == {"at": 1}
        assert world.upstream.requests[-1].headers["authorization"] == "Bearer t2"

    def test_its_formula_prices_it(self, make):
        """By what it weighs."""
        world = make(integration=OTHER, environ=PARCELS)
        given = {"name": "Ada", "zip": "10115", "grams": 500, "insured": True}
        assert world.connector.estimate("send-parcel", given).credits == 5.5

    def test_its_test_says_what_it_saw(self, make):
        """In its own words."""
        world = make(self.token(), answer(200, {"state": "moving"}), integration=OTHER, environ=PARCELS)
        assert world.connector.test() == "the carrier answers; today's parcel is moving"

    def test_its_label_is_a_file(self, make):
        """By its own fields."""
        world = make(self.token(), picture(x_serial="77"), integration=OTHER, environ=PARCELS)
        result = world.connector.invoke("print-label", {"number": "P-1", "copies": 2})
        assert (result.bytes, result.seed) == (PNG, 77)
        assert world.upstream.requests[1].content == b"number=P-1&copies=2"


def _connect(world, environments=("production",), base_url=None, headers=(), cap=None):
    configuration = Configuration(
        name="main",
        environments=environments,
        default=True,
        base_url=base_url,
        headers=headers,
        cap=cap,
        fields={"api_key": KEY},
    )
    world.connector.workspace.connections.add(
        Connection("mine", world.connector.integration.id, (configuration,)), secret_fields=["api_key"]
    )
