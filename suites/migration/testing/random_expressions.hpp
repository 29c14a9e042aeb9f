#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "harness/stores/store.hpp"
#include "suites/migration/testing/random_case.hpp"
#include "suites/migration/testing/random_value.hpp"

namespace sluice::migration {

/// One table whose columns were computed: constants added, texts joined and split, numbers shifted, NULLs replaced,
/// perhaps a key made of two columns.
class RandomExpressions final : public RandomCase {
 public:
  RandomExpressions(std::uint64_t seed, std::uint64_t number, std::array<stores::Engine, 2> engines);

  void corrupt() override;
  std::string sql(std::size_t side) override;
  void map(nlohmann::json& parameters) override;
  bool owns(const std::string& table) const override { return table == name_; }
  std::vector<std::string> expected() const override;

 private:
  enum class Kind : std::uint8_t { constant, joined, head, tail, shifted, filled, plain };
  struct Column {
    Kind kind = Kind::plain;
    std::string name;  ///< the entry of `expressions`, or the column
  };
  struct Row {
    std::string key;
    std::vector<Value> values;         ///< as compared
    std::vector<std::string> old_sql;  ///< the old side's cells, in the order of old_columns()
  };
  void add_columns();
  Row make_row(std::int64_t key);
  Value other_value(const Column& column, const Value& than);
  std::string text_literal(const Value& value);
  const Row* find(std::size_t side, const std::string& key) const;
  nlohmann::json expression_of(const Column& column) const;

  RandomValues random_;
  std::uint64_t number_;
  std::string name_;
  std::array<stores::Engine, 2> engines_;
  bool computed_key_;
  std::vector<Column> columns_;
  std::vector<std::string> old_columns_;  ///< with their types
  std::array<std::vector<Row>, 2> rows_;
};

}  // namespace sluice::migration
