#pragma once

/// What each command shows of the nodes' reports. Pure.

#include "nodes/shell/answers.hpp"
#include "nodes/shell/command.hpp"
#include "nodes/shell/listing.hpp"

#include <string>

namespace millrace::shell {

/// Returns all commands, or one.
listing show_help(const std::string& command);

listing show_nodes(const reports& from);
listing show_shards(const reports& from);
listing show_status(const reports& from);
listing show_sources(const reports& from);
listing show_flushes(const reports& from);
listing show_credit(const reports& from);
listing show_dead_letters(const reports& from);
/// `name`: only this figure, with its whole reason; empty: all.
listing show_figures(const reports& from, const std::string& name);
listing show_batches(const reports& from);

/// Shows who serves a row; unless `owner_only`, also what the cells have of it, and its places.
listing show_row(const reports& from, const answers<row_report>& found, const std::vector<std::string>& key,
                 bool owner_only);
listing show_alerts(const reports& from, const answers<std::vector<alert_report>>& found);
listing show_actors(const reports& from);
listing show_log_levels(const answers<std::string>& found);

/// Adds a sentence for each node that didn't answer or refused, and the exit code 1.
template <class Answer>
void name_silent(listing& out, const answers<Answer>& from) {
  for (auto& x : from)
    if (!x.answer) {
      out.after.push_back({x.called() + (x.node.empty() ? "" : " at " + x.address)
                               + (x.refused ? " refused: " : " didn't answer: ") + x.why,
                           tone::bad});
      out.code = 1;
    }
}

/// Returns the report of the node that leads; null: none that answered does.
const node_report* leader_of(const reports& from);

/// Returns numbers as ranges: "0-10, 12".
std::string ranges(std::vector<std::uint16_t> numbers);

/// Returns a duration: "45 ms", "1.2 s", "3 min".
std::string duration_ms(std::int64_t ms);

/// Returns a size: "512 B", "3.4 MiB".
std::string size_text(std::uint64_t bytes);

} // namespace millrace::shell
