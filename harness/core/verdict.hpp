#pragma once
#include <optional>
#include <string_view>

namespace sluice {

/// What one check concluded. Only `passed` speaks for going on; everything that was not really examined is something
/// else.
enum class Verdict { passed, failed, inconclusive, errored, skipped };

/// What a gate decided. Only `go` opens it.
enum class Decision { go, no_go, inconclusive };

/// How bad a finding is. `info` and `warning` never fail a check by themselves.
enum class Severity { info, warning, error, critical };

/// The names used in reports and on the command line: "passed", "NO-GO", "critical", ...
std::string_view to_string(Verdict verdict);
std::string_view to_string(Decision decision);
std::string_view to_string(Severity severity);

/// The inverse of to_string; nullopt for any other text.
std::optional<Verdict> parse_verdict(std::string_view text);
std::optional<Decision> parse_decision(std::string_view text);
std::optional<Severity> parse_severity(std::string_view text);

/// The worse of two decisions: NO-GO before INCONCLUSIVE before GO.
Decision worse(Decision left, Decision right);

}  // namespace sluice
