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
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/disk.h>
#include <millrace/error.h>

namespace millrace::testing {

/// Keeps files in memory and knows what of them is durable: bytes after sync(), names after
/// sync_directory(). Creating, renaming and removing change names. Directories are there when they are named,
/// nothing moves them. Permissions are a number without owners; a new file has 0644. Not thread-safe; outlives
/// its files and locks.
class FakeDisk final : public Disk {
 public:
  /// The `count`-th operation from now throws IoError and does nothing; later ones work again. 0: none.
  void fail_after(std::uint64_t count) {
    fail_at_ = operations_ + count;
    fail_on_ = false;
  }
  /// As fail_after, but later ones fail, too, until fail_after(0): the process that uses the disk has died.
  void fail_from(std::uint64_t count) {
    fail_after(count);
    fail_on_ = true;
  }
  std::uint64_t operations() const { return operations_; }

  /// Power is lost. Nothing that was not synced survives, and no lock.
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

  /// Its permissions, as chmod takes them.
  std::optional<unsigned> permissions(const Path& path) const {
    const auto found = names_.find(normal(path));
    if (found == names_.end()) return std::nullopt;
    return found->second->permissions;
  }
  /// Whether a file is in it, or it was made.
  bool has_directory(const Path& path) const {
    return has_files(path) || made_directories_.contains(directory(path));
  }
  /// So many exclusive creations from now on find their name taken.
  void take_names(std::uint64_t count) { names_taken_ = count; }
  /// From now on nothing can be locked.
  void forget_locks() { knows_locks_ = false; }
  /// Gives a file one more name.
  void link(const Path& path, const Path& name) { set_name(name, names_.at(normal(path))); }

  std::unique_ptr<DiskFile> create(const Path& path, const CreateOptions& options) override {
    operate("create " + path.string());
    if (options.exclusive && (names_taken_ > 0 || names_.contains(normal(path)))) {
      names_taken_ -= names_taken_ > 0 ? 1 : 0;
      return nullptr;
    }
    auto file = std::make_shared<File>();
    if (options.owner_only) file->permissions = kPrivate;
    set_name(path, file);
    return std::make_unique<Writer>(*this, file, path, options.temporary ? take_lock(*file) : nullptr);
  }
  std::unique_ptr<DiskLock> lock(const Path& path) override {
    operate("lock " + path.string());
    const auto found = names_.find(normal(path));
    auto held = take_lock(found != names_.end() ? *found->second : directories_[directory(path)]);
    return held || !knows_locks_ ? std::make_unique<Lock>(std::move(held)) : nullptr;
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
  std::vector<Path> create_directories(const Path& path) override {
    operate("create the directory " + path.string());
    if (has_directory(path)) return {};
    made_directories_.insert(directory(path));
    return {directory(path)};
  }
  void remove_directory(const Path& path) override {
    operate("remove the directory " + path.string());
    if (has_files(path)) throw IoError("cannot remove " + path.string() + ": Directory not empty");
    made_directories_.erase(directory(path));
  }
  void sync_directory(const Path& path) override {
    operate("sync the directory " + path.string());
    std::erase_if(pending_, [&](const Change& change) {
      if (change.to.parent_path() != directory(path)) return false;
      apply(change, durable_);
      return true;
    });
  }
  using Disk::list;
  std::vector<std::string> list(const Path& path, std::string_view beginning) override {
    operate("list " + path.string());
    std::vector<std::string> found;
    for (const auto& [name, file] : names_)
      if (name.parent_path() == directory(path) && name.filename().native().starts_with(beginning))
        found.push_back(name.filename().string());
    std::ranges::sort(found);
    return found;
  }
  std::uint64_t names_of(const Path& path) override {
    operate("look at " + path.string());
    const auto found = names_.find(normal(path));
    if (found == names_.end()) return has_directory(path) ? 1 : 0;
    return static_cast<std::uint64_t>(
        std::ranges::count_if(names_, [&](const auto& name) { return name.second == found->second; }));
  }
  void probe(const Path& path) override { operate("write " + path.string()); }

 private:
  static constexpr unsigned kPrivate = 0600;
  static constexpr unsigned kPublic = 0644;

  using Held = std::shared_ptr<const int>;  ///< a lock is held while it lives
  struct File {
    std::string bytes;
    std::size_t synced = 0;
    unsigned permissions = kPublic;
    std::weak_ptr<const int> locked = {};
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
    Writer(FakeDisk& disk, std::shared_ptr<File> file, Path path, Held held)
        : disk_(disk), file_(std::move(file)), path_(std::move(path)), held_(std::move(held)) {}
    void write(std::span<const std::byte> bytes) override {
      disk_.operate("write " + path_.string());
      for (const std::byte byte : bytes) file_->bytes += static_cast<char>(byte);
    }
    void sync() override {
      disk_.operate("sync " + path_.string());
      file_->synced = file_->bytes.size();
    }
    void take_rights_of(const Path& model) override {
      disk_.operate("set the permissions of " + path_.string());
      file_->permissions = disk_.permissions(model).value_or(kPublic);
    }
    bool is_at(const Path& path) const override {
      const auto found = disk_.names_.find(normal(path));
      return found != disk_.names_.end() && found->second == file_;
    }

   private:
    FakeDisk& disk_;
    std::shared_ptr<File> file_;
    Path path_;
    Held held_;
  };

  class Lock final : public DiskLock {
   public:
    explicit Lock(Held held) : held_(std::move(held)) {}
    bool exclusive() const override { return held_ != nullptr; }
    bool is_at(const Path&) const override { return true; }

   private:
    Held held_;
  };

  static Path normal(const Path& path) { return path.lexically_normal(); }
  // "out", "out/" and "./out" are the same directory; names directly below it have it as their parent.
  static Path directory(const Path& path) { return (path / "x").lexically_normal().parent_path(); }

  bool has_files(const Path& path) const {
    return std::ranges::any_of(names_,
                               [&](const auto& name) { return name.first.parent_path() == directory(path); });
  }
  void operate(const std::string& what) {
    ++operations_;
    if (operations_ == fail_at_ || (fail_on_ && operations_ > fail_at_))
      throw IoError("cannot " + what + ": Input/output error");
  }
  Held take_lock(File& file) const {
    if (!knows_locks_ || !file.locked.expired()) return nullptr;
    auto held = std::make_shared<const int>();
    file.locked = held;
    return held;
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
    directories_.clear();
    names_ = durable_;
    for (auto& [name, file] : names_) {
      file->locked.reset();
      file->synced += how_many(file->bytes.size() - file->synced);
      file->bytes.resize(file->synced);
    }
  }

  Names names_;
  Names durable_;
  std::map<Path, File> directories_;  ///< for their locks
  std::set<Path> made_directories_;
  std::vector<Change> pending_;  ///< of names, in order, not durable yet
  std::uint64_t operations_ = 0;
  std::uint64_t fail_at_ = 0;
  bool fail_on_ = false;
  std::uint64_t names_taken_ = 0;
  bool knows_locks_ = true;
};

}  // namespace millrace::testing
