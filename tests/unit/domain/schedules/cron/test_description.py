"""Tests of the sentences and notes about well-known cron expressions."""

from __future__ import annotations

import pytest

from polysync_core.domain.schedules.cron.description import describe_cron


class TestSentence:
    @pytest.mark.parametrize(
        ("cron", "sentence"),
        [
            ("* * * * *", "Every minute"),
            ("*/15 * * * *", "Every 15 minutes"),
            ("0 * * * *", "Every hour at minute 0"),
            ("5/20 * * * *", "Every hour, every 20 minutes from minute 5 to 45"),
            ("30 */15 * * * *", "Every 15 minutes, at second 30"),
            ("30 2 * * *", "Every day at 02:30"),
            ("30 15 6 * * *", "Every day at 06:15:30"),
            ("0 6,18 * * *", "Every day at 06:00 and 18:00"),
            ("0 9-17 * * *", "Every day, every hour from 09:00 to 17:00"),
            ("*/15 9-17 * * 1-5", "Every Monday to Friday, every 15 minutes from 09:00 to 17:45"),
            ("*/15 9-17 * * MON,TUE,WED,THU,FRI", describe_cron("*/15 9-17 * * 1-5").sentence),
            ("0 0 * * 5-1", "Every Friday to Monday at 00:00"),
            ("0 6 L * *", "On the last day of every month at 06:00"),
            ("0 6 15W * *", "On the weekday nearest to the 15th of every month at 06:00"),
            ("0 6 * * 5#2", "On the second Friday of every month at 06:00"),
            ("0 6 * * L5", "On the last Friday of every month at 06:00"),
            ("0 0 13 * 5", "On the 13th of every month, and also every Friday, at 00:00"),
            ("0 0 1,15 1,7 *", "On the 1st and the 15th of January and July at 00:00"),
            ("0 0 * 11-2 *", "Every day of November to February at 00:00"),
            ("@weekly", "Every Sunday at 00:00"),
        ],
    )
    def test_it_names_dates_and_times(self, cron: str, sentence: str):
        assert describe_cron(cron).sentence == sentence


class TestNotes:
    @pytest.mark.parametrize(
        ("cron", "note"),
        [
            ("*/7 * * * *", "after minute 56 comes minute 0, 4 minutes later"),
            ("0 */5 * * *", "after hour 20 comes hour 0, 4 hours later"),
            ("0 0 */2 * *", "the 31st can be followed by the 1st"),
            ("0 0 1 */5 *", "after November comes January, 2 months later"),
            ("0 0 * * */2", "after Saturday comes Sunday, 1 day later"),
            ("*/90 * * * *", "matches minute 0 only"),
            ("0 0 6 ? * 2-6", "2 is Tuesday and 6 is Saturday. Quartz"),
            ("0 6 ? * 1#1", "1 is Monday. Quartz"),
            ("0 22-2 * * FRI", "those of the same date"),
            ("0 0 13 * FRI", "a date need not match both"),
            ("0 0 1-31 * FRI", "one of them is always true"),
            ("0 0 * * 1-5", "1 is Monday and 5 is Friday"),
            ("0 0 * * 5#2", "5 is Friday"),
            ("0 0 31 * *", "There is no 31st in February, April, June, September and November"),
            ("0 0 31W * *", "In a month without a 31st, the last day counts"),
            ("0 0 29 2 *", "leap years only"),
            ("0 0 29 2 *", "it fires in 7 of 28 years"),
            ("0 0 * 2 MON#5", "it fires in 1 of 28 years"),
            ("0 0 * * MON#5", "Most months have no fifth Monday"),
        ],
    )
    def test_an_unexpected_effect_has_a_note(self, cron: str, note: str):
        assert any(note in each for each in describe_cron(cron).notes)

    @pytest.mark.parametrize(
        "cron",
        ["@daily", "*/15 * * * *", "0 */6 * * *", "0 9-17 * * MON-FRI", "0 0 1 */3 *", "0 6 L * *"],
    )
    def test_a_plain_expression_has_none(self, cron: str):
        assert describe_cron(cron).notes == ()
