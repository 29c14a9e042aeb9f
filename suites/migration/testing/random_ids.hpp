#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/stores/store.hpp"
#include "suites/migration/testing/random_case.hpp"
#include "suites/migration/testing/random_value.hpp"

namespace sluice::migration {

/// Users whose ids a migration gave anew, and what refers to them: by a plain reference, within a composite key and in
/// rows without a key. The ids are mapped by a table or by the users' names.
class RandomIds final : public RandomCase {
 public:
  RandomIds(std::uint64_t seed, std::uint64_t number, std::array<stores::Engine, 2> engines);

  void corrupt() override;
  std::string sql(std::size_t side) override;
  void map(nlohmann::json& parameters) override;
  bool owns(const std::string& table) const override;
  std::vector<std::string> expected() const override;
  std::vector<std::string> observed(const std::vector<const Finding*>& findings,
                                    const std::map<std::string, double>& metrics) const override;

  /// Gives two old ids one new id, so that nothing can be compared: the check must fail for that alone.
  void merge_ids();

 private:
  struct User {
    std::string id;
    std::string slug;
    Value name;
  };
  struct Reference {
    std::int64_t number = 0;  ///< the post's id, the member's team
    std::optional<std::string> user;
    Value text;
  };
  struct Side {
    std::vector<User> users;
    std::vector<Reference> posts;    ///< keyed by number
    std::vector<Reference> members;  ///< keyed by number and user
    std::vector<Reference> notes;    ///< without a key; told apart by number
  };
  using Ids = std::map<std::string, std::string>;
  std::string table(std::size_t side, const char* what) const;
  std::string map_name() const { return "map" + std::to_string(number_); }
  std::string new_id(std::size_t index);
  Ids ids() const;
  void violate();
  void violate_users();
  void violate_references();
  void expect_users(const Ids& ids, std::vector<std::string>& lines) const;
  void expect_posts(const Ids& ids, std::vector<std::string>& lines) const;
  void expect_members(const Ids& ids, std::vector<std::string>& lines) const;
  void expect_notes(const Ids& ids, std::vector<std::string>& lines) const;

  RandomValues random_;
  std::uint64_t number_;
  bool by_table_;
  bool text_ids_;  ///< of the old side
  bool uuids_;     ///< of the new side
  std::array<stores::Engine, 2> engines_;
  std::vector<std::pair<std::string, std::string>> pairs_;
  std::array<Side, 2> sides_;
};

}  // namespace sluice::migration
