#pragma once

/// The files of nodes/page, which the build puts into the binary (cmake/embed_page.cmake).

#include <string_view>
#include <vector>

namespace millrace {

struct page_file {
  std::string_view name; ///< relative to nodes/page, "index.html"
  std::string_view type; ///< for Content-Type
  std::string_view etag; ///< of the content, with quotation marks
  std::string_view content;
};

const std::vector<page_file>& page_files();

} // namespace millrace
