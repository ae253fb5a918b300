# Writes OUT: `page_files()` with every file of DIR, for nodes/node/page_files.hpp. A file with another ending than
# those listed here is an error.
cmake_minimum_required(VERSION 3.25)
set(type_html "text/html; charset=utf-8")
set(type_css "text/css; charset=utf-8")
set(type_js "text/javascript; charset=utf-8")
set(type_svg "image/svg+xml")
set(type_txt "text/plain; charset=utf-8")

file(GLOB_RECURSE files RELATIVE ${DIR} ${DIR}/*)
list(SORT files)
set(body "")
set(table "")
set(number 0)
foreach(file IN LISTS files)
  string(REGEX REPLACE "^.*\\." "" ending "${file}")
  if(NOT DEFINED type_${ending})
    message(FATAL_ERROR "${DIR}/${file}: no content type is known for .${ending}; add it to embed_page.cmake")
  endif()
  file(READ ${DIR}/${file} text HEX)
  file(SHA256 ${DIR}/${file} hash)
  string(SUBSTRING ${hash} 0 16 hash)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${text}")
  string(APPEND body "const char file_${number}[] = {${bytes}'\\0'};\n")
  string(APPEND table
    "    {\"${file}\", \"${type_${ending}}\", \"\\\"${hash}\\\"\", {file_${number}, sizeof(file_${number}) - 1}},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUT} "// made by cmake/embed_page.cmake\n#include \"nodes/node/page_files.hpp\"\nnamespace {\n${body}}\n"
  "namespace millrace {\nconst std::vector<page_file>& page_files() {\n"
  "  static const std::vector<page_file> all{\n${table}  };\n  return all;\n}\n}\n")
