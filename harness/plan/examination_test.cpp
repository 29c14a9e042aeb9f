#include "harness/plan/examination.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/plan/loader.hpp"

namespace sluice::plan {
namespace {

using ::testing::HasSubstr;

void examine(const Parameters& parameters, ParameterProblems& problems) {
  for (const auto& [name, value] : parameters.value("zones").items()) {
    if (value == "Mars") problems.add({"zones", name}, "there is no such zone");
  }
  if (parameters.has("steps")) {
    for (std::size_t i = 0; i < parameters.value("steps").size(); ++i) {
      problems.guard({"steps", std::to_string(i), "to"}, [&] {
        if (parameters.value("steps").at(i).at("to") == "") throw InputError("leads nowhere");
      });
    }
  }
  if (parameters.integer("least") > parameters.integer("most")) problems.add({"most"}, "is below `least`");
}

CheckKind kind() {
  const ParameterSpec to{.name = "to", .doc = "where"};
  const ParameterSpec action{.name = "after", .doc = "an action", .names = Names::action};
  return {.name = "test.any",
          .proves = "it",
          .cannot_prove = "more",
          .parameters =
              {{.name = "action", .doc = "an action that is started", .names = Names::command},
               {.name = "snapshot", .doc = "a file", .names = Names::file},
               {.name = "zones", .type = ParameterType::map, .default_text = "{}", .item = {{.name = "z"}}},
               {.name = "steps",
                .type = ParameterType::list,
                .item = {{.name = "step", .type = ParameterType::record, .fields = {to, action}, .shorthand = "to"}},
                .shorthand = "step"},
               {.name = "least", .type = ParameterType::integer, .default_text = "1"},
               {.name = "most", .type = ParameterType::integer, .default_text = "5"}},
          .make = {},
          .examine = examine};
}

// Line 6, from column 24 on, holds the parameters.
std::string problems_of(const std::string& parameters) {
  const std::string text =
      "sluice: 1\nname: x\nservices: { pg: { kind: postgres } }\n"
      "actions: { migrate: { command: [true] }, again: { restart: pg } }\nchecks:\n  c: { kind: test.any, " +
      parameters + " }\nphases: [ { name: p, after: [c] } ]\n";
  try {
    parse_plan(text, "/plan.yaml", {kind()});
  } catch (const PlanError& error) {
    return error.what();
  }
  return "";
}

TEST(Examination, LooksUpTheActionsThatACheckNames) {
  EXPECT_EQ(problems_of("action: migrate, steps: [{ to: x, after: again }]"), "");
  EXPECT_EQ(problems_of("action: migrat"),
            "/plan.yaml:6:32: checks 'c', action: no action is called 'migrat'; did you mean 'migrate'?");
  EXPECT_EQ(problems_of("action: again"),
            "/plan.yaml:6:32: checks 'c', action: action 'again' is no command; a check can only start commands");
  EXPECT_EQ(problems_of("steps: [{ to: x, after: agian }]"),
            "/plan.yaml:6:48: checks 'c', steps, after: no action is called 'agian'; did you mean 'again'?");
}

TEST(Examination, LooksForTheFilesThatACheckNames) {
  EXPECT_EQ(problems_of("snapshot: proc"), "");
  EXPECT_EQ(problems_of("snapshot: no-file.json"),
            "/plan.yaml:6:34: checks 'c', snapshot: there is no file /no-file.json");
}

TEST(Examination, PutsWhatAKindSaysWhereItIsWritten) {
  EXPECT_EQ(problems_of("zones: { a: UTC, b: Mars }"), "/plan.yaml:6:44: checks 'c', zones 'b': there is no such zone");
  EXPECT_EQ(problems_of("steps: [{ to: a }, { to: \"\" }]"), "/plan.yaml:6:49: checks 'c', steps, to: leads nowhere");
  EXPECT_EQ(problems_of("steps: \"\""), "/plan.yaml:6:31: checks 'c', steps, to: leads nowhere");
  EXPECT_EQ(problems_of("least: 9"), "/plan.yaml:6:6: checks 'c', most: is below `least`");
}

TEST(Examination, ReportsAllMistakesTogether) {
  EXPECT_EQ(problems_of("action: x, zones: { a: Mars, b: Mars }, least: 9, snapshot: x"),
            "/plan.yaml:6:6: checks 'c', most: is below `least`\n"
            "/plan.yaml:6:32: checks 'c', action: no action is called 'x'; known: migrate\n"
            "/plan.yaml:6:47: checks 'c', zones 'a': there is no such zone\n"
            "/plan.yaml:6:56: checks 'c', zones 'b': there is no such zone\n"
            "/plan.yaml:6:84: checks 'c', snapshot: there is no file /x");
}

TEST(Examination, LeavesMistakesOfFormToTheLoader) {
  EXPECT_THAT(problems_of("zones: { a: Mars }, least: many"), Not(HasSubstr("no such zone")));
}

TEST(Examination, SaysNothingOfTextsThatAreFilledInLater) {
  setenv("SLUICE_TEST_ZONE", "UTC", 1);
  const std::string later = "\"${env.SLUICE_TEST_ZONE}\"";
  EXPECT_EQ(problems_of("action: " + later + ", snapshot: " + later + ", zones: { a: " + later + " }"), "");
}

}  // namespace
}  // namespace sluice::plan
