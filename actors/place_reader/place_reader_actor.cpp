#include "actors/place_reader/place_reader_actor.hpp"

namespace millrace {

place_reader_actor::behavior_type place_reader(place_reader_actor::pointer, place_reader_settings how) {
  return {
      [how](atom::row, row_report& x) {
        if (auto read = how.add_values(x); !read)
          x.note = "the values can't be read from Redis: " + read.why().message;
        return x;
      },
      [how](atom::alerts) -> caf::result<std::vector<alert_report>> {
        auto found = how.alerts();
        if (!found)
          return caf::make_error(caf::sec::runtime_error, found.why().message);
        return std::move(*found);
      },
  };
}

} // namespace millrace
