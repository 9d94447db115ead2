// A TCP client that reads lines, as Spark's socketTextStream.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include <millrace/source.h>

#include "io/uri.h"

namespace millrace::io {

/// `tcp://HOST:PORT[?reconnect=no]`. Connects with the first read; if that fails, read throws
/// TransientError and the next read tries again. Once there was a connection, a lost server is not an
/// error: the source tells it, as it tells of each loss and return, and tries to connect again, after 100 ms,
/// then twice as long each time up to 5 s, for ever. With `reconnect=no` the end of the connection is the end
/// of the input. Either way the end of a connection ends the record before it, but a connection that broke may
/// have cut it: what it left unfinished, be it a word, is not counted but told, and with `reconnect=no` the
/// input is then broken.
/// The one partition is the address without its query; marks count bytes over all connections. Not
/// replayable.
std::unique_ptr<Source> open_tcp(const Uri& uri, const SourceOptions& options);

}  // namespace millrace::io
