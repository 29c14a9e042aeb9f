#include "suites/migration/testing/side_fixture.hpp"

namespace sluice::migration {

std::unique_ptr<testing::PostgresCluster> SideFixture::cluster_;
int SideFixture::databases_ = 0;

void SideFixture::SetUpTestSuite() { cluster_ = std::make_unique<testing::PostgresCluster>(); }
void SideFixture::TearDownTestSuite() { cluster_.reset(); }

void SideFixture::SetUp() {
  database_ = "test" + std::to_string(++databases_);
  cluster().execute("CREATE DATABASE " + database_);
  context_ = testing::make_context(folder_, "sides");
  context_.stores = {{"old", old_.url()}, {"new", new_url()}};
}

std::string SideFixture::new_url_as(const std::string& role) const {
  std::string url = new_url();
  return url.replace(url.find("sluice@"), 7, role + "@");
}

Outcome SideFixture::run(const CheckKind& kind, const std::string& parameters) {
  const auto check = kind.make(testing::make_parameters(kind, parameters));
  return testing::run_check(*check, context_);
}

std::string SideFixture::run_error(const CheckKind& kind, const std::string& parameters) {
  try {
    run(kind, parameters);
  } catch (const std::exception& error) {
    return error.what();
  }
  return "no exception";
}

std::vector<std::string> finding_lines(const Outcome& outcome) {
  std::vector<std::string> all;
  for (const auto& finding : outcome.findings) {
    if (finding.severity == Severity::info) continue;
    std::string line = finding.rule;
    for (const auto& [name, value] : finding.where) line += " " + value;
    all.push_back(std::move(line));
  }
  return all;
}

void expect_found(const Outcome& outcome, const std::vector<std::string>& expected) {
  EXPECT_EQ(outcome.verdict, Verdict::failed) << outcome.reason;
  EXPECT_THAT(finding_lines(outcome), ::testing::UnorderedElementsAreArray(expected));
  for (const auto& finding : outcome.findings) {
    EXPECT_THAT(finding.reproduce, ::testing::HasSubstr("sluice run plan.yaml")) << finding.rule;
    EXPECT_FALSE(finding.summary.empty());
  }
}

void expect_proven_pass(const Outcome& outcome) {
  EXPECT_EQ(outcome.verdict, Verdict::passed) << outcome.reason << ::testing::PrintToString(finding_lines(outcome));
  ASSERT_TRUE(outcome.control.has_value());
  EXPECT_TRUE(outcome.control->caught) << outcome.control->planted << " -> " << outcome.control->observed;
  ASSERT_FALSE(outcome.coverage.empty());
  EXPECT_GT(outcome.coverage.front().examined, 0u);
}

}  // namespace sluice::migration
