# The delay of our rows, for the report: latency.py, on the processors of all others.
# SPDX-License-Identifier: Apache-2.0
import latency
from peers import CPUS
from runner import Failed


def delay(program, seconds=10):
    options = latency.parse_arguments(["--millrace", program, "--seconds", str(seconds)])
    command = latency.MILLRACE.replace("{program}", program).replace("{every}", options.every)
    result = latency.measure(f"taskset --cpu-list {CPUS[2]} {command}", False, options)
    if result["missing"] or result["twice"]:
        raise Failed(f"delay: of {result['sent']} lines {result['missing']} were missing, {result['twice']} came twice")
    return {"what": f"from a line on a socket to its row on a pipe, {options.rate} lines/s at random moments, "
                    f"--every {options.every}, both processors",
            "lines": result["sent"], "p50_ms": result["p50_ms"], "p99_ms": result["p99_ms"], "max_ms": result["max_ms"]}
