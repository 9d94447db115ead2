// What the addresses of a job's inputs name, gathered before anything is read.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <millrace/source.h>

#include "io/file/file_source.h"

namespace millrace::io {

/// Whether it is a pattern of files, also where it looks like an address: "web1:*.log".
bool is_pattern_of_files(const std::string& address);

/// Files of all addresses are shared out among the readers together, so they are opened last.
class Inputs {
 public:
  /// REQUIRES: the options outlive it.
  explicit Inputs(const SourceOptions& options) : options_(options) {}

  /// What is wrong with an address is told by take.
  void add(const std::string& address);

  // What the schemes add. Each throws ConfigError.
  void add_path(std::string path) { paths_.push_back(std::move(path)); }
  void add_stdin();
  void add_source(std::unique_ptr<Source> source) { sources_.push_back(std::move(source)); }
  /// Of partitions of an address: what is named twice is read twice, and is "ADDRESS#2" then.
  std::string new_name(const std::string& address);
  const SourceOptions& options() const { return options_; }

  /// The sources, or ConfigError with every problem of every address.
  SourceList take();

 private:
  void complain(const std::vector<std::string>& problems, int exit_code);
  void open_paths();
  void go_on();
  void refuse_lost_records();
  bool was_read(const std::string& path) const;
  void refuse_repeated_streams(const std::vector<std::string>& paths);
  void tell_windows_of_stored_files();
  void tell_skipped(const std::vector<std::string>& skipped);

  const SourceOptions& options_;
  std::vector<std::string> paths_;
  std::vector<FilePart> files_;
  SourceList sources_;
  std::map<std::string, unsigned> times_;  ///< an address was named
  std::vector<std::string> problems_;
  int exit_code_ = 0;
  bool stdin_taken_ = false;
};

}  // namespace millrace::io
