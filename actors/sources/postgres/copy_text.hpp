#pragma once

/// Reads rows of COPY's text format.
/// Source: PostgreSQL, "COPY", Text Format.

#include "actors/sources/postgres/pgoutput.hpp"

#include <string>

namespace millrace::postgres {

/// For one thread; reuses its memory.
class copy_text {
 public:
  /// Splits one row, with or without its newline, into fields: a text as the type's output function printed
  /// it, or null. They are valid until the next call.
  pgoutput::tuple read(std::string_view line);

 private:
  std::string_view unescaped(std::string_view field);

  std::vector<pgoutput::field> fields_;
  std::string texts_; ///< of fields with escapes
};

} // namespace millrace::postgres
