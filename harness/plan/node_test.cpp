#include "harness/plan/node.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/plan/reference.hpp"

namespace sluice::plan {
namespace {

using ::testing::HasSubstr;

std::string problems_of(const std::string& text) {
  Problems problems;
  read_yaml(text, "p.yaml", problems);
  return problems.to_string();
}

TEST(ReadYaml, NoticesDuplicateKeysThatTheLibraryAccepts) {
  EXPECT_EQ(problems_of("a: 1\nb: 2\na: 3\n"), "p.yaml:3:1: key 'a' is here a second time");
}

TEST(ReadYaml, SaysWhereTheSyntaxBreaks) { EXPECT_THAT(problems_of("a: [1, 2\nb: 3\n"), HasSubstr("p.yaml:2:")); }

TEST(ReadYaml, TellsQuotedTextFromNumbers) {
  Problems problems;
  const Node node = read_yaml("a: \"5\"\nb: 5\n", "p.yaml", problems);
  EXPECT_TRUE(node.find("a")->quoted);
  EXPECT_FALSE(node.find("b")->quoted);
}

TEST(ReadYaml, BoundsAliasesThatMultiply) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    std::string list;
    for (int j = 0; j < 10; ++j) list += (j ? ", *a" : "*a") + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + list + "]\n";
  }
  EXPECT_THAT(problems_of(text), HasSubstr("too large"));
}

TEST(ReadYaml, BoundsDepth) { EXPECT_THAT(problems_of(std::string(5000, '[')), HasSubstr("p.yaml")); }

TEST(ReadYaml, EndsOnWhatTheLibraryNeverPasses) {
  EXPECT_EQ(problems_of(","), "p.yaml:1:1: not YAML: a second document begins here, or something that is in none");
  EXPECT_EQ(problems_of("a: 1\n---\nb: 2\n"),
            "p.yaml:2:1: not YAML: a second document begins here, or something that is in none");
}

TEST(ReadYaml, TakesNothingButText) {
  EXPECT_EQ(problems_of("a: 1\nb: \x1B[2J\n"), "p.yaml:2:4: not YAML: the control character \\x1B");
  EXPECT_EQ(problems_of("a: 1\nb: \xFF\n"), "p.yaml:2:1: not YAML: this line is not UTF-8");
  EXPECT_THAT(problems_of("\"A\\0B\": 1\n"), HasSubstr("p.yaml:1:1: key 'A\\x00B' holds a NUL byte"));
}

TEST(ReadYaml, KeepsThePlacesOfErrorsInsideTheText) {
  EXPECT_THAT(problems_of("fault: \"\\"), HasSubstr("p.yaml:1:10: "));
}

TEST(ReadYaml, TakesJson) {
  Problems problems;
  const Node node = read_yaml(R"({"a": {"b": [true, "x"]}})", "p.json", problems);
  EXPECT_TRUE(problems.empty());
  EXPECT_EQ(node.find("a")->find("b")->items.size(), 2u);
}

TEST(Merge, ReplacesScalarsMergesMapsAndRemovesNulls) {
  Problems problems;
  Node base = read_yaml("a: { x: 1, y: 2 }\nb: [1, 2]\n", "base", problems);
  merge(base, read_yaml("a: { y: 3, x: null }\nb: [9]\n", "overlay", problems));
  EXPECT_EQ(base.find("a")->find("x"), nullptr);
  EXPECT_EQ(base.find("a")->find("y")->text, "3");
  EXPECT_EQ(base.find("b")->items.size(), 1u);
}

TEST(References, AreFoundAndExpanded) {
  std::string error;
  const auto found = find_references("${v2.url}/x?cost=$$5&${work}", error);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].name, "v2");
  EXPECT_EQ(found[0].attribute, "url");
  EXPECT_EQ(found[1].name, "work");
  EXPECT_EQ(expand("${a.b}-$$-$c", [](const Reference& r) { return "<" + r.name + "|" + r.attribute + ">"; }),
            "<a|b>-$-$c");
}

TEST(Problems, AreOnePrintableLineEach) {
  const Problem problem{{nullptr, 3, 4}, "no check is called 'a\nb\x1B[2J\xE2\x80\xAE' \\n"};
  EXPECT_EQ(problem.to_string(), "plan:3:4: no check is called 'a\\nb\\x1B[2J\\xE2\\x80\\xAE' \\n");
  EXPECT_LT((Problem{{}, std::string(1u << 20, 'x')}.to_string().size()), 1100u);
}

TEST(Problems, AreNotShownWithoutEnd) {
  Problems problems;
  for (int i = 1; i <= 205; ++i) problems.add({nullptr, i, 1}, "wrong");
  EXPECT_THAT(problems.to_string(), testing::EndsWith("plan:200:1: wrong\n… and 5 more"));
}

TEST(Suggestions, ComeOnlyFromNearNames) {
  EXPECT_EQ(nearest("comand", {"command", "needs"}), "command");
  EXPECT_EQ(nearest("xyz", {"command", "needs"}), "");
  EXPECT_EQ(suggestion("xyz", {"command", "needs"}), "; known: command, needs");
}

}  // namespace
}  // namespace sluice::plan
