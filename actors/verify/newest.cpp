#include "actors/verify/newest.hpp"

#include "actors/redis/glob.hpp"

#include <map>

namespace millrace::verify {

namespace {

/// Returns the greatest existing key of the template; nullopt if there is none.
result<std::optional<std::string>> greatest_key(redis::client& from, const figure_plan& figure) {
  std::optional<std::string> out;
  std::string cursor = "0";
  auto pattern = redis::escaped_glob(literal_prefix(figure.place.key)) + "*";
  do {
    auto reply = from.call({"SCAN", cursor, "MATCH", pattern, "COUNT", "1000"});
    if (!reply)
      return reply.why();
    if (reply->failed())
      return error{errc::denied, "Redis refuses SCAN: " + reply->text};
    cursor = reply->list.at(0).text;
    for (auto& x : reply->list.at(1).list)
      if (x.text != figure.place.newest && could_be(figure.place.key, figure.outputs, x.text)
          && (!out || *out < x.text))
        out = x.text;
  } while (cursor != "0");
  return out;
}

/// Returns a key's content as text: a hash's fields in order, or the value. nullopt: it doesn't exist.
result<std::optional<std::string>> content(redis::client& from, const figure_plan& figure,
                                           const std::string& key) {
  auto hash = figure.place.what == target_kind::hash;
  auto reply = from.call({hash ? "HGETALL" : "GET", key});
  if (!reply)
    return reply.why();
  if (reply->failed())
    return std::optional(reply->text);
  if (!hash)
    return (reply->what == redis::reply::kind::nil) ? std::optional<std::string>()
                                                    : std::optional(reply->text);
  std::map<std::string, std::string> fields;
  for (std::size_t i = 0; i + 1 < reply->list.size(); i += 2)
    fields[reply->list[i].text] = reply->list[i + 1].text;
  if (fields.empty())
    return std::optional<std::string>();
  std::string out;
  for (auto& [name, value] : fields)
    out += (out.empty() ? "" : ", ") + name + "=" + value;
  return std::optional(out);
}

} // namespace

result<std::optional<difference>> compare_newest(redis::client& from, const figure_plan& figure) {
  auto key = greatest_key(from, figure);
  if (!key)
    return key.why();
  std::optional<std::string> expected;
  if (*key) {
    auto there = content(from, figure, **key);
    if (!there)
      return there.why();
    expected = std::move(*there);
  }
  auto found = content(from, figure, figure.place.newest);
  if (!found)
    return found.why();
  if (*found == expected)
    return std::optional<difference>();
  return std::optional(difference{{figure.place.newest, {}}, expected, *found, {}});
}

} // namespace millrace::verify
