#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "harness/core/result.hpp"

namespace sluice::run {

/// SHA-256 of bytes, as 64 lower-case hex digits.
std::string sha256(std::string_view bytes);

/// The file as it is now; nullopt when it cannot be read.
std::optional<Identity> identify(const std::string& name, const std::filesystem::path& file);

}  // namespace sluice::run
