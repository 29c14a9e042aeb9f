#pragma once
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/stores/digest.hpp"
#include "harness/stores/store.hpp"
#include "suites/migration/testing/memory_cursor.hpp"

namespace sluice::migration::testing {

/// A store of one table in memory; what it answers to a scan of single keys is up to the test.
class MemoryStore final : public stores::Store {
 public:
  explicit MemoryStore(std::vector<stores::OwnedRow> rows) : rows_(std::move(rows)), again_(rows_) {}
  void answer_again_with(std::vector<stores::OwnedRow> rows) { again_ = std::move(rows); }
  /// Of every scan so far: how many keys it was limited to; 0 for a scan of all rows.
  const std::vector<std::size_t>& scans() const { return scans_; }

  const std::string& name() const override { return name_; }
  std::vector<std::string> tables() override { return {"t"}; }
  std::vector<stores::TableName> base_tables() override { return {{.name = "t", .qualified = "t"}}; }
  stores::TableDescription describe(const std::string&) override {
    return {.name = "t",
            .sql_name = "\"t\"",
            .columns = {{.name = "id", .type = stores::ComparisonType::integer},
                        {.name = "s", .type = stores::ComparisonType::text}},
            .primary_key = {"id"},
            .unique_keys = {{"id"}}};
  }
  void begin_snapshot() override {}
  void end_snapshot() override {}
  std::unique_ptr<stores::RowCursor> scan(const stores::ScanSpec& spec) override {
    scans_.push_back(spec.only.size());
    return std::make_unique<MemoryCursor>(spec.only.empty() ? rows_ : again_);
  }
  std::string select_row(const stores::ScanSpec&, const stores::OwnedRow&) const override { return "SELECT 1;"; }
  stores::Engine engine() const override { return stores::Engine::sqlite; }
  std::vector<stores::BucketDigest> digest(const stores::DigestSpec&) override { return {}; }
  std::optional<stores::KeyRange> key_range(const stores::ScanSpec&) override { return std::nullopt; }
  bool has_rows(const stores::ScanSpec&, std::uint64_t) override { return true; }
  std::string probe_hashes() override { return "it has none"; }

 private:
  std::string name_ = "memory";
  std::vector<stores::OwnedRow> rows_;
  std::vector<stores::OwnedRow> again_;
  std::vector<std::size_t> scans_;
};

}  // namespace sluice::migration::testing
