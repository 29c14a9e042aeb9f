#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "harness/core/result.hpp"
#include "reports/markup.hpp"

namespace sluice::reports {

/// The article of one phase: its actions, its rollback, its checks with their evidence. `index` makes its anchor,
/// "phase-1".
void write_phase(Markup& page, const PhaseResult& phase, std::size_t index);

/// A sign and a word in the colour of the status; `status` is the class.
void write_chip(Markup& page, std::string_view sign, std::string_view word, std::string_view status);
void write_chip(Markup& page, Decision decision);
void write_chip(Markup& page, Verdict verdict);

/// The head of a table; the columns "Samples" and "Took" hold numbers.
void write_table_head(Markup& page, std::initializer_list<std::string_view> names);

/// A command in a box that one click selects whole.
void write_command(Markup& page, std::string_view command);

/// The last lines of a log, and where the whole is; nothing when there are none.
void write_log(Markup& page, std::string_view tail, std::string_view path);

/// The class of a status: "go", "no-go", "inconclusive"; "passed", "failed", ...
std::string status_class(Decision decision);
/// The same, but a GO that puts up with something is no plain "go".
std::string conceded_class(const PhaseResult& phase);

}  // namespace sluice::reports
