// A disk in memory that can fail and lose power.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <millrace/disk.h>
#include <millrace/error.h>

namespace millrace::testing {

/// Keeps files in memory and knows what of them is durable: bytes after sync(), names after
/// sync_directory(). Creating, renaming and removing change names. Not thread-safe; outlives its files.
class FakeDisk final : public Disk {
 public:
  using Path = std::filesystem::path;

  /// The `count`-th operation from now throws IoError and does nothing; later ones work again. 0: none.
  void fail_after(std::uint64_t count) { fail_at_ = operations_ + count; }
  std::uint64_t operations() const { return operations_; }

  /// Power is lost. Nothing that was not synced survives.
  void crash() {
    lose([](std::size_t) { return std::size_t{0}; });
  }
  /// Power is lost. Of the unsynced bytes of a file and of the unsynced names of a directory, the first few
  /// survive, a number drawn from `random`.
  void crash(std::mt19937_64& random) {
    lose([&](std::size_t most) { return std::uniform_int_distribution<std::size_t>(0, most)(random); });
  }

  /// What a reader would find now.
  std::optional<std::string> contents(const Path& path) const {
    const auto found = names_.find(normal(path));
    if (found == names_.end()) return std::nullopt;
    return found->second->bytes;
  }

  std::unique_ptr<DiskFile> create(const Path& path) override {
    operate("create " + path.string());
    auto file = std::make_shared<File>();
    set_name(path, file);
    return std::make_unique<Writer>(*this, file, path);
  }
  void rename(const Path& from, const Path& to) override {
    operate("rename " + from.string());
    const auto found = names_.find(normal(from));
    if (found == names_.end()) throw IoError("cannot rename " + from.string() + ": No such file or directory");
    const std::shared_ptr<File> file = found->second;
    pending_.push_back({normal(from), normal(to), file});
    apply(pending_.back(), names_);
  }
  void remove(const Path& path) override {
    operate("remove " + path.string());
    if (!names_.contains(normal(path)))
      throw IoError("cannot remove " + path.string() + ": No such file or directory");
    set_name(path, nullptr);
  }
  void create_directories(const Path& path) override { operate("create the directory " + path.string()); }
  void sync_directory(const Path& path) override {
    operate("sync the directory " + path.string());
    std::erase_if(pending_, [&](const Change& change) {
      if (change.to.parent_path() != directory(path)) return false;
      apply(change, durable_);
      return true;
    });
  }
  std::vector<std::string> list(const Path& path) override {
    operate("list " + path.string());
    std::vector<std::string> found;
    for (const auto& [name, file] : names_)
      if (name.parent_path() == directory(path)) found.push_back(name.filename().string());
    std::ranges::sort(found);
    return found;
  }

 private:
  struct File {
    std::string bytes;
    std::size_t synced = 0;
  };
  using Names = std::map<Path, std::shared_ptr<File>>;
  /// A rename takes one name away and gives another, both or neither.
  struct Change {
    Path from;  ///< empty: no name is taken away
    Path to;
    std::shared_ptr<File> file;  ///< empty: `to` is removed
  };

  class Writer final : public DiskFile {
   public:
    Writer(FakeDisk& disk, std::shared_ptr<File> file, Path path)
        : disk_(disk), file_(std::move(file)), path_(std::move(path)) {}
    void write(std::span<const std::byte> bytes) override {
      disk_.operate("write " + path_.string());
      for (const std::byte byte : bytes) file_->bytes += static_cast<char>(byte);
    }
    void sync() override {
      disk_.operate("sync " + path_.string());
      file_->synced = file_->bytes.size();
    }

   private:
    FakeDisk& disk_;
    std::shared_ptr<File> file_;
    Path path_;
  };

  static Path normal(const Path& path) { return path.lexically_normal(); }
  // "out", "out/" and "./out" are the same directory; names directly below it have it as their parent.
  static Path directory(const Path& path) { return (path / "x").lexically_normal().parent_path(); }

  void operate(const std::string& what) {
    if (++operations_ == fail_at_) throw IoError("cannot " + what + ": Input/output error");
  }
  void set_name(const Path& path, std::shared_ptr<File> file) {
    pending_.push_back({{}, normal(path), std::move(file)});
    apply(pending_.back(), names_);
  }
  static void apply(const Change& change, Names& names) {
    if (!change.from.empty()) names.erase(change.from);
    if (change.file)
      names[change.to] = change.file;
    else
      names.erase(change.to);
  }
  template <class Choose>
  void lose(Choose how_many) {
    const std::size_t kept = how_many(pending_.size());
    for (std::size_t i = 0; i < kept; ++i) apply(pending_[i], durable_);
    pending_.clear();
    names_ = durable_;
    for (auto& [name, file] : names_) {
      file->synced += how_many(file->bytes.size() - file->synced);
      file->bytes.resize(file->synced);
    }
  }

  Names names_;
  Names durable_;
  std::vector<Change> pending_;  ///< of names, in order, not durable yet
  std::uint64_t operations_ = 0;
  std::uint64_t fail_at_ = 0;
};

}  // namespace millrace::testing
