#include "nodes/cli/terminal.hpp"

#include "messages/visible.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <iostream>
#include <mutex>

namespace millrace {

namespace {

/// Formats the entry's text as one line.
class visible_text : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& entry, const std::tm&, spdlog::memory_buf_t& to) override {
    auto text = visible({entry.payload.data(), entry.payload.size()});
    to.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<visible_text>(); }
};

} // namespace

/// Buffers text until the end of a line, because a character's bytes may arrive one by one.
class visible_stream::buffer : public std::streambuf {
 public:
  explicit buffer(std::streambuf* to) : to_(to) {}

 protected:
  int_type overflow(int_type x) override {
    if (traits_type::eq_int_type(x, traits_type::eof()))
      return traits_type::not_eof(x);
    std::lock_guard hold{mutex_};
    kept_ += traits_type::to_char_type(x);
    return traits_type::to_char_type(x) == '\n' && !pass() ? traits_type::eof() : x;
  }
  std::streamsize xsputn(const char* text, std::streamsize size) override {
    std::lock_guard hold{mutex_};
    std::string_view more(text, static_cast<std::size_t>(size));
    kept_ += more;
    return more.find('\n') == more.npos || pass() ? size : 0;
  }
  int sync() override {
    std::lock_guard hold{mutex_};
    return pass() && to_->pubsync() == 0 ? 0 : -1;
  }

 private:
  bool pass() {
    auto text = visible_lines(kept_);
    kept_.clear();
    auto size = static_cast<std::streamsize>(text.size());
    return to_->sputn(text.data(), size) == size;
  }

  std::streambuf* to_;
  std::recursive_mutex mutex_; ///< any thread may write to a standard stream
  std::string kept_;
};

visible_stream::visible_stream(std::ostream& over)
    : over_(over), buffer_(std::make_unique<buffer>(over.rdbuf())), before_(over.rdbuf(buffer_.get())) {}

visible_stream::~visible_stream() {
  over_.flush();
  over_.rdbuf(before_);
}

int complain(const error& why) {
  std::cerr << "millrace: " << why.message << "\n";
  return 2;
}

int reject(const std::string& why) {
  std::cerr << "millrace: " << why << "\n";
  return exit_rejected;
}

int reject(const error& why) { return reject(why.message); }

void set_up_log(const std::string& level) {
  auto format = std::make_unique<spdlog::pattern_formatter>();
  format->add_flag<visible_text>('*').set_pattern("%Y-%m-%d %H:%M:%S.%e %^%l%$ %*");
  auto log = spdlog::stderr_color_mt("millrace");
  log->set_formatter(std::move(format));
  spdlog::set_default_logger(std::move(log));
  spdlog::set_level(spdlog::level::from_str(level));
}

} // namespace millrace
