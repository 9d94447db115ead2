// Points around the calls of a disk and of its files.
// SPDX-License-Identifier: Apache-2.0
#include "host/job/faults/faulty_disk.h"

#include <utility>

namespace millrace {
namespace {

using Path = std::filesystem::path;

class FaultyFile final : public DiskFile {
 public:
  FaultyFile(std::unique_ptr<DiskFile> file, FaultPlan& plan, std::string place)
      : file_(std::move(file)), plan_(plan), place_(std::move(place)) {}

  void write(std::span<const std::byte> bytes) override {
    plan_.reach(place_ + "write");
    file_->write(bytes);
    plan_.reach(place_ + "written");
  }
  void sync() override {
    plan_.reach(place_ + "sync");
    file_->sync();
    plan_.reach(place_ + "synced");
  }
  void take_rights_of(const Path& model) override { file_->take_rights_of(model); }
  bool is_at(const Path& path) const override { return file_->is_at(path); }

 private:
  std::unique_ptr<DiskFile> file_;
  FaultPlan& plan_;
  std::string place_;
};

class FaultyReader final : public DiskReader {
 public:
  FaultyReader(std::unique_ptr<DiskReader> reader, FaultPlan& plan, std::string place)
      : reader_(std::move(reader)), plan_(plan), place_(std::move(place)) {}

  std::uint64_t size() const override { return reader_->size(); }
  std::size_t read_at(std::uint64_t offset, std::span<std::byte> bytes) const override {
    plan_.reach(place_ + "read");
    return reader_->read_at(offset, bytes);
  }

 private:
  std::unique_ptr<DiskReader> reader_;
  FaultPlan& plan_;
  std::string place_;
};

}  // namespace

FaultyDisk::FaultyDisk(Disk& disk, FaultPlan& plan, std::string place)
    : disk_(disk), plan_(plan), place_(std::move(place) + '.') {}

std::unique_ptr<DiskFile> FaultyDisk::create(const Path& path, const CreateOptions& options) {
  reach("create");
  auto file = disk_.create(path, options);
  reach("created");
  return file ? std::make_unique<FaultyFile>(std::move(file), plan_, place_) : nullptr;
}

std::unique_ptr<DiskReader> FaultyDisk::open(const Path& path) {
  auto reader = disk_.open(path);
  return reader ? std::make_unique<FaultyReader>(std::move(reader), plan_, place_) : nullptr;
}

std::unique_ptr<DiskLock> FaultyDisk::lock(const Path& path) {
  reach("lock");
  auto lock = disk_.lock(path);
  reach("locked");
  return lock;
}

void FaultyDisk::rename(const Path& from, const Path& to) {
  reach("rename");
  disk_.rename(from, to);
  reach("renamed");
}

void FaultyDisk::remove(const Path& path) {
  reach("remove");
  disk_.remove(path);
  reach("removed");
}

std::vector<Path> FaultyDisk::create_directories(const Path& path, const DirectoryOptions& options) {
  return disk_.create_directories(path, options);
}

void FaultyDisk::remove_directory(const Path& path) {
  disk_.remove_directory(path);
}

void FaultyDisk::sync_directory(const Path& path) {
  reach("sync_directory");
  disk_.sync_directory(path);
  reach("synced_directory");
}

std::vector<std::string> FaultyDisk::list(const Path& path, std::string_view beginning) {
  return disk_.list(path, beginning);
}

std::uint64_t FaultyDisk::names_of(const Path& path) {
  return disk_.names_of(path);
}

void FaultyDisk::probe(const Path& path) {
  disk_.probe(path);
}

}  // namespace millrace
