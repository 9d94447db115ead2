// Who reads and writes what is not read and written here.
// SPDX-License-Identifier: Apache-2.0
#include "io/schemes.h"

#include <gtest/gtest.h>

namespace millrace::io::schemes_test {
namespace {

struct Case {
  std::string address;
  std::string reads;
  std::string writes;
};

const Case kCases[] = {
    {"kafka://b/t", "kcat -C -u -b HOST -t TOPIC", "kcat -P -b HOST -t TOPIC"},
    {"http://h/x", "curl -sN http://h/x", "curl -sT - http://h/x"},
    {"https://h/x", "curl -sN https://h/x", "curl -sT - https://h/x"},
    {"ftp://h/x", "curl -sN ftp://h/x", "curl -sT - ftp://h/x"},
    {"s3://b/k", "aws s3 cp s3://b/k -", "aws s3 cp - s3://b/k"},
    {"s3a://b/k", "aws s3 cp s3://BUCKET/KEY -", "aws s3 cp - s3://BUCKET/KEY"},
    {"gs://b/k", "gcloud storage cat gs://b/k", "gcloud storage cp - gs://b/k"},
    {"hdfs:///k", "hdfs dfs -cat hdfs:///k", "hdfs dfs -put - hdfs:///k"},
    {"sftp://h/x", "ssh HOST cat PATH", "ssh HOST 'cat > PATH'"},
    {"ssh://h/x", "ssh HOST cat PATH", "ssh HOST 'cat > PATH'"},
    {"mqtt://h/t", "mosquitto_sub -h HOST -t TOPIC", "mosquitto_pub -h HOST -t TOPIC -l"},
    {"udp://h:1", "nc -luk PORT", "nc -u HOST PORT"},
    {"S3://b/a b", "aws s3 cp 'S3://b/a b' -", "aws s3 cp - 'S3://b/a b'"},
};

TEST(Elsewhere, EachAddressHasItsPipe) {
  for (const auto& [address, reads, writes] : kCases) {
    EXPECT_EQ(other_program(address, Use::input), reads + " | millrace ...");
    EXPECT_EQ(other_program(address, Use::output), "millrace ... | " + writes);
  }
}

TEST(Elsewhere, WhatNobodyKnowsHasNone) {
  for (const char* address : {"s4://b/k", "file:x", "tcp://h:1", "a.txt", "-", ""}) {
    EXPECT_EQ(other_program(address, Use::input), "") << address;
    EXPECT_EQ(other_program(address, Use::output), "") << address;
  }
}

}  // namespace
}  // namespace millrace::io::schemes_test
