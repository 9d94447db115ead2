// Fibres over Boost.Context, which switches in nanoseconds and needs no system call for it.
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fibres.h"

#include <memory>
#include <utility>

#include <boost/context/preallocated.hpp>
#include <boost/context/protected_fixedsize_stack.hpp>

namespace simt {
namespace {

constexpr std::size_t kStackBytes = std::size_t{128} * 1024;  // only what is touched takes memory

/// Stacks that begin at different places in their pages share the processor's caches better.
std::size_t colour(std::size_t fibre) {
  return fibre % 16 * 256;
}

}  // namespace

void Fibres::make(std::size_t count) {
  while (fibres_.size() < count) {
    const std::size_t number = fibres_.size();
    Fibre& fibre = fibres_.emplace_back();
    boost::context::protected_fixedsize_stack stacks(kStackBytes);
    const boost::context::stack_context stack = stacks.allocate();
    fibre.stack.bottom = static_cast<char*>(stack.sp) - stack.size;
    fibre.stack.size = stack.size;
    open_account(fibre.stack);
    const boost::context::preallocated place(static_cast<char*>(stack.sp) - colour(number),
                                             stack.size - colour(number), stack);
    fibre.rest = boost::context::fiber(std::allocator_arg, place, stacks,
                                       [this, &fibre, number](boost::context::fiber&& left) {
                                         arrive(fibre, std::move(left));
                                         while (true) body_(number);
                                         return boost::context::fiber();
                                       });
  }
}

void Fibres::run(std::size_t fibre) {
  host_.stack = {};
  go(fibres_[fibre]);
}

void Fibres::go(Fibre& to) {
  Fibre& here = *running_;
  left_ = &here;
  running_ = &to;
  before_switch(here.stack, to.stack);
  arrive(here, std::move(to.rest).resume());
}

void Fibres::arrive(Fibre& here, boost::context::fiber&& left) {
  after_switch(left_->stack, here.stack);
  left_->rest = std::move(left);
}

}  // namespace simt
