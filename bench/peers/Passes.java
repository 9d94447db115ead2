// What the JVM peers share: words of a line, the clock of each pass, the table at the end.
// SPDX-License-Identifier: Apache-2.0
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.StringTokenizer;
import java.util.concurrent.Callable;

final class Passes {
  private static final String SEPARATORS = " \t\n\u000b\f\r";

  private Passes() {}

  /** The runs of characters between ASCII white space, none of them empty. */
  static List<String> words(String line) {
    List<String> words = new ArrayList<>();
    StringTokenizer tokens = new StringTokenizer(line, SEPARATORS);
    while (tokens.hasMoreTokens()) words.add(tokens.nextToken());
    return words;
  }

  /** The table of a pass, and how long it took without the start of the engine. */
  record Counted(Map<String, Long> table, double seconds) {}

  static Counted timed(Callable<Map<String, Long>> pass) throws Exception {
    long begin = System.nanoTime();
    Map<String, Long> table = pass.call();
    return new Counted(table, (System.nanoTime() - begin) / 1e9);
  }

  /**
   * Counts twice and tells bench/runner.py how long it took from the start of the process to the first table, and
   * how long the second pass took, when the virtual machine has compiled what is hot.
   */
  static void run(String output, Callable<Counted> pass) throws Exception {
    Counted first = pass.call();
    double start = ManagementFactory.getRuntimeMXBean().getStartTime();
    double whole = (System.currentTimeMillis() - start) / 1e3;
    Counted second = pass.call();
    if (!first.table().equals(second.table())) throw new IllegalStateException("the two passes differ");
    write(output, second.table());
    System.err.printf("%nbench: whole=%.3f steady=%.3f%n", whole, second.seconds());
  }

  private static void write(String output, Map<String, Long> table) throws IOException {
    try (PrintStream out = new PrintStream(Files.newOutputStream(Path.of(output)), false, StandardCharsets.UTF_8)) {
      StringBuilder rows = new StringBuilder();
      table.forEach((word, count) -> rows.append(word).append('\t').append(count).append('\n'));
      out.print(rows);
      if (out.checkError()) throw new IOException("cannot write " + output);
    }
  }
}
