"""Tests of notifications: kinds, groups, limits, repetitions, and what happens to lost ones."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from polysync_core.domain.deadlines.events import DeadlineEvent
from polysync_core.domain.deadlines.kinds import DeadlineChange, DeadlineKind, MissCause
from polysync_core.domain.errors import Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.webhook_client import EventNotAccepted
from tests.fakes.builders import NOON, run_id
from tests.unit.application.notifications.rig import SLACK_URL, TEAM, Rig


def team(**changes: Any) -> dict[str, Any]:
    return {**TEAM, **changes}


def texts_of(body: Any) -> str:
    return json.dumps(body, ensure_ascii=False)


def test_a_failed_run_is_reported_with_its_story_and_links() -> None:
    rig = Rig()
    run = rig.ended("Failed", task="load")
    rig.pass_time(minutes=2)
    assert rig.titles() == ["load failed"]
    content = texts_of(rig.bodies())
    for part in (
        "Artefact: Table sales is locked.",
        "Read the error on the platform",
        "lakehouse",
        f"https://polysync.example.com/console/runs/{run.run_id}",
        "https://adb.example.net/#job/1/run/2",
    ):
        assert part in content
    assert rig.app.receiver.posts[0][0] == SLACK_URL
    assert not rig.waiting()


def test_fifty_failures_of_one_cause_are_one_message() -> None:
    rig = Rig()
    for number in range(50):
        rig.ended("Failed", task=f"load-{number}", cause=FailureCause.PLATFORM_UNREACHABLE)
        rig.pass_time(seconds=0.5)
    rig.pass_time(minutes=5)
    assert rig.titles() == ["50 runs failed: PlatformUnreachable"]
    content = texts_of(rig.bodies())
    assert all(f"load-{number}" in content for number in range(50))
    assert not rig.waiting()


def test_another_cause_is_another_message() -> None:
    rig = Rig()
    rig.ended("Failed", task="load")
    rig.ended("Failed", task="copy", cause=FailureCause.TIMEOUT)
    rig.pass_time(minutes=2)
    assert sorted(rig.titles()) == ["copy failed", "load failed"]


def test_a_window_begins_anew_after_its_message() -> None:
    rig = Rig()
    for _ in range(3):
        rig.ended("Failed", task="load")
        rig.pass_time(seconds=55)
    rig.pass_time(minutes=5)
    assert rig.titles() == ["2 runs failed: Artefact", "load failed"]


def test_a_window_of_zero_sends_each_at_once() -> None:
    rig = Rig(team(grouping={"windowSeconds": 0}))
    rig.ended("Failed", task="load")
    rig.pass_time(seconds=1)
    assert rig.titles() == ["load failed"]


def test_a_repeated_event_and_a_repeated_step_send_no_second_message() -> None:
    rig = Rig()
    run = rig.ended("Failed", task="load")
    rig.publish(run, after=1)
    steps = rig.waiting()
    rig.pass_time(minutes=2)
    for step in steps:
        rig.process(step)
    rig.publish(run, after=1)
    rig.pass_time(hours=1)
    assert rig.titles() == ["load failed"]


@pytest.mark.parametrize(
    ("events", "is_sent"),
    [
        pytest.param({}, True, id="everything"),
        pytest.param({"kinds": []}, True, id="every kind"),
        pytest.param({"kinds": ["Skipped"]}, False, id="another kind"),
        pytest.param({"tags": {"team": "sales"}}, True, id="its tag"),
        pytest.param({"tags": {"team": "other"}}, False, id="another tag"),
        pytest.param({"tasks": ["load"]}, True, id="its Task"),
        pytest.param({"tasks": ["other"]}, False, id="another Task"),
        pytest.param({"platforms": ["lakehouse"]}, True, id="its platform"),
        pytest.param({"platforms": ["other"]}, False, id="another platform"),
    ],
)
def test_a_receiver_selects_by_kind_task_tag_and_platform(
    events: dict[str, Any], is_sent: bool
) -> None:
    rig = Rig(team(events=events))
    rig.ended("Failed", task="load", tags={"team": "sales"})
    assert bool(rig.waiting()) >= is_sent
    rig.pass_time(minutes=2)
    assert rig.titles() == (["load failed"] if is_sent else [])


def test_an_event_that_no_receiver_selects_costs_no_message() -> None:
    rig = Rig(team(events={"kinds": ["Skipped"]}), team(name="off", enabled=False))
    rig.ended("Failed", task="load")
    rig.ended("Succeeded", task="load")
    assert not rig.waiting()


def test_a_skipped_run_is_reported() -> None:
    rig = Rig(team(events={"kinds": ["Skipped"]}))
    rig.ended("Skipped", task="load")
    rig.pass_time(minutes=2)
    assert rig.titles() == ["load was skipped"]


class TestRecovery:
    """The first success after a notified failure."""

    def test_only_the_first_success_after_a_failure_is_reported(self) -> None:
        rig = Rig()
        rig.ended("Succeeded", task="load")
        first = rig.ended("Failed", task="load")
        rig.pass_time(minutes=10)
        rig.ended("Failed", task="load")
        rig.pass_time(minutes=10)
        rig.ended("Succeeded", task="load")
        rig.pass_time(minutes=10)
        rig.ended("Succeeded", task="load")
        rig.ended("Succeeded", task="other")
        rig.pass_time(minutes=10)
        assert rig.titles() == ["load failed", "load failed", "load succeeded again"]
        assert "Since:* 2026-03-01 12:00:00 UTC" in texts_of(rig.bodies()[-1])
        assert first.run_id

    def test_a_failure_of_another_receiver_is_no_reason(self) -> None:
        rig = Rig(team(events={"tags": {"tier": "1"}}))
        rig.ended("Failed", task="load")
        rig.ended("Succeeded", task="load", tags={"tier": "1"})
        rig.pass_time(minutes=10)
        assert rig.titles() == []

    def test_a_repeated_failure_event_opens_no_new_failure(self) -> None:
        rig = Rig()
        failed = rig.ended("Failed", task="load")
        rig.pass_time(minutes=2)
        rig.ended("Succeeded", task="load")
        rig.pass_time(minutes=2)
        rig.publish(failed, after=1)
        rig.pass_time(minutes=2)
        rig.ended("Succeeded", task="load")
        rig.pass_time(minutes=2)
        assert rig.titles() == ["load failed", "load succeeded again"]

    def test_a_success_that_ended_before_the_failure_is_no_recovery(self) -> None:
        rig = Rig()
        late = rig.ended("Succeeded", task="load")
        rig.pass_time(minutes=1)
        rig.ended("Failed", task="load")
        rig.pass_time(minutes=2)
        rig.publish(late, after=1)
        rig.pass_time(minutes=2)
        assert rig.titles() == ["load failed"]

    def test_a_crash_between_the_steps_loses_no_recovery(self) -> None:
        rig = Rig()
        rig.ended("Failed", task="load")
        rig.pass_time(minutes=2)
        rig.ended("Succeeded", task="load")
        (arrival,) = rig.waiting()
        # The queue is away when the message of the group is scheduled.
        queue = rig.app.queue("webhook-deliveries")
        queue.away = True
        with pytest.raises(Unavailable):
            rig.process(arrival)
        queue.away = False
        rig.pass_time(minutes=2)
        assert rig.titles() == ["load failed", "load succeeded again"]


class TestWaiting:
    """Runs that wait longer than the threshold."""

    def test_a_run_that_still_waits_is_reported_once(self) -> None:
        rig = Rig(team(events={"kinds": ["WaitingTooLong"], "waitingSeconds": 600}))
        rig.queued(task="load")
        rig.pass_time(minutes=9)
        assert rig.titles() == []
        rig.pass_time(minutes=60)
        assert rig.titles() == ["load waits too long"]

    def test_a_run_that_has_started_is_not_reported(self) -> None:
        rig = Rig(team(events={"kinds": ["WaitingTooLong"], "waitingSeconds": 600}))
        rig.ended("Succeeded", task="load")
        rig.pass_time(hours=2)
        assert rig.titles() == []

    def test_a_planned_start_is_not_counted_as_waiting(self) -> None:
        rig = Rig(team(events={"kinds": ["WaitingTooLong"], "waitingSeconds": 600}))
        rig.queued(task="load", not_before=rig.clock() + timedelta(minutes=30))
        rig.pass_time(minutes=39)
        assert rig.titles() == []
        rig.pass_time(minutes=5)
        assert rig.titles() == ["load waits too long"]


class TestDeadlines:
    """Tasks that are late."""

    def late(self, change: DeadlineChange, run: str | None = None) -> DeadlineEvent:
        return DeadlineEvent(
            event_id=f"deadline/load/2026-03-01/Late/{change}",
            change=change,
            kind=DeadlineKind.LATE,
            task="load",
            job="sales-load",
            platform="lakehouse",
            deadline=NOON - timedelta(minutes=5),
            at=NOON,
            run_id=None if run is None else run_id(run),
            cause=MissCause.WAITING_FOR_UPSTREAM,
            reason="The run of 06:00 had not succeeded at 11:55.",
        )

    def test_a_late_task_without_a_run_is_reported_with_its_page(self) -> None:
        rig = Rig()
        rig.app.services.publisher.publish_deadline(self.late(DeadlineChange.MISSED))
        rig.pass_time(minutes=2)
        assert rig.titles() == ["load is late"]
        content = texts_of(rig.bodies())
        assert "WaitingForUpstream: The run of 06:00" in content
        assert "2026-03-01 11:55:00 UTC" in content
        assert "https://polysync.example.com/console/tasks/load" in content

    @pytest.mark.parametrize(
        ("kinds", "titles"),
        [
            (["Failed", "Late", "Recovered"], ["load is late", "load succeeded again"]),
            (["Failed", "Recovered"], []),
            (["Late"], ["load is late"]),
        ],
    )
    def test_the_recovery_of_a_deadline_is_reported_with_late(
        self, kinds: list[str], titles: list[str]
    ) -> None:
        rig = Rig(team(events={"kinds": kinds}))
        for change in (DeadlineChange.MISSED, DeadlineChange.RECOVERED):
            rig.app.services.publisher.publish_deadline(self.late(change, "x"))
            rig.pass_time(minutes=2)
        assert rig.titles() == titles


class TestLimit:
    """The maximum of messages in an hour, and the summary of the rest."""

    def test_more_messages_than_allowed_become_one_summary(self) -> None:
        rig = Rig(team(grouping={"windowSeconds": 0, "maxPerHour": 3}))
        for number in range(10):
            rig.ended("Failed", task=f"load-{number}")
            rig.pass_time(minutes=1)
        assert rig.titles() == ["load-0 failed", "load-1 failed", "load-2 failed"]
        rig.pass_time(hours=2)
        assert rig.titles()[3:] == ["7 notifications were held back"]
        content = texts_of(rig.bodies()[-1])
        assert "7 failed (Artefact)" in content
        assert all(f"load-{number}" in content for number in range(3, 10))
        assert not rig.waiting()

    def test_a_repeated_attempt_counts_once(self) -> None:
        rig = Rig(team(grouping={"windowSeconds": 0, "maxPerHour": 1}))
        rig.app.receiver.failure = EventNotAccepted("it is down")
        rig.ended("Failed", task="load")
        rig.pass_time(seconds=5)
        rig.app.receiver.failure = None
        rig.pass_time(minutes=5)
        assert rig.titles() == ["load failed"]


class TestFailedDelivery:
    """A receiver that accepts nothing."""

    def test_it_is_tried_again_with_the_same_id(self) -> None:
        rig = Rig({**TEAM, "type": "Webhook", "url": "https://x.example.com/in",
                   "secret": "vault://local/KEY"})  # fmt: skip
        rig.app.receiver.failure = EventNotAccepted("it is down")
        rig.ended("Failed", task="load")
        rig.pass_time(seconds=65)
        rig.app.receiver.failure = None
        rig.pass_time(minutes=5)
        (body,) = rig.bodies()
        ((_, headers, _),) = rig.app.receiver.posts
        assert headers["X-Polysync-Delivery"] == f"{body['messageId']}/team"
        assert headers["X-Polysync-Event"] == "notification.failed"
        assert body["runs"][0]["why"] == "Artefact: Table sales is locked."

    def test_an_abandoned_message_is_listed_and_sent_later_in_a_summary(self) -> None:
        rig = Rig()
        rig.app.receiver.failure = EventNotAccepted("h answered with status 500", status=500)
        rig.ended("Failed", task="load")
        rig.pass_time(minutes=20)
        (poison,) = rig.poison()
        assert json.loads(poison)["failure"] == "h answered with status 500"
        assert json.loads(poison)["receiver"] == "team"
        rig.app.receiver.failure = None
        rig.pass_time(hours=2)
        assert rig.titles() == ["1 notification was held back"]
        assert "load" in texts_of(rig.bodies())

    def test_what_two_tries_did_not_deliver_comes_with_the_next_message(self) -> None:
        rig = Rig()
        rig.app.receiver.failure = EventNotAccepted("it is down")
        rig.ended("Failed", task="load")
        rig.pass_time(days=1)
        assert not rig.waiting()
        rig.app.receiver.failure = None
        rig.ended("Failed", task="copy")
        rig.pass_time(minutes=5)
        assert rig.titles() == ["copy failed", "1 notification was held back"]

    def test_a_deleted_receiver_drops_what_is_on_its_way(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("INFO")
        rig = Rig()
        rig.ended("Failed", task="load")
        rig.app.http.delete("/receivers/team").raise_for_status()
        rig.pass_time(hours=1)
        assert rig.titles() == []
        assert "notification_dropped" in repr([vars(each) for each in caplog.records])

    def test_no_log_line_and_no_abandoned_message_holds_the_url(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("DEBUG")
        rig = Rig()
        rig.app.receiver.failure = EventNotAccepted("it is down")
        rig.ended("Failed", task="load")
        rig.pass_time(days=1)
        logged = repr([vars(record) for record in caplog.records])
        assert "notification_failed" in logged
        assert "canary-91ab" not in logged + repr(rig.poison())
        assert "canary-91ab" not in rig.app.http.get("/receivers/team/deliveries").text


def test_a_malformed_message_goes_to_the_poison_queue() -> None:
    rig = Rig()
    for text in ('{"receiver":3}', '{"receiver":"team"}', '{"receiver":"team","group":"../x"}'):
        rig.process(text)
    assert len(rig.poison()) == 3


def test_recent_messages_are_listed_for_the_receiver_alone() -> None:
    rig = Rig()
    rig.ended("Failed", task="load")
    rig.pass_time(minutes=2)
    (item,) = rig.app.http.get("/receivers/team/deliveries").json()["items"]
    assert (item["kind"], item["result"], item["attempt"]) == ("Failed", "Accepted", 1)
    assert rig.app.http.get("/receivers/other/deliveries").status_code == 404


def test_a_test_message_is_sent_and_the_exact_failure_is_named() -> None:
    rig = Rig()
    assert rig.app.http.post("/receivers/team/test").json()["ok"] is True
    assert rig.titles() == ["Test of the receiver team"]
    rig.app.receiver.failure = EventNotAccepted("h answered with status 404: no_team", status=404)
    answer = rig.app.http.post("/receivers/team/test").json()
    assert (answer["ok"], answer["message"]) == (False, "h answered with status 404: no_team")
    assert rig.app.http.get("/receivers/team/test").json()["ok"] is False
    assert rig.app.http.post("/receivers/other/test").status_code == 404
