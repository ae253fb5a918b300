#include "actors/inspector/process_report.hpp"

#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace millrace {

namespace {

namespace fs = std::filesystem;

/// Returns the fields of /proc/self/stat from the third one on: the second, the name, can contain spaces.
std::vector<double> stat_fields(const fs::path& file) {
  std::ifstream in(file);
  std::string text((std::istreambuf_iterator<char>(in)), {});
  auto end_of_name = text.rfind(')');
  if (end_of_name == std::string::npos)
    return {};
  std::istringstream words(text.substr(end_of_name + 1));
  std::vector<double> out{0}; // the state, a letter
  std::string word;
  words >> word;
  for (double x = 0; words >> x;)
    out.push_back(x);
  return out;
}

/// Returns the number after a name that begins a line.
double number_after(const fs::path& file, const std::string& name) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);)
    if (line.rfind(name, 0) == 0) {
      double x = 0;
      std::istringstream(line.substr(name.size())) >> x;
      return x;
    }
  return 0;
}

double entries_of(const fs::path& folder) {
  std::error_code failed;
  double out = 0;
  for (fs::directory_iterator x(folder, failed), end; !failed && x != end; x.increment(failed))
    ++out;
  return out;
}

} // namespace

process_report read_process(const fs::path& proc) {
  process_report out;
  auto self = proc / "self";
  out.open_fds = entries_of(self / "fd");
  out.max_fds = number_after(self / "limits", "Max open files");
  auto x = stat_fields(self / "stat");
  if (x.size() < 22)
    return out;
  auto field = [&](std::size_t number) { return x[number - 3]; }; // as proc(5) numbers them
  auto per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  out.cpu_seconds = (field(14) + field(15)) / per_second;
  out.threads = field(20);
  out.start_time = number_after(proc / "stat", "btime") + field(22) / per_second;
  out.virtual_bytes = field(23);
  out.resident_bytes = field(24) * static_cast<double>(sysconf(_SC_PAGESIZE));
  return out;
}

} // namespace millrace
