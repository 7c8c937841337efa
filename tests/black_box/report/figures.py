"""Data with awkward times, and the figures that a report over it should show, computed from the raw rows.

    python3 -c THIS write FOLDER          users.jsonl and events.jsonl
    python3 -c THIS expect FOLDER ZONE    what user_activity and engagement should say, as JSON
"""

import collections
import datetime as dt
import json
import random
import statistics
import sys
from zoneinfo import ZoneInfo

UTC = dt.timezone.utc
FIRST, LAST = dt.date(2026, 10, 12), dt.date(2026, 11, 2)
NAMES = ["<script>alert(1)</script>", "\"><img src=x onerror=alert(2)>", "=HYPERLINK(\"http://x\")", "Béla | **x**",
         "</title></style></svg><svg onload=alert(3)>", "[a](javascript:alert(4))"]


def iso(at):
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (at.microsecond // 1000)


def write(folder):
    rng = random.Random(20261124)
    start = dt.datetime(2026, 8, 1, tzinfo=UTC)
    users = []
    for number in range(60):
        user = {"_id": "u%02d" % number, "name": NAMES[number] if number < len(NAMES) else "User %d" % number}
        if number % 13 == 5:
            user["created_at"] = "2026-10-15"
        elif number % 17 != 3:
            at = start + dt.timedelta(seconds=rng.randrange(93 * 86400))
            user["created_at"] = {"$date": iso(at)}
        users.append(user)
    events = []

    def event(user, at, what):
        row = {"_id": len(events), "event": what, "timestamp": {"$date": iso(at)}}
        if user is not None:
            row["user_id"] = user
        events.append(row)

    kinds = ["login", "search", "search", "view", "=SUM(A1)", "<b>buy</b>"]
    # Nobody is user 50 and beyond: users without events.
    for _ in range(420):
        at = start + dt.timedelta(seconds=rng.randrange(101 * 86400), milliseconds=rng.randrange(1000))
        user = rng.choice(["u%02d" % int(50 * rng.random() ** 2), "stranger", None] if rng.random() < 0.1
                          else ["u%02d" % int(50 * rng.random() ** 2)])
        for _ in range(rng.randrange(1, 9)):
            event(user, at, rng.choice(kinds))
            at += dt.timedelta(seconds=rng.choice([5, 60, 400, 1799, 1800, 2400]))
    # Both sides of each edge, and the hours of a change of clocks, one of which is shown twice.
    for zone in ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe"):
        first, end = edges(ZoneInfo(zone))
        for at in (first, end):
            event("u07", at, "login")
            event("u08", at - dt.timedelta(milliseconds=1), "login")
    for change in (dt.datetime(2026, 10, 25, 1, tzinfo=UTC), dt.datetime(2026, 11, 1, 6, tzinfo=UTC),
                   dt.datetime(2026, 10, 3, 15, 30, tzinfo=UTC)):
        for minutes in range(-130, 131, 13):
            event("u%02d" % (minutes % 5), change + dt.timedelta(minutes=minutes), "view")
    rng.shuffle(events)
    events.append({"_id": "text", "event": "login", "user_id": "u01", "timestamp": "2026-10-20T10:00:00Z"})
    events.append({"_id": "list", "event": "login", "user_id": "u01", "timestamp": [{"$date": "2026-10-20T10:00:00Z"}]})
    events.append({"_id": "none", "event": "login", "user_id": "u01"})
    for name, rows in (("users", users), ("events", events)):
        with open("%s/%s.jsonl" % (folder, name), "w") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)


def midnight(zone, date):
    return dt.datetime(date.year, date.month, date.day, tzinfo=zone).astimezone(UTC)


def edges(zone):
    return midnight(zone, FIRST), midnight(zone, LAST + dt.timedelta(days=1))


def parse(value):
    if not isinstance(value, dict):
        return None
    return dt.datetime.fromisoformat(value["$date"].replace("Z", "+00:00"))


def week(at, zone):
    return "%04d-W%02d" % at.astimezone(zone).isocalendar()[:2]


