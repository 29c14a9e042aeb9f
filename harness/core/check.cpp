#include "harness/core/check.hpp"

#include <fmt/core.h>

#include "harness/core/errors.hpp"

namespace sluice {
namespace {

const std::string& side_url(const std::map<std::string, std::string>& urls, const std::string& check,
                            const std::string& side, const char* section, const char* example) {
  const auto found = urls.find(side);
  if (found == urls.end()) {
    throw InputError(fmt::format("check '{}' needs the {} side under `{}:`; add `{}: {}` there", check, side, section,
                                 side, example));
  }
  return found->second;
}

}  // namespace

const std::string& CheckContext::endpoint(const std::string& side) const {
  return side_url(endpoints, check, side, "endpoints", "\"${SERVICE.url}\"");
}

const std::string& CheckContext::store(const std::string& side) const {
  return side_url(stores, check, side, "stores", "\"sqlite:PATH\" or \"${POSTGRES.url}/DATABASE\"");
}

std::filesystem::path CheckContext::resolve(const std::filesystem::path& path) const {
  return path.is_absolute() ? path : plan_directory / path;
}

}  // namespace sluice
