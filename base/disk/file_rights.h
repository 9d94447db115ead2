// Who may do what with a file that takes the place of another.
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace millrace {

/// Gives the open file `file` what DiskFile::take_rights_of promises. False: it could not, and errno says why.
bool take_rights(int file, const char* model);

}  // namespace millrace
