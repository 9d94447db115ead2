// Addresses become sources and sinks, or errors that say what to do.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <ctime>

#include <millrace/error.h>
#include <millrace/sink.h>
#include <millrace/source.h>

#include "tests/io/drain.h"
#include "tests/io/rows.h"
#include "tests/io/temporary_directory.h"

namespace millrace::testing::open_test {
namespace {

using namespace std::string_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

std::string open_error(const std::vector<std::string>& uris, int exit_code, std::size_t problems = 1) {
  try {
    open_sources(uris, {});
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.exit_code(), exit_code);
    EXPECT_THAT(error.problems(), SizeIs(problems));
    return error.what();
  }
  return "no error";
}

std::string sink_error(const std::string& uri, bool windowed = false) {
  RowLayout layout = count_layout();
  layout.windowed = windowed;
  try {
    open_sink(uri, layout, real_disk());
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

TEST(OpenSources, FilesPatternsAndGeneratedTextTogether) {
  const TemporaryDirectory directory;
  directory.write("a.txt", "one\n");
  directory.write("b.txt", "two");
  const std::string odd = directory.write("c d?.log", "three");
  const std::string base = directory.path().string();
  const std::vector<std::string> uris = {base + "/*.txt", "file:" + base + "/c%20d%3F.log",
                                         "generate:?words=2&line=1", "file://" + base + "/a.txt"};
  const SourceList sources = open_sources(uris, {{}, 1});
  ASSERT_THAT(sources, SizeIs(2));
  EXPECT_EQ(drain(*sources[1], 100).bytes, "one\ntwo\nthree\none\n");
  EXPECT_THAT(drain(*sources[0], 100).texts, SizeIs(2));
}

/// The working directory, for names that are no paths.
class WorkingDirectory : public TemporaryDirectory {
 public:
  WorkingDirectory() { std::filesystem::current_path(path()); }
  WorkingDirectory(const WorkingDirectory&) = delete;
  WorkingDirectory& operator=(const WorkingDirectory&) = delete;
  ~WorkingDirectory() { std::filesystem::current_path(before_); }

 private:
  std::filesystem::path before_ = std::filesystem::current_path();
};

std::string content_of(const std::vector<std::string>& uris) {
  return drain(open_sources(uris, {}), 100).bytes;
}

TEST(OpenSources, AnExistingNameIsAFileWhateverItLooksLike) {
  const WorkingDirectory directory;
  for (const char* name :
       {"web1:8080.log", "tcp:80", "generate:?words=2", "file:x", "kafka:x", "a%zz:b?c", "web2:a[1]*.log"}) {
    directory.write(name, name);
    EXPECT_EQ(content_of({name}), std::string(name) + '\n');
  }
  EXPECT_EQ(content_of({"web*:*.log"}), "web1:8080.log\nweb2:a[1]*.log\n");
  EXPECT_EQ(content_of({"web1:*"}), "web1:8080.log\n");
  directory.write("x", "not this");
  EXPECT_EQ(content_of({"file:x"}), "file:x\n");
  std::filesystem::create_symlink("nowhere", "web3:x");
  EXPECT_THAT(open_error({"web3:x"}, 66), HasSubstr("cannot read web3:x: No such file"));
}

TEST(OpenSources, SomeAddressesAreNeverFiles) {
  const WorkingDirectory directory;
  for (const char* name : {"-", "stdin:", "tcp:/h"}) directory.write(name, "a file");
  EXPECT_THAT(open_error({"-", "stdin:"}, 78), HasSubstr("named twice"));
  EXPECT_THAT(open_error({"tcp://h"}, 78), HasSubstr("has no port"));
  EXPECT_EQ(content_of({"tcp:/h", "./-", "./stdin:"}), "a file\na file\na file\n");
}

TEST(OpenSources, ADirectoryAmongOthersIsSkippedAndTold) {
  const TemporaryDirectory directory;
  const std::string base = directory.path().string();
  const std::string file = directory.write("file", "one");
  for (int i = 0; i < 100; ++i) std::filesystem::create_directory(base + "/folder" + std::to_string(i));
  std::vector<std::string> told;
  SourceOptions options;
  options.on_event = [&](const Event& event) {
    EXPECT_EQ(event.level, Event::Level::warning);
    told.push_back(event.text);
  };
  const std::string folder = base + "/folder0";
  EXPECT_EQ(drain(open_sources(std::vector{folder, file, base + "/folder*"}, options), 100).bytes, "one\n");
  EXPECT_THAT(told,
              ElementsAre("skipped " + folder + ": is a directory; name its files, as in " + folder + "/*",
                          StartsWith("skipped " + base + "/folder*: matches only directories")));

  std::vector<std::string> many = {file};
  for (int i = 0; i < 100; ++i) many.push_back(base + "/folder" + std::to_string(i));
  told.clear();
  EXPECT_EQ(drain(open_sources(many, options), 100).bytes, "one\n");
  ASSERT_THAT(told, SizeIs(9));
  EXPECT_THAT(told.back(), HasSubstr("92 more"));
}

TEST(OpenSources, DirectoriesAloneAreNoInput) {
  const TemporaryDirectory directory;
  const std::string base = directory.path().string();
  EXPECT_THAT(open_error({base, base + '/'}, 66, 2),
              AllOf(HasSubstr("cannot read " + base + ": is a directory; name its files, as in " + base + "/*"),
                    HasSubstr("as in " + base + "/*")));
  EXPECT_THAT(open_error({base, base + "/missing"}, 66, 2), HasSubstr("missing: No such file"));
  const std::string file = directory.write("file", "one");
  EXPECT_THAT(open_error({base, file, base + "/missing"}, 66), HasSubstr("missing: No such file"));
  EXPECT_THAT(open_error({base, directory.write("a.gz", "\x1F\x8B\x08")}, 65), HasSubstr("zcat"));
  ASSERT_EQ(::mkfifo((base + "/fifo").c_str(), 0600), 0);
  EXPECT_THAT(open_sources(std::vector{base, base + "/fifo"}, {}), SizeIs(1)) << "it is skipped";
}

TEST(OpenSources, TenThousandsOfAddresses) {
  const TemporaryDirectory directory;
  std::vector<std::string> uris(100'000, directory.write("web:1", "x\n"));
  const std::clock_t begin = std::clock();
  EXPECT_EQ(drain(open_sources(uris, {}), 4096).texts.size(), uris.size());
  EXPECT_LT(std::clock() - begin, 20 * CLOCKS_PER_SEC);
}

TEST(OpenSources, MessagesFitAScreenWhateverTheAddress) {
  const std::string filler(10'000'000, 'x');
  const std::string text = open_error(
      {filler, filler + ":1", "stdin:" + filler, "file://" + filler, filler + '*', "generate:" + filler}, 66,
      6);
  EXPECT_LT(text.size(), 5000U);
}

TEST(OpenSources, AStreamIsAFeedForJobsWithWindows) {
  const TemporaryDirectory directory;
  const std::string fifo = (directory.path() / "fifo").string();
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  const std::vector<std::string> uris = {fifo, directory.write("file", "one\n")};
  for (const bool windowed : {false, true}) {
    const SourceList sources = open_sources(uris, {.windowed = windowed});
    ASSERT_THAT(sources, SizeIs(2));
    EXPECT_EQ(sources[0]->endless(), windowed);
    EXPECT_FALSE(sources[1]->endless()) << "a file has an end";
  }
}

TEST(OpenSources, EveryProblemIsToldAtOnce) {
  const std::string text =
      open_error({"no-such-file", "htp://x", "tcp://h", "stdn:", "generate:?words=x"}, 66, 5);
  EXPECT_THAT(text, AllOf(HasSubstr("cannot read no-such-file: No such file or directory"),
                          HasSubstr("unknown scheme \"htp\""), HasSubstr("has no port"),
                          HasSubstr("did you mean \"stdin\"?"), HasSubstr("is not a number")));
}

TEST(OpenSources, UnknownSchemesNameTheKnownOnes) {
  const std::string text = open_error({"kafkaa://x"}, 78);
  EXPECT_THAT(text, AllOf(HasSubstr("Known are file: stdin: tcp: generate:"), HasSubstr("./kafkaa://x")));
}

TEST(OpenSources, WhatIsNoTextIsBadDataUnlessSomethingIsMissing) {
  const TemporaryDirectory directory;
  const std::string zipped = directory.write("a.gz", "\x1F\x8B\x08");
  EXPECT_THAT(open_error({zipped, directory.write("b", "text")}, 65),
              HasSubstr("zcat " + zipped + " | millrace"));
  EXPECT_THAT(open_error({zipped, directory.path().string() + "/c"}, 66, 2), HasSubstr("No such file"));
}

TEST(OpenSources, WindowsOfStoredFilesAloneAreWarnedOf) {
  const TemporaryDirectory directory;
  const std::string file = directory.write("a", "text");
  std::vector<std::string> told;
  SourceOptions options{.windowed = true, .on_event = [&](const Event& event) { told.push_back(event.text); }};
  open_sources(std::vector{file, file}, options);
  EXPECT_THAT(told, ElementsAre(HasSubstr("stored files arrive at once: for one result leave --every out")));
  told.clear();
  open_sources(std::vector<std::string>{file, "generate:?words=1"}, options);
  options.windowed = false;
  open_sources(std::vector{file}, options);
  EXPECT_THAT(told, ElementsAre());
}

TEST(OpenSources, WhatOthersReadIsPipedFromThem) {
  EXPECT_THAT(open_error({"kafka://broker/topic"}, 78),
              HasSubstr("is not for this version; use kcat -C -u -b HOST -t TOPIC | millrace ..."));
  EXPECT_THAT(open_error({"HTTPS://h/a?b&c"}, 78), HasSubstr("use curl -sN 'HTTPS://h/a?b&c' | millrace ..."));
  EXPECT_THAT(open_error({"kafka:topic"}, 78), HasSubstr("kcat"));
}

TEST(OpenSources, AMissingNameWithAColonIsAMissingFile) {
  EXPECT_THAT(open_error({"web1:x.log"}, 66), HasSubstr("cannot read web1:x.log: No such file"));
  EXPECT_THAT(open_error({"web1:50%.log", "web2:*.log"}, 66, 2),
              AllOf(HasSubstr("web1:50%.log: No such file"), HasSubstr("web2:*.log: no file matches")));
  EXPECT_THAT(open_error({"web1://x.log"}, 78), HasSubstr("unknown scheme"));
  EXPECT_THAT(open_error({"stdn:"}, 78), HasSubstr("did you mean"));
  EXPECT_THAT(open_error({"file://host/a"}, 78), HasSubstr("write file:PATH or file:///PATH"));
}

TEST(OpenSources, TwoStarsAreNotUnderstood) {
  const TemporaryDirectory directory;
  const std::string base = directory.path().string();
  std::filesystem::create_directory(base + "/deep");
  directory.write("deep/x.log", "one");
  EXPECT_THAT(
      open_error({base + "/**/*.log"}, 66),
      AllOf(HasSubstr("** is not understood: name each level, as in " + base + "/*.log " + base + "/*/*.log"),
            HasSubstr("find " + base + "/ -name '*.log' -print0 | xargs -0 cat | millrace")));
  EXPECT_THAT(open_error({"**"}, 66), HasSubstr("as in * */*, or use find . -name '*'"));
  directory.write("a**b", "a name");
  EXPECT_EQ(content_of({base + "/a**b"}), "a name\n");
}

TEST(OpenSources, StandardInputIsReadOnce) {
  EXPECT_THAT(open_error({"-", "stdin:"}, 78), HasSubstr("named twice"));
  EXPECT_THAT(open_error({"stdin:?a=1"}, 78), HasSubstr("unknown key \"a\""));
  EXPECT_THAT(open_sources(std::vector<std::string>(2, "/proc/self/status"), {}), SizeIs(2));
}

TEST(OpenSources, AZeroByteEndsNoName) {
  const WorkingDirectory directory;
  directory.write("web1:a", "not this");
  for (const std::string& name : {"web1:a\0b"s, "web1:a\0*"s, "web2:a\0b"s, "file:a\0b"s})
    EXPECT_THAT(open_error({name}, 78), HasSubstr("an address holds a zero byte"));
}

TEST(OpenSources, ByteStreamsHaveNoMessages) {
  EXPECT_THROW(open_sources(std::vector<std::string>{"-"}, {{Framing::Kind::message}, 1}), ConfigError);
}

TEST(OpenSink, WritesToWhatTheAddressNames) {
  const TemporaryDirectory directory;
  const std::string base = directory.path().string();
  for (const std::string& uri : {base + "/out.txt", "file:" + base + "/second.txt", base + "/", base + "/new/",
                                 std::string("discard:")}) {
    const auto sink = open_sink(uri, count_layout(), real_disk());
    sink->begin({1});
    sink->write(rows_of(1, 1).aggregates());
    sink->finish({1});
  }
  for (const char* name : {"out.txt", "second.txt", "epoch-000000000001.txt", "new/epoch-000000000001.txt"})
    EXPECT_EQ(directory.read(name), "word1.0\t0\n") << name;
  EXPECT_NE(open_sink("-", count_layout(), real_disk()), nullptr);
  EXPECT_NE(open_sink("stdout:", count_layout(), real_disk()), nullptr);
}

TEST(OpenSink, TheEndingOfAPathChoosesTheFormat) {
  const TemporaryDirectory directory;
  const std::string base = directory.path().string();
  RowLayout layout = count_layout();
  layout.format = Format::automatic;
  layout.header = true;
  for (const std::string& uri : {base + "/a.csv", "file:" + base + "/b.tsv", base + "/c.json", base + "/d.txt",
                                 base + "/e.csv/", base + "/csv"}) {
    const auto sink = open_sink(uri, layout, real_disk());
    sink->begin({1});
    sink->write(rows_of(1, 1).aggregates());
    sink->finish({1});
  }
  EXPECT_EQ(directory.read("a.csv"), "key,count\nword1.0,0\n");
  EXPECT_EQ(directory.read("b.tsv"), "key\tcount\nword1.0\t0\n");
  EXPECT_EQ(directory.read("c.json"), "{\"key\":\"word1.0\",\"count\":0}\n");
  for (const char* text : {"d.txt", "e.csv/epoch-000000000001.txt", "csv"})
    EXPECT_EQ(directory.read(text), "word1.0\t0\n") << text;
}

TEST(FormatFor, IsWhatWasAskedOrWhatTheAddressSays) {
  EXPECT_EQ(format_for("a.csv", Format::json), Format::json);
  EXPECT_EQ(format_for("a.csv", Format::automatic), Format::csv);
  EXPECT_EQ(format_for("file:///tmp/a%2ecsv", Format::automatic), Format::csv);
  for (const char* text : {"a", "a.csv/", "a.csv.gz", "a.CSV", "discard:", "tcp://host.csv", "", "%"})
    EXPECT_EQ(format_for(text, Format::automatic), Format::text) << text;
}

TEST(OpenSink, ALinkStaysAndItsFileIsReplaced) {
  const TemporaryDirectory directory;
  std::filesystem::create_symlink(directory.write("real.txt", "old"), directory.path() / "link.txt");
  const auto sink = open_sink((directory.path() / "link.txt").string(), count_layout(), real_disk());
  sink->begin({1});
  sink->finish({1});
  EXPECT_TRUE(std::filesystem::is_symlink(directory.path() / "link.txt"));
  EXPECT_EQ(directory.read("real.txt"), "");
}

TEST(OpenSink, AnExistingNameIsAFileWhateverItLooksLike) {
  const WorkingDirectory directory;
  for (const char* name : {"web:8080.txt", "stdout:", "discard:"}) {
    directory.write(name, "old");
    const auto sink = open_sink(name, count_layout(), real_disk());
    if (name[0] != 'w') continue;
    sink->begin({1});
    sink->finish({1});
  }
  EXPECT_EQ(directory.read("web:8080.txt"), "");
  EXPECT_EQ(directory.read("stdout:"), "old") << "always an address";
  EXPECT_EQ(output_identity("discard:"), "discard:");
  EXPECT_THAT(sink_error("new:8080.txt"), HasSubstr("a file of that name is written ./new:8080.txt"));
}

TEST(OpenSink, ALinkToAMissingFileStays) {
  const TemporaryDirectory directory;
  std::filesystem::create_symlink("sub/real.txt", directory.path() / "link.txt");
  EXPECT_THAT(sink_error(directory.path() / "link.txt"), HasSubstr("there is no directory"));
  std::filesystem::create_directory(directory.path() / "sub");
  const auto sink = open_sink((directory.path() / "link.txt").string(), count_layout(), real_disk());
  sink->begin({{1}});
  EXPECT_THAT(real_disk().list(directory.path()), SizeIs(2)) << "the temporary file lies beside the real one";
  sink->finish({1});
  EXPECT_TRUE(std::filesystem::is_symlink(directory.path() / "link.txt"));
  EXPECT_TRUE(std::filesystem::is_regular_file(directory.path() / "sub/real.txt"));
}

TEST(OpenSink, WindowsGoToWhatIsWrittenToAsItIs) {
  EXPECT_EQ(sink_error("/dev/null", true), "no error");
  EXPECT_EQ(sink_error("/dev/stderr", true), "no error");
}

TEST(OpenSink, ADescriptorThatIsNotOpenIsAnError) {
  try {
    open_sink("/dev/fd/987", count_layout(), real_disk());
    FAIL() << "no error";
  } catch (const IoError& error) {
    EXPECT_STREQ(error.what(), "cannot write to /dev/fd/987: Bad file descriptor");
  }
}

TEST(OpenSink, AWorkingDirectoryThatIsGoneIsAnError) {
  const auto before = std::filesystem::current_path();
  {
    const TemporaryDirectory directory;
    std::filesystem::current_path(directory.path());
  }
  EXPECT_THROW(open_sink("out.txt", count_layout(), real_disk()), IoError);
  EXPECT_EQ(output_identity("out.txt"), "out.txt");
  std::filesystem::current_path(before);
}

TEST(OpenSink, OneOutputHasOneIdentityHoweverItIsSpelt) {
  const TemporaryDirectory directory;
  const std::string base = directory.path().string() + '/';
  const std::string file = directory.write("file", "");
  std::filesystem::create_symlink("file", base + "link");
  std::filesystem::create_symlink("new", base + "dangling");
  std::filesystem::create_hard_link(file, base + "hard");
  std::filesystem::create_directory(base + "dir");
  for (const std::string& other :
       {"file:" + file, base + "./file", base + "dir/../file", base + "link", base + "hard"})
    EXPECT_EQ(output_identity(other), output_identity(file)) << other;
  for (const std::string& other : {base + "new/", base + "./new", base + "dangling", base + "dir/../new//"})
    EXPECT_EQ(output_identity(other), output_identity(base + "new")) << other;
  EXPECT_EQ(output_identity(base + "dir"), output_identity(base + "dir/"));
  EXPECT_EQ(output_identity(base + "missing/deep/"), output_identity(base + "missing/deep"));
  for (const char* other : {"stdout:", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"})
    EXPECT_EQ(output_identity(other), output_identity("-")) << other;
  EXPECT_NE(output_identity(file), output_identity(base + "new"));
  EXPECT_NE(output_identity(base + "new"), output_identity(base + "missing/deep"));
  EXPECT_EQ(output_identity("no:such:scheme"), "no:such:scheme");
}

TEST(OpenSink, MistakesSayWhatToDo) {
  EXPECT_THAT(sink_error("out.txt", true), HasSubstr("write the path as out.txt/"));
  EXPECT_THAT(sink_error("/tmp"), HasSubstr("write /tmp/ to put"));
  EXPECT_THAT(sink_error("/no/such/out.txt"), HasSubstr("there is no directory /no/such"));
  EXPECT_THAT(sink_error("out.txt/"), "no error");
  for (const char* place : {"/", "//", "./", "..", ".", "/tmp/../"})
    EXPECT_THAT(sink_error(place), HasSubstr("among all else that is there")) << place;
  const TemporaryDirectory directory;
  EXPECT_THAT(sink_error(directory.write("file", "") + '/'), HasSubstr("no directory: write it without"));
  EXPECT_THAT(sink_error("stdot:"), HasSubstr("did you mean \"stdout\"?"));
  EXPECT_THAT(sink_error("kafka://h/t"), HasSubstr("use millrace ... | kcat -P -b HOST -t TOPIC"));
  EXPECT_THAT(sink_error("s3://b/k"), HasSubstr("use millrace ... | aws s3 cp - s3://b/k"));
  EXPECT_THAT(sink_error("tcp://h:1"), HasSubstr("Known are file: stdout: discard:"));
  EXPECT_THAT(sink_error("stdout:x"), HasSubstr("takes nothing behind"));
  EXPECT_THAT(sink_error("file:"), HasSubstr("names no file"));
  for (const char* address : {"stdout:?a=1", "discard:?a=1", "file:x?a=1"})
    EXPECT_THAT(sink_error(address), HasSubstr("unknown key \"a\"")) << address;
}

}  // namespace
}  // namespace millrace::testing::open_test
