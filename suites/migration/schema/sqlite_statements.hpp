#pragma once
#include <vector>

#include "suites/migration/schema/catalog.hpp"

namespace sluice::migration {

/// What of a SQLite schema fails by itself: views that cannot be read, tables that take no INSERT, UPDATE or DELETE, as
/// a view or a trigger names what is gone (SQLite keeps both then). Statements are prepared and never run. What needs
/// functions, collations or modules of the application's cannot be judged here, and is told as such.
std::vector<BrokenStatement> broken_statements(stores::SqlSession& session, const Catalog& catalog);

}  // namespace sluice::migration
