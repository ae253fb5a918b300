#pragma once

/// Places in Redis: their names, and the writes that change their content.

#include "actors/figures/plan/plan.hpp"
#include "messages/store_write.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// Returns a text with `:` and `%` percent-encoded, as it appears in a name.
std::string percent_encoded(std::string_view text);

/// Returns whether names percent-encode values of this type. They do if a value can be a user's text.
bool is_free_text(postgres::column_type type);

/// Returns an output's value. For NULL it returns nullptr or a null_value.
using output_values = std::function<const value*(std::uint16_t output)>;

/// Appends the name. Returns false, with `out` undefined, if a placeholder is NULL.
bool append_name(std::string& out, const name_template& by, const std::vector<output_column>& outputs,
                 const output_values& values);

/// Returns the nearest double as a zset score, printed so that Redis reads back the same double.
/// Returns nullopt for NaN.
std::optional<std::string> score_text(std::string_view decimal);

/// A place's content: one text per field for a hash, else one text. nullopt means absent.
using place_content = std::vector<std::optional<std::string>>;

/// How one figure writes its places.
class place_form {
 public:
  place_form(figure_id figure, const figure_plan& plan);

  /// Returns the outputs that make up the content, for all targets except json: the fields of a hash
  /// in order, else the one output shown.
  const std::vector<std::uint16_t>& shown() const { return shown_; }
  const std::vector<std::string>& labels() const { return labels_; }

  /// Appends the writes that change the content, if it differs. Null means that the place doesn't exist.
  void change(std::vector<store_write>& out, const std::string& key, const std::string& member,
              const place_content* before, const place_content* after) const;

  /// Appends writes that set the content to `after`, whatever Redis has. Consumes `after`. If `clean`,
  /// also deletes the fields that are absent.
  void replace(std::vector<store_write>& out, std::string key, std::string member, place_content* after,
               bool clean) const;

  store_write make(write_kind kind, std::string key, std::vector<std::string> args) const;

 private:
  void write_single(std::vector<store_write>& out, std::string key, std::string member,
                    std::optional<std::string> text) const;
  void write_subject(std::vector<store_write>& out, std::string key, const place_content* after) const;
  void write_fields(std::vector<store_write>& out, std::string key, std::vector<std::string> sets,
                    std::vector<std::string> removes) const;

  figure_id figure_;
  target_kind what_;
  std::uint32_t ttl_seconds_;
  std::vector<std::uint16_t> shown_;
  std::vector<std::string> labels_; ///< hash: field names; json: `{"a":`, `,"b":` ...
};

} // namespace millrace
