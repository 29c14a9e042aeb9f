#include "harness/run/ledger/schema.hpp"

#include <fmt/core.h>

#include <array>

namespace sluice::ledger {
namespace {

// Times are nanoseconds since 1970 in UTC, durations nanoseconds, booleans 0 or 1, hashes lower-case hex.
constexpr std::string_view version_1 = R"sql(
CREATE TABLE runs (
  sequence            INTEGER PRIMARY KEY CHECK (sequence > 0),
  format              INTEGER NOT NULL,
  run_id              TEXT NOT NULL,
  plan_name           TEXT NOT NULL,
  plan_path           TEXT NOT NULL,
  sluice_version      TEXT NOT NULL,
  host                TEXT NOT NULL,
  command             TEXT NOT NULL,
  seed                TEXT NOT NULL,
  controls            INTEGER NOT NULL CHECK (controls IN (0, 1)),
  external            INTEGER NOT NULL CHECK (external IN (0, 1)),
  interrupted         TEXT NOT NULL,
  started             INTEGER NOT NULL,
  duration            INTEGER NOT NULL,
  recorded            INTEGER NOT NULL,
  decision            TEXT NOT NULL,
  deciding_rule       TEXT NOT NULL,
  exit_code           INTEGER NOT NULL,
  environment_failure TEXT NOT NULL,
  weakened            TEXT NOT NULL,
  previous            TEXT NOT NULL UNIQUE,
  record              TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE phases (
  sequence            INTEGER NOT NULL REFERENCES runs (sequence),
  phase               INTEGER NOT NULL,
  name                TEXT NOT NULL,
  decision            TEXT NOT NULL,
  deciding_rule       TEXT NOT NULL,
  entered_only        INTEGER NOT NULL CHECK (entered_only IN (0, 1)),
  partial             INTEGER NOT NULL CHECK (partial IN (0, 1)),
  interrupted         INTEGER NOT NULL CHECK (interrupted IN (0, 1)),
  actions             INTEGER NOT NULL,
  environment_failure TEXT NOT NULL,
  started             INTEGER NOT NULL,
  duration            INTEGER NOT NULL,
  policy              TEXT NOT NULL,
  evidence            TEXT NOT NULL,
  PRIMARY KEY (sequence, phase)
) STRICT, WITHOUT ROWID;
CREATE TABLE outcomes (
  sequence            INTEGER NOT NULL,
  phase               INTEGER NOT NULL,
  outcome             INTEGER NOT NULL,
  name                TEXT NOT NULL,
  kind                TEXT NOT NULL,
  suite               TEXT NOT NULL,
  stage               TEXT NOT NULL,
  verdict             TEXT NOT NULL,
  reason              TEXT NOT NULL,
  coverage            TEXT NOT NULL,
  control             TEXT NOT NULL,
  findings_total      INTEGER NOT NULL,
  parameters          TEXT NOT NULL,
  started             INTEGER NOT NULL,
  duration            INTEGER NOT NULL,
  PRIMARY KEY (sequence, phase, outcome),
  FOREIGN KEY (sequence, phase) REFERENCES phases (sequence, phase)
) STRICT, WITHOUT ROWID;
CREATE TABLE metrics (
  sequence            INTEGER NOT NULL,
  phase               INTEGER NOT NULL,
  outcome             INTEGER NOT NULL,
  metric              INTEGER NOT NULL,
  name                TEXT NOT NULL,
  value               REAL,
  unit                TEXT NOT NULL,
  samples             INTEGER NOT NULL,
  limit_value         REAL,
  interval_low        REAL,
  interval_high       REAL,
  confidence          REAL,
  PRIMARY KEY (sequence, phase, outcome, metric),
  FOREIGN KEY (sequence, phase, outcome) REFERENCES outcomes (sequence, phase, outcome)
) STRICT, WITHOUT ROWID;
CREATE TABLE identities (
  sequence            INTEGER NOT NULL REFERENCES runs (sequence),
  identity            INTEGER NOT NULL,
  name                TEXT NOT NULL,
  path                TEXT NOT NULL,
  sha256              TEXT NOT NULL,
  bytes               INTEGER NOT NULL,
  PRIMARY KEY (sequence, identity)
) STRICT, WITHOUT ROWID;
)sql";

constexpr std::array<std::string_view, 1> all{version_1};

struct SchemaState {
  int version = 0;
  bool ledger = false;
  bool empty = false;
};

SchemaState schema_state_of(Connection& connection) {
  return {.version = std::stoi(connection.ask("PRAGMA user_version")),
          .ledger = connection.ask("PRAGMA application_id") == std::to_string(application_id),
          .empty = connection.ask("SELECT count(*) FROM sqlite_schema") == "0"};
}

void refuse_foreign(const Connection& connection, const SchemaState& state, std::size_t known) {
  const std::string file = connection.path().string();
  if (!state.ledger)
    throw LedgerError(fmt::format("{} is a SQLite file, but no ledger; name another with --ledger", file));
  if (state.version > static_cast<int>(known)) {
    throw LedgerError(
        fmt::format("the ledger {} is of version {}, and this sluice knows versions up to {}: a newer sluice wrote it; "
                    "use that one, or name another ledger with --ledger",
                    file, state.version, known));
  }
}

}  // namespace

std::span<const std::string_view> migrations() { return all; }

void migrate(Connection& connection, std::span<const std::string_view> steps) {
  while (true) {
    Transaction transaction(connection, "IMMEDIATE");
    SchemaState state = schema_state_of(connection);
    if (state.empty && state.version == 0) state.ledger = true;
    refuse_foreign(connection, state, steps.size());
    if (state.version == static_cast<int>(steps.size())) return;
    connection.execute(std::string(steps[static_cast<std::size_t>(state.version)]));
    connection.execute(
        fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", application_id, state.version + 1));
    transaction.commit();
  }
}

void require_version(Connection& connection, std::span<const std::string_view> steps) {
  const SchemaState state = schema_state_of(connection);
  if (state.empty)
    throw LedgerError(fmt::format("the ledger {} is empty: nothing was ever recorded", connection.path().string()));
  refuse_foreign(connection, state, steps.size());
  if (state.version < static_cast<int>(steps.size())) {
    throw LedgerError(
        fmt::format("the ledger {} is of version {}; the next `sluice run` that may write it brings it to "
                    "version {}, which this sluice reads",
                    connection.path().string(), state.version, steps.size()));
  }
}

}  // namespace sluice::ledger
