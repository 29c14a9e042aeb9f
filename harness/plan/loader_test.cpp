#include "harness/plan/loader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::plan {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<CheckKind> some_kinds() {
  CheckKind rows{.name = "migration.rows", .proves = "rows are equal", .cannot_prove = "anything else"};
  rows.needs_stores = true;
  rows.parameters = {
      {.name = "old", .doc = "the old side's store", .default_text = "old"},
      {.name = "sample",
       .type = ParameterType::integer,
       .doc = "findings kept",
       .default_text = "20",
       .minimum = 1,
       .maximum = 1000},
      {.name = "within", .type = ParameterType::duration, .doc = "time allowed", .default_text = "10s"},
      {.name = "tables",
       .type = ParameterType::map,
       .doc = "tables",
       .required = true,
       .item = {
           {.name = "", .type = ParameterType::record, .fields = {{.name = "to", .doc = "table of the new side"}}}}}};
  return {rows};
}

constexpr const char* good_plan = R"(sluice: 1
name: a to b
services:
  postgres: { kind: postgres, databases: [voice] }
  v2:
    kind: process
    command: ["${bin}/v2", "--listen", "${self.address}", "--db", "${postgres.url}/voice"]
    ready: { http: /health, within: 3s }
stores: { old: "sqlite:${work}/a.db", new: "${postgres.url}/voice" }
actions:
  migrate: { command: [./migrate.sh], timeout: 5m }
checks:
  captures-equal: { kind: migration.rows, tables: { captures: { to: captures2 } } }
phases:
  - { name: data, enter: [migrate], after: captures-equal }
  - { name: cutover, needs: [data], after: [captures-equal], gate: { require: "migration.*" } }
)";

Plan parsed(const std::string& text) { return parse_plan(text, "plan.yaml", some_kinds()); }

std::string problems_of(const std::string& text);

std::string plan_in_place(const std::string& stores, const std::string& phase) {
  return "sluice: 1\nname: in place\nstores: " + stores +
         "\nactions: { migrate: { command: [./migrate.sh] } }\n"
         "checks: { same: { kind: migration.rows, old: before, tables: { t: {} } } }\nphases: [ " +
         phase + " ]\n";
}

TEST(Plan, ClonesAStoreForWhatMustNotChangeInPlace) {
  const Plan plan = parsed(plan_in_place("{ new: \"sqlite:a.db\", before: { clone: new, patience: 2s } }",
                                         "{ name: p, enter: [migrate], after: [same] }"));
  ASSERT_TRUE(plan.before.has_value());
  EXPECT_EQ(plan.before->side, "new");
  EXPECT_EQ(plan.before->sessions, "wait");
  EXPECT_EQ(plan.before->patience, std::chrono::seconds(2));
  EXPECT_EQ(plan.stores.size(), 1u);
  EXPECT_TRUE(compares_with_before(plan.checks.at(0)));
}

TEST(Plan, RefusesACloneThatCouldNotBeTaken) {
  const std::string entered = "{ name: p, enter: [migrate], after: [same] }";
  const std::string cloned = "{ new: \"sqlite:a.db\", before: { clone: new } }";
  EXPECT_THAT(problems_of(plan_in_place("{ new: \"sqlite:a.db\" }", entered)), HasSubstr("`before: { clone: new }`"));
  EXPECT_THAT(problems_of(plan_in_place("{ new: \"sqlite:a.db\", before: { clone: old } }", entered)),
              HasSubstr("`stores:` has no 'old' to clone"));
  EXPECT_THAT(problems_of(plan_in_place(cloned, "{ name: p, enter: [migrate], before: [same] }")),
              HasSubstr("move it to `during` or `after`"));
  EXPECT_THAT(problems_of(plan_in_place(cloned, "{ name: p, after: [same] }")), HasSubstr("this phase enters none"));
}

std::string problems_of(const std::string& text) {
  try {
    parsed(text);
  } catch (const PlanError& error) {
    return error.what();
  }
  return "";
}

