#pragma once
#include <span>
#include <string>
#include <string_view>

#include "harness/run/ledger/connection.hpp"

namespace sluice::ledger {

/// Marks a SQLite file as a ledger ("Sluc").
inline constexpr int application_id = 0x536C7563;

/// The statements that bring a ledger from version N-1 to N; N counts from 1.
std::span<const std::string_view> migrations();

/// Brings the file to the last of `steps`, each in a transaction of its own; a file of that version is left alone. An
/// empty file becomes a ledger. Throws LedgerError when it is some other SQLite file, or of a newer version.
void migrate(Connection& connection, std::span<const std::string_view> steps);

/// Throws LedgerError unless the file is a ledger of exactly the version of `steps`.
void require_version(Connection& connection, std::span<const std::string_view> steps);

}  // namespace sluice::ledger
