#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/core/outcome.hpp"
#include "harness/core/parameters.hpp"
#include "harness/stores/sqlite_database.hpp"
#include "harness/stores/store.hpp"

namespace sluice::migration {

/// Which new id an old id became, for ids that the migration gave anew.
struct IdMapRequest {
  /// One table that says it: the new side's, or the old side's.
  struct Table {
    bool old_side = false;
    std::string table;
    std::string old_id;
    std::string new_id;
    std::string where;
  };
  /// Rows of both sides that are the same by other columns.
  struct Side {
    std::string table;
    std::string id;
    std::vector<std::string> by;
    std::string where;
  };
  std::string name;
  std::optional<Table> from_table = std::nullopt;
  Side old_side = {};
  Side new_side = {};
};

/// Reads the parameter `id_maps`. Throws InputError with everything that is wrong.
std::vector<IdMapRequest> id_map_requests(const Parameters& parameters);
/// Declares it.
ParameterSpec id_maps_parameter();

/// An id map, read once and kept on disk. For one thread.
class IdMap {
 public:
  /// Describes its tables. `work` is an existing folder. Throws InputError when a table or column is not there.
  IdMap(IdMapRequest request, stores::Store& old_store, stores::Store& new_store, const std::filesystem::path& work,
        const stores::StoreOptions& options);

  /// Reads it within the snapshots of the stores. Throws InputError when the columns of `by` repeat.
  void load(stores::Store& old_store, stores::Store& new_store);

  const std::string& name() const { return request_.name; }
  /// How the new ids are read.
  stores::ComparisonType new_type() const { return new_rule_.type; }
  /// The new id of an old one as the map's store wrote it; nullopt when the map has none, NULL for NULL.
  std::optional<stores::OwnedCell> new_of(const stores::RawCell& old_id) const;
  /// The old id of a new one, likewise.
  std::optional<stores::OwnedCell> old_of(const stores::RawCell& new_id) const;
  std::uint64_t pairs() const { return pairs_; }
  /// What keeps it from being one to one: an old id with two new ones, a new id of two old ones, NULL; at most
  /// `sample`.
  std::vector<Finding> problems(std::size_t sample, const std::string& reproduce) const;
  std::uint64_t problems_total() const { return problems_total_; }

 private:
  struct Ends;  ///< of a natural map: what is read of either side
  void describe_table(stores::Store& store);
  void describe_sides(stores::Store& old_store, stores::Store& new_store);
  void load_table(stores::Store& store);
  void load_sides(stores::Store& old_store, stores::Store& new_store);
  void add(const stores::RawCell& old_id, const stores::RawCell& new_id);
  void find_problems();
  std::optional<stores::OwnedCell> look_up(stores::SqliteStatement& statement, const stores::RawCell& id,
                                           const stores::ColumnRule& rule) const;

  IdMapRequest request_;
  std::unique_ptr<stores::SqliteDatabase> database_;
  stores::ScanSpec old_scan_;  ///< of the one table, or of the old side
  stores::ScanSpec new_scan_;
  stores::ColumnRule old_rule_;
  stores::ColumnRule new_rule_;
  std::unique_ptr<stores::SqliteStatement> insert_;
  mutable std::unique_ptr<stores::SqliteStatement> forward_;
  mutable std::unique_ptr<stores::SqliteStatement> backward_;
  std::uint64_t pairs_ = 0;
  std::uint64_t problems_total_ = 0;
};

}  // namespace sluice::migration
