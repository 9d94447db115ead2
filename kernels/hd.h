// Marks functions that the host and the device share, and those of the device alone.
// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bodies of such functions call no std:: functions: nvcc refuses those in kernels. Functions of the device use
// its built-in names (threadIdx, __syncthreads, atomicAdd …); tests/support/simt.h gives those to other compilers.
#if defined(__CUDACC__)
#define MILLRACE_HD __host__ __device__
#define MILLRACE_DEVICE __device__
#else
#define MILLRACE_HD
#define MILLRACE_DEVICE
#endif