def expect(folder, name):
    zone = ZoneInfo(name)
    read = lambda name: [json.loads(line) for line in open("%s/%s.jsonl" % (folder, name))]
    created = {user["_id"]: parse(user.get("created_at")) for user in read("users")}
    events = [(parse(row.get("timestamp")), row.get("user_id"), row["event"]) for row in read("events")]
    events = sorted((event for event in events if event[0]), key=lambda event: event[0])
    start, end = edges(zone)
    days = (LAST - FIRST).days + 1

    def activity(start, end):
        inside = [event for event in events if start <= event[0] < end]
        known = [event for event in inside if event[1] is not None]
        per_user = collections.Counter(user for _, user, _ in known)
        back = lambda days: midnight(zone, end.astimezone(zone).date() - dt.timedelta(days=days))
        active = lambda days: len({user for at, user, _ in events if back(days) <= at < end and user})
        new = [user for user in per_user if created.get(user) and start <= created[user] < end]
        old = [user for user in per_user if created.get(user) and created[user] < start]
        return {
            "activity": {
                "active_users": len(per_user), "events": len(inside), "events_per_user": len(known) / len(per_user),
                "most_events": max(per_user.values()), "active_last_day": active(1), "active_last_7_days": active(7),
                "active_last_30_days": active(30),
            },
            "arrivals": {
                "new_users": len(new), "returning_users": len(old),
                "unknown_users": len(per_user) - len(new) - len(old),
                "sign_ups": sum(1 for at in created.values() if at and start <= at < end),
            },
        }

    inside = [event for event in events if start <= event[0] < end]
    known = [event for event in inside if event[1] is not None]
    by_day, by_hour = collections.OrderedDict(), collections.OrderedDict()
    for number in range(days):
        by_day[(FIRST + dt.timedelta(days=number)).isoformat()] = [set(), 0, 0]
    at = start
    while at < end:
        by_hour.setdefault(at.astimezone(zone).strftime("%Y-%m-%dT%H:00%z"), [set(), 0, 0])
        at += dt.timedelta(minutes=30)
    for at, user, _ in inside:
        local = at.astimezone(zone)
        for rows, key in ((by_day, local.strftime("%Y-%m-%d")), (by_hour, local.strftime("%Y-%m-%dT%H:00%z"))):
            rows[key][1] += 1
            if user is not None:
                rows[key][0].add(user)
    for at in created.values():
        if at and start <= at < end:
            local = at.astimezone(zone)
            by_day[local.strftime("%Y-%m-%d")][2] += 1
            by_hour[local.strftime("%Y-%m-%dT%H:00%z")][2] += 1
    series = lambda rows: [[key, len(users), count, signs] for key, (users, count, signs) in rows.items()]

    # Sessions, user by user.
    times = collections.defaultdict(list)
    for at, user, _ in known:
        times[user].append(at)
    sessions = []
    for stamps in times.values():
        current = [stamps[0]]
        for at in stamps[1:]:
            if at - current[-1] < dt.timedelta(minutes=30):
                current.append(at)
            else:
                sessions.append(current)
                current = [at]
        sessions.append(current)
    lengths = sorted((session[-1] - session[0]).total_seconds() for session in sessions)

    month = midnight(zone, LAST + dt.timedelta(days=1) - dt.timedelta(days=30))
    recent = [event for event in events if month <= event[0] < end and event[1] is not None]
    daily = len({(at.astimezone(zone).date(), user) for at, user, _ in recent}) / 30
    monthly = len({user for _, user, _ in recent})

    what, who = collections.Counter(), collections.defaultdict(set)
    hours = [0] * 24
    for at, user, kind in inside:
        what[kind] += 1
        hours[at.astimezone(zone).hour] += 1
        if user is not None:
            who[kind].add(user)

    monday = LAST - dt.timedelta(days=LAST.weekday())
    weeks = [monday - dt.timedelta(days=7 * (7 - number)) for number in range(8)]
    labels = [week(midnight(zone, date) + dt.timedelta(hours=12), zone) for date in weeks]
    retention = []
    for place, label in enumerate(labels):
        cohort = {user for user, at in created.items() if at and midnight(zone, weeks[0]) <= at < end and week(at, zone) == label}
        row = [label, len(cohort)]
        for later in labels[place:]:
            active = {user for at, user, _ in events if user in cohort and midnight(zone, weeks[0]) <= at < end
                      and week(at, zone) == later}
            row.append(len(active) / len(cohort) if cohort else None)
        retention.append(row)

    before = midnight(zone, FIRST - dt.timedelta(days=days))
    top = sorted(collections.Counter(user for _, user, _ in known).items(), key=lambda item: (-item[1], item[0]))
    count = len(sessions)
    print(json.dumps({
        "figures": activity(start, end), "previous": activity(before, start),
        "by_day": series(by_day), "by_hour": series(by_hour), "top": [list(item) for item in top[:5]],
        "engagement": {
            "sessions": {
                "sessions": count, "sessions_per_user": count / len(times), "events_per_session": len(known) / count,
                "mean_session": statistics.fmean(lengths), "longest_session": lengths[-1],
                "median_session": float(int(lengths[(count + 1) // 2 - 1])),
                "single_event_sessions": sum(1 for session in sessions if len(session) == 1) / count,
            },
            "stickiness": {"daily_active_users": daily, "monthly_active_users": monthly, "stickiness": daily / monthly},
        },
        "by_event": [[kind, number, len(who[kind])] for kind, number in
                     sorted(what.items(), key=lambda item: (-item[1], item[0]))],
        "hours": hours, "retention": retention,
    }))


{"write": write, "expect": expect}[sys.argv[1]](*sys.argv[2:])
