#include "harness/scenario/corpus.hpp"

#include <fmt/core.h>

#include <fstream>
#include <iterator>
#include <map>
#include <system_error>

#include "harness/core/errors.hpp"
#include "harness/scenario/corpus_sources.hpp"

namespace sluice::scenario {
namespace {

constexpr std::uintmax_t most_bytes = 64u << 20;

std::string read_file(const std::filesystem::path& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error) throw InputError(fmt::format("{}: the corpus cannot be read: {}", path.string(), error.message()));
  if (size > most_bytes) {
    throw InputError(
        fmt::format("{}: the corpus has {} bytes, {} are allowed; split it", path.string(), size, most_bytes));
  }
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file.good() && !file.eof()) throw InputError(fmt::format("{}: the corpus cannot be read", path.string()));
  return text;
}

/// Given names must differ; names made from method and path get a number.
void make_names_unique(std::vector<Step>& steps) {
  std::map<std::string, const Step*> taken;
  for (const Step& step : steps) {
    if (step.name.empty()) continue;
    const auto [earlier, fresh] = taken.emplace(step.name, &step);
    if (!fresh) {
      throw InputError(
          fmt::format("{}: the name \"{}\" is taken by {}", step.location, step.name, earlier->second->location));
    }
  }
  std::map<std::string, std::size_t> uses;
  for (Step& step : steps) {
    if (!step.name.empty()) continue;
    const std::string base = (step.websocket ? std::string("WebSocket") : step.method) + " " + step.path;
    do {
      const std::size_t use = ++uses[base];
      step.name = use == 1 ? base : fmt::format("{} ({})", base, use);
    } while (!taken.emplace(step.name, &step).second);
  }
}

bool is_har(const ExactJson& document) {
  const ExactJson* log = document.find("log");
  return log != nullptr && log->type() == ExactJson::Type::object;
}

}  // namespace

Corpus load_corpus(const std::filesystem::path& path) {
  const std::string text = read_file(path);
  Corpus corpus{.path = path, .steps = {}};
  // Lines of JSON are not one JSON text, except when there is a single line: then "log" decides.
  const JsonParse whole = parse_exact_json(text);
  corpus.steps = whole.value && is_har(*whole.value) ? steps_of_har(path.string(), *whole.value)
                                                     : steps_of_lines(path.string(), text);
  make_names_unique(corpus.steps);
  return corpus;
}

}  // namespace sluice::scenario
