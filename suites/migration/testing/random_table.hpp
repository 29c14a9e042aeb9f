#pragma once
#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "suites/migration/testing/random_value.hpp"

namespace sluice::migration {

struct RandomColumn {
  std::array<std::string, 2> names;  ///< old, new
  std::array<std::string, 2> declared;
  ValueKind kind = ValueKind::integer;
  bool nullable = false;
};

/// One table on both sides: random columns, keys and rows, every value spelled as each side likes; the new side perhaps
/// with damage, of which the table knows by itself what a comparison must report.
class RandomTable {
 public:
  /// `number` names the table: "o7" on the old side, "n7" on the new one.
  RandomTable(std::uint64_t seed, std::uint64_t number, std::array<stores::Engine, 2> engines);

  /// Plants one to three violations of random kinds on the new side, at least one of which really changes something.
  void corrupt();
  /// CREATE TABLE and INSERT for one side.
  std::string sql(std::size_t side);
  /// How the plan maps it: name and record of the parameter `tables`.
  const std::string& name() const { return name_; }
  nlohmann::json mapping();
  /// The findings a comparison must give, as lines() writes them, sorted; after sql() of both sides.
  std::vector<std::string> expected() const;

 private:
  struct Row {
    std::vector<Value> cells;
    std::string shown_key;  ///< as the side stores it
    bool has_key_of(const Row& other, std::size_t key) const {
      return std::equal(cells.begin(), cells.begin() + static_cast<std::ptrdiff_t>(key), other.cells.begin());
    }
  };
  Row make_row();
  bool has_key(const std::vector<Row>& rows, const Row& row) const;
  Row* any_row();
  void violate();
  void alter_cell(Row& row);
  void swap_values(Row& left, Row& right);
  void replace_duplicates();
  void change_key(Row& row);
  void move_separator(Row& row);

  RandomValues random_;
  std::uint64_t number_;
  std::string name_;
  std::array<stores::Engine, 2> engines_;
  std::vector<RandomColumn> columns_;
  std::size_t key_ = 0;
  bool key_declared_ = true;
  std::array<std::vector<Row>, 2> rows_;
};

}  // namespace sluice::migration
