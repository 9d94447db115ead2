# The goals of the project that can be measured here, each with what was measured and whether it is met.
# SPDX-License-Identifier: Apache-2.0
from peers import BARE_BACKEND, OURS, OURS_AVX2, OURS_SOCKET, OURS_SSE2

ABSENT = "not in the packages used here"
SPARK = ["Spark RDD", "Spark DataFrame", "Spark Structured Streaming"]
DSTREAM = "Spark DStream, from a socket"
OURS_THERE = {1: 1470, 2: 2700}  # MB/s, on the machine where goals were set


class Measured:
    """What was measured, by text, peer and threads."""

    def __init__(self, corpora, growth, delay):
        self.rows = {(corpus["name"], row["peer"], row["threads"]): row
                     for corpus in corpora for row in corpus["rows"] if "not_run" not in row}
        self.growth = growth
        self.delay = delay

    def value(self, corpus, peer, threads, what):
        return self.rows.get((corpus, peer, threads), {}).get(what)

    def slower(self, peer, threads=1, corpus="english", what="times_slower"):
        return self.value(corpus, peer, threads, what)

    def steady(self, *peers):
        """How many times slower the fastest of them is."""
        values = [self.slower(peer, 2, what="steady_times_slower") for peer in peers]
        return min((value for value in values if value), default=None)

    def speed(self, peer):
        """As a part of the speed of what it is compared with."""
        value = self.slower(peer)
        return value and 1 / value

    def against_there(self, peers, threads, there):
        """How fast the fastest of them is here, and was on the machine where the goal was set: 2 cores, Zen 4."""
        rows = [self.rows.get(("english", peer, threads), {}) for peer in peers]
        here = max((row.get("steady_mb_per_s", row.get("mb_per_s", 0)) for row in rows), default=0)
        ours = self.value("english", OURS, threads, "mb_per_s") or 0
        return (f"it makes {here:,.0f} MB/s here, and made {there:,} where the goal was set; "
                f"millrace {ours:,.0f}, and {OURS_THERE[threads]:,}") if here and ours else ""

    def two_threads(self):
        one, two = (self.value("english", OURS, threads, "median_s") for threads in (1, 2))
        return one and two and one / two

    def memory(self):
        values = [row["rss_bytes"] / 1e6 for (corpus, peer, _), row in self.rows.items()
                  if corpus == "english" and peer in (OURS, OURS_SOCKET)]
        return max(values, default=None)

    def flatness(self):
        """The largest time per byte over the smallest, from a file, one thread."""
        values = [step["ns_per_byte"] for step in self.growth
                  if (step["axis"], step["threads"], step["via"]) == ("bytes", 1, "file") and "ns_per_byte" in step]
        return max(values) / min(values) if len(values) > 1 else None

    def delay_of(self, which):
        return self.delay.get(which) if self.delay else None


def at_least(what, limit, unit, value, why=""):
    """`why` tells what stands in the way where the goal is not met, or why it was not measured."""
    return _row(what, f"≥ {limit} {unit}", value, unit, value is not None and value >= limit, why)


def at_most(what, limit, unit, value, why=""):
    return _row(what, f"≤ {limit} {unit}", value, unit, value is not None and value <= limit, why)


def _row(what, goal, value, unit, met, why):
    if value is None:
        return {"against": what, "goal": goal, "not_run": why or "not in this run"}
    return {"against": what, "goal": goal, "measured": value, "unit": unit, "met": met} | ({} if met else {"why": why})


def goals(measured):
    m = measured
    slower, times = "× slower", "×"
    return [
        at_least("best hand-made rival (pc6 contest), English, 1T", 3.5, slower, None, ABSENT),
        at_least("optimised C, C++, Rust (countwords, KrishRVH), 1T", 7, slower, None, ABSENT),
        at_least("ClickHouse, 1T", 8, slower, None, ABSENT),
        at_least("ClickHouse, 2T", 6, slower, None, ABSENT),
        at_least("GNU wc -w, 1T", 9, slower, m.slower("wc -w"), m.against_there(["wc -w"], 1, 144)),
        at_least("DuckDB, 1T", 30, slower, m.slower("DuckDB"), m.against_there(["DuckDB"], 1, 38)),
        at_least("DuckDB, 2T", 30, slower, m.slower("DuckDB", 2), m.against_there(["DuckDB"], 2, 68)),
        at_least("WindFlow, 2T", 15, slower, None, ABSENT),
        at_least("the fastest of Spark RDD, DataFrame, Structured Streaming, 2T, steady", 45, slower, m.steady(*SPARK),
                 m.against_there(SPARK, 2, 50)),
        at_least("Spark DStream, both from a socket, 2T, steady", 40, slower, m.steady(DSTREAM),
                 m.against_there([DSTREAM], 2, 20)),
        at_least("Flink with a local combiner, 2T, steady", 30, slower, m.steady("Flink, combining"),
                 m.against_there(["Flink, combining"], 2, 73)),
        at_least("Flink, plain, 2T, steady", 75, slower, m.steady("Flink, plain"),
                 m.against_there(["Flink, plain"], 2, 29)),
        at_most("delay from socket to row, 200 lines/s, --every 1ms: p50", 1.5, "ms", m.delay_of("p50_ms")),
        at_most("delay from socket to row, 200 lines/s, --every 1ms: p99", 5, "ms", m.delay_of("p99_ms")),
        at_most("memory (RSS), English, 1T and 2T", 200, "MB", m.memory()),
        at_most("time of the word_floor (fastlwc's role: number of words only), 1T", 3.3, times, m.speed("word_floor"),
                m.against_there(["word_floor"], 1, 5400)),
        at_least("dictionary, ClickHouse, 1T", 6, slower, None, ABSENT),
        at_least("10^7 distinct keys, boost::unordered_flat_map, 1T: uniform", 2, slower,
                 m.slower("flat_map", corpus="uniform")),
        at_least("10^7 distinct keys, boost::unordered_flat_map, 1T: Zipf", 2, slower,
                 m.slower("flat_map", corpus="zipf")),
        at_most("time per byte, largest over smallest, 10 MB to 10 GB, same vocabulary", 1.1, times, m.flatness(),
                "scripts/bench --growth measures it"),
        at_least("2 threads against 1, English", 1.6, times, m.two_threads(),
                 "readers and workers share two cores, and start, ordering and writing are one thread's"),
        at_least("AVX2 against AVX-512, English, 1T", 0.55, times, m.speed(OURS_AVX2)),
        at_least("SSE2 against AVX2, English, 1T", 0.5, times, m.speed(OURS_SSE2)),
        at_least("the whole program against the bare backend, English, 1T", 0.85, times, m.slower(BARE_BACKEND),
                 "start, copying the file from the page cache, ordering and writing"),
    ]
