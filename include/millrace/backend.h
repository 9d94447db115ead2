// What turns batches into partials: the CPU or a GPU.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <millrace/memory_budget.h>
#include <millrace/plan.h>
#include <millrace/types.h>

namespace millrace {

class WorkerPool;

/// Owns the memory of one batch buffer, kSlackBytes included, and gives it back as it was taken.
class HostBuffer {
 public:
  using Free = void (*)(std::byte* data, std::size_t capacity, void* owner);
  HostBuffer() = default;
  /// `capacity` excludes the slack that follows it.
  HostBuffer(std::byte* data, std::size_t capacity, Free free, void* owner) noexcept
      : data_(data), capacity_(capacity), free_(free), owner_(owner) {}
  HostBuffer(HostBuffer&& other) noexcept { swap(other); }
  HostBuffer& operator=(HostBuffer&& other) noexcept {
    swap(other);
    return *this;
  }
  ~HostBuffer() {
    if (data_ != nullptr) free_(data_, capacity_, owner_);
  }
  std::span<std::byte> bytes() const noexcept { return {data_, capacity_}; }
  explicit operator bool() const noexcept { return data_ != nullptr; }

 private:
  void swap(HostBuffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(capacity_, other.capacity_);
    std::swap(free_, other.free_);
    std::swap(owner_, other.owner_);
  }
  std::byte* data_ = nullptr;
  std::size_t capacity_ = 0;
  Free free_ = nullptr;
  void* owner_ = nullptr;
};

/// Ordinary memory with slack, drawn from a budget; throws BudgetError. REQUIRES: the budget outlives it.
HostBuffer pageable_buffer(std::size_t capacity, MemoryBudget& budget);

/// Receives what collect finds. Views are valid only inside the call.
class PartialSink {
 public:
  virtual ~PartialSink() = default;
  virtual void add(const Partials& partials) = 0;
};

enum class Wait : bool { no, yes };

/// The engine thread calls everything. Throws DeviceError when the device is lost: then nothing that was
/// not collected can be had any more, and only the destructor may be called. It ends all reading of batches.
class Backend {
 public:
  virtual ~Backend() = default;

  virtual std::string_view name() const = 0;
  /// Whether a call may throw DeviceError: the engine then keeps what it needs to go on with another.
  virtual bool may_fail() const = 0;
  /// Memory that this backend reads fastest. Called at start only; it may outlive the backend.
  virtual HostBuffer allocate(std::size_t capacity) = 0;
  /// The batch size that suits this backend.
  virtual std::size_t batch_bytes() const = 0;
  /// Batches that may usefully be in flight.
  virtual unsigned in_flight_max() const = 0;

  /// Starts work on a batch and returns; its partials are added to its pane.
  /// REQUIRES: the batch's memory stays as it is until reclaim has returned its buffer.
  virtual void submit(const Batch& batch) = 0;
  /// A buffer that has been read, in any order. Wait::yes blocks until there is one; empty if none is
  /// in flight (or, with Wait::no, if none is done).
  virtual std::optional<Finished> reclaim(Wait wait) = 0;
  /// Hands over and forgets everything counted for a pane by batches that reclaim has returned. Batches
  /// still in flight are counted before or after, whole.
  virtual void collect(Pane pane, PartialSink& sink) = 0;
  /// Host bytes that collecting all panes now would take: what batches that reclaim has returned have left, as
  /// columns of keys, counts and values, and the texts of keys. An estimate that is never less than those
  /// columns; it may be much more, since a key that is there several times (in the tables of several workers,
  /// or not yet merged on a device) counts as often, and batches in flight may count, too. 0 when all was
  /// collected. It waits for nobody: the engine asks once a step.
  virtual std::size_t held_bytes() const = 0;
};

struct BackendOptions {
  WorkerPool* workers = nullptr;  ///< the job's, which outlives the backend; null: it makes its own
  unsigned threads = 1;           ///< to keep busy: the size of the pool, whoever makes it
  std::size_t batch_bytes = 0;    ///< 0: the backend's own choice
  std::uint64_t hash_seed = 0;    ///< drawn per process
  unsigned hash_bits = 63;        ///< fewer make long keys collide, for tests
  MemoryBudget* budget = &unlimited_budget();
};

enum class BackendKind : std::uint8_t { automatic, cpu, cuda };

using BackendFactory = std::function<std::unique_ptr<Backend>()>;

/// Input after which `automatic` tries a GPU. Starting a driver and pinning memory takes a second or so,
/// and that is what the CPU needs for a few GiB: less input is over before a GPU has gained anything.
inline constexpr std::uint64_t kTrialAfterBytes = std::uint64_t{1} << 30;

struct ChosenBackend {
  std::unique_ptr<Backend> backend;
  std::string reason;  ///< one line: what was chosen and why
  /// Makes a backend that may be faster for much input, or throws an Error: it is known only when it is
  /// tried. Empty if there is none. Any thread may call it.
  BackendFactory upgrade = {};
};

/// Makes the backend a job runs on. `automatic` starts on the CPU, never fails for want of a GPU and touches
/// no CUDA; `cuda` throws UnavailableError without one. `options.budget` outlives also `upgrade`.
ChosenBackend choose_backend(BackendKind kind, const Plan& plan, const BackendOptions& options);

std::unique_ptr<Backend> make_cpu_backend(const Plan& plan, const BackendOptions& options);

}  // namespace millrace
