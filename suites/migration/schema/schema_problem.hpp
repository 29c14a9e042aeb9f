#pragma once
#include <optional>
#include <string>
#include <vector>

#include "harness/core/verdict.hpp"

namespace sluice::migration {

/// One thing that is wrong with a schema.
struct SchemaProblem {
  std::string rule;    ///< "constraint-not-validated", "column-missing", "type-differs", …
  std::string object;  ///< "constraint captures.primary key (id)"
  std::string summary;
  std::optional<std::string> expected, observed;
  std::string show;  ///< SQL or a psql command that shows it
  Severity severity = Severity::error;
};

/// The rule under which a comparison reports that a property differs: "type-differs", "nullability-differs".
std::string property_rule(const std::string& property);

/// Objects and problems that the plan accepts: "table migration_state", "index *_tmp", "sequence-behind *".
class SchemaExceptions {
 public:
  /// Each entry is a kind of object or a rule, a blank, and a glob over paths. Throws InputError for anything else, and
  /// for what is neither a kind nor a rule.
  explicit SchemaExceptions(const std::vector<std::string>& entries);
  /// Whether an object is left out, by its own entry or by its table's.
  bool leaves_out(const std::string& kind, const std::string& table, const std::string& path) const;
  /// Whether a problem is accepted: its rule, and its object's path.
  bool accepts(const std::string& rule, const std::string& path) const;

 private:
  struct Entry {
    std::string what, glob;
  };
  std::vector<Entry> entries_;
};

}  // namespace sluice::migration
