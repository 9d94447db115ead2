# Writes what was measured as JSON and as a table in Markdown.
# SPDX-License-Identifier: Apache-2.0
import datetime
import json
import os
import platform
import re
import shlex
import subprocess


def told(*command):
    """The first line that a command prints, or that nobody knows."""
    try:
        printed = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    except OSError:
        return "not known"
    return ((printed.stdout or printed.stderr).strip() or "not known").split("\n")[0]


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        facts = dict(re.findall(r"^([^\t:]+?)\s*: (.*)$", file.read(), re.M))
    with open("/proc/meminfo", encoding="utf-8") as file:
        memory = int(file.readline().split()[1]) * 1024
    return {"cpu": facts.get("model name", platform.machine()),
            "family and model": f"{facts.get('cpu family', '?')} {facts.get('model', '?')}",
            "processors": len(os.sched_getaffinity(0)), "memory_bytes": memory, "kernel": platform.release(),
            "load before": round(os.getloadavg()[0], 2)}


def today():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")


def _number(value, digits=3):
    return f"{value:,.{digits}g}" if abs(value) < 100 else f"{value:,.0f}"


def _table(head, rows):
    numbers = ["---" if i == 0 else "---:" for i in range(len(head))]
    return ["| " + " | ".join(cells) + " |" for cells in (head, numbers, *rows)]


def _corpus(corpus):
    if not corpus["rows"]:
        return [f"## {corpus['name']}: {corpus['what']}", ""]
    lines = [f"## {corpus['name']}: {corpus['what']}", "",
             f"{corpus['bytes'] / 1e6:,.1f} MB, {corpus['words']:,} words, {corpus['keys']:,} distinct.", ""]
    rows = []
    for row in corpus["rows"]:
        name = row["peer"].replace("|", "\\|") + (" (number only)" if row["answer"] == "words" else "")
        if "not_run" in row:
            rows.append([name, str(row["threads"]), "", f"not run: {row['not_run']}"] + [""] * 7)
            continue
        rows.append([name, str(row["threads"]), str(row["runs"]), _number(row["median_s"]),
                     f"{_number(row['min_s'])}–{_number(row['max_s'])}", _number(row["mb_per_s"]),
                     _number(row["times_slower"]) if "times_slower" in row else "1",
                     f"{_number(row['steady_mb_per_s'])} ({_number(row['steady_times_slower'])})"
                     if "steady_s" in row else "", _number(row["cpu_s"]),
                     _number(row["cpu_times_ours"]) if "cpu_times_ours" in row else "",
                     _number(row["rss_bytes"] / 1e6)])
    return lines + _table(["program", "threads", "runs", "median s", "spread s", "MB/s", "time ÷ ours",
                           "steady MB/s (÷ ours)", "CPU s", "CPU ÷ ours", "RSS MB"], rows) + [""]


def _goals(goals):
    rows = []
    for goal in goals:
        if "not_run" in goal:
            rows.append([goal["against"], goal["goal"], "", f"not run: {goal['not_run']}", ""])
        else:
            rows.append([goal["against"], goal["goal"], f"{_number(goal['measured'])} {goal['unit']}",
                         "yes" if goal["met"] else "**no**", goal.get("why", "")])
    return ["## Goals", "", "Of a full run on a quiet machine; with --quick, start-up weighs too much.", ""] + _table(
        ["against", "goal", "measured", "met", "what stands in the way"], rows) + [""]


def _growth(steps):
    rows = []
    for step in steps:
        cells = [step["axis"], f"{step['size']:,}", str(step["threads"]), step["via"]]
        if "not_run" in step:
            rows.append([*cells, f"not run: {step['not_run']}", "", "", ""])
        else:
            rows.append([*cells, _number(step["ns_per_byte"]), _number(step["mb_per_s"]), _number(step["median_s"]),
                         _number(step["rss_bytes"] / 1e6)])
    return ["## Growth", "", "Bytes: the King James Bible again and again. Keys: made-up words, all alike.", ""] + _table(
        ["axis", "size", "threads", "via", "ns per byte", "MB/s", "median s", "RSS MB"], rows) + [""]


def markdown(result):
    lines = [f"# Word count, {result['date']}, {result['machine']['cpu']}", "",
             f"`{shlex.join(['scripts/bench', *result['arguments']])}`", "",
             f"Commit {result['commit']}. {result['remark']}".rstrip(), "",
             "How to read it: [bench/README.md](../README.md).", ""]
    lines += [f"* {name}: {value}" for name, value in result["machine"].items()] + [""]
    for corpus in result["corpora"]:
        lines += _corpus(corpus)
    if result["growth"]:
        lines += _growth(result["growth"])
    if result["delay"]:
        lines += ["## Delay", "", result["delay"]["what"] + ": " + ", ".join(
            f"{name.removesuffix('_ms')} {_number(value)} ms" for name, value in result["delay"].items()
            if name.endswith("_ms")) + ".", ""]
    lines += _goals(result["goals"])
    lines += ["## Versions and flags", ""] + [f"* {name}: {value}" for name, value in result["versions"].items()]
    return "\n".join(lines) + "\n"


def write(result, folder, suffix):
    """The names of the two files, without what they end in."""
    os.makedirs(folder, exist_ok=True)
    cpu = re.sub(r"[^a-z0-9]+", "-", result["machine"]["cpu"].lower()).strip("-")
    base = os.path.join(folder, f"{result['date']}-{cpu}{suffix}")
    with open(base + ".json", "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1, ensure_ascii=False)
        file.write("\n")
    with open(base + ".md", "w", encoding="utf-8") as file:
        file.write(markdown(result))
    return base
