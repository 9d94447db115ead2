// The names of a disk in memory: as they are seen, and as they are stored.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include <millrace/testing/fake_file.h>
#include <millrace/testing/power_loss.h>

namespace millrace::testing {

/// Which file has which name. All paths are normal ones, as lexically_normal() makes them.
class FakeNames {
 public:
  using Path = std::filesystem::path;
  using Files = std::map<Path, std::shared_ptr<FakeFile>>;

  const Files& files() const { return seen_; }
  /// Null: there is no such name.
  std::shared_ptr<FakeFile> find(const Path& name) const {
    const auto found = seen_.find(name);
    return found == seen_.end() ? nullptr : found->second;
  }
  void set(const Path& name, std::shared_ptr<FakeFile> file) { change({{name, std::move(file)}}); }
  void remove(const Path& name) { change({{name, nullptr}}); }
  void rename(const Path& from, const Path& to) {
    Files both{{from, nullptr}};
    both[to] = find(from);
    change(std::move(both));
  }

  void sync(const Path& directory) {
    const auto is_in_it = [&](const auto& name) { return name.first.parent_path() == directory; };
    std::vector<bool> chosen;
    for (const Files& change : pending_) chosen.push_back(std::ranges::any_of(change, is_in_it));
    store(std::move(chosen));
  }
  /// See FakeDisk::crash().
  void lose_power(PowerLoss& loss) {
    store(loss.survivors(pending_.size()));
    pending_.clear();
    seen_ = stored_;
    for (const auto& [name, file] : seen_) file->lose_power(loss);
  }

 private:
  static void apply(const Files& change, Files& files) {
    for (const auto& [name, file] : change)
      if (file)
        files[name] = file;
      else
        files.erase(name);
  }
  void change(Files files) {
    apply(files, seen_);
    pending_.push_back(std::move(files));
  }
  /// Stores the chosen changes, and those that they build on: the earlier ones of the same names.
  void store(std::vector<bool> chosen) {
    std::set<Path> names;
    for (std::size_t i = pending_.size(); i-- > 0;) {
      const auto is_built_on = [&](const auto& name) { return names.contains(name.first); };
      chosen[i] = chosen[i] || std::ranges::any_of(pending_[i], is_built_on);
      if (chosen[i])
        for (const auto& [name, file] : pending_[i]) names.insert(name);
    }
    std::vector<Files> left;
    for (std::size_t i = 0; i < pending_.size(); ++i)
      if (chosen[i])
        apply(pending_[i], stored_);
      else
        left.push_back(std::move(pending_[i]));
    pending_ = std::move(left);
  }

  Files seen_;
  Files stored_;
  std::vector<Files> pending_;  ///< changes that are not stored, in order; a name without a file is taken away
};

}  // namespace millrace::testing
