# Writes OUT: `const std::map<std::string, std::string>& redis_functions()` with
# the text of every *.lua in DIR, by the file's stem.
file(GLOB files ${DIR}/*.lua)
list(SORT files)
set(body "")
foreach(file IN LISTS files)
  get_filename_component(stem ${file} NAME_WE)
  file(READ ${file} text HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${text}")
  string(APPEND body "const char ${stem}_text[] = {${bytes}'\\0'};\n")
  string(APPEND table "    {\"${stem}\", {${stem}_text, sizeof(${stem}_text) - 1}},\n")
endforeach()
file(WRITE ${OUT} "// made by cmake/embed.cmake\n#include <map>\n#include <string>\nnamespace {\n${body}}\n"
  "namespace millrace::redis {\nconst std::map<std::string, std::string>& redis_functions() {\n"
  "  static const std::map<std::string, std::string> all{\n${table}  };\n  return all;\n}\n}\n")
