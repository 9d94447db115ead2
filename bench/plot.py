# Draws a report as SVG with gnuplot, where that is installed.
# SPDX-License-Identifier: Apache-2.0
import shutil
import subprocess

STYLE = """set terminal svg size 900,{height} font "sans-serif,13" background "white"
set output "{path}"
set grid xtics lc rgb "#d8d8d8"
set border 3
set tics nomirror
"""


def draw(result, base):
    if not shutil.which("gnuplot"):
        return
    program = _growth(result, base) if result["growth"] else _bars(result, base)
    if program:
        subprocess.run(["gnuplot"], input=program, text=True, check=True)


def _quoted(text):
    return '"' + text.replace('"', "'") + '"'


def _bars(result, base):
    """MB/s on English text, the fastest on top; JVM peers warm."""
    rows = [(row.get("steady_mb_per_s", row["mb_per_s"]), row)
            for corpus in result["corpora"][:1] for row in corpus["rows"] if "not_run" not in row]
    if not rows:
        return ""
    rows.sort(key=lambda pair: pair[0])
    lines = []
    for place, (rate, row) in enumerate(rows):
        label = (f"{row['peer']} ({row['threads']}T{', warm' if 'steady_s' in row else ''}"
                 f"{', number only' if row['answer'] == 'words' else ''})")
        color = 0x1F6FB4 if row["peer"].startswith("millrace") else 0x9A9A9A
        lines.append(f"{rate:.6g} {place} {_quoted(label)} {color}")
    return STYLE.format(height=90 + 24 * len(rows), path=base + ".svg") + f"""
$rows << END
{chr(10).join(lines)}
END
set title "Word count, MB/s (logarithmic): {result['corpora'][0]['what']}, {result['date']}, {result['machine']['cpu']}" noenhanced
set logscale x
set ytics noenhanced
set yrange [-0.6:{len(rows) - 0.4}]
set lmargin 36
set xlabel "MB/s"
set style fill solid
plot $rows using (sqrt($1)):2:(0.1):1:($2-0.35):($2+0.35):4:ytic(3) with boxxyerror lc rgb variable notitle, \\
     $rows using 1:2:(sprintf($1 < 100 ? "  %.3g" : "  %.0f", $1)) with labels left notitle
"""


def _growth(result, base):
    """Nanoseconds per byte against size, one line for each way in and number of threads."""
    blocks, plots = [], []
    for axis in ("bytes", "keys"):
        series = {}
        for step in result["growth"]:
            if step["axis"] == axis and "not_run" not in step:
                series.setdefault((step["via"], step["threads"]), []).append(step)
        curves = []
        for (via, threads), steps in series.items():
            name = f"${axis}_{via}_{threads}"
            blocks.append("\n".join([f"{name} << END", *(f"{s['size']} {s['ns_per_byte']:.6g}" for s in steps), "END"]))
            curves.append(f'{name} using 1:2 with linespoints lw 2 pt 7 ps 0.6 title "{via}, {threads}T"')
        if curves:
            label = {"bytes": "bytes of text", "keys": "distinct keys"}[axis]
            plots.append(f'set xlabel "{label}"\nplot {", ".join(curves)}')
    return STYLE.format(height=760, path=base + ".svg") + "\n".join(blocks) + f"""
set multiplot layout {len(plots)},1 title "Time per byte, {result['date']}, {result['machine']['cpu']}"
set logscale x
set format x "10^{{%L}}"
set yrange [0:*]
set ylabel "ns per byte"
set key outside right
{chr(10).join(plots)}
unset multiplot
""" if plots else ""
