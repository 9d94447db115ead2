// A disk in memory that can fail and lose power.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/disk.h>
#include <millrace/error.h>
#include <millrace/testing/fake_file.h>
#include <millrace/testing/fake_names.h>
#include <millrace/testing/power_loss.h>

namespace millrace::testing {

/// Keeps files in memory and knows what of them is durable: bytes after sync(), names after
/// sync_directory(), directories at once. Creating, renaming and removing change names. Directories are there
/// when they are named, nothing moves them; there are no symbolic links. Permissions are a number without
/// owners: 0644 for a new file, 0755 for a directory. Not thread-safe; outlives its files, readers and locks.
class FakeDisk final : public Disk {
 public:
  /// The `count`-th operation from now throws IoError and does nothing, but for a write, which has written the
  /// first half, and a sync: see fail_sync_after. Later ones work again. 0: none.
  void fail_after(std::uint64_t count) {
    fail_at_ = operations_ + count;
    fail_on_ = false;
  }
  /// As fail_after, but later ones fail, too, until fail_after(0): the process that uses the disk has died.
  void fail_from(std::uint64_t count) {
    fail_after(count);
    fail_on_ = true;
  }
  /// The `count`-th sync of a file from now throws IoError, and the next one lies, as on Linux: what was
  /// written between that sync and the one before can be read and is never made durable, though later syncs
  /// succeed. 0: none.
  void fail_sync_after(std::uint64_t count) { fail_sync_at_ = syncs_ + count; }
  std::uint64_t operations() const { return operations_; }

  /// Power is lost. Nothing that was not made durable survives, and no lock. What was open is not to be used
  /// any more.
  void crash() { lose_power(PowerLoss()); }
  /// Power is lost. Whatever was made durable survives. Of the rest `random` draws what does:
  /// * of a file any sectors of 512 bytes; where one does not, there is what was there before, or zeros. Its
  ///   length is the durable one, the one that readers saw, or one in between, whichever sectors there are.
  /// * any changes of names, a rename whole. One survives only with all earlier ones of the same names; between
  ///   others there is no order. ext4 and XFS keep one, but btrfs stores what an fsync asks for ahead of the
  ///   rest, and POSIX promises none.
  void crash(std::mt19937_64& random) { lose_power(PowerLoss(random)); }

  /// What a reader would find now.
  std::optional<std::string> contents(const Path& path) const {
    const auto file = file_at(path);
    return file ? std::optional(file->bytes()) : std::nullopt;
  }

  /// Those of a file or directory, as chmod takes them.
  std::optional<unsigned> permissions(const Path& path) const {
    if (const auto file = file_at(path)) return file->permissions;
    const auto made = made_directories_.find(directory(path));
    if (made != made_directories_.end()) return made->second;
    return has_directory(path) ? std::optional(kPublicDirectory) : std::nullopt;
  }
  /// Whether something is in it, or it was made.
  bool has_directory(const Path& path) const {
    const Path at = directory(path);
    return at == at.parent_path() || made_directories_.contains(at) || !is_empty(at);
  }
  /// So many exclusive creations from now on find their name taken.
  void take_names(std::uint64_t count) { names_taken_ = count; }
  /// From now on nothing can be locked.
  void forget_locks() { knows_locks_ = false; }
  /// Gives a file one more name.
  void link(const Path& path, const Path& name) { names_.set(normal(name), names_.files().at(normal(path))); }

