// The contract of Backend. An implementation joins with one INSTANTIATE_TEST_SUITE_P line, and links the suite.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <millrace/backend.h>

#include "tests/kernels/test_batches.h"
#include "tests/support/reference.h"

namespace millrace {

struct BackendCase {
  const char* name;
  std::unique_ptr<Backend> (*make)(const Plan& plan, const BackendOptions& options);
  unsigned threads;
  int cuttings = 500;  ///< that are tried at random; each makes a backend
  friend std::ostream& operator<<(std::ostream& out, const BackendCase& c) {
    return out << c.name << c.threads;
  }
};

class BackendContract : public ::testing::TestWithParam<BackendCase> {
 protected:
  std::unique_ptr<Backend> make(const Plan& plan) const {
    BackendOptions options = options_;
    options.threads = GetParam().threads;
    return GetParam().make(plan, options);
  }
  /// The backend's answer is the reference's.
  void expect_right(const Plan& plan, std::vector<TestBatch> batches) const {
    const std::unique_ptr<Backend> backend = make(plan);
    const reference::Answer actual = answer_of(*backend, plan, batches);
    EXPECT_EQ(reference::difference(actual, expected_of(plan, batches)), "");
  }
  void expect_right_words(const std::string& text) const { expect_right(Plan{}, {text_batch(text)}); }

  BackendOptions options_{.hash_seed = 0x5eed};
};

}  // namespace millrace