std::string with(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Loader, ReadsAWholePlanWithItsDefaults) {
  const Plan plan = parsed(good_plan);
  EXPECT_EQ(plan.name, "a to b");
  ASSERT_EQ(plan.checks.size(), 1u);
  EXPECT_EQ(plan.checks[0].parameters.integer("sample"), 20);
  EXPECT_EQ(plan.checks[0].parameters.duration("within"), std::chrono::seconds(10));
  EXPECT_EQ(plan.service("v2")->parameters.record("ready").duration("within"), std::chrono::seconds(3));
  EXPECT_EQ(plan.action("migrate")->timeout, std::chrono::minutes(5));
  EXPECT_FALSE(plan.action("migrate")->timeout_is_default);
  EXPECT_THAT(plan.phase("data")->after, ElementsAre("captures-equal"));
  EXPECT_THAT(plan.phase("data")->require, ElementsAre("all"));
}

TEST(Loader, InfersTheNeedsThatTextsImply) {
  EXPECT_THAT(parsed(good_plan).service("v2")->needs, ElementsAre("postgres"));
}

TEST(Loader, PutsAPhaseAfterWhatItNeeds) {
  const Plan plan = parsed(good_plan);
  std::vector<std::string> names;
  for (const auto* phase : phases_up_to(plan, "cutover")) names.push_back(phase->name);
  EXPECT_THAT(names, ElementsAre("data", "cutover"));
}

TEST(Loader, ReportsFiveMistakesAtOnceWithTheirPlaces) {
  std::string text = good_plan;
  text = with(text, "kind: postgres,", "kind: postgre,");
  text = with(text, "ready: { http: /health, within: 3s }", "ready: { http: /health, whithin: 3s }");
  text = with(text, "timeout: 5m", "timeout: 5");
  text = with(text, "enter: [migrate]", "enter: [migrat]");
  text = with(text, "needs: [data]", "needs: [dat]");
  EXPECT_EQ(problems_of(text),
            "plan.yaml:4:21: services 'postgres': unknown kind 'postgre'; did you mean 'postgres'?\n"
            "plan.yaml:8:29: services 'v2', ready: unknown key 'whithin'; did you mean 'within'?\n"
            "plan.yaml:11:48: actions 'migrate', timeout: expected a duration with its unit (250ms, 10s, 5m, 1h), "
            "found '5'\n"
            "plan.yaml:15:27: no action is called 'migrat'; did you mean 'migrate'?\n"
            "plan.yaml:16:30: no phase is called 'dat'; did you mean 'data'?");
}

TEST(Loader, RefusesAGateThatMatchesNothing) {
  EXPECT_THAT(problems_of(with(good_plan, "\"migration.*\"", "[load]")),
              HasSubstr("'load' matches none of its checks"));
}

TEST(Loader, RefusesAPhaseWithNoChecks) {
  EXPECT_THAT(problems_of(with(good_plan, ", after: captures-equal", "")), HasSubstr("phase 'data' has no checks"));
}

TEST(Loader, NamesTheCircleOfNeeds) {
  EXPECT_THAT(problems_of(with(good_plan, "name: data,", "name: data, needs: [cutover],")),
              HasSubstr("phase needs go in a circle: cutover -> data -> cutover"));
}

TEST(Loader, RefusesReferencesThatNothingCanFill) {
  EXPECT_THAT(problems_of(with(good_plan, "${postgres.url}/voice\"]", "${postgers.url}/voice\"]")),
              HasSubstr("no service is called 'postgers'; did you mean 'postgres'?"));
  EXPECT_THAT(problems_of(with(good_plan, "${self.address}", "${self.adress}")),
              HasSubstr("'self' has no 'adress'; did you mean 'address'?"));
  EXPECT_THAT(problems_of(with(good_plan, "${bin}/v2", "${bin/v2")), HasSubstr("never closed"));
  EXPECT_THAT(problems_of(with(good_plan, "./migrate.sh", "\"${env.SLUICE_TEST_UNSET}\"")),
              HasSubstr("SLUICE_TEST_UNSET is not set"));
}

TEST(Loader, AsksForTheSideThatACheckNeeds) {
  EXPECT_THAT(problems_of(with(good_plan, "stores: { old: \"sqlite:${work}/a.db\", new", "stores: { new")),
              AllOf(HasSubstr("`stores:` has no 'old'"), HasSubstr("with one database the same URL is both sides")));
}

