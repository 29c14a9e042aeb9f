#include "suites/migration/suite.hpp"

#include "suites/migration/crash.hpp"
#include "suites/migration/idempotent.hpp"
#include "suites/migration/invariant.hpp"
#include "suites/migration/live_writes.hpp"
#include "suites/migration/locks.hpp"
#include "suites/migration/rollback.hpp"
#include "suites/migration/rows.hpp"
#include "suites/migration/schema.hpp"
#include "suites/migration/search.hpp"
#include "suites/migration/status.hpp"
#include "suites/migration/sync.hpp"

namespace sluice::migration {

std::vector<CheckKind> kinds() {
  return {rows_kind(),       schema_kind(),   invariant_kind(), status_kind(),      search_kind(), crash_kind(),
          idempotent_kind(), rollback_kind(), locks_kind(),     live_writes_kind(), sync_kind()};
}

}  // namespace sluice::migration
