// Word count in SQL by DuckDB. node count.mjs FILE OUTPUT THREADS
// SPDX-License-Identifier: Apache-2.0
import { createRequire } from "node:module";

// The package lies in the folder of the build: MILLRACE_BENCH_NODE.
const { DuckDBInstance } = createRequire(process.env.MILLRACE_BENCH_NODE)("@duckdb/node-api");
const [file, output, threads] = process.argv.slice(2);
const quoted = (text) => `'${text.replaceAll("'", "''")}'`;
const connection = await (await DuckDBInstance.create(":memory:", { threads })).connect();
// A line of text as one column: no byte of the text is the delimiter.
await connection.run(`
  COPY (
    SELECT word, count(*) AS n
    FROM (
      SELECT unnest(string_split(line, ' ')) AS word
      FROM read_csv(${quoted(file)}, columns = {'line': 'VARCHAR'}, header = false, auto_detect = false,
                    delim = '\\x01', quote = '', escape = '', null_padding = false, strict_mode = false)
    )
    WHERE word <> ''
    GROUP BY word
  ) TO ${quoted(output)} (FORMAT csv, DELIMITER '\t', HEADER false, QUOTE '', ESCAPE '')`);
