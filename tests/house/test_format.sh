#!/bin/sh
# Every source is formatted by .clang-format, as clang-format 14 does it; says the files that aren't.
cd "$(dirname "$0")/../.." || exit 1
formatter=$(command -v clang-format-14) || { echo "clang-format-14 isn't installed (Debian package clang-format-14)" >&2; exit 1; }
count=$(git ls-files -- '*.cpp' '*.hpp' | wc -l)
[ "$count" -gt 0 ] || { echo "no sources to check" >&2; exit 1; }
failed=0
for file in $(git ls-files -- '*.cpp' '*.hpp'); do
  [ -f "$file" ] || continue
  "$formatter" --dry-run -Werror "$file" > /dev/null 2>&1 || { echo "$file: not formatted; run: clang-format-14 -i $file" >&2; failed=$((failed + 1)); }
done
echo "$((count - failed)) of $count sources are formatted"
[ "$failed" -eq 0 ]
