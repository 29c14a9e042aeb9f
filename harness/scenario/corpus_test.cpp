#include "harness/scenario/corpus.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "harness/core/errors.hpp"
#include "harness/scenario/corpus_sources.hpp"

namespace sluice::scenario {
namespace {

Step only_step(const std::string& line) {
  auto steps = steps_of_lines("c.jsonl", line);
  EXPECT_EQ(steps.size(), 1u);
  return steps.at(0);
}

std::string error_of(const std::string& text) {
  try {
    steps_of_lines("c.jsonl", text);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

/// A file that goes with the object.
class File {
 public:
  explicit File(const std::string& text)
      : path_(std::filesystem::temp_directory_path() / ("sluice-corpus-test-" + std::to_string(::getpid()))) {
    std::ofstream(path_, std::ios::binary) << text;
  }
  ~File() { std::filesystem::remove(path_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

TEST(CorpusLines, ReadsEveryKeyOfAnHttpStep) {
  const Step step = only_step(
      R"({"name":"n","session":"s","method":"PUT","path":"/p?q={{a}}","headers":{"X":"{{b}}"},"text":"raw","capture":{"c":"/id"},"weight":2.5})");
  EXPECT_EQ(step.name, "n");
  EXPECT_EQ(step.session, "s");
  EXPECT_EQ(step.method, "PUT");
  EXPECT_EQ(step.path, "/p?q={{a}}");
  ASSERT_EQ(step.headers.size(), 1u);
  EXPECT_EQ(step.headers[0].value, "{{b}}");
  EXPECT_EQ(step.body, "raw");
  EXPECT_FALSE(step.json_body);
  EXPECT_EQ(step.capture.at("c"), "/id");
  EXPECT_EQ(step.weight, 2.5);
  EXPECT_EQ(step.location, "c.jsonl:1");
}

TEST(CorpusLines, SendsNumbersAsTheyAreWritten) {
  const Step step =
      only_step(R"({"method":"POST","path":"/","json":{"n":1.10,"big":123456789012345678901234567890,"e":1e2}})");
  EXPECT_EQ(step.body, R"({"n":1.10,"big":123456789012345678901234567890,"e":1e2})");
  EXPECT_TRUE(step.json_body);
}

TEST(CorpusLines, AddsTheContentTypeOfJsonUnlessOneIsGiven) {
  const Step plain = only_step(R"({"path":"/","json":[]})");
  ASSERT_EQ(plain.headers.size(), 1u);
  EXPECT_EQ(plain.headers[0].name, "Content-Type");
  EXPECT_EQ(plain.headers[0].value, "application/json");
  const Step own = only_step(R"({"path":"/","json":[],"headers":{"content-type":"application/x"}})");
  ASSERT_EQ(own.headers.size(), 1u);
  EXPECT_EQ(own.headers[0].value, "application/x");
}

TEST(CorpusLines, ReadsAWebSocketConversation) {
  const Step step = only_step(R"({"websocket":"/ws/{{unique:s}}","send":[{"n":1.0},"plain"],"expect":2})");
  EXPECT_TRUE(step.websocket);
  EXPECT_EQ(step.path, "/ws/{{unique:s}}");
  EXPECT_EQ(step.send, (std::vector<std::string>{R"({"n":1.0})", "plain"}));
  EXPECT_EQ(step.expect, 2u);
}

TEST(CorpusLines, SkipsEmptyLinesAndCountsThem) {
  const auto steps = steps_of_lines("c.jsonl", "\n{\"path\":\"/a\"}\r\n\n{\"path\":\"/b\"}");
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[1].location, "c.jsonl:4");
}

TEST(CorpusLines, NamesFileLineAndCauseOfEveryMistake) {
  EXPECT_EQ(error_of("{\"path\":\"/\"}\n[1]"), "c.jsonl:2: a step is a JSON object on a line of its own");
  EXPECT_EQ(error_of(R"({"path":"/","path":"/b"})"), "c.jsonl:1: a key is given twice");
  EXPECT_EQ(error_of(R"({"path":"x"})"), "c.jsonl:1: the path must start with /");
  EXPECT_EQ(error_of(R"({"name":"x"})"), "c.jsonl:1: a step has \"path\" (HTTP) or \"websocket\", and not both");
  EXPECT_EQ(error_of(R"({"path":"/","method":"get"})"), "c.jsonl:1: \"get\" is not a method; write it in capitals");
  EXPECT_EQ(error_of(R"({"path":"/","json":1,"text":"x"})"), "c.jsonl:1: a step has \"json\" or \"text\", not both");
  EXPECT_EQ(error_of(R"({"path":"/","capture":{"x":"id"}})"),
            "c.jsonl:1: \"id\" is not a JSON pointer: it starts with / or is empty");
  EXPECT_EQ(error_of(R"({"path":"/","expect":1})"), "c.jsonl:1: \"send\" and \"expect\" need \"websocket\"");
  EXPECT_EQ(error_of(R"({"path":"/","weight":"2"})"), "c.jsonl:1: \"weight\" must be a number from 0");
  EXPECT_EQ(error_of(R"({"path":"/","headers":{"A":"b\r\nC: d"}})"),
            "c.jsonl:1: the value of header A holds a control character: \"b\\r\\nC: d\"");
  EXPECT_EQ(error_of(R"({"path":"/","metod":"GET"})"),
            "c.jsonl:1: unknown key \"metod\"; a step has name, session, method, path, headers, json, text, capture, "
            "weight, websocket, send, expect");
  EXPECT_THAT(error_of("{\"path\":"), testing::StartsWith("c.jsonl:1: not JSON at byte "));
}

TEST(Corpus, NamesStepsAfterMethodAndPathAndKeepsNamesUnique) {
  const File file(
      "{\"path\":\"/a\"}\n{\"path\":\"/a\"}\n{\"websocket\":\"/w\"}\n{\"name\":\"GET /a (2)\",\"path\":\"/b\"}\n");
  const Corpus corpus = load_corpus(file.path());
  ASSERT_EQ(corpus.steps.size(), 4u);
  EXPECT_EQ(corpus.steps[0].name, "GET /a");
  EXPECT_EQ(corpus.steps[1].name, "GET /a (3)");
  EXPECT_EQ(corpus.steps[2].name, "WebSocket /w");
}

TEST(Corpus, RefusesAGivenNameTwice) {
  const File file("{\"name\":\"x\",\"path\":\"/a\"}\n{\"name\":\"x\",\"path\":\"/b\"}\n");
  const std::string path = file.path().string();
  try {
    load_corpus(file.path());
    FAIL();
  } catch (const InputError& error) {
    EXPECT_EQ(std::string(error.what()), path + ":2: the name \"x\" is taken by " + path + ":1");
  }
}

TEST(Corpus, TellsHarFromLinesByItsContent) {
  const File har(R"({"log":{"entries":[{"request":{"method":"GET","url":"http://h/a?b=1","headers":[]}}]}})");
  EXPECT_EQ(load_corpus(har.path()).steps.at(0).path, "/a?b=1");
  const File line(R"({"path":"/log"})");
  EXPECT_EQ(load_corpus(line.path()).steps.at(0).path, "/log");
  const File empty("");
  EXPECT_TRUE(load_corpus(empty.path()).steps.empty());
}

TEST(Corpus, NamesAFileThatIsNotThere) {
  try {
    load_corpus("/nowhere/at/all.jsonl");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "/nowhere/at/all.jsonl: the corpus cannot be read: No such file or directory");
  }
}

}  // namespace
}  // namespace sluice::scenario
