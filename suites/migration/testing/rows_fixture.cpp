#include "suites/migration/testing/rows_fixture.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "suites/migration/rows/rows.hpp"

namespace sluice::migration {
namespace {

std::string copy_field(const std::optional<std::string>& value) {
  if (!value) return "\\N";
  std::string field;
  for (const char c : *value) {
    if (c == '\\')
      field += "\\\\";
    else if (c == '\n')
      field += "\\n";
    else if (c == '\t')
      field += "\\t";
    else
      field += c;
  }
  return field;
}

}  // namespace

std::unique_ptr<testing::PostgresCluster> RowsFixture::cluster_;
int RowsFixture::databases_ = 0;

void RowsFixture::SetUpTestSuite() { cluster_ = std::make_unique<testing::PostgresCluster>(); }
void RowsFixture::TearDownTestSuite() { cluster_.reset(); }

void RowsFixture::SetUp() {
  database_ = "test" + std::to_string(++databases_);
  cluster().execute("CREATE DATABASE " + database_);
  context_ = testing::make_context(folder_, "rows");
  context_.reproduce = "sluice run plan.yaml --check rows --seed 1";
  context_.stores = {{"old", old_.url()}, {"new", new_url()}};
}

void RowsFixture::copy(const std::string& table, const std::function<bool(CopiedRow&)>& change) {
  sqlite3_stmt* handle = nullptr;
  const std::string sql = "SELECT * FROM " + table + " ORDER BY rowid";
  if (sqlite3_prepare_v2(old_.handle(), sql.c_str(), -1, &handle, nullptr) != SQLITE_OK) {
    throw std::runtime_error(sqlite3_errmsg(old_.handle()));
  }
  const std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> statement(handle, &sqlite3_finalize);
  std::string data, columns;
  while (sqlite3_step(handle) == SQLITE_ROW) {
    CopiedRow row;
    for (int i = 0; i < sqlite3_column_count(handle); ++i) {
      auto& value = row[sqlite3_column_name(handle, i)];
      if (const auto* text = sqlite3_column_text(handle, i)) {
        value.emplace(reinterpret_cast<const char*>(text), static_cast<std::size_t>(sqlite3_column_bytes(handle, i)));
      }
    }
    if (change && !change(row)) continue;
    columns.clear();
    for (const auto& [name, value] : row) {
      data += (columns.empty() ? "" : "\t") + copy_field(value);
      columns += (columns.empty() ? "" : ", ") + name;
    }
    data += '\n';
  }
  if (!data.empty()) cluster().copy_in(table + " (" + columns + ")", data, database_);
}

Outcome RowsFixture::compare_both_ways(const std::string& parameters) {
  auto given = nlohmann::json::parse(parameters);
  given["strategy"] = "merge";
  const Outcome merged = compare(given.dump());
  given["strategy"] = "hash";
  const Outcome hashed = compare(given.dump());
  EXPECT_EQ(hashed.verdict, merged.verdict) << hashed.reason << " / " << merged.reason;
  EXPECT_EQ(lines(hashed), lines(merged));
  EXPECT_EQ(hashed.findings_total, merged.findings_total);
  EXPECT_EQ(hashed.metrics.size(), merged.metrics.size());
  for (std::size_t i = 0; i < std::min(hashed.metrics.size(), merged.metrics.size()); ++i) {
    EXPECT_EQ(hashed.metrics[i].value, merged.metrics[i].value) << hashed.metrics[i].name;
  }
  EXPECT_TRUE(!hashed.control || hashed.control->caught) << hashed.control->observed;
  return hashed;
}

Outcome RowsFixture::compare(const std::string& parameters) {
  const CheckKind kind = rows_kind();
  const auto check = kind.make(testing::make_parameters(kind, parameters));
  return testing::run_check(*check, context_);
}

std::vector<std::string> lines(const Outcome& outcome) {
  std::vector<std::string> all;
  for (const auto& finding : outcome.findings) {
    if (finding.severity == Severity::info) continue;
    std::string line = finding.rule;
    for (const auto& [name, value] : finding.where) line += " " + value;
    all.push_back(std::move(line));
  }
  return all;
}

double metric(const Outcome& outcome, const std::string& name) {
  const auto found = std::find_if(outcome.metrics.begin(), outcome.metrics.end(),
                                  [&](const Metric& entry) { return entry.name == name; });
  EXPECT_NE(found, outcome.metrics.end()) << "no metric " << name;
  return found == outcome.metrics.end() ? -1 : found->value;
}

void expect_findings(const Outcome& outcome, const std::vector<std::string>& expected) {
  EXPECT_EQ(outcome.verdict, Verdict::failed) << outcome.reason;
  EXPECT_THAT(lines(outcome), ::testing::UnorderedElementsAreArray(expected));
  for (const auto& finding : outcome.findings) {
    EXPECT_THAT(finding.reproduce, ::testing::HasSubstr("sluice run plan.yaml")) << finding.rule;
    EXPECT_FALSE(finding.summary.empty());
  }
}

void expect_earned_pass(const Outcome& outcome) {
  EXPECT_EQ(outcome.verdict, Verdict::passed) << outcome.reason << ::testing::PrintToString(lines(outcome));
  ASSERT_TRUE(outcome.control.has_value());
  EXPECT_TRUE(outcome.control->caught) << outcome.control->planted << " -> " << outcome.control->observed;
}

}  // namespace sluice::migration
