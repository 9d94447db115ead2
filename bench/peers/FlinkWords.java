// Word count on Apache Flink: FlinkWords plain|combining FOLDER OUTPUT THREADS
// SPDX-License-Identifier: Apache-2.0
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.FlatMapFunction;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.typeinfo.TypeHint;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.connector.file.src.FileSource;
import org.apache.flink.connector.file.src.reader.TextLineInputFormat;
import org.apache.flink.core.fs.Path;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.util.Collector;

public final class FlinkWords {
  private static final TypeInformation<Tuple2<String, Long>> COUNT = TypeInformation.of(new TypeHint<>() {});
  private static final Map<String, Long> TABLE = new HashMap<>();  // of the pass that is under way

  private FlinkWords() {}

  public static void main(String[] args) throws Exception {
    boolean combining = args[0].equals("combining");
    Passes.run(args[2], () -> count(combining, args[1], Integer.parseInt(args[3])));
  }

  private static Passes.Counted count(boolean combining, String folder, int threads) throws Exception {
    TABLE.clear();
    StreamExecutionEnvironment environment = StreamExecutionEnvironment.createLocalEnvironment(threads);
    environment.getConfig().enableObjectReuse();
    // The format does not split a file, so the folder holds many.
    FileSource<String> source = FileSource.forRecordStreamFormat(new TextLineInputFormat(), new Path(folder)).build();
    DataStream<String> lines = environment.fromSource(source, WatermarkStrategy.noWatermarks(), "lines");
    DataStream<Tuple2<String, Long>> counts = combining
        ? lines.transform("combine", COUNT, new Combiner())
        : lines.flatMap(new Words());
    counts.keyBy(pair -> pair.f0).sum(1).map(new Remember()).sinkTo(new DiscardingSink<>());
    JobExecutionResult result = environment.execute();
    return new Passes.Counted(new HashMap<>(TABLE), result.getNetRuntime(TimeUnit.MILLISECONDS) / 1e3);
  }

  private static final class Words implements FlatMapFunction<String, Tuple2<String, Long>> {
    @Override
    public void flatMap(String line, Collector<Tuple2<String, Long>> out) {
      for (String word : Passes.words(line)) out.collect(Tuple2.of(word, 1L));
    }
  }

  /** Adds up in a map of its own what it sees, and hands it on when the map is large and at the end. */
  private static final class Combiner extends AbstractStreamOperator<Tuple2<String, Long>>
      implements OneInputStreamOperator<String, Tuple2<String, Long>>, BoundedOneInput {
    private static final int MOST = 100_000;
    private transient Map<String, Long> seen;

    @Override
    public void open() {
      seen = new HashMap<>();
    }

    @Override
    public void processElement(StreamRecord<String> line) {
      for (String word : Passes.words(line.getValue())) seen.merge(word, 1L, Long::sum);
      if (seen.size() >= MOST) endInput();
    }

    @Override
    public void endInput() {
      seen.forEach((word, count) -> output.collect(new StreamRecord<>(Tuple2.of(word, count))));
      seen.clear();
    }
  }

  /** The last sum of each word; a word is at one subtask only, and what that saw joins the table at its end. */
  private static final class Remember extends RichMapFunction<Tuple2<String, Long>, Boolean> {
    private transient Map<String, Long> sums;

    @Override
    public void open(OpenContext context) {
      sums = new HashMap<>();
    }

    @Override
    public Boolean map(Tuple2<String, Long> sum) {
      sums.put(sum.f0, sum.f1);
      return true;
    }

    @Override
    public void close() {
      if (sums == null) return;
      synchronized (TABLE) {
        TABLE.putAll(sums);
      }
    }
  }
}
