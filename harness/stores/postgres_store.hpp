#pragma once
#include <memory>
#include <string>

#include "harness/stores/store.hpp"

namespace sluice::stores {

/// Connects to a PostgreSQL database; `url` is handed to libpq as it is.
std::unique_ptr<Store> open_postgres_store(const std::string& url, const StoreOptions& options);

}  // namespace sluice::stores
