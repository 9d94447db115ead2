// Everything a user of the library needs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <millrace/backend.h>
#include <millrace/clock.h>
#include <millrace/disk.h>
#include <millrace/error.h>
#include <millrace/functions.h>
#include <millrace/job.h>
#include <millrace/memory_budget.h>
#include <millrace/options.h>
#include <millrace/partition.h>
#include <millrace/plan.h>
#include <millrace/quantity.h>
#include <millrace/run.h>
#include <millrace/sink.h>
#include <millrace/source.h>
#include <millrace/stream.h>
#include <millrace/types.h>
#include <millrace/version.h>
#include <millrace/worker_pool.h>
