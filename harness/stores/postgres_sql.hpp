#pragma once
#include <string>

#include "harness/stores/postgres_connection.hpp"

namespace sluice::stores {

/// The text by which PostgreSQL reads this cell back.
std::string postgres_text(const RawCell& cell);
/// "id" = '7'::bigint AND …: the row of this key.
std::string postgres_key_condition(const PostgresConnection& connection, const ScanSpec& spec, const OwnedRow& key);
/// Everything that limits the rows of a scan; empty when nothing does.
std::string postgres_condition(const PostgresConnection& connection, const ScanSpec& spec);

}  // namespace sluice::stores
