#include "actors/verify/read_places.hpp"

#include <map>

namespace millrace::verify {

namespace {

/// One command, and the places in its reply.
struct question {
  redis::command command;
  std::vector<std::size_t> about;
};

constexpr std::size_t members_a_command = 500;

std::vector<question> ask_keys(const std::vector<expected_place>& places) {
  std::vector<question> out;
  for (std::size_t i = 0; i < places.size(); ++i)
    out.push_back({{"GET", places[i].where.key}, {i}});
  return out;
}

/// Combines the fields or members of one key into one command.
std::vector<question> ask_members(const std::string& command, const std::vector<expected_place>& places) {
  std::vector<question> out;
  std::map<std::string_view, std::size_t> open;
  for (std::size_t i = 0; i < places.size(); ++i) {
    auto& at = places[i].where;
    auto [found, fresh] = open.try_emplace(at.key, out.size());
    if (!fresh && out[found->second].about.size() >= members_a_command)
      found->second = out.size();
    if (found->second == out.size())
      out.push_back({{command, at.key}, {}});
    auto& asked = out[found->second];
    asked.command.push_back(at.member.value_or(""));
    asked.about.push_back(i);
  }
  return out;
}

std::vector<question> ask(target_kind what, const std::vector<expected_place>& places) {
  switch (what) {
  case target_kind::string:
  case target_kind::json:
    return ask_keys(places);
  case target_kind::hash:
  case target_kind::hash_field:
    return ask_members("HMGET", places);
  case target_kind::zset:
    return ask_members("ZMSCORE", places);
  case target_kind::alert: // compared by its subjects
    break;
  }
  return {};
}

found_place found(redis::reply& x) {
  if (x.failed())
    return {std::nullopt, std::move(x.text)};
  if (x.what == redis::reply::kind::text)
    return {std::move(x.text), ""};
  return {};
}

} // namespace

result<std::vector<found_place>> read_places(redis::client& from, target_kind what,
                                             const std::vector<expected_place>& places) {
  auto questions = ask(what, places);
  std::vector<redis::command> commands;
  for (auto& x : questions)
    commands.push_back(std::move(x.command));
  auto replies = from.pipeline(commands);
  if (!replies)
    return replies.why();
  std::vector<found_place> out(places.size());
  for (std::size_t i = 0; i < questions.size(); ++i) {
    auto& reply = replies->at(i);
    auto many = reply.what == redis::reply::kind::list;
    for (std::size_t k = 0; k < questions[i].about.size(); ++k) {
      if (many)
        out[questions[i].about[k]] = found(reply.list.at(k));
      else if (reply.failed())
        out[questions[i].about[k]] = {std::nullopt, reply.text};
      else
        out[questions[i].about[k]] = found(reply);
    }
  }
  return out;
}

} // namespace millrace::verify