  std::unique_ptr<DiskFile> create(const Path& path, const CreateOptions& options) override {
    operate("create " + path.string());
    std::shared_ptr<FakeFile> file = file_at(path);
    if (options.exclusive && (names_taken_ > 0 || file)) {
      names_taken_ -= names_taken_ > 0 ? 1 : 0;
      return nullptr;
    }
    if (file) {
      file->truncate();
    } else {
      file = std::make_shared<FakeFile>(options.owner_only ? kPrivateFile : kPublicFile);
      names_.set(normal(path), file);
    }
    Held held = options.temporary ? take_lock(file->lock) : nullptr;
    return std::make_unique<Writer>(*this, std::move(file), path, std::move(held));
  }
  std::unique_ptr<DiskReader> open(const Path& path) override {
    operate("open " + path.string());
    const auto file = file_at(path);
    if (!file && has_directory(path)) fail("open " + path.string(), "it is no regular file");
    return file ? std::make_unique<Reader>(*this, file, path) : nullptr;
  }
  std::unique_ptr<DiskLock> lock(const Path& path) override {
    operate("lock " + path.string());
    const auto file = file_at(path);
    if (!file && !has_directory(path)) return nullptr;
    Held held = take_lock(file ? file->lock : directory_locks_[directory(path)]);
    return held || !knows_locks_ ? std::make_unique<Lock>(*this, file, path, std::move(held)) : nullptr;
  }
  void rename(const Path& from, const Path& to) override {
    operate("rename " + from.string());
    if (!file_at(from)) fail("rename " + from.string(), kNothingThere);
    names_.rename(normal(from), normal(to));
  }
  void remove(const Path& path) override {
    operate("remove " + path.string());
    if (!file_at(path)) fail("remove " + path.string(), kNothingThere);
    names_.remove(normal(path));
  }
  std::vector<Path> create_directories(const Path& path, const DirectoryOptions& options) override {
    operate("create the directory " + path.string());
    std::vector<Path> made;
    for (Path at = directory(path); !has_directory(at); at = at.parent_path()) {
      if (file_at(at)) fail("create the directory " + path.string(), "Not a directory");
      made.push_back(at);
    }
    std::ranges::reverse(made);
    for (const Path& at : made) made_directories_[at] = kPublicDirectory;
    if (options.owner_only && !made.empty()) made_directories_[made.back()] = kPrivateDirectory;
    return made;
  }
  void remove_directory(const Path& path) override {
    operate("remove the directory " + path.string());
    if (!is_empty(directory(path))) fail("remove the directory " + path.string(), "Directory not empty");
    if (made_directories_.erase(directory(path)) == 0)
      fail("remove the directory " + path.string(), kNothingThere);
  }
  void sync_directory(const Path& path) override {
    operate("sync the directory " + path.string());
    names_.sync(directory(path));
  }
  using Disk::list;
  std::vector<std::string> list(const Path& path, std::string_view beginning) override {
    operate("list " + path.string());
    std::vector<std::string> found;
    for (const auto& [name, file] : names_.files())
      if (name.parent_path() == directory(path) && name.filename().native().starts_with(beginning))
        found.push_back(name.filename().string());
    std::ranges::sort(found);
    return found;
  }
  std::uint64_t names_of(const Path& path) override {
    operate("look at " + path.string());
    const auto file = file_at(path);
    if (!file) return has_directory(path) ? 1 : 0;
    return static_cast<std::uint64_t>(
        std::ranges::count_if(names_.files(), [&](const auto& name) { return name.second == file; }));
  }
  void probe(const Path& path) override { operate("write " + path.string()); }

 private:
  static constexpr unsigned kPrivateFile = 0600;
  static constexpr unsigned kPublicFile = 0644;
  static constexpr unsigned kPrivateDirectory = 0700;
  static constexpr unsigned kPublicDirectory = 0755;
  static constexpr std::string_view kNothingThere = "No such file or directory";

  using Held = std::shared_ptr<const int>;  ///< a lock is held while it lives

  class Writer final : public DiskFile {
   public:
    Writer(FakeDisk& disk, std::shared_ptr<FakeFile> file, Path path, Held held)
        : disk_(disk), file_(std::move(file)), path_(std::move(path)), held_(std::move(held)) {}
    void write(std::span<const std::byte> bytes) override {
      const bool fails = disk_.next_fails();
      file_->append(fails ? bytes.first(bytes.size() / 2) : bytes);
      if (fails) fail("write " + path_.string());
    }
    void sync() override {
      ++disk_.syncs_;
      if (disk_.next_fails() || disk_.syncs_ == disk_.fail_sync_at_) {
        file_->fail_sync();
        fail("sync " + path_.string());
      }
      file_->sync();
    }
    void take_rights_of(const Path& model) override {
      disk_.operate("set the permissions of " + path_.string());
      const auto file = disk_.file_at(model);
      file_->permissions = file ? file->permissions : kPublicFile;
    }
    bool is_at(const Path& path) const override { return disk_.file_at(path) == file_; }

