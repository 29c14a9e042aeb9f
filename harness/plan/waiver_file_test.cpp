#include "harness/plan/waiver_file.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "harness/plan/loader.hpp"

namespace sluice::plan {
namespace {

using ::testing::HasSubstr;

constexpr const char* plan_text = R"(sluice: 1
name: a to b
checks:
  rows: { kind: test.any }
waiver_files: [accepted.yaml]
waivers:
  - { check: rows, owner: Ada, reason: known, expires: 2026-12-31 }
phases:
  - { name: data, after: [rows] }
)";

class WaiverFile : public ::testing::Test {
 protected:
  WaiverFile() { std::filesystem::create_directories(folder_); }
  ~WaiverFile() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) const { std::ofstream(folder_ / name) << text; }
  Plan load(const std::string& text = plan_text) const {
    write("plan.yaml", text);
    return load_plan(folder_ / "plan.yaml", {CheckKind{.name = "test.any", .proves = "it", .cannot_prove = "more"}});
  }
  std::string problems(const std::string& accepted, const std::string& text = plan_text) const {
    write("accepted.yaml", accepted);
    try {
      load(text);
    } catch (const PlanError& error) {
      return error.what();
    }
    return "none";
  }
  static std::string with(std::string text, const std::string& from, const std::string& to) {
    return text.replace(text.find(from), from.size(), to);
  }

  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("waiver-file-" + std::to_string(::getpid()));
};

TEST_F(WaiverFile, AddsItsWaiversBehindThoseOfThePlanWithTheirOwnPlaces) {
  write("accepted.yaml",
        "# ours\n- check: ro*\n  rule: row-changed\n  where: { table: captures }\n  phase: data\n  owner: Grace\n"
        "  reason: blanks\n  expires: 2027-01-31\n  severity_ack: critical\n");
  const Plan plan = load();
  ASSERT_EQ(plan.waivers.size(), 2u);
  EXPECT_EQ(plan.waivers[0].owner, "Ada");
  EXPECT_EQ(plan.waivers[0].phase, "*");
  EXPECT_EQ(plan.waivers[0].rule, "*");
  const Waiver& added = plan.waivers[1];
  EXPECT_EQ(added.owner, "Grace");
  EXPECT_EQ(added.phase, "data");
  EXPECT_EQ(added.severity_ack, "critical");
  EXPECT_EQ(added.where.at(0), std::pair(std::string("table"), std::string("captures")));
  EXPECT_EQ(added.source, (folder_ / "accepted.yaml").string() + ":2:3");
  ASSERT_EQ(plan.waiver_files.size(), 1u);
  EXPECT_EQ(plan.waiver_files[0], folder_ / "accepted.yaml");
}

TEST_F(WaiverFile, IsEnoughWithoutAnyWaiverInThePlan) {
  write("accepted.yaml", "- { check: rows, owner: Grace, reason: blanks, expires: 2027-01-31 }\n");
  const auto text =
      with(plan_text, "waivers:\n  - { check: rows, owner: Ada, reason: known, expires: 2026-12-31 }\n", "");
  EXPECT_EQ(load(text).waivers.size(), 1u);
  EXPECT_EQ(load(with(text, "[accepted.yaml]", "accepted.yaml")).waivers.size(), 1u);
}

TEST_F(WaiverFile, GetsTheSameChecksAsThePlanAndNamesItsOwnPlaces) {
  const std::string said = problems(
      "- { check: rosw, owner: Grace, reason: blanks, expires: 2027-01-31 }\n"
      "- { check: rows, owner: ' ', reason: '', expires: 2026-02-30, phase: dat }\n"
      "- { check: rows, owner: Grace, resaon: blanks, expires: 2027-01-31 }\n");
  const std::string file = (folder_ / "accepted.yaml").string();
  for (const char* problem :
       {":1:12: this waiver's 'rosw' matches no check; did you mean 'rows'?", ":2:25: a waiver without owner",
        ":2:38: a waiver without reason", ":2:51: '2026-02-30' is no date",
        ":2:70: this waiver's 'dat' matches no phase; did you mean 'data'?", ":3:32: waivers: unknown key 'resaon'",
        ":3:3: waivers: 'reason' is missing"})
    EXPECT_THAT(said, HasSubstr(file + problem));
}

TEST_F(WaiverFile, MustBeThereAndBeAList) {
  EXPECT_THAT(problems("check: rows\n"), HasSubstr("accepted.yaml:1:1: expected a list of waivers, found a map"));
  EXPECT_THAT(problems(""), HasSubstr("accepted.yaml: expected a list of waivers, found nothing"));
  EXPECT_THAT(problems("- [\n"), HasSubstr("not YAML"));
  std::filesystem::remove(folder_ / "accepted.yaml");
  try {
    load();
    FAIL() << "accepted";
  } catch (const PlanError& error) {
    EXPECT_THAT(error.what(), HasSubstr("accepted.yaml: cannot be read: No such file or directory"));
  }
}

TEST_F(WaiverFile, IsBounded) {
  EXPECT_THAT(problems(std::string(5 << 20, '#')), HasSubstr("accepted.yaml: larger than"));
  std::string many;
  for (int i = 0; i < 1001; ++i) many += "- { check: rows, owner: Grace, reason: blanks, expires: 2027-01-31 }\n";
  EXPECT_THAT(problems(many), HasSubstr("above the most allowed, 1000 items"));
  std::string files = "[";
  for (int i = 0; i < 21; ++i) files += "accepted.yaml, ";
  EXPECT_THAT(problems("", with(plan_text, "[accepted.yaml]", files + "]")),
              HasSubstr("above the most allowed, 20 items"));
}

}  // namespace
}  // namespace sluice::plan