TEST(Loader, RefusesValuesOutsideTheirBounds) {
  EXPECT_THAT(problems_of(with(good_plan, "tables: {", "sample: 0, tables: {")),
              HasSubstr("'0' is below the least allowed, 1"));
}

TEST(Loader, RefusesNamesThatCouldLeaveTheRunsFolders) {
  EXPECT_THAT(problems_of(with(good_plan, "  captures-equal: {", "  ../victim: {")),
              HasSubstr("check '../victim': a name is"));
  EXPECT_THAT(problems_of(with(good_plan, "name: data,", "name: \"\",")), HasSubstr("phase '': a name is"));
  EXPECT_THAT(problems_of(with(good_plan, "  v2:\n", "  v.2:\n")), HasSubstr("choose another name"));
}

TEST(Loader, RefusesSecretsOnACommandLine) {
  setenv("SLUICE_TEST_SECRET", "hunter2", 1);
  EXPECT_THAT(problems_of(with(good_plan, "[./migrate.sh]", "[./migrate.sh, \"${secret.SLUICE_TEST_SECRET}\"]")),
              HasSubstr("would stand in the process list"));
  EXPECT_EQ(problems_of(with(good_plan, "timeout: 5m", "env: { P: \"${secret.SLUICE_TEST_SECRET}\" }")), "");
}

TEST(Loader, RefusesSecretsOnTheCommandLineThatAsksWhetherAServiceIsReady) {
  setenv("SLUICE_TEST_SECRET", "hunter2", 1);
  EXPECT_THAT(problems_of(with(good_plan, "ready: { http: /health, within: 3s }",
                               "ready: { command: [probe, \"${secret.SLUICE_TEST_SECRET}\"] }")),
              ::testing::ContainsRegex("plan.yaml:[0-9]+:[0-9]+: .*would stand in the process list"));
}

TEST(Loader, RefusesADurableClusterInMemory) {
  EXPECT_THAT(problems_of(with(good_plan, "{ kind: postgres,", "{ kind: postgres, durable: true, storage: memory,")),
              HasSubstr("is durable, and memory is not"));
}

TEST(Loader, RefusesATextThatProgramsWouldCutOff) {
  EXPECT_THAT(problems_of(with(good_plan, "[./migrate.sh]", "[\"./a\\0b\"]")), HasSubstr("holds a NUL byte"));
}

TEST(Loader, TellsATimeoutThatNobodyWrote) {
  const Plan plan = parse_plan(with(good_plan, ", timeout: 5m", ""), "plan.yaml", some_kinds());
  EXPECT_EQ(plan.action("migrate")->timeout, std::chrono::minutes(10));
  EXPECT_TRUE(plan.action("migrate")->timeout_is_default);
}

TEST(Loader, MergesAnOverlayOverThePlan) {
  Problems problems;
  const Node overlay = read_yaml("actions: { migrate: { env: { FAULT: drop } } }", "overlay.yaml", problems);
  const Plan plan = parse_plan(good_plan, "plan.yaml", some_kinds(), &overlay);
  EXPECT_EQ(plan.action("migrate")->environment.at("FAULT"), "drop");
  EXPECT_EQ(plan.action("migrate")->timeout, std::chrono::minutes(5));
}

TEST(Loader, SaysWhenThereIsNoPlan) {
  EXPECT_THROW(load_plan("/nonexistent/plan.yaml", some_kinds()), PlanError);
  EXPECT_THAT(problems_of(""), HasSubstr("a plan is a map"));
  EXPECT_THAT(problems_of("- 1"), HasSubstr("a plan is a map"));
}

// Circles are looked for from every service: a chain of 20,000 took minutes.
TEST(Loader, RefusesMoreThanAnyPlanHas) {
  std::string text = "sluice: 1\nname: x\nservices:\n";
  for (int i = 0; i < 20'000; ++i)
    text += "  s" + std::to_string(i) + ": { kind: process, command: [x], needs: s" + std::to_string(i + 1) + " }\n";
  EXPECT_THAT(problems_of(text), HasSubstr("plan.yaml:1:1: more than 1000 services, actions, checks or phases"));
}

}  // namespace
}  // namespace sluice::plan
