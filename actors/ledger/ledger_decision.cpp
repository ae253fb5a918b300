#include "actors/ledger/ledger_decision.hpp"

namespace millrace {

namespace {

/// Returns whether a format is older than this one, and stores rows in another way.
bool is_older(const std::string& format) { return format == "1"; }

} // namespace

ledger_decision decide(const redis::project_format& found, const wanted_ledger& want) {
  using what = ledger_decision::what;
  if (found.format.empty())
    return {what::begin, "Redis has no ledger of this project"};
  if (is_older(found.format))
    return {what::rebuild,
            "the state is of an older build (format " + found.format + ", not " + ledger_format + ")"};
  if (found.format != ledger_format)
    return {what::refuse, "the ledger in Redis has format " + found.format + ", this build writes format "
                              + ledger_format
                              + ": run the build that wrote it, or `millrace rebuild --yes` to begin again"};
  if (found.shards != want.shards)
    return {what::refuse, "the ledger in Redis has " + std::to_string(found.shards)
                              + " shards, the settings say " + std::to_string(want.shards)
                              + ": set MILLRACE_SHARDS=" + std::to_string(found.shards)
                              + ", or `millrace rebuild --yes` to begin again"};
  if (found.database != want.database)
    return {what::rebuild,
            "the state is of another database cluster (" + found.database + ", not " + want.database + ")"};
  if (!want.plans_readable)
    return {what::rebuild, "the figures' plans in the ledger can't be read"};
  if (!found.next.empty())
    return {what::change, "other figures were applied"};
  return {what::resume, ""};
}

} // namespace millrace
