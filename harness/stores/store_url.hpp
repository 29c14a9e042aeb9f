#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace sluice::stores {

/// What the URL of a SQLite file begins with.
inline constexpr std::string_view sqlite_scheme = "sqlite:";

/// `url` with every password in it replaced by ***: between user and host, and in parameters such as ?password=.
std::string redact_url(std::string_view url);

/// The passwords in a URL, as written and percent-decoded; what must never be repeated in a message.
std::vector<std::string> secrets_in_url(std::string_view url);

/// `text` with every secret replaced by ***.
std::string redact(std::string text, const std::vector<std::string>& secrets);

}  // namespace sluice::stores
