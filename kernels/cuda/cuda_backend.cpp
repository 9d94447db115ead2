// Submits batches, reads their verdicts, and makes room when the device says that there is none.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/cuda_backend.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kernels/batch_check.h"
#include "kernels/cuda/batch_slots.h"
#include "kernels/cuda/buffer.h"
#include "kernels/cuda/count_spec.h"
#include "kernels/cuda/device/shared_layout.h"
#include "kernels/cuda/host_counter.h"
#include "kernels/cuda/pane_store.h"

namespace millrace::cuda {
namespace {

constexpr std::size_t kBatchBytes = std::size_t{64}
                                    << 20;  // larger ones gain nothing, smaller ones lose to launches
constexpr std::size_t kBatchBytesMin = std::size_t{4} << 10;
constexpr std::size_t kArenaBytesMax = std::size_t{16} << 30;  // more keys than State could take from it

/// Memory that the device copies fastest. Buffers may outlive their backend, and keep the device.
struct PinnedOwner {
  std::shared_ptr<DeviceApi> device;
  MemoryBudget* budget;
};

void free_pinned(std::byte* data, std::size_t capacity, void* owner) {
  const std::unique_ptr<PinnedOwner> pinned(static_cast<PinnedOwner*>(owner));
  pinned->device->free_pinned(data);
  pinned->budget->release(capacity + kSlackBytes);
}

HostBuffer pinned_buffer(const std::shared_ptr<DeviceApi>& device, std::size_t capacity, MemoryBudget& budget) {
  auto owner = std::make_unique<PinnedOwner>(PinnedOwner{device, &budget});
  budget.reserve(capacity + kSlackBytes, "batch buffers");
  std::byte* data = nullptr;
  try {
    data = static_cast<std::byte*>(device->allocate_pinned(capacity + kSlackBytes));
  } catch (...) {
    budget.release(capacity + kSlackBytes);
    throw;
  }
  if (data == nullptr) {
    budget.release(capacity + kSlackBytes);
    return pageable_buffer(capacity, budget);  // slower to copy, and good enough
  }
  std::memset(data + capacity, 0, kSlackBytes);
  return {data, capacity, free_pinned, owner.release()};
}

std::string unsuitable(const Plan& plan) {
  const std::size_t columns = std::max(value_columns(plan.measures).size(), input_values(plan));
  if (columns <= kColumnsMax) return {};
  return "it takes at most " + std::to_string(kColumnsMax) + " values, and this job has " +
         std::to_string(columns);
}

// One that is open and one that has ended: the memory is divided among them.
std::size_t choose_panes(const Plan& plan, const CudaTuning& tuning) {
  if (tuning.panes != 0) return static_cast<std::size_t>(tuning.panes);
  return plan.every.count() > 0 ? 2 : 1;
}

class Implementation final : public CudaBackend {
 public:
  Implementation(std::shared_ptr<DeviceApi> device, const Plan& plan, const BackendOptions& options,
                 const CudaTuning& tuning);
  ~Implementation() override;
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;

  std::string_view name() const override { return "cuda"; }
  bool may_fail() const override { return true; }
  HostBuffer allocate(std::size_t capacity) override { return pinned_buffer(device_, capacity, budget_); }
  std::size_t batch_bytes() const override { return batch_bytes_; }
  unsigned in_flight_max() const override { return kBatchSlots - 1; }
  void submit(const Batch& batch) override;
  std::optional<Finished> reclaim(Wait wait) override;
  void collect(Pane pane, PartialSink& sink) override;
  std::size_t held_bytes() const override { return panes_.held_bytes() + host_.held_bytes(); }
  const CudaCounters& counters() const override { return counters_; }

 private:
  struct InFlight {
    Batch batch;
    std::uint32_t slot = 0;
    bool again = false;  ///< it has failed once, and room was made
  };
  struct Done {
    BufferId buffer;
    bool counted = true;
    BudgetVector<Reject> rejects;
  };

  std::size_t choose_batch_bytes(const BackendOptions& options) const;
  std::size_t choose_arena_bytes(const CudaTuning& tuning) const;
  std::uint32_t choose_table_slots(const CudaTuning& tuning) const;
  void launch(const Batch& batch, bool again);
  void settle_oldest();
  void settle_all();
  void make_room(const InFlight& failed, const Verdict& verdict);
  void refuse(const Batch& batch);
  void count_on_host(const Batch& batch);
  void finish(const InFlight& counted, const Verdict& verdict);
  BudgetVector<Reject> no_rejects() const { return BudgetVector<Reject>(BudgetAllocator<Reject>(budget_)); }

