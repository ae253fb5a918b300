#include "nodes/node/page.hpp"

#include "nodes/node/page_files.hpp"

#include <chrono>

namespace millrace {

namespace {

using httplib::Request;
using httplib::Response;

/// Everything comes from this server. No script or style is inline, and no other page shows this one in a
/// frame.
constexpr const char* policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A stream sends something at least this often, so that a page knows within 3 s that its node is lost.
constexpr std::chrono::milliseconds beat{1000};

void harden(Response& out) {
  out.set_header("Content-Security-Policy", policy);
  out.set_header("X-Content-Type-Options", "nosniff");
  out.set_header("Referrer-Policy", "no-referrer");
  out.set_header("Cross-Origin-Resource-Policy", "same-origin");
}

/// A browser keeps the file, and asks each time whether it is still the same.
void send(const page_file& file, const Request& in, Response& out) {
  harden(out);
  out.set_header("Cache-Control", "no-cache");
  out.set_header("ETag", std::string(file.etag));
  if (in.get_header_value("If-None-Match") == file.etag)
    out.status = 304;
  else
    out.set_content(file.content.data(), file.content.size(), std::string(file.type));
}

void send_json(Response& out, const std::string& body) {
  harden(out);
  out.set_header("Cache-Control", "no-store");
  out.set_content(body, "application/json");
}

/// Tells whether another site's page makes a browser send this request. Such a page can't read the answer,
/// but could take all seats.
bool is_foreign(const Request& in) {
  auto site = in.get_header_value("Sec-Fetch-Site");
  return !site.empty() && site != "same-origin" && site != "none";
}

} // namespace

live_page::live_page(httplib::Server& routes, std::function<std::string()> look) : feed_(std::move(look)) {
  for (auto& file : page_files()) {
    auto show = [&file](const Request& in, Response& out) { send(file, in, out); };
    // The library reads a path as a pattern.
    routes.Get("/page/" + std::string(file.name), show);
    if (file.name == "index.html")
      routes.Get("/", show);
  }
  routes.Get("/page/history", [this](const Request&, Response& out) { send_json(out, feed_.history()); });
  routes.Get("/events", [this](const Request& in, Response& out) { events(in, out); });
}

/// Sends each report once, and a beat when there is none. A reader that takes nothing keeps its seat until
/// the socket's buffer is full, which takes minutes, and then for the server's write timeout.
void live_page::events(const Request& in, Response& out) {
  auto seat = is_foreign(in) ? nullptr : feed_.enter();
  if (!seat) {
    out.status = is_foreign(in) ? 403 : 503;
    return send_json(out, R"({"error": "too many pages are open, or another site asks: use GET /status"})"
                          "\n");
  }
  harden(out);
  out.set_header("Cache-Control", "no-store");
  auto seen = std::make_shared<std::uint64_t>(0);
  out.set_chunked_content_provider(
      "text/event-stream", [this, seat, seen](std::size_t, httplib::DataSink& sink) {
        auto next = feed_.next(*seen, beat);
        if (!next)
          return false;
        auto fresh = next->number > *seen;
        auto text = fresh ? "data: " + *next->text + "\n\n" : "event: beat\ndata: 0\n\n";
        *seen = next->number;
        return sink.is_writable() && sink.write(text.data(), text.size());
      });
}

} // namespace millrace
