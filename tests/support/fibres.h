// Fibres: functions on stacks of their own that hand control to each other, on one thread.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <functional>

#include <boost/context/fiber.hpp>

#include "tests/support/fibre_stack.h"

namespace simt {

/// Fibres are made once and used again and again. One host thread at a time may use them; they end with the
/// process, so that the object must not be destroyed.
class Fibres {
 public:
  /// Each fibre calls `body` with its number for ever: when that returns, it has been switched to once more.
  explicit Fibres(std::function<void(std::size_t)> body) : body_(std::move(body)) {}
  Fibres(const Fibres&) = delete;
  Fibres& operator=(const Fibres&) = delete;

  void make(std::size_t count);  ///< so that there are at least `count`
  /// From the host: lets a fibre go on. Returns when one gives control back to the host.
  void run(std::size_t fibre);
  /// From a fibre: lets another one go on, and returns when this one is to go on.
  void switch_to(std::size_t fibre) { go(fibres_[fibre]); }
  void switch_to_host() { go(host_); }

 private:
  struct Fibre {
    boost::context::fiber rest;  ///< what it has still to do, while it does not run
    StackAccount stack;
  };

  void go(Fibre& to);
  void arrive(Fibre& here, boost::context::fiber&& left);

  std::function<void(std::size_t)> body_;
  std::deque<Fibre> fibres_;
  Fibre host_;
  Fibre* running_ = &host_;
  Fibre* left_ = nullptr;  ///< where control came from last
};

}  // namespace simt
