// Marks functions that the host and the device share.
// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bodies of such functions call no std:: functions: nvcc refuses those in kernels.
#if defined(__CUDACC__)
#define MILLRACE_HD __host__ __device__
#else
#define MILLRACE_HD
#endif
