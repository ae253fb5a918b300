#include "nodes/cli/project_folder.hpp"

#include "messages/visible.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace millrace {

namespace {

namespace fs = std::filesystem;

/// Writes a new file. Fails if it exists.
result<void> create(const fs::path& path, const std::string& text, mode_t mode) {
  auto fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  auto written = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  auto why = errno;
  if (fd >= 0)
    ::close(fd);
  if (!written)
    return error{errc::bad_setting, path.string() + ": " + std::strerror(why)};
  return {};
}

} // namespace

std::string shell_quoted(const std::string& text) {
  auto plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@,+";
  if (text.find_first_not_of(plain) == text.npos)
    return text;
  std::string out = "'";
  for (auto c : text)
    out += c == '\'' ? std::string("'\"'\"'") : std::string(1, c);
  return out + "'";
}

result<void> check_unused(const std::filesystem::path& folder) {
  if (auto name = folder.string(); has_controls(name))
    return error{errc::bad_setting, "the folder's name \"" + visible(name)
                                        + "\" has control characters, or isn't UTF-8: choose another"};
  for (auto& name : {"millrace.env", "prepare.sql", "figures", "secrets"})
    if (std::error_code failed; fs::exists(folder / name, failed))
      return error{errc::bad_setting,
                   (folder / name).string()
                       + " is there already, and init writes over nothing: choose another folder, or "
                         "take it away first"};
  return {};
}

result<void> write_project(const std::filesystem::path& at, const std::map<std::string, std::string>& files,
                           const std::map<std::string, std::string>& secrets) {
  std::error_code failed;
  for (auto& folder : {at, at / "figures", at / "secrets"}) {
    fs::create_directories(folder, failed);
    if (failed)
      return error{errc::bad_setting, folder.string() + ": " + failed.message()};
  }
  fs::permissions(at / "secrets", fs::perms::owner_all, failed);
  for (auto& [name, text] : secrets)
    if (auto made = create(at / "secrets" / name, text + "\n", 0600); !made)
      return made;
  for (auto& [name, text] : files)
    if (auto made = create(at / name, text, 0644); !made)
      return made;
  if (!fs::exists(at / ".gitignore", failed))
    return create(at / ".gitignore", "/secrets/\n/.millrace/\n", 0644);
  return {};
}

} // namespace millrace
