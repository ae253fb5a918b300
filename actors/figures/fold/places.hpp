#pragma once

/// Places in Redis: their names, and the writes that bring them from one
/// content to another.

#include "actors/figures/plan/plan.hpp"
#include "messages/store_write.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// Returns a text with `:` and `%` percent-encoded, as names have it.
std::string percent_encoded(std::string_view text);

/// Returns whether a name percent-encodes values of the type: those that a
/// user's text can be.
bool is_free_text(postgres::column_type type);

/// Returns an output's value and where it is NULL, nullptr or a null_value.
using output_values = std::function<const value*(std::uint16_t output)>;

/// Appends the name; returns false, with `out` undefined, if a placeholder is NULL.
bool append_name(std::string& out, const name_template& by, const std::vector<output_column>& outputs,
                 const output_values& values);

/// Returns a zset score as the nearest double, printed so that Redis reads that
/// double back; nullopt for NaN.
std::optional<std::string> score_text(std::string_view decimal);

/// A place's content: for hash a text per field, else one text; nullopt = absent.
using place_content = std::vector<std::optional<std::string>>;

/// How one figure writes its places.
class place_form {
 public:
  place_form(figure_id figure, const figure_plan& plan);

  /// Returns the outputs that the place's content is made of, for all targets
  /// but json: hash fields in order, else the one shown.
  const std::vector<std::uint16_t>& shown() const { return shown_; }
  const std::vector<std::string>& labels() const { return labels_; }

  /// Appends the writes that lead from one content to the other, if they differ.
  /// Null stands for a place that isn't there.
  void change(std::vector<store_write>& out, const std::string& key, const std::string& member,
              const place_content* before, const place_content* after) const;

  /// Appends writes that make the content `after`, which is used up, whatever was
  /// there: fields that are absent are taken away too if `clean`.
  void replace(std::vector<store_write>& out, std::string key, std::string member, place_content* after,
               bool clean) const;

  store_write make(write_kind kind, std::string key, std::vector<std::string> args) const;

 private:
  void write_single(std::vector<store_write>& out, std::string key, std::string member,
                    std::optional<std::string> text) const;
  void write_fields(std::vector<store_write>& out, std::string key, std::vector<std::string> sets,
                    std::vector<std::string> removes) const;

  figure_id figure_;
  target_kind what_;
  std::uint32_t ttl_seconds_;
  std::vector<std::uint16_t> shown_;
  std::vector<std::string> labels_; ///< hash: field names; json: `{"a":`, `,"b":` ...
};

} // namespace millrace
