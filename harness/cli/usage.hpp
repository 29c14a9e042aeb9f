#pragma once
#include <CLI/CLI.hpp>
#include <string>

namespace sluice::cli {

/// CLI11's help, without what only its makers read: no types before choices, none that repeat a name.
class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_option_name(const CLI::Option* option, bool is_positional) const override;
  std::string make_option_opts(const CLI::Option* option) const override;
};

/// What is wrong with a command line, with the command or option that its writer most likely meant, and where to read
/// on. Several lines.
std::string usage_error(const CLI::App* app, const CLI::Error& error);

/// The end of `sluice --help`: examples and exit codes.
std::string general_footer();

}  // namespace sluice::cli
