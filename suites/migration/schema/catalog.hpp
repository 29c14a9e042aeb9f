#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/stores/sql_session.hpp"

namespace sluice::migration {

/// One thing that a schema is made of. Constraints and indexes are named by what they do, "foreign key (user_id) ->
/// users (id)", as their own names differ between engines and tools.
struct CatalogObject {
  std::string kind;   ///< one of catalog_kinds()
  std::string table;  ///< the table it belongs to; empty for a table itself and for what belongs to none
  std::string name;   ///< with its schema where that is not public: "captures", "audit.log"
  std::map<std::string, std::string> properties;  ///< what is compared
  std::map<std::string, std::string> notes;       ///< what is judged by itself: validated, valid, populated, …

  std::optional<std::string> property(const std::string& property) const {
    const auto found = properties.find(property);
    return found == properties.end() ? std::nullopt : std::optional(found->second);
  }
  /// "captures.id", "captures": without the kind.
  std::string path() const { return table.empty() ? name : table + "." + name; }
  /// "column captures.id".
  std::string id() const { return kind + " " + path(); }
};

/// Every kind of object that a catalog may hold, of either engine.
const std::vector<std::string>& catalog_kinds();

/// A sequence and the column that takes its values.
struct SequenceState {
  std::string column;  ///< "captures.id"
  std::string sequence;
  std::string next;     ///< the value that it would give now
  std::string highest;  ///< the highest value in the column; "NULL" for an empty table
  bool behind = false;
  bool exhausted = false;  ///< it has given its last value and does not start anew: the next insert fails
  bool near_end = false;   ///< more than 90% of what the column or the sequence can hold is used up
  std::string show;        ///< SQL that shows it
};

/// Whether rows refer to rows that are not there.
struct ReferenceState {
  std::string reference;  ///< "capture_concepts.capture_id -> captures.id"
  bool declared = false;  ///< a foreign key of the schema, else one of the plan's
  std::uint64_t orphans = 0;
  std::vector<std::string> sample;
  std::string show;
  std::string unusable = {};  ///< why no row can be written under it: what it refers to is missing, or no key; or empty
};

/// A view that cannot be read, or a table that cannot be written, any more: a view or a trigger names what is gone.
struct BrokenStatement {
  std::string rule;    ///< view-broken, write-broken; statement-not-judged: it needs what only the application has
  std::string object;  ///< "view recent", "table captures"
  std::string what;    ///< "cannot be read", "takes no INSERT (its triggers: count_up)"
  std::string error;   ///< the store's
  std::string show;    ///< SQL that shows it
};

/// A collation whose library changed since what it sorted was sorted.
struct CollationState {
  std::string name;
  std::string recorded, actual;  ///< versions
};

/// Everything a check reads of one store.
struct Catalog {
  stores::Engine engine = stores::Engine::postgres;
  std::map<std::string, CatalogObject> objects;  ///< by id()
  std::vector<SequenceState> sequences;
  std::vector<std::pair<std::string, std::string>>
      unjudged_sequences;  ///< column, sequence that its default computes of
  std::vector<ReferenceState> references;
  std::vector<CollationState> collations;
  std::vector<BrokenStatement> broken;  ///< SQLite: PostgreSQL keeps what a view needs
  std::optional<std::uint64_t> large_objects;

  /// Adds an object; a second one of the same id gets " #2" at its name.
  void add(CatalogObject object);
  std::uint64_t count(const std::string& kind) const;
};

/// What to read beside the definitions.
struct CatalogRequest {
  std::vector<std::string> schemas;               ///< PostgreSQL; empty: all of the user's
  std::map<std::string, std::string> references;  ///< "child.column" -> "parent.column": not declared in the schema
  bool foreign_keys = true;                       ///< look for orphans of declared foreign keys too
  std::size_t sample = 5;                         ///< orphans kept of each reference
  /// PostgreSQL: names are without a schema where the session's search_path finds them, as a side without schemas is
  /// what they are compared with; else in schema public alone, whatever a role or a database has set.
  bool names_of_session = false;
};

/// Reads a store's catalog inside the session's running transaction.
Catalog read_catalog(stores::SqlSession& session, const CatalogRequest& request);
Catalog read_postgres_catalog(stores::SqlSession& session, const CatalogRequest& request);
Catalog read_sqlite_catalog(stores::SqlSession& session, const CatalogRequest& request);

/// Whether a reference of several columns may be NULL in some of them: simple, it then refers to nothing; full, no.
enum class Match : std::uint8_t { simple, full };

/// Counts rows of `child` without a partner in `parent`; all names are quoted. `columns` are pairs child, parent.
ReferenceState read_reference(stores::SqlSession& session, const std::string& child, const std::string& parent,
                              const std::vector<std::pair<std::string, std::string>>& columns,
                              const std::string& reference, bool declared, std::size_t sample,
                              Match match = Match::simple);

/// A snapshot as text, one object a line, in JSON: {"sluice_schema": 1, "engine": "PostgreSQL", "objects": [{"kind":
/// "column", "table": "captures", "name": "id", "properties": {"type": "bigint", "nullable": "false"}}, …]}.
std::string write_snapshot(const Catalog& catalog);
/// Reads a snapshot in JSON or YAML; `shown` is how messages call the file. Throws InputError with place and reason.
Catalog read_snapshot(const std::string& text, const std::string& shown);

}  // namespace sluice::migration