  const std::shared_ptr<DeviceApi> device_;
  MemoryBudget& budget_;
  const DeviceFacts facts_;
  CountSpec rule_;
  DeviceBuffer value_fields_;
  CudaCounters counters_;
  const std::size_t batch_bytes_;
  const std::uint32_t table_slots_;
  BatchSlots slots_;
  PaneStore panes_;
  HostCounter host_;
  std::deque<InFlight> in_flight_;  // in the order of their slots
  std::uint32_t next_slot_ = 0;
  std::deque<Done> done_;
  std::optional<Done> reclaimed_;  // its rejects are lent to the engine until the next call
};

Implementation::Implementation(std::shared_ptr<DeviceApi> device, const Plan& plan,
                               const BackendOptions& options, const CudaTuning& tuning)
    : device_(std::move(device)),
      budget_(*options.budget),
      facts_(device_->facts()),
      rule_(count_spec(plan, hash_seed(options.hash_seed, options.hash_bits))),
      value_fields_(*device_, (plan.fields.values.size() + 1) * sizeof(std::uint32_t)),
      batch_bytes_(choose_batch_bytes(options)),
      table_slots_(choose_table_slots(tuning)),
      slots_(*device_, rule_, batch_bytes_, budget_, counters_),
      panes_(*device_, rule_, choose_panes(plan, tuning), choose_arena_bytes(tuning), tuning.sort_bits, budget_,
             counters_),
      host_(plan, options) {
  if (!value_fields_) throw UnavailableError("the device has no memory left");
  device_->copy_to_device(Stream::compute, value_fields_.as<void>(), plan.fields.values.data(),
                          plan.fields.values.size() * sizeof(std::uint32_t));
  rule_.fields.values = value_fields_.as<std::uint32_t>();
  device_->synchronize(Stream::compute);
}

// Batches may be read, and device memory written, until both streams are idle.
Implementation::~Implementation() {
  for (const Stream stream : {Stream::copy, Stream::compute}) {
    try {
      device_->synchronize(stream);
    } catch (const DeviceError&) {  // then nothing runs there any more
    }
  }
}

std::size_t Implementation::choose_batch_bytes(const BackendOptions& options) const {
  const std::size_t most = options.batch_bytes != 0 ? options.batch_bytes : kBatchBytes;
  std::size_t bytes = std::clamp<std::size_t>(most, kBatchBytesMin, kDeviceBatchBytesMax);
  while (bytes > kBatchBytesMin && BatchSlots::bytes(rule_, bytes) > facts_.memory_free / 4) bytes /= 2;
  return bytes;
}

// Half of what is free, so that others can live on the device too; and no more than the keys that the budget
// lets State take from it.
std::size_t Implementation::choose_arena_bytes(const CudaTuning& tuning) const {
  if (tuning.arena_bytes != 0) return tuning.arena_bytes;
  const std::size_t affordable = std::max(budget_.limit(), kArenaBytesMin);
  return std::min({facts_.memory_free / 2, affordable, kArenaBytesMax});
}

std::uint32_t Implementation::choose_table_slots(const CudaTuning& tuning) const {
  if (tuning.table_slots != 0) return tuning.table_slots;
  const std::size_t taken = rule_.keyed_by == KeyedBy::words
                                ? count_words_shared_bytes(facts_.block_threads, 0)
                                : count_records_shared_bytes(facts_.block_threads, 0, 0);
  check(taken < facts_.shared_bytes, "a block's shared memory holds a tile");
  const std::size_t slots = (facts_.shared_bytes - taken) / table_bytes(1, rule_.columns);
  return static_cast<std::uint32_t>(slots / kBucketSlots * kBucketSlots);
}

void Implementation::submit(const Batch& batch) {
  reclaimed_.reset();
  check_batch(batch, rule_.keyed_by, rule_.inputs);
  if (!slots_.has_room_for(batch)) return count_on_host(batch);
  if (!panes_.has_room_for(batch.pane)) return refuse(batch);
  launch(batch, false);
}

void Implementation::launch(const Batch& batch, bool again) {
  while (in_flight_.size() >= kBatchSlots) settle_oldest();
  const PaneArena& arena = panes_.arena(batch.pane);
  if (panes_.should_merge(batch.pane)) {
    settle_all();
    panes_.merge(batch.pane);
  }
  const std::uint32_t slot = std::exchange(next_slot_, (next_slot_ + 1) % kBatchSlots);
  CountJob job{.rule = batch.has_rows ? count_spec_of_rows(rule_) : rule_,
               .batch = slots_.upload(slot, batch),
               .pane = arena,
               .table_slots = table_slots_};
  if (job.batch.breaks != nullptr) device_->mark_breaks(job.batch);

  const bool numbered = job.batch.is_numbered();
  const bool words = holds_words(rule_, job.batch);
  const std::uint32_t tile = facts_.block_threads * (words || !numbered ? kThreadBytes : 1);
  const std::uint32_t size = words || !numbered ? job.batch.size : job.batch.records;
  const std::uint32_t tiles = size / tile + (size % tile != 0 ? 1 : 0);
  if (tiles > 0) {
    job.tiles_per_block = (tiles - 1) / facts_.multiprocessors + 1;
    const unsigned blocks = (tiles - 1) / job.tiles_per_block + 1;
    words ? device_->count_words(job, blocks) : device_->count_records(job, blocks);
  }
  device_->finish_batch(job, slots_.verdict(slot));
  slots_.record_counted(slot);
  in_flight_.push_back({batch, slot, again});
}

std::optional<Finished> Implementation::reclaim(Wait wait) {
  reclaimed_.reset();
  while (done_.empty()) {
    if (in_flight_.empty() || (wait == Wait::no && !slots_.is_counted(in_flight_.front().slot)))
      return std::nullopt;
    settle_oldest();
  }
  reclaimed_.emplace(std::move(done_.front()));
  done_.pop_front();
  return Finished{reclaimed_->buffer, reclaimed_->counted, reclaimed_->rejects};
}

void Implementation::settle_oldest() {
  const InFlight oldest = in_flight_.front();
  slots_.wait_until_counted(oldest.slot);
  const Verdict verdict = *slots_.verdict(oldest.slot);
  in_flight_.pop_front();
  panes_.note(oldest.batch.pane, verdict);
  verdict.failures == 0 ? finish(oldest, verdict) : make_room(oldest, verdict);
}

void Implementation::settle_all() {
  while (!in_flight_.empty()) settle_oldest();
}

void Implementation::finish(const InFlight& counted, const Verdict& verdict) {
  ++counters_.batches;
  counters_.tokens += verdict.tokens;
  counters_.spilled += verdict.spilled;
  Done done{counted.batch.buffer, true, no_rejects()};
  const std::span<Reject> rejects = slots_.rejects(counted.slot);
  done.rejects.assign(rejects.begin(), rejects.end());
  std::ranges::sort(done.rejects, {}, [](const Reject& reject) { return reject.where.offset; });
  done_.push_back(std::move(done));
}

// A batch that failed has left no entry. Merging may make room; else the engine collects the pane and comes
// again; and what even an empty pane cannot take, the host counts.
void Implementation::make_room(const InFlight& failed, const Verdict& verdict) {
  const Pane pane = failed.batch.pane;
  if (verdict.failures == kEntriesFull && !failed.again && panes_.can_merge(pane)) {
    settle_all();
    panes_.merge(pane);
    return launch(failed.batch, true);
  }
  if (panes_.holds_anything(pane)) {
    refuse(failed.batch);
    return;
  }
  const bool last_of_pane =
      std::ranges::none_of(in_flight_, [pane](const InFlight& other) { return other.batch.pane == pane; });
  if (last_of_pane) panes_.clear(pane);
  count_on_host(failed.batch);
}

void Implementation::refuse(const Batch& batch) {
  ++counters_.refused;
  done_.push_back({batch.buffer, false, no_rejects()});
}

void Implementation::count_on_host(const Batch& batch) {
  ++counters_.on_host;
  Done done{batch.buffer, true, no_rejects()};
  host_.count(batch, done.rejects);
  done_.push_back(std::move(done));
}

void Implementation::collect(Pane pane, PartialSink& sink) {
  reclaimed_.reset();
  settle_all();
  const bool on_host = host_.has(pane);
  const bool on_device = panes_.holds_anything(pane);
  host_.collect(pane, !on_device, sink);
  panes_.collect(pane, !on_host, sink);
}

}  // namespace

std::unique_ptr<CudaBackend> make_cuda_backend(std::shared_ptr<DeviceApi> device, const Plan& plan,
                                               const BackendOptions& options, const CudaTuning& tuning) {
  if (const std::string reason = unsuitable(plan); !reason.empty()) throw UnavailableError(reason);
  try {
    return std::make_unique<Implementation>(std::move(device), plan, options, tuning);
  } catch (const DeviceError& error) {
    throw UnavailableError(error.what());
  }
}

}  // namespace millrace::cuda
