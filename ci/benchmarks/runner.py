"""ci/bench runner: what a run of Sluice costs that has next to nothing to do, cold and warm, beside the bare limit.

Sluice keeps the data of the private PostgreSQL in memory where there is room, the bare limit keeps it below FOLDER; "data on the disk"
is Sluice where there is no room.

Cold: a TMPDIR of its own for each repetition, so that nothing of an earlier run can be used again. Warm: one TMPDIR for all, after
a run that is not counted. Bare and Sluice take turns, so that what else the machine does meets both.
"""

import argparse
import contextlib
import datetime
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import bare

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARIES = ROOT / "build/release/bin"
PLAN = ROOT / "ci/benchmarks/runner/plan.yaml"
SPREAD_MAX = 1.5  # third quartile over first beyond which other work on the machine is part of the figure


def instant(text):
    """Seconds since the epoch of a report's time; its nanoseconds do not fit Python's own type."""
    whole, fraction = text.rstrip("Z").split(".")
    return datetime.datetime.fromisoformat(whole + "+00:00").timestamp() + int(fraction) / 1e9


def sluice(temporary, plan=PLAN):
    """One run, in seconds by name. The parts add up to the whole: the report and this clock are both the system's."""
    out = temporary / "out"
    began = time.time()
    run = subprocess.run([BINARIES / "sluice", "run", plan, "--out", out], env={**os.environ, "TMPDIR": str(temporary)},
                         capture_output=True, text=True)
    ended = time.time()
    if run.returncode != 0:
        raise SystemExit(f"bench: sluice ended with {run.returncode} where GO was due:\n{run.stdout[-2000:]}{run.stderr[-2000:]}")
    report = json.loads((out / "report.json").read_text())
    phase = report["phases"][0]
    run_began, phase_began = instant(report["started"]), instant(phase["started"])
    phase_ended = phase_began + phase["duration_ns"] / 1e9
    run_ended = run_began + report["duration_ns"] / 1e9
    seconds = {
        "whole run": ended - began,
        "start of sluice": run_began - began,
        "bring-up": phase_began - run_began,
        "phase with its one check": phase_ended - phase_began,
        "tear-down": run_ended - phase_ended,
        "reports, sweep, end": ended - run_ended,
    }
    seconds["rest of the run"] = seconds["whole run"] - seconds["bring-up"]
    for service in report["services"]:
        seconds[f"{service['name']} ready after"] = service["ready_after_ns"] / 1e9
    return seconds


@contextlib.contextmanager
def temporary_folder(below):
    """Open to the unprivileged PostgreSQL. `below` must be short: a unix socket's path has 107 bytes."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="slb-", dir=below))
    try:
        folder.chmod(0o1777)
        yield folder
    finally:
        shutil.rmtree(folder)


def bare_run(below, template):
    with temporary_folder(below) as folder:
        return bare.start_and_stop(BINARIES, folder, template)


def cold_run(below):
    with temporary_folder(below) as folder:
        return sluice(folder)


def plan_on_disk(folder):
    """The same plan, with the data of its PostgreSQL where it lies when memory has too little room for it."""
    shutil.copytree(PLAN.parent, folder)
    plan = folder / PLAN.name
    text = plan.read_text()
    changed = text.replace("kind: postgres,", "kind: postgres, storage: disk,")
    if changed == text:
        raise SystemExit(f"bench: {PLAN} has no service of kind postgres")
    plan.write_text(changed)
    return plan


def measure(repetitions, below):
    series = {"bare cold": [], "bare warm": [], "sluice cold": [], "sluice warm": [], "sluice warm, data on the disk": []}
    with temporary_folder(below) as template, temporary_folder(below) as warm:
        on_disk = plan_on_disk(warm / "plan")
        bare.initialise(template / "data")
        bare_run(below, template / "data")  # neither of the first ones counts: the page cache is cold
        sluice(warm)
        for number in range(repetitions):
            series["bare warm"].append(bare_run(below, template / "data"))
            series["sluice warm"].append(sluice(warm))
            series["sluice warm, data on the disk"].append(sluice(warm, on_disk))
            series["bare cold"].append(bare_run(below, None))
            series["sluice cold"].append(cold_run(below))
            if sys.stderr.isatty():
                end = "\n" if number + 1 == repetitions else "\r"
                print(f"bench: {number + 1} of {repetitions} repetitions", end=end, file=sys.stderr, flush=True)
    return series


def quartiles(runs, name):
    values = sorted(run[name] for run in runs)
    low, median, high = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
    return low, median, high, values[0]


def line(runs, name, limit=None, target=None):
    low, median, high, least = quartiles(runs, name)
    text = f"  {name:<30} {median * 1e3:8.1f} {low * 1e3:8.1f} …{high * 1e3:8.1f} {least * 1e3:8.1f}"
    if limit is not None:
        bare_median = quartiles(limit, name)[1]
        text += f"   {median / bare_median:5.2f} x bare"
    if target is not None:
        text += f"   target < {target * 1e3:.0f} ms: {'held' if median < target else 'missed'}"
    print(text)
    return high / low if low > 0 else 1


def show(series):
    spreads = []
    print(f"{'ms':<32} {'median':>8} {'middle half':>18} {'least':>8}")
    for state, temperature in (("cold", "cold"), ("warm", "warm"), ("warm, data on the disk", "warm")):
        runs, limit = series[f"sluice {state}"], series[f"bare {temperature}"]
        if state == temperature:
            print(f"bare, {state}")
            for name in limit[0]:
                line(limit, name)
        print(f"sluice, {state}")
        warm = state == "warm"
        spreads.append(line(runs, "bring-up", limit, 1.0 if warm else None))
        for name in [name for name in runs[0] if name.endswith("ready after")]:
            line(runs, name, None, 0.5 if warm and name.startswith("postgres") else None)
        line(runs, "rest of the run", None, 0.1 if warm else None)
        line(runs, "start of sluice")
        line(runs, "phase with its one check")
        line(runs, "tear-down", limit)
        line(runs, "reports, sweep, end")
        spreads.append(line(runs, "whole run"))
    if max(spreads) > SPREAD_MAX:
        print(f"The middle half spreads by {max(spreads):.1f}: other work on this machine is in these figures.")


def main():
    parser = argparse.ArgumentParser(prog="ci/bench runner")
    parser.add_argument("--repetitions", type=int, default=11)
    parser.add_argument("--below", default="/tmp", help="folder that holds the runs' folders: the disk that is measured")
    arguments = parser.parse_args()
    repetitions = arguments.repetitions
    if repetitions < 1:
        parser.error("at least one repetition")
    loads = [os.getloadavg()[0]]
    series = measure(repetitions, arguments.below)
    loads.append(os.getloadavg()[0])
    print(f"{repetitions} repetitions below {arguments.below} on {os.cpu_count()} processors; load {loads[0]:.1f} before, {loads[1]:.1f} after (1 or 2 is ours)")
    show(series)
    out = ROOT / "out/bench"
    out.mkdir(parents=True, exist_ok=True)
    (out / "runner.json").write_text(json.dumps({"below": arguments.below, "load": loads, "seconds": series}, indent=1) + "\n")


if __name__ == "__main__":
    main()
