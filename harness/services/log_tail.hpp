#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace sluice::services {

/// The last lines of a log as printable text: at most `lines` lines and 8 KiB; empty when there is no log.
std::string log_tail(const std::filesystem::path& log, std::size_t lines = 15);

/// Whether `text` occurs in the log behind its first `from` bytes. Reads at most the last 16 MiB.
bool log_contains(const std::filesystem::path& log, std::string_view text, std::uintmax_t from = 0);

}  // namespace sluice::services