   private:
    FakeDisk& disk_;
    std::shared_ptr<FakeFile> file_;
    Path path_;
    Held held_;
  };

  class Reader final : public DiskReader {
   public:
    Reader(FakeDisk& disk, std::shared_ptr<FakeFile> file, Path path)
        : disk_(disk), file_(std::move(file)), path_(std::move(path)) {}
    std::uint64_t size() const override {
      disk_.operate("look at " + path_.string());
      return file_->bytes().size();
    }
    std::size_t read_at(std::uint64_t offset, std::span<std::byte> bytes) const override {
      disk_.operate("read " + path_.string());
      const std::string_view all = file_->bytes();
      const std::string_view found = all.substr(std::min<std::uint64_t>(offset, all.size()), bytes.size());
      std::ranges::copy(std::as_bytes(std::span(found)), bytes.begin());
      return found.size();
    }

   private:
    FakeDisk& disk_;
    std::shared_ptr<FakeFile> file_;
    Path path_;
  };

  class Lock final : public DiskLock {
   public:
    Lock(const FakeDisk& disk, std::shared_ptr<FakeFile> file, Path path, Held held)
        : disk_(disk), file_(std::move(file)), path_(std::move(path)), held_(std::move(held)) {}
    bool exclusive() const override { return held_ != nullptr; }
    bool is_at(const Path& path) const override {
      if (file_) return disk_.file_at(path) == file_;
      return directory(path) == directory(path_) && disk_.has_directory(path);
    }

   private:
    const FakeDisk& disk_;
    std::shared_ptr<FakeFile> file_;  ///< empty: it is a directory's
    Path path_;
    Held held_;
  };

  static Path normal(const Path& path) { return path.lexically_normal(); }
  // "out", "out/" and "./out" are the same directory; names directly below it have it as their parent.
  static Path directory(const Path& path) { return (path / "x").lexically_normal().parent_path(); }
  static bool is_below(const Path& directory, Path path) {
    while (path != path.parent_path()) {
      path = path.parent_path();
      if (path == directory) return true;
    }
    return false;
  }
  bool is_empty(const Path& directory) const {
    const auto is_in_it = [&](const auto& name) { return is_below(directory, name.first); };
    return std::ranges::none_of(names_.files(), is_in_it) && std::ranges::none_of(made_directories_, is_in_it);
  }
  std::shared_ptr<FakeFile> file_at(const Path& path) const { return names_.find(normal(path)); }

  [[noreturn]] static void fail(const std::string& what, std::string_view why = "Input/output error") {
    throw IoError("cannot " + what + ": " + std::string(why));
  }
  bool next_fails() {
    ++operations_;
    return operations_ == fail_at_ || (fail_on_ && operations_ > fail_at_);
  }
  void operate(const std::string& what) {
    if (next_fails()) fail(what);
  }
  Held take_lock(std::weak_ptr<const int>& lock) const {
    if (!knows_locks_ || !lock.expired()) return nullptr;
    auto held = std::make_shared<const int>();
    lock = held;
    return held;
  }
  void lose_power(PowerLoss loss) {
    directory_locks_.clear();
    names_.lose_power(loss);
  }

  FakeNames names_;
  std::map<Path, unsigned> made_directories_;  ///< with their permissions
  std::map<Path, std::weak_ptr<const int>> directory_locks_;
  std::uint64_t operations_ = 0;
  std::uint64_t fail_at_ = 0;
  bool fail_on_ = false;
  std::uint64_t syncs_ = 0;
  std::uint64_t fail_sync_at_ = 0;
  std::uint64_t names_taken_ = 0;
  bool knows_locks_ = true;
};

}  // namespace millrace::testing
