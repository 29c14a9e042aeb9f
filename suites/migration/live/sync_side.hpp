#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/core/check.hpp"
#include "harness/stores/sql_session.hpp"

namespace sluice::migration {

/// One thing that the check writes, with what its placeholders stand for.
struct SyncItem {
  std::string key;       ///< {key}: a word that nothing else has
  std::uint64_t id = 0;  ///< {id}: the same as a number
};

/// What a side holds of an item: its rows as text, their first column apart.
struct SyncState {
  std::optional<std::string> value;  ///< the first cell; nullopt when there is no row
  std::size_t rows = 0;
  std::string text;  ///< all cells, versions and times among them

  friend bool operator==(const SyncState&, const SyncState&) = default;
};

/// Writes statements that stay: unlike a SqlSession, each is a transaction that is committed.
class StoreWriter {
 public:
  virtual ~StoreWriter() = default;
  virtual void write(const std::string& sql, const std::string& doing) = 0;
};

/// One side of a two-way sync, through the plan's statements for it.
class SyncSide {
 public:
  /// Opens the side's store; `written` is the parameter of that name.
  SyncSide(const CheckContext& context, const Parameters& parameters, const std::string& name);

  void insert(const SyncItem& item, const std::string& value) { write("insert", item, value); }
  void update(const SyncItem& item, const std::string& value) { write("update", item, value); }
  void remove(const SyncItem& item) { write("delete", item, ""); }
  SyncState read(const SyncItem& item);
  /// What `changes` returns; empty where the plan has none.
  std::string changes();
  /// Equal for two sides that are one store, however their URLs are written; empty when the store cannot tell.
  std::string identity();
  /// A command line that reads the item.
  std::string shown(const SyncItem& item) const;
  const std::string& name() const { return name_; }

  static ParameterSpec parameter(const std::string& name);

 private:
  void write(const std::string& operation, const SyncItem& item, const std::string& value);

  std::string name_;
  Parameters statements_;
  std::unique_ptr<stores::SqlSession> reader_;
  std::filesystem::path file_;  // of SQLite
  std::unique_ptr<StoreWriter> writer_;
};

}  // namespace sluice::migration
