# The peers on a Java virtual machine: fetching what they need from Maven Central, compiling, their commands.
# SPDX-License-Identifier: Apache-2.0
import glob
import os
import shutil
import subprocess

from peers import Peer

OPENS = tuple(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in (
    "java.io", "java.lang", "java.lang.invoke", "java.net", "java.nio", "java.util", "java.util.concurrent",
    "java.util.concurrent.atomic", "sun.nio.ch", "sun.nio.cs", "sun.security.action", "sun.util.calendar"))
HEAP = ("-Xms1g", "-Xmx4g")
SOURCES = {"spark": "SparkWords", "flink": "FlinkWords"}


class Engine:
    """Jars and classes of one engine, below an ignored folder of the build."""

    def __init__(self, name, root, folder):
        self.name = name
        self.main = SOURCES[name]
        self.here = os.path.join(root, "bench", "peers")
        self.jars = os.path.join(folder, name)
        self.classes = os.path.join(folder, name + "-classes")

    def fetch(self):
        if not glob.glob(self.jars + "/*.jar"):
            making = self.jars + ".new"
            shutil.rmtree(making, ignore_errors=True)
            subprocess.run(["mvn", "--batch-mode", "--quiet", "--file", f"{self.here}/{self.name}.xml",
                            "dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={making}"],
                           check=True)
            shutil.rmtree(self.jars, ignore_errors=True)
            os.rename(making, self.jars)

    def compile(self):
        subprocess.run(["javac", "-nowarn", "-cp", self.jars + "/*", "-d", self.classes, f"{self.here}/Passes.java",
                        f"{self.here}/{self.main}.java"], check=True, stderr=subprocess.DEVNULL)

    def missing(self):
        if not shutil.which("java"):
            return "java is not installed"
        if not glob.glob(self.jars + "/*.jar"):
            return "its jars are not there: scripts/bench without --quick fetches them"
        if not os.path.exists(f"{self.classes}/{self.main}.class"):
            return "its Java is not compiled"
        return ""

    def version(self):
        jar = glob.glob(self.jars + {"spark": "/spark-core_*.jar", "flink": "/flink-runtime-*.jar"}[self.name])
        return os.path.basename(jar[0]).removesuffix(".jar") if jar else "not there"

    def command(self, *arguments):
        return ("java", *HEAP, *OPENS, "-cp", f"{self.classes}:{self.jars}/*", self.main, *arguments)


def peers(root, folder):
    spark, flink = Engine("spark", root, folder), Engine("flink", root, folder)
    how = [("Spark RDD", spark, "rdd", "{file}", ""),
           ("Spark DataFrame", spark, "dataframe", "{file}", ""),
           ("Spark Structured Streaming", spark, "structured", "{folder}", ""),
           ("Spark DStream, from a socket", spark, "dstream", "{file}", "millrace, from a socket"),
           ("Flink, combining", flink, "combining", "{folder}", ""),
           ("Flink, plain", flink, "plain", "{folder}", "")]
    return [Peer(name, engine.command(mode, text, "{table}", "{threads}", "{words}"), 2, slow=True, baseline=baseline,
                 group="jvm", version=("echo", engine.version()), missing=engine.missing(), timeout=900,
                 quick=mode in ("rdd", "dstream", "combining"), flags=" ".join(HEAP))
            for name, engine, mode, text, baseline in how]


def prepare(root, folder):
    """Fetches and compiles; a peer that cannot be had tells so by itself later."""
    for name in SOURCES:
        engine = Engine(name, root, folder)
        try:
            engine.fetch()
            engine.compile()
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"bench: {name}: {error}", flush=True)


if __name__ == "__main__":
    top = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    prepare(top, os.path.join(top, "build", "bench"))
