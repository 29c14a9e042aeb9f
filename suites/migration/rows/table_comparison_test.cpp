#include "suites/migration/rows/table_comparison.hpp"

#include <gmock/gmock.h>

#include <utility>

namespace sluice::migration {
namespace {

using stores::ComparisonType;
using stores::OwnedCell;
using stores::OwnedRow;
using stores::RawCell;

/// A store of one table in memory; what it answers to a scan of single keys is up to the test.
class MemoryStore final : public stores::Store {
 public:
  explicit MemoryStore(std::vector<OwnedRow> rows) : rows_(std::move(rows)), again_(rows_) {}
  void answer_again_with(std::vector<OwnedRow> rows) { again_ = std::move(rows); }

  const std::string& name() const override { return name_; }
  std::vector<std::string> tables() override { return {"t"}; }
  stores::TableDescription describe(const std::string&) override {
    return {.name = "t",
            .sql_name = "\"t\"",
            .columns = {{.name = "id", .type = ComparisonType::integer}, {.name = "s", .type = ComparisonType::text}},
            .primary_key = {"id"}};
  }
  void begin_snapshot() override {}
  void end_snapshot() override {}
  std::unique_ptr<stores::RowCursor> scan(const stores::ScanSpec& spec) override {
    return std::make_unique<Cursor>(spec.only.empty() ? rows_ : again_);
  }
  std::string select_row(const stores::ScanSpec&, const OwnedRow&) const override { return "SELECT 1;"; }
  stores::Engine engine() const override { return stores::Engine::sqlite; }
  std::vector<stores::BucketDigest> digest(const stores::DigestSpec&) override { return {}; }
  std::optional<stores::KeyRange> key_range(const stores::ScanSpec&) override { return std::nullopt; }
  bool has_rows(const stores::ScanSpec&, std::uint64_t) override { return true; }
  std::string probe_hashes() override { return "it has none"; }

 private:
  class Cursor final : public stores::RowCursor {
   public:
    explicit Cursor(const std::vector<OwnedRow>& rows) : rows_(rows) {}
    bool next(stores::RawRow& row) override {
      if (position_ == rows_.size()) return false;
      row.clear();
      for (const auto& cell : rows_[position_]) row.push_back(cell.view());
      ++position_;
      return true;
    }

   private:
    const std::vector<OwnedRow>& rows_;
    std::size_t position_ = 0;
  };

  std::string name_ = "memory";
  std::vector<OwnedRow> rows_;
  std::vector<OwnedRow> again_;
};

std::vector<OwnedRow> three_rows() {
  std::vector<OwnedRow> rows;
  for (const std::int64_t id : {1, 2, 3}) {
    rows.push_back({OwnedCell(RawCell::of_integer(id)), OwnedCell(RawCell::of_text("text"))});
  }
  return rows;
}

class Controls : public ::testing::Test {
 protected:
  PlantedResult plant() {
    const TableMapping mapping =
        map_table({.old_table = "t", .new_table = "t"}, old_store_.describe("t"), new_store_.describe("t"));
    const TableResult clean = compare_table(old_store_, new_store_, mapping, options_);
    EXPECT_EQ(clean.totals.matched, clean.totals.old_rows);
    return plant_violations(old_store_, new_store_, clean, options_);
  }
  MemoryStore old_store_{three_rows()};
  MemoryStore new_store_{three_rows()};
  ComparisonOptions options_{.reproduce = "sluice run plan.yaml", .seed = 7};
};

TEST_F(Controls, AreCaughtOnSoundSides) {
  const PlantedResult result = plant();
  EXPECT_TRUE(result.caught) << result.observed;
  EXPECT_THAT(result.planted,
              ::testing::AllOf(::testing::HasSubstr("s of one row of t altered"), ::testing::HasSubstr("dropped")));
}

TEST_F(Controls, AreNotCaughtWhenTheRowsCannotBeReadAgain) {
  new_store_.answer_again_with({});
  const PlantedResult result = plant();
  EXPECT_FALSE(result.caught);
  EXPECT_THAT(result.observed, ::testing::HasSubstr("could not be read again"));
}

TEST_F(Controls, AreNotCaughtWhenSomethingElseDiffersAsWell) {
  auto other = three_rows();
  for (auto& row : other) row[1].bytes = "something else";
  new_store_.answer_again_with(std::move(other));
  EXPECT_FALSE(plant().caught);
}

}  // namespace
}  // namespace sluice::migration
