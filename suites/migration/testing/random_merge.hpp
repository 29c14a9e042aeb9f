#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "harness/stores/store.hpp"
#include "suites/migration/testing/random_case.hpp"
#include "suites/migration/testing/random_value.hpp"

namespace sluice::migration {

/// Two or three tables that went into one, with a column that says where each row came from.
class RandomMerge final : public RandomCase {
 public:
  RandomMerge(std::uint64_t seed, std::uint64_t number, std::array<stores::Engine, 2> engines);

  void corrupt() override;
  std::string sql(std::size_t side) override;
  void map(nlohmann::json& parameters) override;
  bool owns(const std::string& table) const override;
  std::vector<std::string> expected() const override;

 private:
  struct OldRow {
    std::int64_t id = 0;
    Value text;
  };
  struct NewRow {
    std::int64_t surrogate = 0;
    Value origin;  ///< the source's number as a letter, "all" for a row that every source claims, or what none does
    std::int64_t id = 0;
    Value text;
  };
  static std::string letter(std::size_t source) { return std::string(1, static_cast<char>('a' + source)); }
  std::string old_name(std::size_t source) const;
  std::string new_name() const { return "n" + std::to_string(number_); }
  bool claims(std::size_t source, const NewRow& row) const;
  bool is_taken(const NewRow& row) const;
  void violate();

  RandomValues random_;
  std::uint64_t number_;
  std::vector<std::vector<OldRow>> sources_;
  std::vector<NewRow> merged_;
};

}  // namespace sluice::migration
