// Word count on Apache Spark: SparkWords rdd|dataframe|structured|dstream INPUT OUTPUT THREADS WORDS
// SPDX-License-Identifier: Apache-2.0
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.explode;
import static org.apache.spark.sql.functions.split;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.Trigger;
import org.apache.spark.streaming.Durations;
import org.apache.spark.streaming.api.java.JavaStreamingContext;
import scala.Tuple2;

public final class SparkWords {
  private final SparkSession session;
  private final String input;
  private final int threads;

  private SparkWords(SparkSession session, String input, int threads) {
    this.session = session;
    this.input = input;
    this.threads = threads;
  }

  public static void main(String[] args) throws Exception {
    String mode = args[0];
    int threads = Integer.parseInt(args[3]);
    // The receiver of a DStream occupies a thread of its own.
    int workers = mode.equals("dstream") ? threads + 1 : threads;
    SparkConf conf = new SparkConf().setAppName(mode).setMaster("local[" + workers + "]")
        .set("spark.ui.enabled", "false")
        .set("spark.sql.shuffle.partitions", args[3])
        .set("spark.driver.host", "127.0.0.1")
        .set("spark.driver.bindAddress", "127.0.0.1");
    SparkSession session = SparkSession.builder().config(conf).getOrCreate();
    session.sparkContext().setLogLevel("ERROR");
    SparkWords job = new SparkWords(session, args[1], threads);
    switch (mode) {
      case "rdd" -> Passes.run(args[2], () -> Passes.timed(job::rdd));
      case "dataframe" -> Passes.run(args[2], () -> Passes.timed(job::dataframe));
      case "structured" -> Passes.run(args[2], () -> Passes.timed(job::structured));
      case "dstream" -> job.dstream(args[2], Long.parseLong(args[4]));
      default -> throw new IllegalArgumentException(mode);
    }
    session.stop();
  }

  private Map<String, Long> rdd() {
    return new HashMap<>(JavaSparkContext.fromSparkContext(session.sparkContext()).textFile(input)
        .flatMap(line -> Passes.words(line).iterator())
        .mapToPair(word -> new Tuple2<>(word, 1L))
        .reduceByKey(Long::sum, threads)
        .collectAsMap());
  }

  private static Dataset<Row> counts(Dataset<Row> lines) {
    return lines.select(explode(split(col("value"), "[ \t\\x0b\f\r]")).as("word"))
        .where("word <> ''").groupBy("word").count();
  }

  private static void add(List<Row> rows, Map<String, Long> table) {
    for (Row row : rows) table.put(row.getString(0), row.getLong(1));
  }

  private Map<String, Long> dataframe() {
    Map<String, Long> table = new HashMap<>();
    add(counts(session.read().text(input)).collectAsList(), table);
    return table;
  }

  private Map<String, Long> structured() throws Exception {
    Map<String, Long> table = new HashMap<>();
    counts(session.readStream().option("maxFilesPerTrigger", 4).text(input))
        .writeStream().outputMode("update").trigger(Trigger.AvailableNow())
        .foreachBatch((Dataset<Row> rows, Long id) -> add(rows.collectAsList(), table))
        .start().awaitTermination();
    return table;
  }

  /** Counts what a socket gives in batches of one second; a pass ends when all its words have been counted. */
  private void dstream(String output, long words) throws Exception {
    try (ServerSocketChannel server = ServerSocketChannel.open()) {
      server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      Map<String, Long> table = new HashMap<>();
      JavaStreamingContext streaming = new JavaStreamingContext(
          JavaSparkContext.fromSparkContext(session.sparkContext()), Durations.seconds(1));
      streaming.socketTextStream("127.0.0.1", server.socket().getLocalPort())
          .flatMap(line -> Passes.words(line).iterator())
          .mapToPair(word -> new Tuple2<>(word, 1L))
          .reduceByKey(Long::sum, threads)
          .foreachRDD(rdd -> {
            Map<String, Long> batch = rdd.collectAsMap();
            synchronized (table) {
              batch.forEach((word, count) -> table.merge(word, count, Long::sum));
              table.notifyAll();
            }
          });
      streaming.start();
      try (SocketChannel client = server.accept()) {
        Passes.run(output, () -> Passes.timed(() -> onePass(client, table, words)));
      }
      streaming.stop(false, false);
    }
  }

  private Map<String, Long> onePass(SocketChannel client, Map<String, Long> table, long words) throws Exception {
    synchronized (table) {
      table.clear();
    }
    try (FileChannel file = FileChannel.open(Path.of(input))) {
      for (long at = 0; at < file.size();) at += file.transferTo(at, file.size() - at, client);
    }
    synchronized (table) {
      while (table.values().stream().mapToLong(Long::longValue).sum() < words) table.wait();
      return new HashMap<>(table);
    }
  }
}
