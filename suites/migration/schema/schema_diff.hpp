#pragma once
#include <optional>
#include <string>
#include <vector>

#include "suites/migration/schema/catalog.hpp"
#include "suites/migration/schema/schema_problem.hpp"

namespace sluice::migration {

/// One difference that the plan declares to be right.
struct SchemaChange {
  enum class What { renamed, added, dropped, changed };
  What what = What::added;
  std::string object;             ///< "column captures.text"; a glob for added and dropped
  std::string property;           ///< changed: "type", "nullable", …
  std::optional<std::string> to;  ///< renamed: the new bare name; changed: the new value, nullopt for none
};

/// Compares what should be there with what is there. Between two engines only what both can say is compared: tables,
/// columns (their types by whether both can be read as one), primary, unique and foreign keys, and plain indexes; names
/// without regard to ASCII case; and from SQLite to PostgreSQL what lost_promises() says, and keys that took A and a for
/// one. Within one engine also the order of columns, which snapshots do not tell.
class SchemaComparison {
 public:
  /// Applies `changes` to `expected`. Throws InputError for a change whose object is not there to be changed.
  SchemaComparison(Catalog expected, const std::vector<SchemaChange>& changes, SchemaExceptions exceptions,
                   bool extras_allowed);

  std::vector<SchemaProblem> compare(const Catalog& actual) const;
  /// The objects of `actual` that have a counterpart they are compared with, named as problems name them.
  Catalog counterparts(const Catalog& actual) const;
  /// How many objects of each kind and side are not compared, as the sides are of two engines; empty when all are.
  std::string left_out(const Catalog& actual) const;
  /// Objects that were expected after all changes.
  std::uint64_t expected_objects() const { return expected_.objects.size(); }

 private:
  bool is_compared(const CatalogObject& object, bool between_engines) const;
  bool is_declared_addition(const CatalogObject& object) const;
  void compare_object(const CatalogObject& expected, const CatalogObject& actual, bool between_engines,
                      std::vector<SchemaProblem>& problems) const;

  Catalog expected_;
  std::vector<SchemaChange> additions_;
  SchemaExceptions exceptions_;
  bool extras_allowed_;
};

}  // namespace sluice::migration
