#pragma once

/// The live page of a node: its files at / and /page/, the status as server-sent events at /events, and the
/// last hour at /page/history.

#include "nodes/node/page_feed.hpp"

#include <httplib.h>

#include <functional>
#include <string>

namespace millrace {

class live_page {
 public:
  /// Adds the routes. `look` returns the body of /status; a thread of the page calls it. The page must exist
  /// for as long as the server serves.
  live_page(httplib::Server& routes, std::function<std::string()> look);

  /// Closes all streams of events, so that the server can stop.
  void stop() { feed_.stop(); }

 private:
  void events(const httplib::Request& in, httplib::Response& out);

  page_feed feed_;
};

} // namespace millrace
