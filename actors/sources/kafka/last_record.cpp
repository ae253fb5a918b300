#include "actors/sources/kafka/last_record.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

namespace millrace::kafka {

namespace {

constexpr std::uint64_t format = 0x6d696c6c72616301; // "millrac", 1
constexpr std::int64_t none = -1;
constexpr std::size_t longest_topic = 249; ///< Kafka's limit (org.apache.kafka.common.internals.Topic)
constexpr std::uint32_t convicts = 2;

struct written_place {
  char topic[longest_topic + 7];
  std::int64_t partition;
  std::int64_t offset; ///< `none`: at no record
};

bool same(const written_place& a, const written_place& b) {
  return std::strncmp(a.topic, b.topic, sizeof a.topic) == 0 && a.partition == b.partition
         && a.offset == b.offset;
}

error complaint(const std::string& path, const std::string& what) {
  return {errc::bad_setting, "MILLRACE_STATE_DIR: " + path + ": " + what};
}

} // namespace

struct last_record::note {
  std::uint64_t format;
  written_place now;
  written_place ended; ///< where the previous process ended
  std::uint32_t times; ///< number of processes in a row that ended there
};

std::string to_text(const topic_partition& x) { return x.topic + "/" + std::to_string(x.partition.value); }

std::string to_text(const record_place& x) { return to_text(x.from) + ":" + std::to_string(x.offset.value); }

last_record::last_record() = default;

result<last_record> last_record::open(const std::string& path) {
  auto file = ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0)
    return complaint(path, std::strerror(errno));
  struct stat is {};
  auto ours = ::fstat(file, &is) == 0 && S_ISREG(is.st_mode) && is.st_uid == ::geteuid();
  auto fits =
      ours && (is.st_size == 0 || is.st_size == sizeof(note)) && ::ftruncate(file, sizeof(note)) == 0
      && ::posix_fallocate(file, 0, sizeof(note)) == 0; // reports a full disk here, and not later by SIGBUS
  auto* mapped =
      fits ? ::mmap(nullptr, sizeof(note), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) : MAP_FAILED;
  ::close(file);
  if (mapped == MAP_FAILED)
    return complaint(path, ours ? "can't be made as long as it has to be" : "isn't a file of this user's");
  last_record out;
  out.note_ = static_cast<note*>(mapped);
  out.take_up();
  return out;
}

/// Evaluates where the previous process ended.
void last_record::take_up() {
  auto& x = *note_;
  if (x.format != format) {
    x = {};
    x.format = format;
    x.now.offset = x.ended.offset = none;
  }
  if (x.now.offset == none)
    return;
  x.times = same(x.now, x.ended) ? x.times + 1 : 1;
  x.ended = x.now;
  x.now.offset = none;
  x.ended.topic[longest_topic] = '\0';
  if (x.times >= convicts)
    suspect_ =
        record_place{{x.ended.topic, {static_cast<std::int32_t>(x.ended.partition)}}, {x.ended.offset}};
}

void last_record::enter(const topic_partition& from) {
  if (!note_)
    return;
  auto& to = note_->now;
  auto length = std::min(from.topic.size(), longest_topic);
  std::memset(to.topic, 0, sizeof to.topic);
  std::memcpy(to.topic, from.topic.data(), length);
  to.partition = from.partition.value;
}

void last_record::at(kafka_offset offset) {
  if (!note_)
    return;
  note_->now.offset = offset.value;
  std::atomic_signal_fence(std::memory_order_seq_cst); // stored before the code that can end the process
}

void last_record::leave() {
  if (note_)
    note_->now.offset = none;
}

last_record::~last_record() {
  if (note_)
    ::munmap(note_, sizeof(note));
}

last_record::last_record(last_record&& x) noexcept
    : note_(std::exchange(x.note_, nullptr)), suspect_(std::move(x.suspect_)) {}

last_record& last_record::operator=(last_record&& x) noexcept {
  std::swap(note_, x.note_);
  std::swap(suspect_, x.suspect_);
  return *this;
}

} // namespace millrace::kafka
