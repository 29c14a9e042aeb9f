#pragma once
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/core/outcome.hpp"

namespace sluice::migration {

/// Something random on both sides that a comparison is run over, which knows by itself what must be found.
class RandomCase {
 public:
  virtual ~RandomCase() = default;

  /// Plants violations on the new side, at least one of which really changes something.
  virtual void corrupt() = 0;
  /// CREATE TABLE and INSERT for one side.
  virtual std::string sql(std::size_t side) = 0;
  /// Adds its tables, and what they need, to the parameters of the check.
  virtual void map(nlohmann::json& parameters) = 0;
  /// Whether a finding about this table (or id map) is about the case.
  virtual bool owns(const std::string& table) const = 0;
  /// What a comparison must say, as observed() writes it, sorted; after sql() of both sides.
  virtual std::vector<std::string> expected() const = 0;
  /// What it said: its findings but information, and its metrics by name. By default a line for each finding.
  virtual std::vector<std::string> observed(const std::vector<const Finding*>& findings,
                                            const std::map<std::string, double>& metrics) const;
};

/// "row-changed o7 id=7 c2".
std::string line_of(const Finding& finding);

}  // namespace sluice::migration
