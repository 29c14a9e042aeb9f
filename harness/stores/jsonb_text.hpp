#pragma once
#include <string>
#include <string_view>

namespace sluice::stores {

/// Appends the text by which PostgreSQL shows the `jsonb` of this JSON: members by length and then bytes of their
/// names, one blank after ':' and ',', numbers as `numeric` writes them (their scale stays: 1.10, and 1e2 becomes 100).
/// Equal texts are equal values; the reverse does not hold. False, with nothing to rely on appended, for everything
/// that deserves a closer look: what is not strictly JSON, a name twice in one object, NUL or half a surrogate pair,
/// deep nesting, exponents beyond ±300.
bool append_jsonb_text(std::string_view json, std::string& out);

}  // namespace sluice::stores
