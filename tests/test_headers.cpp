// What makes the headers that tests share has to compile something.
// SPDX-License-Identifier: Apache-2.0
int main() {}
