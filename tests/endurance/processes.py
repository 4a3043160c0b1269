"""Kills random processes of three behind HAProxy on one PostgreSQL: `python -m tests.endurance.processes`.

Dozens of visitors talk meanwhile, stop answers from any process, and continue those that were cut off. One time in ten
a process is not killed but paused for longer than its lease. No acknowledged message may be lost, doubled or in another
session, and no answer may be stored more than two seconds short of what its visitor saw.
"""

import argparse
import logging
import os
import signal
import sys
import tempfile
import threading
import time
import traceback
from contextlib import ExitStack
from pathlib import Path
from random import Random

from tests.endurance.talker import PAUSE_SECONDS, Pause, Talker
from tests.fake_upstream import FakeUpstream
from tests.support.haproxy import HAProxy
from tests.support.postgres import PostgresServer
from tests.support.running import RunningApp, two_providers

MAX_SHORT_SECONDS = 2.0
SOON, MAX_STOP_SECONDS = 0.5, 1.0
"""Stop is to be effective within half a second. On two cores, of which a process that starts takes one for a second,
some take longer: they are counted."""


def main() -> None:
    """Kills, checks and prints the counts; exits with status 1 if there are faults."""
    parser = argparse.ArgumentParser(prog="python -m tests.endurance.processes", description=__doc__)
    parser.add_argument("--times", type=int, default=200, help="number of kills, 200 by default")
    parser.add_argument("--sessions", type=int, default=50, help="number of visitors, 50 by default")
    parser.add_argument("--seed", type=int, default=1, help="random seed, 1 by default")
    options = parser.parse_args()
    logging.disable()  # the upstream in this process logs each disconnected client
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        upstream = stack.enter_context(FakeUpstream())
        server = stack.enter_context(PostgresServer(durable=True))
        environment = two_providers(upstream) | {"CHATBOT_DATABASE_URL": server.create_database()}
        apps = [stack.enter_context(RunningApp(directory / str(number), environment)) for number in range(3)]
        proxy = stack.enter_context(HAProxy(directory, [each.port for each in apps]))
        urls, pauses = [each.url for each in apps], list[Pause]()
        talkers = [Talker(proxy.url, urls, pauses, number, options.seed) for number in range(options.sessions)]
        started = time.monotonic()
        _run(talkers, apps, pauses, options.times, Random(options.seed))  # noqa: S311 - reproducible
        seconds = time.monotonic() - started
    faults = [fault for each in talkers for fault in each.faults]
    short = sorted(each for talker in talkers for each in talker.short)
    stops = sorted(each for talker in talkers for each in talker.stops)
    faults += [f"an answer is {each:.1f} s short" for each in short if each > MAX_SHORT_SECONDS]
    faults += [f"Stop took {each:.1f} s" for each in stops if each > MAX_STOP_SECONDS]
    print(
        f"{options.times} kills ({len(pauses)} of them pauses), {options.sessions} sessions, seed {options.seed}, "
        f"{seconds:.0f} s: {sum(each.acknowledged for each in talkers)} messages acknowledged; {len(short)} answers "
        f"cut off, stored at most {max(short, default=0):.1f} s short (median {_median(short):.1f}), "
        f"{sum(each.continued for each in talkers)} of them continued; {len(stops)} stopped from any process, within "
        f"{_median(stops):.2f} s (median), at most {max(stops, default=0):.1f} s, "
        f"{sum(each > SOON for each in stops)} of them in more than {SOON} s"
    )
    print(*faults[:20], f"{len(faults)} faults", sep="\n")
    sys.exit(bool(faults))


def _run(talkers: list[Talker], apps: list[RunningApp], pauses: list[Pause], times: int, dice: Random) -> None:
    """Lets all talk while processes are killed, or paused, which is noted in `pauses`."""
    is_over = threading.Event()
    threads = [threading.Thread(target=_talk, args=(each, is_over)) for each in talkers]
    for thread in threads:
        thread.start()
    for number in range(1, times + 1):
        time.sleep(dice.uniform(0.5, 4))
        chosen = dice.choice(apps)
        if number % 10 == 0:
            pauses.append(Pause(time.monotonic(), chosen.url))
            os.kill(chosen.process_id, signal.SIGSTOP)
            time.sleep(PAUSE_SECONDS)
            os.kill(chosen.process_id, signal.SIGCONT)
        else:
            chosen.stop(signal.SIGKILL)
            chosen.start()
    is_over.set()
    for thread in threads:
        thread.join()


def _talk(talker: Talker, is_over: threading.Event) -> None:
    try:
        while not is_over.is_set():
            talker.step()
        talker.check()
    except Exception:
        talker.faults.append(traceback.format_exc(limit=-3))


def _median(sorted_values: list[float]) -> float:
    return sorted_values[len(sorted_values) // 2] if sorted_values else 0.0


if __name__ == "__main__":
    main()
