#include "suites/migration/suite.hpp"

#include "suites/migration/copies/crash.hpp"
#include "suites/migration/copies/idempotent.hpp"
#include "suites/migration/copies/locks.hpp"
#include "suites/migration/copies/rollback.hpp"
#include "suites/migration/live/live_writes.hpp"
#include "suites/migration/live/sync.hpp"
#include "suites/migration/queries/invariant.hpp"
#include "suites/migration/queries/search.hpp"
#include "suites/migration/queries/status.hpp"
#include "suites/migration/rows/rows.hpp"
#include "suites/migration/schema/schema.hpp"

namespace sluice::migration {

std::vector<CheckKind> kinds() {
  return {rows_kind(),       schema_kind(),   invariant_kind(), status_kind(),      search_kind(), crash_kind(),
          idempotent_kind(), rollback_kind(), locks_kind(),     live_writes_kind(), sync_kind()};
}

}  // namespace sluice::migration
