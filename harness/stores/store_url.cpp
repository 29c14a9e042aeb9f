#include "harness/stores/store_url.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace sluice::stores {
namespace {

using Range = std::pair<std::size_t, std::size_t>;  // [begin, end) within the URL

constexpr std::array<std::string_view, 3> secret_parameters{"password", "sslpassword", "passfile"};

void add_user_password(std::string_view url, std::vector<Range>& ranges) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return;
  const std::size_t begin = scheme + 3;
  // A password that was not percent-encoded may hold @ or /; the last @ before the query bounds what could be one.
  const auto at = url.substr(0, std::min(url.find('?', begin), url.size())).rfind('@');
  if (at == std::string_view::npos || at < begin) return;
  const auto colon = url.find(':', begin);
  if (colon == std::string_view::npos || colon >= at) return;
  ranges.emplace_back(colon + 1, at);
}

void add_parameters(std::string_view url, std::vector<Range>& ranges) {
  auto begin = url.find('?');
  while (begin != std::string_view::npos && begin < url.size()) {
    ++begin;
    const std::size_t end = std::min(url.find('&', begin), url.size());
    const std::string_view parameter = url.substr(begin, end - begin);
    const auto equals = parameter.find('=');
    if (equals != std::string_view::npos && std::find(secret_parameters.begin(), secret_parameters.end(),
                                                      parameter.substr(0, equals)) != secret_parameters.end()) {
      ranges.emplace_back(begin + equals + 1, end);
    }
    begin = end;
  }
}

std::vector<Range> secret_ranges(std::string_view url) {
  std::vector<Range> ranges;
  if (url.starts_with("sqlite:")) return ranges;
  add_user_password(url, ranges);
  add_parameters(url, ranges);
  return ranges;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_value(text[i + 1]) << 4 | hex_value(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

std::string redact_url(std::string_view url) {
  std::string out;
  std::size_t copied = 0;
  for (const auto& [begin, end] : secret_ranges(url)) {
    out += url.substr(copied, begin - copied);
    out += "***";
    copied = end;
  }
  out += url.substr(copied);
  return out;
}

std::vector<std::string> secrets_in_url(std::string_view url) {
  std::vector<std::string> secrets;
  for (const auto& [begin, end] : secret_ranges(url)) {
    const std::string_view secret = url.substr(begin, end - begin);
    if (secret.empty()) continue;
    secrets.emplace_back(secret);
    secrets.push_back(percent_decoded(secret));
  }
  // Longest first, so that no secret's tail survives the replacement of a shorter one within it.
  std::sort(secrets.begin(), secrets.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
  return secrets;
}

std::string redact(std::string text, const std::vector<std::string>& secrets) {
  for (const auto& secret : secrets) {
    for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 3)) {
      text.replace(at, secret.size(), "***");
    }
  }
  return text;
}

}  // namespace sluice::stores
