#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "harness/stores/sql_session.hpp"

namespace sluice::stores {

std::unique_ptr<SqlSession> open_postgres_sql_session(const std::string& url, const StoreOptions& options);
std::unique_ptr<SqlSession> open_sqlite_sql_session(const std::filesystem::path& path, const StoreOptions& options);

/// Counts the bytes of kept cells against SqlLimits::bytes and refuses more.
class ByteBudget {
 public:
  ByteBudget(std::string name, std::string doing, std::size_t limit);
  void take(const OwnedRow& row);

 private:
  std::string name_, doing_;
  std::size_t limit_;
  std::size_t used_ = 0;
};

/// Throws InputError for a statement that would begin or end a transaction.
void refuse_transaction_control(std::string_view sql, const std::string& name, const std::string& doing);

}  // namespace sluice::stores
