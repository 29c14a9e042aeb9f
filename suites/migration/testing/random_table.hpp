#pragma once
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "suites/migration/testing/random_case.hpp"
#include "suites/migration/testing/random_tolerance.hpp"
#include "suites/migration/testing/random_value.hpp"

namespace sluice::migration {

struct RandomColumn {
  std::array<std::string, 2> names;  ///< old, new
  std::array<std::string, 2> declared;
  ValueKind kind = ValueKind::integer;
  bool nullable = false;
  std::optional<RandomTolerance> tolerance = std::nullopt;
};

/// What is special about a random table.
enum class TableShape : std::uint8_t {
  keyed,
  keyless,   ///< rows are counted; some are there several times
  tolerant,  ///< columns with tolerances, of which the new side makes use
};

/// One table on both sides: random columns, keys and rows, every value spelled as each side likes; the new side perhaps
/// with damage, of which the table knows by itself what a comparison must report.
class RandomTable final : public RandomCase {
 public:
  /// `number` names the table: "o7" on the old side, "n7" on the new one.
  RandomTable(std::uint64_t seed, std::uint64_t number, std::array<stores::Engine, 2> engines, TableShape shape);

  /// Plants one to three violations of random kinds.
  void corrupt() override;
  std::string sql(std::size_t side) override;
  void map(nlohmann::json& parameters) override;
  bool owns(const std::string& table) const override { return table == name_; }
  std::vector<std::string> expected() const override;
  std::vector<std::string> observed(const std::vector<const Finding*>& findings,
                                    const std::map<std::string, double>& metrics) const override;

 private:
  struct Row {
    std::vector<Value> cells;
    std::string shown_key;  ///< as the side stores it
    bool has_key_of(const Row& other, std::size_t key) const {
      return std::equal(cells.begin(), cells.begin() + static_cast<std::ptrdiff_t>(key), other.cells.begin());
    }
  };
  void make_columns();
  void make_rows();
  Row make_row();
  bool has_key(const std::vector<Row>& rows, const Row& row) const;
  bool equal(std::size_t column, const Value& left, const Value& right) const;
  bool has_surrogate() const { return shape_ == TableShape::keyless && key_declared_; }
  Row* any_row();
  void violate();
  void alter_cell(Row& row);
  void leave_tolerance(Row& row);
  void swap_values(Row& left, Row& right);
  void replace_duplicates();
  void replace_copies(const Row& row, const Row& by);
  void change_key(Row& row);
  void move_separator(Row& row);
  std::vector<std::string> expected_counts() const;

  RandomValues random_;
  std::uint64_t number_;
  std::string name_;
  std::array<stores::Engine, 2> engines_;
  TableShape shape_;
  std::vector<RandomColumn> columns_;
  std::size_t key_ = 0;
  bool key_declared_ = true;
  std::array<std::vector<Row>, 2> rows_;
};

}  // namespace sluice::migration
